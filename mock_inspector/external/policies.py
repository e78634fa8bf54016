"""Reading IAM policy documents, as far as it takes to see whether Inspector is let in.

Conditions and resources are not looked at: what they refer to is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from ..state.rules_packages import owner_accounts

SERVICE = "inspector.amazonaws.com"


def inspector_principals(region: str, partition: str) -> set[str]:
    """Who Inspector is to other services: its service principal, or its own account in a region."""
    account = owner_accounts().get(region)
    return {SERVICE} if account is None else {SERVICE, account, f"arn:{partition}:iam::{account}:root"}


def allows(document: Any, action: str, principals: set[str] | None = None) -> bool:
    """Whether a statement allows the action (to one of the principals), and none denies it."""
    return any(_speaks("Allow", document, action, principals)) and not denies(document, action, principals)


def denies(document: Any, action: str, principals: set[str] | None = None) -> bool:
    """Whether a statement without conditions denies the action (to one of the principals)."""
    return any("Condition" not in statement for statement in _speaks("Deny", document, action, principals))


def _speaks(effect: str, document: Any, action: str, principals: set[str] | None) -> Iterator[dict[str, Any]]:
    """The statements of that effect about the action (and one of the principals)."""
    statements = document.get("Statement", ()) if isinstance(document, dict) else ()
    for statement in _several(statements):
        if (
            isinstance(statement, dict)
            and statement.get("Effect") == effect
            and _is_about(statement, action)
            and (principals is None or _is_for(statement, principals))
        ):
            yield statement


def _is_about(statement: dict[str, Any], action: str) -> bool:
    def named(member: str) -> bool:
        return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in _several(statement.get(member)))

    return not named("NotAction") if "NotAction" in statement else named("Action")


def _is_for(statement: dict[str, Any], principals: set[str]) -> bool:
    if "NotPrincipal" in statement:
        return not _is_for({"Principal": statement["NotPrincipal"]}, principals)
    given = statement.get("Principal")
    named = [name for names in given.values() for name in _several(names)] if isinstance(given, dict) else [given]
    return any(name == "*" or name in principals for name in named)


def _several(value: Any) -> list[Any]:
    """What may stand alone or in a list, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]

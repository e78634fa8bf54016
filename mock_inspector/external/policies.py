"""IAM policy documents: whether they let Inspector in. Conditions and resources are not evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from ..state.rules_packages import owner_accounts

SERVICE = "inspector.amazonaws.com"


def inspector_principals(region: str, partition: str) -> set[str]:
    """Return the names of Inspector in policies: its service principal, and its own account in the region."""
    account = owner_accounts().get(region)
    return {SERVICE} if account is None else {SERVICE, account, f"arn:{partition}:iam::{account}:root"}


def allows(documents: Iterable[Any], action: str, principals: set[str] | None = None) -> bool:
    """Whether a statement of any document allows the action (to one of the principals), and no statement denies it."""
    documents = list(documents)
    allowed = any(any(_find_statements("Allow", document, action, principals)) for document in documents)
    return allowed and not any(denies(document, action, principals) for document in documents)


def denies(document: Any, action: str, principals: set[str] | None = None) -> bool:
    """Whether a statement without conditions denies the action (to one of the principals)."""
    return any("Condition" not in statement for statement in _find_statements("Deny", document, action, principals))


def _find_statements(effect: str, document: Any, action: str, principals: set[str] | None) -> Iterator[dict[str, Any]]:
    """Yield the statements of that effect for the action and, if given, one of the principals."""
    statements = document.get("Statement", ()) if isinstance(document, dict) else ()
    for statement in _to_list(statements):
        if (
            isinstance(statement, dict)
            and statement.get("Effect") == effect
            and _matches_action(statement, action)
            and (principals is None or _matches_principal(statement, principals))
        ):
            yield statement


def _matches_action(statement: dict[str, Any], action: str) -> bool:
    def matches(member: str) -> bool:
        return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in _to_list(statement.get(member)))

    return not matches("NotAction") if "NotAction" in statement else matches("Action")


def _matches_principal(statement: dict[str, Any], principals: set[str]) -> bool:
    if "NotPrincipal" in statement:
        return not _matches_principal({"Principal": statement["NotPrincipal"]}, principals)
    principal = statement.get("Principal")
    names = (
        [name for entry in principal.values() for name in _to_list(entry)]
        if isinstance(principal, dict)
        else [principal]
    )
    return any(name == "*" or name in principals for name in names)


def _to_list(value: Any) -> list[Any]:
    """Return a value that may be single or a list as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]

"""STS: the account for which an access key was handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api.identifiers import is_account_id
from .client import Caller, Calls, NotAvailable, ServiceError

if TYPE_CHECKING:
    from ..state.external import Credentials

_SHORTEST_KEY = 16
"""The least length of an access key id (data type accessKeyIdType of the STS API); shorter ones are made up."""

_STRANGER = "AKIAMOCKINSPECTORXXX"
"""An access key id that nobody has handed out."""


def account_of(calls: Calls, credentials: Credentials, region: str) -> str | None:
    """The account of an access key, or None when no STS knows it.

    Fakes of STS answer for any key; one that is told the same as a stranger is unknown to them.
    """
    if len(credentials.access_key) < _SHORTEST_KEY:
        return None
    try:
        identity = calls.call("sts", Caller(region, *credentials), "get_caller_identity")
        if identity["Arn"] == _strangers_arn(calls, region):
            return None
        account = str(identity["Account"])
    except (NotAvailable, ServiceError, LookupError, TypeError):
        return None
    return account if is_account_id(account) else None


def _strangers_arn(calls: Calls, region: str) -> str | None:
    try:
        answer = calls.call("sts", Caller(region, _STRANGER), "get_caller_identity")
    except ServiceError:
        return None
    return str(answer["Arn"])

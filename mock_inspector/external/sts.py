"""STS: the account of an access key."""

from __future__ import annotations

from ..api.identifiers import is_account_id
from ..state.external import Caller, Credentials
from .client import ExternalClient, NotAvailable, ServiceError

_MIN_KEY_LENGTH = 16
"""The minimum length of an access key id (data type accessKeyIdType of the STS API). Shorter ones are made up."""

_UNKNOWN_KEY = Credentials("AKIAMOCKINSPECTORXXX")
"""An access key that no STS gave out."""


def find_account(client: ExternalClient, credentials: Credentials, region: str) -> str | None:
    """Return the account of an access key, or None when no STS knows the key.

    Fakes of STS answer for any key. A key that gets the same answer as an unknown one is unknown.
    """
    if len(credentials.access_key) < _MIN_KEY_LENGTH:
        return None
    try:
        identity = client.call("sts", Caller(region), "get_caller_identity", credentials=credentials)
        if identity["Arn"] == _find_unknown_arn(client, region):
            return None
        account = str(identity["Account"])
    except (NotAvailable, ServiceError, LookupError, TypeError):
        return None
    return account if is_account_id(account) else None


def _find_unknown_arn(client: ExternalClient, region: str) -> str | None:
    try:
        identity = client.call("sts", Caller(region), "get_caller_identity", credentials=_UNKNOWN_KEY)
    except ServiceError:
        return None
    return str(identity["Arn"])

"""Who signed a request, and for which region (Signature Version 4; chapter "Common Parameters" of the API reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from ..errors import CommonError, short_repr
from ..state.external import Credentials
from .http import Request

_TOKEN_HEADER = "x-amz-security-token"  # noqa: S105  a header's name
_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "inspector"
_SCOPE = r"(?P<key>[^/\s,]+)/[0-9]{8}/(?P<region>[^/\s,]+)/(?P<service>[^/\s,]+)/aws4_request"
_QUERY_MEMBERS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")
_CREDENTIAL = re.compile(_SCOPE)
_UNSIGNED_PART = re.compile(rf"{_ALGORITHM}\s+Credential={_SCOPE},\s*SignedHeaders=[^,\s]+,\s*")


@dataclass(frozen=True, slots=True)
class SigningScope:
    """The credentials that a request is signed with, and the region that it is signed for."""

    credentials: Credentials
    region: str


def parse_signature(request: Request) -> SigningScope:
    """Return the scope of the Authorization header or of a presigned query. CommonError when there is none.

    The form is checked, not the signature itself, nor how old its date is.
    """
    header = request.header("authorization")
    if header is None:
        return _parse_query(request.url)
    unsigned, _, signature = header.partition("Signature=")
    scope = _parse_header(unsigned)
    if scope is None or "," in signature or signature.split() != [signature]:
        raise _incomplete_signature(header)
    if _TOKEN_HEADER in unsigned:  # A session token is among the signed headers.
        credentials = Credentials(scope.credentials.access_key, request.header(_TOKEN_HEADER))
        return SigningScope(credentials, scope.region)
    return scope


@lru_cache(maxsize=64)
def _parse_header(unsigned: str) -> SigningScope | None:
    """The scope in an Authorization header without its signature, which is the only part that differs between calls."""
    match = _UNSIGNED_PART.fullmatch(unsigned)
    return None if match is None else _scope(match, None)


def _parse_query(url: str) -> SigningScope:
    try:
        query = dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        query = {}
    if "X-Amz-Credential" not in query and "X-Amz-Signature" not in query:
        raise CommonError("MissingAuthenticationTokenException")
    missing = [name for name in _QUERY_MEMBERS if not query.get(name)]
    if missing:
        raise CommonError("IncompleteSignatureException", f"The query must have {', '.join(missing)}; got none.")
    match = _CREDENTIAL.fullmatch(query["X-Amz-Credential"])
    if match is None or query["X-Amz-Algorithm"] != _ALGORITHM:
        raise _incomplete_signature(f"{query['X-Amz-Algorithm']} {query['X-Amz-Credential']}")
    return _scope(match, query.get("X-Amz-Security-Token"))


def _scope(match: re.Match[str], session_token: str | None) -> SigningScope:
    if match["service"] != _SERVICE:
        raise CommonError(
            "InvalidSignatureException",
            f"Credential should be scoped to correct service: '{_SERVICE}'; got {short_repr(match['service'])}.",
        )
    return SigningScope(Credentials(match["key"], session_token), match["region"])


def _incomplete_signature(got: str) -> CommonError:
    return CommonError(
        "IncompleteSignatureException",
        "Authorization must be AWS4-HMAC-SHA256 Credential=KEY/YYYYMMDD/REGION/inspector/aws4_request, "
        f"SignedHeaders=... and Signature=...; got {short_repr(got)}.",
    )

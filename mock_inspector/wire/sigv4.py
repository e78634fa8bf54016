"""Who signed a request, and for which region (Signature Version 4; chapter "Common Parameters" of the API reference)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ..errors import CommonError, short_repr
from ..state.external import Credentials
from .http import Request

_TOKEN_HEADER = "x-amz-security-token"  # noqa: S105  a header's name
_SCOPE = r"(?P<key>[^/\s,]+)/[0-9]{8}/(?P<region>[^/\s,]+)/[^/\s,]+/aws4_request"
_CREDENTIAL = re.compile(_SCOPE)
_UNSIGNED_PART = re.compile(rf"AWS4-HMAC-SHA256\s+Credential={_SCOPE},\s*SignedHeaders=[^,\s]+,\s*")


class SigningScope(NamedTuple):
    """The credentials that a request is signed with, and the region that it is signed for."""

    credentials: Credentials
    region: str


def parse_signature(request: Request) -> SigningScope:
    """Return the scope of the Authorization header or of a presigned query. CommonError when there is none."""
    header = request.header("authorization")
    if header is None:
        return _parse_query(request.url)
    unsigned, _, signature = header.partition("Signature=")
    scope = _parse_header(unsigned)
    if scope is None or "," in signature or signature.split() != [signature]:
        raise _incomplete_signature(header)
    if _TOKEN_HEADER in unsigned:  # A session token is among the signed headers.
        credentials, region = scope
        return SigningScope(Credentials(credentials.access_key, request.header(_TOKEN_HEADER)), region)
    return scope


@lru_cache(maxsize=64)
def _parse_header(unsigned: str) -> SigningScope | None:
    """The scope in an Authorization header without its signature, which is the only part that differs between calls."""
    match = _UNSIGNED_PART.fullmatch(unsigned)
    return None if match is None else SigningScope(Credentials(match["key"]), match["region"])


def _parse_query(url: str) -> SigningScope:
    try:
        query = dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        query = {}
    scope = query.get("X-Amz-Credential", "")
    if not scope and "X-Amz-Signature" not in query:
        raise CommonError("MissingAuthenticationTokenException")
    match = _CREDENTIAL.fullmatch(scope) if "X-Amz-Signature" in query else None
    if match is None:
        raise _incomplete_signature(scope)
    return SigningScope(Credentials(match["key"], query.get("X-Amz-Security-Token")), match["region"])


def _incomplete_signature(got: str) -> CommonError:
    return CommonError(
        "IncompleteSignatureException",
        "Authorization must be AWS4-HMAC-SHA256 Credential=KEY/YYYYMMDD/REGION/inspector/aws4_request, "
        f"SignedHeaders=... and Signature=...; got {short_repr(got)}.",
    )

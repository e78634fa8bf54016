"""The one door: an HTTP request in, an HTTP response out. Every client library is a thin adapter on it.

The protocol is AWS JSON 1.1, as in the samples of the API reference: the operation's name in ``X-Amz-Target``, compact
JSON both ways, an empty body for void actions.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .backend import InspectorBackend
from .errors import ApiError, CommonError, shown
from .model.faults import FailedItems, all_failed
from .model.names import checked_region
from .model.operations import Operation, operation
from .model.world import World

CONTENT_TYPE = "application/x-amz-json-1.1"
_TARGET_PREFIX = "InspectorService."

_CREDENTIAL = re.compile(r"(?P<key>[^/\s,]+)/[0-9]{8}/(?P<region>[^/\s,]+)/[^/\s,]+/aws4_request")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+(?=.*\bCredential=(?P<credential>[^,\s]+))(?=.*\bSignedHeaders=[^,\s]+)"
    r"(?=.*\bSignature=[^,\s]+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a client library is about to send it."""

    method: str
    url: str
    headers: Mapping[str, str | bytes]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name."""
        value = self.headers.get(name)
        if value is None:
            wanted = name.lower()
            value = next((value for key, value in self.headers.items() if key.lower() == wanted), None)
        return value.decode("latin-1") if isinstance(value, bytes) else value


@dataclass(frozen=True, slots=True)
class Response:
    """The HTTP response that the client library gets."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Credential:
    """Who signed a request, and for which region."""

    access_key: str
    region: str


def answer(world: World[InspectorBackend], request: Request) -> Response:
    """Answer a request.

    Nothing that a request holds makes this raise: what is wrong with it becomes an error answer. Only a fault that a
    test injected as an exception is raised.
    """
    with world.lock:
        world.look()
        try:
            result = _carry_out(world, request)
            return _response(world, 200, result)
        except ApiError as error:
            return _response(world, error.http_status, error.body())


def _carry_out(world: World[InspectorBackend], request: Request) -> dict[str, Any] | None:
    credential = _credential(request)
    wanted = _operation(request)
    params = _params(request.body)
    backend = world.region(world.account_of(credential.access_key), _region(credential))
    fault = next((fault for fault in world.faults if fault.meets(wanted.name, params)), None)
    if fault is not None:
        if not isinstance(fault.error, FailedItems):
            raise fault.error.with_traceback(None)
        return all_failed(wanted.name, wanted.checked(params), fault.error.code)
    result = backend.perform(wanted.name, params)
    return None if wanted.void else result


def _operation(request: Request) -> Operation:
    target = request.header("X-Amz-Target")
    if request.method != "POST" or target is None:
        raise CommonError(
            "UnknownOperationException", "The request names no operation: POST it with the header X-Amz-Target."
        )
    try:
        if not target.startswith(_TARGET_PREFIX):
            raise KeyError(target)
        return operation(target[len(_TARGET_PREFIX) :])
    except KeyError:
        raise CommonError(
            "UnknownOperationException", f"X-Amz-Target: {shown(target)} is no operation of {_TARGET_PREFIX[:-1]}."
        ) from None


def _credential(request: Request) -> Credential:
    """The credential scope, from the Authorization header or a pre-signed query (chapter "Common Parameters")."""
    header = request.header("Authorization")
    if header is not None:
        match = _AUTHORIZATION.match(header)
        scope = match["credential"] if match else None
    else:
        query = _query(request.url)
        if "X-Amz-Credential" not in query and "X-Amz-Signature" not in query:
            raise CommonError("MissingAuthenticationTokenException")
        scope = query.get("X-Amz-Credential", [""])[0] if "X-Amz-Signature" in query else None
    found = _CREDENTIAL.fullmatch(scope) if scope is not None else None
    if found is None:
        raise CommonError(
            "IncompleteSignatureException",
            "Authorization takes AWS4-HMAC-SHA256 with Credential=KEY/YYYYMMDD/REGION/inspector/aws4_request, "
            f"SignedHeaders and Signature, got {shown(header if header is not None else scope)}.",
        )
    return Credential(found["key"], found["region"])


def _query(url: str) -> dict[str, list[str]]:
    try:
        return parse_qs(urlsplit(url).query)
    except ValueError:
        return {}


def _region(credential: Credential) -> str:
    try:
        return checked_region(credential.region)
    except ValueError:
        raise CommonError(
            "InvalidSignatureException",
            f"Credential should be scoped to a valid region, got {shown(credential.region)}.",
        ) from None


def _params(body: bytes) -> Any:
    if not body:
        return {}
    try:
        text = body.decode("utf-8")
        params = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:
            # Escapes can spell half a surrogate pair, which is no text that could ever be sent back.
            json.dumps(params, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise CommonError("SerializationException", f"The request body is not JSON: {shown(str(error))}.") from None
    return params


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _response(world: World[InspectorBackend], status: int, result: dict[str, Any] | None) -> Response:
    body = b"" if result is None else _encode(result).encode("ascii")
    headers = {
        "x-amzn-RequestId": f"{world.next_request():08x}{_request_id_tail(world.id_seed)}",
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Date": _date(world.now // 1000),
    }
    return Response(status, headers, body)


@lru_cache(maxsize=64)
def _request_id_tail(seed: str) -> str:
    """What makes a number a version 1 UUID, the form of the samples' request ids."""
    digest = hashlib.blake2b(seed.encode("utf-8", "surrogatepass")).hexdigest()
    return f"-{digest[:4]}-11e5-9{digest[4:7]}-{digest[7:19]}"


@lru_cache(maxsize=64)
def _date(moment: int) -> str:
    return formatdate(moment, usegmt=True)

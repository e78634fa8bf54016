"""The one door: an HTTP request in, an HTTP response out. Every client library is a thin adapter on it.

The protocol is AWS JSON 1.1, as in the samples of the API reference: the operation's name in ``X-Amz-Target``, compact
JSON both ways, an empty body for void actions.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ..actions.methods import perform
from ..api.operations import Operation, operation
from ..errors import ApiError, CommonError, short_repr
from ..state.call_log import Call
from ..state.external import Credentials
from ..state.faults import FailedItems, all_failed
from ..state.network_failures import DAMAGED, NetworkFailure
from ..state.polling import POLLED
from ..state.service import FakeService
from ..state.store import Store

CONTENT_TYPE = "application/x-amz-json-1.1"
_TOKEN = "x-amz-security-token"  # noqa: S105  a header's name
_TARGET_PREFIX = "InspectorService."

_SCOPE = r"(?P<key>[^/\s,]+)/[0-9]{8}/(?P<region>[^/\s,]+)/[^/\s,]+/aws4_request"
_CREDENTIAL = re.compile(_SCOPE)
_SIGNED = re.compile(rf"AWS4-HMAC-SHA256\s+Credential={_SCOPE},\s*SignedHeaders=[^,\s]+,\s*")


class Request(NamedTuple):
    """An HTTP request as a client library is about to send it."""

    method: str
    url: str
    headers: Mapping[str, str | bytes]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, by its name in lower case, however the request spells it."""
        value: str | bytes | None
        try:
            value = self.headers[name]
        except KeyError:
            value = next((value for key, value in self.headers.items() if key.lower() == name), None)
        return value.decode("latin-1") if isinstance(value, bytes) else value


class Response(NamedTuple):
    """The HTTP response that the client library gets. An empty reason means the usual phrase of the status."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""
    """The reason phrase. Without one, the response has the usual phrase of its status."""

    @property
    def truncated(self) -> bool:
        """Whether the connection was closed before all of the body that is announced had arrived."""
        return len(self.body) < int(self.headers["Content-Length"])


class _Damaged(Exception):  # noqa: N818  it ends the serving of a request, with an answer
    """The answer to a request, damaged on its way."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class SigningScope(NamedTuple):
    """Who signed a request, and for which region."""

    credentials: Credentials
    region: str


def answer(service: FakeService, request: Request, *, polls: bool = True) -> Response:
    """Answer a request; ``polls`` tells whether time may be moved for a client that reads again and again.

    Nothing that a request holds makes this raise: what is wrong with it becomes an error answer. What is raised is a
    fault that a test injected as an exception, or as a failure of the network that leaves the request without an answer
    (then an exception of botocore's), and EndlessPollError.
    """
    with service.lock:
        call = Call(service.advance(), request.body)
        service.calls.add(call)
        try:
            response = _serve(service, request, call, polls=polls)
        except ApiError as error:
            response = _refused(service, call, error)
        except _Damaged as damaged:
            response = damaged.response
        except BaseException as error:
            call.error, call.message = type(error).__name__, str(error)
            raise
        call.answer = response.body
        return response


def _serve(service: FakeService, request: Request, call: Call, *, polls: bool) -> Response:
    credentials, call.region = credential = _credential(request)
    call.access_key = credentials.access_key
    wanted = _operation(request)
    call.operation = wanted.name
    params = _params(request.body)
    try:
        region = service.store_for(*credential)
    except ValueError:
        raise CommonError(
            "InvalidSignatureException",
            f"Credential should be scoped to a valid region, got {short_repr(credential.region)}.",
        ) from None
    call.account = region.account_id
    region.credentials = credentials
    if not polls or wanted.name not in POLLED:
        if not wanted.reads:
            service.polls.written()
        return _response(service, 200, _carry_out(region, wanted, params, request, call))
    service.polls.before(region, wanted.name, request.body)
    try:
        response = _response(service, 200, _carry_out(region, wanted, params, request, call))
    except ApiError as error:  # a report that is asked for too early is asked for again
        response = _refused(service, call, error)
    service.polls.after(region, wanted.name, request.body, response.body)
    return response


def _refused(service: FakeService, call: Call, error: ApiError) -> Response:
    call.error, call.message = error.code, error.message
    return _response(service, error.http_status, error.body())


def _carry_out(store: Store, wanted: Operation, params: Any, request: Request, call: Call) -> dict[str, Any] | None:
    result = (store.faults and _fault(store, wanted, params, request, call)) or perform(store, wanted, params)
    return None if wanted.void else result


def _fault(store: Store, wanted: Operation, params: Any, request: Request, call: Call) -> dict[str, Any] | None:
    """What an injected fault answers in place of the action, or raises; None when none meets this call."""
    for fault in store.faults:
        if fault.meets(wanted.name, params):
            if isinstance(fault.error, FailedItems):
                return all_failed(wanted.name, wanted.check(params, ""), fault.error.code)
            if isinstance(fault.error, ApiError):
                raise fault.error.with_caller(store.account_id, wanted.name)
            if isinstance(fault.error, NetworkFailure):
                if fault.error.name in DAMAGED:
                    raise _Damaged(_damaged(store, wanted, params, call, fault.error))
                raise fault.error.exception(request.url)
            raise fault.error.with_traceback(None)
    return None


def _damaged(store: Store, wanted: Operation, params: Any, call: Call, failure: NetworkFailure) -> Response:
    """What arrives of the answer to a request."""
    service = store.service
    try:
        result = perform(store, wanted, params)
        response = _response(service, 200, None if wanted.void else result)
    except ApiError as error:
        response = _refused(service, call, error)
    call.error, call.message = failure.name, DAMAGED[failure.name]
    body, announced = failure.damaged(response.body)
    return Response(response.status, {**response.headers, "Content-Length": str(announced)}, body)


def _operation(request: Request) -> Operation:
    target = request.header("x-amz-target")
    if request.method != "POST" or target is None:
        raise CommonError(
            "UnknownOperationException", "The request names no operation: POST it with the header X-Amz-Target."
        )
    return _named(target)


@lru_cache(maxsize=64)
def _named(target: str) -> Operation:
    try:
        if not target.startswith(_TARGET_PREFIX):
            raise KeyError(target)
        return operation(target[len(_TARGET_PREFIX) :])
    except KeyError:
        raise CommonError(
            "UnknownOperationException", f"X-Amz-Target: {short_repr(target)} is no operation of {_TARGET_PREFIX[:-1]}."
        ) from None


def _credential(request: Request) -> SigningScope:
    """The credential scope, from the Authorization header or a pre-signed query (chapter "Common Parameters")."""
    header = request.header("authorization")
    if header is None:
        return _presigned(request.url)
    signed, _, signature = header.partition("Signature=")
    credential = _signed(signed)
    if credential is None or "," in signature or signature.split() != [signature]:
        raise _incomplete_signature(header)
    if _TOKEN in signed:  # it is among the signed headers, where there is one
        credentials, region = credential
        return SigningScope(Credentials(credentials.access_key, request.header(_TOKEN)), region)
    return credential


@lru_cache(maxsize=64)
def _signed(authorization: str) -> SigningScope | None:
    """The scope in an Authorization header up to its signature, which is all that differs from call to call."""
    found = _SIGNED.fullmatch(authorization)
    return None if found is None else SigningScope(Credentials(found["key"], None), found["region"])


def _presigned(url: str) -> SigningScope:
    query = _query(url)
    scope = query.get("X-Amz-Credential", "")
    if not scope and "X-Amz-Signature" not in query:
        raise CommonError("MissingAuthenticationTokenException")
    found = _CREDENTIAL.fullmatch(scope) if "X-Amz-Signature" in query else None
    if found is None:
        raise _incomplete_signature(scope)
    return SigningScope(Credentials(found["key"], query.get("X-Amz-Security-Token")), found["region"])


def _incomplete_signature(got: str) -> CommonError:
    return CommonError(
        "IncompleteSignatureException",
        "Authorization takes AWS4-HMAC-SHA256 Credential=KEY/YYYYMMDD/REGION/inspector/aws4_request, "
        f"SignedHeaders=... and Signature=..., got {short_repr(got)}.",
    )


def _query(url: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return {}


def _params(body: bytes) -> Any:
    if body in {b"", b"{}"}:
        return {}
    try:
        text = body.decode("utf-8")
        params = _decode(text)
        if "\\u" in text:
            # Escapes can spell half a surrogate pair, which is no text that could ever be sent back.
            json.dumps(params, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise CommonError(
            "SerializationException", f"The request body is not JSON: {short_repr(str(error))}."
        ) from None
    return params


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _response(service: FakeService, status: int, result: dict[str, Any] | None) -> Response:
    body = b"" if result is None else _encode(result).encode("ascii")
    headers = {
        "x-amzn-RequestId": f"{next(service.requests):08x}{_request_id_tail(service.id_seed)}",
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Date": _date(service.now // 1000),
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

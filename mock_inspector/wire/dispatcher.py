"""AWS JSON 1.1, as in the samples of the API reference: an HTTP request in, an HTTP response out.

The header ``X-Amz-Target`` names the operation. Bodies are compact JSON; that of a void action is empty. Every client
library and the server call :func:`handle`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache, partial
from typing import Any

from ..actions.registry import ACTIONS, ResponseBody
from ..api.operations import Operation, get_operation, suggest_operation
from ..clock.moments import EpochMs
from ..errors import ApiError, CommonError, short_repr
from ..state.call_log import Call
from ..state.faults import FailedItems, Fault, fail_all_items
from ..state.injected_errors import complete
from ..state.network_failures import DAMAGED, NetworkFailure
from ..state.service import FakeService
from ..state.store import Store
from .http import Request, Response
from .json_bodies import encode_body, parse_body
from .sigv4 import parse_signature

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET_PREFIX = "InspectorService."


class _DamagedResponseError(Exception):
    """Ends a request with a response that a network failure damaged."""

    def __init__(self, name: str, response: Response) -> None:
        super().__init__(name)
        self.name = name
        self.response = response


def handle(service: FakeService, request: Request, *, may_move_clock: Callable[[], bool] | None = None) -> Response:
    """Answer one HTTP request.

    ``may_move_clock`` tells whether all other threads wait now. None stands for a client in another process: its
    requests always may move the clock when they are repeated, and how it waits between them cannot be seen.

    A bad request gets an error response; it never raises. Only three things are raised: an exception that a test
    injected, a simulated network failure (as botocore's exception), and EndlessPollError.
    """
    call = None
    try:
        with service.at_now as now:
            call = Call(now, request.body)
            service.call_recorder.add(call)
            try:
                response = _answer(service, request, call, may_move_clock=may_move_clock)
            except ApiError as error:
                response = _fail(service, call, error)
            except _DamagedResponseError as damaged:
                response = damaged.response
                call.error, call.message = damaged.name, DAMAGED[damaged.name]
            call.answer = response.body
            return response
    except BaseException as error:
        if call is not None:  # The text of a test's own exception is made without the lock.
            call.error, call.message = type(error).__name__, str(error)
        raise


def change_to_wait_for(service: FakeService, request: Request) -> EpochMs | None:
    """The change that a client polls for, which has got the same answer often enough; None if it need not wait."""
    if not service.polls.has_repeated:
        return None
    try:
        scope, operation = parse_signature(request), _parse_target(request)
        with service.lock:
            store = service.known_store(scope.credentials, scope.region)
            if store is None:
                return None
            return service.polls.change_to_wait_for(store, operation.name, request.body)
    except ApiError:
        return None


def _answer(
    service: FakeService, request: Request, call: Call, *, may_move_clock: Callable[[], bool] | None
) -> Response:
    scope = parse_signature(request)
    call.access_key, call.region = scope.credentials.access_key, scope.region
    try:
        store = service.store_for(scope.credentials, scope.region)
    except ValueError:
        raise CommonError(
            "InvalidSignatureException",
            f"Credential should be scoped to a valid region, got {short_repr(scope.region)}.",
        ) from None
    call.account = store.account_id
    operation = _parse_target(request)
    call.operation = operation.name
    params = parse_body(request.body)
    move_clock = service.polls.before_request(store, operation.name, request.body, may_move_clock)
    if move_clock is not None:
        service.call_unlocked(move_clock)
    try:
        if store.faults:
            response = _act_or_fail(service, store, operation, params, request, call)
        else:
            response = _act(service, store, operation, params)
    except ApiError as error:  # A client may repeat what is refused until it is accepted.
        response = _fail(service, call, error)
        service.polls.after_request(store, operation.name, request.body, response.body)
        return response
    if not operation.reads:
        service.polls.record_write()
    elif ACTIONS[operation.method].changes_with_time:
        service.polls.after_request(store, operation.name, request.body, response.body)
    return response


def _act_or_fail(
    service: FakeService, store: Store, operation: Operation, params: Any, request: Request, call: Call
) -> Response:
    """The response of the action, or of a fault in its place."""
    fault = _consume_fault(service, store, operation.name, params)
    if fault is None:
        return _act(service, store, operation, params)
    error = fault.error
    if isinstance(error, FailedItems):
        return _respond(service, 200, fail_all_items(operation.name, operation.validate(params, ""), error.code))
    if isinstance(error, ApiError):
        raise complete(
            error,
            operation.name,
            params,
            partition=store.partition,
            region=store.region,
            account_id=store.account_id,
        )
    if not isinstance(error, NetworkFailure):
        raise error.with_traceback(None)
    if error.name not in DAMAGED:
        raise error.to_exception(request.url)
    try:
        response = _act(service, store, operation, params)
    except ApiError as refusal:
        response = _fail(service, call, refusal)
    raise _DamagedResponseError(error.name, _damage(error, response))


def _act(service: FakeService, store: Store, operation: Operation, params: Any) -> Response:
    """The response of the action."""
    function, members = ACTIONS[operation.method].function, operation.validate(params, "")
    body = service.call_with_answers(partial(function, store, **members))
    return _respond(service, 200, None if operation.void else body)


def _consume_fault(service: FakeService, store: Store, operation: str, params: Any) -> Fault | None:
    """Return the first fault that applies to a call, counted, or None."""
    for fault in list(store.faults):
        if fault.may_apply(operation, params):
            accepted = fault.when is None or service.call_unlocked(partial(fault.when, params))
            # Others may have used it up meanwhile, or have put back another state.
            if accepted and fault in store.faults and fault.try_consume():
                return fault
    return None


def _damage(failure: NetworkFailure, response: Response) -> Response:
    body, announced = failure.damage(response.body)
    return Response(response.status, {**response.headers, "Content-Length": str(announced)}, body)


def _parse_target(request: Request) -> Operation:
    target = request.header("x-amz-target")
    if request.method != "POST" or target is None:
        got = f"{short_repr(request.method)} {'without' if target is None else 'with'} it"
        raise CommonError(
            "UnknownOperationException", f"The request must be a POST with the header X-Amz-Target; got {got}."
        )
    return _find_operation(target)


@lru_cache(maxsize=64)
def _find_operation(target: str) -> Operation:
    prefix, dot, name = target.rpartition(".")
    try:
        if prefix + dot != TARGET_PREFIX:
            raise KeyError(target)
        return get_operation(name)
    except KeyError:
        raise CommonError(
            "UnknownOperationException",
            f"X-Amz-Target must be {TARGET_PREFIX} and an operation; got {short_repr(target)}{suggest_operation(name)}.",
        ) from None


def _fail(service: FakeService, call: Call, error: ApiError) -> Response:
    call.error, call.message = error.code, error.message
    return _respond(service, error.http_status, error.body())


def _respond(service: FakeService, status: int, result: ResponseBody | None) -> Response:
    body = b"" if result is None else encode_body(result)
    headers = {
        "x-amzn-RequestId": f"{next(service.request_numbers):08x}{_request_id_suffix(service.context.id_seed)}",
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Date": _format_date(service.context.now // 1000),
    }
    return Response(status, headers, body)


@lru_cache(maxsize=64)
def _request_id_suffix(seed: str) -> str:
    """What makes a number a version 1 UUID, the form of the request ids in the samples."""
    digest = hashlib.blake2b(seed.encode("utf-8", "surrogatepass")).hexdigest()
    return f"-{digest[:4]}-11e5-9{digest[4:7]}-{digest[7:19]}"


def is_request_id(text: str) -> bool:
    """Whether it looks like a request id of the mock's."""
    return re.fullmatch(r"[0-9a-f]{8,}-[0-9a-f]{4}-11e5-9[0-9a-f]{3}-[0-9a-f]{12}", text) is not None


@lru_cache(maxsize=64)
def _format_date(epoch_seconds: int) -> str:
    return formatdate(epoch_seconds, usegmt=True)

"""botocore (and so boto3): its endpoints lead to the door while the mock is active.

One method is patched, at class level: ``Endpoint.make_request``. The patch registers, once for each endpoint of the
service ``inspector``, a handler of botocore's own event ``before-send.inspector``. That reaches clients and sessions
made before the mock, goes by the service and not by the URL, and comes before handlers of plain ``before-send``, such as
moto's. The handlers are taken away again when the mock ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakSet

from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.endpoint import Endpoint
from botocore.exceptions import CredentialRetrievalError, NoCredentialsError, SSOError, TokenRetrievalError

from ..wire.dispatcher import Request, Response
from .aiobotocore import AioEndpointPatch, as_awaited, is_async
from .network_guard import GuardPatch, UnmockedRequestError
from .retry_backoff import BackoffPatch

SERVICE = "inspector"

Answer = Callable[[Request], Response]
"""Leads a request to the door of the active mock."""


class _Raw:
    """A response body as botocore reads it off urllib3."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        body, self._body = self._body, b""
        yield body

    def read(self, *_: Any, **__: Any) -> bytes:
        body, self._body = self._body, b""
        return body


_BEFORE_SEND = f"before-send.{SERVICE}"
_CHOOSE_SIGNER = f"choose-signer.{SERVICE}"
_BEFORE_SIGN = f"before-sign.{SERVICE}"


class _Current(threading.local):
    operation = "A request"


class BotocorePatch:
    """Leads botocore's Inspector requests to ``handle`` between :meth:`start` and :meth:`stop`."""

    def __init__(self) -> None:
        self._answer: Answer | None = None
        self._backoff = BackoffPatch()
        self._guard = GuardPatch()
        self._current = _Current()
        self._original: Any = None
        self._patched: Any = None
        self._registering = threading.Lock()
        self._endpoints: WeakSet[Endpoint] = WeakSet()
        self._async_endpoints: WeakSet[Endpoint] = WeakSet()
        self._async_patch = AioEndpointPatch()

    def start(self, answer: Answer, wait: Callable[[float], None], *, allow_network: bool) -> None:
        """Patch ``Endpoint.make_request``.

        Back-off between retries calls ``wait`` (seconds) instead of waiting. Requests of other services that nothing
        answers are stopped, unless ``allow_network``.
        """
        self._answer = answer
        self._backoff.start(wait)
        if not allow_network:
            self._guard.start(lambda: self._current.operation)
        if Endpoint.make_request is self._patched:
            return  # somebody who patched after us put our patch back: it is active again
        original = Endpoint.make_request
        patch = self

        def make_request(self: Endpoint, operation_model: Any, request_dict: Any) -> Any:
            if patch._answer is None:
                return original(self, operation_model, request_dict)
            awaited = is_async(self)
            if awaited:
                patch._async_patch.start(patch._async_endpoints, wait, patch._guard.check)
            service = operation_model.service_model.service_name
            if service != SERVICE:
                patch._current.operation = f"{service}:{operation_model.name}"
                return original(self, operation_model, request_dict)
            if self not in patch._endpoints:
                patch._register(self)
            make = patch._make_async_request if awaited else patch._make_request
            return make(original, self, operation_model, request_dict)

        self._original, self._patched = original, make_request
        Endpoint.make_request = make_request

    def stop(self) -> None:
        """Undo the patch, and take the handlers away from clients.

        Where somebody else has patched since, our patch stays in their chain and does nothing.
        """
        self._answer = None
        with self._registering:
            for endpoint in self._endpoints if len(self._endpoints) else ():  # an empty WeakSet is slow to go through
                for event in (_BEFORE_SEND, _CHOOSE_SIGNER, _BEFORE_SIGN):
                    endpoint._event_emitter.unregister(event, unique_id=_unique_id(event))
            self._endpoints.clear()
            self._async_endpoints.clear()
        self._backoff.stop()
        self._guard.stop()
        self._async_patch.stop()
        if Endpoint.make_request is self._patched:
            Endpoint.make_request = self._original
            self._original = self._patched = None

    def _make_request(self, original: Any, endpoint: Any, operation_model: Any, request_dict: Any) -> Any:
        try:
            return self._backoff.free(original, endpoint, operation_model, request_dict)
        except Exception as error:
            if not _cannot_sign(error):
                raise
            self._let_send_unsigned(endpoint)
            return self._backoff.free(original, endpoint, operation_model, request_dict)

    def _register(self, endpoint: Any) -> None:
        """Have the endpoint ask us first, from before any of its threads goes on."""
        with self._registering:
            if endpoint in self._endpoints or self._answer is None:
                return
            handler: Callable[..., Any] = self._before_send
            if is_async(endpoint):
                self._async_endpoints.add(endpoint)
                handler = self._before_async_send
            # Last of its name, so that an answer of the user's own comes first; before moto's, whose name is shorter.
            endpoint._event_emitter.register_last(_BEFORE_SEND, handler, unique_id=_unique_id(_BEFORE_SEND))
            self._endpoints.add(endpoint)

    async def _make_async_request(self, original: Any, endpoint: Any, operation_model: Any, request_dict: Any) -> Any:
        try:
            return await original(endpoint, operation_model, request_dict)
        except Exception as error:
            if not _cannot_sign(error):
                raise
            self._let_send_unsigned(endpoint)
            return await original(endpoint, operation_model, request_dict)

    def _let_send_unsigned(self, endpoint: Any) -> None:
        """Let a client send what it cannot sign: setting credentials now would not help one that exists."""
        with self._registering:
            if self._answer is not None:
                _register_first(endpoint, _CHOOSE_SIGNER, self._choose_signer)
                _register_first(endpoint, _BEFORE_SIGN, self._before_sign)

    def _choose_signer(self, **_: Any) -> Any:
        return UNSIGNED if self._answer is not None else None

    def _before_sign(self, request: Any, region_name: str, **_: Any) -> None:
        if self._answer is not None:
            scope = f"MOCKINSPECTOR/20160216/{region_name}/{SERVICE}/aws4_request"
            request.headers["Authorization"] = (
                f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
            )

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        if self._answer is None:
            return None
        response = self._answer(Request(request.method, request.url, request.headers, _as_bytes(request.body)))
        return AWSResponse(request.url, response.status, response.headers, _Raw(response.body))

    async def _before_async_send(self, request: AWSPreparedRequest, **_: Any) -> Any:
        if self._answer is None:
            return None
        response = self._answer(Request(request.method, request.url, request.headers, _as_bytes(request.body)))
        return as_awaited(request, response)


def _cannot_sign(error: Exception) -> bool:
    """Whether a client found no credentials, or none that are good at the mock's time and no way to get better ones."""
    if type(error) is RuntimeError:
        return "refreshed credentials are still expired" in str(error)
    return isinstance(
        error, (NoCredentialsError, CredentialRetrievalError, SSOError, TokenRetrievalError, UnmockedRequestError)
    )


def _unique_id(event: str) -> str:
    return f"mock_inspector-{event}"


def _register_first(endpoint: Any, event: str, handler: Callable[..., Any]) -> None:
    endpoint._event_emitter.register_first(event, handler, unique_id=_unique_id(event))


def _as_bytes(body: Any) -> bytes:
    """A request's body, in whichever of the forms that botocore sends."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if hasattr(body, "read"):
        content = body.read()
        body.seek(0)  # a retry reads it again
        return _as_bytes(content)
    return bytes(body or b"")

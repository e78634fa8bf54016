"""botocore, and so boto3: while the mock is active, Inspector requests are answered by it.

One method is patched, at class level: ``Endpoint.make_request``. The replacement registers, once for each endpoint of
the service ``inspector``, a handler of botocore's own event ``before-send.inspector``. This reaches clients and sessions
made before the mock. It goes by the service and not by the URL, and it comes before handlers of plain ``before-send``,
such as moto's. The handlers are unregistered when the mock ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakSet

from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.endpoint import Endpoint
from botocore.exceptions import CredentialRetrievalError, NoCredentialsError, SSOError, TokenRetrievalError

from ..attribute_patch import AttributePatch
from ..clock.mutex import Mutex
from ..errors import UnmockedRequestError
from ..undo import run_all
from ..wire.http import Request
from .aiobotocore import is_async, to_async_response
from .base import CURRENT_OPERATION, SERVICE, Patch

_BEFORE_SEND = f"before-send.{SERVICE}"
_CHOOSE_SIGNER = f"choose-signer.{SERVICE}"
_BEFORE_SIGN = f"before-sign.{SERVICE}"


class BotocorePatch(Patch):
    """Has botocore's and aiobotocore's Inspector requests answered by the mock."""

    def __init__(self) -> None:
        super().__init__(AttributePatch(Endpoint, "make_request", self._wrap_make_request))
        self._lock = Mutex()
        self._endpoints: WeakSet[Endpoint] = WeakSet()

    def uninstall(self) -> None:
        """Restore ``make_request``, and unregister the handlers of clients."""
        run_all((super().uninstall, self._unregister))

    def _unregister(self) -> None:
        with self._lock:
            for endpoint in self._endpoints if len(self._endpoints) else ():  # iterating over an empty WeakSet is slow
                for event in (_BEFORE_SEND, _CHOOSE_SIGNER, _BEFORE_SIGN):
                    endpoint._event_emitter.unregister(event, unique_id=_handler_id(event))
            self._endpoints.clear()

    def _wrap_make_request(self, original: Any) -> Any:
        def make_request(endpoint: Endpoint, operation_model: Any, request_dict: Any) -> Any:
            if self.context is None:
                return original(endpoint, operation_model, request_dict)
            is_inspector = endpoint._endpoint_prefix == SERVICE
            if is_inspector and endpoint not in self._endpoints:
                self._register(endpoint)
            if is_async(endpoint):
                CURRENT_OPERATION.set(operation_model)  # for the rest of the task, or until its next request
                if is_inspector:
                    return self._make_async_request(original, endpoint, operation_model, request_dict)
                return original(endpoint, operation_model, request_dict)
            token = CURRENT_OPERATION.set(operation_model)
            try:
                return original(endpoint, operation_model, request_dict)
            except Exception as error:
                if not is_inspector or not _is_credentials_failure(error):
                    raise
                self._send_unsigned(endpoint)
                return original(endpoint, operation_model, request_dict)
            finally:
                CURRENT_OPERATION.reset(token)

        return make_request

    async def _make_async_request(self, original: Any, endpoint: Any, operation_model: Any, request_dict: Any) -> Any:
        try:
            return await original(endpoint, operation_model, request_dict)
        except Exception as error:
            if not _is_credentials_failure(error):
                raise
            self._send_unsigned(endpoint)
            return await original(endpoint, operation_model, request_dict)

    def _register(self, endpoint: Any) -> None:
        """Register our handler of ``before-send``. Other threads wait until it is registered."""
        with self._lock:
            if endpoint in self._endpoints or self.context is None:
                return
            handler: Callable[..., Any] = self._before_async_send if is_async(endpoint) else self._before_send
            # Last of this name, so that a user's own handler comes first, but before moto's, which has a shorter name.
            endpoint._event_emitter.register_last(_BEFORE_SEND, handler, unique_id=_handler_id(_BEFORE_SEND))
            self._endpoints.add(endpoint)

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        context = self.context
        if context is None:
            return None
        response = context.handle(_to_request(request))
        return AWSResponse(request.url, response.status, response.headers, _Body(response.body))

    async def _before_async_send(self, request: AWSPreparedRequest, **_: Any) -> Any:
        context = self.context
        return None if context is None else to_async_response(request, context.handle(_to_request(request)))

    def _send_unsigned(self, endpoint: Any) -> None:
        """Let a client send requests that it cannot sign. An existing client would not notice credentials set now."""
        with self._lock:
            if self.context is not None:
                for event, handler in ((_CHOOSE_SIGNER, self._choose_signer), (_BEFORE_SIGN, self._before_sign)):
                    endpoint._event_emitter.register_first(event, handler, unique_id=_handler_id(event))

    def _choose_signer(self, **_: Any) -> Any:
        return None if self.context is None else UNSIGNED

    def _before_sign(self, request: Any, region_name: str, **_: Any) -> None:
        """Name the client's region, as a signature would."""
        if self.context is not None:
            scope = f"MOCKINSPECTOR/20160216/{region_name}/{SERVICE}/aws4_request"
            request.headers["Authorization"] = (
                f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
            )


class _Body:
    """A response body as botocore reads it from urllib3."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        body, self._body = self._body, b""
        return iter((body,))

    def read(self, *_: Any, **__: Any) -> bytes:
        return b"".join(self.stream())


def _handler_id(event: str) -> str:
    return f"mock_inspector-{event}"


def _is_credentials_failure(error: Exception) -> bool:
    """Whether a client has no credentials, or none that are valid at the mock's time and no way to refresh them."""
    if type(error) is RuntimeError:
        return "refreshed credentials are still expired" in str(error)
    return isinstance(
        error, (NoCredentialsError, CredentialRetrievalError, SSOError, TokenRetrievalError, UnmockedRequestError)
    )


def _to_request(request: AWSPreparedRequest) -> Request:
    body = request.body
    return Request(request.method, request.url, request.headers, body if isinstance(body, bytes) else _to_bytes(body))


def _to_bytes(body: Any) -> bytes:
    """A request body, in any of the forms that botocore sends."""
    if hasattr(body, "read"):
        file, body = body, body.read()
        file.seek(0)  # a retry reads it again
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body or b"")

"""aiobotocore: what its endpoints do differently from botocore's. Never imports aiobotocore.

Its endpoints inherit ``make_request``, which ``botocore.py`` patches for both. They await handlers and the body of a
response, and they override the methods that send and that wait between retries.
"""

from __future__ import annotations

import sys
from typing import Any

from botocore.exceptions import ConnectionClosedError

from ..attribute_patch import AttributePatch
from ..wire.http import Response
from .base import SERVICE, LateImportPatch
from .network_guard import check_is_local

_MODULE, _CLASS = "aiobotocore.endpoint", "AioEndpoint"


class AiobotocorePatch(LateImportPatch):
    """Patches what ``AioEndpoint`` overrides: the back-off between retries, and sending."""

    module_name, class_name = _MODULE, _CLASS

    def attributes_of(self, owner: type[Any]) -> tuple[AttributePatch, ...]:
        """``_send`` and ``_sleep``. Versions without ``_sleep`` call asyncio.sleep, which moves a frozen clock anyway."""
        wraps = {"_send": self._wrap_send, "_sleep": self._wrap_sleep}
        return tuple(AttributePatch(owner, name, wrap) for name, wrap in wraps.items() if name in vars(owner))

    def _wrap_send(self, original: Any) -> Any:
        async def _send(endpoint: Any, request: Any) -> Any:
            context = self.context
            if context is not None and not context.allow_network and _has_own_transport(endpoint):
                proxy_url = endpoint.http_session._proxy_config.proxy_url_for(request.url)
                check_is_local(endpoint, request.url, proxy_url)
            return await original(endpoint, request)

        return _send

    def _wrap_sleep(self, original: Any) -> Any:
        async def _sleep(endpoint: Any, seconds: float) -> None:
            context = self.context
            if context is not None and endpoint._endpoint_prefix == SERVICE:
                context.wait(seconds)
            else:
                await original(endpoint, seconds)

        return _sleep


def _has_own_transport(endpoint: Any) -> bool:
    """Whether an endpoint sends by aiobotocore. A test may have replaced its HTTP session, or the session's ``send``."""
    module = getattr(getattr(endpoint.http_session, "send", None), "__module__", None)
    return isinstance(module, str) and module.startswith("aiobotocore.")


def is_async(endpoint: Any) -> bool:
    """Whether an endpoint is one of aiobotocore's. If it is, aiobotocore is loaded."""
    return isinstance(endpoint, getattr(sys.modules.get(_MODULE), _CLASS, ()))


def to_async_response(request: Any, response: Response) -> Any:
    """The response in the form that aiobotocore's endpoints expect.

    ConnectionClosedError for a truncated body: aiohttp counts what has arrived, unlike urllib3 as botocore uses it.
    """
    if response.truncated:
        raise ConnectionClosedError(request=request, endpoint_url=request.url, error="the response body is incomplete")
    module: Any = sys.modules["aiobotocore.awsrequest"]
    return module.AioAWSResponse(request.url, response.status, response.headers, _AsyncBody(response))


class _AsyncBody:
    """A response body as aiobotocore reads it from aiohttp (``read``) and httpx (``aread``)."""

    def __init__(self, response: Response) -> None:
        self._body = response.body
        # Older versions of aiobotocore read the headers from here.
        self.raw_headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]

    async def read(self, *_: Any) -> bytes:
        body, self._body = self._body, b""
        return body

    aread = read

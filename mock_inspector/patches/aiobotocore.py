"""aiobotocore: the shapes that its endpoints await. Nothing here imports it; it is there when one of its endpoints is.

Its endpoints inherit botocore's ``make_request``, so one patch reaches both; what differs is that handlers are awaited,
and that the body of a response is read by awaiting.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ConnectionClosedError

from ..wire.dispatcher import Response


def is_async(endpoint: Any) -> bool:
    """Whether an endpoint is one of aiobotocore's."""
    module = sys.modules.get("aiobotocore.endpoint")
    return module is not None and isinstance(endpoint, module.AioEndpoint)


class _Raw:
    """A response body as aiobotocore reads it off aiohttp (``read``) and httpx (``aread``)."""

    def __init__(self, response: Response) -> None:
        self._body = response.body
        # Older versions take the headers from here.
        self.raw_headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]

    async def read(self, *_: Any) -> bytes:
        body, self._body = self._body, b""
        return body

    aread = read


def as_awaited(request: Any, response: Response) -> Any:
    """The response in the form that aiobotocore's endpoints expect.

    ConnectionClosedError for a truncated body: unlike urllib3 as botocore uses it, aiohttp counts what has arrived.
    """
    if response.truncated:
        raise ConnectionClosedError(request=request, endpoint_url=request.url, error="the body ended in its middle")
    module: Any = sys.modules["aiobotocore.awsrequest"]
    return module.AioAWSResponse(request.url, response.status, response.headers, _Raw(response))


class AioEndpointPatch:
    """Patches what ``AioEndpoint`` overrides: its waiting between retries, and its sending."""

    def __init__(self) -> None:
        self._class: Any = None
        self._originals: dict[str, Any] = {}
        self._patched: dict[str, Any] = {}

    def start(self, inspector: Any, wait: Callable[[float], None], check: Callable[[Any, str], None]) -> None:
        """Patch, once. The endpoints in ``inspector`` ``wait`` (seconds) for no real time; ``check`` guards the rest."""
        if self._class is not None:
            return
        self._class = sys.modules["aiobotocore.endpoint"].AioEndpoint
        # Older versions sleep with asyncio.sleep itself, which takes no time either while time is frozen.
        names = [name for name in ("_sleep", "_send") if hasattr(self._class, name)]
        originals = self._originals = {name: getattr(self._class, name) for name in names}

        async def _sleep(endpoint: Any, seconds: float) -> None:
            if endpoint in inspector:
                wait(seconds)
            else:
                await originals["_sleep"](endpoint, seconds)

        async def _send(endpoint: Any, request: Any) -> Any:
            check(endpoint, request.url)
            return await originals["_send"](endpoint, request)

        self._patched = {name: {"_sleep": _sleep, "_send": _send}[name] for name in names}
        for name, replacement in self._patched.items():
            setattr(self._class, name, replacement)

    def stop(self) -> None:
        """Undo the patch."""
        for name, replacement in self._patched.items():
            if getattr(self._class, name) is replacement:
                setattr(self._class, name, self._originals[name])
        self._class, self._patched = None, {}

"""urllib3, and so requests: while the mock is active, raw requests to an Inspector host are answered by it.

One method is patched, at class level: ``HTTPConnectionPool.urlopen``. requests and urllib3's own managers end in it. It
lies below everything that ``responses``, moto or a user's adapters replace: these come first, in whatever order they
begin and end. Sessions made before the mock are reached, and so is requests if it is imported later, since botocore has
loaded urllib3 already. requests itself turns the response, or the exception of a fault, into its own.
"""

from __future__ import annotations

from http.client import responses as REASONS  # noqa: N812  it is a table
from io import BytesIO
from typing import Any

from botocore.exceptions import BotoCoreError, EndpointConnectionError
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry

from ..api.hosts import is_inspector_host, is_inspector_url
from ..attribute_patch import AttributePatch
from ..wire.http import Request
from .base import Handler, Patch


class Urllib3Patch(Patch):
    """Has requests to Inspector hosts answered by the mock."""

    def __init__(self) -> None:
        super().__init__(AttributePatch(HTTPConnectionPool, "urlopen", self._wrap_urlopen))

    def _wrap_urlopen(self, original: Any) -> Any:
        def urlopen(
            pool: Any, method: str, url: str, body: Any = None, headers: Any = None, *args: Any, **kwargs: Any
        ) -> Any:
            context = self.context
            full_url = None if context is None else _inspector_url(pool, url)
            if context is None or full_url is None:
                return original(pool, method, url, body, headers, *args, **kwargs)
            request = Request(method.upper(), full_url, headers or pool.headers or {}, _to_bytes(body))
            return _exchange(context.handle, pool, url, request, *args, **kwargs)

        return urlopen


def _inspector_url(pool: Any, url: str) -> str | None:
    """The full URL of a request to an Inspector host, else None. Through a proxy, ``url`` is the full one already."""
    if url.startswith(("http://", "https://")):
        return url if is_inspector_url(url) else None
    return f"{pool.scheme}://{pool.host}{url}" if is_inspector_host(pool.host) else None


def _exchange(
    handle: Handler,
    pool: Any,
    url: str,
    request: Request,
    retries: Any = None,
    redirect: bool = True,
    *_: Any,
    preload_content: bool = True,
    decode_content: bool = True,
    **__: Any,
) -> HTTPResponse:
    """Answer a request as ``urlopen`` does, with the caller's retries."""
    retry = Retry.from_int(retries, redirect=redirect, default=pool.retries)
    while True:
        try:
            answer = handle(request)
        except Exception as error:
            failure = _network_failure(error, pool, url)
            if failure is None:
                raise
            retry = retry.increment(request.method, url, error=failure, _pool=pool)
            retry.sleep()
            continue
        response = HTTPResponse(
            body=BytesIO(b"" if request.method == "HEAD" else answer.body),
            headers=answer.headers,
            status=answer.status,
            reason=REASONS.get(answer.status),
            version=11,
            preload_content=preload_content,
            decode_content=decode_content,
            retries=retry,
            request_method=request.method,
            request_url=url,
        )
        if not retry.is_retry(request.method, answer.status):
            return response
        try:
            retry = retry.increment(request.method, url, response=response, _pool=pool)
        except MaxRetryError:
            if retry.raise_on_status:
                raise
            return response
        retry.sleep(response)


def _to_bytes(body: Any) -> bytes:
    """A request body, in any of the forms that urllib3 sends."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if hasattr(body, "read"):
        return _to_bytes(body.read())
    try:
        return bytes(memoryview(body))
    except TypeError:
        return b"".join(map(_to_bytes, body))


def _network_failure(error: Exception, pool: Any, url: str) -> HTTPError | None:
    """The exception that urllib3 raises for this network failure, whichever library's it is; None for other errors.

    requests turns it into its own.
    """
    # botocore's classes descend from those of an old requests. Hence these names cover both, and httpx's as well.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    failure: HTTPError | None = None
    if "ConnectTimeout" in kinds:
        failure = ConnectTimeoutError(pool, str(error))
    elif isinstance(error, TimeoutError) or kinds & {"ReadTimeout", "Timeout"}:
        failure = ReadTimeoutError(pool, url, str(error))
    elif "ProxyError" in kinds:
        failure = ProxyError(str(error), error)
    elif "SSLError" in kinds:
        failure = SSLError(error)
    elif isinstance(error, HTTPError):
        failure = error
    elif isinstance(error, EndpointConnectionError):
        failure = NewConnectionError(pool, str(error))
    elif isinstance(error, (BotoCoreError, OSError)):
        failure = ProtocolError("Connection aborted.", error)
    return failure

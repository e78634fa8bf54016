"""urllib3, and so requests: raw requests to an Inspector host lead to the door while the mock is active.

One method is patched, at class level: ``HTTPConnectionPool.urlopen``, which requests and urllib3's own managers end in.
That lies below everything that ``responses``, moto or a user's adapters replace, so that these come first in whatever
order they begin and end; it reaches sessions made before the mock, and needs no look-out for requests being imported
later, as botocore has loaded urllib3 already. What becomes of an answer, or of a fault, is requests' own business then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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

from ..wire.dispatcher import Request, Response

_DOMAINS = (
    "amazonaws.com api.aws amazonaws.com.cn api.amazonwebservices.com.cn amazonaws.eu api.amazonwebservices.eu "
    "c2s.ic.gov api.aws.ic.gov sc2s.sgov.gov api.aws.scloud cloud.adc-e.uk api.cloud-aws.adc-e.uk csp.hci.ic.gov "
    "api.aws.hci.ic.gov"
)
"""Of all partitions, as in botocore's ``partitions.json``; the second of each is the dual-stack one."""

_DOMAIN = "|".join(map(re.escape, _DOMAINS.split()))
_NAME = r"inspector(?:-fips)?\.[a-z]{2,}(?:-[a-z0-9]+)+"
_HOST = rf"(?:{_NAME}|[a-z0-9-]+\.{_NAME}\.vpce)\.(?:{_DOMAIN})\.?"
_INSPECTOR = re.compile(_HOST, re.IGNORECASE)
INSPECTOR_URL = re.compile(rf"https?://(?:[^/?#@]*@)?{_HOST}(?::[0-9]*)?(?:[/?#]|$)", re.IGNORECASE)
"""URLs of Inspector's hosts: in any region and partition, FIPS and dual-stack ones, and VPC endpoints."""


class Urllib3Patch:
    """Leads what urllib3 would send to an Inspector host to ``handle`` between :meth:`start` and :meth:`stop`."""

    def __init__(self) -> None:
        self._answer: Callable[[Request], Response] | None = None
        self._original: Any = None
        self._patched: Any = None

    def start(self, answer: Callable[[Request], Response]) -> None:
        """Patch ``HTTPConnectionPool.urlopen``."""
        self._answer = answer
        if HTTPConnectionPool.urlopen is self._patched:
            return  # somebody who patched after us put our patch back: it is active again
        original = HTTPConnectionPool.urlopen
        patch = self

        def urlopen(
            self: Any, method: str, url: str, body: Any = None, headers: Any = None, *args: Any, **kwargs: Any
        ) -> Any:
            answer = patch._answer
            address = None if answer is None else _inspector_address(self, url)
            if answer is None or address is None:
                return original(self, method, url, body, headers, *args, **kwargs)
            request = Request(method.upper(), address, headers or self.headers or {}, _content(body))
            return _exchange(self, url, request, answer, *args, **kwargs)

        self._original, self._patched = original, urlopen
        HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign]

    def stop(self) -> None:
        """Undo the patch; where somebody else has patched since, ours stays in their chain and does nothing."""
        self._answer = None
        if HTTPConnectionPool.urlopen is self._patched:
            HTTPConnectionPool.urlopen = self._original  # type: ignore[method-assign]
            self._original = self._patched = None


def _inspector_address(pool: Any, url: str) -> str | None:
    """The whole URL of a request to an Inspector host, else None. Through a proxy, ``url`` is whole already."""
    if url.startswith(("http://", "https://")):
        return url if INSPECTOR_URL.match(url) else None
    return f"{pool.scheme}://{pool.host}{url}" if _INSPECTOR.fullmatch(pool.host) else None


def _exchange(
    pool: Any,
    url: str,
    request: Request,
    answer: Callable[[Request], Response],
    retries: Any = None,
    redirect: bool = True,
    *_: Any,
    preload_content: bool = True,
    decode_content: bool = True,
    **__: Any,
) -> HTTPResponse:
    """Send a request as ``urlopen`` does, with the retries that the caller has asked for."""
    left = Retry.from_int(retries, redirect=redirect, default=pool.retries)
    while True:
        try:
            answered = answer(request)
        except Exception as error:
            failure = _network_failure(error, pool, url)
            if failure is None:
                raise
            left = left.increment(request.method, url, error=failure, _pool=pool)
            left.sleep()
            continue
        response = HTTPResponse(
            body=BytesIO(b"" if request.method == "HEAD" else answered.body),
            headers=answered.headers,
            status=answered.status,
            reason=REASONS.get(answered.status),
            version=11,
            preload_content=preload_content,
            decode_content=decode_content,
            retries=left,
            request_method=request.method,
            request_url=url,
        )
        if not left.is_retry(request.method, answered.status):
            return response
        try:
            left = left.increment(request.method, url, response=response, _pool=pool)
        except MaxRetryError:
            if left.raise_on_status:
                raise
            return response
        left.sleep(response)


def _content(body: Any) -> bytes:
    """A request's body, in whichever of the forms that urllib3 sends."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if hasattr(body, "read"):
        return _content(body.read())
    try:
        return bytes(memoryview(body))
    except TypeError:
        return b"".join(map(_content, body))


def _network_failure(error: Exception, pool: Any, url: str) -> HTTPError | None:
    """What urllib3 would have raised where a fault is an exception of the network, of whichever library; else None.

    requests makes its own exceptions of these.
    """
    # botocore's classes descend from those of an old requests, so these names serve both, and httpx's as well.
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

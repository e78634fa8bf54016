"""moto as a WSGI application in this process: all other AWS services beside the mock.

moto's state belongs to the process. It is the same for whoever serves it and for ``moto.mock_aws``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

MISSING_EXTRA = (
    "One endpoint for all of AWS needs moto's server; {package} is not installed: pip install 'mock-inspector[moto]'"
)

_RESET = "/moto-api/reset"

StartResponse = Callable[..., Any]


@lru_cache(maxsize=1)
def load_moto() -> MotoServer:
    """Return moto's application, one for the process. ModuleNotFoundError, with the command that installs it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # moto warns, in words of its own, before it fails
            return MotoServer()
    except ModuleNotFoundError as error:
        package = (error.name or "moto").partition(".")[0]
        raise ModuleNotFoundError(MISSING_EXTRA.format(package=package), name=package) from None


class MotoServer:
    """moto's WSGI application, called by the mock's server and by the mock itself."""

    def __init__(self) -> None:
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.core.models import botocore_stubber
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.test import Client

        self.default_account: str = DEFAULT_ACCOUNT_ID
        """The account of an access key that moto has not given out."""
        self._stubber = botocore_stubber

        def create_app(service: str | None) -> Any:
            if service is None:
                raise NotImplementedError("the service of this request")
            return create_backend_app(service)

        self._application = DomainDispatcherApplication(create_app)
        self._client = Client(self._application, use_cookies=False)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request that came by HTTP. NotImplementedError for an action or a service that moto does not have."""
        response: Iterable[bytes] = self._application(environ, start_response)
        return response

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request that a botocore client would send. No connection is opened, and no other thread is needed."""
        url = urlsplit(request.url)
        headers = {
            name: value.decode("latin-1") if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        answer = self._client.open(
            url.path or "/",
            base_url=f"{url.scheme}://{url.netloc}",
            query_string=url.query,
            method=request.method,
            headers=headers,
            data=request.body or b"",
        )
        return AWSResponse(request.url, answer.status_code, dict(answer.headers), _RawBody(answer.data))

    def empty(self) -> None:
        """Empty all of moto's services, unless ``mock_aws`` is active: whoever started that has set them up."""
        if not getattr(self._stubber, "enabled", False):
            self._client.post(_RESET)


class _RawBody:
    """A response's body as botocore reads it from urllib3."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body

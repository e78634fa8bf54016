"""The server as a WSGI application: requests of the service, reports, control calls and the dashboard.

Requests of the service are answered as in the process. Where a client in the process would get an exception, a client
of the server gets what a network can do: an error response, or a connection that is closed.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from wsgiref.util import request_uri

from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.exceptions import HTTPClientError

from ..assessment_reports.download import ReportDownloads
from ..errors import EndlessPollError
from ..state import report_links
from ..wire.dispatcher import CONTENT_TYPE, handle
from ..wire.http import Request, Response
from .aws_requests import OtherServices, is_for_inspector, is_from_browser
from .control_api import ControlApi
from .cross_origin import names_inspector, reason_to_refuse
from .openapi import PATH_PREFIX

if TYPE_CHECKING:
    from ..backend import InspectorBackend
    from ..external.moto_server import MotoServer
    from ..state.service import FakeService

MAX_BODY_BYTES = 1024 * 1024
"""A longer body gets status 413."""

MAX_SNAPSHOT_BYTES = 1024 * MAX_BODY_BYTES
"""The same for a snapshot to restore; enough for a million findings that were added by hand, or ten million of runs."""

MISSING_JINJA2 = "The dashboard needs Jinja2, which is not installed: pip install 'mock-inspector[server]'"

_READ_METHODS = ("GET", "HEAD")
_NETWORK_FAILURES = (OSError, HTTPClientError, BotocoreConnectionError)

_log = logging.getLogger("mock_inspector.server")

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class _Body:
    """A response's body. ``error``, if given, is raised after it and ends the connection."""

    def __init__(self, body: bytes, error: type[Exception] | None) -> None:
        self._body = body
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        if self._error is not None:
            raise self._error


class Application:
    """Answers HTTP requests from the state of one mock. Those of other services are ``moto``'s, if it is given.

    ``disconnect`` is the exception that makes the server library close a connection without a response.
    """

    def __init__(
        self,
        service: FakeService,
        backend: InspectorBackend,
        moto: MotoServer | None = None,
        *,
        loopback: bool,
        disconnect: type[Exception],
    ) -> None:
        self._service = service
        self._backend = backend
        self._others = None if moto is None else OtherServices(service, moto)
        self._loopback = loopback
        self._disconnect = disconnect
        self._reports = ReportDownloads(service)
        self._control = ControlApi(backend)
        self._current = threading.local()

    def origin(self) -> str | None:
        """The origin under which the client of this thread's request found the server.

        None outside of a request, and for a client that found it by AWS's name, under which others may not find it.
        """
        host: str | None = getattr(self._current, "host", None)
        return None if not host or names_inspector(host) else f"http://{host}"

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        refusal = self._reason_to_refuse(environ)
        if self._others is not None and refusal is None and not self._is_own(environ):
            return self._others(environ, start_response)
        self._current.host = environ.get("HTTP_HOST")
        try:
            response = self._respond(environ, refusal)
        finally:
            self._current.host = None
        # The server library decides what happens to the connection next. A truncated response ends it.
        headers = [(name, value) for name, value in response.headers.items() if name != "Connection"]
        start_response(f"{response.status} {response.reason or HTTPStatus(response.status).phrase}", headers)
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body
        return _Body(body, self._disconnect if response.truncated else None)

    def _reason_to_refuse(self, environ: dict[str, Any]) -> str | None:
        return reason_to_refuse(environ, loopback=self._loopback, all_services=self._others is not None)

    def _is_own(self, environ: dict[str, Any]) -> bool:
        """Whether a request is for the mock, beside a moto that answers all others."""
        path: str = environ["PATH_INFO"]
        if path.startswith(PATH_PREFIX):
            return True
        # The access key tells a report from somebody's object in moto's S3.
        if path.startswith(report_links.PATH_PREFIX) and report_links.ACCESS_KEY in environ["QUERY_STRING"]:
            return True
        if is_for_inspector(environ):
            return True
        return path == "/" and environ["REQUEST_METHOD"] in _READ_METHODS and is_from_browser(environ)

    def _respond(self, environ: dict[str, Any], refusal: str | None) -> Response:
        method: str = environ["REQUEST_METHOD"]
        path: str = environ["PATH_INFO"]
        query: str = environ["QUERY_STRING"]
        if refusal is not None:
            return self._refuse(403, "AccessDeniedException", path, refusal)
        too_long = self._check_length(path, int(environ.get("CONTENT_LENGTH") or 0))
        if too_long is not None:
            return too_long
        if path.startswith(PATH_PREFIX):
            result = self._control.call(method, path[len(PATH_PREFIX) :], query, environ["wsgi.input"].read())
            return self._json_response(result.status, result.value, **result.headers)
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
        if path == "/" and method in _READ_METHODS and "x-amz-target" not in headers:
            return self._serve_dashboard(environ)
        if path.startswith(report_links.PATH_PREFIX):
            url = f"{quote(path, encoding='latin-1')}?{query}"
            return self._reports.handle(Request(method, url, headers, b""))
        return self._serve_operation(Request(method, request_uri(environ), headers, environ["wsgi.input"].read()))

    def _check_length(self, path: str, length: int) -> Response | None:
        """The response to a body that is too long, or None."""
        maximum = MAX_SNAPSHOT_BYTES if path == f"{PATH_PREFIX}restore" else MAX_BODY_BYTES
        if length <= maximum:
            return None
        text = f"The request's body must be at most {maximum} bytes long; got {length} bytes."
        return self._refuse(413, "RequestEntityTooLargeException", path, text)

    def _refuse(self, status: int, code: str, path: str, text: str) -> Response:
        """Refuse a request in the form that its client reads: a control call's, Amazon S3's or the service's."""
        if path.startswith(PATH_PREFIX):
            return self._json_response(status, {"error": text})
        if path.startswith(report_links.PATH_PREFIX):
            return self._reports.refuse(status, code.removesuffix("Exception"), text)
        return self._error_response(status, code, text)

    def _serve_dashboard(self, environ: dict[str, Any]) -> Response:
        origin = self.origin() or f"http://127.0.0.1:{environ['SERVER_PORT']}"
        try:
            from .dashboard.page import render_page

            page = render_page(self._service, self._backend._store, environ["QUERY_STRING"], origin)
        except ModuleNotFoundError as error:
            if error.name != "jinja2":
                raise
            body = f"{MISSING_JINJA2}\n".encode()
            headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
            return Response(501, headers, body, MISSING_JINJA2)
        if page.headers["ETag"] == environ.get("HTTP_IF_NONE_MATCH"):
            return Response(304, {name: page.headers[name] for name in ("ETag", "Cache-Control")}, b"")
        return page

    def _serve_operation(self, request: Request) -> Response:
        """Answer a request of the service."""
        try:
            return handle(self._service, request)
        except EndlessPollError as error:
            return self._error_response(400, "EndlessPollError", str(error))
        except _NETWORK_FAILURES as failure:
            raise self._disconnect from failure
        except Exception as failure:
            # Another exception that a test injected, or a bug in the mock, which must be seen.
            _log.exception("A request was not answered")
            raise self._disconnect from failure

    def _json_response(self, status: int, value: Any, **headers: str) -> Response:
        """A response with a JSON value, dated by the mock's clock."""
        body = json.dumps(value, separators=(",", ":")).encode("ascii")
        usual = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Date": formatdate(self._service.clock.read() // 1000, usegmt=True),
        }
        return Response(status, {**usual, **headers}, body)

    def _error_response(self, status: int, code: str, message: str) -> Response:
        """An error that only the server has, in the form of the service's errors."""
        return self._json_response(status, {"__type": code, "message": message}, **{"Content-Type": CONTENT_TYPE})

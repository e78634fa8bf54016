"""The server as a WSGI application: the service's requests, reports, and the control calls.

Requests of the service go through the door as those of any client library do. What the door raises, where a client in
the process would see an exception, becomes what a network can do: an error answer, or a connection that is closed.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from botocore.exceptions import HTTPClientError

from ..assessment_reports.download import ReportDownloads
from ..door import CONTENT_TYPE, Request, answer
from ..model.patience import EndlessPollError
from .control import PREFIX, Control
from .origins import refusal
from .page import page

if TYPE_CHECKING:
    from ..backend import InspectorBackend
    from ..model.world import World

MOST_BYTES = 1024 * 1024
"""The longest body that is read; a longer one is answered with 413."""

MOST_BYTES_OF_STATE = 64 * MOST_BYTES
"""The same, of a snapshot that is to be restored: one of half a million findings."""


_READING = ("GET", "HEAD")
_REPORTS = "/inspector-reports-"
_NETWORK_FAILURES = (OSError, HTTPClientError)

_log = logging.getLogger("mock_inspector.server")

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class HttpAnswer(NamedTuple):
    """An HTTP response; without a ``reason`` it has the usual one of its status."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""


class _Body:
    """A body in one piece, after which ``broken`` ends the connection; WSGI calls ``close`` once it was written."""

    def __init__(self, piece: bytes, broken: type[Exception] | None, close: Callable[[], None]) -> None:
        self._piece = piece
        self._broken = broken
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        yield self._piece
        if self._broken is not None:
            raise self._broken


class Application:
    """Answers for one world.

    ``hang_up`` is the exception that makes the server library close a connection without an answer.
    """

    def __init__(self, world: World, backend: InspectorBackend, *, loopback: bool, hang_up: type[Exception]) -> None:
        self._world = world
        self._loopback = loopback
        self._hang_up = hang_up
        self._reports = ReportDownloads(world)
        self._control = Control(world, backend)
        self._asked = threading.local()
        self._at_work: set[int] = set()

    def busy(self) -> bool:
        """Whether a request is being answered, to the last byte."""
        return bool(self._at_work)

    def origin(self) -> str | None:
        """The origin under which the request that this thread answers reached the server; None when it answers none."""
        host: str | None = getattr(self._asked, "host", None)
        return host and f"http://{host}"

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        number = id(environ)
        self._at_work.add(number)
        self._asked.host = environ.get("HTTP_HOST")
        try:
            status, headers, body, reason = self._answer(environ)
        except BaseException:
            self._at_work.discard(number)
            raise
        finally:
            self._asked.host = None
        # What a connection does next is the server library's to say; an answer that was cut off ends it.
        kept = [(name, value) for name, value in headers.items() if name != "Connection"]
        start_response(f"{status} {reason or HTTPStatus(status).phrase}", kept)
        sent = b"" if environ["REQUEST_METHOD"] == "HEAD" else body
        broken = self._hang_up if len(body) < int(headers.get("Content-Length", 0)) else None
        return _Body(sent, broken, lambda: self._at_work.discard(number))

    def _answer(self, environ: dict[str, Any]) -> HttpAnswer:
        path: str = environ["PATH_INFO"]
        controls = path.startswith(PREFIX)
        reason = refusal(environ, loopback=self._loopback)
        if reason is not None:
            return self._json(403, {"error": reason})
        most = MOST_BYTES_OF_STATE if path == f"{PREFIX}restore" else MOST_BYTES
        if int(environ.get("CONTENT_LENGTH") or 0) > most:
            text = f"The body of a request is at most {most} bytes long."
            return (
                self._json(413, {"error": text})
                if controls
                else self._error(413, "RequestEntityTooLargeException", text)
            )
        method: str = environ["REQUEST_METHOD"]
        query: str = environ["QUERY_STRING"]
        if controls:
            return self._controlled(environ, path[len(PREFIX) :])
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
        if path == "/" and method in _READING and "x-amz-target" not in headers:
            return HttpAnswer(200, *page())
        if path.startswith(_REPORTS):
            url = f"{quote(path, encoding='latin-1')}?{query}"
            return HttpAnswer(*self._reports.handle(Request(method, url, headers, b"")))
        return self._knock(Request(method, f"/?{query}", headers, environ["wsgi.input"].read()))

    def _controlled(self, environ: dict[str, Any], member: str) -> HttpAnswer:
        method, query, body = environ["REQUEST_METHOD"], environ["QUERY_STRING"], environ["wsgi.input"].read()
        outcome = self._control.answer(method, member, query, body)
        if "ETag" in outcome.headers and outcome.headers["ETag"] == environ.get("HTTP_IF_NONE_MATCH"):
            return HttpAnswer(304, outcome.headers, b"")
        return self._json(outcome.status, outcome.value, **outcome.headers)

    def _knock(self, request: Request) -> HttpAnswer:
        try:
            return HttpAnswer(*answer(self._world, request))
        except EndlessPollError as error:
            return self._error(400, "EndlessPollError", str(error))
        except _NETWORK_FAILURES as failure:
            raise self._hang_up from failure
        except Exception as failure:
            # An exception of another kind that a test injected; or one of ours, which should not go unseen.
            _log.exception("A request was not answered")
            raise self._hang_up from failure

    def _json(self, status: int, value: Any, **headers: str) -> HttpAnswer:
        """A JSON value as an answer, at the moment of the mock's clock."""
        body = json.dumps(value, separators=(",", ":")).encode("ascii")
        usual = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Date": formatdate(self._world.clock.read() // 1000, usegmt=True),
        }
        return HttpAnswer(status, {**usual, **headers}, body)

    def _error(self, status: int, code: str, message: str) -> HttpAnswer:
        """An error that the service itself does not have, in the shape of its own."""
        return self._json(status, {"__type": code, "message": message}, **{"Content-Type": CONTENT_TYPE})

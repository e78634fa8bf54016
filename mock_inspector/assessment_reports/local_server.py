"""A port of this machine's loopback interface, opened when a report's URL is first needed.

Real sockets and a real HTTP server, so that any HTTP client fetches reports: urllib, requests, httpx, a subprocess.
"""

from __future__ import annotations

import os
import socket
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from ..door import Request
from .download import ReportAnswer

_HOST = "127.0.0.1"
_POLL = 0.02
"""Real seconds for which the closing of the port may have to wait."""

_PATIENCE = 10.0
"""Real seconds that a request which is still being answered may take when the port is closed."""


class LocalServer:
    """An HTTP server in a daemon thread of its own, with a further one for each connection."""

    def __init__(self, answer: Callable[[Request], ReportAnswer]) -> None:
        self._server = _Server(answer)
        self.origin = f"http://{_HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL,), name="mock_inspector reports", daemon=True
        )
        self._thread.start()
        self._proxies = ProxyBypass()

    def busy(self) -> bool:
        """Whether a report is being made: not whether anybody is connected, who may wait for something else."""
        return bool(self._server.at_work)

    def close(self) -> None:
        """Close the port and all connections, and end the threads."""
        self._proxies.undo()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection, thread in list(self._server.connections.items()):
            _hang_up(connection)
            thread.join(_PATIENCE)


class _Server(HTTPServer):
    """Answers each connection in a daemon thread, and knows which are open."""

    def __init__(self, answer: Callable[[Request], ReportAnswer]) -> None:
        self.answer = answer
        self.connections: dict[socket.socket, threading.Thread] = {}
        self.at_work: set[int] = set()
        super().__init__((_HOST, 0), _Handler)

    def server_bind(self) -> None:
        """Without the look-up of a host name that HTTPServer does."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = _HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self._serve, args=(request, client_address), name="mock_inspector report", daemon=True
        )
        self.connections[request] = thread
        thread.start()

    def _serve(self, connection: socket.socket, client_address: Any) -> None:
        try:
            with suppress(OSError):  # the client may have gone, or the port may have been closed
                self.finish_request(connection, client_address)
        finally:
            self.shutdown_request(connection)
            self.connections.pop(connection, None)


class _Handler(BaseHTTPRequestHandler):
    """Leads requests to the site."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        request = Request(self.command, self.path, dict(self.headers.items()), b"")
        self.server.at_work.add(id(self))
        try:
            self._send(self._answered(request))
        finally:
            self.server.at_work.discard(id(self))

    def _answered(self, request: Request) -> ReportAnswer:
        try:
            return self.server.answer(request)
        except Exception:  # noqa: BLE001  a fault of ours: whoever fetches the report should see it
            body = traceback.format_exc().encode("utf-8", "backslashreplace")
            headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
            return ReportAnswer(500, "", {**headers, "Connection": "close"}, body)

    def _send(self, answer: ReportAnswer) -> None:
        self.send_response_only(answer.status, answer.reason or None)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it may have been closed meanwhile
        connection.shutdown(socket.SHUT_RDWR)


class ProxyBypass:
    """Lets HTTP clients reach the port directly where the environment sends them through a proxy."""

    def __init__(self) -> None:
        self._before = os.environ.get("no_proxy")
        self._set: str | None = None
        excepted = self._before or os.environ.get("NO_PROXY") or ""
        hosts = [host.strip() for host in excepted.split(",") if host.strip()]
        proxied = any(os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"))
        if proxied and not {"*", _HOST} & set(hosts):
            self._set = os.environ["no_proxy"] = ",".join([*hosts, _HOST])

    def undo(self) -> None:
        """Put the variable back, unless somebody else has set it meanwhile."""
        if self._set is None or os.environ.get("no_proxy") != self._set:
            return
        if self._before is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = self._before

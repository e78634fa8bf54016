"""An HTTP server on this machine, started when the first URL of a report is given out.

It uses real sockets, so that any HTTP client can download reports: urllib, requests, httpx, a subprocess.
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

from ..wire.http import Request, Response

_HOST = "127.0.0.1"

POLL_INTERVAL_SECONDS = 0.02
"""How often the server checks whether it should stop, in real time."""

CLOSE_TIMEOUT_SECONDS = 10.0
"""How long closing the server waits for a response that is still being sent, in real time."""


class LocalServer:
    """An HTTP server in a daemon thread, with one more thread for each connection."""

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        self._server = _Server(handle)
        self.origin = f"http://{_HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_INTERVAL_SECONDS,), name="mock_inspector reports", daemon=True
        )
        self._thread.start()
        self._proxy_bypass = ProxyBypass()

    def close(self) -> None:
        """Close the port and all connections, and end the threads."""
        self._proxy_bypass.undo()
        if self._thread.is_alive():  # in a process that was forked it is not
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection, thread in list(self._server.connections.items()):
            with suppress(OSError):  # its thread may have closed it meanwhile
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(CLOSE_TIMEOUT_SECONDS)


class _Server(HTTPServer):
    """Answers each connection in a daemon thread. ThreadingHTTPServer does not tell which ones are open."""

    def __init__(self, handle: Callable[[Request], Response]) -> None:
        self.handle = handle
        self.connections: dict[socket.socket, threading.Thread] = {}
        super().__init__((_HOST, 0), _Handler)

    def server_bind(self) -> None:
        """Bind without HTTPServer's lookup of the host name, which can be slow."""
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
            with suppress(OSError):  # the client or close() may have closed the connection
                self.finish_request(connection, client_address)
        finally:
            self.shutdown_request(connection)
            self.connections.pop(connection, None)


class _Handler(BaseHTTPRequestHandler):
    """Passes requests on, and sends the responses."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def _respond(self) -> None:
        request = Request(self.command, self.path, dict(self.headers.items()), b"")
        self._send(self._handle(request))

    def _handle(self, request: Request) -> Response:
        try:
            return self.server.handle(request)
        except Exception:  # noqa: BLE001  a bug of ours, which whoever downloads the report should see
            body = traceback.format_exc().encode("utf-8", "backslashreplace")
            headers = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
            return Response(500, {**headers, "Connection": "close"}, body)

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status, response.reason or None)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _respond  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing. BaseHTTPRequestHandler writes each request to stderr."""


class ProxyBypass:
    """Adds this machine to ``no_proxy`` where an HTTP proxy is configured, so that clients reach the server."""

    def __init__(self) -> None:
        self._original = os.environ.get("no_proxy")
        self._replacement: str | None = None
        exceptions = self._original or os.environ.get("NO_PROXY") or ""
        hosts = [host.strip() for host in exceptions.split(",") if host.strip()]
        has_proxy = any(os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"))
        if has_proxy and not {"*", _HOST} & set(hosts):
            self._replacement = os.environ["no_proxy"] = ",".join([*hosts, _HOST])

    def undo(self) -> None:
        """Restore the variable, unless somebody else has changed it since."""
        if self._replacement is None or os.environ.get("no_proxy") != self._replacement:
            return
        if self._original is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = self._original

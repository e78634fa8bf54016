"""Runs waitress in threads, and stops it so that all of its threads have ended.

waitress alone has no such stop: its threads are daemons that nobody waits for. It also closes idle connections by the
process's clock, which the mock freezes and moves; here idle connections stay open until the server stops. It closes a
connection after an error while the client still sends, which then loses the response; and its errors are plain text.
"""

from __future__ import annotations

import json
import logging
import re
import select
import socket
import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any, Protocol

from waitress import wasyncore
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.task import ErrorTask, WSGITask

from ..wire.dispatcher import CONTENT_TYPE
from .openapi import PATH_PREFIX

__all__ = ["ClientDisconnected", "WaitressRunner"]

WORKER_THREADS = 8
"""How many requests are answered at the same time."""

_MAX_CONNECTIONS = 1_000
_MAX_BODY_BYTES = 1280 * 1024 * 1024
"""Bodies up to this length are read to their end, so that the application answers those that are too long for it.

waitress keeps what is longer than half a mebibyte in a temporary file.
"""

_MAX_UNREAD_BYTES = 1024 * 1024 * 1024
"""How much of what a client still sends is read after the last response."""

_UNLIMITED_SECONDS = 2**40
_UNLIMITED_BYTES = 2**40

_STOP_TIMEOUT_SECONDS = 10.0
"""Real time that a stop allows for requests that are being answered, and then for clients to read their responses."""

METADATA_NAMES = "x-mock-inspector-metadata-names"
"""The header in which an application finds the names of metadata that have an underscore."""

_METADATA = re.compile(rb"^(x-amz-meta-[^:\s]*_[^:\s]*):[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_METADATA_NAME = re.compile(rb"^X-Amz-Meta-[^:]*", re.MULTILINE)

_log = logging.getLogger("mock_inspector.server")


class _Task(Protocol):
    def service(self) -> None:
        """Answer a request."""


class _WorkerThreads:
    """The threads that answer requests: what waitress calls a task dispatcher."""

    def __init__(self, threads: int) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"mock_inspector server {number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def add_task(self, task: _Task) -> None:
        """Called by waitress for each request."""
        self._tasks.put(task)

    def stop(self) -> None:
        """Answer the requests that have arrived, then end the threads."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(_STOP_TIMEOUT_SECONDS)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task.service()
            except BaseException:  # noqa: BLE001  the thread has other requests to answer
                _log.exception("A request was not answered")


class _WsgiTask(WSGITask):  # type: ignore[misc]
    """Answers a request. waitress begins each word of a header's name with a capital; S3's metadata is in small letters."""

    def build_response_header(self) -> bytes:
        """Called by waitress."""
        header: bytes = super().build_response_header()
        return _METADATA_NAME.sub(lambda name: name[0].lower(), header) if b"X-Amz-Meta-" in header else header


class _ErrorTask(ErrorTask):  # type: ignore[misc]
    """Answers what is no HTTP request, or none that can be answered, in the form that its client reads."""

    def execute(self) -> None:
        """Called by waitress."""
        error = self.request.error
        self.status = f"{error.code} {error.reason}"
        text = f"{error.reason}: {error.body}"
        if getattr(self.request, "path", "").startswith(PATH_PREFIX):  # what is no HTTP has no path
            content_type, value = "application/json", {"error": text}
        else:
            code = f"{error.reason.title().replace(' ', '')}Exception"
            content_type, value = CONTENT_TYPE, {"__type": code, "message": text}
        body = json.dumps(value).encode("ascii")
        self.response_headers.append(("Content-Type", content_type))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses a URL that is none; waitress alone closes the connection without a response.

    It also keeps the metadata of S3 objects with an underscore in their names. waitress drops such headers, since an
    application cannot tell an underscore from a hyphen; hence the names are in a header of their own.
    """

    headers: dict[str, str]

    def parse_header(self, header_plus: bytes) -> None:
        """Called by waitress."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(str(error)) from None
        names = []
        for name, value in _METADATA.findall(header_plus):
            names.append(name.decode("latin-1"))
            self.headers[_to_key(names[-1])] = value.decode("latin-1")
        if names:
            self.headers[_to_key(METADATA_NAMES)] = ",".join(names)


def _to_key(header: str) -> str:
    return header.upper().replace("-", "_")


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection. Before it is closed the client's bytes are read to their end, or it would lose the response."""

    parser_class = _Parser
    task_class = _WsgiTask
    error_task_class = _ErrorTask
    close_when_flushed: bool
    _unread_bytes: int | None = None
    """How many bytes are read at most before the connection is closed; None while requests are answered."""

    def readable(self) -> bool:
        """Called by waitress in its loop, like all of these methods."""
        return self._unread_bytes is not None or bool(super().readable())

    def handle_write(self) -> None:
        closes = self.close_when_flushed
        self.close_when_flushed = False
        super().handle_write()
        if closes and self.connected:
            self.close_when_flushed = True
            if not self.total_outbufs_len:
                self._end_sending()

    def _end_sending(self) -> None:
        """Tell the client that the response is complete."""
        self.close_when_flushed = False
        self._unread_bytes = _MAX_UNREAD_BYTES
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # The client has gone.
            self.handle_close()

    def handle_read(self) -> None:
        if self._unread_bytes is None:
            super().handle_read()
            return
        try:
            self._unread_bytes -= len(self.recv(self.adj.recv_bytes))
        except OSError:
            self._unread_bytes = 0
        if self._unread_bytes <= 0 and self.connected:
            self.handle_close()


class WaitressRunner:
    """waitress on a listening socket, from the construction to :meth:`stop`."""

    def __init__(
        self,
        listening: socket.socket,
        application: Callable[[dict[str, Any], Any], Iterable[bytes]],
        *,
        threads: int = WORKER_THREADS,
    ) -> None:
        self._workers = _WorkerThreads(threads)
        self._channels: dict[int, Any] = {}
        self._server = create_server(
            application,
            map=self._channels,
            _dispatcher=self._workers,
            sockets=[listening],
            ident="mock_inspector",
            connection_limit=_MAX_CONNECTIONS,
            channel_timeout=_UNLIMITED_SECONDS,
            max_request_body_size=_MAX_BODY_BYTES,
            outbuf_high_watermark=_UNLIMITED_BYTES,  # a client that does not read keeps no thread waiting
        )
        self._server.channel_class = _Channel
        self._stopping = False
        self._aborting = False
        self._thread = threading.Thread(target=self._run, name="mock_inspector server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the responses that are being made, close the port and all connections, and end the threads."""
        self._workers.stop()
        self._stopping = True
        self._server.pull_trigger()
        self._thread.join(_STOP_TIMEOUT_SECONDS)
        self._aborting = True
        self._server.pull_trigger()
        self._thread.join()
        # Only now, when no other thread uses them.
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.close()

    def _run(self) -> None:
        while not self._stopping or (self._has_unsent_bytes() and not self._aborting):
            wasyncore.loop(use_poll=hasattr(select, "poll"), map=self._channels, count=1)

    def _has_unsent_bytes(self) -> bool:
        return any(channel.total_outbufs_len for channel in self._server.active_channels.values())

"""waitress, started and stopped within the mock: with threads that end before the stop returns.

waitress reads the time to close connections that have long been idle. Here that time is frozen and moved, so idle
connections are kept; they are closed with the server.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from waitress.channel import ClientDisconnected as HangUp
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

__all__ = ["HangUp", "WaitressRunner"]

_THREADS = 8
_MOST_CONNECTIONS = 1_000
_MOST_BYTES = 80 * 1024 * 1024
"""The longest body that is read to its end, so that whoever sends it sees the answer that it is too long."""

_NEVER = 2**40
"""Seconds."""

_PATIENCE = 10.0
"""Real seconds that a request which is still being answered may take when the server is stopped."""


class _Workers(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Threads that carry out requests, and that can be waited for."""

    queue_logger = logging.getLogger("mock_inspector.server.queue")  # waiting for a thread is nothing to warn of

    def __init__(self) -> None:
        super().__init__()
        self._started: list[threading.Thread] = []
        self.queue_logger.setLevel(logging.ERROR)

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        thread = threading.Thread(
            target=target, name=f"mock_inspector server {thread_no}", args=(thread_no,), daemon=True
        )
        self._started.append(thread)
        thread.start()

    def join(self, timeout: float) -> None:
        """Wait until the threads have ended, for ``timeout`` seconds each."""
        for thread in self._started:
            thread.join(timeout)


class WaitressRunner:
    """waitress on a socket that listens."""

    def __init__(self, listening: socket.socket, application: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self._workers = _Workers()
        self._server = create_server(
            application,
            map={},
            _dispatcher=self._workers,
            sockets=[listening],
            ident="mock_inspector",
            asyncore_use_poll=hasattr(select, "poll"),
            connection_limit=_MOST_CONNECTIONS,
            channel_timeout=_NEVER,
            max_request_body_size=_MOST_BYTES,
        )
        self._workers.set_thread_count(_THREADS)
        self._thread = threading.Thread(target=self._server.run, name="mock_inspector server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being answered, close the port and all connections, and end the threads."""
        self._workers.set_thread_count(0)
        self._workers.join(_PATIENCE)
        trigger = self._server.trigger
        with trigger.lock:  # or a server that is awake would close the trigger before it was pulled
            trigger.thunks.append(self._close)
            trigger.pull_trigger()
        self._thread.join()
        self._workers.join(_PATIENCE)  # those that wrote to somebody who did not read

    def _close(self) -> None:
        """In the server's own thread: nothing is left to wait for, so it ends."""
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.close()

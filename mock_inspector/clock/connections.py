"""What may come from outside: an answer over a TCP connection, the end of a child process, an alarm of the system.

Linux tells, for each connection, how often and when something was sent, and when something came last. Elsewhere no
answer is known to be awaited.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import struct
import sys
from collections.abc import Container, Iterable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from .system_files import list_directory, read_file, read_link

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILES = "/proc/self/fd"
_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})
_TCP_INFO_SIZE = 160
_LAST_SENT, _LAST_RECEIVED, _SEGMENTS_SENT = 44, 52, 156
"""Where ``struct tcp_info`` has the milliseconds since something was sent and since something came, and how much was."""


class _Sent(NamedTuple):
    """What was sent over a connection so far."""

    inode: int
    segments: int


class Connections:
    """Knows for which connections an answer is awaited."""

    def __init__(self) -> None:
        self._answered: dict[int, _Sent] = {}

    def note_answers(self, files: Iterable[int]) -> None:
        """Something came over these connections: whatever was sent is answered."""
        for file in files:
            with suppress(OSError), _tcp_socket(file) as connection:
                if connection is not None:
                    self._answered[file] = _Sent(os.fstat(file).st_ino, _info(connection, _SEGMENTS_SENT))

    def is_answer_awaited(self, files: Iterable[int]) -> bool:
        """Whether something was sent over one of these to another process, and nothing has come back since."""
        awaited = [connection for file in files if (connection := self._unanswered(file)) is not None]
        if not awaited:
            return False
        own, listening = _own_addresses()
        return any(peer not in own and address[1] not in listening for address, peer in awaited)

    def _unanswered(self, file: int) -> tuple[tuple[str, int], object] | None:
        """The addresses of a connection over which something was sent that is not answered."""
        with suppress(OSError), _tcp_socket(file) as connection:
            if connection is None:
                return None
            sent = _Sent(os.fstat(file).st_ino, _info(connection, _SEGMENTS_SENT))
            if sent.segments == 0 or self._answered.get(file) == sent:
                return None
            if _info(connection, _LAST_SENT) <= _info(connection, _LAST_RECEIVED):
                return connection.getsockname(), connection.getpeername()
        return None


def are_own_pairs(files: Iterable[int]) -> bool:
    """Whether each file is one of a pair of sockets, of which this process has both: loops wake themselves by one."""
    found = list(files)
    return bool(found) and all(map(_is_of_pair, found)) and not has_child_process()  # which may have the other


def _is_of_pair(file: int) -> bool:
    with suppress(OSError), _socket(file) as found:
        if found is not None and found.family == getattr(socket, "AF_UNIX", None):
            return not found.getsockname() and not found.getpeername()
    return False


def _own_addresses() -> tuple[set[object], set[int]]:
    """The addresses of this process's sockets, and the ports at which it listens."""
    own: set[object] = set()
    listening: set[int] = set()
    for file in map(int, list_directory(_FILES)):
        with suppress(OSError), _tcp_socket(file) as connection:
            if connection is not None:
                own.add(connection.getsockname())
                if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    listening.add(connection.getsockname()[1])
    return own, listening


@contextmanager
def _tcp_socket(file: int) -> Iterator[socket.socket | None]:
    """A file of somebody else as a socket, where it is one of TCP and this is Linux."""
    if not sys.platform.startswith("linux"):
        yield None
        return
    with _socket(file) as found:
        is_tcp = found is not None and found.type == socket.SOCK_STREAM and found.family in _FAMILIES
        yield found if is_tcp else None


@contextmanager
def _socket(file: int) -> Iterator[socket.socket | None]:
    """A file of somebody else as a socket, where it is one."""
    if not stat.S_ISSOCK(os.fstat(file).st_mode):
        yield None
        return
    found = socket.socket(fileno=file)
    try:
        yield found
    finally:
        found.detach()


def _info(connection: socket.socket, offset: int) -> int:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    number: int = struct.unpack_from("=I", info, offset)[0]
    return number


def watched_files(epoll: int) -> list[int]:
    """The files that an ``epoll`` watches, as far as Linux tells."""
    try:
        lines = read_file(f"/proc/self/fdinfo/{epoll}").splitlines()
    except OSError:
        return []
    return [int(line.split()[1]) for line in lines if line.startswith(b"tfd:")]


def has_child_process() -> bool:
    """Whether this process has started another one that nobody has waited for yet."""
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def is_process_awaited(files: Iterable[int]) -> bool:
    """Whether a child process may write to one of these pipes, or its end is what one of these files waits for."""
    return has_child_process() and any(_is_pipe(file) or _is_of_process(file) for file in files)


def _is_pipe(file: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(file).st_mode)
    except OSError:
        return False


def _is_of_process(file: int) -> bool:
    """Whether a file is that of ``os.pidfd_open``."""
    try:
        return read_link(f"{_FILES}/{file}") == "anon_inode:[pidfd]"
    except OSError:
        return False


_ALARMS = {"SIGALRM": "ITIMER_REAL", "SIGVTALRM": "ITIMER_VIRTUAL", "SIGPROF": "ITIMER_PROF"}


def is_alarm_set(signals: Container[int]) -> bool:
    """Whether the system is to send this process one of these ``signals`` after some real time."""
    return any(
        getattr(signal, name) in signals and signal.getitimer(getattr(signal, timer))[0] > 0
        for name, timer in _ALARMS.items()
        if hasattr(signal, name) and hasattr(signal, timer)
    )

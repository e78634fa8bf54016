"""``select.select``, ``poll``, ``epoll`` and ``signal.sigtimedwait`` wait by the mock's clock.

With them wait ``selectors``, and libraries that have an event loop of their own in Python: trio, for one. Another
process may end such a wait. It gets a moment of real time to do so, and all the time it needs when it owes an answer.
"""

from __future__ import annotations

import select
import signal
import sys
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from freezegun import api as freezegun_api

from .builtin_patch import FunctionPatch, TypePatch, can_patch
from .connections import Connections, are_own_pairs, is_process_awaited, watched_files
from .wait import never
from .waiting import RESOLUTION_SECONDS

if TYPE_CHECKING:
    from .waiting import Waiting

QUIET_PERIOD_SECONDS = 0.25
"""Real seconds for which connections may be quiet before the clock moves all the same."""

PROCESS_QUIET_PERIOD_SECONDS = 5.0
"""The same where a child process is waited for: it has to start first, for one thing."""


class ExternalActivity:
    """Whether something may come from another process, to those who wait for files.

    It may for a while, until it was quiet for that long; then it stays quiet until something comes, or until somebody
    begins to wait for something else. And it may as long as an answer is awaited.
    """

    def __init__(self) -> None:
        self._since: dict[object, float] = {}
        self._connections = Connections()

    def is_expected(
        self, waiter: object, files: Callable[[], Iterable[int]], seconds: float = QUIET_PERIOD_SECONDS
    ) -> bool:
        """Whether something may come to ``waiter`` yet, who waits for ``files`` and was not quiet for ``seconds``."""
        now = freezegun_api.real_monotonic()
        quiet = now - self._since.setdefault(waiter, now)
        if quiet < seconds:
            return True
        awaited = list(files())
        if quiet < PROCESS_QUIET_PERIOD_SECONDS and is_process_awaited(awaited):
            return True
        return self._connections.is_answer_awaited(awaited)

    def record(self, waiter: object, files: Iterable[int] = ()) -> None:
        """Something came to ``waiter``, from ``files``, or it waits for something else now."""
        self._since.pop(waiter, None)
        self._connections.note_answers(files)

    def clear(self) -> None:
        """Forget all waiters."""
        self._since.clear()


class SelectCallsPatch:
    """Lets code that waits for files and signals do so as :class:`.Waiting` says."""

    def __init__(self) -> None:
        self._waiting: Waiting | None = None
        self._activity = ExternalActivity()
        self._patches: list[FunctionPatch | TypePatch] = []
        if not can_patch():
            return
        self._real_select = self._patch(select.select, self._select)
        if hasattr(signal, "sigtimedwait"):
            self._real_sigtimedwait = self._patch(sys.modules["_signal"].sigtimedwait, self._sigtimedwait)
        if hasattr(select, "poll"):
            poll = type(select.poll())
            self._patches.append(TypePatch(poll, {"poll": self._poll(poll.poll)}))
        if hasattr(select, "epoll"):
            epoll = select.epoll
            changes = {name: self._change_epoll(getattr(epoll, name)) for name in ("register", "modify")}
            self._patches.append(TypePatch(epoll, {"poll": self._epoll(epoll.poll), **changes}))

    def _patch(self, function: Any, replacement: Callable[..., Any]) -> Any:
        """Patch a function, and return one that does what it did."""
        patch = FunctionPatch(function, replacement)
        self._patches.append(patch)
        return patch.original

    def start(self, waiting: Waiting) -> None:
        """Let such waits wait for the clock, as ``waiting`` says."""
        self._waiting = waiting
        self._activity.clear()
        for patch in self._patches:
            patch.install()

    def stop(self) -> None:
        """Let them take real time again."""
        self._waiting = None
        for patch in self._patches:
            patch.uninstall()

    def _wait(
        self,
        attempt: Callable[[float | None], Any],
        seconds: float | None,
        waiter: object,
        is_ready: Callable[[], bool] = never,
        files: Callable[[], Iterable[int]] = tuple,
    ) -> Any:
        """What comes to ``waiter`` in time, or something false."""

        def is_over() -> bool:
            # In this order: what was expected may come between the two.
            is_expected = not are_own_pairs(files()) and self._activity.is_expected(waiter, files)
            return is_expected or is_ready()

        found = attempt(0)
        if not found and self._waiting is not None:
            found = self._waiting.wait(
                attempt,
                sys._getframe(2),
                seconds=None if seconds is None or seconds < 0 else max(seconds, RESOLUTION_SECONDS),
                is_over=is_over,
            )
        if found:
            self._activity.record(waiter, files())
        return found

    def _select(self, *args: Any) -> Any:
        *files, timeout = (*args, None) if len(args) < _SELECT_ARGUMENTS else args
        if self._waiting is None or not _is_wait(timeout):
            return self._real_select(*args)

        def attempt(seconds: float | None) -> Any:
            found = self._real_select(*files, seconds)
            return found if any(found) else None

        if not any(files):  # a way to sleep
            return self._waiting.wait(attempt, sys._getframe(1), seconds=timeout) or ([], [], [])
        waiter = _call_site(sys._getframe(1))
        found = self._wait(attempt, timeout, waiter, lambda: attempt(0) is not None, lambda: _numbers(files[0]))
        return found or ([], [], [])

    def _poll(self, original: Any) -> Callable[..., Any]:
        def poll(files: Any, timeout: float | None = None, /) -> Any:
            if self._waiting is None or not _is_wait(timeout):
                return original(files, timeout)

            def attempt(seconds: float | None) -> Any:
                return original(files, None if seconds is None else seconds * 1000)

            seconds = None if timeout is None else timeout / 1000
            return self._wait(attempt, seconds, _call_site(sys._getframe(1))) or []

        return poll

    def _epoll(self, original: Any) -> Callable[..., Any]:
        def poll(files: Any, timeout: float | None = None, maxevents: int = -1) -> Any:
            if self._waiting is None or not _is_wait(timeout):
                return original(files, timeout, maxevents)

            # The epoll's own file is waited for, since who gets an event of an epoll may take it away (trio does): others
            # could not see any more then that this thread is about to go on.
            poll_file = _watch(files)

            def attempt(seconds: float | None) -> Any:
                return _real_poll(poll_file, None if seconds is None else seconds * 1000)

            def watched() -> list[int]:
                return watched_files(files.fileno())

            self._wait(attempt, timeout, id(files), lambda: is_ready(files), watched)
            return original(files, 0, maxevents)

        return poll

    def _change_epoll(self, original: Any) -> Callable[..., Any]:
        def change(files: Any, *args: Any, **kwargs: Any) -> Any:
            self._activity.record(id(files))
            return original(files, *args, **kwargs)

        return change

    def _sigtimedwait(self, signals: Any, timeout: float, /) -> Any:
        if self._waiting is None or not _is_wait(timeout):
            return self._real_sigtimedwait(signals, timeout)
        return self._wait(
            lambda seconds: self._real_sigtimedwait(signals, seconds), timeout, _call_site(sys._getframe(1))
        )


_SELECT_ARGUMENTS = 4


def _is_wait(timeout: Any) -> bool:
    """Whether a call with this timeout may wait. What Python would refuse may not."""
    return timeout is None or (isinstance(timeout, (int, float)) and timeout != 0)


def _numbers(files: Iterable[Any]) -> list[int]:
    return [file if isinstance(file, int) else file.fileno() for file in files]


def _call_site(frame: FrameType) -> tuple[CodeType, int]:
    return frame.f_code, frame.f_lasti


_poll_type: Any = select.poll if hasattr(select, "poll") else None
_real_poll: Any = type(select.poll()).poll if _poll_type is not None else None


def is_ready(file: Any) -> bool:
    """Whether there is something to read, of a file or an ``epoll``, seen from any thread."""
    return bool(_real_poll(_watch(file), 0))


def _watch(file: Any) -> Any:
    """A ``poll`` of a file or an ``epoll``."""
    poll = _poll_type()
    poll.register(file.fileno(), select.POLLIN)
    return poll

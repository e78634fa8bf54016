"""What blocks a thread waits by the mock's clock: locks, and with them all that ``threading`` and ``queue`` have.

What is patched, where a thread would block. Everything else of ``threading``, ``queue`` and ``concurrent.futures`` that
waits (``Event``, ``Condition``, ``Semaphore``, ``Barrier``, ``Queue``, ``Future``) ends in one of these:

==============================================  ======================================================================
``lock.acquire``, ``lock.__enter__``            what ``threading.Lock()`` makes
``lock.release``, ``lock.__exit__``             whoever waits for it is about to go on
``RLock.acquire``, ``__enter__``                what ``threading.RLock()`` makes
``RLock._acquire_restore``                      how a ``Condition`` gets its lock back
``SimpleQueue.get``                             what the threads of a pool wait for
``Thread._wait_for_tstate_lock``                ``Thread.join`` up to Python 3.12
``_ThreadHandle.join``                          ``Thread.join`` since Python 3.13
``threading._time``, ``queue.time``,            how much is left to wait is counted by the clock that is waited for
``concurrent.futures._base.time``,
``socketserver.time``
==============================================  ======================================================================

A lock that is free is taken at once, as ever.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import _base as futures
from types import FrameType
from typing import TYPE_CHECKING, Any

from freezegun import api as freezegun_api

from .builtin_patch import MethodPatch, can_patch
from .waiting import Mutex, real_acquire

if TYPE_CHECKING:
    from .waiting import Waiting

_Lock: type = type(threading.Lock())
_RLock: type = type(threading.RLock())


class _Awaited:
    """A lock that threads wait for."""

    __slots__ = ("released", "waiters")

    def __init__(self) -> None:
        self.waiters = 0
        self.released = False
        """Whether it was released, and nobody is known yet to have taken it: one of the threads is about to go on."""


class _TimeModule:
    """The module ``time``, as others see it whose ``time.monotonic()`` counts what is left to wait."""

    def __init__(self, module: Any, monotonic: Callable[[], float]) -> None:
        self._module = module
        self.monotonic = monotonic

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class BlockingCallsPatch:
    """Lets threads wait for locks, queues and other threads as :class:`.Waiting` says."""

    def __init__(self) -> None:
        self._waiting: Waiting | None = None
        self._awaited: dict[int, _Awaited] = {}
        self._mutex = Mutex()
        self._patches: list[MethodPatch] = []
        self._undo: list[Callable[[], None]] = []
        if can_patch():
            self._patches = [
                *(MethodPatch(_Lock, name, self._acquire_lock) for name in ("acquire", "acquire_lock", "__enter__")),
                *(MethodPatch(_Lock, name, self._release_lock) for name in ("release", "release_lock", "__exit__")),
                *(MethodPatch(_RLock, name, self._acquire_rlock) for name in ("acquire", "__enter__")),
                MethodPatch(_RLock, "_acquire_restore", self._acquire_restore),
                MethodPatch(queue.SimpleQueue, "get", self._get),
            ]
            handle = getattr(sys.modules["_thread"], "_ThreadHandle", None)
            if handle is not None:
                self._patches.append(MethodPatch(handle, "join", self._join_handle))

    def start(self, waiting: Waiting) -> None:
        """Let threads wait for the clock, as ``waiting`` says."""
        self._waiting = waiting
        self._awaited.clear()
        for patch in self._patches:
            patch.install()
        if hasattr(threading.Thread, "_wait_for_tstate_lock"):
            self._replace(threading.Thread, "_wait_for_tstate_lock", self._wait_for_tstate_lock)
        self._replace(threading, "_time", self._time)
        self._replace(queue, "time", self._time)
        self._replace(futures, "time", lambda module: _TimeModule(module, self._time(module)))
        socketserver = sys.modules.get("socketserver")
        if socketserver is not None:
            self._replace(socketserver, "time", self._time)

    def stop(self) -> None:
        """Let threads wait in real time again."""
        self._waiting = None
        for patch in self._patches:
            patch.uninstall()
        while self._undo:
            self._undo.pop()()

    def begin_in_child(self) -> None:
        """In a process that was forked, no other thread waits."""
        self._mutex = Mutex()
        self._awaited.clear()

    def _replace(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        replacement = wrap(original)

        def undo() -> None:
            if getattr(owner, name) is replacement:
                setattr(owner, name, original)

        setattr(owner, name, replacement)
        self._undo.append(undo)

    def _time(self, _: object) -> Callable[[], float]:
        def monotonic() -> float:
            waiting = self._waiting
            if waiting is None or waiting.reason_to_wait(sys._getframe(1)) is not None:
                return freezegun_api.real_monotonic()
            return waiting.monotonic()

        return monotonic

    # Locks

    def _acquire_lock(self, _: Any) -> Any:
        def acquire(lock: Any, blocking: Any = True, timeout: Any = -1) -> bool:
            if not blocking or not (timeout == -1 or timeout > 0):
                return real_acquire(lock, blocking, timeout)
            taken = real_acquire(lock, False)
            if not taken:
                if self._waiting is None:
                    return real_acquire(lock, True, timeout)
                return self._wait_for_lock(lock, None if timeout == -1 else timeout, sys._getframe(1))
            awaited = self._awaited.get(id(lock))
            if awaited is not None:
                awaited.released = False
            return True

        return acquire

    def _wait_for_lock(self, lock: Any, seconds: float | None, frame: FrameType) -> bool:
        assert self._waiting is not None  # noqa: S101  the caller has looked
        with self._mutex:
            awaited = self._awaited.setdefault(id(lock), _Awaited())
            awaited.waiters += 1
        try:
            taken = self._waiting.wait(
                lambda timeout: real_acquire(lock, True, _lock_timeout(timeout)),
                frame,
                seconds=seconds,
                is_over=lambda: awaited.released or not lock.locked(),
            )
        finally:
            with self._mutex:
                awaited.waiters -= 1
                if awaited.waiters == 0:
                    self._awaited.pop(id(lock), None)
        if taken:
            awaited.released = False
        return bool(taken)

    def _release_lock(self, original: Any) -> Any:
        def release(lock: Any, *args: Any) -> None:
            awaited = self._awaited.get(id(lock))
            if awaited is not None:
                awaited.released = True
            original(lock, *args)

        return release

    def _acquire_rlock(self, _: Any) -> Any:
        def acquire(lock: Any, blocking: Any = True, timeout: Any = -1) -> bool:
            if self._waiting is None or not blocking or not (timeout == -1 or timeout > 0):
                return _real_acquire_rlock(lock, blocking, timeout)  # type: ignore[no-any-return]
            if _real_acquire_rlock(lock, False):
                return True
            return bool(
                self._waiting.wait(
                    lambda timeout: _real_acquire_rlock(lock, True, _lock_timeout(timeout)),
                    sys._getframe(1),
                    seconds=None if timeout == -1 else timeout,
                    is_over=_is_free_for_this_thread(lock),
                )
            )

        return acquire

    def _acquire_restore(self, original: Any) -> Any:
        def acquire_restore(lock: Any, state: Any) -> None:
            if self._waiting is None:
                original(lock, state)
                return

            def attempt(_: float | None) -> bool:
                original(lock, state)
                return True

            self._waiting.wait(attempt, sys._getframe(1), seconds=None, is_over=_is_free_for_this_thread(lock))

        return acquire_restore

    # Queues and threads

    def _get(self, original: Any) -> Any:
        def get(items: Any, block: Any = True, timeout: Any = None) -> Any:
            if self._waiting is None or not block or not items.empty() or not (timeout is None or timeout > 0):
                return original(items, block, timeout)

            def attempt(timeout: float | None) -> list[Any]:
                try:
                    return [original(items, True, timeout)] if timeout != 0 else [original(items, False)]
                except queue.Empty:
                    return []

            got = self._waiting.wait(attempt, sys._getframe(1), seconds=timeout, is_over=lambda: not items.empty())
            return got[0] if got else original(items, False)

        return get

    def _wait_for_tstate_lock(self, original: Any) -> Any:
        def wait_for_tstate_lock(thread: Any, block: bool = True, timeout: float = -1) -> Any:
            if self._waiting is None or not block or thread._tstate_lock is None or timeout == 0:
                return original(thread, block, timeout)

            def attempt(timeout: float | None) -> bool:
                original(thread, timeout != 0, _lock_timeout(timeout) if timeout != 0 else -1)
                return thread._tstate_lock is None

            return self._waiting.wait(
                attempt,
                sys._getframe(1),
                seconds=None if timeout < 0 else timeout,
                is_over=lambda: thread.ident not in sys._current_frames(),
            )

        return wait_for_tstate_lock

    def _join_handle(self, original: Any) -> Any:
        def join(handle: Any, timeout: float | None = None) -> None:
            if self._waiting is None or handle.is_done() or (timeout is not None and timeout == 0):
                original(handle, timeout)
                return

            def attempt(timeout: float | None) -> bool:
                original(handle, timeout)
                return bool(handle.is_done())

            seconds = None if timeout is None or timeout < 0 else timeout
            self._waiting.wait(attempt, sys._getframe(1), seconds=seconds, is_over=handle.is_done)

        return join


_real_acquire_rlock: Any = vars(_RLock)["acquire"]


def _lock_timeout(timeout: float | None) -> float:
    return -1 if timeout is None else min(timeout, threading.TIMEOUT_MAX)


def _is_free_for_this_thread(lock: Any) -> Callable[[], bool]:
    """Whether an RLock is free, or this thread's own since a moment ago: the ``repr`` tells whose it is."""
    free = "owner=0 ", f"owner={threading.get_ident()} "
    return lambda: any(owner in repr(lock) for owner in free)

"""Threads wait by the mock's clock: for locks, and with them for all that ``threading`` and ``queue`` have.

What is patched, where a thread would block. Everything else of ``threading``, ``queue`` and ``concurrent.futures`` that
waits (``Event``, ``Condition``, ``Semaphore``, ``Barrier``, ``Queue``, ``Future``) ends in one of these:

==============================================  ======================================================================
``lock.acquire``, ``lock.__enter__``            what ``threading.Lock()`` makes
``lock.release``, ``lock.__exit__``             whoever waits for it is about to go on
``RLock.acquire``, ``__enter__``                what ``threading.RLock()`` makes
``RLock._acquire_restore``                      how a ``Condition`` gets its lock back
``SimpleQueue.get``                             what the threads of a pool wait for
``SimpleQueue.put``, ``put_nowait``             whoever waits for it is about to go on
``Thread._wait_for_tstate_lock``                ``Thread.join`` up to Python 3.12
``_ThreadHandle.join``                          ``Thread.join`` since Python 3.13
``threading._time``, ``queue.time``,            how much is left to wait is counted by the clock that is waited for
``concurrent.futures._base.time``
==============================================  ======================================================================

A lock that is free is taken at once, as ever.
"""

from __future__ import annotations

import queue
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import _base as futures
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from freezegun import api as freezegun_api

from ..attribute_patch import AttributePatch
from .builtin_patch import TypePatch, can_patch
from .idle_threads import is_running
from .mutex import real_acquire, real_release

if TYPE_CHECKING:
    from .wait import Attempt
    from .waiting import Waiting

_Lock: Any = type(threading.Lock())
_RLock: Any = type(threading.RLock())
_ThreadHandle: Any = getattr(sys.modules["_thread"], "_ThreadHandle", None)
_real_acquire_rlock: Callable[..., bool] = _RLock.acquire
_real_acquire_restore: Callable[..., None] = _RLock._acquire_restore
_real_get: Callable[..., Any] = queue.SimpleQueue.get
_real_put: Callable[..., None] = queue.SimpleQueue.put


class _Awaited:
    """A lock that threads have waited for."""

    __slots__ = ("reference", "released")

    def __init__(self, reference: weakref.ref[Any]) -> None:
        self.reference = reference
        self.released = False
        """Whether it was released, and nobody is known yet to have taken it: one of the threads is about to go on."""


class _AwaitedQueue:
    """A queue that threads have waited for."""

    __slots__ = ("on_their_way", "reference")

    def __init__(self, reference: weakref.ref[Any]) -> None:
        self.reference = reference
        self.on_their_way: deque[None] = deque()
        """One for each item that nobody is known yet to have got: since Python 3.13 it may be in no queue any more."""


_AnyAwaited = TypeVar("_AnyAwaited", _Awaited, _AwaitedQueue)


def _find(known: dict[int, _AnyAwaited], awaited: Any, make: Callable[[weakref.ref[Any]], _AnyAwaited]) -> _AnyAwaited:
    """What is known of a lock or queue that threads wait for. It is forgotten with the lock or queue itself."""
    key = id(awaited)
    found = known.get(key)
    if found is None:
        found = known.setdefault(key, make(weakref.ref(awaited, lambda _: known.pop(key, None))))
    return found


class _TimeModule:
    """The module ``time``, as others see it who count by ``time.monotonic()`` what is left to wait."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.modules["time"], name)


class BlockingCallsPatch:
    """Lets threads wait for locks, queues and other threads as :class:`.Waiting` says."""

    def __init__(self) -> None:
        self._waiting: Waiting | None = None
        # By their ids, each as long as the lock or queue is there. No lock guards them: whoever has just taken a lock of
        # the program would have to wait for it.
        self._awaited: dict[int, _Awaited] = {}
        self._awaited_queues: dict[int, _AwaitedQueue] = {}
        self._patches: list[TypePatch | AttributePatch] = []
        if not can_patch():
            return
        acquire, release, acquire_rlock = self._acquire(), self._release(), self._acquire_rlock()
        locks = {**dict.fromkeys(_ACQUIRING, acquire), **dict.fromkeys(_RELEASING, release)}
        rlocks = {**dict.fromkeys(_ACQUIRING, acquire_rlock), "_acquire_restore": self._acquire_restore()}
        get, puts = self._get(), dict.fromkeys(("put", "put_nowait"), self._put())
        self._patches = [
            TypePatch(_Lock, locks),
            TypePatch(_RLock, rlocks),
            TypePatch(queue.SimpleQueue, {"get": get, "get_nowait": lambda items: get(items, False), **puts}),
        ]
        if _ThreadHandle is not None:
            self._patches.append(TypePatch(_ThreadHandle, {"join": self._join_handle(_ThreadHandle.join)}))
        monotonic = self._monotonic()
        self._patches += [
            AttributePatch(threading, "_time", lambda _: monotonic),
            AttributePatch(queue, "time", lambda _: monotonic),
            AttributePatch(futures, "time", lambda _: _TimeModule(monotonic)),
        ]
        if hasattr(threading.Thread, "_wait_for_tstate_lock"):
            self._patches.append(AttributePatch(threading.Thread, "_wait_for_tstate_lock", self._wait_for_tstate_lock))

    def start(self, waiting: Waiting) -> None:
        """Let threads wait for the clock, as ``waiting`` says."""
        self._waiting = waiting
        self._awaited.clear()
        self._awaited_queues.clear()
        for patch in self._patches:
            patch.install()

    def stop(self) -> None:
        """Let threads wait in real time again."""
        self._waiting = None
        for patch in self._patches:
            patch.uninstall()

    def begin_in_child(self) -> None:
        """In a process that was forked, no other thread waits."""
        self._awaited.clear()
        self._awaited_queues.clear()

    def _monotonic(self) -> Callable[[], float]:
        def monotonic() -> float:
            waiting = self._waiting
            if waiting is None or waiting.reason_to_wait(sys._getframe(1)) is not None:
                return freezegun_api.real_monotonic()
            return waiting.monotonic()

        return monotonic

    # Locks

    def _acquire(self) -> Callable[..., bool]:
        def acquire(lock: Any, blocking: Any = True, timeout: Any = -1) -> bool:
            may_wait = blocking and (timeout == -1 or timeout > 0)
            if real_acquire(lock, False) if may_wait else real_acquire(lock, blocking, timeout):
                awaited = self._awaited.get(id(lock))
                if awaited is not None:
                    awaited.released = False
                return True
            if not may_wait:
                return False
            if self._waiting is None:
                return real_acquire(lock, True, timeout)
            return self._wait_for_lock(self._waiting, lock, None if timeout == -1 else timeout, sys._getframe(1))

        return acquire

    def _wait_for_lock(self, waiting: Waiting, lock: Any, seconds: float | None, frame: FrameType) -> bool:
        awaited = _find(self._awaited, lock, _Awaited)
        # Once more, now that whoever releases it says so.
        taken = real_acquire(lock, False) or waiting.wait(
            lambda timeout: real_acquire(lock, True, _lock_timeout(timeout)),
            frame,
            seconds=seconds,
            is_over=lambda: awaited.released or not lock.locked(),
        )
        if taken:
            awaited.released = False
        return bool(taken)

    def _release(self) -> Callable[..., None]:
        def release(lock: Any, *_: object) -> None:
            awaited = self._awaited.get(id(lock))
            if awaited is not None:
                awaited.released = True
            real_release(lock)

        return release

    def _acquire_rlock(self) -> Callable[..., bool]:
        def acquire(lock: Any, blocking: Any = True, timeout: Any = -1) -> bool:
            if self._waiting is None or not blocking or not (timeout == -1 or timeout > 0):
                return _real_acquire_rlock(lock, blocking, timeout)
            if _real_acquire_rlock(lock, False):
                return True
            taken = self._waiting.wait(
                lambda timeout: _real_acquire_rlock(lock, True, _lock_timeout(timeout)),
                sys._getframe(1),
                seconds=None if timeout == -1 else timeout,
                is_over=_is_free_for_this_thread(lock),
            )
            return bool(taken)

        return acquire

    def _acquire_restore(self) -> Callable[..., None]:
        def acquire_restore(lock: Any, state: Any) -> None:
            def attempt(_: float | None) -> bool:
                _real_acquire_restore(lock, state)
                return True

            if self._waiting is None:
                attempt(None)
            else:
                self._waiting.wait(attempt, sys._getframe(1), seconds=None, is_over=_is_free_for_this_thread(lock))

        return acquire_restore

    # Queues and threads

    def _put(self) -> Callable[..., None]:
        def put(items: Any, item: Any, block: Any = True, timeout: Any = None) -> None:
            awaited = self._awaited_queues.get(id(items))
            if awaited is not None:
                awaited.on_their_way.append(None)
            _real_put(items, item, block, timeout)

        return put

    def _get(self) -> Callable[..., Any]:
        def get(items: Any, block: Any = True, timeout: Any = None) -> Any:
            if self._waiting is None or not block or not items.empty() or not (timeout is None or timeout > 0):
                item = _real_get(items, block, timeout)
                self._note_arrival(items)
                return item

            def attempt(timeout: float | None) -> list[Any]:
                try:
                    return [_real_get(items, timeout != 0, timeout)]
                except queue.Empty:
                    return []

            got = self._wait_for_item(self._waiting, items, attempt, timeout, sys._getframe(1))
            if not got:
                raise queue.Empty
            return got[0]

        return get

    def _wait_for_item(
        self, waiting: Waiting, items: Any, attempt: Attempt, seconds: float | None, frame: FrameType
    ) -> list[Any]:
        awaited = _find(self._awaited_queues, items, _AwaitedQueue)
        # First without waiting, now that whoever puts something in says so.
        got: list[Any] = attempt(0) or waiting.wait(
            attempt, frame, seconds=seconds, is_over=lambda: bool(awaited.on_their_way) or not items.empty()
        )
        if got:
            self._note_arrival(items)
        return got

    def _note_arrival(self, items: Any) -> None:
        """Somebody has got an item."""
        awaited = self._awaited_queues.get(id(items))
        if awaited is not None:
            with suppress(IndexError):  # the item was put before anybody waited
                awaited.on_their_way.pop()

    def _wait_for_tstate_lock(self, original: Any) -> Callable[..., Any]:
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
                is_over=lambda: not is_running(thread.ident),
            )

        return wait_for_tstate_lock

    def _join_handle(self, original: Any) -> Callable[..., None]:
        def join(handle: Any, timeout: float | None = None) -> None:
            if self._waiting is None or handle.is_done() or timeout == 0:
                original(handle, timeout)
                return

            def attempt(timeout: float | None) -> bool:
                original(handle, timeout)
                return bool(handle.is_done())

            seconds = None if timeout is None or timeout < 0 else timeout
            self._waiting.wait(
                attempt,
                sys._getframe(1),
                seconds=seconds,
                is_over=lambda: handle.is_done() or not is_running(handle.ident),
            )

        return join


_ACQUIRING = ("acquire", "__enter__")
_RELEASING = ("release", "__exit__")


def _lock_timeout(timeout: float | None) -> float:
    return -1 if timeout is None else min(timeout, threading.TIMEOUT_MAX)


def _is_free_for_this_thread(lock: Any) -> Callable[[], bool]:
    """Whether an RLock is free, or this thread's own since a moment ago: the ``repr`` tells whose it is."""
    free = "owner=0 ", f"owner={threading.get_ident()} "
    return lambda: any(owner in repr(lock) for owner in free)

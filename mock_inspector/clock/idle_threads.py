"""Which threads are at work, and which of them just stand somewhere."""

from __future__ import annotations

import gc
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from freezegun import api as freezegun_api

from .mutex import Mutex

STANDSTILL_SECONDS = 0.5
"""Real seconds after which a thread that is at the same instruction all the time counts as idle.

It waits where nobody can look: in a C function that reads a socket, say.
"""

POOL_STANDSTILL_SECONDS = 5.0
"""The same for a thread of a pool that has something to do: somebody waits for what it works at."""

MAX_LOOKS_APART_SECONDS = 0.1
"""Real seconds after which nobody knows what a thread has done since the last look, where Linux does not tell."""


@dataclass(slots=True)
class _Stand:
    """Where a thread was seen first, and when; and what it had used of the CPU by then."""

    place: tuple[int | None, int, int]
    cpu_nanoseconds: int | None
    since: float
    last_look: float


class IdleThreads:
    """Tells idle threads from those at work, by whether they move.

    A thread that was there when the mock began is idle as long as it has not moved since, unless it is that of a pool and
    has something to do.
    """

    def __init__(self) -> None:
        always = float("-inf")
        self._stands = {
            ident: _Stand(_place(ident, frame), _cpu_nanoseconds(ident), always, float("inf"))
            for ident, frame in current_frames().items()
            if ident != threading.get_ident() and not _works_for_a_pool(frame)
        }

    def is_idle(self, thread_id: int, frame: FrameType) -> bool:
        """Whether a thread, which is at ``frame`` now, has not moved for long enough."""
        now, place = freezegun_api.real_monotonic(), _place(thread_id, frame)
        stand = self._stands.get(thread_id)
        if stand is not None and stand.place == place:
            if stand.cpu_nanoseconds is not None:
                if stand.cpu_nanoseconds == _cpu_nanoseconds(thread_id):
                    return _is_long_enough(now - stand.since, frame)
            elif now - stand.last_look <= MAX_LOOKS_APART_SECONDS:
                stand.last_look = max(now, stand.last_look)
                return _is_long_enough(now - stand.since, frame)
        self._stands[thread_id] = _Stand(place, _cpu_nanoseconds(thread_id), now, now)
        return False

    def moved(self, thread_id: int) -> None:
        """A thread has moved, even if it comes to where it was."""
        self._stands.pop(thread_id, None)


def _place(thread_id: int, frame: FrameType) -> tuple[int | None, int, int]:
    """Where a thread is. Its number is the system's: Python gives that of a thread that has ended to the next one."""
    thread = threading._active.get(thread_id)  # type: ignore[attr-defined]
    return getattr(thread, "native_id", None), id(frame), frame.f_lasti


def _is_long_enough(seconds: float, frame: FrameType) -> bool:
    if seconds < STANDSTILL_SECONDS:
        return False
    return seconds >= POOL_STANDSTILL_SECONDS or not _works_for_a_pool(frame)


def _works_for_a_pool(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "run" and frame.f_globals.get("__name__") == "concurrent.futures.thread":
            return True
        frame = frame.f_back
    return False


def current_frames() -> dict[int, FrameType]:
    """The frame that each thread is at.

    No garbage is collected meanwhile: that makes Python hang up to 3.11.8 and 3.12.2, if other threads run then.
    """
    with _mutex:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()


_mutex = Mutex()


def renew_mutex() -> None:
    """In a process that was forked, no other thread looks at frames."""
    global _mutex  # noqa: PLW0603  it may be held by a thread that there is not any more
    _mutex = Mutex()


def is_any_starting() -> bool:
    """Whether a thread has been started and does not run yet."""
    return bool(threading._limbo)  # type: ignore[attr-defined]


def has_pending_processes(thread_id: int) -> bool:
    """Whether a thread is that of a ProcessPoolExecutor whose processes are at work."""
    return bool(getattr(threading._active.get(thread_id), "pending_work_items", None))  # type: ignore[attr-defined]


def thread_name(thread_id: int) -> str:
    """What a thread is called."""
    thread = threading._active.get(thread_id)  # type: ignore[attr-defined]
    return f"thread {thread_id}" if thread is None else str(thread.name)


def _cpu_nanoseconds(thread_id: int) -> int | None:
    """How much of the CPU a thread has used, or None where Linux does not tell."""
    thread = threading._active.get(thread_id)  # type: ignore[attr-defined]
    try:
        return int(Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text(encoding="ascii").split()[0])
    except (OSError, AttributeError, IndexError, ValueError):
        return None


def idle_seconds() -> float:
    """The real time less what this thread has used of the CPU: it grows while the thread waits."""
    return freezegun_api.real_monotonic() - time.thread_time()


def seconds_without_cpu() -> float:
    """For how many real seconds this thread was ready to run and had no CPU, as far as Linux tells."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1_000_000_000
    except (OSError, IndexError, ValueError):
        return 0.0

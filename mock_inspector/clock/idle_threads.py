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

STANDSTILL_SECONDS = 0.5
"""Real seconds after which a thread that is at the same instruction all the time counts as idle.

It waits where nobody can look: in a C function that reads a socket, say.
"""

MAX_CPU_TICKS = 1
"""How much of the CPU (in hundredths of a second) it may have used meanwhile."""


MAX_LOOKS_APART_SECONDS = 0.1
"""Real seconds after which nobody knows what a thread has done since the last look."""


def current_frames() -> dict[int, FrameType]:
    """Return each thread's innermost frame, by the thread's identifier.

    ``sys._current_frames()`` holds a lock of the interpreter. In CPython up to 3.11, a garbage collection in it can switch to
    a thread that waits for that lock, so that neither goes on.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if collects:
            gc.enable()


@dataclass(slots=True)
class _Stand:
    """Where a thread was seen first, and when."""

    place: tuple[int | None, int, int]
    since: float
    cpu_ticks: int
    last_look: float


class IdleThreads:
    """Tells idle threads from those at work, by whether they move.

    A thread that was there when the mock began is idle as long as it has not moved since, unless it is that of a pool and
    has something to do.
    """

    def __init__(self) -> None:
        always = float("-inf")
        self._stands = {
            ident: _Stand(_place(ident, frame), always, _cpu_ticks(ident), float("inf"))
            for ident, frame in current_frames().items()
            if ident != threading.get_ident() and not _works_for_a_pool(frame)
        }

    def is_idle(self, thread_id: int, frame: FrameType) -> bool:
        """Whether a thread, which is at ``frame`` now, has not moved for long enough."""
        now, place = freezegun_api.real_monotonic(), _place(thread_id, frame)
        stand = self._stands.get(thread_id)
        if stand is not None and stand.place == place and now - stand.last_look <= MAX_LOOKS_APART_SECONDS:
            stand.last_look = max(now, stand.last_look)
            if now - stand.since < STANDSTILL_SECONDS:
                return False
            if _cpu_ticks(thread_id) - stand.cpu_ticks <= MAX_CPU_TICKS:
                return True
        self._stands[thread_id] = _Stand(place, now, _cpu_ticks(thread_id), now)
        return False

    def moved(self, thread_id: int) -> None:
        """A thread has moved, even if it comes to where it was."""
        self._stands.pop(thread_id, None)


def _place(thread_id: int, frame: FrameType) -> tuple[int | None, int, int]:
    """Where a thread is. Its number is the system's: Python gives that of a thread that has ended to the next one."""
    thread = threading._active.get(thread_id)  # type: ignore[attr-defined]
    return getattr(thread, "native_id", None), id(frame), frame.f_lasti


def _works_for_a_pool(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "run" and frame.f_globals.get("__name__") == "concurrent.futures.thread":
            return True
        frame = frame.f_back
    return False


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


def _cpu_ticks(thread_id: int) -> int:
    """How much of the CPU a thread has used, in hundredths of a second; 0 where Linux does not tell."""
    thread = threading._active.get(thread_id)  # type: ignore[attr-defined]
    try:
        fields = Path(f"/proc/self/task/{thread.native_id}/stat").read_text().rpartition(")")[2].split()
    except (OSError, AttributeError):
        return 0
    return int(fields[11]) + int(fields[12])  # utime and stime


def idle_seconds() -> float:
    """The real time less what this thread has used of the CPU: it grows while the thread waits."""
    return freezegun_api.real_monotonic() - time.thread_time()

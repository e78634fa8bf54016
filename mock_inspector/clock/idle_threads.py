"""Which threads are at work, and which of them just stand somewhere."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from freezegun import api as freezegun_api

from .mutex import Mutex
from .system_files import read_file

IDLE_SECONDS = 0.5
"""Real seconds after which a thread that is at the same instruction all the time counts as idle.

It waits where nobody can look: in a C function that reads a socket, say.
"""

POOL_IDLE_SECONDS = 5.0
"""The same for a thread of a pool that has something to do: somebody waits for what it works at."""

_MAX_SECONDS_BETWEEN_SIGHTINGS = 0.1
"""How many of them can pass between two looks. When more do, the whole process may have had no CPU."""


@dataclass(slots=True)
class _Sighting:
    """Where a thread was seen, what it had used of the CPU by then, and for how long it has been the same."""

    instruction: tuple[int | None, int, int]
    cpu_nanoseconds: int | None
    last_look: float
    idle_seconds: float = 0.0


class IdleThreads:
    """Tells idle threads from those at work, by whether they move.

    A thread that was there when the mock began is idle as long as it has not moved since, unless it is that of a pool and
    has something to do.
    """

    def __init__(self) -> None:
        now = freezegun_api.real_monotonic()
        with frames_of_threads() as frames:
            self._sightings = {
                ident: _Sighting(_instruction(ident, frame), _cpu_nanoseconds(ident), now, float("inf"))
                for ident, frame in frames.items()
                if ident != threading.get_ident() and not _works_for_a_pool(frame)
            }

    def is_idle(self, thread_id: int, frame: FrameType) -> bool:
        """Whether a thread, which is at ``frame`` now, has not moved for long enough."""
        now, instruction, cpu = (
            freezegun_api.real_monotonic(),
            _instruction(thread_id, frame),
            _cpu_nanoseconds(thread_id),
        )
        sighting = self._sightings.get(thread_id)
        if sighting is None or (sighting.instruction, sighting.cpu_nanoseconds) != (instruction, cpu):
            self._sightings[thread_id] = _Sighting(instruction, cpu, now)
            return False
        sighting.idle_seconds += min(now - sighting.last_look, _MAX_SECONDS_BETWEEN_SIGHTINGS)
        sighting.last_look = now
        if sighting.idle_seconds < IDLE_SECONDS or _is_ready_to_run(thread_id):
            return False
        return sighting.idle_seconds >= POOL_IDLE_SECONDS or not _works_for_a_pool(frame)

    def moved(self, thread_id: int) -> None:
        """A thread has moved, even if it comes to where it was."""
        self._sightings.pop(thread_id, None)


def _instruction(thread_id: int, frame: FrameType) -> tuple[int | None, int, int]:
    """Where a thread is. Its number is the system's: Python gives that of a thread that has ended to the next one."""
    return _native_id(thread_id), id(frame), frame.f_lasti


def _native_id(thread_id: int) -> int | None:
    return getattr(threading._active.get(thread_id), "native_id", None)  # type: ignore[attr-defined]


def _works_for_a_pool(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "run" and frame.f_globals.get("__name__") == "concurrent.futures.thread":
            return True
        frame = frame.f_back
    return False


@contextmanager
def frames_of_threads() -> Iterator[dict[int, FrameType]]:
    """The frame that each thread is at, and from which its callers can be reached inside of this context.

    No garbage is collected meanwhile. Python up to 3.11 collects in the middle of making a frame object; other threads
    may run then, and what was to be a frame is none any more: a crash, in the worst case. Besides, collecting while the
    frames are listed makes Python hang up to 3.11.8 and 3.12.2.
    """
    with _mutex:
        collects = gc.isenabled()
        try:
            gc.disable()
            yield sys._current_frames()
        finally:
            if collects:
                gc.enable()


def is_running(thread_id: int | None) -> bool:
    """Whether there is such a thread."""
    with frames_of_threads() as frames:
        return thread_id in frames


_mutex = Mutex()


def is_reading_frames() -> bool:
    """Whether this thread is inside of :func:`frames_of_threads`."""
    return _mutex.is_held()


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
    try:
        return int(read_file(f"/proc/self/task/{_native_id(thread_id)}/schedstat").split()[0])
    except (OSError, IndexError, ValueError):
        return None


def _is_ready_to_run(thread_id: int) -> bool:
    """Whether a thread would go on if it had a CPU, as far as Linux tells."""
    try:
        status = read_file(f"/proc/self/task/{_native_id(thread_id)}/stat")
    except OSError:
        return False
    return status.rpartition(b") ")[2].startswith(b"R")

"""Who waits for which moment, and when that moves the mock's clock.

While time is frozen it moves when, and only when, everyone who could do something is waiting; then it moves to the
moment that the first of them waits for. Whatever blocks a thread (see ``sleep``, ``blocking_calls``, ``selector``) calls
:meth:`Waiting.wait`, which keeps a list of those who wait. A thread that waits is one of:

- on the list, and what it waits for has not come (:attr:`Wait.is_over` tells);
- not on the list, but standing still (see ``idle_threads``).

Any other thread is at work. The first on the list has its turn when nobody is at work, leaves the list, moves the clock
to its moment and goes on; the next one has its turn when that thread waits again. Threads that wait for the same moment
have their turns in the order in which they began to wait.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from freezegun import api as freezegun_api

from .builtin_patch import can_patch
from .callers import calling_frame, calling_line, describe_line, real_time_caller, requesting_line, waits_for_process
from .clock import is_frozen
from .idle_threads import (
    IdleThreads,
    current_frames,
    has_pending_processes,
    idle_seconds,
    is_any_starting,
    seconds_without_cpu,
    thread_name,
)
from .mutex import Mutex

if TYPE_CHECKING:
    from .clock import Clock

RESOLUTION_SECONDS = 1e-6
"""Seconds: what freezegun and the mock's clock tell apart."""

POLL_INTERVAL_SECONDS = 0.002
"""Real seconds after which somebody who waits for a moment looks again at what the others do."""

MIN_WORK_SECONDS = 1.0
"""Real seconds that whoever is at work gets at least before a shorter wait is over."""

MIN_REAL_WAIT_SECONDS = 0.05
"""Real seconds from which on a wait is worth a line in the failure report."""

MAX_REAL_WAITS = 1_000
"""How many different waits that took real time are kept."""

Attempt = Callable[[float | None], Any]
"""Tries for so many real seconds (None: without end) to get what a thread waits for; true when it has got it."""


class RealWait(NamedTuple):
    """A wait that took real time."""

    line: str
    reason: str


class Wait:
    """One thread that waits."""

    __slots__ = ("begun", "bell", "has_turn", "is_over", "moment", "number", "seconds", "seconds_left", "thread_id")

    def __init__(self, number: int, is_over: Callable[[], bool], bell: Callable[[], None] | None) -> None:
        self.number = number
        self.thread_id = threading.get_ident()
        self.is_over = is_over
        """Whether the thread is about to go on, or waits for somebody outside of this process who is at work."""
        self.bell = bell
        """Wakes the thread up, where it does not look by itself whether it has its turn."""
        self.moment: int | None = None
        """When it is to go on at the latest: microseconds since 1970, of the mock's clock."""
        self.seconds = 0.0
        self.seconds_left: float | None = None
        self.begun = 0.0
        self.has_turn = False


def never() -> bool:
    """What is waited for does not come before its moment."""
    return False


def always() -> bool:
    """Somebody outside of this process is at work."""
    return True


class Waiting:
    """Decides whether waiting moves the mock's clock, and lets those who wait go on, one after the other.

    ``pass_time`` moves the clock by a span for the line that waits.
    """

    def __init__(
        self,
        clock: Clock,
        pass_time: Callable[[datetime.timedelta, str], None],
        *,
        enabled: bool = True,
    ) -> None:
        self._clock = clock
        self._pass_time = pass_time
        self._owner = threading.get_ident()
        self._mutex = Mutex()
        self._numbers = count()
        self._waits: dict[int, Wait] = {}
        self._idle_threads = IdleThreads()
        self._real_waits: dict[RealWait, float] = {}
        self._seen_seconds: dict[int, float] = {}
        self._fraction = 0.0
        self._started_at = clock.microseconds()
        self.enabled = enabled

    # What waits ask

    def reason_to_wait(self, frame: FrameType | None) -> str | None:
        """Why a wait, begun at ``frame``, has to take real time; None when it waits for the mock's clock."""
        if not self.enabled:
            return "mock_inspector does not move the clock: sleep=False, or it has ended"
        if not is_frozen():
            return "time is not frozen"
        caller = real_time_caller(frame)
        return None if caller is None else f"{caller} waits in real time"

    def own_thread(self) -> bool:
        """Whether this is the thread that entered the mock."""
        return threading.get_ident() == self._owner

    def others_wait(self) -> bool:
        """Whether every thread but this one waits. Where threads are not Python's own (gevent's), nobody can tell."""
        if not can_patch():
            return True
        with self._mutex:
            return self._worker(apart_from={threading.get_ident()}) is None

    def may_move_clock(self) -> bool:
        """Whether somebody who asks again and again, and does not wait, may move the clock: when all others wait."""
        return self.others_wait()

    def monotonic(self) -> float:
        """The mock's clock in seconds, for code that counts by it how long it still has to wait."""
        return (self._clock.microseconds() - self._started_at) / 1_000_000 + self._fraction

    def real_waits(self) -> list[tuple[str, str, float]]:
        """The waits that took real time: the line, the reason and the real seconds they took together."""
        return [(wait.line, wait.reason, seconds) for wait, seconds in self._real_waits.items()]

    def who_waits(self) -> list[tuple[str, str]]:
        """The threads that wait: the name of each, and its line."""
        frames = current_frames()
        return [
            (thread_name(ident), describe_line(calling_frame(frames[ident])))
            for ident in sorted(self._waits, key=lambda ident: self._waits[ident].number)
            if ident in frames
        ]

    def requesting_line(self) -> str:
        """The line of the code that makes a request."""
        return requesting_line()

    def idle_seconds(self) -> float:
        """For how many real seconds this thread has done nothing, in waits that nobody saw, since some moment."""
        return idle_seconds() - self._seen_seconds.get(threading.get_ident(), 0.0)

    def seconds_without_cpu(self) -> float:
        """For how many real seconds this thread was ready to run, and the machine did not let it."""
        return seconds_without_cpu()

    # Waiting

    def wait(
        self,
        attempt: Attempt,
        frame: FrameType | None,
        *,
        seconds: float | None,
        is_over: Callable[[], bool] = never,
        bell: Callable[[], None] | None = None,
        line: Callable[[], str] = calling_line,
    ) -> Any:
        """Wait, at ``frame``, until ``attempt`` succeeds or ``seconds`` (None: without end) have passed."""
        if threading.get_ident() in self._waits:
            return attempt(seconds)  # it is part of a wait
        begun = freezegun_api.real_monotonic()
        try:
            reason = self.reason_to_wait(frame)
            if reason is None:
                return self._wait_for_clock(attempt, Wait(next(self._numbers), is_over, bell), seconds, line)
            try:
                # Whoever waits for another process counts as at work: that process is.
                is_over = always if waits_for_process(frame) else is_over
                return self._wait_in_real_time(attempt, Wait(next(self._numbers), is_over, bell), seconds)
            finally:
                if seconds is not None:
                    self.record(line(), reason, freezegun_api.real_monotonic() - begun)
        finally:
            thread_id = threading.get_ident()
            seen = self._seen_seconds.get(thread_id, 0.0)
            self._seen_seconds[thread_id] = seen + freezegun_api.real_monotonic() - begun

    def _wait_in_real_time(self, attempt: Attempt, wait: Wait, seconds: float | None) -> Any:
        self._enter(wait)
        try:
            self._has_turn(wait)
            return attempt(seconds)
        finally:
            self._waits.pop(wait.thread_id, None)

    def _wait_for_clock(self, attempt: Attempt, wait: Wait, seconds: float | None, line: Callable[[], str]) -> Any:
        if seconds is not None:
            wait.begun, wait.seconds = freezegun_api.real_monotonic(), seconds
            wait.moment = self._clock.microseconds() + round(seconds * 1_000_000)
        worker = None
        self._enter(wait)
        try:
            while not self._has_turn(wait):
                if not self.enabled:
                    return attempt(wait.seconds_left)
                result = attempt(None if seconds is None else POLL_INTERVAL_SECONDS)
                if result:
                    return result
                worker = worker or self._worker_for(wait)
        finally:
            self._waits.pop(wait.thread_id, None)
            if worker is not None:
                self.record(line(), f"{worker} was at work", freezegun_api.real_monotonic() - wait.begun)
        self._move(wait, line())
        return None if wait.bell is not None else attempt(0)

    def _enter(self, wait: Wait) -> None:
        self._idle_threads.moved(wait.thread_id)
        self._waits[wait.thread_id] = wait

    def _has_turn(self, wait: Wait) -> bool:
        """Whether ``wait`` may go on. Somebody else who may is told so."""
        with self._mutex:
            if not wait.has_turn and self.enabled:
                first = self._next_turn()
                if first is not None:
                    first.has_turn = True
                    del self._waits[first.thread_id]
                    if first.bell is not None:
                        first.bell()
            return wait.has_turn

    def _next_turn(self) -> Wait | None:
        """Whose turn it is, or None while somebody is at work."""
        timed = [(wait.moment, wait.number, wait) for wait in list(self._waits.values()) if wait.moment is not None]
        if not timed:
            return None
        moment, _, first = min(timed)
        if self._worker(apart_from=set()) is None:
            return first
        if self._worker(apart_from={self._owner}) is None:
            return first if moment <= self._clock.microseconds() else None  # the thread of the test moved the clock
        really = freezegun_api.real_monotonic() - first.begun
        if self._is_owner_waiting() and really >= max(first.seconds, MIN_WORK_SECONDS):
            return first  # as long as it would really have taken
        return None

    def _worker(self, *, apart_from: set[int]) -> str | None:
        """Somebody who is at work, or None when everyone waits."""
        if is_any_starting():
            return "a new thread"
        for ident, frame in current_frames().items():
            if ident in apart_from:
                continue
            wait = self._waits.get(ident)
            if has_pending_processes(ident):
                return "a pool of processes"
            if wait is None:
                if not self._idle_threads.is_idle(ident, frame):
                    return f"{thread_name(ident)} at {describe_line(calling_frame(frame))}"
            elif wait.is_over():
                return f"what {thread_name(ident)} waits for"
        return None

    def _is_owner_waiting(self) -> bool:
        wait = self._waits.get(self._owner)
        return wait is not None or self._owner not in current_frames()

    def _worker_for(self, wait: Wait) -> str | None:
        """Who keeps a wait from moving the clock, once that has taken long enough to be worth a line."""
        if wait.moment is None or freezegun_api.real_monotonic() - wait.begun < MIN_REAL_WAIT_SECONDS:
            return None
        with self._mutex:
            return self._worker(apart_from={wait.thread_id})

    def _move(self, wait: Wait, line: str) -> None:
        """Move the clock to the moment of a wait whose turn it is."""
        assert wait.moment is not None  # noqa: S101  only those have turns
        span = wait.moment - self._clock.microseconds()
        if span > 0:
            self._fraction = 0.0
        elif wait.seconds < RESOLUTION_SECONDS:
            # What is left where seconds as floats do not add up: too little for the clock, and yet it has to pass.
            self._fraction += wait.seconds
        self._pass_time(datetime.timedelta(microseconds=max(span, 0)), line)

    def move_by(self, seconds: float, line: str) -> None:
        """Move the clock for somebody who does not wait, but is busy doing nothing."""
        if is_frozen():
            self._pass_time(datetime.timedelta(microseconds=max(1, round(seconds * 1_000_000))), line)

    def record(self, line: str, reason: str, seconds: float) -> None:
        """Keep a wait that took real ``seconds``, for the failure report, if it is worth a line there."""
        if seconds < MIN_REAL_WAIT_SECONDS:
            return
        wait = RealWait(line, reason)
        if wait in self._real_waits or len(self._real_waits) < MAX_REAL_WAITS:
            self._real_waits[wait] = self._real_waits.get(wait, 0.0) + seconds

    # The end

    def end(self) -> None:
        """Let those who wait go on in real time, for what is left to wait."""
        with self._mutex:
            self.enabled = False
            now = self._clock.microseconds()
            for wait in self._waits.values():
                if wait.moment is not None:
                    wait.seconds_left = max(0, wait.moment - now) / 1_000_000
                if wait.bell is not None:
                    wait.bell()

    def begin_in_child(self) -> None:
        """In a process that was forked, the thread that forked is the only one."""
        self._mutex, self._owner = Mutex(), threading.get_ident()
        self._waits.clear()

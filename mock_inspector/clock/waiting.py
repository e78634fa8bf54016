"""Who waits for which moment, and when that moves the mock's clock.

While time is frozen it moves when, and only when, everyone who could do something is waiting; then it moves to the
moment that the first of them waits for. Whatever blocks a thread (see ``sleep``, ``blocking_calls``, ``selector``) calls
:meth:`Waiting.wait`, which keeps a list of those who wait. A thread that waits is one of:

- on the list, and what it waits for has not come (:attr:`Wait.is_over` tells);
- not on the list, but idle (see ``idle_threads``), or one of those that run the tests.

Any other thread is at work. The first on the list has its turn when nobody is at work, leaves the list, moves the clock
to its moment and goes on; the next one has its turn when that thread waits again. Threads that wait for the same moment
have their turns in the order in which they began to wait.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from itertools import count
from operator import attrgetter
from types import FrameType
from typing import TYPE_CHECKING, Any

from freezegun import api as freezegun_api

from .builtin_patch import can_patch
from .callers import (
    belongs_to_test_runner,
    calling_frame,
    calling_line,
    describe_line,
    is_worth_reporting,
    real_time_caller,
    requesting_line,
    waits_for_process,
)
from .clock import is_frozen
from .idle_threads import (
    IdleThreads,
    frames_of_threads,
    has_pending_processes,
    is_any_starting,
    is_reading_frames,
    is_running,
    thread_name,
)
from .mutex import Mutex, real_acquire
from .real_waits import MIN_REAL_WAIT_SECONDS, RealWaits
from .unseen_waits import UnseenWaits
from .wait import POLL_INTERVAL_SECONDS, Attempt, Wait, always, never

if TYPE_CHECKING:
    from .clock import Clock
    from .moments import EpochMs

RESOLUTION_SECONDS = 1e-6
"""Seconds: what freezegun and the mock's clock tell apart."""

MAX_POLL_WAIT_SECONDS = 10.0
"""Real seconds for which code that polls without sleeping waits at most until the others wait, too."""

_TURN = object()


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
        self._threads_in_waits: set[int] = set()
        """Those of the list, and those that had their turn and do not know it yet."""
        self._last_change = 0
        self._idle_threads = IdleThreads()
        self.unseen_waits = UnseenWaits()
        self.real_waits = RealWaits()
        self._fraction = 0.0
        self._started_at = clock.microseconds()
        self._has_ended = False
        self.enabled = enabled

    # What waits ask

    def reason_to_wait(self, frame: FrameType | None) -> str | None:
        """Why a wait, begun at ``frame``, has to take real time; None when it waits for the mock's clock."""
        if not self.enabled:
            return "mock_inspector has ended" if self._has_ended else "sleep=False"
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

    def monotonic(self) -> float:
        """The mock's clock in seconds, for code that counts by it how long it still has to wait."""
        return (self._clock.microseconds() - self._started_at) / 1_000_000 + self._fraction

    def who_waits(self) -> list[tuple[str, str]]:
        """The threads that wait: the name of each, and its line."""
        with frames_of_threads() as frames:
            return [
                (thread_name(wait.thread_id), describe_line(calling_frame(frames[wait.thread_id])))
                for wait in sorted(self._waits.values(), key=attrgetter("number"))
                if wait.thread_id in frames
            ]

    def requesting_line(self) -> str:
        """The line of the code that makes a request."""
        return requesting_line()

    # Waiting

    def wait(
        self,
        attempt: Attempt,
        frame: FrameType | None,
        *,
        seconds: float | None,
        is_over: Callable[[], bool] = never,
        wake: Callable[[], None] | None = None,
        line: Callable[[], str] = calling_line,
    ) -> Any:
        """Wait, at ``frame``, until ``attempt`` succeeds or ``seconds`` (None: without end) have passed."""
        if threading.get_ident() in self._threads_in_waits or self._mutex.is_held() or is_reading_frames():
            return attempt(seconds)  # it is part of a wait
        reason = self.reason_to_wait(frame)
        if reason is not None and waits_for_process(frame):
            is_over = always  # that process is at work
        wait = Wait(next(self._numbers), is_over, wake)
        try:
            if reason is None:
                return self._wait_for_clock(attempt, wait, seconds, line)
            try:
                return self._wait_in_real_time(attempt, wait, seconds)
            finally:
                if seconds is not None and is_worth_reporting(frame):
                    self.real_waits.add(line(), reason, freezegun_api.real_monotonic() - wait.begun)
        finally:
            self.unseen_waits.subtract(freezegun_api.real_monotonic() - wait.begun)

    def wait_for_change(self, change: EpochMs) -> None:
        """Let the clock move to a ``change``, for code that polls without waiting, as soon as all others wait.

        It goes before those who wait for a moment. A thread that is not the test's gives up when others work on.
        """
        wait = Wait(next(self._numbers), never, None)
        wait.moment, wait.seconds, wait.goes_first = change * 1_000, MAX_POLL_WAIT_SECONDS, True
        pause = threading.Lock()
        real_acquire(pause)

        def pause_or_give_up(_: float | None) -> bool:
            real_acquire(pause, True, POLL_INTERVAL_SECONDS)
            return freezegun_api.real_monotonic() - wait.begun >= MAX_POLL_WAIT_SECONDS and not self.own_thread()

        # Where threads are not Python's own (gevent's), nobody can tell whether the others wait.
        has_turn = not can_patch() or self._wait_for_turn(pause_or_give_up, wait, requesting_line) is _TURN
        self.unseen_waits.subtract(freezegun_api.real_monotonic() - wait.begun)
        if has_turn and self._clock.read() < change:
            self._clock.move_to(change / 1_000)

    def _wait_in_real_time(self, attempt: Attempt, wait: Wait, seconds: float | None) -> Any:
        self._enter(wait)
        try:
            self._has_turn(wait)
            return attempt(seconds)
        finally:
            self._leave(wait)

    def _wait_for_clock(self, attempt: Attempt, wait: Wait, seconds: float | None, line: Callable[[], str]) -> Any:
        if seconds is not None:
            wait.seconds = wait.seconds_left = seconds
            wait.moment = self._clock.microseconds() + round(seconds * 1_000_000)
        result = self._wait_for_turn(attempt, wait, line)
        if result is not _TURN:
            return result
        if wait.wake is None and (result := attempt(0)):
            return result  # it came while the clock was about to move
        self._move(wait, line())
        return None if wait.wake is not None else attempt(0)

    def _wait_for_turn(self, attempt: Attempt, wait: Wait, line: Callable[[], str]) -> Any:
        """What ``attempt`` gets before the wait has its turn, or _TURN."""
        worker = None
        self._enter(wait)
        try:
            while not self._has_turn(wait):
                if self._has_ended:
                    return attempt(wait.seconds_left)
                result = attempt(None if wait.moment is None else POLL_INTERVAL_SECONDS)
                if result:
                    return result
                worker = worker or self._worker_for(wait)
            return _TURN
        finally:
            self._leave(wait)
            if worker is not None:
                self.real_waits.add(line(), f"{worker} was at work", freezegun_api.real_monotonic() - wait.begun)

    def _enter(self, wait: Wait) -> None:
        self._idle_threads.moved(wait.thread_id)
        self._threads_in_waits.add(wait.thread_id)
        self._waits[wait.thread_id] = wait
        self._last_change = next(self._numbers)

    def _leave(self, wait: Wait) -> None:
        self._last_change = next(self._numbers)
        self._waits.pop(wait.thread_id, None)
        self._threads_in_waits.discard(wait.thread_id)

    def _has_turn(self, wait: Wait) -> bool:
        """Whether ``wait`` may go on. Somebody else who may is woken."""
        with self._mutex:
            if not wait.has_turn and not self._has_ended:
                first = self._next_turn()
                if first is not None:
                    first.has_turn = True
                    self._waits.pop(first.thread_id, None)  # it may just have got what it waits for
                    if first.wake is not None:
                        first.wake()
            return wait.has_turn

    def _next_turn(self) -> Wait | None:
        """Whose turn it is, or None while somebody is at work."""
        timed = [
            (not wait.goes_first, wait.moment, wait.number, wait)
            for wait in list(self._waits.values())
            if wait.moment is not None
        ]
        if not timed:
            return None
        _, moment, _, first = min(timed)
        if self._worker(apart_from=set()) is None:
            return first
        if self._is_owner_waiting():
            return first if first.has_really_passed() else None
        if moment <= self._clock.microseconds() and self._worker(apart_from={self._owner}) is None:
            return first  # the thread of the test has moved the clock
        return None

    def _worker(self, *, apart_from: set[int]) -> str | None:
        """Somebody who is at work, or None when everyone waits."""
        last_change = self._last_change
        worker = self._find_worker(apart_from)
        if worker is None and last_change != self._last_change:
            return "another thread"  # which has begun or ended a wait, or started a thread, during this look
        return worker

    def _find_worker(self, apart_from: set[int]) -> str | None:
        if is_any_starting():
            return "a new thread"
        with frames_of_threads() as frames:
            for ident, frame in frames.items():
                if ident in apart_from:
                    continue
                wait = self._waits.get(ident)
                if has_pending_processes(ident):
                    return "a pool of processes"
                if wait is None:
                    if not self._is_idle(ident, frame):
                        return f"{thread_name(ident)} at {describe_line(calling_frame(frame))}"
                elif wait.is_over():
                    return f"what {thread_name(ident)} waits for"
        return None

    def _is_idle(self, thread_id: int, frame: FrameType) -> bool:
        if thread_id != self._owner and belongs_to_test_runner(frame):
            return True
        return self._idle_threads.is_idle(thread_id, frame)

    def _is_owner_waiting(self) -> bool:
        wait = self._waits.get(self._owner)
        return wait is not None or not is_running(self._owner)

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

    # The end

    def end(self) -> None:
        """Let those who wait go on in real time, for what is left to wait."""
        with self._mutex:
            self.enabled, self._has_ended = False, True
            for wait in list(self._waits.values()):  # threads enter and leave without the lock
                if wait.moment is not None:
                    wait.seconds_left = max(0, wait.moment - self._clock.microseconds()) / 1_000_000
                if wait.wake is not None:
                    wait.wake()

    def begin_in_child(self) -> None:
        """In a process that was forked, the thread that forked is the only one."""
        self._owner = threading.get_ident()
        self._waits.clear()
        self._threads_in_waits.clear()

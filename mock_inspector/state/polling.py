"""Polls that would never end: the clock moves for them, or they end in an error that explains why.

A poll is the same read, or the same request that is refused, again and again. While time is frozen:

- Code that polls without sleeping waits for a change that only time can bring: the clock moves to it.
- Code that polls and waits in a way that nobody sees (gevent, uvloop, extension modules) is noticed by the real time that
  passes meanwhile: the clock follows, and moves to the next change when that was not enough.
- Code that waits for a change that no time will bring waits for ever: that is an error.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from ..clock.clock import Clock, is_frozen
from ..clock.moments import EpochMs, format_iso
from ..clock.real_waits import RealWait, RealWaits
from ..clock.unseen_waits import UnseenWaits
from ..errors import EndlessPollError
from .runs import Run
from .store import Store

MAX_IDENTICAL_READS = 100
"""After how many identical answers, while time stands still, the clock moves to the next change."""

MAX_IDENTICAL_READS_WITHOUT_CHANGE = 10_000
"""The limit when the result can no longer change; high enough that a benchmark loop does not reach it."""

MAX_SLEEPING_READS = 1_000
"""How many identical answers, with sleeps between them, a poll may get when no change lies ahead."""

MAX_SLEEPS = 100_000
"""How often code may sleep when no change lies ahead and its only calls are reads."""

MIN_UNSEEN_WAITS = 5
"""After how many waits in a row that nobody saw the clock follows the real time."""

LONG_UNSEEN_SECONDS = 5.0
"""Real seconds after which a single one of them is enough."""

_MAX_POLLS = 10_000
"""How many different reads are counted at a time."""


@dataclass(slots=True)
class _Poll:
    """A request, its last answer, and how often that answer came in a row."""

    answer: int = 0
    moment: int = 0
    sleeps: int = 0
    identical: int = 0
    sleeping: int = 0
    unseen_waits: int = 0
    unseen_seconds: float = 0.0


class Waits(Protocol):
    """What is known of those who wait."""

    @property
    def enabled(self) -> bool:
        """Whether waiting moves the clock."""

    @property
    def unseen_waits(self) -> UnseenWaits:
        """For how long each thread has waited since its last answer, in a way that nobody saw."""

    def requesting_line(self) -> str:
        """The line of the code that makes this request."""

    def who_waits(self) -> list[tuple[str, str]]:
        """The threads that wait: the name of each, and its line."""

    @property
    def real_waits(self) -> RealWaits:
        """The waits that took real time."""


class PollDetector:
    """Counts the requests and sleeps of one mock."""

    def __init__(self, clock: Clock, get_stores: Callable[[], list[Store]]) -> None:
        self._clock = clock
        self._get_stores = get_stores
        self._polls: dict[tuple[str, str, bytes], _Poll] = {}
        self.has_repeated = False
        """Whether any answer came so often that what repeats its request has to wait for a change."""
        self._sleeps = 0
        self._sleeps_at_write = 0
        self._sleeper = ""
        self._waits: Waits | None = None
        self._unseen_line: str | None = None

    def follow(self, waits: Waits) -> None:
        """Ask ``waits`` who waits, and for how long."""
        self._waits = waits

    def real_waits(self) -> list[RealWait]:
        """The waits that took real time."""
        return [] if self._waits is None else self._waits.real_waits.all()

    def clear(self) -> None:
        """Forget all requests: the state is another one."""
        self._polls.clear()
        self.has_repeated = False
        self._sleeps_at_write = self._sleeps

    def record_write(self) -> None:
        """Something was changed, so what follows is no repetition."""
        if self._polls:
            self._polls.clear()
            self.has_repeated = False
        self._sleeps_at_write = self._sleeps

    def before_request(
        self, store: Store, operation: str, body: bytes, may_move_clock: Callable[[], bool] | None
    ) -> Callable[[], None] | None:
        """Before a request is answered: return what moves the clock for it, to be called without the service's lock.

        EndlessPollError for a poll that would never end. ``may_move_clock`` is None for a client in another process.
        """
        poll = self._polls.get((store.owner, operation, body))
        if poll is None or not is_frozen():
            return None
        if poll.moment != store.now:
            poll.moment, poll.identical, poll.unseen_waits, poll.unseen_seconds = store.now, 0, 0, 0.0
        elif may_move_clock is not None:
            move_clock = self._follow_unseen_wait(poll, store, body, may_move_clock)
            if move_clock is not None:
                return move_clock
        if max(poll.identical, poll.sleeping) < MAX_IDENTICAL_READS:
            return None
        subjects = _Subjects(store, body)
        ahead = subjects.next_change(store.now)
        if ahead is not None:
            moves = poll.identical >= MAX_IDENTICAL_READS and may_move_clock is None
            poll.identical = 0
            return partial(self._clock.reach, ahead) if moves else None
        stuck = subjects.has_stuck_run(store.now)
        maximum = MAX_IDENTICAL_READS if stuck else MAX_IDENTICAL_READS_WITHOUT_CHANGE
        if poll.sleeping >= MAX_SLEEPING_READS or poll.identical >= maximum:
            raise EndlessPollError(self._explain(operation, poll, subjects, store))
        return None

    def change_to_wait_for(self, store: Store, operation: str, body: bytes) -> EpochMs | None:
        """The change that a request has to wait for, since its answer came so often at this moment; None if there is none."""
        poll = self._polls.get((store.owner, operation, body))
        now = self._clock.read()
        if poll is None or poll.moment != now or poll.identical < MAX_IDENTICAL_READS or not is_frozen():
            return None
        return _Subjects(store, body).next_change(now)

    def _follow_unseen_wait(
        self, poll: _Poll, store: Store, body: bytes, may_move_clock: Callable[[], bool]
    ) -> Callable[[], None] | None:
        """Return what moves the clock when code has waited since the last answer, and nobody saw it."""
        if self._waits is None or not self._waits.enabled:
            return None
        seconds = self._waits.unseen_waits.seconds()
        if seconds == 0:
            poll.unseen_waits, poll.unseen_seconds = 0, 0.0
            return None
        poll.unseen_waits += 1
        poll.unseen_seconds += seconds
        line = self._waits.requesting_line()
        enough = poll.unseen_waits >= MIN_UNSEEN_WAITS or poll.unseen_seconds >= LONG_UNSEEN_SECONDS
        if not (enough or line == self._unseen_line) or not may_move_clock():
            return None
        ahead = _Subjects(store, body).next_change(store.now)
        if line == self._unseen_line:
            return None if ahead is None else partial(self._clock.reach, ahead)
        self._unseen_line = line
        return partial(self._follow_real_time, poll.unseen_seconds, line)

    def _follow_real_time(self, seconds: float, line: str) -> None:
        """Move the clock by what a wait that nobody saw took, and warn."""
        self._clock.tick(seconds)
        warnings.warn(
            f"{line} polls, and waits between the requests in a way that mock_inspector cannot see. The clock follows the "
            "real time here. Let it wait with time.sleep or asyncio, or move the clock with backend.clock.tick.",
            UserWarning,
            stacklevel=2,
        )

    def after_request(self, store: Store, operation: str, body: bytes, answer: bytes) -> None:
        """After a read was answered, or a request refused: count it."""
        if len(self._polls) >= _MAX_POLLS:
            self._polls.clear()
        poll = self._polls.setdefault((store.owner, operation, body), _Poll())
        digest = hash(answer)
        if poll.answer != digest:
            poll.answer, poll.identical, poll.sleeping = digest, 0, 0
        if poll.moment != store.now:
            poll.moment, poll.identical = store.now, 0
        if poll.sleeps != self._sleeps:
            poll.sleeps = self._sleeps
            poll.sleeping += 1
        poll.identical += 1
        if poll.identical >= MAX_IDENTICAL_READS:
            self.has_repeated = True
        if self._waits is not None and self._waits.enabled and is_frozen():
            self._waits.unseen_waits.begin()

    def record_sleep(self, where: str) -> None:
        """Code sleeps at the line ``where``. EndlessPollError when it never stops sleeping."""
        self._sleeps += 1
        self._sleeper = where
        if self._sleeps - self._sleeps_at_write < MAX_SLEEPS:
            return
        self._sleeps_at_write = self._sleeps
        now = self._clock.read()
        if all(_Subjects(store, b"").next_change(now) is None for store in self._get_stores()):
            raise EndlessPollError(
                f"Code has slept {MAX_SLEEPS} times, last at {where}, and nothing of this mock lies ahead: "
                f"{self._describe_last_run(now)} Stop polling in that state, or pass sleep=False so that sleeps take "
                "real time. If the code counts by a clock function that it holds in an argument's default or an attribute, as "
                "sched.scheduler does, pass freeze='time-machine': freezegun does not reach that function."
            )

    def _describe_last_run(self, now: EpochMs) -> str:
        last = [run for store in self._get_stores() if (run := store.runs.last()) is not None]
        return _describe_state(last[-1], now) if last else "no assessment run was ever started."

    def _explain(self, operation: str, poll: _Poll, subjects: _Subjects, store: Store) -> str:
        if poll.sleeping >= MAX_SLEEPING_READS:
            count, how = poll.sleeping, f"sleeping between the calls, last at {self._sleeper}"
        else:
            count, how = poll.identical, f"while the frozen clock stood at {format_iso(store.now)}"
        runs = " ".join(_describe_state(run, store.now) for run in subjects.runs[-3:])
        nothing = f"No assessment run is in progress in account {store.account_id}, {store.region}."
        return (
            f"This poll cannot end: {operation} got the same answer {count} times, {how}. {runs or nothing}"
            f"{self._describe_threads()}"
        )

    def _describe_threads(self) -> str:
        """Who polls, and who waits where."""
        if self._waits is None:
            return ""
        waiting = "".join(f" {name} waits at {line}." for name, line in self._waits.who_waits())
        return f" {threading.current_thread().name} polls at {self._waits.requesting_line()}.{waiting}"


class _Subjects:
    """What a read is about: the runs and templates in its parameters, or everything in the store."""

    def __init__(self, store: Store, body: bytes) -> None:
        arns = sorted({arn.decode("utf-8", "replace") for arn in re.findall(rb'arn:[^"]+', body)})
        self.runs: list[Run] = [run for arn in arns if (run := store.runs.get(arn)) is not None]
        templates = [template for arn in arns if (template := store.templates.get(arn)) is not None]
        self.runs += [run for template in templates for run in store.runs.of(template.arn)]
        if not self.runs and not templates:
            self.runs = store.open_runs() or list(filter(None, [store.runs.last()]))
        self._previews = [preview for template in templates for preview in store.previews.of(template.arn)]
        if not templates:
            self._previews = list(store.previews)

    def next_change(self, moment: EpochMs) -> EpochMs | None:
        """When the next of them changes after ``moment``, or None."""
        changes = [change for run in self.runs for change in run.changes_ahead(moment)]
        changes += [preview.ready for preview in self._previews if preview.ready > moment]
        return min(changes, default=None)

    def has_stuck_run(self, moment: EpochMs) -> bool:
        """Whether a run is in progress although nothing lies ahead of it."""
        return any(run.in_progress(moment) and run.next_change(moment) is None for run in self.runs)


def _describe_state(run: Run, moment: EpochMs) -> str:
    state, since = run.last_change(moment)
    if run.forced:
        why = "set_run_state put it there, so nothing lies ahead"
    elif run.in_progress(moment):
        ahead = run.next_change(moment)
        why = f"its next change is {ahead.state} at {format_iso(ahead.moment)}" if ahead else "nothing lies ahead"
    else:
        why = "it has ended, so nothing lies ahead"
    return f"Run {run.arn} is {state} since {format_iso(since)}: {why}."

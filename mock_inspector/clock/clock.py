"""The one clock of a mock, shared by all its accounts and regions."""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from freezegun import api as freezegun

from .._signatures import explain_arguments, explain_attributes
from ..errors import short_repr
from .moments import EPOCH, MAX_DATETIME, MILLISECOND, UTC, EpochMs, Moment, to_datetime

_MICROSECOND = datetime.timedelta(microseconds=1)
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_MAX_PASSED = MAX_DATETIME - EPOCH


def _since_1970() -> datetime.timedelta:
    """The process's time."""
    # freezegun's own moment: a thread that imports a module sees the real time, but the mock that it may call does not.
    # Slices, since another thread may end the freeze between a look and the next.
    factories, offsets = freezegun.freeze_factories[-1:], freezegun.tz_offsets[-1:]
    if factories and offsets:
        return factories[0]() + offsets[0] - _NAIVE_EPOCH
    # The real class, whose time time-machine moves: a test may have put one of its own in the place of datetime.datetime.
    # It is freezegun's attribute that keeps it; a name of this module would hold the fake one while time is frozen.
    return freezegun.real_datetime.now(UTC) - EPOCH


class ProcessTime:
    """The process's time, or one that is ahead of it.

    Who reads it often reads it here: :class:`Clock` explains mistakes, which makes each of its attributes dear.
    """

    __slots__ = ("run_since", "shift", "speed")

    def __init__(self) -> None:
        self.shift = datetime.timedelta()
        self.run_since: datetime.timedelta | None = None
        """The process's time at which this one began to run at another speed."""
        self.speed = 1.0

    def read(self) -> EpochMs:
        """The current time, in whole milliseconds since 1970."""
        return EpochMs(self.passed() // MILLISECOND)

    def passed(self) -> datetime.timedelta:
        """The time since 1970."""
        passed = _since_1970()
        return passed + self.ahead(passed)

    def ahead(self, passed: datetime.timedelta) -> datetime.timedelta:
        """How far this time is ahead of the process's. It never runs past its end, the year 9999."""
        if self.run_since is None:
            return self.shift
        try:
            ahead = self.shift + max(passed - self.run_since, datetime.timedelta()) * (self.speed - 1)
        except OverflowError:
            return _MAX_PASSED - passed
        return min(ahead, _MAX_PASSED - passed)

    def run(self, speed: float) -> None:
        """Run ``speed`` times as fast as the process's time from now on."""
        passed = _since_1970()
        self.shift, self.run_since, self.speed = self.ahead(passed), passed, speed


@explain_attributes("clock")
class Clock:
    """The clock of a mock: reads the process's time, frozen or running, and moves it.

    While time is frozen (by the mock or by whoever froze it, freezegun or time-machine), :meth:`tick` and
    :meth:`move_to` move that frozen time, so that code under test, signatures and runs agree. While it is not, they
    shift this clock against the running one, and :meth:`run` lets it run faster.
    """

    def __init__(
        self,
        time: ProcessTime,
        moved: Callable[[], None] = lambda: None,
        lock: AbstractContextManager[Any] | None = None,
        next_due: Callable[[], EpochMs | None] = lambda: None,
    ) -> None:
        """``moved`` runs what is due, each time that the clock was moved; ``next_due`` says when the next is."""
        self._time = time
        self._moved = moved
        self._next_due = next_due
        self._lock = nullcontext() if lock is None else lock

    def now(self) -> datetime.datetime:
        """The current time, as an aware ``datetime`` in UTC."""
        return EPOCH + self._time.passed()

    def read(self) -> EpochMs:
        """The current time, in whole milliseconds since 1970."""
        return self._time.read()

    def microseconds(self) -> int:
        """The current time in microseconds since 1970. Event loops count by it."""
        return self._time.passed() // _MICROSECOND

    @explain_arguments("clock.run")
    def run(self, speed: float) -> None:
        """Run this clock ``speed`` times as fast as real time from now on: 3600 is an hour a second.

        ValueError while time is frozen, since the whole process sees that time. TypeError or ValueError for anything
        but a positive number.
        """
        if isinstance(speed, bool) or not isinstance(speed, (int, float)):
            raise TypeError(f"speed must be a number; got {speed!r}")
        if not 0 < speed < math.inf:
            raise ValueError(f"speed must be a finite number above 0; got {speed!r}")
        if is_frozen():
            raise ValueError(
                "clock.run() needs a running clock: use mock_inspector(freeze=False), or serve without --frozen"
            )
        with self._lock:
            self._time.run(float(speed))

    @property
    def speed(self) -> float:
        """How many times as fast as real time the clock runs (see :meth:`run`)."""
        return self._time.speed

    @explain_arguments("clock.tick")
    def tick(self, delta: float | datetime.timedelta = 1) -> None:
        """Move time forward by ``delta`` (seconds or a ``timedelta``). ValueError for a negative one."""
        left = _to_timedelta(delta)
        while True:
            with self._lock:
                left -= self._step(left)
            self._moved()
            if not left:
                return

    @explain_arguments("clock.move_to")
    def move_to(self, moment: Moment) -> None:
        """Move time forward to ``moment``. ValueError for one that has passed."""
        if isinstance(moment, datetime.timedelta):
            raise TypeError(
                f"moment must be a datetime, ISO 8601 text or epoch seconds; got {moment!r}; did you mean clock.tick(...)?"
            )
        goal = to_datetime(moment)
        with self._lock:
            now = self.now()
            if goal < now:
                raise ValueError(f"moment must not be before the clock's {now.isoformat()}; got {moment!r}")
        self._reach(goal)

    def reach(self, moment: EpochMs) -> None:
        """Move time forward to ``moment``, unless it has passed."""
        if self.read() < moment:
            self._reach(to_datetime(moment / 1000))

    def put(self, moment: datetime.datetime) -> None:
        """Set the clock for a restored state. Frozen time also moves back; running time only moves forward."""
        delta = moment - self.now()
        if delta > datetime.timedelta() or is_frozen():
            self._shift_by(delta)

    def _reach(self, goal: datetime.datetime) -> None:
        while True:
            with self._lock:
                left = max(goal - self.now(), datetime.timedelta())
                left -= self._step(left)
            self._moved()
            if not left:
                return

    def _step(self, span: datetime.timedelta) -> datetime.timedelta:
        """Move time forward by ``span``, or by less to what is due before. Returns how far that was.

        Hence everybody sees an event at its own moment: SNS, say, which dates the message about it.
        """
        now, due = self._time.passed(), self._next_due()
        if span > _MAX_PASSED - now:
            raise ValueError(f"delta must not move the clock past the year 9999; got {span}")
        until_due = span if due is None else due * MILLISECOND - now
        if datetime.timedelta() < until_due < span:
            span = until_due
        self._shift_by(span)
        return span

    def _shift_by(self, delta: datetime.timedelta) -> None:
        holder = freezer()
        if holder is None:
            self._time.shift += delta
        elif hasattr(holder, "shift"):
            holder.shift(delta)
        elif hasattr(holder, "start"):  # freezegun's ticking time: its own tick() would forget the time that has passed
            holder.move_to(holder() + delta)
        else:
            holder.tick(delta)


def _to_timedelta(delta: float | datetime.timedelta) -> datetime.timedelta:
    """Return ``delta`` as a ``timedelta``. TypeError for anything but a span of time, ValueError for a negative one."""
    if isinstance(delta, bool) or not isinstance(delta, (int, float, datetime.timedelta)):
        raise TypeError(f"delta must be seconds or a timedelta; got {short_repr(delta)}{_suggest_delta(delta)}")
    if (delta < datetime.timedelta()) if isinstance(delta, datetime.timedelta) else delta < 0:
        raise ValueError(f"delta must not be negative, since time only moves forward; got {delta!r}")
    if not isinstance(delta, datetime.timedelta):
        try:
            if not math.isfinite(delta):
                raise ValueError(f"delta must be a finite number of seconds; got {delta!r}")
            delta = datetime.timedelta(seconds=delta)
        except OverflowError as error:
            raise ValueError(f"delta must be within the calendar; got {short_repr(delta)} seconds") from error
    return delta


def _suggest_delta(value: object) -> str:
    if isinstance(value, datetime.date):
        return "; did you mean clock.move_to(...)?"
    try:
        return f"; did you mean {float(value):g}?" if isinstance(value, str) else ""
    except ValueError:
        return ""


def freezer() -> Any:
    """Return who holds the process's time: the innermost freeze of freezegun or time-machine, or None."""
    # freezegun first: it can start inside time-machine, but time-machine refuses to start inside freezegun.
    factories: list[Any] = freezegun.freeze_factories[-1:]
    if factories:
        return factories[0]
    travellers: list[Any] = getattr(sys.modules.get("time_machine"), "traveller_stack", [])[-1:]
    return travellers[0] if travellers else None


def is_frozen_by_time_machine() -> bool:
    """Whether it is time-machine that holds the process's time."""
    return freezer() in getattr(sys.modules.get("time_machine"), "traveller_stack", [])


def is_frozen() -> bool:
    """Whether freezegun or time-machine holds the process's time."""
    return freezer() is not None

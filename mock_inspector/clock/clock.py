"""The one clock of a mock, shared by all its accounts and regions.

Moments are kept as whole milliseconds since 1970 (the service's precision), never as ``datetime`` objects: those
would be freezegun's own and outlive the freeze.
"""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dateutil.parser import isoparse

UTC = datetime.timezone.utc
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

Moment = datetime.datetime | str | int | float
"""A point in time: a ``datetime`` (naive ones are UTC), ISO 8601 text, or epoch seconds."""


def _now() -> datetime.datetime:
    # freezegun's own moment: a thread that imports a module sees the real time, but the mock it may call does not.
    freezegun = sys.modules.get("freezegun.api")
    if freezegun is not None and freezegun.freeze_factories:
        moment: datetime.datetime = freezegun.freeze_factories[-1]() + freezegun.tz_offsets[-1]
        return moment.replace(tzinfo=UTC)
    return datetime.datetime.now(UTC)


def as_datetime(moment: Moment, name: str = "moment") -> datetime.datetime:
    """``moment`` as an aware ``datetime`` in UTC. TypeError or ValueError, naming ``name``, for what is none."""
    wanted = "takes a datetime, ISO 8601 text or epoch seconds"
    if isinstance(moment, bool) or not isinstance(moment, (datetime.datetime, str, int, float)):
        raise TypeError(f"{name}: {wanted}, got {moment!r}")
    try:
        if isinstance(moment, (int, float)):
            return _EPOCH + datetime.timedelta(microseconds=round(moment * 1_000_000))
        given: datetime.datetime = isoparse(moment) if isinstance(moment, str) else moment
        aware = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
        return _EPOCH + (aware - _EPOCH)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {wanted} from year 1 to 9999, got {moment!r}") from error


def milliseconds(moment: datetime.datetime) -> int:
    """Whole milliseconds since 1970."""
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000


def seconds(moment: int) -> float:
    """A kept moment as the API sends it: epoch seconds with milliseconds."""
    return moment / 1000


def iso(moment: int) -> str:
    """A kept moment as messages show it."""
    return (_EPOCH + datetime.timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")


class Clock:
    """The clock of a mock: reads the process's time, frozen or running, and moves it.

    While time is frozen (by the mock or by whoever froze it, freezegun or time-machine), :meth:`tick` and
    :meth:`move_to` move that frozen time, so that code under test, signatures and runs agree. While it is not, they
    shift this clock against the running one, and :meth:`run` lets it run faster.
    """

    def __init__(
        self, moved: Callable[[], None] = lambda: None, lock: AbstractContextManager[Any] | None = None
    ) -> None:
        self._shift = datetime.timedelta()
        self._speed = 1.0
        self._since: datetime.datetime | None = None
        self._moved = moved
        self._lock = nullcontext() if lock is None else lock

    def now(self) -> datetime.datetime:
        """The moment it is, as an aware ``datetime`` in UTC."""
        now = _EPOCH + (_now() - _EPOCH)
        return now + self._ahead(now)

    def read(self) -> int:
        """The moment it is, in whole milliseconds since 1970."""
        now = _now()
        since = now - _EPOCH + (self._shift if self._since is None else self._ahead(now))
        return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000

    def _ahead(self, now: datetime.datetime) -> datetime.timedelta:
        """How far this clock is ahead of the process's time, at the most to its own end."""
        if self._since is None:
            return self._shift
        try:
            ahead = self._shift + max(now - self._since, datetime.timedelta()) * (self._speed - 1)
        except OverflowError:
            return _LAST - now
        return min(ahead, _LAST - now)

    def run(self, speed: float) -> None:
        """Let this clock run ``speed`` times as fast as the running time, from now on: 3600 is an hour a second.

        ValueError while time is frozen: what all of the process sees cannot run. TypeError or ValueError for what is
        no positive number.
        """
        if isinstance(speed, bool) or not isinstance(speed, (int, float)):
            raise TypeError(f"run: takes a number, how many times as fast as the running time, got {speed!r}")
        if not 0 < speed < math.inf:
            raise ValueError(f"run: takes a number above 0, got {speed!r}")
        if frozen():
            raise ValueError("run: time is frozen; a clock that runs needs mock_inspector(freeze=False)")
        with self._lock:
            now = _EPOCH + (_now() - _EPOCH)
            self._shift, self._since, self._speed = self._ahead(now), now, float(speed)

    @property
    def speed(self) -> float:
        """How many times as fast as the running time it runs (see :meth:`run`)."""
        return self._speed

    @property
    def course(self) -> str:
        """A text that is another one once this clock was moved, or set to another speed, against the process's time."""
        return f"{self._shift} {self._since} {self._speed}"

    def microseconds(self) -> int:
        """The moment it is, in microseconds since 1970: what event loops count by."""
        return (self.now() - _EPOCH) // datetime.timedelta(microseconds=1)

    def tick(self, delta: float | datetime.timedelta = 1) -> None:
        """Move time forward by ``delta`` (seconds or a ``timedelta``). ValueError for a negative one."""
        span = _span(delta)
        with self._lock:
            self._move(span)

    def move_to(self, moment: Moment) -> None:
        """Move time forward to ``moment``. ValueError for one that has passed."""
        goal = as_datetime(moment)
        with self._lock:
            now = self.now()
            if goal < now:
                raise ValueError(
                    f"move_to({moment!r}): that moment has passed, the clock stands at {now.isoformat()}; "
                    "time moves forward only"
                )
            self._move(goal - now)

    def put(self, moment: datetime.datetime) -> None:
        """Let it be ``moment``, for a state of that moment: back, too, where time is frozen; where it runs, only on."""
        delta = moment - self.now()
        if delta > datetime.timedelta() or frozen():
            self._shift_by(delta)

    def _move(self, delta: datetime.timedelta) -> None:
        if delta > _LAST - self.now():
            raise ValueError(f"time cannot move by {delta}: the clock ends with the year 9999")
        self._shift_by(delta)
        self._moved()

    def _shift_by(self, delta: datetime.timedelta) -> None:
        holder = freezer()
        if holder is None:
            self._shift += delta
        elif hasattr(holder, "shift"):
            holder.shift(delta)
        elif hasattr(holder, "start"):  # freezegun's time that ticks: its own way would forget what has ticked by
            holder.move_to(holder() + delta)
        else:
            holder.tick(delta)


def _span(delta: float | datetime.timedelta) -> datetime.timedelta:
    """``delta`` as a ``timedelta``. TypeError for what is no span of time, ValueError for a negative one."""
    if isinstance(delta, bool) or not isinstance(delta, (int, float, datetime.timedelta)):
        raise TypeError(f"tick: takes seconds or a timedelta, got {delta!r}")
    if (delta < datetime.timedelta()) if isinstance(delta, datetime.timedelta) else delta < 0:
        raise ValueError(f"tick: time moves forward only, got {delta!r}")
    if not isinstance(delta, datetime.timedelta):
        if not math.isfinite(delta):
            raise ValueError(f"tick: takes a finite number of seconds, got {delta!r}")
        try:
            delta = datetime.timedelta(seconds=delta)
        except OverflowError as error:
            raise ValueError(f"tick: {delta!r} seconds is more than the calendar holds") from error
    return delta


def freezer() -> Any:
    """Who holds the process's time: the innermost freeze of freezegun or travel of time-machine, or None."""
    # freezegun first: it can be started inside time-machine, the other way round time-machine refuses.
    factories: list[Any] = getattr(sys.modules.get("freezegun.api"), "freeze_factories", [])
    if factories:
        return factories[-1]
    travellers: list[Any] = getattr(sys.modules.get("time_machine"), "traveller_stack", [])
    return travellers[-1] if travellers else None


def frozen() -> bool:
    """Whether freezegun or time-machine holds the process's time."""
    return freezer() is not None

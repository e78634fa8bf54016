"""The selector of an event loop whose timers move the clock."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any

from freezegun import api as freezegun_api

from .awaiting import awaiting_line
from .waiting import RESOLUTION_SECONDS

if TYPE_CHECKING:
    from .waiting import Waiting

QUIET_PERIOD_SECONDS = 0.25
"""Real seconds for which connections may be quiet before the clock moves all the same."""

PROCESS_QUIET_PERIOD_SECONDS = 5.0
"""The same, while a process that the loop has started is running."""

BUSY_TURN_SECONDS = 0.0001
"""What one turn of a loop that is busy counts for its timers: seconds of the mock's clock."""


class WaitingSelector:
    """A loop's selector, with which the loop waits for its next timer as threads wait for a moment."""

    def __init__(self, selector: Any, loop: Any, processes: Any) -> None:
        self._selector = selector
        self._loop = loop
        self._processes = processes
        self.waiting: Waiting | None = None
        self._quiet_since: float | None = None
        self._busy_turns = 0
        # A timer is due when the loop's time is within the clock's resolution: that of a real clock is finer than what
        # a time of months or years, kept as a float, can tell.
        self._resolution, loop._clock_resolution = loop._clock_resolution, RESOLUTION_SECONDS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._selector, name)

    def register(self, *args: Any, **kwargs: Any) -> Any:
        self._quiet_since = None
        return self._selector.register(*args, **kwargs)

    def modify(self, *args: Any, **kwargs: Any) -> Any:
        self._quiet_since = None
        return self._selector.modify(*args, **kwargs)

    def restore(self) -> None:
        """Give the loop its own selector and resolution back."""
        self._loop._selector, self._loop._clock_resolution = self._selector, self._resolution

    def select(self, timeout: float | None = None) -> Any:
        """Wait for events, or for the moment in ``timeout`` seconds."""
        if self.waiting is None:
            return self._selector.select(timeout)
        events = self._selector.select(0)
        if timeout is not None and timeout <= 0:
            self._count_busy_turn(self.waiting)
            return events
        self._busy_turns = 0
        if not events:
            if self._quiet_since is None:
                self._quiet_since = freezegun_api.real_monotonic()
            events = self.waiting.wait(
                self._selector.select,
                None,
                seconds=timeout,
                is_over=self._is_over,
                line=lambda: awaiting_line(self._loop),
            )
        if events:
            self._quiet_since = None
        return events

    def _count_busy_turn(self, waiting: Waiting) -> None:
        """The loop has something to run and does not wait; its timers come due after so many turns."""
        self._busy_turns += 1
        timers = self._loop._scheduled
        if timers:
            left = timers[0]._when - self._loop.time()
            if 0 < left <= self._busy_turns * BUSY_TURN_SECONDS and waiting.others_wait():
                self._busy_turns = 0
                waiting.move_by(left, awaiting_line(self._loop))

    def _is_over(self) -> bool:
        """Whether something has come, or may come yet from outside of this process."""
        return bool(_ready(self._selector)) or self._is_noisy()

    def _is_noisy(self) -> bool:
        own = self._loop._ssock.fileno()  # by which other threads wake the loop
        if any(process._loop is self._loop and process.get_returncode() is None for process in self._processes):
            period = PROCESS_QUIET_PERIOD_SECONDS
        elif any(key.fd != own for key in self._selector.get_map().values()):
            period = QUIET_PERIOD_SECONDS
        else:
            return False
        return self._quiet_since is None or freezegun_api.real_monotonic() - self._quiet_since < period


def _ready(selector: Any) -> Any:
    """What a selector has to tell, seen from any thread."""
    if not hasattr(selector, "fileno"):
        return selector.select(0)
    poll = select.poll()
    poll.register(selector.fileno(), select.POLLIN)
    return poll.poll(0)

"""The selector of an event loop whose timers move the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .awaiting import awaiting_line
from .connections import has_child_process, is_alarm_set
from .select_calls import PROCESS_QUIET_PERIOD_SECONDS, ExternalActivity, is_ready
from .waiting import RESOLUTION_SECONDS

if TYPE_CHECKING:
    from .waiting import Waiting

BUSY_TURN_SECONDS = 0.0001
"""What one turn of a loop that is busy counts for its timers: seconds of the mock's clock."""


class WaitingSelector:
    """A loop's selector, with which the loop waits for its next timer as threads wait for a moment."""

    def __init__(self, selector: Any, loop: Any, processes: Any) -> None:
        self._selector = selector
        self._loop = loop
        self._processes = processes
        self.waiting: Waiting | None = None
        self._activity = ExternalActivity()
        self._busy_turns = 0
        # A timer is due when the loop's time is within the clock's resolution: that of a real clock is finer than what
        # a time of months or years, kept as a float, can tell.
        self._resolution, loop._clock_resolution = loop._clock_resolution, RESOLUTION_SECONDS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._selector, name)

    def register(self, *args: Any, **kwargs: Any) -> Any:
        self._activity.record(self)
        return self._selector.register(*args, **kwargs)

    def modify(self, *args: Any, **kwargs: Any) -> Any:
        self._activity.record(self)
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
            events = self.waiting.wait(
                self._selector.select,
                None,
                seconds=None if timeout is None else max(timeout, RESOLUTION_SECONDS),
                is_over=self._is_over,
                line=lambda: awaiting_line(self._loop),
            )
        if events:
            self._activity.record(self, [key.fd for key, _ in events])
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
        """Whether something has come, or may come yet from another process."""
        if self._is_expected():
            return True
        # Last: what was expected may have come meanwhile.
        return is_ready(self._selector) if hasattr(self._selector, "fileno") else bool(self._selector.select(0))

    def _is_expected(self) -> bool:
        if self._has_process():
            return self._activity.is_expected(self, self._files, PROCESS_QUIET_PERIOD_SECONDS)
        own = self._loop._ssock.fileno()  # by which other threads wake the loop
        return any(file != own for file in self._files()) and self._activity.is_expected(self, self._files)

    def _files(self) -> list[int]:
        return [key.fd for key in list(self._selector.get_map().values())]

    def _has_process(self) -> bool:
        """Whether a process is running that may write to this loop, or something may send a signal that it waits for."""
        if any(process._loop is self._loop and process.get_returncode() is None for process in self._processes):
            return True
        handled = self._loop._signal_handlers
        return bool(handled) and (has_child_process() or is_alarm_set(handled))

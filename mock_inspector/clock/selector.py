"""The selector of an event loop whose timers jump: it moves the clock instead of waiting for a timer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezegun import api as freezegun_api

from .awaiting import awaiting_line

if TYPE_CHECKING:
    from .event_loop import LoopPatch

RESOLUTION_SECONDS = 1e-6
"""Seconds: what freezegun and the mock's clock tell apart."""

POLL_INTERVAL_SECONDS = 0.005
"""Real seconds between two looks at what the real world is at."""

QUIET_PERIOD_SECONDS = 0.25
"""Real seconds for which connections may be quiet before the clock jumps all the same."""

PROCESS_QUIET_PERIOD_SECONDS = 5.0
"""The same, while a process that the loop has started is running."""


class JumpingSelector:
    """A loop's selector that moves the clock instead of waiting for a timer.

    It still waits for the real world: for work in executors as long as it takes (up to the timer's own span, in real
    time), for open connections until they have been quiet for :data:`GRACE`, and for the mock's own server. While the
    loop is busy, and does not wait at all, its timers come due in real time.
    """

    def __init__(self, selector: Any, loop: Any, patch: LoopPatch) -> None:
        self._selector = selector
        self._loop = loop
        self._patch = patch
        self._quiet = False
        self._spinning_since: float | None = None
        self.working = 0
        # A timer is due when the loop's time is within the clock's resolution: that of a real clock is finer than what
        # a time of months or years, kept as a float, can tell.
        self._resolution, loop._clock_resolution = loop._clock_resolution, RESOLUTION_SECONDS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._selector, name)

    def register(self, *args: Any, **kwargs: Any) -> Any:
        self._quiet = False
        return self._selector.register(*args, **kwargs)

    def modify(self, *args: Any, **kwargs: Any) -> Any:
        self._quiet = False
        return self._selector.modify(*args, **kwargs)

    def restore(self) -> None:
        """Give the loop its own selector and resolution back."""
        self._loop._selector, self._loop._clock_resolution = self._selector, self._resolution

    def select(self, timeout: float | None = None) -> Any:
        """Wait for events, or move the clock by ``timeout`` where a real loop would wait that long."""
        if timeout is None or not self._patch.jumps(self._loop):
            return self._selector.select(timeout)
        if timeout <= 0:
            return self._spin()
        self._spinning_since = None
        begun = freezegun_api.real_monotonic()
        events = self._selector.select(0)
        # In short turns: an executor may become idle without a word.
        while not events and (self._patch.busy() or freezegun_api.real_monotonic() - begun < self._real_wait(timeout)):
            events = self._selector.select(POLL_INTERVAL_SECONDS)
        events = events or self._selector.select(0)  # what was answered as the last turn ended
        if events:
            self._quiet = False
            return events
        self._quiet = True
        self._jump(timeout)
        return events

    def _spin(self) -> Any:
        """The loop has something to run and does not wait: its next timer is due when that much real time has passed."""
        timers = self._loop._scheduled
        if timers:
            now = freezegun_api.real_monotonic()
            if self._spinning_since is None:
                self._spinning_since = now
            left = timers[0]._when - self._loop.time()
            if 0 < left <= now - self._spinning_since:
                self._spinning_since = now
                self._jump(left)
        return self._selector.select(0)

    def _jump(self, seconds: float) -> None:
        self._patch.sleep(_microseconds(seconds) / 1_000_000, awaiting_line(self._loop))

    def _real_wait(self, timeout: float) -> float:
        if self.working or _is_busy(getattr(self._loop, "_default_executor", None)):
            return timeout
        own = self._loop._ssock.fileno()  # by which other threads wake the loop
        if self._quiet:
            return 0
        if self._patch.has_process(self._loop):
            return min(timeout, PROCESS_QUIET_PERIOD_SECONDS)
        return (
            0 if all(key.fd == own for key in self._selector.get_map().values()) else min(timeout, QUIET_PERIOD_SECONDS)
        )


def _is_busy(executor: Any) -> bool:
    """Whether a loop's own executor is at work, also for what it was given before the mock began."""
    threads, idle = getattr(executor, "_threads", ()), getattr(executor, "_idle_semaphore", None)
    return idle is not None and (len(threads) > idle._value or executor._work_queue.qsize() > 0)


def _microseconds(timeout: float) -> int:
    """The span of a timer in whole microseconds; what is lost is within :data:`RESOLUTION`."""
    return max(1, round(timeout * 1_000_000))

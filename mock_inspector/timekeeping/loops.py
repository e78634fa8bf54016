"""Event loops whose timers jump: when a loop would wait for its next timer, the clock moves there instead.

The idea is that of trio's MockClock and its autojump; it is applied to the selector of asyncio's own loops, so that
every timer takes part: ``asyncio.sleep`` under any name, ``wait_for``, ``timeout``, ``call_later``.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from freezegun import api as freezegun_api

if TYPE_CHECKING:
    from ..model.clock import Clock

GRACE = 0.25
"""Real seconds for which connections may be quiet before the clock jumps all the same."""


class JumpingSelector:
    """A loop's selector that moves the clock instead of waiting for a timer.

    It still waits for the real world: for work in executors as long as it takes (up to the timer's own span, in real
    time), for open connections until they have been quiet for :data:`GRACE`, and for the mock's own server.
    """

    def __init__(self, selector: Any, loop: Any, patch: LoopPatch) -> None:
        self._selector = selector
        self._loop = loop
        self._patch = patch
        self._quiet = False
        self.working = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._selector, name)

    def register(self, *args: Any, **kwargs: Any) -> Any:
        self._quiet = False
        return self._selector.register(*args, **kwargs)

    def modify(self, *args: Any, **kwargs: Any) -> Any:
        self._quiet = False
        return self._selector.modify(*args, **kwargs)

    @property
    def original(self) -> Any:
        """The loop's own selector."""
        return self._selector

    def select(self, timeout: float | None = None) -> Any:
        """Wait for events, or move the clock by ``timeout`` where a real loop would wait that long."""
        if timeout is None or timeout <= 0 or not self._patch.jumps(self._loop):
            return self._selector.select(timeout)
        events = self._selector.select(self._real_wait(timeout))
        while not events and self._patch.busy():
            events = self._selector.select(GRACE)
        if events:
            self._quiet = False
            return events
        self._quiet = True
        self._patch.sleep(_microseconds(timeout) / 1_000_000, f"a timer of {self._loop!r}")
        return events

    def _real_wait(self, timeout: float) -> float:
        if self.working:
            return timeout
        own = getattr(self._loop, "_ssock", None)
        connected = not self._quiet and any(key.fileobj is not own for key in self._selector.get_map().values())
        return min(timeout, GRACE) if connected else 0


class LoopPatch:
    """Gives asyncio's loops a time of their own, that of the mock's clock, in the thread where it applies."""

    def __init__(self) -> None:
        self._originals: dict[str, Any] = {}
        self._patched: dict[str, Any] = {}
        self._loops: WeakSet[Any] = WeakSet()
        self.sleep: Callable[[float, str], None]
        self._outer_time: Callable[[], float] = freezegun_api.real_monotonic
        self._applies: Callable[[], bool] = lambda: False
        self.busy: Callable[[], bool] = lambda: False
        self._clock: Clock | None = None
        self._begin = (0.0, 0)

    def start(
        self,
        clock: Clock,
        sleep: Callable[[float, str], None],
        applies: Callable[[], bool],
        busy: Callable[[], bool],
        *,
        followed: bool,
    ) -> None:
        """Let loops jump by calling ``sleep`` (seconds, who) where it ``applies``, but not while somebody is ``busy``."""
        base = sys.modules.get("asyncio.base_events")
        if base is None:
            return
        self._clock, self.sleep, self._applies, self.busy = clock, sleep, applies, busy
        # The time that loops have outside: the real one, or that of whoever froze it before.
        self._outer_time = time.monotonic if followed else freezegun_api.real_monotonic
        # The loops' own time starts small: counted from 1970, as freezegun's, it would have no room for the nanosecond
        # by which loops tell whether a timer is due.
        self._begin = (freezegun_api.real_monotonic(), clock.microseconds())
        running = asyncio._get_running_loop()
        if running is not None:
            _shift_timers(running, self._begin[0] - self._outer_time())
        loop_class = base.BaseEventLoop
        self._originals = {name: getattr(loop_class, name) for name in ("time", "_run_once", "run_in_executor")}
        self._patched = self._replacements()
        for name, replacement in self._patched.items():
            setattr(loop_class, name, replacement)

    def _replacements(self) -> dict[str, Any]:
        originals = dict(self._originals)

        def loop_time(loop: Any) -> float:
            if self._clock is None:
                return originals["time"](loop)  # type: ignore[no-any-return]
            return self._time() if self._applies() else freezegun_api.real_monotonic()

        def _run_once(loop: Any) -> None:
            if self._clock is not None and self._applies() and not isinstance(loop._selector, JumpingSelector):
                loop._selector = JumpingSelector(loop._selector, loop, self)
                self._loops.add(loop)
            originals["_run_once"](loop)

        def run_in_executor(loop: Any, executor: Any, func: Any, *args: Any) -> Any:
            future = originals["run_in_executor"](loop, executor, func, *args)
            selector = loop._selector
            if isinstance(selector, JumpingSelector):
                selector.working += 1

                def done(_: object) -> None:
                    selector.working -= 1

                future.add_done_callback(done)
            return future

        return {"time": loop_time, "_run_once": _run_once, "run_in_executor": run_in_executor}

    def stop(self) -> None:
        """Give the loops their own time back; timers that are still waiting keep what they have left to wait."""
        if self._clock is None:
            return
        ahead = self._time() - self._outer_time()
        self._clock = None
        loop_class = sys.modules["asyncio.base_events"].BaseEventLoop
        for name, replacement in self._patched.items():
            if getattr(loop_class, name) is replacement:
                setattr(loop_class, name, self._originals[name])
        for loop in list(self._loops):
            if isinstance(loop._selector, JumpingSelector):
                loop._selector = loop._selector.original
            _shift_timers(loop, -ahead)
        self._loops.clear()

    def _time(self) -> float:
        """The loops' time: what it was when the mock began, and what the clock has moved since."""
        begin, since = self._begin
        assert self._clock is not None  # noqa: S101  only called between start and stop
        return begin + (self._clock.microseconds() - since) / 1_000_000

    def jumps(self, loop: Any) -> bool:
        """Whether this loop's timers jump here and now: not when its time is somebody else's."""
        return self._clock is not None and self._applies() and type(loop).time is self._patched["time"]


def _shift_timers(loop: Any, seconds: float) -> None:
    """Let the timers of a loop count by another clock, which differs by ``seconds``."""
    for handle in getattr(loop, "_scheduled", ()):
        handle._when += seconds


def _microseconds(timeout: float) -> int:
    """The span of a timer in whole microseconds, so that the timer is due after it."""
    exact = timeout * 1_000_000
    nearest = round(exact)
    return nearest if abs(exact - nearest) < 0.01 else math.ceil(exact)  # noqa: PLR2004  what floats lose

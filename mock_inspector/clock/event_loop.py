"""Event loops whose timers jump: when a loop would wait for its next timer, the clock moves there instead.

The idea is that of trio's MockClock and its autojump; it is applied to the selector of asyncio's own loops, so that
every timer takes part: ``asyncio.sleep`` under any name, ``wait_for``, ``timeout``, ``call_later``.
"""

from __future__ import annotations

import asyncio
import threading
import time
from asyncio import futures
from asyncio.base_subprocess import BaseSubprocessTransport
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from freezegun import api as freezegun_api

from .clock import freezer

if TYPE_CHECKING:
    from .clock import Clock

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
        self._patch.sleep(_microseconds(seconds) / 1_000_000, _awaiting_line(self._loop))

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


class LoopPatch:
    """Gives asyncio's loops a time of their own, that of the mock's clock, in the thread where it applies."""

    def __init__(self) -> None:
        self._originals: dict[str, Any] = {}
        self._replacements = {
            "time": self._loop_time(),
            "_run_once": self._run_once(),
            "shutdown_default_executor": self._shutdown_default_executor(),
        }
        self._chain = self._chain_future()
        self._loops: WeakSet[Any] = WeakSet()
        self._processes: WeakSet[Any] = WeakSet()
        self._process_started = self._process_init()
        self.sleep: Callable[[float, str], None]
        self.busy: Callable[[], bool] = lambda: False
        self._outer_time: Callable[[], float] = freezegun_api.real_monotonic
        self._applies: Callable[[], bool] = lambda: False
        self._clock: Clock | None = None
        self._source: object = None
        self._thread = 0
        self._last = self._base = 0.0
        self._since = 0

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
        loop_class: Any = asyncio.BaseEventLoop
        self._clock, self.sleep, self._applies, self.busy = clock, sleep, applies, busy
        self._thread = threading.get_ident()
        # The time that loops have outside: the real one, or that of whoever froze it before. Their own starts with the
        # real one: counted from 1970, as freezegun's, it would have no room for what tells whether a timer is due.
        self._outer_time = time.monotonic if followed else freezegun_api.real_monotonic
        self._source, self._last = _NOBODY, freezegun_api.real_monotonic()
        running = asyncio._get_running_loop()
        if running is not None:
            _shift_timers(running, self._last - self._outer_time())
        self._originals = {name: getattr(loop_class, name) for name in self._replacements}
        for name, replacement in self._replacements.items():
            setattr(loop_class, name, replacement)
        self._originals["chain"] = futures._chain_future  # type: ignore[attr-defined]
        futures._chain_future = self._chain  # type: ignore[attr-defined]
        self._originals["process"] = BaseSubprocessTransport.__init__
        BaseSubprocessTransport.__init__ = self._process_started  # type: ignore[method-assign]

    def stop(self) -> None:
        """Give the loops their own time back; timers that are still waiting keep what they have left to wait."""
        if self._clock is None:
            return
        ahead = self._time() - self._outer_time() if len(self._loops) else 0.0
        self._clock = None
        loop_class: Any = asyncio.BaseEventLoop
        for name, replacement in self._replacements.items():
            if getattr(loop_class, name) is replacement:
                setattr(loop_class, name, self._originals[name])
        if futures._chain_future is self._chain:  # type: ignore[attr-defined]
            futures._chain_future = self._originals["chain"]  # type: ignore[attr-defined]
        if BaseSubprocessTransport.__init__ is self._process_started:
            BaseSubprocessTransport.__init__ = self._originals["process"]  # type: ignore[method-assign]
        for loop in list(self._loops) if len(self._loops) else ():
            if isinstance(loop._selector, JumpingSelector):
                loop._selector.restore()
            _shift_timers(loop, -ahead)
        self._loops.clear()

    def jumps(self, loop: Any) -> bool:
        """Whether this loop's timers jump here and now: not when its time is somebody else's."""
        own = (self._replacements["time"], self._originals.get("time"))
        return self._clock is not None and self._applies() and type(loop).time in own

    def has_process(self, loop: Any) -> bool:
        """Whether a process that the loop has started is running."""
        return any(process._loop is loop and process.get_returncode() is None for process in self._processes)

    def _time(self) -> float:
        """The loops' time: it goes on where it was, with the clock while that is frozen, else as time really passes.

        Whoever freezes time, or ends that, may make the clock jump by years; for timers nothing has passed.
        """
        assert self._clock is not None  # noqa: S101  only called between start and stop
        source = freezer()
        now = round(freezegun_api.real_monotonic() * 1_000_000) if source is None else self._clock.microseconds()
        if source is not self._source:
            self._source, self._base, self._since = source, self._last, now
        self._last = self._base + (now - self._since) / 1_000_000
        return self._last

    def _take(self, loop: Any) -> JumpingSelector:
        """The loop's selector, which jumps from now on."""
        if not isinstance(loop._selector, JumpingSelector):
            loop._selector = JumpingSelector(loop._selector, loop, self)
            self._loops.add(loop)
        selector: JumpingSelector = loop._selector
        return selector

    def _loop_time(self) -> Any:
        def loop_time(loop: Any) -> float:
            if self._clock is None:
                return self._originals["time"](loop)  # type: ignore[no-any-return]
            return self._time() if self._own_thread() else freezegun_api.real_monotonic()

        return loop_time

    def _own_thread(self) -> bool:
        return threading.get_ident() == self._thread

    def _run_once(self) -> Any:
        def run_once(loop: Any) -> None:
            if self._clock is not None and self._applies():
                self._take(loop)
            self._originals["_run_once"](loop)

        return run_once

    def _shutdown_default_executor(self) -> Any:
        async def shutdown_default_executor(loop: Any, *args: Any, **kwargs: Any) -> Any:
            original = self._originals["shutdown_default_executor"]
            if self._clock is None or not self._applies():
                return await original(loop, *args, **kwargs)
            selector = self._take(loop)
            selector.working += 1  # a thread is to tell when the workers are gone
            try:
                return await original(loop, *args, **kwargs)
            finally:
                selector.working -= 1

        return shutdown_default_executor

    def _chain_future(self) -> Any:
        def chain_future(source: Any, destination: Any) -> None:
            """What executors and threads work at for a loop arrives through here."""
            if self._clock is not None and self._applies() and futures.isfuture(destination):
                selector = self._take(destination.get_loop())
                selector.working += 1

                def done(_: object) -> None:
                    selector.working -= 1

                destination.add_done_callback(done)
            self._originals["chain"](source, destination)

        return chain_future

    def _process_init(self) -> Any:
        def begin(transport: Any, *args: Any, **kwargs: Any) -> None:
            self._processes.add(transport)
            self._originals["process"](transport, *args, **kwargs)

        return begin


_NOBODY = object()


def _is_busy(executor: Any) -> bool:
    """Whether a loop's own executor is at work, also for what it was given before the mock began."""
    threads, idle = getattr(executor, "_threads", ()), getattr(executor, "_idle_semaphore", None)
    return idle is not None and (len(threads) > idle._value or executor._work_queue.qsize() > 0)


def _shift_timers(loop: Any, seconds: float) -> None:
    """Let the timers of a loop count by another clock, which differs by ``seconds``."""
    for handle in getattr(loop, "_scheduled", ()):
        handle._when += seconds


def _microseconds(timeout: float) -> int:
    """The span of a timer in whole microseconds; what is lost is within :data:`RESOLUTION`."""
    return max(1, round(timeout * 1_000_000))


_FEW = 20
_ASYNCIO = str(Path(asyncio.__file__).parent)


def _awaiting_line(loop: Any) -> str:
    """The line that awaits a timer: that of a task of the loop (of a loop with many tasks, just the loop)."""
    tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
    lines = [line for task in tasks if (line := _suspended_at(task.get_coro()))] if len(tasks) <= _FEW else []
    return " or ".join(sorted(set(lines))) or f"a timer of {loop!r}"


def _suspended_at(awaited: Any) -> str | None:
    """The innermost line outside of asyncio at which a coroutine is suspended."""
    line = None
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None and not frame.f_code.co_filename.startswith(_ASYNCIO):
            line = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return line

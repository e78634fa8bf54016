"""Event loops whose timers jump: when a loop would wait for its next timer, the clock moves there instead.

The idea is that of trio's MockClock and its autojump; it is applied to the selector of asyncio's own loops, so that
every timer takes part: ``asyncio.sleep`` under any name, ``wait_for``, ``timeout``, ``call_later``.

What is patched (all of it is there since Python 3.10, the oldest that is supported):

======================================================  ==============================================================
``BaseEventLoop.time``                                  the loop counts by the mock's clock
``BaseEventLoop._run_once``                             a loop that runs gets the selector that jumps
``BaseEventLoop.shutdown_default_executor``             workers that end are waited for in real time
``futures._chain_future``                               the results of executors are waited for in real time
``BaseSubprocessTransport.__init__``                    processes are waited for in real time
``BaseEventLoop._selector``, ``_clock_resolution``      of each loop that has run: replaced, and restored at the end
``BaseEventLoop._scheduled``, ``TimerHandle._when``     timers that outlive the mock count by the loop's own time again
======================================================  ==============================================================
"""

from __future__ import annotations

import asyncio
import threading
import time
from asyncio import futures
from asyncio.base_subprocess import BaseSubprocessTransport
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from freezegun import api as freezegun_api

from .clock import freezer
from .selector import JumpingSelector

if TYPE_CHECKING:
    from .clock import Clock


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


def _shift_timers(loop: Any, seconds: float) -> None:
    """Let the timers of a loop count by another clock, which differs by ``seconds``."""
    for handle in getattr(loop, "_scheduled", ()):
        handle._when += seconds

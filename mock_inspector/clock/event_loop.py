"""Event loops wait for the mock's clock: a loop that has nothing to do until its next timer waits for that moment.

It is applied to the selector of asyncio's own loops, so that every timer takes part: ``asyncio.sleep`` under any name,
``wait_for``, ``timeout``, ``call_later``.

What is patched, here and in :mod:`.selector` (all of it is there since Python 3.10, the oldest that is supported):

======================================================  ==============================================================
``BaseEventLoop.time``                                  the loop counts by the mock's clock
``BaseEventLoop._run_once``                             a loop that runs gets a selector that waits for the clock
``BaseSubprocessTransport.__init__``                    processes are waited for in real time
``BaseEventLoop._selector``, ``_clock_resolution``      of each loop that has run: replaced, and restored at the end
``TimerHandle._when``                                   timers that outlive the mock count by the loop's own time again
``SelectorEventLoop.time``, ``ProactorEventLoop.time``  deleted at the start, where freezegun has left it
======================================================  ==============================================================

What is only read:

======================================================  ==============================================================
``BaseEventLoop._ready``, ``_stopping``                 tell whether a loop is about to wait
``BaseEventLoop._scheduled``                            the timers
``BaseEventLoop._ssock``                                the socket by which other threads wake the loop
``BaseEventLoop._signal_handlers``                      whether a signal may wake the loop
``BaseSubprocessTransport._loop``                       whether a process may write to the loop
======================================================  ==============================================================
"""

from __future__ import annotations

import asyncio
import time
from asyncio.base_subprocess import BaseSubprocessTransport
from collections.abc import Callable, Iterable
from selectors import BaseSelector
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from freezegun import api as freezegun_api

from ..attribute_patch import AttributePatch
from .awaiting import awaiting_line
from .real_waits import MIN_REAL_WAIT_SECONDS
from .selector import WaitingSelector
from .steady_time import SteadyTime

if TYPE_CHECKING:
    from .clock import Clock
    from .waiting import Waiting


_Timer = tuple[Any, float]
"""A timer of a loop, and the moment at which it is due."""


class LoopPatch:
    """Gives asyncio's loops a time of their own, that of the mock's clock, and lets them wait for it."""

    def __init__(self) -> None:
        loop_class = asyncio.BaseEventLoop
        self._patches = (
            AttributePatch(loop_class, "time", self._loop_time),
            AttributePatch(loop_class, "_run_once", self._run_once),
            AttributePatch(BaseSubprocessTransport, "__init__", self._process_init),
        )
        self._loops: WeakSet[Any] = WeakSet()
        self._processes: WeakSet[Any] = WeakSet()
        self._outer_time: Callable[[], float] = freezegun_api.real_monotonic
        self._time: SteadyTime | None = None
        self._waiting: Waiting | None = None
        self._timers: list[_Timer] | None = None
        """The timers of the loops as they have to be after the end; None until that is known."""

    def start(self, waiting: Waiting, clock: Clock, *, followed: bool) -> None:
        """Let loops wait for ``clock``; ``followed`` tells whether somebody else has frozen time."""
        self._waiting, self._time = waiting, SteadyTime(clock)
        # The time that loops have outside: the real one, or that of whoever froze it before. Their own starts with the
        # real one: counted from 1970, as freezegun's, it would have no room for what tells whether a timer is due.
        self._outer_time = time.monotonic if followed else freezegun_api.real_monotonic
        running = asyncio._get_running_loop()
        if running is not None and followed and waiting.enabled:
            self._loops.add(running)
            _set_timers(_shifted_timers(running, self._time.seconds() - self._outer_time()))
        for loop_class in _LOOP_CLASSES:
            # freezegun leaves it there after freeze_time(real_asyncio=True).
            if vars(loop_class).get("time") is asyncio.BaseEventLoop.time:
                del loop_class.time
        for patch in self._patches:
            patch.install()

    def stop(self) -> None:
        """Give the loops their own time back; timers that are still waiting keep what they have left to wait."""
        if len(self._loops):  # iterating over an empty WeakSet is slow
            self._find_final_timers()
        self._waiting = None
        for patch in self._patches:
            patch.uninstall()
        if len(self._loops):
            for loop in list(self._loops):
                if isinstance(loop._selector, WaitingSelector):
                    loop._selector.restore()
            _set_timers(self._timers or ())
            self._loops.clear()
        self._time = self._timers = None

    def _find_final_timers(self) -> None:
        """Find out what the timers of the loops have to be after the end."""
        if self._time is not None and self._timers is None:
            ahead = self._time.seconds() - self._outer_time()
            self._timers = [timer for loop in list(self._loops) for timer in _shifted_timers(loop, -ahead)]

    def _reason_to_wait(self, loop: Any) -> str | None:
        """Why a loop runs in real time, or None when it waits for the mock's clock."""
        if self._waiting is not None and not self._waiting.enabled:
            return self._waiting.reason_to_wait(None)
        if type(loop).time is not asyncio.BaseEventLoop.time:
            return f"{type(loop).__name__} has a time of its own"
        if not isinstance(getattr(loop, "_selector", None), (BaseSelector, WaitingSelector)):
            return f"{type(loop).__name__} has a selector of its own"
        if getattr(loop, "_ssock", None) is None:
            return f"{type(loop).__name__} has no socket by which other threads wake it"
        return None

    def _loop_time(self, original: Any) -> Any:
        def loop_time(loop: Any) -> float:
            if self._time is None:
                return original(loop)  # type: ignore[no-any-return]
            return self._time.seconds() if self._reason_to_wait(loop) is None else freezegun_api.real_monotonic()

        return loop_time

    def _run_once(self, original: Any) -> Any:
        def run_once(loop: Any) -> None:
            waiting, begun = self._waiting, freezegun_api.real_monotonic()
            reason = None if waiting is None else self._reason_to_wait(loop)
            if waiting is not None and reason is None:
                if not isinstance(loop._selector, WaitingSelector):
                    loop._selector = WaitingSelector(loop._selector, loop, self._processes)
                    self._loops.add(loop)
                loop._selector.waiting = waiting
            waits = not loop._ready and not loop._stopping  # else it only looks whether something has come
            original(loop)
            seconds = freezegun_api.real_monotonic() - begun
            if waiting is not None and reason is not None and waits and seconds >= MIN_REAL_WAIT_SECONDS:
                waiting.real_waits.add(awaiting_line(loop), reason, seconds)

        return run_once

    def _process_init(self, original: Any) -> Any:
        def begin(transport: Any, *args: Any, **kwargs: Any) -> None:
            self._processes.add(transport)
            original(transport, *args, **kwargs)

        return begin


_LOOP_CLASSES: list[Any] = [
    getattr(asyncio, name) for name in ("SelectorEventLoop", "ProactorEventLoop") if hasattr(asyncio, name)
]


def _shifted_timers(loop: Any, seconds: float) -> list[_Timer]:
    """The timers of a loop by another clock, which differs by ``seconds``."""
    return [(handle, handle._when + seconds) for handle in getattr(loop, "_scheduled", ())]


def _set_timers(timers: Iterable[_Timer]) -> None:
    for handle, when in timers:
        handle._when = when

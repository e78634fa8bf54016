"""What the process has only once: the patches that let everything that waits call :class:`.Waiting`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..undo import run_all
from .blocking_calls import BlockingCallsPatch
from .clock import is_frozen_by_time_machine
from .event_loop import LoopPatch
from .select_calls import SelectCallsPatch
from .sleep import SleepPatch
from .steady_time import SteadyFunctionsPatch

if TYPE_CHECKING:
    from .clock import Clock
    from .waiting import Waiting

_sleep = SleepPatch()
_blocking_calls = BlockingCallsPatch()
_select_calls = SelectCallsPatch()
_loops = LoopPatch()
_steady_functions = SteadyFunctionsPatch()
_waiting: Waiting | None = None


def start_waiting(waiting: Waiting, clock: Clock, *, followed: bool) -> None:
    """Let everything that waits do so as ``waiting`` says; ``followed`` tells whether somebody else has frozen time."""
    global _waiting  # noqa: PLW0603  one mock for the process
    _waiting = waiting
    _sleep.start(waiting)
    _blocking_calls.start(waiting)
    _select_calls.start(waiting)
    _loops.start(waiting, clock, followed=followed)
    if waiting.enabled and is_frozen_by_time_machine():
        _steady_functions.start(clock)


def stop_waiting() -> None:
    """Undo the patches, and let those who still wait go on in real time."""
    global _waiting  # noqa: PLW0603
    steps = (_steady_functions.stop, _loops.stop, _select_calls.stop, _blocking_calls.stop, _sleep.stop)
    run_all(steps if _waiting is None else (*steps, _waiting.end))
    _waiting = None


def sleep_by_clock(seconds: float) -> None:
    """Wait for the moment of the mock's clock in ``seconds``; at once where nothing waits for the clock."""
    if _waiting is not None and _waiting.reason_to_wait(None) is None:
        _sleep.sleep_until_turn(_waiting, seconds, None)


real_sleep: Callable[[float], None] = _sleep.real_sleep
"""Sleeps for real, whatever ``time.sleep`` does."""


def _begin_in_child() -> None:
    if _waiting is not None:
        _waiting.begin_in_child()
        _blocking_calls.begin_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)

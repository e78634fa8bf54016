"""``time.sleep`` waits for the mock's clock, wherever it is held and by whatever name."""

from __future__ import annotations

import operator
import sys
import threading
import time
from types import BuiltinFunctionType, FrameType
from typing import TYPE_CHECKING, Any

from .builtin_patch import FunctionPatch, can_patch
from .mutex import real_acquire, real_release
from .wait import POLL_INTERVAL_SECONDS
from .waiting import RESOLUTION_SECONDS

if TYPE_CHECKING:
    from .waiting import Waiting


class SleepPatch:
    """Replaces what the built-in ``time.sleep`` does.

    Who has put something else in its place (``monkeypatch.setattr(time, "sleep", ...)``) is not disturbed.
    """

    def __init__(self) -> None:
        self._waiting: Waiting | None = None
        sleep = time.sleep
        self._patch = FunctionPatch(sleep, self._sleep) if can_patch() and type(sleep) is BuiltinFunctionType else None
        self.real_sleep: Any = sleep if self._patch is None else self._patch.original

    def start(self, waiting: Waiting) -> None:
        """Let sleeping wait for the clock, as ``waiting`` says."""
        self._waiting = waiting
        if self._patch is not None:
            self._patch.install()

    def stop(self) -> None:
        """Let sleeping take real time again."""
        self._waiting = None
        if self._patch is not None:
            self._patch.uninstall()

    def _sleep(self, seconds: Any, /) -> None:
        span = _span(seconds)
        if self._waiting is None or span is None:
            self.real_sleep(seconds)
        else:
            self.sleep_until_turn(self._waiting, span, sys._getframe(1))

    def sleep_until_turn(self, waiting: Waiting, seconds: float, frame: FrameType | None) -> None:
        """Sleep, at ``frame``, as ``waiting`` says."""
        alarm = threading.Lock()
        real_acquire(alarm)

        def attempt(timeout: float | None) -> None:
            if timeout == POLL_INTERVAL_SECONDS:
                real_acquire(alarm, True, timeout)
            else:
                self.real_sleep(timeout)

        at_least = max(seconds, RESOLUTION_SECONDS) if seconds else 0.0
        waiting.wait(attempt, frame, seconds=at_least, wake=lambda: real_release(alarm))


_MAX_SLEEP_SECONDS = 2**63 / 1_000_000_000
"""The longest that Python can sleep."""


def _span(seconds: Any) -> float | None:
    """What Python's own ``sleep`` would sleep, or None for what it refuses: that is left to it."""
    if not isinstance(seconds, (int, float)):
        try:
            seconds = operator.index(seconds)
        except TypeError:
            return None
    return float(seconds) if 0 <= seconds < _MAX_SLEEP_SECONDS else None

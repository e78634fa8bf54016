"""A time that only goes forward, by which spans are counted.

Event loops count by it, and ``time.monotonic`` and ``time.perf_counter`` where time-machine freezes: it leaves them real.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import BuiltinFunctionType, FrameType
from typing import TYPE_CHECKING, Any

from freezegun import api as freezegun_api

from .builtin_patch import FunctionPatch, can_patch
from .callers import is_test_runner, module_of
from .clock import freezer
from .real_time import keeps_real_time

if TYPE_CHECKING:
    from .clock import Clock

_NOBODY = object()
_PACKAGE = __name__.partition(".")[0]


class SteadyTime:
    """Begins with the real time, and goes on with the clock while that is frozen, else as time really passes.

    Whoever freezes time, or ends that, may make the clock jump by years; for what counts spans nothing has passed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._source: object = _NOBODY
        self._last = self._base = freezegun_api.real_monotonic()
        self._since = 0

    def seconds(self) -> float:
        """The time now."""
        source = freezer()
        now = round(freezegun_api.real_monotonic() * 1_000_000) if source is None else self._clock.microseconds()
        if source is not self._source:
            self._source, self._base, self._since = source, self._last, now
        self._last = self._base + (now - self._since) / 1_000_000
        return self._last


class SteadyFunctionsPatch:
    """Lets Python's functions that count spans follow the clock."""

    def __init__(self) -> None:
        self._time: SteadyTime | None = None
        functions = [getattr(time, name) for name in ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")]
        self._patches: list[FunctionPatch] = []
        if can_patch() and all(type(function) is BuiltinFunctionType for function in functions):
            self._patches = [FunctionPatch(function, self._follow(index)) for index, function in enumerate(functions)]
        self._begun: list[Any] = []
        self._begun_seconds = 0.0

    def start(self, clock: Clock) -> None:
        """Let them follow ``clock``."""
        self._time = SteadyTime(clock)
        self._begun_seconds = self._time.seconds()
        self._begun = [patch.original() for patch in self._patches]
        for patch in self._patches:
            patch.install()

    def stop(self) -> None:
        """Let them be real again."""
        if self._time is not None:
            for patch in self._patches:
                patch.uninstall()
            self._time = None

    def _follow(self, index: int) -> Callable[[], Any]:
        def follow() -> Any:
            # One frame is that of the patch itself.
            if self._time is None or _counts_real_time(sys._getframe(1).f_back):
                return self._patches[index].original()
            passed = self._time.seconds() - self._begun_seconds
            begun = self._begun[index]
            return begun + (round(passed * 1_000_000_000) if isinstance(begun, int) else passed)

        return follow


def _counts_real_time(frame: FrameType | None) -> bool:
    module = "" if frame is None else module_of(frame)
    return keeps_real_time(module) or is_test_runner(module) or module.partition(".")[0] == _PACKAGE

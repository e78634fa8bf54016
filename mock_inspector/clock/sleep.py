"""``time.sleep`` moves the clock, also under the names that modules have bound it to."""

from __future__ import annotations

import operator
import sys
import time
import weakref
from collections.abc import Callable
from types import BuiltinFunctionType, ModuleType
from typing import Any

_REAL = (time.sleep,)  # in a tuple, where no scan for module attributes finds it

WAIT_FOR_REAL = frozenset(
    {"asyncio", "concurrent", "multiprocessing", "selectors", "socketserver", "subprocess", "threading"}
)
"""Modules of the standard library that sleep while they wait for the real world: for them time must really pass."""


class SleepPatch:
    """Replaces ``time.sleep`` in every module that has it, in the way freezegun replaces ``time.time``.

    Which modules have it is kept from one mock to the next: only modules that came since are looked through.
    """

    def __init__(self) -> None:
        self._known: dict[str, Callable[[], Any]] = {}
        self._last: tuple[int, Callable[[], Any]] = (0, lambda: None)
        self._spots: list[tuple[ModuleType, str]] = []
        self._patched: list[tuple[ModuleType, str]] = []
        self._move: Callable[[float, str], None] | None = None
        self._applies: Callable[[], bool] = lambda: False

        def sleep(seconds: Any, /) -> None:
            move = self._move
            span = _span(seconds)
            if move is None or span is None or not self._applies():
                return _REAL[0](seconds)
            caller = sys._getframe(1)
            if caller.f_globals.get("__name__", "").partition(".")[0] in WAIT_FOR_REAL:
                return _REAL[0](seconds)
            return move(span, f"{caller.f_code.co_filename}:{caller.f_lineno}")

        self._sleep = sleep

    def start(self, move: Callable[[float, str], None], applies: Callable[[], bool]) -> None:
        """Let sleeping call ``move`` (seconds, the line that slept) where it ``applies``."""
        if not isinstance(_REAL[0], BuiltinFunctionType) or time.sleep not in (_REAL[0], self._sleep):
            return  # somebody else has replaced sleeping: their way of it holds
        self._move, self._applies = move, applies
        self._look_through_new_modules(_REAL[0])
        for module, name in self._spots:
            if vars(module).get(name) is _REAL[0]:
                setattr(module, name, self._sleep)
                self._patched.append((module, name))

    def stop(self) -> None:
        """Put the real ``sleep`` back everywhere, in modules imported meanwhile as well."""
        if self._move is None:
            return
        self._move = None
        self._look_through_new_modules(self._sleep)
        for module, name in (*self._patched, *self._spots):
            if vars(module).get(name) is self._sleep:
                setattr(module, name, _REAL[0])
        self._patched.clear()

    def _look_through_new_modules(self, wanted: object) -> None:
        """Find the names of ``wanted`` in modules that were not there the last time."""
        modules: dict[str, Any] = sys.modules  # anything may be put there
        count, newest = len(modules), modules[next(reversed(modules))]
        if self._last[0] == count and self._last[1]() is newest:
            return
        for key, module in list(modules.items()):
            known = self._known.get(key)
            if not isinstance(module, ModuleType) or (known is not None and known() is module):
                continue
            self._known[key] = _reference(module)
            self._spots += [(module, name) for name, value in list(vars(module).items()) if value is wanted]
        self._last = (count, _reference(newest))


def _reference(module: Any) -> Callable[[], Any]:
    """The module, held weakly where it can be: some that extension modules put there cannot."""
    try:
        return weakref.ref(module)
    except TypeError:
        return lambda: module


_LONGEST = 2**63 / 1_000_000_000
"""Seconds that Python can sleep."""


def _span(seconds: Any) -> float | None:
    """What Python's own ``sleep`` would sleep, or None for what it refuses: that is left to it."""
    if not isinstance(seconds, (int, float)):
        try:
            seconds = operator.index(seconds)
        except TypeError:
            return None
    return float(seconds) if 0 <= seconds < _LONGEST else None

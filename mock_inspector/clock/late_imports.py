"""Modules that are imported while time is frozen: they are executed as if they had been imported before.

The thread that imports sees the real time, and finds the real classes and functions in all modules; other threads go
on with the frozen ones. To that end the modules that hold fakes get another class while the import lasts. When the
outermost import of the thread has ended, the names in the modules that it brought are replaced like those of others.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from types import ModuleType
from typing import Any

from freezegun import api

from .import_hook import around_imports
from .real_time import is_importing, set_importing
from .time_names import REAL, TimeNames


class _RealTimeView(ModuleType):
    """A module that holds fakes, while somebody imports: it gives that thread the real ones."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return REAL.get(id(value), value) if is_importing() else value


class LateImports:
    """Gives imports the real time from :meth:`start` to :meth:`stop`."""

    def __init__(self, names: TimeNames, replace: Callable[[ModuleType], None]) -> None:
        """``names`` are those in all modules. ``replace`` puts fakes into a module that was executed."""
        self._names, self._replace = names, replace
        self._executed: dict[int, list[ModuleType]] = {}
        self._viewed: list[ModuleType] = []
        self._lock = RLock()
        self._cancel: Callable[[], None] | None = None

    def start(self) -> None:
        """Execute modules in real time from now on."""
        self._cancel = around_imports(self._around)

    def stop(self) -> None:
        """Leave imports alone."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        with self._lock:
            self._hide()

    @contextmanager
    def _around(self, module: ModuleType | None) -> Iterator[None]:
        executed = self._executed.get(get_ident())
        outermost = executed is None
        if executed is None:
            if not api.freeze_factories:
                yield
                return
            executed = self._begin()
        try:
            yield
        finally:
            if module is not None:
                executed.append(module)
            if outermost:
                self._end(executed)

    def _begin(self) -> list[ModuleType]:
        with self._lock:
            if not self._executed:
                self._show()
            set_importing(api.freeze_factories[-1])
            return self._executed.setdefault(get_ident(), [])

    def _end(self, executed: list[ModuleType]) -> None:
        if api.freeze_factories and self._cancel is not None:
            for module in executed:
                self._replace(module)
        with self._lock:
            set_importing(None)
            del self._executed[get_ident()]
            if not self._executed:
                self._hide()

    def _show(self) -> None:
        """Let the modules that hold fakes show real ones to threads that import."""
        self._names.update()
        self._viewed = [datetime, time, *(holder.module for holder in self._names.holders)]
        for module in self._viewed:
            if type(module) is ModuleType:
                module.__class__ = _RealTimeView

    def _hide(self) -> None:
        for module in self._viewed:
            if type(module) is _RealTimeView:
                module.__class__ = ModuleType  # type: ignore[assignment]
        self._viewed = []

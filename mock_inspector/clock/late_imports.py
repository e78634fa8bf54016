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
from threading import get_ident
from types import ModuleType
from typing import Any

from freezegun import api

from ..undo import run_all
from .import_hook import start_hook, stop_hook
from .mutex import Mutex
from .real_time import is_importing, set_importing
from .time_names import REAL, TimeNames, stands_for_real

_lock = Mutex()
"""Held while the classes of modules change: they are the process's, not those of one object here."""


class _RealTimeView(ModuleType):
    """A module that holds fakes, while somebody imports: it gives that thread the real ones."""

    def __getattribute__(self, name: str) -> Any:
        # Not by super(): another thread may give the module its own class back right now.
        value = ModuleType.__getattribute__(self, name)
        return REAL[id(value)] if is_importing() and stands_for_real(name, value) else value


class LateImports:
    """Gives imports the real time from :meth:`start` to :meth:`stop`."""

    def __init__(self, names: TimeNames, replace: Callable[[ModuleType], bool]) -> None:
        """``names`` are those in all modules. ``replace`` puts fakes into a module that was executed, if it has to."""
        self._names, self._replace = names, replace
        self._executed: dict[int, list[ModuleType]] = {}
        self._holders: list[ModuleType] = []
        self._is_active = False

    def start(self) -> None:
        """Execute modules in real time from now on."""
        self._is_active = True
        start_hook(self._around)

    def stop(self) -> None:
        """Leave imports alone. No module gets fakes after this."""
        with _lock:
            self._is_active = False
            run_all((stop_hook, self._hide))

    @contextmanager
    def _around(self, module: ModuleType | None) -> Iterator[None]:
        executed = self._executed.get(get_ident())
        outermost = executed is None
        if executed is None:
            innermost_freeze = api.freeze_factories[-1:]
            if not innermost_freeze:
                yield
                return
            executed = self._begin(innermost_freeze[0])
        try:
            yield
        finally:
            if module is not None:
                executed.append(module)
            if outermost:
                self._end(executed)

    def _begin(self, innermost_freeze: object) -> list[ModuleType]:
        with _lock:
            if not self._executed:
                self._show()
            set_importing(innermost_freeze)
            return self._executed.setdefault(get_ident(), [])

    def _end(self, executed: list[ModuleType]) -> None:
        with _lock:
            if api.freeze_factories and self._is_active:
                self._holders += [module for module in executed if self._replace(module)]
            set_importing(None)
            del self._executed[get_ident()]
            if not self._executed:
                self._hide()

    def _show(self) -> None:
        """Let the modules that hold fakes show real ones to threads that import."""
        if not self._holders:
            self._names.update()
            self._holders = [datetime, time, *(holder.module for holder in self._names.holders)]
        for module in self._holders:
            if type(module) is ModuleType:
                module.__class__ = _RealTimeView

    def _hide(self) -> None:
        for module in self._holders:
            if type(module) is _RealTimeView:
                module.__class__ = ModuleType  # type: ignore[assignment]

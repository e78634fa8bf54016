"""How a mock freezes time: by freezegun, or by time-machine where that is asked for.

freezegun stays what freezes: its fake classes, its stacks of freezes, its ignore lists. Only the walk through all
modules is the mock's own. freezegun's looks at every attribute of every module each time, lazy ones included;
:class:`~mock_inspector.clock.time_names.TimeNames` keeps the names from one mock to the next.

Private parts of freezegun that the package uses. All of them are in 1.5.0, the oldest allowed:

==================================  ====================================================================================
part                                why
==================================  ====================================================================================
``api.freeze_factories``            the freezes under way, the innermost last: the clock reads and moves it, and a freeze
                                    that has not ended with the mock is found there
``api.ignore_lists``                the ignore list of each freeze; read by who sees the real time
``api.tz_offsets``                  the UTC offset of each freeze; the clock reads it
``freeze_time().ignore``            set to the empty prefix around ``start`` and ``stop``, so that freezegun skips all
                                    modules in its own walk, but does the rest (``datetime``, ``time``, ``uuid``, pickling)
``api.FakeDatetime``, ``FakeDate``, what names hold while time is frozen (``time_names.py``)
``api.fake_time`` and the like
``api.real_datetime``, ``real_date``, what they stand for
``real_time`` and the like
``api._should_use_real_time``       replaced: who sees the real time (``real_time.py``)
``api.get_current_time``            replaced: a thread that imports sees the real time (``real_time.py``)
``api.call_stack_inspection_limit`` read by that rule
``api.FakeDatetime``, ``FakeDate``  given a method that pydantic looks for (``real_types.py``)
==================================  ====================================================================================

Of time-machine, ``traveller_stack`` is read.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any, Literal

from freezegun import api

from .late_imports import LateImports
from .real_time import REAL_TIME_PACKAGES, RealTimeRules, is_ignored
from .real_types import RealTypes
from .time_names import FAKE, REAL, TimeNames, namespace_of, time_names

Freezer = Literal["freezegun", "time-machine"]

_names = TimeNames()
_rules = RealTimeRules()
_types = RealTypes()


class Freeze:
    """What a mock does to the process's time, from its making to :meth:`stop`.

    It freezes time at ``moment``, or leaves it as it is when ``by`` is None. Either way, while freezegun has frozen
    time (an outer or an inner ``freeze_time``, too), late imports work, and all threads see the same time.
    """

    def __init__(self, by: Freezer | None = None, moment: datetime.datetime | None = None) -> None:
        self._replaced: list[tuple[dict[str, Any], str]] | None = None
        with ExitStack() as undo:
            _rules.install()
            undo.callback(_rules.uninstall)
            imports = LateImports(_names, self._replace)
            imports.start()
            undo.callback(imports.stop)
            _types.install()
            undo.callback(_types.uninstall)
            if by == "freezegun":
                self._start_freezegun(moment, undo)
            elif by == "time-machine":
                _start_time_machine(moment, undo)
            self._undo = undo.pop_all()

    def stop(self) -> None:
        """End the freeze, and restore everything.

        RuntimeError, when that is done, for a freeze that was begun inside the mock and has not ended.
        """
        self._undo.close()

    def _start_freezegun(self, moment: datetime.datetime | None, undo: ExitStack) -> None:
        freezer: Any = api.freeze_time(moment, ignore=list(REAL_TIME_PACKAGES))
        ignore_list, freezer.ignore = freezer.ignore, ("",)
        factory = freezer.start()
        self._replaced = []
        undo.callback(self._stop_freezegun, freezer, factory)
        api.ignore_lists[-1] = ignore_list
        _names.update()
        for holder in _names.holders:
            if not is_ignored(holder.key, ignore_list):
                self._put_fakes(holder.namespace, holder.names)

    def _stop_freezegun(self, freezer: Any, factory: object) -> None:
        try:
            _stop_freezes(factory, api.freeze_factories, freezer.stop)
        finally:
            replaced, self._replaced = self._replaced or [], None
            for namespace, name in replaced:
                _put_real(namespace, name)
            _names.update()
            for holder in _names.holders:  # names that were bound to fakes meanwhile
                for name in holder.names:
                    _put_real(holder.namespace, name)

    def _replace(self, module: ModuleType) -> None:
        """Put fakes into a module that was executed while time is frozen."""
        namespace = namespace_of(module)
        if not is_ignored(str(namespace.get("__name__")), api.ignore_lists[-1]):
            self._put_fakes(namespace, time_names(namespace))

    def _put_fakes(self, namespace: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in names:
            fake = FAKE.get(id(namespace.get(name)))
            if fake is not None:
                namespace[name] = fake
                if self._replaced is not None:
                    self._replaced.append((namespace, name))


def _put_real(namespace: dict[str, Any], name: str) -> None:
    real = REAL.get(id(namespace.get(name)))
    if real is not None:
        namespace[name] = real


def _start_time_machine(moment: datetime.datetime | None, undo: ExitStack) -> None:
    import time_machine

    travel = time_machine.travel(moment, tick=False)
    undo.callback(_stop_freezes, travel.start(), time_machine.traveller_stack, travel.stop)


def _stop_freezes(own: object, stack: list[Any], stop: Callable[[], None]) -> None:
    """End the own freeze, and those inside of it. ``stop`` ends the innermost, whoever began it.

    RuntimeError, when that is done, unless the own freeze was the innermost.
    """
    problem = None
    if own not in stack:
        problem = (
            "The freeze of mock_inspector was ended inside of it: something was stopped that was not started there."
        )
    while own in stack:
        if stack[-1] is not own:
            problem = (
                f"{_describe(stack[-1])} was begun inside mock_inspector, and had not ended when that ended. Both have ended "
                "now. End it inside (a `with` statement does), or begin it before the mock."
            )
        stop()
    if problem is not None:
        raise RuntimeError(problem)


def _describe(freeze: Any) -> str:
    """A freeze of freezegun or a travel of time-machine, as messages show it."""
    if hasattr(freeze, "time_to_freeze"):
        return f"The freeze_time that stands at {freeze.time_to_freeze.isoformat()}"
    seconds = freeze.time_ns() / 1_000_000_000
    return f"The time_machine.travel that stands at {api.real_datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()}"

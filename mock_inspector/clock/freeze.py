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
    time (an outer or an inner ``freeze_time``, too), late imports work, and all threads see the same time, apart from
    event loops where ``loops_keep_real_time``.
    """

    def __init__(
        self,
        by: Freezer | None = None,
        moment: datetime.datetime | None = None,
        *,
        loops_keep_real_time: bool = False,
    ) -> None:
        self._replaced: list[tuple[dict[str, Any], str]] | None = None
        self._nesting: _Nesting | None = None
        self._imports = LateImports(_names, self._replace)
        _rules.install(loops_keep_real_time=loops_keep_real_time)
        _types.install()
        self._imports.start()
        try:
            if by == "freezegun":
                self._start_freezegun(moment)
            elif by == "time-machine":
                self._start_time_machine(moment)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the freeze, and others that were begun inside of it and have not ended, and restore everything."""
        if self._nesting is not None:
            self._nesting.stop()
        self._imports.stop()
        self._restore_names()
        _types.uninstall()
        _rules.uninstall()

    def check(self) -> None:
        """RuntimeError for a freeze that was begun inside of this one, and has not ended or had not when this one did."""
        __tracebackhide__ = True
        problem = self._nesting and self._nesting.problem()
        if problem:
            raise RuntimeError(problem)

    def _start_freezegun(self, moment: datetime.datetime | None) -> None:
        freezer: Any = api.freeze_time(moment, ignore=list(REAL_TIME_PACKAGES))
        ignore_list, freezer.ignore = freezer.ignore, ("",)
        self._nesting = _Nesting(freezer.start(), api.freeze_factories, freezer.stop)
        self._replaced = []
        api.ignore_lists[-1] = ignore_list
        _names.update()
        for holder in _names.holders:
            if not is_ignored(holder.key, ignore_list):
                self._put_fakes(holder.namespace, holder.names)

    def _start_time_machine(self, moment: datetime.datetime | None) -> None:
        import time_machine

        travel = time_machine.travel(moment, tick=False)
        self._nesting = _Nesting(travel.start(), time_machine.traveller_stack, travel.stop)

    def _restore_names(self) -> None:
        if self._replaced is None:
            return
        replaced, self._replaced = self._replaced, None
        for namespace, name in replaced:
            _put_real(namespace, name)
        _names.update()
        for holder in _names.holders:  # names that were bound to fakes meanwhile
            for name in holder.names:
                _put_real(holder.namespace, name)

    def _replace(self, module: ModuleType) -> bool:
        """Put fakes into a module that was executed while time is frozen. Returns whether it holds any."""
        namespace = namespace_of(module)
        names, ignore_lists = time_names(namespace), api.ignore_lists[-1:]
        if not names or not ignore_lists or is_ignored(str(namespace.get("__name__")), ignore_lists[0]):
            return False
        self._put_fakes(namespace, names)
        return True

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


class _Nesting:
    """The mock's freeze on the stack of freezes. ``stop`` ends the innermost of them, whoever began it."""

    def __init__(self, own: object, stack: list[Any], stop: Callable[[], None]) -> None:
        self._own, self._stack, self._stop = own, stack, stop
        self._stopped = False
        self._problem = ""

    def stop(self) -> None:
        """End the own freeze, and those inside of it."""
        self._problem = self.problem()
        self._stopped = True
        while self._own in self._stack:
            self._stop()

    def problem(self) -> str:
        """What is, or was at the end, the matter with the order of freezes. Empty when nothing is."""
        if self._stopped:
            return self._problem
        if self._own not in self._stack:
            return (
                "The freeze of mock_inspector was ended inside of it: a freeze was stopped that had not been started."
            )
        inner = self._stack[self._stack.index(self._own) + 1 :]
        if not inner:
            return ""
        return (
            f"{_describe(inner[0])} was begun inside mock_inspector, and had not ended when the mock did. Both have ended "
            "now. End it inside of the mock, as a with statement does, or begin it before the mock."
        )


def _describe(freeze: Any) -> str:
    """A freeze of freezegun or a travel of time-machine, as messages show it."""
    if hasattr(freeze, "time_to_freeze"):
        return f"The freeze_time that stands at {freeze.time_to_freeze.isoformat()}"
    moment: datetime.datetime = api.real_datetime.fromtimestamp(
        freeze.time_ns() // 1_000_000_000, datetime.timezone.utc
    )
    return f"The time_machine.travel that stands at {moment.isoformat()}"

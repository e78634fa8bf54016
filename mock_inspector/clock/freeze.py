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
``api.tick_flags``,                 made as long as the other stacks where an interrupt came into ``start`` or ``stop``
``freeze_time().modules_at_start``
``api.pickle_fake_datetime``,       put where ``stop`` takes them away
``pickle_fake_date``
``api.FakeDatetime``, ``FakeDate``  given a method that pydantic looks for (``real_types.py``)
==================================  ====================================================================================

Of time-machine, ``traveller_stack`` is read.
"""

from __future__ import annotations

import copyreg
import datetime
import sys
import time
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Literal

from freezegun import api

from ..undo import run_all
from .late_imports import LateImports
from .real_time import REAL_TIME_PACKAGES, RealTimeRules, is_ignored
from .real_types import RealTypes
from .time_names import FAKE, REAL, TimeNames, namespace_of, time_names

Freezer = Literal["freezegun", "time-machine"]

_names = TimeNames()
_rules = RealTimeRules()
_types = RealTypes()


class Freeze:
    """What a mock does to the process's time, from :meth:`start` to :meth:`stop`.

    While freezegun has frozen time (an outer or an inner ``freeze_time``, too), late imports work, and all threads see
    the same time.
    """

    def __init__(self) -> None:
        self._replaced: list[tuple[dict[str, Any], str]] | None = None
        self._nesting: _Nesting | None = None
        self._imports = LateImports(_names, self._replace)

    def start(self, *, loops_keep_real_time: bool = False) -> None:
        """Let freezes of time be as the mock needs them. ``loops_keep_real_time`` tells whether event loops see the real time."""
        _restore_modules_of_time()
        _rules.install(loops_keep_real_time=loops_keep_real_time)
        _types.install()
        self._imports.start()

    def freeze(self, by: Freezer, moment: datetime.datetime) -> None:
        """Freeze time at ``moment``."""
        if by == "freezegun":
            self._start_freezegun(moment)
        else:
            self._start_time_machine(moment)

    def stop(self) -> None:
        """End the freeze, and others that were begun inside of it and have not ended, and restore everything."""
        nesting = () if self._nesting is None else (self._nesting.stop,)
        run_all((*nesting, self._imports.stop, self._restore_names, _types.uninstall, _rules.uninstall))

    def check(self) -> None:
        """RuntimeError for a freeze that was begun inside of this one, and has not ended or had not when this one did."""
        __tracebackhide__ = True
        problem = self._nesting and self._nesting.problem()
        if problem:
            raise RuntimeError(problem)

    def end_inner(self) -> None:
        """End the freezes that were begun inside of this one and have not ended."""
        if self._nesting is not None:
            self._nesting.end_inner()

    def _start_freezegun(self, moment: datetime.datetime) -> None:
        freezer: Any = api.freeze_time(moment, ignore=list(REAL_TIME_PACKAGES))
        ignore_list, freezer.ignore = freezer.ignore, ("",)
        self._nesting = _Nesting(api.freeze_factories, lambda: _stop_freezegun(freezer))
        self._replaced = []
        self._nesting.begin(freezer.start)
        api.ignore_lists[-1] = ignore_list
        _names.update()
        for holder in _names.holders:
            if not is_ignored(holder.key, ignore_list):
                self._put_fakes(holder.namespace, holder.names)

    def _start_time_machine(self, moment: datetime.datetime) -> None:
        import time_machine

        travel = time_machine.travel(moment, tick=False)
        stack: list[Any] = time_machine.traveller_stack
        self._nesting = _Nesting(stack, lambda: travel.stop() if stack else None)
        self._nesting.begin(travel.start)

    def _restore_names(self) -> None:
        if self._replaced is None:
            return
        _put_real(self._replaced)
        _restore_bound_names()  # which were bound to fakes meanwhile
        self._replaced = None

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


def restore_late_names() -> None:
    """Restore what was bound to fakes after the end: ``monkeypatch`` puts back what it has replaced in the mock."""
    if not api.freeze_factories:
        _restore_bound_names()
        _restore_modules_of_time()


def _restore_bound_names() -> None:
    _names.update()
    _put_real((holder.namespace, name) for holder in _names.holders for name in holder.names)


_MODULES_OF_TIME = [
    (namespace_of(module), name) for module in (datetime, time) for name in time_names(namespace_of(module))
]


def _restore_modules_of_time() -> None:
    if not api.freeze_factories:
        _put_real(_MODULES_OF_TIME)


def _put_real(names: Iterable[tuple[dict[str, Any], str]]) -> None:
    for namespace, name in names:
        real = REAL.get(id(namespace.get(name)))
        if real is not None:
            namespace[name] = real


_STACKS: tuple[list[Any], ...] = (api.freeze_factories, api.ignore_lists, api.tick_flags, api.tz_offsets)
_PICKLERS: dict[Any, Any] = {api.real_datetime: api.pickle_fake_datetime, api.real_date: api.pickle_fake_date}


def _stop_freezegun(freezer: Any) -> None:
    """Call freezegun's ``stop``, also where an interrupt came into its ``start``, or into an earlier ``stop``."""
    depth = max(1, *map(len, _STACKS))
    for stack in _STACKS:
        stack.extend([None] * (depth - len(stack)))
    for kind, pickler in _PICKLERS.items():
        copyreg.dispatch_table.setdefault(kind, pickler)
    freezer.modules_at_start = freezer.modules_at_start or set(sys.modules)
    freezer.stop()


class _Nesting:
    """The mock's freeze on the stack of freezes. ``stop`` ends the innermost of them, whoever began it."""

    def __init__(self, stack: list[Any], stop: Callable[[], None]) -> None:
        self._stack, self._stop = stack, stop
        self.own: object = None
        """The mock's freeze; None until it has begun."""
        self._is_changing = True
        """Whether a freeze is being begun or ended: it is done again when an interrupt came in between."""
        self._problem: str | None = None

    def begin(self, start: Callable[[], object]) -> None:
        """Begin the own freeze."""
        self.own = start()
        self._is_changing = False

    def stop(self) -> None:
        """End the own freeze, and those inside of it."""
        if self._problem is None:
            self._problem = self.problem()
        while self._is_changing or self.own in self._stack:
            self._is_changing = True
            self._stop()
            self._is_changing = False

    def end_inner(self) -> None:
        """End the freezes inside of the own one."""
        while self.own in self._stack and self._stack[-1] is not self.own:
            self._stop()

    def problem(self) -> str:
        """What is, or was at the end, the matter with the order of freezes. Empty when nothing is."""
        if self._problem is not None or self.own is None:
            return self._problem or ""
        if self.own not in self._stack:
            return (
                "The freeze of mock_inspector was ended inside of it: a freeze was stopped that had not been started."
            )
        inner = self._stack[self._stack.index(self.own) + 1 :]
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

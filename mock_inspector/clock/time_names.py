"""Under which names the loaded modules hold the functions and classes of time, real ones or freezegun's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from freezegun import api

_FUNCTIONS = (
    "gmtime", "localtime", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "strftime", "time", "time_ns",
)  # fmt: skip
_PAIRS: list[tuple[Any, Any]] = [
    (api.real_datetime, api.FakeDatetime),
    (api.real_date, api.FakeDate),
    *((getattr(api, f"real_{name}"), getattr(api, f"fake_{name}")) for name in _FUNCTIONS),
]

# By id: what modules hold need not be hashable. All of these live as long as the process.
REAL = {id(fake): real for real, fake in _PAIRS}
"""The id of each fake class and function of freezegun, and what it stands for."""
FAKE = {id(real): fake for real, fake in _PAIRS}
"""The id of each real class and function of time, and freezegun's fake."""

_OWN_NAMES = ("datetime", "time", "freezegun.api")
"""Modules whose names freezegun replaces itself, or has to keep."""

# The descriptor reads the dictionary itself. vars() and getattr() may run code of a lazy module.
namespace_of: Callable[[Any], dict[str, Any]] = vars(ModuleType)["__dict__"].__get__
"""The ``__dict__`` of a module, without loading anything lazy."""


def time_names(namespace: dict[str, Any]) -> tuple[str, ...]:
    """The names in a module's ``__dict__`` that hold a function or class of time."""
    return tuple(name for name, value in list(namespace.items()) if id(value) in FAKE or id(value) in REAL)


class TimeNames:
    """The names in all modules, kept for the life of the process: only what is new or has grown is looked through."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[dict[str, Any], int]] = {}
        self._holders: dict[str, tuple[ModuleType, tuple[str, ...]]] = {}

    def update(self) -> list[tuple[ModuleType, tuple[str, ...]]]:
        """Look through modules that are new, that have been replaced, or whose ``__dict__`` has another size.

        Returns those, with the names in them.
        """
        looked_through = []
        modules: list[tuple[str, Any]] = list(sys.modules.items())
        seen = self._seen
        for key, module in modules:
            try:
                namespace = namespace_of(module)
                size = len(namespace)
            except TypeError:  # not a module
                continue
            known = seen.get(key)
            if known is None or known[0] is not namespace or known[1] != size:
                looked_through.append((module, self._add(key, module)))
        if len(seen) > len(modules):
            for key in seen.keys() - sys.modules.keys():
                del seen[key]
                self._holders.pop(key, None)
        return looked_through

    def _add(self, key: str, module: ModuleType) -> tuple[str, ...]:
        """Look through one module, and return its names."""
        namespace = namespace_of(module)
        names = () if key in _OWN_NAMES else time_names(namespace)
        self._seen[key] = (namespace, len(namespace))
        if names:
            self._holders[key] = (module, names)
        else:
            self._holders.pop(key, None)
        return names

    def __iter__(self) -> Iterator[tuple[str, ModuleType, tuple[str, ...]]]:
        """Name, module and the names in it, of those that hold any."""
        for key, (module, names) in list(self._holders.items()):
            yield key, module, names

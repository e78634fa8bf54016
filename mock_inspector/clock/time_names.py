"""Under which names the loaded modules hold the functions and classes of time, real ones or freezegun's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from freezegun import api

from .mutex import Mutex

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

_FAKE_NAMES = {id(fake): fake.__name__ for _, fake in _PAIRS}

_OWN_NAMES = ("datetime", "time", "freezegun.api")
"""Modules whose names freezegun replaces itself, or has to keep."""

# The descriptor reads the dictionary itself. vars() and getattr() may run code of a lazy module.
namespace_of: Callable[[Any], dict[str, Any]] = vars(ModuleType)["__dict__"].__get__
"""The ``__dict__`` of a module, without loading anything lazy."""


def time_names(namespace: dict[str, Any]) -> tuple[str, ...]:
    """The names in a module's ``__dict__`` that hold a function or class of time."""
    return tuple(name for name, value in list(namespace.items()) if id(value) in FAKE or stands_for_real(name, value))


def stands_for_real(name: str, value: Any) -> bool:
    """Whether a name holds a fake because time is frozen. ``FakeDatetime``, say, was imported from freezegun."""
    return id(value) in REAL and name != _FAKE_NAMES[id(value)]


class Seen(NamedTuple):
    """A module that was looked through."""

    key: str
    module: ModuleType
    namespace: dict[str, Any]
    size: int
    names: tuple[str, ...]


class TimeNames:
    """The names in all modules, kept for the life of the process: only what is new or has grown is looked through."""

    def __init__(self) -> None:
        self.holders: list[Seen] = []
        """The modules that hold any of these names."""
        self._entries: list[object] = []
        self._seen: dict[str, Seen] = {}
        self._namespaces: list[dict[str, Any]] = []
        self._sizes: list[int] = []
        self._lock = Mutex()

    def update(self) -> None:
        """Look through modules that are new, that have been replaced, or whose ``__dict__`` has another size."""
        with self._lock:
            # Most often nothing has changed since the last mock. Comparing lists finds that out at little cost.
            if self._entries != list(sys.modules.values()) or self._sizes != list(map(len, self._namespaces)):
                self._look_through(dict(sys.modules))

    def _look_through(self, modules: dict[str, Any]) -> None:
        for key, module in modules.items():
            if not issubclass(type(module), ModuleType):
                continue  # anything may be put there
            namespace = namespace_of(module)
            seen = self._seen.get(key)
            if seen is None or seen.namespace is not namespace or seen.size != len(namespace):
                names = () if key in _OWN_NAMES else time_names(namespace)
                self._seen[key] = Seen(key, module, namespace, len(namespace), names)
        for key in self._seen.keys() - modules.keys():
            del self._seen[key]
        self._entries = list(modules.values())
        self._namespaces = [seen.namespace for seen in self._seen.values()]
        self._sizes = [seen.size for seen in self._seen.values()]
        self.holders = [seen for seen in self._seen.values() if seen.names]

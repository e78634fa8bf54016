"""Calls back when a module was imported.

MERGE: replace this file by ``clock/import_hook.py``. Only ``patches/base.py`` imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def on_import(name: str, callback: Callable[[ModuleType], None]) -> Callable[[], None]:
    """Call ``callback`` with the module once it was executed. Return a function that cancels this."""
    finder = _Finder(name, callback)
    sys.meta_path.insert(0, finder)
    return finder.cancel


class _Finder(MetaPathFinder):
    """Finds nothing itself, but adds the callback to the loader that others find."""

    def __init__(self, name: str, callback: Callable[[ModuleType], None]) -> None:
        self._name, self._callback = name, callback

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:  # noqa: ARG002  the protocol's signature
        if name != self._name:
            return None
        self.cancel()
        spec = find_spec(name)
        loader: Any = None if spec is None else spec.loader
        if loader is None:
            return None
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            execute(module)
            self._callback(module)

        loader.exec_module = exec_module
        return spec

    def cancel(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

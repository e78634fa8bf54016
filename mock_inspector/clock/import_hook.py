"""The one import hook of the package: it tells when modules are executed, and when a module has been imported.

It replaces ``exec_module`` of the import system's own loaders (and of pytest's, which rewrites assertions), and
``create_module`` of the one for extension modules, whose code may run there already. So it sees every way to import:
the statement, ``importlib.import_module``, ``importlib.reload``, lazy loaders, and a loader that is used by hand for a
file. Loaders with an ``exec_module`` of their own are not seen, nor are built-in modules.

Outside of :func:`start_hook` and :func:`stop_hook` nothing is replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib.abc import InspectLoader
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

from ..attribute_patch import AttributePatch

Callback = Callable[[ModuleType], None]
Around = Callable[["ModuleType | None"], AbstractContextManager[None]]

_callbacks: dict[str, list[Callback]] = {}
_around: Around | None = None
_installed: tuple[AttributePatch, ...] = ()


def on_import(name: str, callback: Callback) -> None:
    """Call ``callback`` with the module ``name`` each time that it was executed while the hook is there."""
    _callbacks.setdefault(name, []).append(callback)


def start_hook(around: Around) -> None:
    """Execute modules inside of the context that ``around`` returns.

    It gets the module, or None where the code of an extension module runs before the module is there. Imports nest:
    a module imports others.
    """
    global _around, _installed
    _around, _installed = around, _patches(sys.modules.get("_pytest.assertion.rewrite"))
    for patch in _installed:
        patch.install()


def stop_hook() -> None:
    """Restore the loaders. A replacement that somebody else has kept passes everything through."""
    global _around  # noqa: PLW0603
    _around = None
    for patch in _installed:
        patch.uninstall()


@cache
def _patches(rewrite: Any) -> tuple[AttributePatch, ...]:
    """The patches of the loaders: Python's, and pytest's when its module ``rewrite`` is loaded."""
    of_pytest = () if rewrite is None else ((rewrite.AssertionRewritingHook, "exec_module", _wrap_exec_module),)
    return tuple(AttributePatch(*method) for method in (*_LOADER_METHODS, *of_pytest))


def _as_import_machinery(function: Any) -> Any:
    """Let a function pass for one of ``importlib``.

    Python leaves those out of tracebacks, and where a module warns whoever imports it.
    """
    function.__code__ = _code_of_import_machinery(function.__code__)
    return function


@cache
def _code_of_import_machinery(code: CodeType) -> CodeType:
    return code.replace(co_filename=SourceFileLoader.get_code.__code__.co_filename)


def _wrap_exec_module(original: Any) -> Any:
    def exec_module(loader: Any, module: ModuleType) -> None:
        around = _around
        with nullcontext() if around is None else around(module):
            original(loader, module)
        if _around is not None:
            for callback in _callbacks.get(module.__name__, ()):
                callback(module)

    return _as_import_machinery(exec_module)


def _wrap_create_module(original: Any) -> Any:
    def create_module(loader: Any, spec: Any) -> Any:
        around = _around
        with nullcontext() if around is None else around(None):
            return original(loader, spec)

    return _as_import_machinery(create_module)


def _definer(loader: Any, name: str) -> Any:
    """The class that defines the method for a loader and others like it."""
    return next(owner for owner in loader.__mro__ if name in vars(owner))


_LOADER_METHODS = [
    (_definer(SourceFileLoader, "exec_module"), "exec_module", _wrap_exec_module),
    (InspectLoader, "exec_module", _wrap_exec_module),
    (ExtensionFileLoader, "exec_module", _wrap_exec_module),
    (ExtensionFileLoader, "create_module", _wrap_create_module),
]
"""The classes that define how modules are executed, the method, and what replaces it."""

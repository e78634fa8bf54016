"""Replaces what Python has built in, for everybody who holds it.

``time.sleep`` is one object, which modules, classes, default arguments, partials and closures refer to. None of those
references can be replaced one by one, so the object itself is made to call something else. time-machine does the same,
in C, with the functions that read the clock. The methods of built-in types are replaced in the type's own ``__dict__``,
which Python shows as read-only.

Where this is not CPython, :func:`can_patch` is false.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections.abc import Callable
from types import BuiltinFunctionType, ModuleType
from typing import Any

_METH_VARARGS, _METH_KEYWORDS = 0x0001, 0x0002


class _MethodDef(ctypes.Structure):
    """``PyMethodDef``."""

    _fields_ = (
        ("ml_name", ctypes.c_char_p),
        ("ml_meth", ctypes.c_void_p),
        ("ml_flags", ctypes.c_int),
        ("ml_doc", ctypes.c_char_p),
    )


class _Function(ctypes.Structure):
    """``PyCFunctionObject``, the same from Python 3.8 on."""

    _fields_ = (
        ("ob_base", ctypes.c_byte * object.__basicsize__),
        ("m_ml", ctypes.c_void_p),
        ("m_self", ctypes.c_void_p),
        ("m_module", ctypes.c_void_p),
        ("m_weakreflist", ctypes.c_void_p),
        ("vectorcall", ctypes.c_void_p),
    )


class _Target(ModuleType):
    """What a patched function has as its module: calling it is calling the replacement.

    It is a module because ``pickle`` and ``repr`` take a built-in function for one of its module's by that.
    """

    def __init__(self, name: str, replacement: Callable[..., Any]) -> None:
        super().__init__(name)
        self.replacement = replacement

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.replacement(*args, **kwargs)


def can_patch() -> bool:
    """Whether built-in objects can be patched: in CPython, with the lock that lets one thread run at a time.

    Nor can they where gevent or eventlet have put objects of their own in their place.
    """
    own_threads = type(threading.Lock()).__module__ == "_thread"
    return sys.implementation.name == "cpython" and own_threads and getattr(sys, "_is_gil_enabled", lambda: True)()


class FunctionPatch:
    """Makes a built-in function of a module call ``replacement``, whoever calls it and by whatever name.

    ``original`` is a function of its own that still does what the built-in one did.
    """

    def __init__(self, function: BuiltinFunctionType, replacement: Callable[..., Any]) -> None:
        self.function = function
        self._fields = _Function.from_address(id(function))
        self._before = self._fields.m_ml, self._fields.m_self, self._fields.vectorcall
        copy = ctypes.pythonapi.PyCFunction_NewEx
        copy.argtypes, copy.restype = (ctypes.c_void_p, ctypes.py_object, ctypes.py_object), ctypes.py_object
        self.original: Any = copy(self._fields.m_ml, function.__self__, function.__module__)
        self._target = _Target(function.__module__, replacement)
        definition = _MethodDef.from_address(self._fields.m_ml)
        # PyObject_Call(callable, args, kwargs) has just the signature that these flags ask for.
        self._definition = _MethodDef(
            definition.ml_name,
            ctypes.cast(ctypes.pythonapi.PyObject_Call, ctypes.c_void_p).value,
            _METH_VARARGS | _METH_KEYWORDS,
            definition.ml_doc,
        )
        self._after = ctypes.addressof(self._definition), id(self._target), None
        # The function refers to it while it is patched; what counts the references does not know since when.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._target))

    def install(self) -> None:
        """Let the function call the replacement."""
        # In one statement, in which no other thread gets its turn.
        self._fields.m_ml, self._fields.m_self, self._fields.vectorcall = self._after

    def uninstall(self) -> None:
        """Let it do again what it did."""
        self._fields.m_ml, self._fields.m_self, self._fields.vectorcall = self._before


class TypePatch:
    """Replaces methods of a built-in type."""

    def __init__(self, owner: type, replacements: dict[str, Callable[..., Any]]) -> None:
        self._owner = ctypes.py_object(owner)
        self._members: dict[str, Any] = gc.get_referents(owner.__dict__)[0]
        self._originals = {name: self._members[name] for name in replacements}
        self._replacements = replacements

    def install(self) -> None:
        """Let the type have the replacements."""
        self._members.update(self._replacements)
        _forget_lookups(self._owner)

    def uninstall(self) -> None:
        """Let the type have its own methods again."""
        self._members.update(self._originals)
        _forget_lookups(self._owner)


_forget_lookups = ctypes.pythonapi.PyType_Modified

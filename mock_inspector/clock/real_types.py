"""Where real ``datetime`` classes are kept although freezegun has replaced them.

- in answers: objects of freezegun's classes outlive the mock, and libraries that look up a type in a table do not find
  them there
- in pydantic's models
- in cryptography, which is written in Rust and keeps the class that it finds at the first use, for good
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from freezegun import api

from .import_hook import on_import
from .time_names import namespace_of

_REAL_DATETIME = ModuleType("datetime", datetime.__doc__)
"""The module ``datetime`` with its real classes, whoever freezes time."""
vars(_REAL_DATETIME).update(vars(datetime), datetime=api.real_datetime, date=api.real_date)

_PARSER = "botocore.utils"
"""The module in which botocore makes ``datetime`` objects from the timestamps of answers. Signing is elsewhere."""

_PYDANTIC = "pydantic"
_SCHEMA = "__get_pydantic_core_schema__"

_CRYPTOGRAPHY = "cryptography.hazmat.bindings._rust"


_CLASSES: tuple[tuple[Any, Any], ...] = ((api.FakeDate, api.real_date), (api.FakeDatetime, api.real_datetime))


class RealTypes:
    """Keeps the types real from :meth:`install` to :meth:`uninstall`."""

    def __init__(self) -> None:
        self._changed: list[Any] = []
        on_import(_CRYPTOGRAPHY, _use_datetime)
        on_import(_PYDANTIC, self._add_schemas)

    def install(self) -> None:
        """Give botocore's parser and cryptography the real classes, and freezegun's pydantic's schema of the real ones."""
        _replace_in_parser(datetime, _REAL_DATETIME)
        if _CRYPTOGRAPHY in sys.modules:
            _use_datetime(sys.modules[_CRYPTOGRAPHY])
        if _PYDANTIC in sys.modules:
            self._add_schemas()

    def _add_schemas(self, _: object = None) -> None:
        for fake, real in _CLASSES:
            if _SCHEMA not in vars(fake):  # somebody else may have given it one
                self._changed.append(fake)
                setattr(fake, _SCHEMA, classmethod(_schema_of(real)))

    def uninstall(self) -> None:
        """Restore what others would see."""
        _replace_in_parser(_REAL_DATETIME, datetime)
        for fake in self._changed:
            if _SCHEMA in vars(fake):
                delattr(fake, _SCHEMA)
        self._changed.clear()


def _replace_in_parser(current: ModuleType, replacement: ModuleType) -> None:
    module = sys.modules.get(_PARSER)
    if module is not None and namespace_of(module).get("datetime") is current:
        namespace_of(module)["datetime"] = replacement


def _use_datetime(cryptography: Any) -> None:
    """Let cryptography look for the class ``datetime`` now, where it finds the real one."""
    if datetime.datetime is not api.real_datetime:
        return
    with suppress(AttributeError):  # older versions cannot verify, and look whenever they need it
        cryptography.x509.PolicyBuilder().time(api.real_datetime(2000, 1, 1))


def _schema_of(real: Any) -> Callable[[Any, Any, Any], Any]:
    def schema(_: Any, __: Any, handler: Any) -> Any:
        """What pydantic calls for a model with a field of a fake class: it is validated as one of the real class."""
        return handler.generate_schema(real)

    return schema

"""Where real ``datetime`` classes are kept although freezegun has replaced them: in answers, and in pydantic's models.

Objects of freezegun's classes outlive the mock, and libraries that look up a type in a table do not find them there.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from freezegun import api

from .time_names import namespace_of

_REAL_DATETIME = ModuleType("datetime", datetime.__doc__)
"""The module ``datetime`` with its real classes, whoever freezes time."""
vars(_REAL_DATETIME).update(vars(datetime), datetime=api.real_datetime, date=api.real_date)

_PARSER = "botocore.utils"
"""The module in which botocore makes ``datetime`` objects from the timestamps of answers. Signing is elsewhere."""

_SCHEMA = "__get_pydantic_core_schema__"


_CLASSES: tuple[tuple[Any, Any], ...] = ((api.FakeDate, api.real_date), (api.FakeDatetime, api.real_datetime))


class RealTypes:
    """Keeps the types real from :meth:`install` to :meth:`uninstall`."""

    def __init__(self) -> None:
        self._changed: list[Any] = []

    def install(self) -> None:
        """Give botocore's parser the real classes, and freezegun's the schema that pydantic has for the real ones."""
        _replace_in_parser(datetime, _REAL_DATETIME)
        for fake, real in _CLASSES:
            if _SCHEMA not in vars(fake):  # somebody else may have given it one
                self._changed.append(fake)
                setattr(fake, _SCHEMA, classmethod(_schema_of(real)))

    def uninstall(self) -> None:
        """Restore both."""
        _replace_in_parser(_REAL_DATETIME, datetime)
        for fake in self._changed:
            if _SCHEMA in vars(fake):
                delattr(fake, _SCHEMA)
        self._changed.clear()


def _replace_in_parser(current: ModuleType, replacement: ModuleType) -> None:
    module = sys.modules.get(_PARSER)
    if module is not None and namespace_of(module).get("datetime") is current:
        namespace_of(module)["datetime"] = replacement


def _schema_of(real: Any) -> Callable[[Any, Any, Any], Any]:
    def schema(_: Any, __: Any, handler: Any) -> Any:
        """What pydantic calls for a model with a field of a fake class: it is validated as one of the real class."""
        return handler.generate_schema(real)

    return schema

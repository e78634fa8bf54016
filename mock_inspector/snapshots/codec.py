"""Records as JSON values. The type hints of a record say what it holds.

A record is a dataclass, written as an object without the members that have their default, or a ``NamedTuple``, written
as a list. A hint is ``str``, ``bool``, ``int`` (a whole number from 0), ``list[...]``, ``dict[str, ...]``,
``... | None``, another record, ``Annotated[..., ShapeName(...)]`` or ``Annotated[..., Field(...)]``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from ..api.validation import ShapeName, validate
from ..errors import short_repr, suggest

T = TypeVar("T")

Decode = Callable[[Any], Any]
"""Takes a JSON value and returns a Python value, or raises SnapshotError."""
Encode = Callable[[Any], Any]

MAX_NUMBER = 2**53
"""The highest number that every JSON reader keeps exactly."""

_MAX_NAME = 60
"""The longest name of a member that a path shows as it is."""

_PATH = "\0"
"""A placeholder for the path, which callers fill in."""
_MISSING_MEMBER = re.compile(r"1 validation error detected: Value null at '\0(.*)' failed.*", re.DOTALL)


class SnapshotError(Exception):
    """A value is invalid. ``text`` is the path so far and the problem; callers add their part of the path."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def at(self, step: str | int) -> SnapshotError:
        """Return the error with one more step in front of its path: a member's name or an index."""
        if isinstance(step, int):
            self.text = f"[{step}]{self.text}"
        elif step.isidentifier() and len(step) <= _MAX_NAME:
            self.text = f".{step}{self.text}"
        else:
            self.text = f"[{short_repr(step)}]{self.text}"
        return self


def expected(allowed: str, value: object) -> SnapshotError:
    """Return the error for a value that is not what is allowed."""
    return SnapshotError(f" must be {allowed}; got {short_repr(value)}")


@dataclasses.dataclass(frozen=True)
class Field:
    """An annotation: how a value is read and written. Without ``encode`` it is written as it is."""

    decode: Decode
    encode: Encode | None = None
    schema: Any = dataclasses.field(default_factory=dict, compare=False)
    """The JSON Schema of the value, a function that returns it, or a hint whose values have the same form in JSON."""


_Codec = tuple[Decode, Encode | None]
"""How the values of a hint are read and written; None when they are JSON already."""


def decode(kind: type[T], value: Any) -> T:
    """Return the record of a JSON value, or whatever else ``kind`` says. SnapshotError for an invalid value."""
    hint: Any = kind
    record: T = _codec(hint)[0](value)
    return record


def encode(record: Any) -> dict[str, Any]:
    """Return a record as JSON, which shares nothing mutable with it."""
    kind: Any = type(record)
    _, write = _codec(kind)
    written: dict[str, Any] = write(record) if write is not None else record
    return written


def encode_all(records: list[Any]) -> list[dict[str, Any]]:
    """Return records as JSON."""
    return [encode(record) for record in records]


@lru_cache(maxsize=256)
def _codec(hint: Any) -> _Codec:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(hint)
    if origin is list:
        return _list(*_codec(arguments[0]))
    if origin is dict:
        return _dict(*_codec(arguments[1]))
    if origin is not None:
        return _optional(*_codec(next(argument for argument in arguments if argument is not NoneType)))
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    basic: dict[Any, _Codec] = {str: (_string, None), bool: (_flag, None), int: (_number, None)}
    return basic[hint] if hint in basic else _tuple(hint)


def _annotated(hint: Any) -> _Codec:
    base, *metadata = get_args(hint)
    field = next((entry for entry in metadata if isinstance(entry, Field)), None)
    if field is not None:
        return field.decode, field.encode
    name = next(entry.name for entry in metadata if isinstance(entry, ShapeName))
    codec = (lambda value: decode_shape(name, value)), copy_json
    return _optional(*codec) if NoneType in get_args(base) else codec


def decode_shape(name: str, value: Any) -> Any:
    """Return ``value`` as one of the API's data types. SnapshotError when it is invalid."""
    try:
        return validate(name, value, _PATH)
    except ValueError as error:
        raise SnapshotError(_MISSING_MEMBER.sub(r"\1 is missing", str(error)).replace(_PATH, "")) from None


def copy_json(value: Any) -> Any:
    """Return a copy of a JSON value; tuples become lists."""
    if isinstance(value, dict):
        return {name: copy_json(entry) for name, entry in value.items()}
    return [copy_json(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _string(value: Any) -> Any:
    if not isinstance(value, str):
        raise expected("a string", value)
    return value


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise expected("true or false", value)
    return value


def _number(value: Any) -> Any:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise expected(f"a whole number from 0 to {MAX_NUMBER}", value)
    return value


def are_numbers(values: list[Any]) -> bool:
    """Whether all of one or more values are whole numbers from 0."""
    return set(map(type, values)) == {int} and 0 <= min(values) <= max(values) <= MAX_NUMBER


def _optional(read: Decode, write: Encode | None) -> _Codec:
    def decode_optional(value: Any) -> Any:
        return None if value is None else read(value)

    def encode_optional(value: Any) -> Any:
        return value if value is None or write is None else write(value)

    return decode_optional, encode_optional


def _list(read: Decode, write: Encode | None) -> _Codec:
    def decode_list(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise expected("a list", value)
        items: list[Any] = []
        try:
            items.extend(map(read, value))
        except SnapshotError as error:
            raise error.at(len(items)) from None
        return items

    return decode_list, list if write is None else lambda items: [write(item) for item in items]


def _tuple(kind: Any) -> _Codec:
    hints = get_type_hints(kind, include_extras=True)
    codecs = [_codec(hints[name]) for name in kind._fields]
    form = f"[{', '.join(kind._fields)}]"

    def decode_tuple(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(codecs):
            raise expected(form, value)
        items: list[Any] = []
        for (read, _), item in zip(codecs, value, strict=True):
            try:
                items.append(read(item))
            except SnapshotError as error:
                raise error.at(len(items)) from None
        return kind(*items)

    def encode_tuple(items: Any) -> list[Any]:
        return [item if write is None else write(item) for (_, write), item in zip(codecs, items, strict=True)]

    return decode_tuple, encode_tuple


def _dict(read: Decode, write: Encode | None) -> _Codec:
    def decode_dict(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise expected("an object", value)
        members = {}
        for name, item in value.items():
            if not isinstance(name, str):
                raise expected("an object with strings as names", name)
            try:
                members[name] = read(item)
            except SnapshotError as error:
                raise error.at(name) from None
        return members

    return decode_dict, dict if write is None else lambda value: {name: write(item) for name, item in value.items()}


def _record(kind: Any) -> _Codec:
    hints = get_type_hints(kind, include_extras=True)
    defaults = {entry.name: _default(entry) for entry in dataclasses.fields(kind)}
    codecs = {name: _codec(hints[name]) for name in defaults}
    readers = {name: read for name, (read, _) in codecs.items()}
    required = {name: None for name, default in defaults.items() if default is dataclasses.MISSING}

    def decode_record(value: Any) -> Any:
        if not isinstance(value, dict):
            raise expected(f"an object with {', '.join(defaults)}", value)
        members = {}
        name: Any = None
        try:
            for name, item in value.items():
                members[name] = readers[name](item)
        except SnapshotError as error:
            raise error.at(name) from None
        except KeyError:
            known = f"the members are {', '.join(defaults)}{suggest(name, defaults)}"
            raise SnapshotError(f" has the unknown member {short_repr(name)}; {known}") from None
        if not required.keys() <= members.keys():
            missing = next(name for name in required if name not in members)
            raise SnapshotError(f" lacks the member {missing!r}")
        return kind(**members)

    def encode_record(record: Any) -> dict[str, Any]:
        members = {}
        for name, (_, write) in codecs.items():
            value = getattr(record, name)
            if value != defaults[name]:
                members[name] = value if write is None else write(value)
        return members

    return decode_record, encode_record


def _default(entry: dataclasses.Field[Any]) -> Any:
    """The default of a member, or MISSING. A member with its default is not written."""
    return entry.default if entry.default_factory is dataclasses.MISSING else entry.default_factory()

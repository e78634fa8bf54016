"""Records and the JSON values that they are written as; a record's type hints say what it takes.

A record is a dataclass, written as an object without the members that have their default, or a ``NamedTuple``, written
as a list. A hint is ``str``, ``bool``, ``list[...]``, ``dict[str, ...]``, ``... | None``, another record, or
``Annotated[..., Form(...)]``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from ..errors import short_repr

T = TypeVar("T")

Decode = Callable[[Any], Any]
"""Takes a JSON value and returns what it says, or raises Wrong."""
Encode = Callable[[Any], Any]


_LONGEST = 60
"""The most characters of a member's name that a place is told with."""


class Wrong(Exception):  # noqa: N818  it becomes a ValueError that says where
    """A value is not what its place takes. ``text`` is the place, as far as it is known by now, and what is wrong."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def within(self, step: str | int) -> Wrong:
        """The same, seen from one level above: a member's name or the place in a list."""
        if isinstance(step, int):
            self.text = f"[{step}]{self.text}"
        else:
            self.text = (
                f".{step}{self.text}"
                if step.isidentifier() and len(step) <= _LONGEST
                else f"[{short_repr(step)}]{self.text}"
            )
        return self


def takes(wanted: str, value: object) -> Wrong:
    """The complaint about a value."""
    return Wrong(f": takes {wanted}, got {short_repr(value)}")


@dataclasses.dataclass(frozen=True)
class Form:
    """How a value is read and written, as an annotation; without ``encode`` it is written as it is."""

    decode: Decode
    encode: Encode | None = None


_Codec = tuple[Decode, Encode | None]
"""How a hint's values are read and written; None when they are JSON as they are."""


def decode(kind: type[T], value: Any) -> T:
    """The record that a JSON value says. Wrong when it says none."""
    hint: Any = kind
    record: T = _codec(hint)[0](value)
    return record


def encode(record: Any) -> dict[str, Any]:
    """A record as JSON, which shares nothing with it that can be changed."""
    kind: Any = type(record)
    _, write = _codec(kind)
    written: dict[str, Any] = write(record) if write is not None else record
    return written


@lru_cache(maxsize=256)
def _codec(hint: Any) -> _Codec:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return next((form.decode, form.encode) for form in hint.__metadata__ if isinstance(form, Form))
    if origin is list:
        return _list(*_codec(arguments[0]))
    if origin is dict:
        return _dict(*_codec(arguments[1]))
    if origin is not None:
        return _optional(next(argument for argument in arguments if argument is not NoneType))
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    return _row(hint) if issubclass(hint, tuple) else {str: (_string, None), bool: (_flag, None)}[hint]


def _string(value: Any) -> Any:
    if not isinstance(value, str):
        raise takes("a string", value)
    return value


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise takes("true or false", value)
    return value


def _optional(inner: Any) -> _Codec:
    read, write = _codec(inner)

    def decode_optional(value: Any) -> Any:
        return None if value is None else read(value)

    def encode_optional(value: Any) -> Any:
        return value if value is None or write is None else write(value)

    return decode_optional, encode_optional


def _list(read: Decode, write: Encode | None) -> _Codec:
    def decode_list(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise takes("a list", value)
        items: list[Any] = []
        try:
            items.extend(map(read, value))
        except Wrong as wrong:
            raise wrong.within(len(items)) from None
        return items

    return decode_list, list if write is None else lambda items: [write(item) for item in items]


def _row(kind: Any) -> _Codec:
    hints = get_type_hints(kind, include_extras=True)
    codecs = [(name, *_codec(hints[name])) for name in kind._fields]
    wanted = f"[{', '.join(kind._fields)}]"

    def decode_row(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(codecs):
            raise takes(wanted, value)
        items: list[Any] = []
        for (_, read, _), item in zip(codecs, value, strict=True):
            try:
                items.append(read(item))
            except Wrong as wrong:
                raise wrong.within(len(items)) from None
        return kind(*items)

    def encode_row(items: Any) -> list[Any]:
        return [item if write is None else write(item) for (_, _, write), item in zip(codecs, items, strict=True)]

    return decode_row, encode_row


def _dict(read: Decode, write: Encode | None) -> _Codec:
    def decode_dict(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise takes("an object", value)
        members = {}
        for name, item in value.items():
            if not isinstance(name, str):
                raise takes("strings as names", name)
            try:
                members[name] = read(item)
            except Wrong as wrong:
                raise wrong.within(name) from None
        return members

    return decode_dict, dict if write is None else lambda value: {name: write(item) for name, item in value.items()}


def _record(kind: Any) -> _Codec:
    hints = get_type_hints(kind, include_extras=True)
    defaults = {entry.name: _default(entry) for entry in dataclasses.fields(kind)}
    reads = {name: _codec(hints[name])[0] for name in defaults}
    writes = [(name, default, _codec(hints[name])[1]) for name, default in defaults.items()]
    required = frozenset(name for name, default in defaults.items() if default is dataclasses.MISSING)

    def decode_record(value: Any) -> Any:
        if not isinstance(value, dict):
            raise takes(f"an object with {', '.join(defaults)}", value)
        found = {}
        for name, item in value.items():
            if name not in reads:
                raise Wrong(f": has the unknown member {short_repr(name)}; it takes {', '.join(defaults)}")
            try:
                found[name] = reads[name](item)
            except Wrong as wrong:
                raise wrong.within(name) from None
        if not required <= found.keys():
            lacked = next(name for name in defaults if name in required and name not in found)
            raise Wrong(f": lacks the member {lacked!r}; it takes {', '.join(defaults)}")
        return kind(**found)

    def encode_record(record: Any) -> dict[str, Any]:
        written = {}
        for name, default, write in writes:
            value = getattr(record, name)
            if value != default:
                written[name] = value if write is None else write(value)
        return written

    return decode_record, encode_record


def _default(entry: dataclasses.Field[Any]) -> Any:
    """The default of a member, which is left out when it has that; MISSING when it has none."""
    return entry.default if entry.default_factory is dataclasses.MISSING else entry.default_factory()

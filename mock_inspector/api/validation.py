"""Checks of request members, compiled once from botocore's shapes.

What a value breaks decides the error, in the way of AWS JSON services and of the design:

- a missing required member: ``ValidationException``;
- a value of another JSON type: ``SerializationException``;
- out of range, too many, too long, not in the enum, not of the pattern: ``InvalidInputException``, whose ``errorCode``
  is that of the member (:mod:`.error_codes`).

A null counts as absent, an unknown member is dropped, as AWS does.
"""

from __future__ import annotations

import datetime
import math
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ..errors import CommonError, InvalidInputException, short_repr
from .error_codes import error_code
from .service_model import service_model

Check = Callable[[Any, str], Any]
"""Takes a value and its path in the request, returns the value as actions take it, or raises an ApiError."""

EARLIEST, LATEST = -62135596800, 253402300799.999
"""Years 1 to 9999, in epoch seconds."""

_LAST_DATETIME = 253402300800.0
"""What clients send for the last ``datetime`` of Python, whose microseconds a float has no room for."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_BOUND_OVERRIDES = {("DescribeFindings", "findingArns"): 100}
# The model says 10; production took 100, which is also the bound of the answer's FindingList.


def compile_input(operation: str, shape: Shape | None) -> Check:
    """The check of a whole request of ``operation``."""
    if shape is None:
        return _structure(operation, StructureShape(operation, {"type": "structure", "members": {}}), "")
    return _compile(operation, shape, "")


@lru_cache(maxsize=64)
def compile_shape(name: str) -> Check:
    """The check of one of the model's data types."""
    return _compile("", service_model().shape_for(name), "")


def _compile(operation: str, shape: Shape, path: str) -> Check:
    code = error_code(operation, path)
    if isinstance(shape, StructureShape):
        return _structure(operation, shape, path)
    if isinstance(shape, ListShape):
        return _list(operation, shape, path, code)
    if isinstance(shape, MapShape):
        return _map(operation, shape, path)
    return {
        "string": _string,
        "integer": _integer,
        "long": _integer,
        "boolean": _boolean,
        "double": _double,
        "float": _double,
        "timestamp": _timestamp,
    }[shape.type_name](shape, code)


_FILTER = "filter"
"""An empty one filters nothing, whatever members the model requires of one that is not."""


def _wrong_type(path: str, value: object, wanted: str) -> CommonError:
    return CommonError(
        "SerializationException", f"{path or 'The request body'}: got {short_repr(value)}, takes {wanted}."
    )


def _missing(path: str) -> CommonError:
    return CommonError(
        "ValidationException",
        f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null",
    )


def _structure(operation: str, shape: StructureShape, path: str) -> Check:
    dot = f"{path}." if path else ""
    members = [(name, _compile(operation, member, dot + name)) for name, member in shape.members.items()]
    required = tuple(shape.required_members)
    may_be_empty = not required or path == _FILTER

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(path, value, "an object")
        if not value and may_be_empty:
            return {}
        dot = f"{path}." if path else ""
        for name in required:
            if value.get(name) is None:
                raise _missing(dot + name)
        return {name: member(value[name], dot + name) for name, member in members if value.get(name) is not None}

    return check


def _list(operation: str, shape: ListShape, path: str, code: str) -> Check:
    item = _compile(operation, shape.member, f"{path}[]")
    least = shape.metadata.get("min", 0)
    most = _BOUND_OVERRIDES.get((operation, path), shape.metadata.get("max", math.inf))

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, (list, tuple)):
            raise _wrong_type(path, value, "a list")
        if not least <= len(value) <= most:
            raise InvalidInputException(
                f"{path}: got {len(value)} items, takes {_bounds(least, most)}.", errorCode=code
            )
        for index, entry in enumerate(value):
            if entry is None:
                raise _missing(f"{path}[{index}]")
        return [item(entry, f"{path}[{index}]") for index, entry in enumerate(value)]

    return check


def _map(operation: str, shape: MapShape, path: str) -> Check:
    key_check = _compile(operation, shape.key, path)
    value_check = _compile(operation, shape.value, path)

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(path, value, "an object")
        return {key_check(key, path): value_check(entry, f"{path}.{key}") for key, entry in value.items()}

    return check


def _string(shape: Shape, code: str) -> Check:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)
    allowed = frozenset(shape.metadata.get("enum", ()))
    pattern = re.compile(shape.metadata["pattern"]) if "pattern" in shape.metadata else None

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, str):
            raise _wrong_type(path, value, "a string")
        if allowed and value not in allowed:
            choices = ", ".join(shape.metadata["enum"])
            raise InvalidInputException(f"{path}: got {short_repr(value)}, takes one of {choices}.", errorCode=code)
        if not least <= len(value) <= most:
            raise InvalidInputException(
                f"{path}: got {len(value)} characters ({short_repr(value)}), takes {_bounds(least, most)}.",
                errorCode=code,
            )
        if pattern is not None and not pattern.fullmatch(value):
            raise InvalidInputException(
                f"{path}: got {short_repr(value)}, takes the form {pattern.pattern}.", errorCode=code
            )
        return value

    return check


def _integer(shape: Shape, code: str) -> Check:
    least, most = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(path, value, "an integer")
        if not least <= value <= most:
            raise InvalidInputException(
                f"{path}: got {short_repr(value)}, takes {_bounds(least, most)}.", errorCode=code
            )
        return value

    return check


def _double(shape: Shape, code: str) -> Check:
    least, most = shape.metadata.get("min", -sys.float_info.max), shape.metadata.get("max", sys.float_info.max)

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise _wrong_type(path, value, "a number")
        if not least <= value <= most or abs(value) == math.inf:
            raise InvalidInputException(
                f"{path}: got {short_repr(value)}, takes {_bounds(least, most)}.", errorCode=code
            )
        return float(value)

    return check


def _boolean(shape: Shape, code: str) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, bool):
            raise _wrong_type(path, value, "true or false")
        return value

    return check


def _timestamp(shape: Shape, code: str) -> Check:
    """Epoch seconds as a number (or, from Python, a datetime); goes on as milliseconds, to the microsecond."""

    def check(value: Any, path: str) -> Any:
        if isinstance(value, datetime.datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
            return (aware - _EPOCH) / datetime.timedelta(milliseconds=1)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise _wrong_type(path, value, "epoch seconds as a number")
        if isinstance(value, float) and value == _LAST_DATETIME:
            value = LATEST
        if not EARLIEST <= value <= LATEST:
            raise InvalidInputException(
                f"{path}: got {short_repr(value)}, takes epoch seconds from year 1 to 9999.", errorCode=code
            )
        return round(value * 1_000_000) / 1000

    return check


def _bounds(least: float, most: float) -> str:
    if most == math.inf:
        return f"at least {least}"
    return f"at most {most}" if least in (0, -math.inf) else f"{least} to {most}"

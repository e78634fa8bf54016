"""Validation of values against botocore's shapes. A validator is compiled once for each operation or data type.

The error depends on what is wrong, as in other AWS JSON services:

- a required member is missing: ``ValidationException``;
- the value has another JSON type: ``SerializationException``;
- the value is out of range, too long, not in the enum or not of the pattern: ``InvalidInputException`` with the
  ``errorCode`` of the member (see :mod:`.error_codes`).

A null counts as absent, and an unknown member is dropped, as AWS does.
"""

from __future__ import annotations

import datetime
import math
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ..errors import ApiError, CommonError, InvalidInputException, describe_choice, short_repr, suggest, suggest_part
from .error_codes import error_code
from .service_model import service_model

Validator = Callable[[Any, str], Any]
"""Takes a value and its path in the request. Returns the value as actions take it, or raises an ApiError."""

_MIN_EPOCH_MS, _MAX_EPOCH_MS = -62135596800_000, 253402300799_999
"""The years 1 to 9999."""

_ROUNDED_MAX_EPOCH_MS = 253402300800_000
"""What ``datetime.max`` is as a float, which cannot hold its microseconds."""

_INT64 = 2**63

_HALF_PAIR = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair. Escapes in JSON can spell it; no text in UTF-8 can have it."""


class ShapeName(NamedTuple):
    """An annotation that names the model's data type of an attribute."""

    name: str


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

_MAX_ITEMS_OVERRIDES = {("DescribeFindings", "findingArns"): 100}
# The model says 10. Production took 100, which is also the bound of FindingList in the response.

_FILTER = "filter"
"""An empty filter filters nothing, although the model requires members in it."""


def compile_input(operation: str, shape: Shape | None) -> Validator:
    """Return the validator of a whole request of ``operation``."""
    if shape is None:
        return _structure(operation, StructureShape(operation, {"type": "structure", "members": {}}), "")
    return _compile(operation, shape, "")


@lru_cache(maxsize=64)
def compile_shape(name: str) -> Validator:
    """Return the validator of one of the model's data types."""
    return _compile("", service_model().shape_for(name), "")


def validate(shape_name: str, value: Any, name: str) -> Any:
    """Return ``value`` as one of the model's data types. Raises ValueError, which names ``name``, when it is invalid.

    Tests describe their resources with it, so an unknown member is an error here.
    """
    refuse_unknown_members(service_model().shape_for(shape_name), value, name)
    try:
        return compile_shape(shape_name)(value, name)
    except ApiError as error:
        raise ValueError(error.message.removesuffix(".")) from None


def refuse_unknown_members(shape: Shape, value: Any, path: str) -> None:
    """ValueError for a member that the shape, or a shape in it, does not have."""
    if isinstance(shape, ListShape) and isinstance(value, (list, tuple)):
        for index, entry in enumerate(value):
            refuse_unknown_members(shape.member, entry, f"{path}[{index}]")
    elif isinstance(shape, StructureShape) and isinstance(value, Mapping):
        unknown = [key for key in value if key not in shape.members]
        if unknown:
            raise ValueError(
                f"{path} has the unknown member {', '.join(map(short_repr, unknown))}; "
                f"the members of {shape.name} are {', '.join(shape.members)}{suggest(unknown[0], shape.members)}"
            )
        for key, entry in value.items():
            refuse_unknown_members(shape.members[key], entry, f"{path}.{key}")
    elif isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise ValueError(f"{path} must be a number of 64 bits; got {short_repr(value)}")


def _compile(operation: str, shape: Shape, path: str) -> Validator:
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


def _wrong_type(path: str, value: object, expected: str, suggestion: str = "") -> CommonError:
    subject = path or "The request body"
    return CommonError(
        "SerializationException", f"{subject} must be {expected}; got {short_repr(value)}{suggestion or '.'}"
    )


def is_arn(text: str) -> bool:
    """Whether a text is meant as an ARN."""
    return text.startswith("arn:")


def _missing(path: str) -> CommonError:
    return CommonError(
        "ValidationException",
        f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null",
    )


def _invalid(code: str, path: str, allowed: str, got: str) -> InvalidInputException:
    return InvalidInputException(f"{path} must {allowed}; got {got}.", errorCode=code)


def _structure(operation: str, shape: StructureShape, path: str) -> Validator:
    dot = f"{path}." if path else ""
    members = [(name, _compile(operation, member, dot + name)) for name, member in shape.members.items()]
    required = tuple(shape.required_members)
    is_filter = path == _FILTER

    def validate_structure(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(path, value, "an object")
        dot = f"{path}." if path else ""
        if not (is_filter and all(value.get(name) is None for name in required)):
            for name in required:
                if value.get(name) is None:
                    raise _missing(dot + name)
        return {name: member(value[name], dot + name) for name, member in members if value.get(name) is not None}

    return validate_structure


def _list(operation: str, shape: ListShape, path: str, code: str) -> Validator:
    validate_item = _compile(operation, shape.member, f"{path}[]")
    minimum = shape.metadata.get("min", 0)
    maximum = _MAX_ITEMS_OVERRIDES.get((operation, path), shape.metadata.get("max", math.inf))

    def validate_list(value: Any, path: str) -> Any:
        if not isinstance(value, (list, tuple)):
            suggestion = (
                f"; did you mean [{short_repr(value)}]?" if isinstance(value, str) else suggest_part(value, is_arn)
            )
            raise _wrong_type(path, value, "a list", suggestion)
        if not minimum <= len(value) <= maximum:
            raise _invalid(code, path, f"have {_range(minimum, maximum)} items", str(len(value)))
        for index, entry in enumerate(value):
            if entry is None:
                raise _missing(f"{path}[{index}]")
        return [validate_item(entry, f"{path}[{index}]") for index, entry in enumerate(value)]

    return validate_list


def _map(operation: str, shape: MapShape, path: str) -> Validator:
    validate_key = _compile(operation, shape.key, path)
    validate_value = _compile(operation, shape.value, path)

    def validate_map(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(path, value, "an object")
        return {validate_key(key, path): validate_value(entry, f"{path}.{key}") for key, entry in value.items()}

    return validate_map


def _string(shape: Shape, code: str) -> Validator:
    minimum, maximum = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)
    allowed = frozenset(shape.metadata.get("enum", ()))
    pattern = re.compile(shape.metadata["pattern"]) if "pattern" in shape.metadata else None

    def validate_string(value: Any, path: str) -> Any:
        if not isinstance(value, str):
            raise _wrong_type(path, value, "a string", suggest_part(value, is_arn))
        if not value.isascii() and _HALF_PAIR.search(value):
            raise _wrong_type(path, value, "a string without halves of surrogate pairs")
        if allowed and value not in allowed:
            message = f"{path} must {describe_choice(shape.metadata['enum'], value)}"
            raise InvalidInputException(message if message.endswith("?") else f"{message}.", errorCode=code)
        if not minimum <= len(value) <= maximum:
            got = f"{len(value)}: {short_repr(value)}"
            raise _invalid(code, path, f"have {_range(minimum, maximum)} characters", got)
        if pattern is not None and not pattern.fullmatch(value):
            raise _invalid(code, path, f"match {pattern.pattern}", short_repr(value))
        return value

    return validate_string


def _integer(shape: Shape, code: str) -> Validator:
    minimum, maximum = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)
    bits = 64 if shape.type_name == "long" else 32
    limit = 2 ** (bits - 1)

    def validate_integer(value: Any, path: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(path, value, "an integer")
        if not -limit <= value < limit:
            raise _wrong_type(path, value, f"an integer of {bits} bits")
        if not minimum <= value <= maximum:
            raise _invalid(code, path, f"be {_range(minimum, maximum)}", short_repr(value))
        return value

    return validate_integer


def _double(shape: Shape, code: str) -> Validator:
    minimum, maximum = shape.metadata.get("min", -sys.float_info.max), shape.metadata.get("max", sys.float_info.max)

    def validate_double(value: Any, path: str) -> Any:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise _wrong_type(path, value, "a number")
        if not minimum <= value <= maximum or abs(value) == math.inf:
            raise _invalid(code, path, f"be {_range(minimum, maximum)}", short_repr(value))
        return float(value)

    return validate_double


def _boolean(shape: Shape, code: str) -> Validator:
    def validate_boolean(value: Any, path: str) -> Any:
        if not isinstance(value, bool):
            raise _wrong_type(path, value, "true or false")
        return value

    return validate_boolean


def _timestamp(shape: Shape, code: str) -> Validator:
    """Takes epoch seconds as a number, or a datetime from Python. Returns milliseconds, to the microsecond."""

    def validate_timestamp(value: Any, path: str) -> Any:
        if isinstance(value, datetime.datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
            milliseconds = (aware - _EPOCH) / datetime.timedelta(milliseconds=1)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            milliseconds = value * 1000
        else:
            raise _wrong_type(path, value, "epoch seconds as a number")
        maximum = _MAX_EPOCH_MS if isinstance(value, int) else _ROUNDED_MAX_EPOCH_MS
        if not _MIN_EPOCH_MS <= milliseconds <= maximum:
            raise _invalid(code, path, "be epoch seconds from year 1 to 9999", short_repr(value))
        return min(round(milliseconds * 1000) / 1000, _MAX_EPOCH_MS)

    return validate_timestamp


def _range(minimum: float, maximum: float) -> str:
    if maximum == math.inf:
        return f"at least {minimum}"
    return f"at most {maximum}" if minimum in (0, -math.inf) else f"{minimum} to {maximum}"

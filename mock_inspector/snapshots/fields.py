"""The forms of values in a snapshot: numbers, moments, ids, and data types of the API."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any

from ..api.identifiers import is_region
from ..clock.clock import as_datetime, iso, milliseconds
from ..state.authored import validate
from .codec import Form, Wrong, takes

MOST = 2**53
"""The highest number: up to this every reader of JSON keeps them exactly."""

_LAST = 253402300799999
"""The last moment that has a date, in milliseconds since 1970."""

_NAME = "\0"
"""Stands in messages for the place, which is known further up."""

_MISSING = re.compile(r"1 validation error detected: Value null at '\0(.*)' failed.*", re.DOTALL)


_LONGEST = 40
"""Characters of the longest moment in ISO 8601 text, well counted."""

_MOMENT = "a moment as ISO 8601 text"
_OF_FINDING: dict[str, Any] = {"arn": "arn", "userAttributes": [], "createdAt": 0, "updatedAt": 0}


@lru_cache(maxsize=65_536)
def _parsed(text: str) -> int:
    return milliseconds(as_datetime(text))


def shape(name: str) -> Form:
    """A value of one of the API's data types, not shared with what is read or written."""
    return Form(partial(of_shape, name), written_copy)


def of_shape(name: str, value: Any) -> Any:
    """``value`` as one of the API's data types. Wrong for what the model does not allow."""
    try:
        return validate(name, value, _NAME)
    except ValueError as error:
        text = _MISSING.sub(r"\1: is missing", str(error)).replace(_NAME, "")
        raise Wrong(text if text.startswith((":", "[", ".")) else f": {text}") from None


def written_copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: written_copy(entry) for name, entry in value.items()}
    return [written_copy(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def matching(pattern: re.Pattern[str], wanted: str) -> Form:
    """Text of a form."""

    def read(value: Any) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise takes(wanted, value)
        return value

    return Form(read)


def read_region(value: Any) -> Any:
    """A region's name."""
    if not isinstance(value, str) or not is_region(value):
        raise takes("a region's name such as 'us-east-1'", value)
    return value


def read_number(value: Any) -> Any:
    """A whole number from 0 up."""
    if type(value) is int and 0 <= value <= MOST:
        return value
    raise takes(f"a whole number from 0 to {MOST}", value)


def read_moment(value: Any) -> Any:
    """A moment, in milliseconds since 1970."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        try:
            return _parsed(value)
        except ValueError:
            pass
    elif isinstance(value, int) and not isinstance(value, bool) and _LAST < value <= MOST:
        return value
    raise takes(_MOMENT, value)


@lru_cache(maxsize=65_536)
def format_moment(moment: int) -> str | int:
    """A moment as ISO 8601 text."""
    # A run that begins at the end of year 9999 ends at a moment that has no date: it stays a number.
    return moment if moment > _LAST else iso(moment).replace("+00:00", "Z")


def read_instant(value: Any) -> Any:
    """A moment to the microsecond, as ISO 8601 text."""
    if not isinstance(value, str):
        raise takes(_MOMENT, value)
    try:
        as_datetime(value)
    except ValueError:
        raise takes(_MOMENT, value) from None
    return value


def read_members(value: Any) -> Any:
    """What a finding says apart from where, when and its user attributes (data type Finding)."""
    if not isinstance(value, dict):
        raise takes("an object with members of the data type Finding", value)
    given = [name for name in _OF_FINDING if name in value]
    if given:
        raise Wrong(f": has the unknown member {given[0]!r}, which is the finding's own")
    if not isinstance(value.get("severity"), str):
        raise Wrong(": lacks the member 'severity'")
    said = of_shape("Finding", {**value, **_OF_FINDING})
    return {name: entry for name, entry in said.items() if name not in _OF_FINDING}


def read_attributes(value: Any) -> Any:
    """The attributes of a weakness: an object."""
    if not isinstance(value, dict):
        raise takes("an object", value)
    pairs = of_shape("AttributeList", [{"key": key, "value": entry} for key, entry in value.items()])
    for pair in pairs:
        if "value" not in pair:
            raise takes("a string", None).within(pair["key"])
    return list(value.items())

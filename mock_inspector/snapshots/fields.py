"""The fields of snapshots that have a form of their own: moments, ids, attributes of findings."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ..api.identifiers import REGION_PATTERN, is_region_name
from ..api.json_schema import JsonSchema, build_object, build_shape_schema, match_all
from ..clock.moments import EpochMs, format_zulu, to_datetime, to_epoch_ms
from ..state.instances import validate_tags
from .codec import MAX_NUMBER, Field, SnapshotError, decode_shape, expected

_MAX_DATE = 253402300799999
"""The last moment that has a date, in milliseconds since 1970."""

_MAX_MOMENT_LENGTH = 40
_MOMENT = "a moment as ISO 8601 text"

_OF_FINDING: dict[str, Any] = {"arn": "arn", "userAttributes": [], "createdAt": 0, "updatedAt": 0}
"""Members of the data type Finding that are not part of a body."""

MOMENT_SCHEMA: JsonSchema = {
    "anyOf": [
        {"type": "string", "format": "date-time", "maxLength": _MAX_MOMENT_LENGTH},
        {"type": "integer", "minimum": _MAX_DATE + 1, "maximum": MAX_NUMBER},
    ]
}
EXACT_MOMENT_SCHEMA: JsonSchema = {"type": "string", "format": "date-time"}
REGION_SCHEMA: JsonSchema = {"type": "string", "pattern": match_all(REGION_PATTERN)}
STRINGS_SCHEMA: JsonSchema = {"type": "object", "additionalProperties": {"type": "string"}}


@lru_cache(maxsize=65_536)
def _parse_moment(text: str) -> EpochMs:
    return to_epoch_ms(to_datetime(text))


def matching(pattern: str, form: str) -> Field:
    """Return the field of a text that matches a pattern."""
    matches = re.compile(pattern).fullmatch

    def decode_text(value: Any) -> Any:
        if not isinstance(value, str) or not matches(value):
            raise expected(form, value)
        return value

    return Field(decode_text, schema={"type": "string", "pattern": match_all(pattern)})


def decode_region(value: Any) -> Any:
    """Read a region's name."""
    if not isinstance(value, str) or not is_region_name(value):
        raise expected("the name of a region such as 'us-east-1'", value)
    return value


def decode_moment(value: Any) -> EpochMs:
    """Read a moment."""
    if isinstance(value, str) and len(value) <= _MAX_MOMENT_LENGTH:
        try:
            return _parse_moment(value)
        except ValueError:
            pass
    elif type(value) is int and _MAX_DATE < value <= MAX_NUMBER:
        return EpochMs(value)
    raise expected(_MOMENT, value)


@lru_cache(maxsize=65_536)
def encode_moment(moment: EpochMs) -> str | int:
    """Write a moment. A run may end after the year 9999, at a moment that has no date and stays a number."""
    return moment if moment > _MAX_DATE else format_zulu(moment)


def decode_exact_moment(value: Any) -> Any:
    """Check a moment with microseconds, and leave it as text."""
    if not isinstance(value, str):
        raise expected(_MOMENT, value)
    try:
        to_datetime(value)
    except ValueError:
        raise expected(_MOMENT, value) from None
    return value


def decode_body(value: Any) -> Any:
    """Read the members of a fixed body (data type Finding), in the model's order."""
    if not isinstance(value, dict):
        raise expected("an object with members of the data type Finding", value)
    foreign = next((name for name in _OF_FINDING if name in value), None)
    if foreign is not None:
        raise SnapshotError(f" has the member {foreign!r}, which belongs to the finding")
    if not isinstance(value.get("severity"), str):
        raise SnapshotError(" lacks the member 'severity'")
    members = decode_shape("Finding", {**value, **_OF_FINDING})
    return {name: member for name, member in members.items() if name not in _OF_FINDING}


def build_body_schema() -> JsonSchema:
    """Return the JSON Schema of the members of a fixed body."""
    members = build_shape_schema("Finding")["properties"]
    return build_object({name: schema for name, schema in members.items() if name not in _OF_FINDING}, ["severity"])


def decode_instance_tags(value: Any) -> Any:
    """Read the tags of an instance: an object of strings."""
    if not isinstance(value, dict):
        raise expected("an object", value)
    for key, entry in value.items():
        if not isinstance(entry, str):
            raise expected("a string", entry).at(key)
    try:
        return validate_tags(value)
    except ValueError as error:
        raise SnapshotError(f": {error}") from None


def decode_attributes(value: Any) -> Any:
    """Read the attributes of a spec: an object of strings."""
    if not isinstance(value, dict):
        raise expected("an object", value)
    pairs = decode_shape("AttributeList", [{"key": key, "value": entry} for key, entry in value.items()])
    for pair in pairs:
        if "value" not in pair:
            raise expected("a string", None).at(pair["key"])
    return tuple(value.items())

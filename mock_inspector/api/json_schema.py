"""The service's data types as JSON Schema, for descriptions of files and of HTTP calls."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .service_model import service_model
from .validation import ShapeName

JsonSchema = dict[str, Any]

_NUMBERS = {"integer": "integer", "long": "integer", "double": "number", "float": "number", "timestamp": "number"}


def build_shape_schema(name: str) -> JsonSchema:
    """Return the schema of one of the model's data types, as :func:`.validation.validate` takes it."""
    return _build(service_model().shape_for(name))


def build_annotated_schema(hint: Any) -> JsonSchema:
    """Return the schema of a hint that names its data type: ``Annotated[str | None, ShapeName("Hostname")]``."""
    base, *metadata = get_args(hint)
    (name,) = (entry.name for entry in metadata if isinstance(entry, ShapeName))
    schema = build_shape_schema(name)
    return make_nullable(schema) if NoneType in get_args(base) else schema


def make_nullable(schema: JsonSchema) -> JsonSchema:
    """Return the schema of the same values, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def build_object(properties: JsonSchema, required: list[str]) -> JsonSchema:
    """Return the schema of an object with these members and no others."""
    schema: JsonSchema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def match_all(pattern: str) -> str:
    """Return a pattern that matches a whole string: JSON Schema looks for one anywhere in it."""
    return f"^(?:{pattern})$"


def _build(shape: Shape) -> JsonSchema:
    if isinstance(shape, StructureShape):
        members = {name: _build(member) for name, member in shape.members.items()}
        return build_object(members, [name for name in shape.members if name in shape.required_members])
    if isinstance(shape, ListShape):
        return {"type": "array", "items": _build(shape.member), **_bounds(shape, "minItems", "maxItems")}
    if isinstance(shape, MapShape):
        return {"type": "object", "additionalProperties": _build(shape.value)}
    return _build_scalar(shape)


def _build_scalar(shape: Shape) -> JsonSchema:
    if shape.type_name in _NUMBERS:
        return {"type": _NUMBERS[shape.type_name], **_bounds(shape, "minimum", "maximum")}
    if shape.type_name == "boolean":
        return {"type": "boolean"}
    if shape.metadata.get("enum"):
        return {"type": "string", "enum": list(shape.metadata["enum"])}
    schema = {"type": "string", **_bounds(shape, "minLength", "maxLength")}
    pattern = shape.metadata.get("pattern")
    return schema if pattern is None else {**schema, "pattern": match_all(pattern)}


def _bounds(shape: Shape, minimum: str, maximum: str) -> JsonSchema:
    bounds = {minimum: shape.metadata.get("min") or None, maximum: shape.metadata.get("max")}
    return {name: value for name, value in bounds.items() if value is not None}

"""The JSON Schema of state files: what ``snapshot()`` writes and ``restore()`` takes.

It is made from the records of :mod:`.schema`. Editors check a file by it, and complete what is typed, when the file names
it: ``{"$schema": "http://127.0.0.1:5016/_mock_inspector/state-schema.json", ...}``. It cannot tell what is wrong between
parts of a file, such as an ARN of nothing.

``python -m mock_inspector.snapshots.json_schema`` prints it. ``mock_inspector/data/state.schema.json`` has it as a file.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from ..api.json_schema import JsonSchema, build_annotated_schema, build_object, make_nullable
from .codec import MAX_NUMBER, Field
from .schema import FORMAT, VERSION, SnapshotRecord

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_BASIC: dict[Any, JsonSchema] = {
    Any: {},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER},
    str: {"type": "string"},
}


def build_state_schema() -> JsonSchema:
    """Return the JSON Schema of a state file."""
    definitions = build_state_definitions("#/$defs/")
    return {
        "$schema": DIALECT,
        "title": "A state of mock_inspector",
        **definitions.pop("Snapshot"),
        "$defs": definitions,
    }


def build_state_definitions(reference: str) -> JsonSchema:
    """Return the schemas of all records by name, where ``reference`` and the name refer to one. Snapshot is the whole."""
    definitions = _Definitions(reference)
    definitions.build(SnapshotRecord)
    members = definitions.schemas["Snapshot"]["properties"]
    members |= {"format": {"const": FORMAT}, "version": {"const": VERSION}, "$schema": {"type": "string"}}
    return dict(sorted(definitions.schemas.items()))


def format_state_schema() -> str:
    """Return it as the text of the file."""
    return json.dumps(build_state_schema(), indent=2) + "\n"


class _Definitions:
    """The schemas of records, each made when the first hint refers to it."""

    def __init__(self, reference: str) -> None:
        self.schemas: JsonSchema = {}
        self._reference = reference

    def build(self, hint: Any) -> JsonSchema:
        """Return the schema of the values of a hint."""
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._build_annotated(hint)
        if origin is list:
            return {"type": "array", "items": self.build(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.build(arguments[1])}
        if origin is not None:
            (inner,) = (argument for argument in arguments if argument is not NoneType)
            return make_nullable(self.build(inner))
        return dict(_BASIC[hint]) if hint in _BASIC else self._refer_to(hint)

    def _refer_to(self, kind: Any) -> JsonSchema:
        name = kind.__name__.removesuffix("Record")
        if name not in self.schemas:
            build = self._build_record if dataclasses.is_dataclass(kind) else self._build_tuple
            self.schemas[name] = {"description": _describe(kind), **build(kind)}
        return {"$ref": f"{self._reference}{name}"}

    def _build_annotated(self, hint: Any) -> JsonSchema:
        for entry in get_args(hint):
            if isinstance(entry, Field):
                schema = entry.schema() if inspect.isfunction(entry.schema) else entry.schema
                return dict(schema) if isinstance(schema, dict) else self.build(schema)
        return build_annotated_schema(hint)

    def _build_record(self, kind: Any) -> JsonSchema:
        hints = get_type_hints(kind, include_extras=True)
        members = {entry.name: self.build(hints[entry.name]) for entry in dataclasses.fields(kind)}
        required = [
            entry.name
            for entry in dataclasses.fields(kind)
            if entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        ]
        return build_object(members, required)

    def _build_tuple(self, kind: Any) -> JsonSchema:
        hints = get_type_hints(kind, include_extras=True)
        items = [{"title": name, **self.build(hints[name])} for name in kind._fields]
        bounds = {"minItems": len(items), "maxItems": len(items)}
        return {"type": "array", "prefixItems": items, "items": False, **bounds}


def _describe(kind: Any) -> str:
    return " ".join((inspect.getdoc(kind) or "").replace("``", "").split())


if __name__ == "__main__":
    print(format_state_schema(), end="")  # noqa: T201  a command

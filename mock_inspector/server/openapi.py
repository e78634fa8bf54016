"""The description of the control calls, in OpenAPI 3.1. It is made from their table and from what they call."""

from __future__ import annotations

import datetime
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from importlib.metadata import version
from types import NoneType, SimpleNamespace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from freezegun import api as freezegun_api

from ..api.json_schema import JsonSchema, build_annotated_schema, build_object, build_shape_schema, make_nullable
from ..api.validation import ShapeName
from ..backend import InspectorBackend
from ..snapshots.json_schema import build_state_definitions, build_state_schema
from ..state.call_log import Call, CallLog
from ..state.finding_specs import FindingSpec
from ..state.instances import Instance, InstanceAttributes
from .control_calls import CONTROL_CALLS, FINDING_FUNCTIONS, ControlCall, parse_findings, parse_when, take_snapshot

PATH_PREFIX = "/_mock_inspector/"

_REFERENCE = "#/components/schemas/"
_ROLE = re.compile(r":\w+:`[.~]?([\w.]+)`")
_BACKEND_MEMBERS = ("account_id", "region", "partition")

_BASIC: dict[Any, JsonSchema] = {
    Any: {},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    NoneType: {"type": "null"},
}
_TIME: JsonSchema = {"type": "string", "format": "date-time"}
_NOT_IN_JSON = (BaseException, Callable, datetime.timedelta)
"""What a test in Python may pass beside values that JSON has."""


def build_openapi() -> JsonSchema:
    """Return the OpenAPI document of all control calls."""
    schemas: JsonSchema = {
        **build_state_definitions(_REFERENCE),
        "Error": build_object({"error": {"type": "string"}}, ["error"]),
        "Backend": build_object({name: {"type": "string"} for name in _BACKEND_MEMBERS}, [*_BACKEND_MEMBERS]),
        "LoggedCall": _build_call(),
        "LoggedInstance": _build_members(Instance, leave_out=("number",)),
        "NewFinding": {"anyOf": [_build_finding(name) for name in FINDING_FUNCTIONS]},
        "InstanceFinding": _build_members(FindingSpec, leave_out=("without_agent",)),
    }
    schemas["InstanceFinding"]["properties"]["attributes"] = {
        "type": "object",
        "additionalProperties": {"type": "string"},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mock_inspector: control calls",
            "version": version("mock-inspector"),
            "description": "What a test's author does with the mock, for tests in other languages. An error has the "
            "member error, whose text says what is wrong and what is allowed.",
        },
        "servers": [{"url": "/"}],
        "paths": {
            **{f"{PATH_PREFIX}{name}": _build_path(name, call) for name, call in CONTROL_CALLS.items()},
            **{f"{PATH_PREFIX}{name}": {"get": _build_document(name, build)} for name, build in DOCUMENTS.items()},
        },
        "components": {"schemas": schemas, "parameters": _build_query()},
    }


def _build_query() -> JsonSchema:
    texts = {
        "account_id": "Choose the backend of another account than the server's own.",
        "region": "Choose the backend of another region than the server's own.",
    }
    return {
        name: {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in texts.items()
    }


def _build_path(name: str, call: ControlCall) -> JsonSchema:
    text = _describe(call.function)
    operation: JsonSchema = {
        "summary": text.partition(". ")[0].rstrip("."),
        "description": text,
        "parameters": [{"$ref": f"#/components/parameters/{parameter}"} for parameter in _build_query()],
        "responses": {
            "200": _build_response("The result.", _build_result(call)),
            "default": _build_response("What is wrong.", {"$ref": f"{_REFERENCE}Error"}),
        },
    }
    return {
        method.lower(): {
            "operationId": name if index == 0 else f"{name}.{method.lower()}",
            **operation,
            **(_build_request(name, call) if method == "POST" else {}),
        }
        for index, method in enumerate(call.http_methods)
    }


def _build_document(name: str, build: Callable[[], Any]) -> JsonSchema:
    text = _describe(build)
    responses = {"200": _build_response("The document.", {"type": "object"})}
    return {"operationId": name, "summary": text.rstrip("."), "responses": responses}


def _build_response(description: str, schema: JsonSchema) -> JsonSchema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _describe(function: Callable[..., Any]) -> str:
    """The docstring of a function, as plain text."""
    text = inspect.getdoc(function) or ""
    return " ".join(_ROLE.sub(r"\1", text).replace("``", "").split())


# What a control call takes


def _build_request(name: str, call: ControlCall) -> JsonSchema:
    properties: JsonSchema = {}
    required: list[str] = []
    for argument, parameter in call.parameters.items():
        variadic = parameter.kind is parameter.VAR_POSITIONAL
        schema = _build_argument(name, argument, parameter, call)
        properties[argument] = {"type": "array", "items": schema} if variadic else schema
        if parameter.default is parameter.empty and not variadic:
            required.append(argument)
    body = build_object(properties, required)
    if call.whole_body is not None:
        body = {"anyOf": [properties[call.whole_body], body]}
    return {"requestBody": {"required": bool(required), "content": {"application/json": {"schema": body}}}}


def _build_argument(name: str, argument: str, parameter: inspect.Parameter, call: ControlCall) -> JsonSchema:
    if call.whole_body == argument:
        return {"$ref": f"{_REFERENCE}Snapshot"}
    parser = call.parsers.get(argument)
    if parser is parse_findings:
        return {"type": "array", "items": {"$ref": f"{_REFERENCE}NewFinding"}}
    if parser is parse_when:
        return {"type": ["object", "null"]}
    if name == "add_instance" and argument in _attribute_shapes():
        schema = build_shape_schema(_attribute_shapes()[argument])
        return make_nullable(schema) if parameter.default is None else schema
    return _build(parameter.annotation)


@lru_cache(maxsize=1)
def _attribute_shapes() -> dict[str, str]:
    """The data types of an instance's attributes."""
    hints = get_type_hints(InstanceAttributes, include_extras=True)
    return {
        name: entry.name
        for name, hint in hints.items()
        for entry in getattr(hint, "__metadata__", ())
        if isinstance(entry, ShapeName)
    }


def _build_finding(name: str) -> JsonSchema:
    """A finding in JSON: the first argument of its function under the function's name, and its keywords."""
    first, *keywords = inspect.signature(FINDING_FUNCTIONS[name]).parameters.values()
    members = {name: first.annotation, **{keyword.name: keyword.annotation for keyword in keywords}}
    return build_object({member: _build(hint) for member, hint in members.items()}, [name])


def _resolve(annotations: Mapping[str, Any], function: Any) -> dict[str, Any]:
    names = inspect.unwrap(function).__globals__
    return get_type_hints(SimpleNamespace(__annotations__=dict(annotations)), globalns=names)


# What it returns


def _build_result(call: ControlCall) -> JsonSchema:
    annotation = inspect.signature(call.function).return_annotation
    hint = _resolve({"return": annotation}, call.function)["return"] if isinstance(annotation, str) else annotation
    return {"$ref": f"{_REFERENCE}Snapshot"} if call.function is take_snapshot else _build(hint)


def _build_call() -> JsonSchema:
    texts = ("operation", "account", "region", "access_key")
    members: JsonSchema = {
        **{name: {"type": "string"} for name in texts},
        "parameters": {"type": "object"},
        "response": {"type": ["object", "null"]},
        "error": {"type": ["string", "null"]},
        "message": {"type": ["string", "null"]},
        "time": _TIME,
    }
    return build_object(members, list(members))


def _build_members(kind: Any, leave_out: Sequence[str] = ()) -> JsonSchema:
    """A dataclass or a NamedTuple as the object that a control call makes of it."""
    names = [entry.name for entry in fields(kind)] if is_dataclass(kind) else list(kind._fields)
    hints = get_type_hints(kind, include_extras=True)
    members = {name: _build(hints[name]) for name in names if name not in leave_out}
    return build_object(members, list(members))


_NAMED: dict[Any, str] = {
    Call: "LoggedCall",
    FindingSpec: "InstanceFinding",
    Instance: "LoggedInstance",
    InspectorBackend: "Backend",
}


def _build(hint: Any) -> JsonSchema:
    """The schema of the values of a type hint in JSON."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _NAMED:
        return {"$ref": f"{_REFERENCE}{_NAMED[hint]}"}
    if hint is CallLog:
        return {"type": "array", "items": _build(Call)}
    if hint in _BASIC:
        return dict(_BASIC[hint])
    if origin is Annotated:
        return build_annotated_schema(hint)
    if isinstance(hint, type) and issubclass(hint, freezegun_api.real_datetime):  # while time is frozen, a fake class
        return dict(_TIME)
    return _build_members(hint) if not arguments else _build_generic(origin, arguments)


def _build_generic(origin: Any, arguments: tuple[Any, ...]) -> JsonSchema:
    """The schema of a collection, or of a union of types."""
    if origin in (list, tuple, Iterable, Sequence):
        return {"type": "array", "items": _build(arguments[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _build(arguments[1])}
    if origin is Literal:
        return {"enum": list(arguments)}
    choices = [_build(argument) for argument in arguments if (get_origin(argument) or argument) not in _NOT_IN_JSON]
    return {"anyOf": choices} if len(choices) > 1 else choices[0]


DOCUMENTS: dict[str, Callable[[], JsonSchema]] = {
    "openapi.json": build_openapi,
    "state-schema.json": build_state_schema,
}
"""What describes the control calls and the state files, by its name beside the control calls."""

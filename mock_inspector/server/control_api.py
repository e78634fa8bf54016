"""Control calls: what a test's author can do with a backend, over HTTP, for tests in other languages.

``POST /_mock_inspector/<member>`` calls a method of :class:`mock_inspector.backend.InspectorBackend`. The body is a JSON
object with the arguments by name, the response is the result as JSON. ``GET`` reads. ``?account_id=`` and
``?region=`` choose another backend than the server's own. Times are ISO 8601 text in both directions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, get_args
from urllib.parse import parse_qsl

from .. import findings
from ..backend import InspectorBackend, choose_backend
from ..errors import ApiError, short_repr, suggest
from ..state.call_log import Call, CallLog
from ..state.faults import name_caller
from ..state.instances import Instance
from ..state.messages import PublishedMessage
from .control_calls import CONTROL_CALLS, ControlCall, as_list, json_repr
from .openapi import DOCUMENTS, PATH_PREFIX

_BACKEND_PARAMETERS = ("account_id", "region")


@dataclass(frozen=True, slots=True)
class ControlResult:
    """The response to a control call."""

    status: int
    value: Any
    headers: dict[str, str] = field(default_factory=dict)


class _RequestError(Exception):
    """A control call that gets another status than 400."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.result = ControlResult(status, {"error": message}, headers)


class ControlApi:
    """Carries out the control calls of one mock, by default on ``backend``."""

    def __init__(self, backend: InspectorBackend) -> None:
        self._backend = backend

    def call(self, http_method: str, member: str, query: str, body: bytes) -> ControlResult:
        """Carry out a control call. A bad one gets a result of the form ``{"error": reason}``.

        HEAD is answered as GET, since some programs that wait for a server use it.
        """
        http_method = "GET" if http_method == "HEAD" else http_method
        try:
            if member in DOCUMENTS and http_method == "GET":
                return ControlResult(200, DOCUMENTS[member]())
            control_call = _find(member, http_method)
            backend = self._choose_backend(query, reads=http_method == "GET")
            arguments = _parse_body(body) if http_method == "POST" else {}
            args, kwargs = _bind(member, control_call, arguments)
            target = backend if control_call.part is None else control_call.part(backend)
            with name_caller(f"control call {member}"):
                return ControlResult(200, _to_json(control_call.function(target, *args, **kwargs)))
        except _RequestError as error:
            return error.result
        except (ValueError, TypeError, ApiError) as error:
            reason = str(error)
            names_member = reason.startswith((member, member.rpartition(".")[2]))
            return ControlResult(400, {"error": reason if names_member else f"{member}: {reason}"})

    def _choose_backend(self, query: str, *, reads: bool) -> InspectorBackend:
        """The backend that the query names. Reading from an account or region does not create it."""
        chosen = {"account_id": self._backend.account_id, "region": self._backend.region}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in chosen:
                raise ValueError(f"the query's parameters are {' and '.join(chosen)}; got {short_repr(name)}")
            chosen[name] = value
        return choose_backend(self._backend, **chosen, reads=reads)


def _find(member: str, http_method: str) -> ControlCall:
    """The control call. An unknown one gets status 404, a wrong HTTP method 405."""
    found = CONTROL_CALLS.get(member)
    if member in DOCUMENTS:
        raise _wrong_method(member, http_method, ("GET",))
    if found is None:
        known = [*CONTROL_CALLS, *DOCUMENTS]
        raise _RequestError(
            404,
            f"{short_repr(member)} is not a control call; the control calls are {', '.join(known)}"
            f"{suggest(member, known)}",
        )
    if http_method not in found.http_methods:
        raise _wrong_method(member, http_method, found.http_methods)
    return found


def _wrong_method(member: str, http_method: str, allowed: tuple[str, ...]) -> _RequestError:
    text = f"{member} must be called with {' or '.join(allowed)}; got {short_repr(http_method)[1:-1]}"
    return _RequestError(405, text, Allow=", ".join(allowed))


# From JSON


def _parse_body(body: bytes) -> dict[str, Any]:
    """The arguments in a request's body; none in an empty one. ValueError if it is not a JSON object."""
    try:
        value = json.loads(body.decode("utf-8-sig") or "{}")
        # Rejects numbers beyond a float's range, NaN, and halves of surrogate pairs: none of them could be sent back.
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the request's body is not JSON: {short_repr(str(error))}") from None
    if not isinstance(value, dict):
        raise ValueError(f"the request's body must be a JSON object of arguments; got {json_repr(value)}")
    return value


def _check_names(member: str, given: Iterable[str], parameters: Mapping[str, Any]) -> None:
    """ValueError for an argument that the control call does not take."""
    for name in given:
        if name in parameters:
            continue
        if name in _BACKEND_PARAMETERS:
            raise ValueError(
                f"{name} must be in the query and not in the body: {PATH_PREFIX}{member}?{name}=..., "
                "which chooses the backend"
            )
        takes = ", ".join(parameters) or "none"
        raise ValueError(f"unknown argument {short_repr(name)}; it takes {takes}{suggest(name, parameters)}")


def _bind(member: str, control_call: ControlCall, given: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments to call a function with. ValueError for unknown, missing and mistyped ones."""
    parameters, whole = control_call.parameters, control_call.whole_body
    if whole is not None and given and whole not in given:
        given = {whole: given}
    _check_names(member, given, parameters)
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, parameter in parameters.items():
        variadic = parameter.kind is parameter.VAR_POSITIONAL
        if name not in given:
            if parameter.default is parameter.empty and not variadic:
                raise ValueError(f"{name} is missing; it takes {', '.join(parameters)}")
        elif variadic:
            args = as_list(name, given[name])
            for index, entry in enumerate(args):
                _check_type(f"{name}[{index}]", entry, parameter.annotation)
        elif name in control_call.parsers:
            kwargs[name] = control_call.parsers[name](given[name])
        else:
            _check_type(name, given[name], parameter.annotation)
            kwargs[name] = given[name]
    return args, kwargs


_TYPE_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false", NoneType: "null"}


def _check_type(name: str, value: Any, annotation: Any) -> None:
    """ValueError for a value of another type, if the annotation has only plain types; the function checks the others."""
    allowed = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    if type(value) in allowed or (type(value) is int and float in allowed):
        return
    if all(kind in _TYPE_NAMES for kind in allowed):
        raise ValueError(f"{name} must be {' or '.join(_TYPE_NAMES[kind] for kind in allowed)}; got {json_repr(value)}")


# To JSON


def _to_json(value: Any) -> Any:
    """A control call's result as JSON values."""
    members = _get_members(value)
    if members is not None:
        return {name: _to_json(entry) for name, entry in members.items()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, (list, tuple, CallLog)):
        return [_to_json(entry) for entry in value[:]]
    return value


def _get_members(value: Any) -> Mapping[str, Any] | None:
    """The members of a value that becomes a JSON object; None for other values."""
    if isinstance(value, InspectorBackend):
        return {name: getattr(value, name) for name in ("account_id", "region", "partition")}
    if isinstance(value, Call):
        return value.to_json()
    if isinstance(value, Instance):
        return {entry.name: getattr(value, entry.name) for entry in fields(Instance) if entry.name != "number"}
    if isinstance(value, findings.FindingSpec):
        names = [entry.name for entry in fields(findings.FindingSpec) if entry.name != "without_agent"]
        return {**{name: getattr(value, name) for name in names}, "attributes": dict(value.attributes)}
    if isinstance(value, PublishedMessage):
        return value._asdict()
    return value if isinstance(value, Mapping) else None

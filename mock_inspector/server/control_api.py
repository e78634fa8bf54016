"""Control calls: what a test's author can do with a backend, by HTTP, for tests in other languages.

``POST /_mock_inspector/<member>`` calls a method of :class:`mock_inspector.backend.InspectorBackend` with the arguments
of a JSON object, by their names, and answers its result as JSON; ``GET`` reads a property. ``?account_id=`` and
``?region=`` choose another backend than the server's own. Moments are ISO 8601 text, both ways.
"""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .. import findings
from ..backend import InspectorBackend
from ..errors import ApiError, shown
from ..model.calls import Call, Calls
from ..model.events import Published
from ..model.faults import ParametersAre
from ..model.fleet import Instance
from ..snapshots import check_json
from .dashboard.overview import etag, overview

if TYPE_CHECKING:
    from ..model.world import World

PREFIX = "/_mock_inspector/"

_PROPERTIES = ("account_id", "region", "partition", "published", "calls")
_METHODS = (
    "for_region",
    "for_account",
    "register_access_key",
    "add_instance",
    "remove_instance",
    "add_rules_package",
    "add_finding",
    "add_exclusion",
    "set_run_state",
    "finish_run",
    "clock.now",
    "clock.tick",
    "clock.move_to",
    "clock.run",
    "inject_fault",
    "calls.of",
    "calls.last",
    "calls.clear",
    "next_ids",
    "snapshot",
    "restore",
    "reset",
)
_READING = frozenset({"clock.now"})
"""Methods that GET calls, too."""

_OVERVIEW = "overview"
"""What the page at the server's root shows; not a backend's member, but the whole mock's."""

MEMBERS = (*_PROPERTIES, *_METHODS, _OVERVIEW)


@dataclass(frozen=True, slots=True)
class ControlResult:
    """What a control call answers."""

    status: int
    value: Any
    headers: dict[str, str] = field(default_factory=dict)


class _RefusedError(Exception):
    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.outcome = ControlResult(status, {"error": message}, headers)


class Control:
    """The control calls of one mock, by default on ``backend``."""

    def __init__(self, world: World, backend: InspectorBackend) -> None:
        self._world = world
        self._backend = backend

    def answer(self, method: str, member: str, query: str, body: bytes) -> ControlResult:
        """Carry a control call out. Whatever is wrong with it becomes an answer of the form ``{"error": reason}``."""
        try:
            _check_method(member, method)
            backend = self._chosen(query)
            if member == _OVERVIEW:
                seen = overview(self._world, backend._region)
                return ControlResult(200, seen, {"ETag": etag(seen)})
            with self._world.lock:
                owner: Any = backend
                for name in member.split(".")[:-1]:
                    owner = getattr(owner, name)
                value = getattr(owner, member.rpartition(".")[2])
                if member in _METHODS:
                    args, kwargs = _arguments(member, value, _members(body) if method == "POST" else {})
                    value = value(*args, **kwargs)
                if member == "snapshot":
                    check_json(value)
                return ControlResult(200, _json(value))
        except _RefusedError as refused:
            return refused.outcome
        except (ValueError, TypeError, ApiError) as error:
            reason = str(error)
            own = reason.startswith((member, member.rpartition(".")[2]))  # it names the member itself
            return ControlResult(400, {"error": reason if own else f"{member}: {reason}"})

    def _chosen(self, query: str) -> InspectorBackend:
        backend = self._backend
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name == "account_id":
                backend = backend.for_account(value)
            elif name == "region":
                backend = backend.for_region(value)
            else:
                raise ValueError(f"the query takes account_id and region, got {shown(name)}")
        return backend


def _check_method(member: str, method: str) -> None:
    """Refuse unknown members (404), and known ones under another HTTP method (405)."""
    if member not in MEMBERS:
        raise _RefusedError(
            404, f"{shown(member)} is no control call{_near(member, MEMBERS)}; there are {', '.join(MEMBERS)}"
        )
    allowed = ["GET"] if member not in _METHODS else ["GET", "POST"] if member in _READING else ["POST"]
    if method not in allowed:
        text = " or ".join(allowed)
        raise _RefusedError(405, f"{member} takes {text}, not {shown(method)[1:-1]}", Allow=", ".join(allowed))


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" (did you mean {near[0]}?)" if near else ""


# From JSON


def _members(body: bytes) -> dict[str, Any]:
    """The arguments in a request's body; an empty one has none. ValueError for what is no JSON object."""
    try:
        value = json.loads(body.decode("utf-8") or "{}")
        # Numbers beyond a float's range, NaN, and halves of surrogate pairs are no values that could be sent back.
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the request's body is not JSON: {shown(str(error))}") from None
    if not isinstance(value, dict):
        raise ValueError(f"the request's body takes a JSON object of arguments, got {shown(value)}")
    return value


def _arguments(member: str, function: Callable[..., Any], given: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """What to call a member with. ValueError for arguments that it does not take, or that it misses."""
    parameters = inspect.signature(function).parameters
    unknown = [name for name in given if name not in parameters]
    if unknown:
        takes = f"it takes {', '.join(parameters)}" if parameters else "it takes none"
        raise ValueError(f"unknown argument {shown(unknown[0])}{_near(unknown[0], parameters)}; {takes}")
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name not in given:
            if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL:
                raise ValueError(f"{name} is missing; it takes {', '.join(parameters)}")
        elif parameter.kind is parameter.VAR_POSITIONAL:
            args += [
                _typed(f"{name}[{place}]", entry, parameter) for place, entry in enumerate(_listed(name, given[name]))
            ]
        else:
            read = _READ.get((member, name))
            kwargs[name] = _typed(name, given[name], parameter) if read is None else read(given[name])
    return args, kwargs


_TYPES = {"str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false", "None": "null"}
"""The types that parameters are annotated with, where plain ones do, in the words of JSON."""


def _typed(name: str, value: Any, parameter: inspect.Parameter) -> Any:
    """``value``, of a type that the parameter's annotation allows: what has one that says more is left to the member."""
    allowed = str(parameter.annotation).split(" | ")
    given = "None" if value is None else type(value).__name__
    if given in allowed or (given == "int" and "float" in allowed) or not {*allowed} <= {*_TYPES}:
        return value
    raise ValueError(f"{name}: takes {' or '.join(_TYPES[kind] for kind in allowed)}, got {shown(value)}")


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name}: takes an array, got {shown(value)}")
    return value


_FINDINGS: dict[str, Callable[..., findings.Weakness]] = {
    name: getattr(findings, name)
    for name in ("cve", "cis", "best_practice", "network_reachability", "runtime_behavior")
}


def _weaknesses(value: Any) -> list[findings.Weakness]:
    """Findings in JSON: ``{"cve": "CVE-2016-2177", "severity": "High"}`` is ``cve("CVE-2016-2177", severity="High")``."""
    return [_weakness(f"findings[{place}]", entry) for place, entry in enumerate(_listed("findings", value))]


def _weakness(name: str, entry: Any) -> findings.Weakness:
    kinds = [key for key in entry if key in _FINDINGS] if isinstance(entry, dict) else []
    if len(kinds) != 1:
        raise ValueError(
            f"{name}: takes an object with one of {', '.join(_FINDINGS)}, such as "
            f'{{"cve": "CVE-2016-2177", "severity": "High"}}, got {shown(entry)}'
        )
    overrides = {key: value for key, value in entry.items() if key != kinds[0]}
    try:
        return _FINDINGS[kinds[0]](entry[kinds[0]], **overrides)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None


def _condition(value: Any) -> Callable[[dict[str, Any]], bool] | None:
    """``when`` in JSON: an object of parameters that must have these values."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"when: takes an object of parameters and the values they have, got {shown(value)}")
    return ParametersAre(value)


_READ: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("add_instance", "findings"): _weaknesses,
    ("inject_fault", "when"): _condition,
}
"""The arguments that JSON has no form for, and how the form they have here is read."""


# To JSON


def _json(value: Any) -> Any:
    """What a member returned, as JSON values."""
    named = _named(value)
    if named is not None:
        return {name: _json(entry) for name, entry in named.items()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, (list, tuple, Calls)):
        return [_json(entry) for entry in value[:]]
    return value


def _named(value: Any) -> Mapping[str, Any] | None:
    """The members of what becomes an object; None for what does not."""
    if isinstance(value, InspectorBackend):
        return {name: getattr(value, name) for name in ("account_id", "region", "partition")}
    if isinstance(value, Call):
        return value.members()
    if isinstance(value, Instance):
        return {entry.name: getattr(value, entry.name) for entry in fields(Instance) if entry.name != "number"}
    if isinstance(value, findings.Weakness):
        members = {entry.name: getattr(value, entry.name) for entry in fields(findings.Weakness)}
        return {**members, "attributes": dict(value.attributes)}
    if isinstance(value, Published):
        return value._asdict()
    return value if isinstance(value, Mapping) else None

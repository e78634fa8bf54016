"""The control calls: each member of a backend that is no action, and what it takes and returns in JSON."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from .. import findings
from ..backend import InspectorBackend
from ..clock.clock import Clock
from ..errors import short_repr
from ..snapshots import check_json
from ..state.call_log import CallLog
from ..state.faults import ParametersAre
from .dashboard.overview import build_overview

_GET = ("GET",)


def json_repr(value: Any) -> str:
    """Return a JSON value for a message: ``null``, ``true`` and ``false`` as in JSON, others as :func:`short_repr` does."""
    return json.dumps(value) if value is None or isinstance(value, bool) else short_repr(value)


# Arguments that JSON cannot express


FINDING_FUNCTIONS: dict[str, Callable[..., findings.FindingSpec]] = {
    name: getattr(findings, name)
    for name in ("cve", "cis", "best_practice", "network_reachability", "runtime_behavior")
}
"""What makes a finding of its JSON form, by the member that its first argument is."""


def parse_findings(value: Any) -> list[findings.FindingSpec]:
    """Findings in JSON: ``{"cve": "CVE-2016-2177", "severity": "High"}`` is ``cve("CVE-2016-2177", severity="High")``."""
    return [_parse_finding(f"findings[{index}]", entry) for index, entry in enumerate(as_list("findings", value))]


def as_list(name: str, value: Any) -> list[Any]:
    """Return an argument that has to be an array. ValueError for another."""
    if not isinstance(value, list):
        raise ValueError(f"{name} must be an array; got {json_repr(value)}")
    return value


def _parse_finding(name: str, entry: Any) -> findings.FindingSpec:
    kinds = [key for key in entry if key in FINDING_FUNCTIONS] if isinstance(entry, dict) else []
    if len(kinds) != 1:
        raise ValueError(
            f"{name} must be an object with one of {', '.join(FINDING_FUNCTIONS)}, such as "
            f'{{"cve": "CVE-2016-2177", "severity": "High"}}; got {json_repr(entry)}'
        )
    keywords = {key: value for key, value in entry.items() if key != kinds[0]}
    try:
        return FINDING_FUNCTIONS[kinds[0]](entry[kinds[0]], **keywords)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None


def parse_when(value: Any) -> Callable[[dict[str, Any]], bool] | None:
    """A condition in JSON: an object with parameters and the values that they must have."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"when must be an object with parameters and their values; got {json_repr(value)}")
    return ParametersAre(value)


# The control calls


@dataclass(frozen=True, slots=True)
class ControlCall:
    """What a control call does."""

    function: Callable[..., Any]
    """Called with the backend, or the :attr:`part` of it, and the request's arguments."""
    http_methods: tuple[str, ...] = ("POST",)
    part: Callable[[InspectorBackend], Any] | None = None
    parsers: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """By argument: how a value is made of its JSON form."""
    whole_body: str | None = None
    """The argument that the request's body may be as a whole."""

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of the function, without the first one, which is the backend or a part of it."""
        return _get_parameters(self.function)


@lru_cache(maxsize=64)
def _get_parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return dict(list(inspect.signature(function, eval_str=True).parameters.items())[1:])


def _read(name: str) -> ControlCall:
    """The call that reads a property of a backend."""
    return ControlCall(getattr(InspectorBackend, name).fget, _GET)


def _clock(backend: InspectorBackend) -> Clock:
    return backend.clock


def _calls(backend: InspectorBackend) -> CallLog:
    return backend.calls


def take_snapshot(backend: InspectorBackend) -> dict[str, Any]:
    """Return the state of all accounts and regions, without the log of calls.

    The response as it is, saved in a file, is what restore, the command serve --state and the keyword state take. An error
    for a fault that cannot be saved as JSON. The state of other services, which moto has, is not in it.
    """
    snapshot = backend.snapshot()
    check_json(snapshot)
    return snapshot


def _reset(backend: InspectorBackend) -> None:
    """Empty all accounts and regions of the mock. The clock stays where it is.

    The state of other services stays, too, if moto answers for them: POST /moto-api/reset empties those.
    """
    backend.reset()


def _describe_health(_: InspectorBackend) -> dict[str, str]:
    """Return the status of the server, ok, and its version. Nothing changes by it."""
    return {"status": "ok", "version": version("mock-inspector")}


def _build_overview(backend: InspectorBackend) -> dict[str, Any]:
    """Return the data of the page at the server's root. It may change with any version."""
    return build_overview(backend._service, backend._store)


CONTROL_CALLS: dict[str, ControlCall] = {
    "account_id": _read("account_id"),
    "region": _read("region"),
    "partition": _read("partition"),
    "published": _read("published"),
    "calls": _read("calls"),
    "for_region": ControlCall(InspectorBackend.for_region),
    "for_account": ControlCall(InspectorBackend.for_account),
    "register_access_key": ControlCall(InspectorBackend.register_access_key),
    "add_instance": ControlCall(InspectorBackend.add_instance, parsers={"findings": parse_findings}),
    "instances": _read("instances"),
    "remove_instance": ControlCall(InspectorBackend.remove_instance),
    "add_rules_package": ControlCall(InspectorBackend.add_rules_package),
    "add_finding": ControlCall(InspectorBackend.add_finding),
    "add_exclusion": ControlCall(InspectorBackend.add_exclusion),
    "set_run_state": ControlCall(InspectorBackend.set_run_state),
    "finish_run": ControlCall(InspectorBackend.finish_run),
    "clock.now": ControlCall(Clock.now, ("GET", "POST"), part=_clock),
    "clock.tick": ControlCall(Clock.tick, part=_clock),
    "clock.move_to": ControlCall(Clock.move_to, part=_clock),
    "clock.run": ControlCall(Clock.run, part=_clock),
    "inject_fault": ControlCall(InspectorBackend.inject_fault, parsers={"when": parse_when}),
    "calls.of": ControlCall(CallLog.of, part=_calls),
    "calls.last": ControlCall(CallLog.last, part=_calls),
    "calls.clear": ControlCall(CallLog.clear, part=_calls),
    "next_ids": ControlCall(InspectorBackend.next_ids),
    "snapshot": ControlCall(take_snapshot, ("GET", "POST")),
    "restore": ControlCall(InspectorBackend.restore, whole_body="snapshot"),
    "reset": ControlCall(_reset),
    # What is no member of a backend.
    "health": ControlCall(_describe_health, _GET),
    "overview": ControlCall(_build_overview, _GET),
}
"""Each member of a backend that is not an action, and those of its clock and its log of calls."""

"""The control calls: each member of a backend that is no action, and what it takes and returns in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


# Arguments that JSON cannot express


_FINDINGS: dict[str, Callable[..., findings.FindingSpec]] = {
    name: getattr(findings, name)
    for name in ("cve", "cis", "best_practice", "network_reachability", "runtime_behavior")
}


def _parse_findings(value: Any) -> list[findings.FindingSpec]:
    """Findings in JSON: ``{"cve": "CVE-2016-2177", "severity": "High"}`` is ``cve("CVE-2016-2177", severity="High")``."""
    return [_parse_finding(f"findings[{index}]", entry) for index, entry in enumerate(as_list("findings", value))]


def as_list(name: str, value: Any) -> list[Any]:
    """Return an argument that has to be an array. ValueError for another."""
    if not isinstance(value, list):
        raise ValueError(f"{name} must be an array; got {short_repr(value)}")
    return value


def _parse_finding(name: str, entry: Any) -> findings.FindingSpec:
    kinds = [key for key in entry if key in _FINDINGS] if isinstance(entry, dict) else []
    if len(kinds) != 1:
        raise ValueError(
            f"{name} must be an object with one of {', '.join(_FINDINGS)}, such as "
            f'{{"cve": "CVE-2016-2177", "severity": "High"}}; got {short_repr(entry)}'
        )
    keywords = {key: value for key, value in entry.items() if key != kinds[0]}
    try:
        return _FINDINGS[kinds[0]](entry[kinds[0]], **keywords)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None


def _parse_when(value: Any) -> Callable[[dict[str, Any]], bool] | None:
    """A condition in JSON: an object with parameters and the values that they must have."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"when must be an object with parameters and their values; got {short_repr(value)}")
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


def _clock(backend: InspectorBackend) -> Clock:
    return backend.clock


def _calls(backend: InspectorBackend) -> CallLog:
    return backend.calls


def _json_snapshot(backend: InspectorBackend) -> dict[str, Any]:
    snapshot = backend.snapshot()
    check_json(snapshot)
    return snapshot


CONTROL_CALLS: dict[str, ControlCall] = {
    "account_id": ControlCall(lambda backend: backend.account_id, _GET),
    "region": ControlCall(lambda backend: backend.region, _GET),
    "partition": ControlCall(lambda backend: backend.partition, _GET),
    "published": ControlCall(lambda backend: backend.published, _GET),
    "calls": ControlCall(_calls, _GET),
    "for_region": ControlCall(InspectorBackend.for_region),
    "for_account": ControlCall(InspectorBackend.for_account),
    "register_access_key": ControlCall(InspectorBackend.register_access_key),
    "add_instance": ControlCall(InspectorBackend.add_instance, parsers={"findings": _parse_findings}),
    "instances": ControlCall(lambda backend: backend.instances, _GET),
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
    "inject_fault": ControlCall(InspectorBackend.inject_fault, parsers={"when": _parse_when}),
    "calls.of": ControlCall(CallLog.of, part=_calls),
    "calls.last": ControlCall(CallLog.last, part=_calls),
    "calls.clear": ControlCall(CallLog.clear, part=_calls),
    "next_ids": ControlCall(InspectorBackend.next_ids),
    "snapshot": ControlCall(_json_snapshot),
    "restore": ControlCall(InspectorBackend.restore),
    "reset": ControlCall(InspectorBackend.reset),
    # The data of the dashboard: no member of a backend.
    "overview": ControlCall(lambda backend: build_overview(backend._service, backend._store), _GET),
}
"""Each member of a backend that is not an action, and those of its clock and its log of calls."""

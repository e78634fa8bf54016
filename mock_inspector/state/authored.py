"""What a test's author puts in by hand: findings, exclusions and parts of instances, checked against the model.

Mistakes are the author's, so they are ValueErrors that say which member, what was given and what is allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from ..api.service_model import service_model
from ..api.validation import compile_shape
from ..clock.clock import iso, seconds
from ..errors import ApiError, short_repr
from .exclusions import texts_of, usual_scopes
from .finding_specs import FindingSpec
from .findings import NUMERIC_SEVERITY, FixedBody
from .rules_packages import RulesPackage
from .runs import Run

_MOST = 2**63
"""One more than a ``Long`` of the API holds."""


def validate(shape_name: str, value: Any, name: str) -> Any:
    """``value`` as one of the model's shapes. ValueError, naming ``name``, for what the shape does not allow."""
    shape = service_model().shape_for(shape_name)
    _refuse_unknown(shape, value, name)
    try:
        return compile_shape(shape_name)(value, name)
    except ApiError as error:
        raise ValueError(error.message) from None


_INSTANCE = {
    "instance_id": "AgentId",
    "agent_health": "AgentHealth",
    "agent_health_code": "AgentHealthCode",
    "agent_health_details": "Message",
    "hostname": "Hostname",
    "ami_id": "AmiId",
    "auto_scaling_group": "AutoScalingGroup",
    "ipv4_address": "Ipv4Address",
    "operating_system": "OperatingSystem",
    "kernel_version": "KernelVersion",
    "agent_version": "AgentVersion",
    "network_interfaces": "NetworkInterfaces",
    "telemetry": "TelemetryMetadataList",
}
"""The model's shapes of an instance's attributes."""


def validate_instance(
    *, tags: Mapping[str, str] | None, findings: Iterable[FindingSpec], **attributes: Any
) -> dict[str, Any]:
    """The attributes of an :class:`.Instance`; None is one that is left open. ValueError for what is not allowed."""
    specs = tuple(findings)
    for spec in specs:
        if not isinstance(spec, FindingSpec):
            raise ValueError(
                "findings: takes what the functions of mock_inspector.findings make, such as "
                f"cve('CVE-2016-2177'), got {spec!r}"
            )
    for name, value in attributes.items():
        if value is not None:
            attributes[name] = validate(_INSTANCE[name], value, name)
    if tags is not None and not isinstance(tags, Mapping):
        raise ValueError(f"tags: takes a mapping such as {{'Name': 'web'}}, got {tags!r}")
    validate("Tags", [{"key": key, "value": value} for key, value in (tags or {}).items()], "tags")
    return {**attributes, "tags": dict(tags or {}), "findings": specs}


def _refuse_unknown(shape: Shape, value: Any, path: str) -> None:
    if isinstance(shape, ListShape) and isinstance(value, (list, tuple)):
        for index, entry in enumerate(value):
            _refuse_unknown(shape.member, entry, f"{path}[{index}]")
    elif isinstance(shape, StructureShape) and isinstance(value, Mapping):
        unknown = [key for key in value if key not in shape.members]
        if unknown:
            raise ValueError(
                f"{path}: unknown member {', '.join(map(short_repr, unknown))}; {shape.name} has {', '.join(shape.members)}"
            )
        for key, entry in value.items():
            _refuse_unknown(shape.members[key], entry, f"{path}.{key}")
    elif isinstance(value, int) and not -_MOST <= value < _MOST:
        raise ValueError(f"{path}: got {short_repr(value)}, takes numbers of 64 bits")


def _as_given(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}: takes a mapping in the shape of Describe{name.title()}s, got {short_repr(value)}")
    if "arn" in value:
        raise ValueError(f"{name}: 'arn' is minted, not given; pin the next id with next_ids() if it matters")
    return {member: entry for member, entry in value.items() if entry is not None}


def authored_finding(value: Any, run: Run, now: int) -> tuple[FixedBody, dict[str, Any]]:
    """A finding in the Describe shape, its missing members filled in: what it says, and what is its own."""
    given = _as_given("finding", value)
    severity = given.get("severity", "Informational")
    service = {"schemaVersion": 1, "rulesPackageArn": next(iter(run.packages), None)}
    complete = validate(
        "Finding",
        {
            "title": "Finding put in by hand",
            "description": "This finding was put in by hand.",
            "recommendation": "No remediation needed.",
            "severity": severity,
            "numericSeverity": NUMERIC_SEVERITY.get(severity, 0.0) if isinstance(severity, str) else 0.0,
            "attributes": [],
            "userAttributes": [dict(entry) for entry in run.user_attributes],
            "createdAt": seconds(now),
            "updatedAt": given.get("createdAt", seconds(now)),
            **given,
            "arn": run.arn,
            "assetAttributes": _with(given, "assetAttributes", {"schemaVersion": 1, "ipv4Addresses": []}),
            "serviceAttributes": _with(given, "serviceAttributes", service),
        },
        "finding",
    )
    own: dict[str, Any] = {
        "own_user_attributes": tuple(complete.pop("userAttributes")),
        "created": int(complete.pop("createdAt")),
        "updated": int(complete.pop("updatedAt")),
    }
    if own["created"] > now:
        raise ValueError(
            f"finding.createdAt: {iso(own['created'])} lies ahead of the clock, which stands at {iso(now)}; move the clock "
            "there before adding the finding"
        )
    del complete["arn"]
    package = complete["serviceAttributes"].get("rulesPackageArn")
    complete["serviceAttributes"]["assessmentRunArn"] = run.arn
    return FixedBody(package, complete["severity"], complete), own


def authored_exclusion(value: Any, run: Run, packages: Collection[RulesPackage]) -> dict[str, Any]:
    """An exclusion in the Describe shape, its missing members filled in, by its title where that is a documented one."""
    given = _as_given("exclusion", value)
    title = given.get("title", "Exclusion put in by hand")
    complete: dict[str, Any] = validate(
        "Exclusion",
        {
            "title": title,
            "description": "This exclusion was put in by hand.",
            "recommendation": "No action needed.",
            "scopes": usual_scopes(str(title), packages),
            "attributes": [],
            **given,
            "arn": run.arn,
        },
        "exclusion",
    )
    del complete["arn"]
    about = [*complete["scopes"], *complete["attributes"]]
    told = texts_of(complete["title"], about, packages, run.template.target.arn)
    return {**complete, **{member: text for member, text in told.items() if member not in given}}


def _with(given: dict[str, Any], member: str, defaults: dict[str, Any]) -> Any:
    value = given.get(member, {})
    return {**defaults, **value} if isinstance(value, Mapping) else value

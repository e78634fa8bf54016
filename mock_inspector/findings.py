"""Public: what an instance suffers from, in one line each, for ``add_instance(findings=[...])``.

Each function returns a :class:`FindingSpec`. The rules package it belongs to reports it in every run whose template has
that package. Ids, titles, severities and attribute keys are those of the real service where they are known.

Every function also takes the keywords of :class:`Overrides`: ``severity`` (High, Medium, Low, Informational, Undefined),
``numeric_severity`` (0 to 10), ``id``, ``title``, ``description``, ``recommendation`` and ``attributes`` (a mapping that
is added to its own). ``{instance_id}`` in a text becomes the id of the instance. ValueError for invalid values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, get_args

from .api.literals import BestPracticeRule, RuntimeBehaviorRule, Severity
from .api.service_model import max_length
from .api.validation import validate
from .errors import describe_choice, short_repr, suggest
from .state import finding_specs
from .state.finding_specs import FindingSpec
from .state.findings import NUMERIC_SEVERITY

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["FindingSpec", "best_practice", "cis", "cve", "network_reachability", "runtime_behavior"]


Protocol = Literal["TCP", "UDP"]
Route = Literal["Internet", "PeeredVPC", "VGW"]


class Overrides(TypedDict, total=False):
    """The keywords that every function takes."""

    severity: Severity
    numeric_severity: float
    id: str
    title: str
    description: str
    recommendation: str
    attributes: Mapping[str, str]


_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_CIS = re.compile(r"[0-9]+(\.[0-9]+)* \S.*", re.DOTALL)
_SCORES = {"High": (7.5, 8.1), "Medium": (5.0, 5.9), "Low": (2.1, 3.3)}
_MAX_PORT = 65_535


def cve(
    cve_id: str,
    *,
    package: str | Sequence[str] = "example-0:1.0-1",
    cvss2_score: float | None = None,
    cvss3_score: float | None = None,
    **overrides: Unpack[Overrides],
) -> FindingSpec:
    """Return a vulnerable package: ``cve("CVE-2016-2177", severity="High", package="openssl-1:1.0.1k-14.91")``.

    ``package`` is one or more of ``name-epoch:version``. The severity is High unless another is given; the scores
    follow it.
    """
    if not _CVE.fullmatch(str(cve_id)):
        raise ValueError(f"cve_id must be an id such as 'CVE-2016-2177'; got {short_repr(cve_id)}")
    packages = package if isinstance(package, str) else ", ".join(package)
    usual = _SCORES.get(overrides.get("severity", "High"), (0.0, 0.0))
    return _build_spec(
        finding_specs.CVE,
        overrides,
        id=cve_id,
        severity="High",
        title=f"Instance {{instance_id}} is vulnerable to {cve_id}",
        description=f"The vulnerability {cve_id} is known in {packages}.",
        recommendation=(
            f"Use your Operating System's update feature to update package {packages}. "
            f"See https://cve.mitre.org/cgi-bin/cvename.cgi?name={cve_id}"
        ),
        attributes={
            "CVE_ID": cve_id,
            "CVSS2_SCORE": str(usual[0] if cvss2_score is None else cvss2_score),
            "CVSS3_SCORE": str(usual[1] if cvss3_score is None else cvss3_score),
            "package_name": packages,
        },
    )


def cis(
    rule: str,
    *,
    benchmark: str = "CIS Amazon Linux 2 Benchmark v1.0.0",
    profile: str = "Level 1",
    **overrides: Unpack[Overrides],
) -> FindingSpec:
    """Return a rule of a CIS benchmark that the instance violates: ``cis("1.1.1 Ensure mounting of cramfs is disabled")``.

    ``rule`` begins with the rule's number. It has up to 1,000 characters; the finding's ``id`` and attribute have its
    beginning, the filter ``ruleNames`` of ListFindings matches all of it. ``benchmark`` is written as in
    ``CIS CentOS Linux 7 Benchmark v2.2.0``.
    """
    if not _CIS.fullmatch(str(rule)):
        raise ValueError(
            "rule must be a rule's number and name such as '1.1.1 Ensure mounting of cramfs is disabled'; "
            f"got {short_repr(rule)}"
        )
    validate("RuleName", rule, "rule")
    short_name = rule[: max_length("FindingId")]
    spec = _build_spec(
        finding_specs.CIS,
        overrides,
        id=short_name,
        severity="High",
        title=f"Instance {{instance_id}} is not compliant with rule {rule}, {benchmark}, {profile}",
        description=f"The instance does not comply with rule {rule} of {benchmark}.",
        recommendation=f"Follow the remediation of rule {rule.split(' ', 1)[0]} in {benchmark}.",
        attributes={
            "BENCHMARK_ID": benchmark,
            "BENCHMARK_RULE_ID": rule[: max_length("AttributeValue")],
            "CIS_BENCHMARK_PROFILE": f"{benchmark} {profile}",
        },
    )
    return spec if rule == short_name or spec.id != short_name else replace(spec, rule_name=rule)


def best_practice(rule: BestPracticeRule, **overrides: Unpack[Overrides]) -> FindingSpec:
    """Return a violated rule of Security Best Practices: ``best_practice("Disable root login over SSH")``."""
    return _listed_rule(finding_specs.SECURITY_BEST_PRACTICES, rule, overrides)


def runtime_behavior(rule: RuntimeBehaviorRule, **overrides: Unpack[Overrides]) -> FindingSpec:
    """Return a violated rule of Runtime Behavior Analysis: ``runtime_behavior("Software Without DEP")``."""
    return _listed_rule(finding_specs.RUNTIME_BEHAVIOR_ANALYSIS, rule, overrides)


def network_reachability(
    port: int,
    *,
    protocol: Protocol = "TCP",
    route: Route = "Internet",
    listener: bool | None = None,
    **overrides: Unpack[Overrides],
) -> FindingSpec:
    """Return a port that can be reached from outside: ``network_reachability(22)``.

    ``protocol`` is TCP or UDP, ``route`` Internet, PeeredVPC or VGW. ``listener`` says whether a process listens on the
    port; None: an agent finds no listener, and without an agent it is unknown. A port of no known service is reported
    only when a process listens, so there it counts as True.
    """
    rules = finding_specs.load_rules()[finding_specs.NETWORK_REACHABILITY]
    if type(port) is not int or not 0 < port <= _MAX_PORT:
        raise ValueError(f"port must be 1 to {_MAX_PORT}; got {short_repr(port)}")
    for name, value, known in (("protocol", protocol, get_args(Protocol)), ("route", route, tuple(rules["routes"]))):
        if value not in known:
            raise ValueError(f"{name} must {describe_choice(known, value)}")
    groups: dict[str, dict[str, list[int]]] = rules["port_groups"]
    group = next((name for name, ports in groups.items() if port in ports.get(protocol, ())), None)
    if group is None and listener is False:
        raise ValueError(
            f"listener must be True for {protocol} port {port}, which belongs to no known service; got False"
        )
    if listener or group is None:
        return _reachable(port, protocol, route, group, "WithListener", overrides)
    with_agent = _reachable(port, protocol, route, group, "NoListener", overrides)
    if listener is False:
        return with_agent
    return replace(with_agent, without_agent=_reachable(port, protocol, route, group, "NoAgent", overrides))


def _reachable(port: int, protocol: str, route: str, group: str | None, kind: str, overrides: Overrides) -> FindingSpec:
    rules = finding_specs.load_rules()[finding_specs.NETWORK_REACHABILITY]
    origin, gateway = rules["routes"][route]["from"], rules["routes"][route]["gateway"]
    recognized = "Recognized" if group else "Unrecognized"
    listening = " with listener" if kind == "WithListener" else ""
    what = f"{protocol} port {port}" + (f" which is associated with '{group}'" if group else "")
    return _build_spec(
        finding_specs.NETWORK_REACHABILITY,
        overrides,
        id=f"{recognized} port{listening} reachable {rules['routes'][route]['id']}",
        severity=rules["severities"][kind if group else "Unrecognized"][route],
        title=f"On instance {{instance_id}}, {what}{listening} is reachable {origin}",
        description=f"{protocol} port {port} of the instance can be reached {origin}.",
        recommendation=f"You can edit the Security Group {{security_group}} to remove access {origin} on port {port}",
        attributes={
            "VPC": "{vpc}",
            "ACL": "{acl}",
            "ENI": "{eni}",
            "SECURITY_GROUP": "{security_group}",
            **gateway,
            "PORT": str(port),
            "PROTOCOL": protocol,
            **({"PORT_GROUP_NAME": group} if group else {}),
            "RULE_TYPE": f"{recognized}Port{kind}",
            "REACHABILITY_TYPE": route,
        },
    )


def _listed_rule(rules_package: str, rule: str, overrides: Overrides) -> FindingSpec:
    rules = finding_specs.load_rules()[rules_package]
    if rule not in rules:
        raise ValueError(
            f"rule must be one of those of {rules_package}: {', '.join(map(repr, rules))}; "
            f"got {short_repr(rule)}{suggest(rule, rules)}"
        )
    return _build_spec(
        rules_package,
        overrides,
        id=rule,
        severity=rules[rule]["severity"],
        title=f"Instance {{instance_id}} {rules[rule]['for']}.",
        description=f"Instance {{instance_id}} {rules[rule]['for']}.",
        recommendation=rules[rule]["recommendation"],
        attributes={},
    )


def list_rules(rules_package: str) -> list[str]:
    """Return the names of a rules package's rules, where they are known."""
    return list(finding_specs.load_rules()[rules_package])


def _build_spec(rules_package: str, overrides: Overrides, *, attributes: dict[str, str], **texts: str) -> FindingSpec:
    """Return a spec with its overrides, validated as the API's data type Finding."""
    names = Overrides.__annotations__
    for name in overrides:
        if name not in names:
            raise TypeError(
                f"a finding takes {', '.join(names)} and the keywords of its function; got {name!r}{suggest(name, names)}"
            )
    fields: dict[str, Any] = {**texts, **overrides}
    validate("Severity", fields["severity"], "severity")
    fields.setdefault("numeric_severity", NUMERIC_SEVERITY[fields["severity"]])
    pairs = {"INSTANCE_ID": "{instance_id}", **attributes, **overrides.get("attributes", {})}
    fields["attributes"] = tuple(pairs.items())
    for shape, shape_names in _SHAPES.items():
        for name in shape_names:
            validate(shape, fields[name], name)
    validate("AttributeList", [{"key": key, "value": value} for key, value in pairs.items()], "attributes")
    return FindingSpec(rules_package, **fields)


_SHAPES = {
    "FindingId": ("id",),
    "Text": ("title", "description", "recommendation"),
    "NumericSeverity": ("numeric_severity",),
}

"""Public: what an instance suffers from, in one line each, for ``add_instance(findings=[...])``.

Each function returns a :class:`FindingSpec`. The rules package it belongs to reports it in every run whose template has
that package. Ids, titles, severities and attribute keys are those of the real service where they are known.

Every function also takes the keywords of :class:`Overrides`: ``severity`` (High, Medium, Low, Informational, Undefined),
``numeric_severity`` (0 to 10), ``id``, ``title``, ``description``, ``recommendation`` and ``attributes`` (a mapping that
is added to its own). ``{instance_id}`` in a text becomes the id of the instance. ValueError for invalid values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, get_args

from ._signatures import explain_arguments, spell_out_keywords
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


F = TypeVar("F", bound=Callable[..., FindingSpec])

Protocol = Literal["TCP", "UDP"]
Route = Literal["Internet", "PeeredVPC", "VGW"]


class Overrides(TypedDict, total=False):
    """The keywords that every function takes; None for what the finding has anyway."""

    severity: Severity | None
    numeric_severity: float | None
    id: str | None
    title: str | None
    description: str | None
    recommendation: str | None
    attributes: Mapping[str, str] | None


_LEFT_OPEN = dict.fromkeys(Overrides.__annotations__)


def _finding(function: F) -> F:
    """Spell out the keywords of a function that returns a finding, and explain wrong arguments."""
    return explain_arguments()(spell_out_keywords(Overrides, _LEFT_OPEN)(function))


_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_CIS = re.compile(r"[0-9]+(\.[0-9]+)* \S.*", re.DOTALL)
_SCORES = {"High": (7.5, 8.1), "Medium": (5.0, 5.9), "Low": (2.1, 3.3)}
_MAX_PORT = 65_535
_MAX_SCORE = 10


@_finding
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
    if not _matches(_CVE, cve_id):
        raise ValueError(
            f"cve_id must be an id such as 'CVE-2016-2177'; got {short_repr(cve_id)}{_suggest_cve(cve_id)}"
        )
    validate("FindingId", cve_id, "cve_id")
    names: Any = [package] if isinstance(package, str) else package
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(
            "package must be a name such as 'openssl-1:1.0.1k-14.91', or a list of such names; "
            f"got {short_repr(package)}"
        )
    packages = validate("AttributeValue", ", ".join(names), "package")
    for name, score in (("cvss2_score", cvss2_score), ("cvss3_score", cvss3_score)):
        is_number = isinstance(score, (int, float)) and not isinstance(score, bool)
        if score is not None and not (is_number and 0 <= score <= _MAX_SCORE):
            raise ValueError(f"{name} must be a number from 0 to {_MAX_SCORE}; got {short_repr(score)}")
    severity = validate("Severity", overrides.get("severity") or "High", "severity")
    usual = _SCORES.get(severity, (0.0, 0.0))
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


@_finding
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
    for name, value, example in (
        ("benchmark", benchmark, "CIS CentOS Linux 7 Benchmark v2.2.0"),
        ("profile", profile, "Level 1"),
    ):
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a string such as {example!r}; got {short_repr(value)}")
    if not _matches(_CIS, rule):
        raise ValueError(
            "rule must be a rule's number and name such as '1.1.1 Ensure mounting of cramfs is disabled'; "
            f"got {short_repr(rule)}"
        )
    validate("RuleName", rule, "rule")
    validate("AttributeValue", benchmark, "benchmark")
    profile_name = validate("AttributeValue", f"{benchmark} {profile}", "benchmark and profile")
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
            "CIS_BENCHMARK_PROFILE": profile_name,
        },
    )
    return spec if rule == short_name or spec.id != short_name else replace(spec, rule_name=rule)


@_finding
def best_practice(rule: BestPracticeRule, **overrides: Unpack[Overrides]) -> FindingSpec:
    """Return a violated rule of Security Best Practices: ``best_practice("Disable root login over SSH")``."""
    return _listed_rule(finding_specs.SECURITY_BEST_PRACTICES, rule, overrides)


@_finding
def runtime_behavior(rule: RuntimeBehaviorRule, **overrides: Unpack[Overrides]) -> FindingSpec:
    """Return a violated rule of Runtime Behavior Analysis: ``runtime_behavior("Software Without DEP")``."""
    return _listed_rule(finding_specs.RUNTIME_BEHAVIOR_ANALYSIS, rule, overrides)


@_finding
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
    port; None: none does. A port of no known service is reported only when a process listens, so there None counts as
    True. Only a working agent finds out: without one, a port of a known service is reported as such, whatever
    ``listener`` says, and any other port is not reported.
    """
    rules = finding_specs.load_rules()[finding_specs.NETWORK_REACHABILITY]
    if type(port) is not int or not 0 < port <= _MAX_PORT:
        raise ValueError(f"port must be 1 to {_MAX_PORT}; got {short_repr(port)}{_suggest_port(port)}")
    for name, value, known in (("protocol", protocol, get_args(Protocol)), ("route", route, tuple(rules["routes"]))):
        if value not in known:
            raise ValueError(f"{name} must {describe_choice(known, value)}")
    if not isinstance(listener, (bool, NoneType)):
        raise ValueError(f"listener must be True, False or None; got {short_repr(listener)}")
    groups = _port_groups()
    group = next((name for name, ports in groups.items() if port in ports.get(protocol, ())), None)
    if group is None and listener is False:
        raise ValueError(
            f"listener must be True for {protocol} port {port}, which belongs to no known service; got False"
        )
    if group is None:
        return _reachable(port, protocol, route, group, "WithListener", overrides)
    with_agent = _reachable(port, protocol, route, group, "WithListener" if listener else "NoListener", overrides)
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
    if rule not in list(rules):
        raise ValueError(
            f"rule must be one of those of {rules_package}: {', '.join(map(repr, rules))}; "
            f"got {short_repr(rule)}{_suggest_rule(rules_package, rule)}"
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


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _suggest_cve(value: object) -> str:
    """The id that a test may have meant: in lower case, or without its beginning."""
    text = str(value).strip().upper()
    id_ = text if text.startswith("CVE-") else f"CVE-{text}"
    return f"; did you mean {id_!r}?" if _CVE.fullmatch(id_) else ""


def _port_groups() -> dict[str, dict[str, list[int]]]:
    """The ports of each known service, by protocol."""
    groups: dict[str, dict[str, list[int]]] = finding_specs.load_rules()[finding_specs.NETWORK_REACHABILITY][
        "port_groups"
    ]
    return groups


def _suggest_port(value: object) -> str:
    """The port of a text that is a number, or the name of a service."""
    if not isinstance(value, str):
        return ""
    groups = _port_groups().items()
    ports = [ports["TCP"][0] for name, ports in groups if name.lower() == value.lower() and "TCP" in ports]
    port = value if value.isdecimal() else ports[0] if ports else None
    return "" if port is None else f"; did you mean {port}?"


_FUNCTIONS = {
    finding_specs.SECURITY_BEST_PRACTICES: "best_practice",
    finding_specs.RUNTIME_BEHAVIOR_ANALYSIS: "runtime_behavior",
}


def _suggest_rule(rules_package: str, rule: object) -> str:
    """A similar rule, or the function of the rules package that has the rule."""
    for other, function in _FUNCTIONS.items():
        if other != rules_package and isinstance(rule, str) and rule in finding_specs.load_rules()[other]:
            return f"; did you mean {function}({rule!r})?"
    return suggest(rule, finding_specs.load_rules()[rules_package])


def _build_spec(rules_package: str, overrides: Overrides, *, attributes: dict[str, str], **texts: str) -> FindingSpec:
    """Return a spec with its overrides, validated as the API's data type Finding."""
    given = {name: value for name, value in overrides.items() if value is not None}
    fields: dict[str, Any] = {**texts, **given}
    validate("Severity", fields["severity"], "severity")
    fields.setdefault("numeric_severity", NUMERIC_SEVERITY[fields["severity"]])
    own = given.get("attributes", {})
    if not isinstance(own, Mapping):
        raise ValueError(f"attributes must be a mapping such as {{'CVE_ID': 'CVE-2016-2177'}}; got {short_repr(own)}")
    for key, value in own.items():
        validate("AttributeKey", key, "a key of attributes")
        validate("AttributeValue", value, f"attributes[{short_repr(key)}]")
    pairs = {"INSTANCE_ID": "{instance_id}", **attributes, **own}
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

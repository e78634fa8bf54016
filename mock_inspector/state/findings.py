"""Findings: what a run reports of an instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ..api.service_model import max_length
from ..api.validation import validate
from ..clock.moments import EpochMs, format_iso, to_seconds
from .collections import NumberedList
from .default_network import complete_interfaces, default_interface, generate_id
from .exclusions import given_members
from .finding_specs import NETWORK_REACHABILITY, FindingSpec
from .instances import Instance, to_tag_list
from .runs import Run

SEVERITIES = ("High", "Medium", "Low", "Informational", "Undefined")
NUMERIC_SEVERITY = {"High": 9.0, "Medium": 6.0, "Low": 3.0, "Informational": 0.0, "Undefined": 0.0}
"""Medium and Informational are those of real findings; the others continue their even steps."""

CLEAN_TITLE = "No potential security issues found"


class FindingBody(Protocol):
    """What a finding says, apart from where and when. Findings that say the same share one body."""

    @property
    def rules_package(self) -> str | None:
        """The ARN of the rules package that reports it."""

    @property
    def severity(self) -> str: ...

    @property
    def rule_name(self) -> str | None:
        """The name of the rule, which the filter ``ruleNames`` matches: the finding's id, or what that begins."""

    def members(self, instance: Instance | None) -> dict[str, Any]:
        """The members of the data type Finding that do not depend on the run."""


@dataclass(frozen=True, slots=True)
class FixedBody:
    """The body of a finding that a test added, or of one that reports no issues: the same for any instance."""

    rules_package: str | None
    severity: str
    fixed: dict[str, Any]

    @property
    def rule_name(self) -> str | None:
        return self.fixed.get("id")

    def members(self, instance: Instance | None) -> dict[str, Any]:  # noqa: ARG002  the same for any instance
        return self.fixed


@dataclass(frozen=True, slots=True)
class SpecBody:
    """The body of a finding that a rules package reports from a spec."""

    rules_package: str
    spec: FindingSpec

    @property
    def severity(self) -> str:
        return self.spec.severity

    @property
    def rule_name(self) -> str:
        return self.spec.rule_name or self.spec.id

    def members(self, instance: Instance | None) -> dict[str, Any]:
        assert instance is not None  # noqa: S101  specs belong to instances
        return render_spec(self.spec, instance, self.rules_package.split(":")[3])


def clean_body(rules_package: str) -> FixedBody:
    """Return what a rules package without findings reports (sample of DescribeFindings)."""
    return FixedBody(
        rules_package,
        "Informational",
        {
            "assetAttributes": _NO_ASSET_ATTRIBUTES,
            "title": CLEAN_TITLE,
            "description": "Amazon Inspector did not find any potential security issues during this assessment.",
            "recommendation": "No remediation needed.",
            "severity": "Informational",
            "numericSeverity": 0.0,
            "attributes": [],
        },
    )


# A spec on an instance


def render_spec(spec: FindingSpec, instance: Instance, region: str) -> dict[str, Any]:
    """Return the members of the data type Finding for a spec on an instance in a region."""
    asset = asset_attributes(instance, region)
    values = {"instance_id": instance.instance_id}
    if spec.rules_package == NETWORK_REACHABILITY:
        values.update(_network_ids(asset["networkInterfaces"][0]))

    def fill(text: str, shape: str) -> str:
        if "{" in text:
            for name, value in values.items():
                text = text.replace(f"{{{name}}}", value)
        return text[: max_length(shape)]

    return {
        "id": spec.id,
        "title": fill(spec.title, "Text"),
        "description": fill(spec.description, "Text"),
        "recommendation": fill(spec.recommendation, "Text"),
        "severity": spec.severity,
        "numericSeverity": spec.numeric_severity,
        "assetAttributes": asset,
        "attributes": [{"key": key, "value": fill(value, "AttributeValue")} for key, value in spec.attributes],
    }


def asset_attributes(instance: Instance, region: str) -> dict[str, Any]:
    """Return the data type AssetAttributes for an instance in a region.

    Every instance has an AMI, a host name and a network interface with the ids that findings name: those of its
    attributes, else made from its id.
    ``ipv4Addresses`` stays empty, as in production, where addresses are in ``networkInterfaces``.
    """
    instance_id = instance.instance_id
    if instance.network_interfaces:
        interfaces = complete_interfaces(instance_id, instance.network_interfaces)
    else:
        interfaces = [default_interface(instance_id, region, instance.hostname, instance.ipv4_address)]
    hostname = instance.hostname or interfaces[0].get("publicDnsName") or interfaces[0].get("privateDnsName")
    if not hostname:
        hostname = default_interface(instance_id, region, None, instance.ipv4_address)["publicDnsName"]
    members: dict[str, Any] = {
        **_NO_ASSET_ATTRIBUTES,
        "agentId": instance_id,
        "tags": to_tag_list(instance.tags),
        "amiId": instance.ami_id or generate_id("ami", instance_id),
        "hostname": hostname[: max_length("Hostname")],
        "networkInterfaces": interfaces,
    }
    if instance.auto_scaling_group:
        members["autoScalingGroup"] = instance.auto_scaling_group
    return members


_NO_ASSET_ATTRIBUTES: dict[str, Any] = {"schemaVersion": 1, "ipv4Addresses": []}
"""The data type AssetAttributes for no instance."""


def _network_ids(interface: dict[str, Any]) -> dict[str, str]:
    """The ids of the network that an instance's first interface is in."""
    vpc = interface["vpcId"]
    return {
        "vpc": vpc,
        "acl": generate_id("acl", vpc),
        "igw": generate_id("igw", vpc),
        "vgw": generate_id("vgw", vpc),
        "pcx": generate_id("pcx", vpc),
        "eni": interface["networkInterfaceId"],
        "security_group": interface["securityGroups"][0]["groupId"],
    }


# Findings


@dataclass(slots=True, eq=False)
class Finding:
    """A finding (data type Finding)."""

    number: int
    id: str
    run: Run
    body: FindingBody
    instance: Instance | None
    created: EpochMs
    updated: EpochMs
    own_user_attributes: tuple[dict[str, str], ...] | None = None

    @property
    def arn(self) -> str:
        return f"{self.run.arn}/finding/{self.id}"

    @property
    def members(self) -> dict[str, Any]:
        """What its body says of its instance."""
        return self.body.members(self.instance)

    @property
    def user_attributes(self) -> tuple[dict[str, str], ...]:
        """The user attributes: its own, or those that the run gives to every finding."""
        return self.run.user_attributes if self.own_user_attributes is None else self.own_user_attributes

    def to_api(self) -> dict[str, Any]:
        """The finding as DescribeFindings shows it."""
        service_attributes: dict[str, Any] = {"schemaVersion": 1, "assessmentRunArn": self.run.arn}
        if self.body.rules_package is not None:
            service_attributes["rulesPackageArn"] = self.body.rules_package
        return {
            "arn": self.arn,
            "schemaVersion": 1,
            "service": "Inspector",
            "serviceAttributes": service_attributes,
            "assetType": "ec2-instance",
            "confidence": 10,
            "indicatorOfCompromise": False,
            **self.members,
            "userAttributes": [dict(attribute) for attribute in self.user_attributes],
            "createdAt": to_seconds(self.created),
            "updatedAt": to_seconds(self.updated),
        }


class AddedFinding(NamedTuple):
    """A finding that a test adds: what it says, and what is its own."""

    body: FixedBody
    created: EpochMs
    updated: EpochMs
    user_attributes: tuple[dict[str, str], ...]


def build_finding(given: Any, run: Run, now: EpochMs) -> AddedFinding:
    """Return a finding that a test adds in the Describe shape, its missing members filled in. ValueError if invalid."""
    members = given_members("finding", given)
    severity = members.get("severity", "Informational")
    service = {"schemaVersion": 1, "assessmentRunArn": run.arn, "rulesPackageArn": next(iter(run.packages), None)}
    # All members get the model's order here, so that a snapshot which is restored is written as it was.
    complete = validate(
        "Finding",
        {
            "title": "Finding added by hand",
            "description": "This finding was added by hand.",
            "recommendation": "No remediation needed.",
            "severity": severity,
            "numericSeverity": NUMERIC_SEVERITY.get(severity, 0.0) if isinstance(severity, str) else 0.0,
            "attributes": [],
            "userAttributes": [dict(entry) for entry in run.user_attributes],
            "createdAt": to_seconds(now),
            "updatedAt": members.get("createdAt", to_seconds(now)),
            **members,
            "arn": run.arn,
            "assetAttributes": _with_defaults(members, "assetAttributes", _NO_ASSET_ATTRIBUTES),
            "serviceAttributes": _with_defaults(members, "serviceAttributes", service),
        },
        "finding",
    )
    user_attributes = tuple(complete.pop("userAttributes"))
    created, updated = EpochMs(int(complete.pop("createdAt"))), EpochMs(int(complete.pop("updatedAt")))
    if created > now:
        raise ValueError(
            f"finding.createdAt must not be after the clock's {format_iso(now)}; got {format_iso(created)}. "
            "Move the clock before adding the finding"
        )
    del complete["arn"]
    package = complete["serviceAttributes"].get("rulesPackageArn")
    complete["serviceAttributes"]["assessmentRunArn"] = run.arn
    return AddedFinding(FixedBody(package, complete["severity"], complete), created, updated, user_attributes)


def _with_defaults(members: dict[str, Any], name: str, defaults: dict[str, Any]) -> Any:
    value = members.get(name, {})
    return {**defaults, **value} if isinstance(value, Mapping) else value


@dataclass(slots=True)
class RunFindings:
    """The findings of one run."""

    all: NumberedList[Finding] = field(default_factory=NumberedList)
    by_id: dict[str, Finding] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEVERITIES, 0))


_NO_FINDINGS = RunFindings()


class FindingIndex:
    """All findings of a store, oldest first, and those of each severity and each run."""

    def __init__(self) -> None:
        self.all: NumberedList[Finding] = NumberedList()
        self.by_severity: dict[str, NumberedList[Finding]] = {severity: NumberedList() for severity in SEVERITIES}
        self._by_run: dict[str, RunFindings] = {}

    def __len__(self) -> int:
        return len(self.all)

    def of(self, run: Run) -> RunFindings:
        """The findings of a run."""
        return self._by_run.get(run.arn, _NO_FINDINGS)

    def add(self, finding: Finding) -> None:
        """Add a finding, whose number is the highest so far."""
        self.add_all([finding])

    def add_all(self, findings: Iterable[Finding]) -> Finding | None:
        """Add findings in the order of their numbers. It stops at one whose id its run has already, and returns it."""
        by_run, by_severity, add = self._by_run, self.by_severity, self.all.append
        for finding in findings:
            severity, arn = finding.body.severity, finding.run.arn
            of_run = by_run.get(arn) or by_run.setdefault(arn, RunFindings())
            if of_run.by_id.setdefault(finding.id, finding) is not finding:
                return finding
            of_run.all.append(finding)
            of_run.counts[severity] += 1
            add(finding)
            by_severity[severity].append(finding)
        return None

    def remove(self, findings: Iterable[Finding]) -> None:
        """Remove findings."""
        removed = list(findings)
        by_severity: dict[str, list[Finding]] = {}
        by_run: dict[str, list[Finding]] = {}
        for finding in removed:
            by_severity.setdefault(finding.body.severity, []).append(finding)
            by_run.setdefault(finding.run.arn, []).append(finding)
        self.all.remove_all(removed)
        for severity, of_severity in by_severity.items():
            self.by_severity[severity].remove_all(of_severity)
        for run_arn, gone in by_run.items():
            of_run = self._by_run[run_arn]
            of_run.all.remove_all(gone)
            for finding in gone:
                del of_run.by_id[finding.id]
                of_run.counts[finding.body.severity] -= 1
            if not of_run.by_id:
                del self._by_run[run_arn]

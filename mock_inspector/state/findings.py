"""Findings: what a run reports of an instance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..clock.clock import seconds
from .collections import NumberedList

if TYPE_CHECKING:
    from .finding_specs import FindingSpec
    from .instances import Instance
    from .runs import Run

SEVERITIES = ("High", "Medium", "Low", "Informational", "Undefined")
NUMERIC_SEVERITY = {"High": 9.0, "Medium": 6.0, "Low": 3.0, "Informational": 0.0, "Undefined": 0.0}
"""Medium and Informational as seen in samples, the others by their even steps (service facts, section 5)."""

MAX_USER_ATTRIBUTES = 10
"""The model's bound of UserAttributeList."""

CLEAN_TITLE = "No potential security issues found"


class FindingBody(Protocol):
    """What a finding says, apart from where and when; shared by all findings of a run that say the same."""

    @property
    def rules_package(self) -> str | None:
        """The ARN of the rules package that reports it."""

    @property
    def severity(self) -> str: ...

    @property
    def rule_name(self) -> str | None:
        """What the filter ``ruleNames`` is compared with: the finding's id."""

    def members(self, instance: Instance | None) -> dict[str, Any]:
        """The members of the data type Finding that do not depend on the run, for the instance it is found on."""


@dataclass(frozen=True, slots=True)
class FixedBody:
    """A finding that says the same whatever the instance: one put in by hand, or that there is nothing to say."""

    rules_package: str | None
    severity: str
    fixed: dict[str, Any]

    @property
    def rule_name(self) -> str | None:
        return self.fixed.get("id")

    def members(self, instance: Instance | None) -> dict[str, Any]:  # noqa: ARG002  the same for any
        return self.fixed


@dataclass(frozen=True, slots=True)
class SpecBody:
    """What a rules package reports of a weakness."""

    rules_package: str
    spec: FindingSpec

    @property
    def severity(self) -> str:
        return self.spec.severity

    @property
    def rule_name(self) -> str:
        return self.spec.id

    def members(self, instance: Instance | None) -> dict[str, Any]:
        assert instance is not None  # noqa: S101  weaknesses are found on instances only
        return self.spec.members(instance)


def asset_attributes(instance: Instance | None = None) -> dict[str, Any]:
    """The data type AssetAttributes for an instance, or for a finding about none.

    ``ipv4Addresses`` stays empty, as in production, where addresses sit in ``networkInterfaces``.
    """
    shown: dict[str, Any] = {"schemaVersion": 1, "ipv4Addresses": []}
    if instance is not None:
        shown["agentId"] = instance.instance_id
        shown["tags"] = [{"key": key, "value": value} for key, value in instance.tags.items()]
        optional = {
            "autoScalingGroup": instance.auto_scaling_group,
            "amiId": instance.ami_id,
            "hostname": instance.hostname,
            "networkInterfaces": instance.network_interfaces,
        }
        shown.update({member: value for member, value in optional.items() if value})
    return shown


def clean_body(rules_package: str) -> FixedBody:
    """What a rules package with nothing to report says (sample of DescribeFindings)."""
    return FixedBody(
        rules_package,
        "Informational",
        {
            "title": CLEAN_TITLE,
            "description": "Amazon Inspector did not find any potential security issues during this assessment.",
            "recommendation": "No remediation needed.",
            "severity": "Informational",
            "numericSeverity": 0.0,
            "assetAttributes": asset_attributes(),
            "attributes": [],
        },
    )


@dataclass(slots=True, eq=False)
class Finding:
    """A finding (data type Finding)."""

    number: int
    id: str
    run: Run
    content: FindingBody
    instance: Instance | None
    created: int
    updated: int
    own_user_attributes: tuple[dict[str, str], ...] | None = None

    @property
    def arn(self) -> str:
        return f"{self.run.arn}/finding/{self.id}"

    @property
    def members(self) -> dict[str, Any]:
        """What it says (see :class:`Content`)."""
        return self.content.members(self.instance)

    @property
    def user_attributes(self) -> tuple[dict[str, str], ...]:
        """The user attributes: its own, or those that its run gives to every finding."""
        return self.run.user_attributes if self.own_user_attributes is None else self.own_user_attributes

    def to_api(self) -> dict[str, Any]:
        """The finding as DescribeFindings shows it."""
        service_attributes: dict[str, Any] = {"schemaVersion": 1, "assessmentRunArn": self.run.arn}
        if self.content.rules_package is not None:
            service_attributes["rulesPackageArn"] = self.content.rules_package
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
            "createdAt": seconds(self.created),
            "updatedAt": seconds(self.updated),
        }


@dataclass(slots=True)
class FindingIndex:
    """All findings of an account in a region, and those of each severity, oldest first."""

    all: NumberedList[Finding] = field(default_factory=NumberedList)
    by_severity: dict[str, NumberedList[Finding]] = field(
        default_factory=lambda: {name: NumberedList() for name in SEVERITIES}
    )

    def add(self, finding: Finding) -> None:
        """Keep a finding, with its run too."""
        run, severity = finding.run, finding.content.severity
        run.findings[finding.id] = finding
        run.findings_row.append(finding)
        run.counts[severity] += 1
        self.all.append(finding)
        self.by_severity[severity].append(finding)

    def remove(self, gone: list[Finding]) -> None:
        """Drop findings, with their runs too."""
        if not gone:
            return
        for row in (
            self.all,
            *self.by_severity.values(),
            *{id(item.run): item.run.findings_row for item in gone}.values(),
        ):
            row.remove_all(gone)
        for finding in gone:
            del finding.run.findings[finding.id]
            finding.run.counts[finding.content.severity] -= 1

"""Findings: what a run reports of an instance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .clock import seconds
from .shelf import Row

if TYPE_CHECKING:
    from .fleet import Instance
    from .runs import Run

SEVERITIES = ("High", "Medium", "Low", "Informational", "Undefined")
NUMERIC_SEVERITY = {"High": 9.0, "Medium": 6.0, "Low": 3.0, "Informational": 0.0, "Undefined": 0.0}
"""Medium and Informational as seen in samples, the others by their even steps (service facts, section 5)."""

MOST_USER_ATTRIBUTES = 10
"""The model's bound of UserAttributeList."""

CLEAN_TITLE = "No potential security issues found"


@dataclass(frozen=True, slots=True)
class Report:
    """What a finding says, apart from where and when: shared by all findings that say the same.

    ``members`` are those of the data type Finding that do not depend on the run: ``id``, ``title``, ``description``,
    ``recommendation``, ``severity``, ``numericSeverity``, ``attributes``, ``assetAttributes``, ...
    """

    rules_package: str | None
    severity: str
    members: dict[str, Any]

    @property
    def rule_name(self) -> str | None:
        """What the filter ``ruleNames`` is compared with: the finding's id."""
        return self.members.get("id")


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


def clean_report(rules_package: str) -> Report:
    """The finding of a rules package with nothing to report (sample of DescribeFindings)."""
    return Report(
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
    report: Report
    created: int
    updated: int
    own_user_attributes: tuple[dict[str, str], ...] | None = None

    @property
    def arn(self) -> str:
        return f"{self.run.arn}/finding/{self.id}"

    @property
    def user_attributes(self) -> tuple[dict[str, str], ...]:
        """The user attributes: its own, or those that its run gives to every finding."""
        return self.run.user_attributes if self.own_user_attributes is None else self.own_user_attributes

    def described(self) -> dict[str, Any]:
        """The finding as DescribeFindings shows it."""
        service_attributes: dict[str, Any] = {"schemaVersion": 1, "assessmentRunArn": self.run.arn}
        if self.report.rules_package is not None:
            service_attributes["rulesPackageArn"] = self.report.rules_package
        return {
            "arn": self.arn,
            "schemaVersion": 1,
            "service": "Inspector",
            "serviceAttributes": service_attributes,
            "assetType": "ec2-instance",
            "confidence": 10,
            "indicatorOfCompromise": False,
            **self.report.members,
            "userAttributes": [dict(attribute) for attribute in self.user_attributes],
            "createdAt": seconds(self.created),
            "updatedAt": seconds(self.updated),
        }


@dataclass(slots=True)
class FindingRows:
    """All findings of an account in a region, and those of each severity, oldest first."""

    all: Row[Finding] = field(default_factory=Row)
    by_severity: dict[str, Row[Finding]] = field(default_factory=lambda: {name: Row() for name in SEVERITIES})

    def add(self, finding: Finding) -> None:
        """Keep a finding, with its run too."""
        run, severity = finding.run, finding.report.severity
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
            finding.run.counts[finding.report.severity] -= 1

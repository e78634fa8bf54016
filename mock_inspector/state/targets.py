"""Resource groups, assessment targets, assessment templates and event subscriptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..clock.moments import EpochMs, to_seconds


@dataclass(slots=True, eq=False)
class ResourceGroup:
    """A resource group (data type ResourceGroup). It cannot be changed or deleted."""

    number: int
    arn: str
    tags: list[dict[str, str]]
    created: EpochMs

    def to_api(self) -> dict[str, Any]:
        """The group as DescribeResourceGroups shows it."""
        return {"arn": self.arn, "tags": self.tags, "createdAt": to_seconds(self.created)}


@dataclass(slots=True, eq=False)
class Target:
    """An assessment target (data type AssessmentTarget). Without a group it has all instances."""

    number: int
    arn: str
    name: str
    group: ResourceGroup | None
    created: EpochMs
    updated: EpochMs

    @property
    def parent_arn(self) -> str:
        """Empty: a target belongs to the account."""
        return ""

    def to_api(self) -> dict[str, Any]:
        """The target as DescribeAssessmentTargets shows it."""
        members = {
            "arn": self.arn,
            "name": self.name,
            "createdAt": to_seconds(self.created),
            "updatedAt": to_seconds(self.updated),
        }
        return members if self.group is None else {**members, "resourceGroupArn": self.group.arn}


@dataclass(slots=True, eq=False)
class Template:
    """An assessment template (data type AssessmentTemplate). Only its tags can change."""

    number: int
    arn: str
    target: Target
    name: str
    duration_seconds: int
    packages: tuple[str, ...]
    user_attributes: tuple[dict[str, str], ...]
    created: EpochMs
    tags: list[dict[str, str]] = field(default_factory=list)

    @property
    def parent_arn(self) -> str:
        """The ARN of its target."""
        return self.target.arn

    def to_api(self, run_count: int, last_run_arn: str | None) -> dict[str, Any]:
        """The template as DescribeAssessmentTemplates shows it."""
        members = {
            "arn": self.arn,
            "assessmentTargetArn": self.target.arn,
            "name": self.name,
            "durationInSeconds": self.duration_seconds,
            "rulesPackageArns": list(self.packages),
            "userAttributesForFindings": [dict(attribute) for attribute in self.user_attributes],
            "assessmentRunCount": run_count,
            "createdAt": to_seconds(self.created),
        }
        return members if last_run_arn is None else {**members, "lastAssessmentRunArn": last_run_arn}


@dataclass(slots=True, eq=False)
class Subscription:
    """The events of a template that an SNS topic gets, and since when (data type Subscription)."""

    number: int
    template: Template
    topic_arn: str
    events: dict[str, EpochMs] = field(default_factory=dict)

    @property
    def parent_arn(self) -> str:
        """The ARN of its template."""
        return self.template.arn

    @property
    def key(self) -> str:
        """The key in the store: its template and its topic."""
        return self.key_of(self.template, self.topic_arn)

    @staticmethod
    def key_of(template: Template, topic_arn: str) -> str:
        """Return the key of the subscription of a topic to a template."""
        return f"{template.arn} {topic_arn}"

    def to_api(self) -> dict[str, Any]:
        """The subscription as ListEventSubscriptions shows it."""
        return {
            "resourceArn": self.template.arn,
            "topicArn": self.topic_arn,
            "eventSubscriptions": [
                {"event": event, "subscribedAt": to_seconds(since)} for event, since in self.events.items()
            ],
        }

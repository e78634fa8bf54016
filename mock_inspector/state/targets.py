"""Resource groups, assessment targets and assessment templates: what a run is started from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..clock.clock import seconds
from .collections import NumberedList

if TYPE_CHECKING:
    from .exclusions import Preview
    from .runs import Run


@dataclass(slots=True, eq=False)
class ResourceGroup:
    """A resource group (data type ResourceGroup). It cannot be changed or deleted."""

    number: int
    arn: str
    tags: list[dict[str, str]]
    created: int

    def to_api(self) -> dict[str, Any]:
        """The group as DescribeResourceGroups shows it."""
        return {"arn": self.arn, "tags": self.tags, "createdAt": seconds(self.created)}


@dataclass(slots=True, eq=False)
class Target:
    """An assessment target (data type AssessmentTarget); without a group it has all instances."""

    number: int
    arn: str
    name: str
    group: ResourceGroup | None
    created: int
    updated: int
    templates: dict[str, Template] = field(default_factory=dict)

    def to_api(self) -> dict[str, Any]:
        """The target as DescribeAssessmentTargets shows it."""
        shown = {
            "arn": self.arn,
            "name": self.name,
            "createdAt": seconds(self.created),
            "updatedAt": seconds(self.updated),
        }
        return shown if self.group is None else {**shown, "resourceGroupArn": self.group.arn}


@dataclass(slots=True, eq=False)
class Template:
    """An assessment template (data type AssessmentTemplate). Only its tags and subscriptions can change."""

    number: int
    arn: str
    target: Target
    name: str
    duration: int
    packages: tuple[str, ...]
    user_attributes: tuple[dict[str, str], ...]
    created: int
    tags: list[dict[str, str]] = field(default_factory=list)
    runs: NumberedList[Run] = field(default_factory=NumberedList)
    run_names: set[str] = field(default_factory=set)
    previews: dict[str, Preview] = field(default_factory=dict)

    def to_api(self) -> dict[str, Any]:
        """The template as DescribeAssessmentTemplates shows it."""
        shown = {
            "arn": self.arn,
            "assessmentTargetArn": self.target.arn,
            "name": self.name,
            "durationInSeconds": self.duration,
            "rulesPackageArns": list(self.packages),
            "userAttributesForFindings": [dict(attribute) for attribute in self.user_attributes],
            "assessmentRunCount": len(self.runs),
            "createdAt": seconds(self.created),
        }
        last = self.runs.last()
        return shown if last is None else {**shown, "lastAssessmentRunArn": last.arn}


@dataclass(slots=True, eq=False)
class Subscription:
    """The events of a template that go to an SNS topic, and since when (data type Subscription)."""

    number: int
    template: Template
    topic_arn: str
    events: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What it is found by: its template and its topic."""
        return f"{self.template.arn} {self.topic_arn}"

    def to_api(self) -> dict[str, Any]:
        """The subscription as ListEventSubscriptions shows it."""
        return {
            "resourceArn": self.template.arn,
            "topicArn": self.topic_arn,
            "eventSubscriptions": [
                {"event": event, "subscribedAt": seconds(since)} for event, since in self.events.items()
            ],
        }

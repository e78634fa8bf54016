"""What a snapshot holds, version 1 of the format.

References are ARNs, or places in the lists of the same region: what many share is written once. What follows from the
rest is not written: counts of findings, names that are taken, the agenda of what lies ahead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

from ..errors import short_repr
from .codec import Form, Wrong
from .fields import (
    format_moment,
    matching,
    read_attributes,
    read_instant,
    read_members,
    read_moment,
    read_number,
    read_region,
    shape,
    written_copy,
)

FORMAT = "mock_inspector"
VERSION = 1

Number = Annotated[int, Form(read_number)]
Index = Annotated[int, Form(read_number)]
"""A place in a list of the same region, from 0."""
Moment = Annotated[int, Form(read_moment, format_moment)]
OwnId = Annotated[str, matching(re.compile(r"0-[A-Za-z0-9]{8}"), "an id of the form '0-nvgVhaxX'")]
Account = Annotated[str, matching(re.compile(r"[0-9]{12}"), "an account id of 12 digits")]
Text = Annotated[str, shape("Text")]
Pairs = list[dict[str, str]]
UserAttributes = Annotated[Pairs, shape("UserAttributeList")]
Telemetry = Annotated[list[dict[str, Any]], shape("TelemetryMetadataList")]
Members = dict[str, Any]
Anything = Annotated[Any, Form(lambda value: value)]


@dataclass(slots=True, kw_only=True)
class IdsRecord:
    """How many ids were minted, and those that are pinned."""

    minted: Number = 0
    others: Number = 0
    pinned: list[OwnId] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class RulesPackageRecord:
    """A rules package that was added or redefined."""

    number: Number
    arn: str
    name: Annotated[str, shape("RulesPackageName")]
    version: Annotated[str, shape("Version")]
    provider: Annotated[str, shape("ProviderName")]
    description: Text = ""
    deprecated: bool = False


@dataclass(slots=True, kw_only=True)
class SpecRecord:
    """A weakness, as one sees it."""

    rules_package: str
    id: Annotated[str, shape("FindingId")]
    severity: Annotated[str, shape("Severity")]
    numeric_severity: Annotated[float, shape("NumericSeverity")]
    title: Text
    description: Text
    recommendation: Text
    attributes: Annotated[Any, Form(read_attributes, dict)] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class FindingSpecRecord(SpecRecord):
    """A weakness; one of reachability has places in its texts, and may look different without an agent."""

    reachability: bool = False
    without_agent: SpecRecord | None = None


@dataclass(slots=True, kw_only=True)
class InstanceRecord:
    """An instance as it was at some time; ``findings`` are places in ``weaknesses``."""

    number: Number
    instance_id: Annotated[str, shape("AgentId")]
    tags: dict[str, str] = field(default_factory=dict)
    hostname: Annotated[str, shape("Hostname")] | None = None
    ami_id: Annotated[str, shape("AmiId")] | None = None
    auto_scaling_group: Annotated[str, shape("AutoScalingGroup")] | None = None
    ipv4_address: Annotated[str, shape("Ipv4Address")] | None = None
    operating_system: Annotated[str, shape("OperatingSystem")] | None = None
    kernel_version: Annotated[str, shape("KernelVersion")] | None = None
    agent_version: Annotated[str, shape("AgentVersion")] | None = None
    agent_health: Annotated[str, shape("AgentHealth")] = "HEALTHY"
    agent_health_code: Annotated[str, shape("AgentHealthCode")] | None = None
    agent_health_details: Annotated[str, shape("Message")] | None = None
    network_interfaces: Annotated[list[Members], shape("NetworkInterfaces")] = field(default_factory=list)
    telemetry: Telemetry | None = None
    findings: list[Index] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class GroupRecord:
    """A resource group."""

    number: Number
    arn: str
    tags: Annotated[Pairs, shape("ResourceGroupTags")]
    created: Moment


@dataclass(slots=True, kw_only=True)
class TargetRecord:
    """An assessment target; ``group`` is a resource group's ARN."""

    number: Number
    arn: str
    name: Annotated[str, shape("AssessmentTargetName")]
    group: str | None = None
    created: Moment
    updated: Moment


@dataclass(slots=True, kw_only=True)
class PreviewRecord:
    """An exclusions preview."""

    token: str
    ready: Moment
    exclusions: list[Annotated[Members, shape("ExclusionPreview")]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class TemplateRecord:
    """An assessment template; its ARN names its target."""

    number: Number
    arn: str
    name: Annotated[str, shape("AssessmentTemplateName")]
    duration: Annotated[int, shape("AssessmentRunDuration")]
    packages: list[str] = field(default_factory=list)
    user_attributes: UserAttributes = field(default_factory=list)
    created: Moment
    tags: Annotated[Pairs, shape("TagList")] = field(default_factory=list)
    previews: list[PreviewRecord] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class AgentRecord:
    """An agent's part in a run; ``instance`` and ``telemetry`` are places in the lists of those names."""

    instance: Index
    health: Annotated[str, shape("AgentHealth")]
    health_code: Annotated[str, shape("AgentHealthCode")]
    health_details: Annotated[str, shape("Message")] | None = None
    telemetry: Index
    exclusion: str | None = None


class Change(NamedTuple):
    """A state of a run, and when it begins."""

    state: Annotated[str, shape("AssessmentRunState")]
    moment: Moment


class Report(NamedTuple):
    """A report that was asked for, and when."""

    format: Annotated[str, shape("ReportFileFormat")]
    type: Annotated[str, shape("ReportType")]
    moment: Moment


@dataclass(slots=True, kw_only=True)
class FindingRecord:
    """A finding; ``content`` is a place in ``contents``, ``agent`` one in the run's ``agents``.

    ``updated`` is left out when nobody has updated it, ``user_attributes`` when they are the run's.
    """

    number: Number
    id: OwnId
    content: Index
    agent: Index | None = None
    created: Moment
    updated: Moment | None = None
    user_attributes: UserAttributes | None = None


@dataclass(slots=True, kw_only=True)
class ContentRecord:
    """What findings say: that a rules package found a weakness (a place in ``weaknesses``), or just ``members``."""

    rules_package: Annotated[str, shape("Arn")] | None = None
    spec: Index | None = None
    members: Annotated[Members, Form(read_members, written_copy)] | None = None


@dataclass(slots=True, kw_only=True)
class ExclusionRecord:
    """An exclusion of a run."""

    number: Number
    id: OwnId
    members: Annotated[Members, shape("ExclusionPreview")]  # the data type Exclusion is the same, with an ARN


@dataclass(slots=True, kw_only=True)
class NotificationRecord:
    """What a run keeps of a message."""

    date: Moment
    event: Annotated[str, shape("InspectorEvent")]
    message: str
    topic_arn: Annotated[str, shape("Arn")]
    status: Annotated[str, shape("AssessmentRunNotificationSnsStatusCode")]


class Numbers(NamedTuple):
    """The numbers of what an evaluation has reported: from the first to the one before the last."""

    first: Number
    end: Number


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """An assessment run; its ARN names its template."""

    number: Number
    arn: str
    name: Annotated[str, shape("AssessmentRunName")]
    duration: Annotated[int, shape("AssessmentRunDuration")]
    packages: list[str] = field(default_factory=list)
    user_attributes: UserAttributes = field(default_factory=list)
    agents: list[AgentRecord] = field(default_factory=list)
    timeline: list[Change]
    forced: bool = False
    evaluates_at: Moment | None = None
    evaluated: Numbers | None = None
    findings: list[FindingRecord] = field(default_factory=list)
    exclusions: list[ExclusionRecord] = field(default_factory=list)
    notifications: list[NotificationRecord] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    report_urls: dict[str, Moment] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SubscriptionRecord:
    """The events of a template that go to a topic, and since when."""

    number: Number
    template: str
    topic_arn: str
    events: dict[str, Moment]


@dataclass(slots=True, kw_only=True)
class RoleRecord:
    """The registered role."""

    arn: str
    registered: Moment


@dataclass(slots=True, kw_only=True)
class FaultRecord:
    """An injected fault.

    ``error`` is what ``inject_fault`` takes; an exception instance, and a function as ``when``, are there as they are, so
    that such a snapshot serves in process only.
    """

    operation: str
    error: Anything
    times: Number | None
    after: Number = 0
    when: Anything = None
    where: str = ""
    met: Number = 0


@dataclass(slots=True, kw_only=True)
class StoreRecord:
    """What an account has in a region.

    ``weaknesses``, ``instances``, ``telemetry`` and ``contents`` are what the others name by its place; ``fleet`` and ``joined`` (of an
    EC2 next door) are places in ``instances``.
    """

    account_id: Account
    region: Annotated[str, Form(read_region)]
    next_number: Number
    ids: IdsRecord = field(default_factory=IdsRecord)
    rules_packages: list[RulesPackageRecord] = field(default_factory=list)
    specs: list[FindingSpecRecord] = field(default_factory=list)
    instances: list[InstanceRecord] = field(default_factory=list)
    telemetry: list[Telemetry] = field(default_factory=list)
    contents: list[ContentRecord] = field(default_factory=list)
    fleet: list[Index] = field(default_factory=list)
    joined: list[Index] = field(default_factory=list)
    resource_groups: list[GroupRecord] = field(default_factory=list)
    targets: list[TargetRecord] = field(default_factory=list)
    templates: list[TemplateRecord] = field(default_factory=list)
    runs: list[RunRecord] = field(default_factory=list)
    subscriptions: list[SubscriptionRecord] = field(default_factory=list)
    role: RoleRecord | None = None
    faults: list[FaultRecord] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class PublishedRecord:
    """A message that was sent to an SNS topic."""

    topic_arn: str
    message: str
    status: Annotated[str, shape("AssessmentRunNotificationSnsStatusCode")]
    event: str
    time: str


@dataclass(slots=True, kw_only=True)
class SnapshotRecord:
    """The whole state of a mock at ``moment``; ``started`` is when the mock was, ``id_seed`` what its ids depend on."""

    format: str
    version: Number
    moment: Annotated[str, Form(read_instant)]
    started: Moment
    id_seed: str
    access_keys: dict[str, Account] = field(default_factory=dict)
    published: list[PublishedRecord] = field(default_factory=list)
    regions: list[StoreRecord] = field(default_factory=list)


def check_header(values: Any) -> None:
    """Wrong when these are no members of a snapshot that this version reads."""
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        got = short_repr(values.get("format")) if isinstance(values, dict) else short_repr(values)
        raise Wrong(
            f": is no snapshot of mock_inspector: takes an object whose member 'format' is {FORMAT!r}, got {got}"
        )
    version = values.get("version")
    if type(version) is not int or version != VERSION:
        raise Wrong(f".version: this mock_inspector reads version {VERSION} of the format, got {short_repr(version)}")

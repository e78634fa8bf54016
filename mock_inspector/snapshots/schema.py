"""What a snapshot holds, version 1 of the format.

References are ARNs, or indexes in the lists of the same store: what many items share is written once. What follows from
the rest is not written: counts of findings, names that are taken, the schedule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Annotated, Any, NamedTuple

from ..api.identifiers import ACCOUNT_PATTERN, ID_PATTERN
from ..api.validation import ShapeName
from ..clock.moments import EpochMs
from ..errors import short_repr
from ..state.instances import InstanceAttributes
from .codec import Field, SnapshotError, are_numbers, copy_json, decode, encode_all
from .fields import (
    EXACT_MOMENT_SCHEMA,
    MOMENT_SCHEMA,
    REGION_SCHEMA,
    STRINGS_SCHEMA,
    build_body_schema,
    decode_attributes,
    decode_body,
    decode_exact_moment,
    decode_instance_tags,
    decode_moment,
    decode_region,
    encode_moment,
    matching,
)

FORMAT = "mock_inspector"
VERSION = 1

Index = int
"""An index in a list of the same store."""
Moment = Annotated[EpochMs, Field(decode_moment, encode_moment, MOMENT_SCHEMA)]
OwnId = Annotated[str, matching(ID_PATTERN, "an id of the form '0-nvgVhaxX'")]
Account = Annotated[str, matching(ACCOUNT_PATTERN, "an account id of 12 digits")]
Text = Annotated[str, ShapeName("Text")]
Pairs = list[dict[str, str]]
UserAttributes = Annotated[Pairs, ShapeName("UserAttributeList")]
Telemetry = Annotated[list[dict[str, Any]], ShapeName("TelemetryMetadataList")]
Members = dict[str, Any]
Error = Annotated[Any, Field(lambda value: value, schema={"type": ["string", "object"]})]
Condition = Annotated[Any, Field(lambda value: value, schema={"type": ["object", "null"]})]


@dataclass(slots=True, kw_only=True)
class IdsRecord:
    """How many ids were generated, and the next ids that the test has set."""

    generated: int = 0
    next_ids: list[OwnId] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class RulesPackageRecord:
    """A rules package that was added or redefined."""

    number: int
    arn: str
    name: Annotated[str, ShapeName("RulesPackageName")]
    version: Annotated[str, ShapeName("Version")]
    provider: Annotated[str, ShapeName("ProviderName")]
    description: Text = ""
    deprecated: bool = False


@dataclass(slots=True, kw_only=True)
class FindingSpecRecord:
    """A finding spec. ``without_agent`` is an index in ``finding_specs``."""

    rules_package: str
    id: Annotated[str, ShapeName("FindingId")]
    severity: Annotated[str, ShapeName("Severity")]
    numeric_severity: Annotated[float, ShapeName("NumericSeverity")]
    title: Text
    description: Text
    recommendation: Text
    attributes: Annotated[Any, Field(decode_attributes, dict, STRINGS_SCHEMA)] = ()
    without_agent: Index | None = None
    rule_name: Annotated[str | None, ShapeName("RuleName")] = None


@dataclass(slots=True)
class InstanceRecord(InstanceAttributes):
    """An instance at some time. ``findings`` are indexes in ``finding_specs``."""

    tags: Annotated[dict[str, str], Field(decode_instance_tags, schema=STRINGS_SCHEMA)] = field(default_factory=dict)
    findings: list[Index] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class ResourceGroupRecord:
    """A resource group."""

    number: int
    arn: str
    tags: Annotated[Pairs, ShapeName("ResourceGroupTags")]
    created: Moment


@dataclass(slots=True, kw_only=True)
class TargetRecord:
    """An assessment target. ``group`` is the ARN of a resource group."""

    number: int
    arn: str
    name: Annotated[str, ShapeName("AssessmentTargetName")]
    group: str | None = None
    created: Moment
    updated: Moment


@dataclass(slots=True, kw_only=True)
class TemplateRecord:
    """An assessment template. Its ARN names its target."""

    number: int
    arn: str
    name: Annotated[str, ShapeName("AssessmentTemplateName")]
    duration_seconds: Annotated[int, ShapeName("AssessmentRunDuration")]
    packages: Annotated[list[str], ShapeName("AssessmentTemplateRulesPackageArnList")] = field(default_factory=list)
    user_attributes: UserAttributes = field(default_factory=list)
    created: Moment
    tags: Annotated[Pairs, ShapeName("TagList")] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class PreviewRecord:
    """An exclusions preview. ``template`` is an ARN."""

    token: str
    template: str
    ready: Moment
    exclusions: list[Annotated[Members, ShapeName("ExclusionPreview")]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class AgentRecord:
    """An agent in a run. ``instance`` and ``telemetry`` are indexes in the lists of those names."""

    instance: Index
    health: Annotated[str, ShapeName("AgentHealth")]
    health_code: Annotated[str, ShapeName("AgentHealthCode")]
    health_details: Annotated[str | None, ShapeName("Message")] = None
    telemetry: Index
    exclusion: str | None = None


class StateChangeRecord(NamedTuple):
    """A state of a run, and when it begins."""

    state: Annotated[str, ShapeName("AssessmentRunState")]
    moment: Moment


class ReportRecord(NamedTuple):
    """A report that was requested, and when."""

    format: Annotated[str, ShapeName("ReportFileFormat")]
    type: Annotated[str, ShapeName("ReportType")]
    moment: Moment


@dataclass(slots=True, kw_only=True)
class FindingRecord:
    """A finding. ``body`` is an index in ``bodies``, ``agent`` one in the run's ``agents``.

    ``updated`` is absent when it is ``created``, ``user_attributes`` when they are the run's.
    """

    number: int
    id: OwnId
    body: Index
    agent: Index | None = None
    created: Moment
    updated: Moment | None = None
    user_attributes: UserAttributes | None = None


class FindingColumns(NamedTuple):
    """The findings of a run, as one list for each member: there may be a million of them."""

    number: list[int]
    id: list[str]
    body: list[Index]
    agent: list[Index | None]
    created: list[EpochMs]
    updated: list[EpochMs | None]
    user_attributes: list[Pairs | None]


def _decode_findings(value: Any) -> FindingColumns:
    """Read the findings of a run. Those that are alike are checked together, any others one by one."""
    columns = _decode_alike(value)
    if columns is None:
        records = decode(list[FindingRecord], value)
        columns = FindingColumns(*([getattr(entry, name) for entry in records] for name in FindingColumns._fields))
    return columns


def _decode_alike(value: Any) -> FindingColumns | None:
    """Read findings with the members that an evaluation gives them; None where any has others, or is invalid."""
    if not isinstance(value, list) or set(map(type, value)) != {dict}:
        return None
    names = value[0].keys()
    if names not in ({*_REQUIRED, "agent"}, {*_REQUIRED}) or not all(entry.keys() == names for entry in value):
        return None
    number, own_id, body, created = (list(map(itemgetter(name), value)) for name in _REQUIRED)
    absent: list[Any] = [None] * len(value)
    agent = list(map(itemgetter("agent"), value)) if "agent" in names else absent
    numbers = [number, body, *([agent] if agent is not absent else [])]
    try:
        valid = all(map(are_numbers, numbers)) and all(map(re.compile(ID_PATTERN).fullmatch, own_id))
        moments = {text: decode_moment(text) for text in set(created)}
    except (TypeError, SnapshotError):
        return None
    if not valid:
        return None
    return FindingColumns(number, own_id, body, agent, [moments[text] for text in created], absent, absent)


_REQUIRED = ("number", "id", "body", "created")
"""The members that every finding has."""


@dataclass(slots=True, kw_only=True)
class BodyRecord:
    """The body of findings: a ``spec`` (an index in ``finding_specs``) that a rules package reports, or ``members``."""

    rules_package: Annotated[str | None, ShapeName("Arn")] = None
    spec: Index | None = None
    members: Annotated[Members, Field(decode_body, copy_json, build_body_schema)] | None = None


@dataclass(slots=True, kw_only=True)
class ExclusionRecord:
    """An exclusion of a run."""

    number: int
    id: OwnId
    members: Annotated[Members, ShapeName("ExclusionPreview")]  # The data type Exclusion is the same, with an ARN.


@dataclass(slots=True, kw_only=True)
class NotificationRecord:
    """What a run keeps of a message."""

    date: Moment
    event: Annotated[str, ShapeName("InspectorEvent")]
    message: str
    topic_arn: Annotated[str, ShapeName("Arn")]
    status: Annotated[str, ShapeName("AssessmentRunNotificationSnsStatusCode")]


class NumbersRecord(NamedTuple):
    """The numbers of what an evaluation reported: from ``first`` up to but not including ``end``."""

    first: int
    end: int


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """An assessment run. Its ARN names its template."""

    number: int
    arn: str
    name: Annotated[str, ShapeName("AssessmentRunName")]
    duration_seconds: Annotated[int, ShapeName("AssessmentRunDuration")]
    packages: Annotated[list[str], ShapeName("AssessmentRulesPackageArnList")]
    user_attributes: UserAttributes = field(default_factory=list)
    agents: list[AgentRecord] = field(default_factory=list)
    timeline: list[StateChangeRecord]
    forced: bool = False
    evaluates_at: Moment | None = None
    evaluated: NumbersRecord | None = None
    findings: Annotated[Any, Field(_decode_findings, encode_all, list[FindingRecord])] = field(default_factory=list)
    """Written as :class:`FindingRecord`, read as :class:`FindingColumns`."""
    exclusions: list[ExclusionRecord] = field(default_factory=list)
    notifications: list[NotificationRecord] = field(default_factory=list)
    reports: list[ReportRecord] = field(default_factory=list)
    report_urls: dict[str, Moment] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SubscriptionRecord:
    """The events of a template that a topic gets, and since when."""

    number: int
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

    ``error`` is what ``inject_fault`` takes. An exception instance, and a function as ``when``, are in it as they are.
    """

    operation: str
    error: Error
    times: int | None
    after: int = 0
    when: Condition = None
    where: str = ""
    hits: int = 0


@dataclass(slots=True, kw_only=True)
class StoreRecord:
    """What an account has in a region.

    Other records refer to ``finding_specs``, ``instances``, ``telemetry`` and ``bodies`` by index. ``own_instances``,
    those the test added, are indexes in ``instances``.
    """

    account_id: Account
    region: Annotated[str, Field(decode_region, schema=REGION_SCHEMA)]
    next_number: int
    ids: IdsRecord = field(default_factory=IdsRecord)
    rules_packages: list[RulesPackageRecord] = field(default_factory=list)
    finding_specs: list[FindingSpecRecord] = field(default_factory=list)
    instances: list[InstanceRecord] = field(default_factory=list)
    telemetry: list[Telemetry] = field(default_factory=list)
    bodies: list[BodyRecord] = field(default_factory=list)
    own_instances: list[Index] = field(default_factory=list)
    resource_groups: list[ResourceGroupRecord] = field(default_factory=list)
    targets: list[TargetRecord] = field(default_factory=list)
    templates: list[TemplateRecord] = field(default_factory=list)
    previews: list[PreviewRecord] = field(default_factory=list)
    runs: list[RunRecord] = field(default_factory=list)
    subscriptions: list[SubscriptionRecord] = field(default_factory=list)
    role: RoleRecord | None = None
    faults: list[FaultRecord] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class PublishedRecord:
    """A message that was sent to an SNS topic."""

    topic_arn: str
    message: str
    status: Annotated[str, ShapeName("AssessmentRunNotificationSnsStatusCode")]
    event: str
    time: str


@dataclass(slots=True, kw_only=True)
class SnapshotRecord:
    """The whole state of a mock at ``moment``. ``started`` is when the mock started, ``id_seed`` the seed of its ids."""

    format: str
    version: int
    moment: Annotated[str, Field(decode_exact_moment, schema=EXACT_MOMENT_SCHEMA)]
    started: Moment
    id_seed: str
    access_keys: dict[str, Account] = field(default_factory=dict)
    published: list[PublishedRecord] = field(default_factory=list)
    stores: list[StoreRecord] = field(default_factory=list)


def check_header(values: Any) -> None:
    """SnapshotError for anything but a snapshot that this version reads."""
    found = values.get("format") if isinstance(values, dict) else values
    if not isinstance(values, dict) or found != FORMAT:
        raise SnapshotError(
            f" must be a snapshot of mock_inspector, an object whose 'format' is {FORMAT!r}; got {short_repr(found)}"
        )
    version = values.get("version")
    if type(version) is not int or version != VERSION:
        raise SnapshotError(f".version must be {VERSION}, the version that is read here; got {short_repr(version)}")

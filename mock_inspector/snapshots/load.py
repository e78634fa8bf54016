"""Loading a snapshot: records, checked against each other, as a service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

from ..api import arns
from ..api.arns import ResourceType
from ..api.identifiers import DEFAULT_ACCOUNT
from ..api.pagination import Numbered
from ..api.service_model import enum, max_length
from ..clock.moments import EpochMs
from ..errors import short_repr
from ..state.agents import RunAgent
from ..state.collections import NumberedMap
from ..state.exclusions import Exclusion, ExclusionType, Preview
from ..state.faults import Fault, ParametersAre, build_fault
from ..state.finding_specs import FindingSpec
from ..state.findings import Finding, FindingBody, FixedBody, SpecBody
from ..state.instances import Instance
from ..state.membership import FIRST_EC2_NUMBER
from ..state.messages import Notification, PublishedMessage
from ..state.rules_packages import RulesPackage
from ..state.runs import Run, StateChange, is_possible
from ..state.service import FakeService
from ..state.store import FIRST_NUMBER, RESOURCE_GROUP, RULES_PACKAGE, RUN, TARGET, TEMPLATE, Role, Store
from ..state.targets import ResourceGroup, Subscription, Target, Template
from .codec import SnapshotError, copy_json, expected
from .schema import (
    AgentRecord,
    BodyRecord,
    FaultRecord,
    FindingSpecRecord,
    InstanceRecord,
    PreviewRecord,
    ResourceGroupRecord,
    RulesPackageRecord,
    RunRecord,
    SnapshotRecord,
    StoreRecord,
    SubscriptionRecord,
    TargetRecord,
    TemplateRecord,
)

T = TypeVar("T")
R = TypeVar("R")
N = TypeVar("N", bound=Numbered)
F = TypeVar("F", Finding, Exclusion)


def load(snapshot: SnapshotRecord) -> FakeService:
    """Return a new service with the state of a snapshot. SnapshotError where the snapshot contradicts itself."""
    service = FakeService(account_id=DEFAULT_ACCOUNT, id_seed=snapshot.id_seed)
    service.context.started = snapshot.started
    service.context.published = [PublishedMessage(**_members(entry)) for entry in snapshot.published]
    for key, account in snapshot.access_keys.items():
        if not key:
            raise expected("the id of an access key", key).at("access_keys")
        service.register_access_key(key, account)
    _each("stores", snapshot.stores, lambda record: _load_store(service, record))
    return service


def _load_store(service: FakeService, record: StoreRecord) -> None:
    key = (record.account_id, record.region)
    if any((store.account_id, store.region) == key for store in service.stores()):
        raise SnapshotError(f": account {record.account_id}, {record.region} occurs twice")
    _StoreLoader(service.store(*key), record).load()


def _each(name: str, records: Iterable[T], load_record: Callable[[T], R]) -> list[R]:
    """Load each record of a list. An error gets the path of its record."""
    loaded: list[R] = []
    try:
        loaded.extend(map(load_record, records))
    except SnapshotError as error:
        raise error.at(len(loaded)).at(name) from None
    return loaded


def _members(record: Any, *without: str) -> dict[str, Any]:
    return {entry.name: getattr(record, entry.name) for entry in fields(record) if entry.name not in without}


def _refer(items: Sequence[T], index: int, list_name: str, member: str = "") -> T:
    """Return the item that a record refers to by index."""
    if index >= len(items):
        error = expected(f"an index in {list_name}, which has {len(items)}", index)
        raise error.at(member) if member else error
    return items[index]


def _check_unique(value: str, member: str, *, taken: bool) -> None:
    if taken:
        raise SnapshotError(f": {short_repr(value)} occurs twice").at(member)


def _check_keys(pairs: list[dict[str, str]], member: str) -> tuple[dict[str, str], ...]:
    if len({pair["key"] for pair in pairs}) < len(pairs):
        raise SnapshotError(f".{member} has a key twice")
    return tuple(pairs)


class _StoreLoader:
    """Fills an empty store from a record."""

    def __init__(self, store: Store, record: StoreRecord) -> None:
        self._store = store
        self._record = record
        self._specs: list[FindingSpec] = []
        self._instances: list[Instance] = []
        self._bodies: list[FindingBody] = []
        self._findings: list[Finding] = []
        self._exclusions: list[Exclusion] = []

    def load(self) -> None:
        store, record = self._store, self._record
        if record.next_number < FIRST_NUMBER:
            raise expected(f"at least {FIRST_NUMBER}", record.next_number).at("next_number")
        store.next = record.next_number
        store.ids.resume(record.ids.generated, record.ids.next_ids)
        _each("rules_packages", record.rules_packages, self._rules_package)
        _each("finding_specs", record.finding_specs, self._spec)
        self._instances = _each("instances", record.instances, self._instance)
        self._bodies = _each("bodies", record.bodies, self._body)
        _each("own_instances", record.own_instances, self._own_instance)
        self._numbered("resource_groups", record.resource_groups, self._resource_group)
        self._numbered("targets", record.targets, self._target)
        self._numbered("templates", record.templates, self._template)
        _each("previews", record.previews, self._preview)
        self._numbered("runs", record.runs, self._run)
        self._add_reported()
        self._numbered("subscriptions", record.subscriptions, self._subscription)
        if record.role is not None:
            if arns.account_of_role(record.role.arn, store.partition) is None:
                raise expected("the ARN of an IAM role", record.role.arn).at("arn").at("role")
            store.role = Role(record.role.arn, record.role.registered)
        store.faults = _each("faults", record.faults, _load_fault)

    def _numbered(self, name: str, records: Sequence[Any], load_record: Callable[[Any], Any]) -> None:
        """Load records in the order of their numbers."""
        last = -1

        def load_next(record: Any) -> None:
            nonlocal last
            self._check_number(record.number, last)
            last = record.number
            load_record(record)

        _each(name, records, load_next)

    def _check_number(self, number: int, last: int = -1) -> None:
        if not last < number < self._store.next:
            raise expected(f"at least {last + 1} and below next_number, {self._store.next}", number).at("number")

    # What a test describes

    def _rules_package(self, record: RulesPackageRecord) -> None:
        store = self._store
        self._check_number(record.number)
        parts = arns.parse(record.arn)
        if parts is None or (parts.type_name, parts.region) != (RULES_PACKAGE.name, store.region):
            raise expected(f"the ARN of a rules package in {store.region}", record.arn).at("arn")
        package = RulesPackage(**_members(record))
        existing = store.rules_packages.get(record.arn)
        if existing is None:
            last = store.rules_packages.last()
            self._check_number(record.number, -1 if last is None else last.number)
            store.rules_packages.add(record.arn, package)
        elif existing.number == record.number:
            store.rules_packages.replace(record.arn, package)
        else:
            raise expected(f"{existing.number}, the number of the one it redefines", record.number).at("number")

    def _spec(self, record: FindingSpecRecord) -> None:
        without_agent = None
        if record.without_agent is not None:
            without_agent = _refer(self._specs, record.without_agent, "the finding_specs before it", "without_agent")
        self._specs.append(FindingSpec(**_members(record, "without_agent"), without_agent=without_agent))

    def _instance(self, record: InstanceRecord) -> Instance:
        if record.number < FIRST_EC2_NUMBER:
            self._check_number(record.number)
        specs = _each("findings", record.findings, lambda index: _refer(self._specs, index, "finding_specs"))
        return Instance(**_members(record, "findings"), findings=tuple(specs))

    def _own_instance(self, index: int) -> None:
        instances = self._store.instances
        recorded = _refer(self._instances, index, "instances")
        # A copy, since the test may change it; those in runs stay as they were.
        instance = recorded.copy()
        last = instances.last()
        if instance.instance_id in instances or (last is not None and instance.number <= last.number):
            raise SnapshotError(f": {short_repr(instance.instance_id)} occurs twice, or its number is not the highest")
        instances.add(instance.instance_id, instance)

    # What runs are started from

    def _resource_group(self, record: ResourceGroupRecord) -> None:
        self._check_arn(RESOURCE_GROUP, record.arn, self._store.resource_groups)
        self._store.resource_groups.add(record.arn, ResourceGroup(**_members(record)))

    def _target(self, record: TargetRecord) -> None:
        store = self._store
        self._check_arn(TARGET, record.arn, store.targets)
        _check_unique(record.name, "name", taken=store.targets.has_name("", record.name))
        group = None
        if record.group is not None:
            group = self._find(store.resource_groups, record.group, RESOURCE_GROUP, "group")
        store.targets.add(record.arn, Target(**_members(record, "group"), group=group))

    def _template(self, record: TemplateRecord) -> None:
        store = self._store
        self._check_arn(TEMPLATE, record.arn, store.templates)
        target = self._find(store.targets, record.arn.rsplit("/", 2)[0], TARGET, "arn")
        _check_unique(record.name, "name", taken=store.templates.has_name(target.arn, record.name))
        _check_keys(record.tags, "tags")
        template = Template(
            **_members(record, "packages", "user_attributes"),
            target=target,
            packages=self._packages(record.packages),
            user_attributes=_check_keys(record.user_attributes, "user_attributes"),
        )
        store.templates.add(template.arn, template)

    def _packages(self, packages: list[str]) -> tuple[str, ...]:
        for index, arn in enumerate(packages):
            if arn not in self._store.rules_packages:
                region = self._store.region
                raise SnapshotError(f".packages[{index}]: there is no rules package {short_repr(arn)} in {region}")
        return tuple(packages)

    def _preview(self, record: PreviewRecord) -> None:
        template = self._find(self._store.templates, record.template, TEMPLATE, "template")
        _check_unique(record.token, "token", taken=record.token in self._store.previews)
        exclusions = [Exclusion(number, None, members) for number, members in enumerate(record.exclusions)]
        self._store.previews.add(Preview(record.token, template, record.ready, exclusions))

    def _subscription(self, record: SubscriptionRecord) -> None:
        store, events = self._store, enum("InspectorEvent")
        template = self._find(store.templates, record.template, TEMPLATE, "template")
        if not arns.is_sns_topic(record.topic_arn, store.partition):
            raise expected("the ARN of an SNS topic", record.topic_arn).at("topic_arn")
        if not record.events or not record.events.keys() <= set(events):
            raise expected(f"an object with one or more of {', '.join(events)}", list(record.events)).at("events")
        subscription = Subscription(record.number, template, record.topic_arn, record.events)
        _check_unique(record.topic_arn, "topic_arn", taken=subscription.key in store.subscriptions)
        store.subscriptions.add(subscription.key, subscription)

    # Runs and what they reported

    def _run(self, record: RunRecord) -> None:
        store = self._store
        self._check_arn(RUN, record.arn, store.runs)
        template = self._find(store.templates, record.arn.rsplit("/", 2)[0], TEMPLATE, "arn")
        _check_unique(record.name, "name", taken=store.runs.has_name(template.arn, record.name))
        timeline = [StateChange(*change) for change in record.timeline]
        if not is_possible(timeline):
            got = [list(change) for change in timeline]
            raise expected("state changes from CREATED on, in the order of time and of the states", got).at("timeline")
        run = Run(
            number=record.number,
            arn=record.arn,
            name=record.name,
            template=template,
            duration_seconds=record.duration_seconds,
            packages=self._packages(record.packages),
            user_attributes=_check_keys(record.user_attributes, "user_attributes"),
            agents=_each("agents", record.agents, self._agent),
            timeline=timeline,
            forced=record.forced,
            evaluates_at=record.evaluates_at,
            evaluated=range(0) if record.evaluated is None else range(*record.evaluated),
            notifications=[Notification(**_members(entry)) for entry in record.notifications],
            reports={(report.format, report.type): report.moment for report in record.reports},
            report_urls=record.report_urls,
        )
        numbers = [agent.number for agent in run.agents]
        if numbers != sorted(set(numbers)):
            raise expected("instances in the order of their numbers, each once", numbers).at("agents")
        maximum = max_length("AssessmentRunNotificationList")
        if len(run.notifications) > maximum:
            raise expected(f"at most {maximum}", len(run.notifications)).at("notifications")
        findings: Iterable[Any] = zip(*record.findings, strict=True) if record.findings else ()
        self._findings += _each("findings", findings, lambda members: self._finding(run, *members))
        self._exclusions += [
            Exclusion(entry.number, f"{run.arn}/exclusion/{entry.id}", entry.members) for entry in record.exclusions
        ]
        store.runs.add(run.arn, run)

    def _agent(self, record: AgentRecord) -> RunAgent:
        instance = _refer(self._instances, record.instance, "instances", "instance")
        telemetry = _refer(self._record.telemetry, record.telemetry, "telemetry", "telemetry")
        exclusion = None if record.exclusion is None else ExclusionType.from_title(record.exclusion)
        if exclusion is None and record.exclusion is not None:
            raise expected("the title of a documented exclusion", record.exclusion).at("exclusion")
        return RunAgent(
            instance.number,
            instance,
            record.health,
            record.health_code,
            record.health_details,
            telemetry,
            exclusion,
        )

    def _body(self, record: BodyRecord) -> FindingBody:
        if (record.spec is None) is (record.members is None):
            raise SnapshotError(" must have either 'spec' or 'members'")
        if record.members is not None:
            return FixedBody(record.rules_package, record.members["severity"], record.members)
        if record.rules_package is None:
            raise SnapshotError(" lacks the member 'rules_package'")
        assert record.spec is not None  # noqa: S101  one of the two is there
        return SpecBody(record.rules_package, _refer(self._specs, record.spec, "finding_specs", "spec"))

    def _finding(
        self,
        run: Run,
        number: int,
        own_id: str,
        body_index: int,
        agent: int | None,
        created: EpochMs,
        updated: EpochMs | None,
        user_attributes: list[dict[str, str]] | None,
    ) -> Finding:
        body = _refer(self._bodies, body_index, "bodies", "body")
        instance = None
        if agent is not None:
            instance = _refer(run.agents, agent, "agents", "agent").instance
        elif isinstance(body, SpecBody):
            raise SnapshotError(" lacks the member 'agent'")
        if isinstance(body, FixedBody):
            run_arn = body.fixed.get("serviceAttributes", {}).get("assessmentRunArn", run.arn)
            if run_arn != run.arn:
                raise SnapshotError(f".body names another run, {short_repr(run_arn)}")
        own = None if user_attributes is None else _check_keys(user_attributes, "user_attributes")
        return Finding(number, own_id, run, body, instance, created, created if updated is None else updated, own)

    def _add_reported(self) -> None:
        """Add the findings and exclusions of all runs in the order of their numbers."""
        twice = self._store.findings.add_all(self._in_order(self._findings))
        if twice is not None:
            raise SnapshotError(f": {twice.arn} occurs twice")
        for exclusion in self._in_order(self._exclusions):
            arn = str(exclusion.arn)
            if arn in self._store.exclusions:
                raise SnapshotError(f": {arn} occurs twice")
            self._store.exclusions.add(arn, exclusion)

    def _in_order(self, items: list[F]) -> list[F]:
        """Sort items by number. SnapshotError for a number that occurs twice or was never given out."""
        ordered = sorted(items, key=attrgetter("number"))
        last = -1
        for item in ordered:
            if not last < item.number < self._store.next:
                why = "which occurs twice" if item.number == last else "which is not below next_number"
                raise SnapshotError(f": {item.arn} has the number {item.number}, {why}")
            last = item.number
        return ordered

    # ARNs

    def _check_arn(self, resource_type: ResourceType[T], arn: str, existing: NumberedMap[Any]) -> None:
        """Check the ARN of a new resource in this store."""
        store, parts = self._store, arns.parse(arn)
        here = (resource_type.name, store.partition, store.region, store.account_id)
        if parts is None or (parts.type_name, parts.partition, parts.region, parts.account) != here:
            where = f"in account {store.account_id}, {store.region}"
            raise expected(f"the ARN of {resource_type.label_with_article} {where}", arn).at("arn")
        _check_unique(arn, "arn", taken=arn in existing)

    def _find(self, items: NumberedMap[N], arn: str, resource_type: ResourceType[N], member: str) -> N:
        """Return what a member refers to by ARN."""
        found = items.get(arn)
        if found is None:
            raise SnapshotError(f": there is no {resource_type.label} {short_repr(arn)}").at(member)
        return found


def _load_fault(record: FaultRecord) -> Fault:
    when = ParametersAre(copy_json(record.when)) if isinstance(record.when, dict) else record.when
    try:
        fault = build_fault(record.operation, record.error, record.times, record.after, when, record.where)
    except (TypeError, ValueError) as error:
        raise SnapshotError(f": {error}") from None
    fault.hits = record.hits
    return fault

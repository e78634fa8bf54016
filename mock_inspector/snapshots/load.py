"""Restoring a snapshot: records, checked against each other, as a world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

from ..api import arns
from ..api.arns import ResourceType
from ..api.identifiers import DEFAULT_ACCOUNT
from ..api.service_model import enum
from ..errors import short_repr
from ..state.collections import Numbered, NumberedMap
from ..state.exclusions import Exclusion, Preview, is_documented
from ..state.finding_specs import FindingSpec
from ..state.findings import Finding, FindingBody, FixedBody, SpecBody
from ..state.instances import Instance, RunAgent
from ..state.notifications import MAX_NOTIFICATIONS, Notification, PublishedMessage
from ..state.rules_packages import RulesPackage
from ..state.runs import Run
from ..state.service import FakeService
from ..state.store import Role, Store, a
from ..state.targets import ResourceGroup, Subscription, Target, Template
from .codec import Wrong, takes
from .parts import attributes_of, check_new, each, exclude, fault_of, load_spec, members, named, timeline_of
from .schema import (
    AgentRecord,
    ContentRecord,
    FindingRecord,
    GroupRecord,
    InstanceRecord,
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


def restored(snapshot: SnapshotRecord) -> FakeService:
    """A world of its own with the state of a snapshot. Wrong where that contradicts itself."""
    service = FakeService(account_id=DEFAULT_ACCOUNT, id_seed=snapshot.id_seed)
    service.started = snapshot.started
    service.published = [PublishedMessage(**members(entry)) for entry in snapshot.published]
    for key, account in snapshot.access_keys.items():
        if not key:
            raise Wrong(".access_keys: takes access keys' ids, got ''")
        service.register_access_key(key, account)
    each("regions", snapshot.regions, lambda record: _restore_region(service, record))
    return service


def _restore_region(service: FakeService, record: StoreRecord) -> None:
    if any((store.account_id, store.region) == (record.account_id, record.region) for store in service.stores()):
        raise Wrong(f": account {record.account_id}, {record.region} is there twice")
    _StoreLoader(service.store(record.account_id, record.region), record).restore()


class _StoreLoader:
    """Fills an account's region, as yet empty, from a record."""

    def __init__(self, store: Store, record: StoreRecord) -> None:
        self._store = store
        self._record = record
        self._specs: list[FindingSpec] = []
        self._instances: list[Instance] = []
        self._contents: list[FindingBody] = []
        self._findings: list[Finding] = []
        self._target_names: set[str] = set()

    def restore(self) -> None:
        store, record = self._store, self._record
        store.next = record.next_number
        store.ids.resume(record.ids.minted, record.ids.others, record.ids.pinned)
        self._numbered("rules_packages", record.rules_packages, self._rules_package, in_order=False)
        self._specs = each("weaknesses", record.specs, load_spec)
        self._instances = each("instances", record.instances, self._instance)
        self._contents = each("contents", record.contents, self._content)
        each("fleet", record.fleet, self._fleet)
        each("joined", record.joined, self._join)
        self._numbered("resource_groups", record.resource_groups, self._group)
        self._numbered("targets", record.targets, self._target)
        self._numbered("templates", record.templates, self._template)
        self._numbered("runs", record.runs, self._run)
        self._collect_findings()
        self._numbered("subscriptions", record.subscriptions, self._subscription)
        if record.role is not None:
            if not arns.IAM_ROLE.fullmatch(record.role.arn):
                raise takes("the ARN of an IAM role", record.role.arn).within("arn").within("role")
            store.role = Role(record.role.arn, record.role.registered)
        store.faults = each("faults", record.faults, fault_of)

    def _numbered(self, name: str, records: Sequence[T], restore: Callable[[T], Any], *, in_order: bool = True) -> None:
        """Restore records whose numbers grow, and were all given out."""
        last = -1

        def checked(record: Any) -> None:
            nonlocal last
            if not (last if in_order else -1) < record.number < self._store.next:
                above = f" above {last}, that of the one before, and" if in_order and last >= 0 else ""
                raise takes(f"a number{above} below next_number", record.number).within("number")
            last = record.number
            restore(record)

        each(name, records, checked)

    # The fleet

    def _rules_package(self, record: RulesPackageRecord) -> None:
        store = self._store
        parts = arns.parse(record.arn)
        if parts is None or parts.noun != arns.RULES_PACKAGE.noun or parts.region != store.region:
            raise takes(f"the ARN of a rules package in {store.region}", record.arn).within("arn")
        package = RulesPackage(**members(record))
        known = store.rules_packages.get(record.arn)
        if known is None:
            store.rules_packages.add(record.arn, package)
        elif known.number == record.number:
            store.rules_packages.replace(record.arn, package)
        else:
            raise takes(f"{known.number}, the number of the one that it redefines", record.number).within("number")

    def _instance(self, record: InstanceRecord) -> Instance:
        if record.number >= self._store.next:
            raise takes("a number below next_number", record.number).within("number")
        found = tuple(each("findings", record.findings, lambda place: named(self._specs, place, "weaknesses")))
        return Instance(**members(record, "findings"), findings=found)

    def _fleet(self, place: int) -> None:
        instances = self._store.instances
        # One of its own, which the test may change; those in runs stay as they were.
        known = named(self._instances, place, "instances")
        instance = replace(known, tags=dict(known.tags))
        last = instances.row.last()
        if last is not None and instance.number <= last.number:
            raise Wrong(f": {instance.instance_id} has the number {instance.number}, not above {last.number} before it")
        if instance.instance_id in instances:
            raise Wrong(f": {short_repr(instance.instance_id)} is there twice")
        instances.add(instance.instance_id, instance)

    def _join(self, place: int) -> None:
        instance = named(self._instances, place, "instances")
        if instance.instance_id in self._store.ec2_instances:
            raise Wrong(f": {short_repr(instance.instance_id)} is there twice")
        self._store.ec2_instances[instance.instance_id] = instance

    # What runs are started from

    def _group(self, record: GroupRecord) -> None:
        self._check_arn(arns.RESOURCE_GROUP, record.arn, self._store.resource_groups)
        self._store.resource_groups.add(record.arn, ResourceGroup(**members(record)))

    def _target(self, record: TargetRecord) -> None:
        store = self._store
        self._check_arn(arns.TARGET, record.arn, store.targets)
        check_new(record.name, "name", taken=record.name in self._target_names)
        self._target_names.add(record.name)
        group = None
        if record.group is not None:
            group = self._found(store.resource_groups, record.group, arns.RESOURCE_GROUP, "group")
        store.targets.add(record.arn, Target(**members(record, "group"), group=group))

    def _template(self, record: TemplateRecord) -> None:
        store = self._store
        self._check_arn(arns.TEMPLATE, record.arn, store.templates)
        target = self._found(store.targets, record.arn.rsplit("/", 2)[0], arns.TARGET, "arn")
        taken = any(other.name == record.name for other in target.templates.values())
        check_new(record.name, "name", taken=taken)
        template = Template(
            **members(record, "packages", "user_attributes", "previews"),
            target=target,
            packages=self._packages(record.packages),
            user_attributes=attributes_of(record.user_attributes, "user_attributes"),
        )
        attributes_of(record.tags, "tags")
        for place, preview in enumerate(record.previews):
            if preview.token in template.previews:
                raise Wrong(f".previews[{place}].token: {short_repr(preview.token)} is there twice")
            exclusions = [Exclusion(number, None, members) for number, members in enumerate(preview.exclusions)]
            template.previews[preview.token] = Preview(preview.ready, exclusions)
        target.templates[template.arn] = template
        store.templates.add(template.arn, template)

    def _packages(self, packages: list[str]) -> tuple[str, ...]:
        for place, arn in enumerate(packages):
            if arn not in self._store.rules_packages:
                raise Wrong(f".packages[{place}]: there is no rules package {short_repr(arn)} in {self._store.region}")
        return tuple(packages)

    def _subscription(self, record: SubscriptionRecord) -> None:
        store = self._store
        template = self._found(store.templates, record.template, arns.TEMPLATE, "template")
        if not arns.SNS_TOPIC.fullmatch(record.topic_arn):
            raise takes("the ARN of an SNS topic", record.topic_arn).within("topic_arn")
        for event in record.events:
            if event not in enum("InspectorEvent"):
                raise Wrong(f".events: takes {', '.join(enum('InspectorEvent'))}, got {short_repr(event)}")
        if not record.events:
            raise Wrong(".events: takes an event at least")
        subscription = Subscription(record.number, template, record.topic_arn, record.events)
        check_new(record.topic_arn, "topic_arn", taken=subscription.key in store.subscriptions)
        store.subscriptions.add(subscription.key, subscription)

    # Runs

    def _run(self, record: RunRecord) -> None:
        store = self._store
        self._check_arn(arns.RUN, record.arn, store.runs)
        template = self._found(store.templates, record.arn.rsplit("/", 2)[0], arns.TEMPLATE, "arn")
        check_new(record.name, "name", taken=record.name in template.run_names)
        run = Run(
            number=record.number,
            arn=record.arn,
            name=record.name,
            template=template,
            duration=record.duration,
            packages=self._packages(record.packages),
            user_attributes=attributes_of(record.user_attributes, "user_attributes"),
            agents=each("agents", record.agents, self._agent),
            timeline=timeline_of(record),
            forced=record.forced,
            evaluates_at=record.evaluates_at,
            evaluated=range(*record.evaluated) if record.evaluated is not None else range(0),
            notifications=[Notification(**members(entry)) for entry in record.notifications],
            reports={(asked.format, asked.type): asked.moment for asked in record.reports},
            report_urls=record.report_urls,
        )
        if any(agent.number <= before.number for before, agent in pairwise(run.agents)):
            raise Wrong(".agents: takes instances in the order of their numbers, each once")
        if len(run.notifications) > MAX_NOTIFICATIONS:
            raise Wrong(f".notifications: takes {MAX_NOTIFICATIONS} at most, got {len(run.notifications)}")
        self._findings += each("findings", record.findings, lambda entry: self._finding(run, entry))
        self._numbered("exclusions", record.exclusions, lambda entry: exclude(run, entry))
        template.runs.append(run)
        template.run_names.add(run.name)
        store.runs.add(run.arn, run)

    def _agent(self, record: AgentRecord) -> RunAgent:
        instance = named(self._instances, record.instance, "instances", "instance")
        telemetry = named(self._record.telemetry, record.telemetry, "telemetry", "telemetry")
        if record.exclusion is not None and not is_documented(record.exclusion):
            raise takes("the title of a documented exclusion", record.exclusion).within("exclusion")
        return RunAgent(
            instance.number,
            instance,
            record.health,
            record.health_code,
            record.health_details,
            telemetry,
            record.exclusion,
        )

    def _content(self, record: ContentRecord) -> FindingBody:
        if (record.spec is None) is (record.members is None):
            raise Wrong(": takes either 'weakness' or 'members'")
        if record.members is not None:
            return FixedBody(record.rules_package, record.members["severity"], record.members)
        if record.rules_package is None:
            raise Wrong(": lacks the member 'rules_package'")
        assert record.spec is not None  # noqa: S101  one of the two is there
        spec = named(self._specs, record.spec, "weaknesses", "weakness")
        return SpecBody(record.rules_package, spec)

    def _finding(self, run: Run, record: FindingRecord) -> Finding:
        content = named(self._contents, record.content, "contents", "content")
        instance = None
        if record.agent is not None:
            instance = named(run.agents, record.agent, "agents", "agent").instance
        elif isinstance(content, SpecBody):
            raise Wrong(": lacks the member 'agent': a weakness is found on an instance")
        if isinstance(content, FixedBody):
            other = content.fixed.get("serviceAttributes", {}).get("assessmentRunArn", run.arn)
            if other != run.arn:
                raise Wrong(f".content: its members name another run, {short_repr(other)}")
        return Finding(
            record.number,
            record.id,
            run,
            content,
            instance,
            record.created,
            record.created if record.updated is None else record.updated,
            None if record.user_attributes is None else attributes_of(record.user_attributes, "user_attributes"),
        )

    def _collect_findings(self) -> None:
        """Put the findings of all runs in the order in which they came about."""
        self._findings.sort(key=lambda finding: finding.number)
        last = -1
        for finding in self._findings:
            if not last < finding.number < self._store.next:
                why = "that of another finding" if finding.number == last else "not below next_number"
                raise Wrong(f": finding {finding.arn} has the number {finding.number}, {why}")
            if finding.id in finding.run.findings:
                raise Wrong(f": finding {finding.arn} is there twice")
            last = finding.number
            self._store.findings.add(finding)

    # ARNs

    def _check_arn(self, kind: ResourceType, arn: str, known: NumberedMap[Any]) -> None:
        """Check the ARN of something in this region that is not there yet."""
        store, parts = self._store, arns.parse(arn)
        here = (kind.noun, store.partition, store.region, store.account_id)
        if parts is None or (parts.noun, parts.partition, parts.region, parts.account) != here:
            wanted = f"the ARN of {a(kind.words)} in account {store.account_id}, {store.region}"
            raise takes(wanted, arn).within("arn")
        check_new(arn, "arn", taken=arn in known)

    def _found(self, shelf: NumberedMap[N], arn: str, kind: ResourceType, member: str) -> N:
        """What a member refers to."""
        found = shelf.get(arn)
        if found is None:
            raise Wrong(f": there is no {kind.words} {short_repr(arn)}").within(member)
        return found

"""Taking a snapshot: the world as records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from ..clock.clock import as_datetime, milliseconds, seconds
from ..errors import MODELLED, ApiError, CommonError
from ..state.faults import FailedItems, Fault, ParametersAre
from ..state.finding_specs import FindingSpec, ReachabilitySpec
from ..state.findings import FindingBody, FixedBody, SpecBody
from ..state.instances import Instance, RunAgent
from ..state.network_failures import NetworkFailure
from ..state.rules_packages import rules_packages
from ..state.runs import Run
from ..state.service import FakeService
from ..state.store import FIRST_NUMBER, Store
from ..state.targets import Subscription, Target, Template
from .codec import encode
from .fields import written_copy
from .schema import (
    FORMAT,
    VERSION,
    AgentRecord,
    Change,
    ContentRecord,
    ExclusionRecord,
    FaultRecord,
    FindingRecord,
    FindingSpecRecord,
    GroupRecord,
    IdsRecord,
    InstanceRecord,
    NotificationRecord,
    Numbers,
    PreviewRecord,
    PublishedRecord,
    Report,
    RoleRecord,
    RulesPackageRecord,
    RunRecord,
    SnapshotRecord,
    SpecRecord,
    StoreRecord,
    SubscriptionRecord,
    TargetRecord,
    TemplateRecord,
)

T = TypeVar("T")
R = TypeVar("R")

_UNTOUCHED = {"account_id", "region", "next_number"}


def taken(service: FakeService) -> dict[str, Any]:
    """The state of all accounts and regions at this moment, as JSON values of its own."""
    with service.lock:
        now = service.advance()
        exact = service.clock.now()
        shell = SnapshotRecord(
            format=FORMAT,
            version=VERSION,
            moment=_instant(exact if milliseconds(exact) == now else as_datetime(seconds(now))),
            started=service.started,
            id_seed=service.id_seed,
            access_keys=service.access_keys(),
            published=[PublishedRecord(**entry._asdict()) for entry in service.published],
        )
        regions = [encode(_StoreDumper(store).record()) for store in service.stores()]
        touched = [store for store in regions if store.keys() != _UNTOUCHED or store["next_number"] != FIRST_NUMBER]
        return {**encode(shell), "regions": touched}


def _instant(moment: datetime) -> str:
    """A moment to the millisecond, or to the microsecond where there are any."""
    exactly = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=exactly).replace("+00:00", "Z")


class _Table(Generic[T]):
    """What many share, each written once, however many objects say the same.

    ``ordered`` tells whether the order of an object's members says something (that of tags and attributes does).
    """

    def __init__(self, record: Callable[[T], Any], *, ordered: bool = True) -> None:
        self._record = record
        self._ordered = ordered
        self._by_id: dict[int, tuple[int, T]] = {}
        self._by_digest: dict[bytes, int] = {}
        self.records: list[Any] = []

    def place(self, item: T) -> int:
        """The place of ``item`` in :attr:`records`."""
        known = self._by_id.get(id(item))
        if known is not None:
            return known[0]
        record = self._record(item)
        text = json.dumps(record if isinstance(record, list) else encode(record), sort_keys=not self._ordered)
        place = self._by_digest.setdefault(hashlib.blake2b(text.encode(), digest_size=16).digest(), len(self.records))
        if place == len(self.records):
            self.records.append(record)
        self._by_id[id(item)] = place, item  # which keeps the item, and so its id
        return place


class _StoreDumper:
    """An account's region as a record."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._specs = _Table(_spec)
        self._suffered: dict[int, tuple[list[int], Any]] = {}
        self._instances = _Table(self._instance)
        self._telemetry: _Table[list[dict[str, Any]]] = _Table(lambda entries: [dict(entry) for entry in entries])
        self._contents = _Table(self._content, ordered=False)

    def record(self) -> StoreRecord:
        store = self._store
        minted, others, pinned = store.ids.counts()
        usual = rules_packages(store.region)
        taken = StoreRecord(
            account_id=store.account_id,
            region=store.region,
            next_number=store.next,
            ids=IdsRecord(minted=minted, others=others, pinned=pinned),
            rules_packages=[
                _like(RulesPackageRecord, package) for package in store.rules_packages if package not in usual
            ],
            fleet=[self._instances.place(instance) for instance in store.instances],
            joined=[self._instances.place(instance) for instance in store.ec2_instances.values()],
            resource_groups=[_like(GroupRecord, group) for group in store.resource_groups],
            targets=[_target(target) for target in store.targets],
            templates=[_template(template) for template in store.templates],
            runs=[self._run(run) for run in store.runs],
            subscriptions=[_subscription(subscription) for subscription in store.subscriptions],
            role=None if store.role is None else _like(RoleRecord, store.role),
            faults=[_fault(fault) for fault in store.faults if fault.times != 0],
        )
        taken.specs = self._specs.records
        taken.instances = self._instances.records
        taken.telemetry = self._telemetry.records
        taken.contents = self._contents.records
        return taken

    def _instance(self, instance: Instance) -> InstanceRecord:
        suffered = self._suffered.get(id(instance.findings))
        if suffered is None:
            places = [self._specs.place(spec) for spec in instance.findings]
            suffered = self._suffered[id(instance.findings)] = places, instance.findings
        return _like(InstanceRecord, instance, findings=suffered[0])

    def _content(self, content: FindingBody) -> ContentRecord:
        if isinstance(content, SpecBody):
            spec = self._specs.place(content.spec)
            return ContentRecord(rules_package=content.rules_package, spec=spec)
        assert isinstance(content, FixedBody)  # noqa: S101  there are no others
        return ContentRecord(rules_package=content.rules_package, members=content.fixed)

    def _run(self, run: Run) -> RunRecord:
        places = {id(agent.instance): place for place, agent in enumerate(run.agents)}
        content = self._contents.place
        return _like(
            RunRecord,
            run,
            agents=[self._agent(agent) for agent in run.agents],
            timeline=[Change(*change) for change in run.timeline],
            evaluated=Numbers(run.evaluated.start, run.evaluated.stop) if run.evaluated else None,
            findings=[
                FindingRecord(
                    number=finding.number,
                    id=finding.id,
                    content=content(finding.content),
                    agent=None if finding.instance is None else places[id(finding.instance)],
                    created=finding.created,
                    updated=None if finding.updated == finding.created else finding.updated,
                    user_attributes=_listed(finding.own_user_attributes),
                )
                for finding in run.findings_row
            ],
            exclusions=[
                ExclusionRecord(number=exclusion.number, id=own_id, members=exclusion.members)
                for own_id, exclusion in run.exclusions.items()
            ],
            notifications=[NotificationRecord(**entry._asdict()) for entry in run.notifications],
            reports=[Report(*asked, moment) for asked, moment in run.reports.items()],
        )

    def _agent(self, agent: RunAgent) -> AgentRecord:
        return _like(
            AgentRecord,
            agent,
            instance=self._instances.place(agent.instance),
            telemetry=self._telemetry.place(agent.telemetry),
        )


def _like(kind: type[R], source: Any, **members: Any) -> R:
    """The record whose members are attributes of ``source``, apart from those that are given."""
    hint: Any = kind
    for name in _names(hint):
        if name not in members:
            value = getattr(source, name)
            members[name] = list(value) if isinstance(value, tuple) else value
    return kind(**members)


@lru_cache(maxsize=64)
def _names(kind: Any) -> Sequence[str]:
    return [entry.name for entry in fields(kind)]


def _listed(pairs: tuple[T, ...] | None) -> list[T] | None:
    return None if pairs is None else list(pairs)


def _spec(spec: FindingSpec) -> FindingSpecRecord:
    outside = spec.without_agent if isinstance(spec, ReachabilitySpec) else None
    return _like(
        FindingSpecRecord,
        spec,
        reachability=isinstance(spec, ReachabilitySpec),
        without_agent=None if outside is None else _like(SpecRecord, outside),
    )


def _target(target: Target) -> TargetRecord:
    return _like(TargetRecord, target, group=None if target.group is None else target.group.arn)


def _template(template: Template) -> TemplateRecord:
    previews = [
        PreviewRecord(token=token, ready=preview.ready, exclusions=[entry.members for entry in preview.exclusions])
        for token, preview in template.previews.items()
    ]
    return _like(TemplateRecord, template, previews=previews)


def _subscription(subscription: Subscription) -> SubscriptionRecord:
    return _like(SubscriptionRecord, subscription, template=subscription.template.arn)


def _fault(fault: Fault) -> FaultRecord:
    when = written_copy(fault.when.wanted) if isinstance(fault.when, ParametersAre) else fault.when
    return _like(FaultRecord, fault, error=_error(fault.error), when=when)


def _error(error: BaseException) -> Any:
    """An error in the form in which it was injected; an exception that JSON cannot tell is left as it is."""
    if isinstance(error, (FailedItems, NetworkFailure)):
        return str(error)
    if type(error) is CommonError:
        return {"code": error.code, "message": error.message}
    if isinstance(error, ApiError) and MODELLED.get(error.code) is type(error):
        text = {} if error.message is error.text else {"message": error.message}
        return {"code": error.code, **text, **written_copy(error.members)}
    return error

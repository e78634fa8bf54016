"""Dumping a snapshot: the state as records."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from ..clock.moments import to_datetime, to_epoch_ms, to_seconds
from ..errors import MODELLED, ApiError, CommonError
from ..state.agents import RunAgent
from ..state.faults import FailedItems, Fault, ParametersAre
from ..state.finding_specs import FindingSpec
from ..state.findings import Finding, FindingBody, FixedBody, SpecBody
from ..state.instances import Instance
from ..state.network_failures import NetworkFailure
from ..state.rules_packages import rules_packages
from ..state.runs import Run
from ..state.service import FakeService
from ..state.store import FIRST_NUMBER, Store
from ..state.telemetry import Telemetry
from .codec import copy_json, encode
from .schema import (
    FORMAT,
    VERSION,
    AgentRecord,
    BodyRecord,
    ExclusionRecord,
    FaultRecord,
    FindingRecord,
    FindingSpecRecord,
    IdsRecord,
    InstanceRecord,
    NotificationRecord,
    NumbersRecord,
    PreviewRecord,
    PublishedRecord,
    ReportRecord,
    ResourceGroupRecord,
    RoleRecord,
    RulesPackageRecord,
    RunRecord,
    SnapshotRecord,
    StateChangeRecord,
    StoreRecord,
    SubscriptionRecord,
    TargetRecord,
    TemplateRecord,
)

T = TypeVar("T")
R = TypeVar("R")

_UNTOUCHED = {"account_id", "region", "next_number"}
"""The members of a store that nothing was done to."""


def dump(service: FakeService) -> dict[str, Any]:
    """Return the state of all accounts and regions as JSON values, which share nothing with it."""
    with service.at_now as now:
        exact = service.clock.now()
        snapshot = SnapshotRecord(
            format=FORMAT,
            version=VERSION,
            moment=_format_exactly(exact if to_epoch_ms(exact) == now else to_datetime(to_seconds(now))),
            started=service.started,
            id_seed=service.context.id_seed,
            access_keys=service.access_keys(),
            published=[PublishedRecord(**message._asdict()) for message in service.published],
        )
        stores = [encode(_StoreDumper(store).dump()) for store in service.stores()]
        touched = [store for store in stores if store.keys() != _UNTOUCHED or store["next_number"] != FIRST_NUMBER]
        return {**encode(snapshot), "stores": touched}


def _format_exactly(moment: datetime) -> str:
    """A moment to the millisecond, or to the microsecond where it has any."""
    precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


class _Table(Generic[T]):
    """Items that others refer to by index. Items with the same ``key`` are written once."""

    def __init__(self, to_record: Callable[[T], Any], key: Callable[[T], Hashable] = id) -> None:
        self._to_record = to_record
        self._key = key
        self._indexes: dict[Hashable, int] = {}
        self._items: list[T] = []  # Keeps the items, so that their ids stay theirs.
        self.records: list[Any] = []

    def index(self, item: T) -> int:
        """Return the index of ``item`` in :attr:`records`."""
        index = self._indexes.get(self._key(item))
        if index is None:
            record = self._to_record(item)
            index = self._indexes[self._key(item)] = len(self.records)
            self.records.append(record)
            self._items.append(item)
        return index


class _StoreDumper:
    """Dumps one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._specs = _Table(self._spec, key=lambda spec: spec)  # Equal ones, however a test has made them.
        self._instances = _Table(self._instance)
        self._telemetry: _Table[Telemetry] = _Table(copy_json, key=json.dumps)
        self._bodies: _Table[FindingBody] = _Table(
            self._body, key=lambda body: body if isinstance(body, SpecBody) else id(body)
        )

    def dump(self) -> StoreRecord:
        store = self._store
        own_packages = rules_packages(store.region)
        generated, next_ids = store.ids.state()
        record = StoreRecord(
            account_id=store.account_id,
            region=store.region,
            next_number=store.next,
            ids=IdsRecord(generated=generated, next_ids=next_ids),
            rules_packages=[
                _like(RulesPackageRecord, package) for package in store.rules_packages if package not in own_packages
            ],
            own_instances=[self._instances.index(instance) for instance in store.instances],
            resource_groups=[_like(ResourceGroupRecord, group) for group in store.resource_groups],
            targets=[
                _like(TargetRecord, target, group=None if target.group is None else target.group.arn)
                for target in store.targets
            ],
            templates=[_like(TemplateRecord, template) for template in store.templates],
            previews=[
                _like(
                    PreviewRecord,
                    preview,
                    template=preview.template.arn,
                    exclusions=[exclusion.members for exclusion in preview.exclusions],
                )
                for preview in store.previews
            ],
            runs=[self._run(run) for run in store.runs],
            subscriptions=[
                _like(SubscriptionRecord, subscription, template=subscription.template.arn)
                for subscription in store.subscriptions
            ],
            role=None if store.role is None else _like(RoleRecord, store.role),
            faults=[_fault(fault) for fault in store.faults if not fault.is_spent],
        )
        record.finding_specs = self._specs.records
        record.instances = self._instances.records
        record.telemetry = self._telemetry.records
        record.bodies = self._bodies.records
        return record

    def _spec(self, spec: FindingSpec) -> FindingSpecRecord:
        without_agent = None if spec.without_agent is None else self._specs.index(spec.without_agent)
        return _like(FindingSpecRecord, spec, attributes=spec.attributes, without_agent=without_agent)

    def _instance(self, instance: Instance) -> InstanceRecord:
        return _like(InstanceRecord, instance, findings=[self._specs.index(spec) for spec in instance.findings])

    def _body(self, body: FindingBody) -> BodyRecord:
        if isinstance(body, SpecBody):
            return BodyRecord(rules_package=body.rules_package, spec=self._specs.index(body.spec))
        assert isinstance(body, FixedBody)  # noqa: S101  there are no others
        return BodyRecord(rules_package=body.rules_package, members=body.fixed)

    def _run(self, run: Run) -> RunRecord:
        agents = {id(agent.instance): index for index, agent in enumerate(run.agents)}
        return _like(
            RunRecord,
            run,
            agents=[self._agent(agent) for agent in run.agents],
            timeline=[StateChangeRecord(*change) for change in run.timeline],
            evaluated=NumbersRecord(run.evaluated.start, run.evaluated.stop) if run.evaluated else None,
            findings=[self._finding(finding, agents) for finding in self._store.findings.of(run).all],
            exclusions=[
                ExclusionRecord(
                    number=exclusion.number, id=str(exclusion.arn).rpartition("/")[2], members=exclusion.members
                )
                for exclusion in self._store.exclusions.of(run.arn)
            ],
            notifications=[NotificationRecord(**entry._asdict()) for entry in run.notifications],
            reports=[ReportRecord(*report, moment) for report, moment in run.reports.items()],
        )

    def _agent(self, agent: RunAgent) -> AgentRecord:
        return _like(
            AgentRecord,
            agent,
            instance=self._instances.index(agent.instance),
            telemetry=self._telemetry.index(agent.telemetry),
            exclusion=None if agent.exclusion is None else agent.exclusion.value,
        )

    def _finding(self, finding: Finding, agents: dict[int, int]) -> FindingRecord:
        own = finding.own_user_attributes
        return FindingRecord(
            number=finding.number,
            id=finding.id,
            body=self._bodies.index(finding.body),
            agent=None if finding.instance is None else agents[id(finding.instance)],
            created=finding.created,
            updated=None if finding.updated == finding.created else finding.updated,
            user_attributes=None if own is None else list(own),
        )


def _like(kind: type[R], source: Any, **members: Any) -> R:
    """Return the record whose members are the attributes of ``source``, apart from those that are given."""
    hint: Any = kind
    for name in _names(hint):
        if name not in members:
            value = getattr(source, name)
            members[name] = list(value) if isinstance(value, tuple) else value
    return kind(**members)


@lru_cache(maxsize=64)
def _names(kind: Any) -> Sequence[str]:
    return [entry.name for entry in fields(kind)]


def _fault(fault: Fault) -> FaultRecord:
    when = copy_json(fault.when.values) if isinstance(fault.when, ParametersAre) else fault.when
    return _like(FaultRecord, fault, error=_error(fault.error), when=when)


def _error(error: BaseException) -> Any:
    """An error as it was injected. An exception that cannot be saved as JSON stays as it is."""
    if isinstance(error, (FailedItems, NetworkFailure)):
        return str(error)
    if type(error) is CommonError:
        return {"code": error.code, "message": error.message}
    if isinstance(error, ApiError) and MODELLED.get(error.code) is type(error):
        text = {} if error.message is error.text else {"message": error.message}
        return {"code": error.code, **text, **copy_json(error.members)}
    return error

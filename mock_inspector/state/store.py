"""What one account has in one region, how it is found, and how a run's findings come about."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ..api import arns
from ..api.arns import ResourceType
from ..api.error_codes import error_code
from ..api.pagination import Pager
from ..errors import (
    AccessDeniedException,
    ApiError,
    InvalidInputException,
    LimitExceededException,
    NoSuchEntityException,
    failed_item,
    short_repr,
)
from .collections import NumberedMap
from .exclusions import Exclusion
from .external import Credentials, fleet
from .faults import Fault
from .findings import Finding, FindingBody, FindingIndex
from .ids import Ids
from .instances import Instance
from .rules_packages import owner_accounts, rules_packages
from .runs import Run
from .targets import ResourceGroup, Subscription, Target, Template

if TYPE_CHECKING:
    from .service import FakeService


FIRST_NUMBER = 1000
"""The place of the first resource that is made; those of the region's own rules packages are below."""

_OWN = frozenset({"world", "place", "backend", "signer"})
"""What a region keeps when it takes another's state over: whose it is is no part of that."""


class NotFound(Exception):  # noqa: N818  it becomes an error, or a failed item
    """An ARN that leads to nothing; ``reason`` is a ``FailedItemErrorCode``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Role:
    """The role through which Inspector reads the account's instances."""

    arn: str
    registered: int


class Store:
    """The resources of one account in one region.

    Collections are in the order of creation. ``now`` is the moment of the request that is being answered.
    """

    def __init__(self, service: FakeService, account_id: str, region: str) -> None:
        self.service = service
        self.account_id = account_id
        self.region = region
        self.partition = arns.partition_of(region)
        self.backend: Any = None
        """Its backend object, when somebody has asked for it."""
        self.place = 0
        """Its place among all accounts' regions, in the order in which they were touched."""
        self.owner = f"{account_id} {region}"
        """The account and region, as pagination tokens are tied to them."""
        self.clear()

    def clear(self) -> None:
        """Back to an account that has nothing but the region's rules packages."""
        self.ids = Ids(f"{self.service.id_seed}\n{self.account_id}\n{self.region}")
        self.next = FIRST_NUMBER
        self.resource_groups: NumberedMap[ResourceGroup] = NumberedMap()
        self.targets: NumberedMap[Target] = NumberedMap()
        self.templates: NumberedMap[Template] = NumberedMap()
        self.runs: NumberedMap[Run] = NumberedMap()
        self._open_runs: dict[str, Run] = {}
        self.findings = FindingIndex()
        self.rules_packages = NumberedMap({package.arn: package for package in rules_packages(self.region)})
        self.instances: NumberedMap[Instance] = NumberedMap()
        self.ec2_instances: dict[str, Instance] = {}
        """Instances of an EC2 next door, by their ids (see :func:`.fleet`)."""
        self.subscriptions: NumberedMap[Subscription] = NumberedMap()
        self.role: Role | None = None
        self.credentials: Credentials | None = None
        """Who made the last request; None when nobody but the test itself has acted here."""
        self.faults: list[Fault] = []

    def take_over(self, other: Store) -> None:
        """Have what another region has, which is not used any more."""
        vars(self).update({name: value for name, value in vars(other).items() if name not in _OWN})

    @property
    def now(self) -> int:
        """The moment of the request, in milliseconds since 1970."""
        return self.service.now

    def next_number(self) -> int:
        """The place of a new resource among all others."""
        number = self.next
        self.next = number + 1
        return number

    def new_arn(self, path: str, account_id: str | None = None) -> str:
        """A fresh ARN under ``path`` (``target``, or ``<target ARN>/template``)."""
        if not path.startswith("arn:"):
            path = f"arn:{self.partition}:inspector:{self.region}:{account_id or self.account_id}:{path}"
        kind = arns.RESOURCE_TYPES[path.rpartition("/")[2].rpartition(":")[2]]
        while self._lookup(kind, arn := f"{path}/{self.ids.mint()}") is not None:
            continue  # a pinned id that is in use here: the next one, then
        return arn

    def pager(self, operation: str, token: str | None, max_results: int | None, *asked: Any, **options: int) -> Pager:
        """The pager of a list question (see :class:`.Pager`)."""
        return Pager(operation, self.owner, token, max_results, *asked, **options)

    # Finding what an ARN names

    def lookup(self, kind: ResourceType, arn: str) -> Any:
        """What ``arn`` names. NotFound, with the reason, when there is no such thing here."""
        parts = arns.parse(arn)
        if parts is None or parts.noun != kind.noun:
            raise NotFound("INVALID_ARN")
        if parts.account != self.account_id and not (
            kind is arns.RULES_PACKAGE and (arn in self.rules_packages or parts.account in owner_accounts().values())
        ):
            raise NotFound("ACCESS_DENIED")
        item = self._lookup(kind, arn)
        if item is None:
            raise NotFound("ITEM_DOES_NOT_EXIST")
        return item

    def _lookup(self, kind: ResourceType, arn: str) -> Any:
        if kind in (arns.FINDING, arns.EXCLUSION):
            run_arn, _, own_id = arn.rsplit("/", 2)
            run = self.runs.get(run_arn)
            if run is None:
                return None
            if kind is arns.FINDING:
                finding = run.findings.get(own_id)
                return finding if finding is not None and finding.created <= self.now else None
            return run.exclusions.get(own_id)
        shelves: dict[ResourceType, NumberedMap[Any]] = {
            arns.RESOURCE_GROUP: self.resource_groups,
            arns.TARGET: self.targets,
            arns.TEMPLATE: self.templates,
            arns.RUN: self.runs,
            arns.RULES_PACKAGE: self.rules_packages,
        }
        return shelves[kind].get(arn)

    def get(self, kind: ResourceType, arn: str, member: str) -> Any:
        """What the request's ``member`` names by ``arn``, or the exception that refuses it.

        InvalidInputException for what is no ARN of that kind, AccessDeniedException for another account's,
        NoSuchEntityException for what is not there (design, section 4).
        """
        try:
            return self.lookup(kind, arn)
        except NotFound as error:
            raise self._refusal(kind, arn, member, error.reason) from None

    def _refusal(self, kind: ResourceType, arn: str, member: str, reason: str) -> ApiError:
        if reason == "INVALID_ARN":
            return InvalidInputException(
                f"{member}: {short_repr(arn)} is not the ARN of {a(kind.words)}.",
                errorCode=error_code("", re.sub(r"\[\d+\]", "[]", member)),
            )
        if reason == "ACCESS_DENIED":
            return AccessDeniedException(
                f"{member}: account {self.account_id} has no access to {arn}.",
                errorCode=f"ACCESS_DENIED_TO_{kind.code}",
            )
        return NoSuchEntityException(
            f"{member}: there is no {kind.words} {arn} in account {self.account_id}, region {self.region}.",
            errorCode=f"{kind.code}_DOES_NOT_EXIST",
        )

    def get_all(self, kind: ResourceType, found: Collection[str], member: str) -> list[Any]:
        """What each ARN of a list names, or the exception that refuses the first bad one."""
        places = {arn: f"{member}[{place}]" for place, arn in reversed(list(enumerate(found)))}
        return [self.get(kind, arn, places[arn]) for arn in dict.fromkeys(found)]

    def rules_package_arns(self, wanted: Collection[str]) -> set[str]:
        """The ARNs that a filter's ``rulesPackageArns`` names, each of them known here."""
        return {package.arn for package in self.get_all(arns.RULES_PACKAGE, wanted, "filter.rulesPackageArns")}

    def target(self, arn: str, member: str = "assessmentTargetArn") -> Target:
        """The assessment target of that ARN (see :meth:`find`)."""
        return cast(Target, self.get(arns.TARGET, arn, member))

    def template(self, arn: str, member: str = "assessmentTemplateArn") -> Template:
        """The assessment template of that ARN (see :meth:`find`)."""
        return cast(Template, self.get(arns.TEMPLATE, arn, member))

    def run(self, arn: str, member: str = "assessmentRunArn") -> Run:
        """The assessment run of that ARN (see :meth:`find`)."""
        return cast(Run, self.get(arns.RUN, arn, member))

    def subscription(self, template: Template, topic_arn: str) -> Subscription | None:
        """The subscription of a topic to a template's events, or None."""
        return self.subscriptions.get(f"{template.arn} {topic_arn}")

    def has_subscription(self, template: Template) -> bool:
        """Whether any topic is subscribed to a template's events."""
        return any(entry.template is template for entry in self.subscriptions)

    def open(self, run: Run) -> None:
        """Take a run's course, new or changed, into account: its agents are busy, what lies ahead of it is planned."""
        self._open_runs[run.arn] = run
        self.service.plan(self, run)

    def open_runs(self) -> list[Run]:
        """The runs in progress at this moment, found without a look at those that have ended."""
        self._open_runs = {arn: run for arn, run in self._open_runs.items() if run.in_progress(self.now)}
        return sorted(self._open_runs.values(), key=lambda run: run.number)

    def describe_each(
        self, kind: ResourceType, wanted: list[str], do: Callable[[Any], Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """``do`` with what each ARN names; the bad ones come back as ``failedItems``.

        An ARN given twice is served once, and reported as DUPLICATE_ARN. ``do`` may raise NotFound as well.
        """
        done, failed = [], {}
        seen: set[str] = set()
        for arn in wanted:
            try:
                if arn in seen:
                    raise NotFound("DUPLICATE_ARN")
                seen.add(arn)
                done.append(do(self.lookup(kind, arn)))
            except NotFound as error:
                if arn not in failed:
                    failed[arn] = failed_item(error.reason)
        return done, failed

    # Limits and the fleet

    def check_limit(self, name: str, code: str, used: int, more: int = 1) -> None:
        """LimitExceededException when ``more`` than the quota allows are asked for."""
        quota = self.service.limits[name]
        if quota is not None and used + more > quota:
            raise LimitExceededException(
                f"Account {self.account_id} has {used} of {quota} {name.replace('_', ' ')} in {self.region}; "
                f"{more} more would exceed the limit.",
                errorCode=code,
            )

    def members(self, target: Target) -> list[Instance]:
        """The instances of a target: those with any of its group's tags, all when it has no group."""
        return [instance for instance in fleet(self) if target.group is None or instance.matches(target.group.tags)]

    def delete_template(self, template: Template) -> None:
        """Delete a template with everything that hangs on it."""
        self.delete_runs(list(template.runs))
        for subscription in [entry for entry in self.subscriptions if entry.template is template]:
            self.subscriptions.remove(subscription.key)
        del template.target.templates[template.arn]
        self.templates.remove(template.arn)

    def delete_runs(self, runs: list[Run]) -> None:
        """Delete runs with everything they reported."""
        self.findings.remove([finding for run in runs for finding in run.findings_row])
        for run in runs:
            run.template.runs.remove(run)
            run.template.run_names.discard(run.name)
            self.runs.remove(run.arn)

    def busy_instances(self) -> dict[str, str]:
        """The ids of the instances that are in a run's data collection, and the run's ARN."""
        return {
            agent.instance.instance_id: run.arn
            for run in self.open_runs()
            if run.collecting(self.now)
            for agent in run.agents
            if agent.health == "HEALTHY"
        }

    def detach_from_runs(self, instance: Instance) -> None:
        """The instance leaves the fleet: the runs that hold it go on without it."""
        for run in self.open_runs():
            for agent in run.agents:
                if agent.number == instance.number and run.collecting(self.now):
                    agent.leave(collecting=run.started(self.now) is not None)
            run.settle_end()

    # What runs report

    def discard_evaluation(self, run: Run) -> None:
        """Drop what an evaluation has reported of a run; what was put in by hand stays."""
        self.findings.remove([finding for finding in run.findings_row if finding.number in run.evaluated])
        run.exclusions = {
            own_id: exclusion for own_id, exclusion in run.exclusions.items() if exclusion.number not in run.evaluated
        }
        run.evaluated = range(0)

    def add_finding(
        self,
        run: Run,
        content: FindingBody,
        instance: Instance | None,
        created: int,
        updated: int,
        own_user_attributes: tuple[dict[str, str], ...] | None = None,
    ) -> Finding:
        """Add a finding to a run."""
        while (own_id := self.ids.mint()) in run.findings:
            continue  # a pinned id that is in use here: the next one, then
        finding = Finding(self.next_number(), own_id, run, content, instance, created, updated, own_user_attributes)
        self.findings.add(finding)
        return finding

    def add_exclusion(self, run: Run, members: dict[str, Any]) -> Exclusion:
        """Add an exclusion to a run."""
        arn = self.new_arn(f"{run.arn}/exclusion")
        exclusion = Exclusion(self.next_number(), arn, members)
        run.exclusions[arn.rsplit("/", 1)[1]] = exclusion
        return exclusion


def a(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"

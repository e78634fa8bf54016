"""What one account has in one region, and how an ARN leads to it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..api import arns
from ..api.arns import ResourceType
from ..api.pagination import DEFAULT_RESULTS, Pager
from ..api.request_form import invalid_arn
from ..clock.moments import EpochMs
from ..errors import (
    AccessDeniedException,
    ApiError,
    LimitExceededException,
    NoSuchEntityException,
    failed_item,
)
from .collections import ChildMap, NamedChildMap, NumberedMap
from .context import Context
from .exclusions import Exclusion, PreviewMap
from .external import Caller
from .faults import Fault
from .findings import Finding, FindingBody, FindingIndex
from .ids import Ids
from .instances import Instance
from .rules_packages import RulesPackage, owner_accounts, rules_packages
from .runs import Run
from .subscriptions import SubscriptionMap
from .targets import ResourceGroup, Target, Template

T = TypeVar("T")

RESOURCE_GROUP: ResourceType[ResourceGroup] = arns.RESOURCE_GROUP
TARGET: ResourceType[Target] = arns.TARGET
TEMPLATE: ResourceType[Template] = arns.TEMPLATE
RUN: ResourceType[Run] = arns.RUN
FINDING: ResourceType[Finding] = arns.FINDING
EXCLUSION: ResourceType[Exclusion] = arns.EXCLUSION
RULES_PACKAGE: ResourceType[RulesPackage] = arns.RULES_PACKAGE

FIRST_NUMBER = 1000
"""The number of the first resource. The region's own rules packages have lower ones."""


class NotFound(Exception):  # noqa: N818  it becomes an error response, or a failed item
    """An ARN that leads to nothing; ``reason`` is a ``FailedItemErrorCode``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Role:
    """The role with which Inspector reads the account's instances."""

    arn: str
    registered: EpochMs


class _Collection(Generic[T]):
    """An attribute of a store that is made on first use: most tests use few of them."""

    def __init__(self, make: Callable[[Store], T]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, store: Store, owner: type) -> T:
        # Another thread may be here, too: both get the first.
        collection: T = store.collections.setdefault(self._name, self._make(store))
        setattr(store, self._name, collection)  # which is found without this method from now on
        return collection


class Store:
    """The resources of one account in one region, in the order of creation."""

    context: Context
    account_id: str
    region: str

    ids = _Collection[Ids](lambda store: Ids(f"{store.context.id_seed}\n{store.account_id}\n{store.region}"))
    resource_groups = _Collection[NumberedMap[ResourceGroup]](lambda _: NumberedMap())
    targets = _Collection[NamedChildMap[Target]](lambda _: NamedChildMap())
    templates = _Collection[NamedChildMap[Template]](lambda _: NamedChildMap())
    runs = _Collection[NamedChildMap[Run]](lambda _: NamedChildMap())
    _open_runs = _Collection[dict[str, dict[str, Run]]](lambda _: {})
    """The runs that had not ended at the last look, by template."""
    findings = _Collection[FindingIndex](lambda _: FindingIndex())
    exclusions = _Collection[ChildMap[Exclusion]](lambda _: ChildMap())
    previews = _Collection[PreviewMap](lambda _: PreviewMap())
    rules_packages = _Collection[NumberedMap[RulesPackage]](
        lambda store: NumberedMap({package.arn: package for package in rules_packages(store.region)})
    )
    instances = _Collection[NumberedMap[Instance]](lambda _: NumberedMap())
    subscriptions = _Collection[SubscriptionMap](lambda _: SubscriptionMap())

    def __init__(self, context: Context, account_id: str, region: str) -> None:
        self.context = context
        self.account_id = account_id
        self.region = region
        self.owner = f"{account_id} {region}"
        """The account and region, which pagination tokens include."""
        self.partition = arns.partition_of(region)
        self._begin()

    def _begin(self) -> None:
        self.collections: dict[str, Any] = {}
        """Those that were made, by their names."""
        self.next = FIRST_NUMBER
        self.role: Role | None = None
        self.faults: list[Fault] = []

    def clear(self) -> None:
        """Remove everything but the region's rules packages."""
        for name in self.collections:
            vars(self).pop(name, None)
        self._begin()

    def take_over(self, other: Store) -> None:
        """Take the contents of another store, which is not used any more.

        An instance that both have stays the same object, which the test may hold.
        """
        held = {instance.instance_id: instance for instance in self.collections.get("instances", ())}
        self.clear()
        self.next, self.role, self.faults = other.next, other.role, other.faults
        for name, collection in other.collections.items():
            setattr(self, name, self.collections.setdefault(name, collection))
        for instance in list(self.collections.get("instances", ())):
            own = held.get(instance.instance_id)
            if own is not None and own.number == instance.number:
                own.take_over(instance)
                self.instances.replace(own.instance_id, own)

    @property
    def now(self) -> EpochMs:
        """The time of the request that is being answered."""
        return self.context.now

    @property
    def caller(self) -> Caller:
        """Who calls other services for this store."""
        return Caller(self.region, None if self.account_id == self.context.account_id else self.account_id)

    def next_number(self) -> int:
        """Return the creation number of a new item."""
        number = self.next
        self.next = number + 1
        return number

    def new_arn(self, path: str, account_id: str | None = None) -> str:
        """Return a new ARN under ``path``: ``target``, or ``<target ARN>/template``."""
        if not path.startswith("arn:"):
            path = f"arn:{self.partition}:inspector:{self.region}:{account_id or self.account_id}:{path}"
        resource_type = arns.RESOURCE_TYPES[path.rpartition("/")[2].rpartition(":")[2]]
        while self._find(resource_type, arn := f"{path}/{self.ids.generate()}") is not None:
            continue  # The id is in use.
        return arn

    def pager(
        self,
        operation: str,
        token: str | None,
        max_results: int | None,
        *params: Any,
        default: int = DEFAULT_RESULTS,
    ) -> Pager:
        """Return the pager of a list request (see :class:`.Pager`)."""
        request = (operation, self.owner, *params)
        return Pager(request, token, default if max_results is None else max_results, self.context.max_page_size)

    # Look-up by ARN

    def lookup(self, resource_type: ResourceType[T], arn: str) -> T:
        """Return what ``arn`` names. NotFound, with the reason, when nothing here has that ARN."""
        parts = arns.parse(arn)
        if parts is None or parts.type_name != resource_type.name:
            raise NotFound("INVALID_ARN")
        if parts.account != self.account_id and not self._is_shared(arn, parts):
            raise NotFound("ACCESS_DENIED")
        item = self._find(resource_type, arn)
        if item is None:
            raise NotFound("ITEM_DOES_NOT_EXIST")
        return item

    def _is_shared(self, arn: str, parts: arns.Arn) -> bool:
        """Whether every account may use the resource: the service's own account has rules packages."""
        return parts.type_name == RULES_PACKAGE.name and (
            arn in self.rules_packages or parts.account in owner_accounts().values()
        )

    def _find(self, resource_type: ResourceType[T], arn: str) -> T | None:
        if resource_type is FINDING:
            run_arn, _, own_id = arn.rsplit("/", 2)
            run = self.runs.get(run_arn)
            finding = None if run is None else self.findings.of(run).by_id.get(own_id)
            # A finding is not visible before its creation.
            return None if finding is None or finding.created > self.now else finding  # type: ignore[return-value]
        collections: dict[str, NumberedMap[Any]] = {
            RESOURCE_GROUP.name: self.resource_groups,
            TARGET.name: self.targets,
            TEMPLATE.name: self.templates,
            RUN.name: self.runs,
            EXCLUSION.name: self.exclusions,
            RULES_PACKAGE.name: self.rules_packages,
        }
        item: T | None = collections[resource_type.name].get(arn)
        return item

    def get(self, resource_type: ResourceType[T], arn: str, member: str | None = None) -> T:
        """Return what ``arn`` names in the request's ``member``.

        InvalidInputException for a text that is not an ARN of that type, AccessDeniedException for another account's,
        NoSuchEntityException when nothing has that ARN.
        """
        try:
            return self.lookup(resource_type, arn)
        except NotFound as error:
            raise self._to_exception(resource_type, arn, member or resource_type.member, error.reason) from None

    def _to_exception(self, resource_type: ResourceType[T], arn: str, member: str, reason: str) -> ApiError:
        if reason == "INVALID_ARN":
            return invalid_arn(resource_type, arn, member)
        if reason == "ACCESS_DENIED":
            return AccessDeniedException(
                f"{member}: account {self.account_id} has no access to {arn}.",
                errorCode=f"ACCESS_DENIED_TO_{resource_type.code}",
            )
        return NoSuchEntityException(
            f"{member}: there is no {resource_type.label} {arn} in account {self.account_id}, region {self.region}.",
            errorCode=f"{resource_type.code}_DOES_NOT_EXIST",
        )

    def get_all(self, resource_type: ResourceType[T], arns: Collection[str], member: str) -> list[T]:
        """Return what each ARN of a list names, each once. Raises like :meth:`get` for the first bad ARN."""
        first_index = {arn: index for index, arn in reversed(list(enumerate(arns)))}
        return [self.get(resource_type, arn, f"{member}[{first_index[arn]}]") for arn in dict.fromkeys(arns)]

    def describe_each(
        self, resource_type: ResourceType[T], arns: Collection[str], describe: Callable[[T], Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return ``describe`` of what each ARN names, in the API's shape, and the ``failedItems``.

        An ARN that is given twice is described once and reported as DUPLICATE_ARN. ``describe`` may raise NotFound.
        """
        described: list[Any] = []
        failed: dict[str, Any] = {}
        seen: set[str] = set()
        for arn in arns:
            try:
                if arn in seen:
                    raise NotFound("DUPLICATE_ARN")
                seen.add(arn)
                described.append(describe(self.lookup(resource_type, arn)))
            except NotFound as error:
                failed.setdefault(arn, failed_item(error.reason))
        return described, failed

    def rules_package_arns(self, arns: Collection[str]) -> set[str]:
        """Return the ARNs of a filter's ``rulesPackageArns``. Raises like :meth:`get` for a bad one."""
        return {package.arn for package in self.get_all(RULES_PACKAGE, arns, "filter.rulesPackageArns")}

    def packages_of(self, item: Run | Template) -> list[RulesPackage]:
        """Return the rules packages of a run or template."""
        return [self.lookup(RULES_PACKAGE, arn) for arn in item.packages]

    # Runs and what they report

    def track(self, run: Run) -> None:
        """Count the run as open until it ends."""
        self._open_runs.setdefault(run.template.arn, {})[run.arn] = run

    def open_runs(self) -> list[Run]:
        """The runs in progress. Ended runs, of which there may be many, cost nothing."""
        found = [run for template_arn in list(self._open_runs) for run in self.open_runs_of(template_arn)]
        return sorted(found, key=lambda run: run.number)

    def open_runs_of(self, template_arn: str) -> list[Run]:
        """The runs of a template that are in progress."""
        tracked = self._open_runs.pop(template_arn, {})
        kept = {arn: run for arn, run in tracked.items() if run.in_progress(self.now) and arn in self.runs}
        if kept:
            self._open_runs[template_arn] = kept
        return sorted(kept.values(), key=lambda run: run.number)

    def add_finding(
        self,
        run: Run,
        body: FindingBody,
        instance: Instance | None,
        created: EpochMs,
        updated: EpochMs,
        own_user_attributes: tuple[dict[str, str], ...] | None = None,
    ) -> Finding:
        """Add a finding to a run."""
        while (own_id := self.ids.generate()) in self.findings.of(run).by_id:
            continue  # The id is in use.
        finding = Finding(self.next_number(), own_id, run, body, instance, created, updated, own_user_attributes)
        self.findings.add(finding)
        return finding

    def add_exclusion(self, run: Run, members: dict[str, Any]) -> str:
        """Add an exclusion to a run. Returns its ARN."""
        arn = self.new_arn(f"{run.arn}/exclusion")
        self.exclusions.add(arn, Exclusion(self.next_number(), arn, members))
        return arn

    def remove_evaluation(self, run: Run) -> None:
        """Remove what an evaluation reported of a run. What a test added stays."""
        self.findings.remove(finding for finding in self.findings.of(run).all if finding.number in run.evaluated)
        exclusions = self.exclusions.of(run.arn)
        self.exclusions.remove_all([str(entry.arn) for entry in exclusions if entry.number in run.evaluated])
        run.evaluated = range(0)

    def check_quota(self, name: str, code: str, used: int, more: int = 1) -> None:
        """LimitExceededException when ``more`` items exceed the quota."""
        quota = self.context.limits[name]
        if quota is not None and used + more > quota:
            raise LimitExceededException(
                f"Account {self.account_id} has {used} of {quota} {name.replace('_', ' ')} in {self.region}; "
                f"{more} more would exceed the limit.",
                errorCode=code,
            )

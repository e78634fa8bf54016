"""Public: one account in one region, with the API's actions and what a test's author needs beside them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from . import snapshots
from ._signatures import explain_arguments, explain_attributes, spell_out_keywords
from .actions.methods import ActionMethods
from .api import arns
from .api.literals import AssessmentRunState, InjectedError, OperationName
from .api.service_model import enum
from .api.validation import is_arn, validate
from .clock.clock import Clock
from .errors import ApiError, describe_choice, short_repr, suggest, suggest_call, suggest_part
from .state.call_log import CallLog
from .state.exclusions import build_exclusion
from .state.faults import build_fault, check_operation, find_caller
from .state.findings import build_finding
from .state.instances import Instance, InstanceKeywords, build_instance
from .state.lifecycle import force_state
from .state.membership import detach_from_runs, find_instances
from .state.messages import PublishedMessage
from .state.notifications import notify_findings
from .state.rules_packages import RulesPackage, owner_accounts
from .state.runs import Run
from .state.service import FakeService
from .state.store import RULES_PACKAGE, RUN, Store
from .wording import format_count

if TYPE_CHECKING:
    from typing_extensions import Unpack

_INSTANCE_DEFAULTS = {entry.name: None if entry.default is MISSING else entry.default for entry in fields(Instance)} | {
    "findings": ()
}


def _check_run_arn(run_arn: object) -> None:
    """ValueError for a response, or anything else, that is given where a run's ARN belongs."""
    if not isinstance(run_arn, str):
        suggestion = suggest_part(run_arn, lambda text: text.startswith("arn:") and "/run/" in text)
        raise ValueError(f"run_arn must be the ARN of an assessment run; got {short_repr(run_arn)}{suggestion}")


def _parse_arn(arn: object) -> arns.Arn | None:
    return arns.parse(arn) if isinstance(arn, str) else None


def _check_instance_id(instance_id: object) -> None:
    if instance_id is not None and not isinstance(instance_id, str):
        suggestion = _suggest_instance(instance_id, ())
        raise ValueError(f"instance_id must be a string such as 'i-0web'; got {short_repr(instance_id)}{suggestion}")


def _suggest_instance(value: object, existing: Iterable[str]) -> str:
    return f"; did you mean {value.instance_id!r}?" if isinstance(value, Instance) else suggest(value, existing)


class _Instances(dict[str, Instance]):
    """The fleet. A KeyError says which instances there are."""

    def __missing__(self, instance_id: object) -> Instance:
        raise KeyError(f"instances are {', '.join(self) or 'none'}; got {instance_id!r}{suggest(instance_id, self)}")


@explain_attributes("InspectorBackend")
class InspectorBackend(ActionMethods):
    """One account in one region of Amazon Inspector Classic.

    Beside the actions (see :class:`.ActionMethods`) it has what a test's author does: describe instances, move time,
    inject faults, and look at the calls.
    """

    __slots__ = ("_siblings",)

    def __init__(self, service: FakeService, store: Store, siblings: dict[Store, InspectorBackend]) -> None:
        super().__init__(service, store)
        self._siblings = siblings

    def __repr__(self) -> str:
        store = self._any_store  # it is shown when the mock has ended, too
        numbers = {
            "instance": len(store.instances),
            "target": len(store.targets),
            "template": len(store.templates),
            "run": len(store.runs),
            "finding": len(store.findings),
        }
        counts = ", ".join(format_count(number, noun) for noun, number in numbers.items())
        return f"<InspectorBackend account {store.account_id}, {store.region}: {counts}>"

    # Account, region, siblings

    @property
    def account_id(self) -> str:
        """The account's id: twelve digits."""
        return self._store.account_id

    @property
    def region(self) -> str:
        """The region's name."""
        return self._store.region

    @property
    def partition(self) -> str:
        """The partition of the region: ``aws``, ``aws-us-gov`` or ``aws-cn``."""
        return self._store.partition

    @property
    def clock(self) -> Clock:
        """The one clock of this mock, shared by all its accounts and regions."""
        return self._service.clock

    @explain_arguments()
    def for_region(self, name: str) -> InspectorBackend:
        """Return the backend of the same account in another region. ValueError for an invalid name.

        A region that never had the service answers like others. ``inject_fault("*", "EndpointConnectionError",
        times=None)`` on its backend makes it unreachable, as it was.
        """
        return self._sibling(self.account_id, name)

    @explain_arguments()
    def for_account(self, account_id: str) -> InspectorBackend:
        """Return the backend of another account in the same region. ValueError for an invalid id."""
        return self._sibling(account_id, self.region)

    def _sibling(self, account_id: str, region: str) -> InspectorBackend:
        return get_backend(self._service, account_id, region, self._siblings)

    @explain_arguments()
    def register_access_key(self, access_key_id: str) -> None:
        """Let requests signed with this access key act for this account."""
        self._service.register_access_key(access_key_id, self.account_id)

    # Instances

    @explain_arguments(instance_id=_check_instance_id)
    @spell_out_keywords(InstanceKeywords, _INSTANCE_DEFAULTS)
    def add_instance(self, instance_id: str | None = None, **attributes: Unpack[InstanceKeywords]) -> Instance:
        """Add an EC2 instance with an agent. Its id is generated when none is given.

        What is left open of its network is made from its id in the findings of a run. ``tags`` is a mapping, whose
        values may be empty. ``agent_health`` is HEALTHY, UNHEALTHY or UNKNOWN; ``agent_health_code`` is what
        ListAssessmentRunAgents shows beside it. ``network_interfaces`` and ``telemetry`` (messages and bytes) are
        lists in the API's shapes. ``findings`` are made by the functions of :mod:`mock_inspector.findings`.
        TypeError for an unknown keyword, ValueError for an invalid value or an id that exists.
        """
        store = self._store
        # Without the lock: it reads the test's own objects. An id is generated only when nothing is wrong.
        instance = build_instance(0, instance_id or "i-00000000", attributes)
        with self._service.at_now:
            new_id = instance_id or f"i-0{store.ids.hexadecimal(16)}"
            if new_id in store.instances:
                raise ValueError(f"instance_id must be new; got {short_repr(instance_id)}, which exists")
            instance = replace(instance, number=store.next_number(), instance_id=new_id)
            store.instances.add(instance.instance_id, instance)
            return instance

    @property
    def instances(self) -> Mapping[str, Instance]:
        """The fleet by instance id: what the test added, whose attributes it may change, then what runs in an EC2."""
        with self._service.at_now:
            by_id = _Instances((instance.instance_id, instance) for instance in self._store.instances)
            for instance in self._service.call_with_answers(lambda: find_instances(self._store)):
                by_id.setdefault(instance.instance_id, instance)
            return MappingProxyType(by_id)

    @explain_arguments()
    def remove_instance(self, instance_id: str) -> None:
        """Terminate an instance.

        A run that is collecting data keeps what it has collected by now. A run that has not begun to collect excludes
        the instance. ValueError when there is no such instance.
        """
        with self._service.at_now:
            existing = {entry.instance_id: entry for entry in self._store.instances}
            if instance_id not in list(existing):
                got = f"got {short_repr(instance_id)}{_suggest_instance(instance_id, existing)}"
                raise ValueError(f"instance_id must be one of {', '.join(existing) or 'no instance'}; {got}")
            instance = existing[instance_id]
            self._store.instances.remove(instance_id)
            detach_from_runs(self._store, instance)

    # Rules packages, findings and exclusions added by hand

    @explain_arguments()
    def add_rules_package(
        self,
        name: str,
        *,
        arn: str | None = None,
        version: str = "1.0",
        provider: str = "Amazon Web Services, Inc.",
        description: str = "",
        deprecated: bool = False,
    ) -> str:
        """Add a rules package to the region, or redefine the one of that ARN. Returns its ARN.

        A ``deprecated`` one is not listed, and runs leave it out with the exclusion "Deprecated rules package";
        templates may have it. ValueError for an ARN of anything but a rules package in this region.
        """
        if not isinstance(deprecated, bool):
            raise ValueError(f"deprecated must be True or False; got {short_repr(deprecated)}")
        with self._service.at_now:
            store = self._store
            parts = None if arn is None else _parse_arn(arn)
            if arn is not None and (
                parts is None or (parts.type_name, parts.region) != (RULES_PACKAGE.name, store.region)
            ):
                raise ValueError(
                    f"arn must be the ARN of a rules package in {store.region}; "
                    f"got {short_repr(arn)}{suggest_part(arn, is_arn)}"
                )
            members = {"name": name, "version": version, "provider": provider, "description": description}
            validate("RulesPackage", {"arn": arn or "arn", **members}, "rules package")
            if arn is None:
                arn = store.new_arn(RULES_PACKAGE.name, owner_accounts().get(store.region))
            existing = store.rules_packages.get(arn)
            number = store.next_number() if existing is None else existing.number
            package = RulesPackage(number, arn, **members, deprecated=deprecated)
            if existing is None:
                store.rules_packages.add(arn, package)
            else:
                store.rules_packages.replace(arn, package)
            return arn

    @explain_arguments(run_arn=_check_run_arn)
    def add_finding(self, run_arn: str, finding: Mapping[str, Any]) -> str:
        """Add a finding to a run. It is visible from now on, whatever the run's state. Returns its ARN.

        ListFindings has it behind those that are there, also with an earlier ``createdAt``: its order is that of arrival.
        ``finding`` has the shape of DescribeFindings without ``arn``; missing members are filled in. ValueError for
        unknown members and invalid values.
        """
        with self._service.at_now as now:
            run = self._get_run(run_arn)
            added = build_finding(finding, run, now)
            reported = self._store.add_finding(
                run, added.body, None, added.created, added.updated, added.user_attributes
            )
            notify_findings(self._store, run, [reported], now)
            return reported.arn

    @explain_arguments(run_arn=_check_run_arn)
    def add_exclusion(self, run_arn: str, exclusion: Mapping[str, Any]) -> str:
        """Add an exclusion to a run. It is visible from now on, whatever the run's state. Returns its ARN.

        ``exclusion`` has the shape of DescribeExclusions without ``arn``; missing members are filled in. A documented
        title fills in what the service said under it. ValueError for unknown members and invalid values.
        """
        with self._service.at_now:
            run = self._get_run(run_arn)
            packages = self._store.packages_of(run)
            members = build_exclusion(exclusion, run.arn, run.template.target.arn, packages)
            return self._store.add_exclusion(run, members)

    # Runs and time

    def _get_run(self, run_arn: str) -> Run:
        try:
            return self._store.get(RUN, run_arn, "run_arn")
        except ApiError as error:
            raise ValueError(error.message.removesuffix(".")) from None

    @explain_arguments(run_arn=_check_run_arn)
    def set_run_state(self, run_arn: str, state: AssessmentRunState) -> None:
        """Put a run into a state. No rule is evaluated, and nothing further happens to the run.

        The history, ``startedAt``, ``completedAt`` and ``findingCounts`` follow: states that the run must have passed
        through begin now; a state that lies behind ends the history, and findings of a later evaluation go. ValueError
        for a value outside AssessmentRunState.
        """
        with self._service.at_now:
            run = self._get_run(run_arn)
            if state not in enum("AssessmentRunState"):
                raise ValueError(f"state must {describe_choice(enum('AssessmentRunState'), state)}")
            force_state(self._store, run, state)

    @explain_arguments(run_arn=_check_run_arn)
    def finish_run(self, run_arn: str) -> None:
        """Move the clock to the run's end, or do nothing when it has ended. ValueError when no end lies ahead."""
        with self._service.at_now as now:
            run = self._get_run(run_arn)
            if run.in_progress(now) and run.forced:
                raise ValueError(
                    f"run_arn must name a run with an end ahead; set_run_state put {run_arn} into "
                    f"{run.state(now)} and can end it"
                )
            end = run.timeline[-1].moment
        if end > now:
            self.clock.reach(end)

    @property
    def published(self) -> list[PublishedMessage]:
        """The messages sent to SNS topics by all accounts and regions of the mock, in the order of time."""
        with self._service.at_now:
            return list(self._service.published)

    @property
    def calls(self) -> CallLog:
        """The calls of clients in all accounts and regions of the mock, oldest first.

        It is a growing sequence of :class:`.Call` (operation, parameters, response or error, time, account, region,
        access key). ``calls.of("ListFindings")`` returns those of an operation. The backend's own methods are not in
        it.
        """
        return self._service.calls

    # Ids, faults and the whole state

    @explain_arguments()
    def next_ids(self, *ids: str) -> None:
        """Set the next ids of this account and region, in order: ``next_ids("0-nvgVhaxX")``."""
        with self._service.lock:
            self._store.ids.set_next(*ids)

    @explain_arguments(operation=check_operation)
    def inject_fault(
        self,
        operation: OperationName | Literal["*"],
        error: InjectedError | str | Mapping[str, Any] | BaseException,
        *,
        times: int | None = 1,
        after: int = 0,
        when: Callable[[dict[str, Any]], object] | None = None,
    ) -> None:
        """Answer calls of ``operation`` (``"*"``: of any) to this account and region with an error instead.

        ``error`` is the code of a modelled or common error, one of the model's error codes (the exception that has it
        follows), or a mapping with ``code`` and further members. What is left open follows the request: ``errorCode``
        names the entity or the limit that the operation is about, and ARNs are those of its account and region. A
        ``FailedItemErrorCode`` makes all items of a batch fail. Network failures have names, too. A request that gets no
        answer is not carried out; it fails with botocore's ``"ReadTimeoutError"``, ``"ConnectTimeoutError"``,
        ``"ConnectionClosedError"``, ``"EndpointConnectionError"`` or ``"SSLError"``. ``"TruncatedBody"`` and
        ``"GarbledBody"`` damage the answer of a request that is carried out. Any other exception instance is raised
        where the network would have failed.

        The first ``after`` calls are left alone, the next ``times`` calls fail (None: all). Only calls whose parameters
        ``when`` accepts are counted. A fault that is never triggered fails the test (see ``allow_unused_faults``).
        ValueError or TypeError for an invalid argument.
        """
        fault = build_fault(operation, error, times, after, when, find_caller())
        with self._service.lock:
            self._store.faults.append(fault)

    @explain_arguments()
    def snapshot(self) -> dict[str, Any]:
        """Return the state of all accounts and regions of the mock as JSON values, without the log of calls.

        :meth:`restore` takes it any number of times, as it is or read back from JSON. A fault that cannot be saved as
        JSON (an exception instance, a ``when`` function) is in it as it is: ``json.dumps`` raises TypeError then.
        """
        return snapshots.snapshot(self._service)

    @explain_arguments()
    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Give all accounts and regions of the mock the state of a :meth:`snapshot`, and its time.

        A frozen clock moves to that time, also back; a running clock only moves forward. What happens from then on is
        what would have happened after the snapshot, with the same ids. ValueError, which names the path, for an
        invalid snapshot; nothing changes then.
        """
        if not isinstance(snapshot, Mapping):
            is_path = isinstance(snapshot, (str, os.PathLike))
            suggestion = "; did you mean json.load() of that file?" if is_path else suggest_call(snapshot)
            raise TypeError(
                f"snapshot must be a mapping that snapshot() returned; got {short_repr(snapshot)}{suggestion}"
            )
        snapshots.restore(self._service, snapshot, "snapshot")

    @explain_arguments()
    def reset(self) -> None:
        """Empty all accounts and regions of the mock. The clock stays where it is."""
        self._service.reset()


def choose_backend(backend: InspectorBackend, account_id: str, region: str, *, reads: bool) -> InspectorBackend:
    """Return the backend of an account in a region of the same mock. One to read from does not create them."""
    service = backend._service
    if reads:
        return InspectorBackend(service, service.view_store(account_id, region), {})
    return get_backend(service, account_id, region, backend._siblings)


def get_backend(
    service: FakeService, account_id: str, region: str, backends: dict[Store, InspectorBackend]
) -> InspectorBackend:
    """Return the backend of an account in a region, always the same one. ``backends`` are those of the mock."""
    store = service.store(account_id, region)
    backend = backends.get(store)
    if backend is None:
        backend = backends[store] = InspectorBackend(service, store, backends)
    return backend

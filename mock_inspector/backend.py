"""The backend object: one account in one region, with the API's actions and what a test's author needs beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import snapshots
from .actions.methods import ActionMethods
from .api import arns
from .api.service_model import enum
from .clock.clock import Clock
from .errors import ApiError, short_repr
from .state import faults
from .state.authored import authored_exclusion, authored_finding, validate, validate_instance
from .state.call_log import Calls
from .state.finding_specs import FindingSpec
from .state.instances import Instance
from .state.notifications import PublishedMessage, findings_reported
from .state.rules_packages import RulesPackage, owner_accounts
from .state.runs import Run
from .state.store import Store


def backend_of(store: Store) -> InspectorBackend:
    """The backend object of an account in a region, always the same one."""
    if store.backend is None:
        store.backend = InspectorBackend(store)
    known: InspectorBackend = store.backend
    return known


class InspectorBackend(ActionMethods):
    """One account in one region of Amazon Inspector Classic.

    Beside the actions (see :class:`.ActionMethods`), what a test's author does: describe the world, move time, let
    calls fail, and look at what was called.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        store = self._store
        return (
            f"<InspectorBackend account {self.account_id}, {self.region}: {len(store.instances)} instances, "
            f"{len(store.targets)} targets, {len(store.templates)} templates, {len(store.runs)} runs, "
            f"{len(store.findings.all)} findings>"
        )

    # Whose it is, and its siblings

    @property
    def account_id(self) -> str:
        """The account's id, twelve digits."""
        return self._store.account_id

    @property
    def region(self) -> str:
        """The region's name."""
        return self._store.region

    @property
    def partition(self) -> str:
        """The partition that the region is in: ``aws``, ``aws-us-gov`` or ``aws-cn``."""
        return self._store.partition

    @property
    def clock(self) -> Clock:
        """The one clock of this mock, shared by all its accounts and regions."""
        return self._service.clock

    def for_region(self, name: str) -> InspectorBackend:
        """The same account in another region. ValueError for what is no region's name."""
        return backend_of(self._service.store(self.account_id, name))

    def for_account(self, account_id: str) -> InspectorBackend:
        """Another account in the same region. ValueError for what is no account id."""
        return backend_of(self._service.store(account_id, self.region))

    def register_access_key(self, access_key_id: str) -> None:
        """Let requests that are signed with this access key act for this account."""
        self._service.register_access_key(access_key_id, self.account_id)

    # The fleet

    def add_instance(
        self,
        instance_id: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        hostname: str | None = None,
        ami_id: str | None = None,
        auto_scaling_group: str | None = None,
        ipv4_address: str | None = None,
        operating_system: str | None = None,
        kernel_version: str | None = None,
        agent_version: str | None = None,
        agent_health: str = "HEALTHY",
        agent_health_code: str | None = None,
        agent_health_details: str | None = None,
        network_interfaces: list[dict[str, Any]] | None = None,
        telemetry: list[dict[str, Any]] | None = None,
        findings: Iterable[FindingSpec] = (),
    ) -> Instance:
        """Add an EC2 instance with an agent to the fleet; its id is made up when none is given.

        ``tags`` is a mapping. ``agent_health`` is HEALTHY, UNHEALTHY or UNKNOWN, ``agent_health_code`` what
        ListAssessmentRunAgents shows beside it. ``network_interfaces`` and ``telemetry`` (messages and bytes) are
        lists in the API's shapes. ``findings`` is what the instance suffers from, each made by a function of
        :mod:`mock_inspector.findings`. ValueError for what is not allowed, or for an id that is taken.
        """
        with self._service.lock:
            instance_id = instance_id or f"i-0{self._store.ids.hexadecimal(16)}"
            if instance_id in self._store.instances:
                raise ValueError(f"instance_id: {instance_id} is in the fleet already")
            attributes = validate_instance(
                instance_id=instance_id,
                tags=tags,
                hostname=hostname,
                ami_id=ami_id,
                auto_scaling_group=auto_scaling_group,
                ipv4_address=ipv4_address,
                operating_system=operating_system,
                kernel_version=kernel_version,
                agent_version=agent_version,
                agent_health=agent_health,
                agent_health_code=agent_health_code,
                agent_health_details=agent_health_details,
                network_interfaces=network_interfaces or [],
                telemetry=telemetry,
                findings=findings,
            )
            instance = Instance(self._store.next_number(), **attributes)
            self._store.instances.add(instance_id, instance)
            return instance

    def remove_instance(self, instance_id: str) -> None:
        """Take an instance out of the fleet.

        A run that is collecting data keeps what it has collected of the instance by then; one that has not begun to
        excludes it. ValueError when it is not there.
        """
        with self._service.lock:
            if instance_id not in self._store.instances:
                fleet = ", ".join(instance.instance_id for instance in self._store.instances) or "no instance"
                raise ValueError(f"instance_id: {instance_id!r} is not in the fleet, which has {fleet}")
            self._service.advance()
            instance = self._store.instances.get(instance_id)
            self._store.instances.remove(instance_id)
            if instance is not None:
                self._store.detach_from_runs(instance)

    # Rules packages, findings and exclusions put in by hand

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

        A ``deprecated`` one is no longer listed, and runs leave it out with the exclusion "Deprecated rules package";
        templates may hold it. ValueError for an ARN that is not one of a rules package in this region.
        """
        if type(deprecated) is not bool:
            raise ValueError(f"deprecated: takes True or False, got {deprecated!r}")
        with self._service.lock:
            if arn is None:
                arn = self._store.new_arn("rulespackage", owner_accounts().get(self._store.region))
            parts = arns.parse(arn)
            if parts is None or parts.noun != arns.RULES_PACKAGE.noun or parts.region != self._store.region:
                raise ValueError(f"arn: takes the ARN of a rules package in {self._store.region}, got {arn!r}")
            members = {"name": name, "version": version, "provider": provider, "description": description}
            validate("RulesPackage", {"arn": arn, **members}, "rules package")
            known = self._store.rules_packages.get(arn)
            package = RulesPackage(
                self._store.next_number() if known is None else known.number, arn, **members, deprecated=deprecated
            )
            if known is not None:
                self._store.rules_packages.replace(arn, package)
            else:
                self._store.rules_packages.add(arn, package)
            return arn

    def add_finding(self, run_arn: str, finding: Mapping[str, Any]) -> str:
        """Add a finding to a run, there from now on whatever the run's state. Returns its ARN.

        ``finding`` has the shape of DescribeFindings without ``arn``; members that are missing are filled in.
        ValueError for unknown members and for values that the model does not allow.
        """
        with self._service.lock:
            now = self._service.advance()
            run = self._named(run_arn)
            content, own = authored_finding(finding, run, now)
            reported = self._store.add_finding(run, content, None, **own)
            findings_reported(self._store, run, [reported], now)
            return reported.arn

    def add_exclusion(self, run_arn: str, exclusion: Mapping[str, Any]) -> str:
        """Add an exclusion to a run, there from now on whatever the run's state. Returns its ARN.

        ``exclusion`` has the shape of DescribeExclusions without ``arn``; members that are missing are filled in: with
        one of the documented titles, what the service said under it. ValueError for unknown members and for values
        that the model does not allow.
        """
        with self._service.lock:
            self._service.advance()
            run = self._named(run_arn)
            packages = [self._store.locate(arns.RULES_PACKAGE, arn) for arn in run.packages]
            return str(self._store.add_exclusion(run, authored_exclusion(exclusion, run, packages)).arn)

    # Runs and time

    def _named(self, run_arn: str) -> Run:
        try:
            return self._store.run(run_arn, "run_arn")
        except ApiError as error:
            raise ValueError(error.message) from None

    def set_run_state(self, run_arn: str, state: str) -> None:
        """Force a run into a state from now on. No rule is evaluated, and nothing further happens to the run.

        The history, ``completedAt`` and ``findingCounts`` follow. ValueError for what is no AssessmentRunState.
        """
        with self._service.lock:
            now = self._service.advance()
            run = self._named(run_arn)
            if state not in enum("AssessmentRunState"):
                raise ValueError(f"state: takes one of {', '.join(enum('AssessmentRunState'))}, got {state!r}")
            run.force(state, now)
            self._store.open(run)

    def finish_run(self, run_arn: str) -> None:
        """Move the clock to the run's end; nothing to do when it has ended. ValueError when it has no end ahead."""
        with self._service.lock:
            now = self._service.advance()
            run = self._named(run_arn)
            if run.in_progress(now):
                if run.forced:
                    raise ValueError(
                        f"{run_arn} was put into {run.state(now)} by set_run_state and has no end ahead; "
                        "set_run_state can end it"
                    )
                self.clock.move_to(run.timeline[-1][1] / 1000)

    @property
    def published(self) -> list[PublishedMessage]:
        """What was sent to SNS topics, by all accounts and regions of the mock, in the order of time."""
        with self._service.lock:
            self._service.advance()
            return list(self._service.published)

    @property
    def calls(self) -> Calls:
        """What clients have called, in all accounts and regions of the mock, oldest first.

        A growing sequence of :class:`.Call` (operation, parameters, response or error, time, account, region, access
        key); ``calls.of("ListFindings")`` are those of an operation. The backend's own methods are not in it.
        """
        return self._service.calls

    # Ids, faults and the whole state

    def next_ids(self, *ids: str) -> None:
        """Make these the ids to mint next in this account and region, in order: ``next_ids("0-nvgVhaxX")``."""
        with self._service.lock:
            self._store.ids.pin(*ids)

    def inject_fault(
        self,
        operation: str,
        error: str | Mapping[str, Any] | BaseException,
        *,
        times: int | None = 1,
        after: int = 0,
        when: Callable[[dict[str, Any]], object] | None = None,
    ) -> None:
        """Answer calls of ``operation`` (``"*"``: of any) to this account and region with an error instead.

        ``error`` is the code of a modelled or common error, one of the model's error codes (the exception that
        carries it follows), or a mapping with ``code`` and further members. A ``FailedItemErrorCode`` makes all items
        of a batch fail. The network's failures have names, too: of a request that gets no answer and is not carried
        out, those of botocore's exceptions (``"ReadTimeoutError"``, ``"ConnectTimeoutError"``,
        ``"ConnectionClosedError"``, ``"EndpointConnectionError"``, ``"SSLError"``); of one that is carried out and
        whose answer arrives damaged, ``"TruncatedBody"`` and ``"GarbledBody"``. Any other exception instance is raised
        where the network would have failed.

        The first
        ``after`` calls are spared, then ``times`` are met (None: all), counting only those whose parameters ``when``
        accepts. A fault that never met a call fails the test (see ``allow_unused_faults``). ValueError or TypeError for
        what cannot be injected.
        """
        with self._service.lock:
            self._store.faults.append(faults.fault(operation, error, times, after, when, faults.caller()))

    def snapshot(self) -> dict[str, Any]:
        """The whole state of the mock, all its accounts and regions, as a dict of JSON values; the log of calls is left out.

        It is the caller's own: :meth:`restore` takes it as often as wanted, as it is or read back from JSON. Faults that
        JSON cannot tell (an exception instance, a ``when`` function) are in it as they are, so that one with such a
        fault serves in process only: ``json.dumps`` raises TypeError.
        """
        return snapshots.snapshot(self._service)

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Give the whole mock, all its accounts and regions, the state of a :meth:`snapshot`, and its moment.

        A frozen clock moves to that moment, back as well; a running one only on. What happens from then on is what would
        have happened after the snapshot, the same ids included. ValueError, with the place that is wrong, for what is no
        snapshot; nothing changes then.
        """
        if not isinstance(snapshot, Mapping):
            raise TypeError(f"snapshot: takes what snapshot() returned, a mapping, got {short_repr(snapshot)}")
        snapshots.restore(self._service, snapshot, "snapshot")

    def reset(self) -> None:
        """Empty all accounts and regions of the mock; the clock stands where it stands."""
        self._service.reset()

"""Start and stop: frozen time, patches, one fake service; and all of it undone."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from freezegun import api as freezegun

from ._plugin_state import FinishedMock, plugin_state
from .backend import InspectorBackend, get_backend
from .clock.clock import is_frozen
from .clock.freeze import Freeze
from .clock.moments import UTC, EpochMs, format_iso, to_datetime
from .clock.mutex import Mutex
from .clock.patched_waits import sleep_by_clock, start_waiting, stop_waiting
from .clock.waiting import Waiting
from .errors import UnusedFaultError, short_repr
from .external import AwsServices
from .options import CHOSEN_BY_INNER, Options, add_ini_options
from .patches import PatchContext, Patches
from .snapshots import restore, snapshot
from .state.service import FakeService
from .state.store import Store
from .undo import UndoSteps
from .wire.dispatcher import change_to_wait_for, handle
from .wire.http import Request, Response

if TYPE_CHECKING:
    from .assessment_reports.local_server import LocalServer
    from .external.moto_server import MotoServer
    from .state.call_log import Call
    from .state.faults import Fault

_patches = Patches()
_lock = Mutex()


class ReportHost(Protocol):
    """A server of the mock: reports are downloaded from it."""

    url: str
    moto: MotoServer | None
    """The moto that it serves beside the mock."""

    def origin(self) -> str:
        """Return the origin under which the client of the current request reaches the server."""

    def stop(self) -> None:
        """Stop the server."""


class SavedState(NamedTuple):
    """What the set-up of a class has made."""

    snapshot: dict[str, Any]
    calls: list[Call]


class Activation:
    """An active mock: its service, and what has to be undone when the outermost use ends."""

    service: FakeService

    def __init__(self, options: Options) -> None:
        self.options = options
        self.name = options.effective_seed
        """What the mock is for: the node id of the test, class, module or session."""
        self.uses: list[Use] = []
        self._backends: dict[Store, InspectorBackend] = {}
        self._undo = UndoSteps()
        self._freeze = Freeze()
        self._report_server: LocalServer | None = None
        self._failed = False
        self._inherited_faults: list[Fault] = []
        self._servers: list[ReportHost] = []
        self._external = AwsServices()

    def start(self) -> None:
        """Freeze time and install the patches."""
        options = self.options
        followed = is_frozen()
        self._undo.add(self._freeze.stop)
        self._freeze.start(loops_keep_real_time=not options.sleep)
        if options.freezer is not None and not followed:
            self._freeze.freeze(options.freezer, self._start_moment())
        self._undo.add(self._external.close)
        self.service = FakeService(
            account_id=options.account_id,
            limits=options.limits,
            id_seed=self.name,
            external=self._external,
            report_origin=self._report_origin,
            max_calls=options.max_calls,
            max_page_size=options.max_page_size,
        )
        if options.freeze and options.state is None:
            self._move_to_start("the frozen clock's")
        self._waiting = Waiting(self.service.clock, self.service.sleep, enabled=options.sleep)
        self.service.polls.follow(self._waiting)
        self._undo.add(stop_waiting)
        start_waiting(self._waiting, self.service.clock, followed=followed)
        self._undo.add(_patches.uninstall)
        _patches.install(PatchContext(self._handle, self._back_off, options.allow_network))
        if options.state is not None:
            self._restore(options.state)

    def _restore(self, state: Mapping[str, Any] | str | os.PathLike[str]) -> None:
        """Restore a snapshot. The clock starts at its time, or at ``at``."""
        self._restore_snapshot(state)
        self._move_to_start("the state's")

    def _move_to_start(self, whose: str) -> None:
        """Move the clock to ``at``. ValueError for an earlier moment; ``whose`` tells where the clock's time is from."""
        at, clock = self.options.at, self.service.clock
        if at is None:
            return
        if to_datetime(at, "at") < clock.now():
            raise ValueError(f"at must not be before {whose} {clock.now().isoformat()}; got {short_repr(at)}")
        clock.move_to(at)

    def _restore_snapshot(self, state: Mapping[str, Any] | str | os.PathLike[str]) -> None:
        restore(self.service, state, "state")
        self.inherit_faults()

    def inherit_faults(self) -> None:
        """Do not report the faults that there are by now, should they stay unused: they are not the next test's own."""
        self._inherited_faults = [fault for store in self.service.stores() for fault in store.faults]

    def _start_moment(self) -> datetime.datetime:
        """The moment to freeze time at."""
        if self.options.at is not None:
            return to_datetime(self.options.at, "at")
        now = freezegun.real_datetime.now(UTC)
        return now - datetime.timedelta(microseconds=now.microsecond % 1000)  # the service's precision

    def _handle(self, request: Request) -> Response:
        change = change_to_wait_for(self.service, request)
        if change is not None:
            self._waiting.wait_for_change(change)
        return handle(self.service, request, may_move_clock=self._waiting.others_wait)

    def _back_off(self, seconds: float) -> None:
        """Move the clock by the back-off between retries. Other threads wait for it as they wait for all."""
        if self._waiting.own_thread():
            self.service.clock.tick(seconds)
        else:
            sleep_by_clock(seconds)

    def _report_origin(self) -> str:
        """Where reports are downloaded: from the server, or from a port that is opened on first need."""
        if self._servers:
            return self._servers[-1].origin()
        if self._report_server is None:
            from .assessment_reports.download import ReportDownloads
            from .assessment_reports.local_server import LocalServer

            self._report_server = LocalServer(ReportDownloads(self.service).handle)
            self._undo.add(self._report_server.close)
            _patches.pass_through(self._report_server.origin)
        return self._report_server.origin

    def attach(self, server: ReportHost) -> None:
        """Add a server. It stops with the mock."""
        self._servers.append(server)
        self._external.add_own_url(server.url)
        self._choose_moto()
        self._undo.add(server.stop)
        _patches.pass_through(server.url)

    def detach(self, server: ReportHost) -> None:
        """Remove a server that has stopped."""
        if server in self._servers:
            self._servers.remove(server)
        self._external.remove_own_url(server.url)
        self._choose_moto()

    def _choose_moto(self) -> None:
        """Let the moto that is served be the other services of this mock."""
        served = [server.moto for server in self._servers if server.moto is not None]
        self._external.use_moto(served[-1] if served else None, self.options.account_id)

    def begin_use(self, use: Use, options: Options, keywords: Mapping[str, Any]) -> InspectorBackend:
        """Begin a use. Returns the backend of the account and region it chose, else of the use around it.

        When none chose a region, the environment does, which fixtures may have set by now.
        """
        outer = self.uses[-1] if self.uses else None
        use.account = options.account_id if outer is None or "account_id" in keywords else outer.account
        use.region = options.region or (None if outer is None else outer.region)
        backend = get_backend(self.service, use.account, use.region or options.effective_region, self._backends)
        if outer is None:
            self._undo.add(self._note_end)
        use.is_active = True
        self.uses.append(use)
        return backend

    def _note_end(self) -> None:
        """Let backends know that the mock has ended, and keep it for the failure report."""
        if self.service.describe_end is not None:
            return
        moment = self.service.now
        try:
            moment = self.service.clock.read()
        finally:
            self.service.describe_end = partial(_describe_end, self.name, moment)
            if plugin_state.finished_mocks is not None:
                plugin_state.finished_mocks.append(FinishedMock(self.service, moment, self.name))

    def check_inner(self, inner: Options, keywords: Mapping[str, Any]) -> None:
        """ValueError for a nested use whose keywords contradict the outermost's."""
        for name in sorted(keywords.keys() - CHOSEN_BY_INNER):
            if inner.normalize(name) != self.options.normalize(name):
                outer = short_repr(getattr(self.options, name))
                raise ValueError(
                    f"{name} must be {outer}, as in the mock_inspector around this one, whose state and clock it "
                    f"shares; got {short_repr(keywords[name])}"
                )

    def mark_failed(self) -> None:
        """Record that the test has failed: unused faults are not reported then."""
        self._failed = True

    def check_freezes(self) -> None:
        """RuntimeError when a freeze that began inside the mock did not end with it."""
        __tracebackhide__ = True
        if not self._failed:
            self._freeze.check()

    def check_faults(self) -> None:
        """UnusedFaultError when a fault was never triggered, unless that is allowed."""
        __tracebackhide__ = True
        if self.options.allow_unused_faults or self._failed:
            return
        inherited = set(map(id, self._inherited_faults))
        unused = [
            fault
            for store in self.service.stores()
            for fault in store.faults
            if not fault.hits and id(fault) not in inherited
        ]
        if unused:
            raise UnusedFaultError(
                "These injected faults were never triggered:\n"
                + "".join(f"  {fault.summary}\n" for fault in unused)
                + "To allow this, pass allow_unused_faults=True."
            )

    def save(self) -> SavedState:
        """Return the state of all accounts and regions, with the calls so far, as what tests begin with."""
        self.inherit_faults()
        return SavedState(snapshot(self.service), list(self.service.calls))

    def begin_again(self, saved: SavedState) -> None:
        """Go back to a state that was saved, for another test."""
        self._failed = False
        self._freeze.end_inner()
        self._restore_snapshot(saved.snapshot)
        self.service.calls.clear()
        for call in saved.calls:
            self.service.call_recorder.add(call)

    def undo(self) -> None:
        """Put the process back as it was, and raise the first error of doing so."""
        try:
            self._undo.run()
        finally:
            self._undo.run()  # what an interrupt has left


def _describe_end(name: str, moment: EpochMs) -> str:
    return (
        f"The mock of this backend has ended ({name}, at {format_iso(moment)} of its clock). Use the backend "
        "inside of the mock, or keep what is needed of it, such as backend.calls, before the mock ends"
    )


_active: Activation | None = None


def active() -> Activation | None:
    """Return the active mock, or None."""
    return _active


class Use:
    """One use of the mock, the outermost or a nested one, and the account and region that it chose."""

    def __init__(self) -> None:
        self.is_active = False
        """Whether it has begun and has not ended."""
        self.account = ""
        self.region: str | None = None

    def enter(self, options: Options, keywords: Mapping[str, Any]) -> InspectorBackend:
        """Begin the use and return its backend.

        ``options`` are those of ``keywords``. The outermost use has the ini options for what these leave open.
        """
        with _lock:
            if _active is not None and not _active.uses:
                _end(_active)  # which an interrupt has kept from ending
            return _enter(self, options, keywords)

    def leave(self, *, failed: bool = False) -> None:
        """End the use. The last one cleans up; one that has ended already does nothing.

        UnusedFaultError after the clean-up for faults that were never triggered, unless the use ``failed``.
        """
        __tracebackhide__ = True
        try:
            ended = _leave(self)
        except BaseException:
            _leave(self)  # an interrupt may have kept it from ending
            raise
        if ended is not None and not failed:
            ended.check_freezes()
            ended.check_faults()


def _enter(use: Use, options: Options, keywords: Mapping[str, Any]) -> InspectorBackend:
    global _active  # noqa: PLW0603  a process has one mock, since its patches are process-wide
    try:
        if _active is None:
            options = add_ini_options(options, keywords)
            _active = Activation(options)
            _active.start()
        else:
            _active.check_inner(options, keywords)
        return _active.begin_use(use, options, keywords)
    except BaseException:
        _leave(use)
        raise


def _leave(use: Use) -> Activation | None:
    """End a use, and return the mock if it ends with it."""
    with _lock:
        ended = _active
        if ended is None:
            return None
        if use in ended.uses:
            ended.uses.remove(use)
        use.is_active = False
        if ended.uses:
            return None
        _end(ended)
        return ended


def _end(ended: Activation) -> None:
    """Undo everything, whatever fails."""
    global _active  # noqa: PLW0603
    ended.uses.clear()
    try:
        ended.undo()
    finally:
        ended.undo()
        _active = None


def _begin_in_child() -> None:
    """In a process that was forked, the threads that may have held the service's lock are not there any more."""
    service = getattr(_active, "service", None)
    if service is not None:
        service.begin_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)

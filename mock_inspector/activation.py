"""What being mocked means for the process: frozen time, patched clients, one world; and all of it undone."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Any

from . import _plugin_state
from .backend import InspectorBackend, backend_of
from .clock.clock import UTC, Moment, as_datetime, frozen
from .clock.freeze import Freeze, Freezer
from .clock.waiting import Waiting
from .errors import short_repr
from .external import AwsServices
from .options import CHOSEN_BY_INNER, Options
from .patches.botocore import BotocorePatch
from .patches.responses import ResponsesPatch
from .patches.urllib3 import Urllib3Patch
from .snapshots import restore
from .state.service import FakeService
from .wire.dispatcher import Request, Response, answer

if TYPE_CHECKING:
    from .reporting.loopback import Loopback
    from .server import InspectorServer
    from .state.faults import Fault

_botocore = BotocorePatch()
_urllib3 = Urllib3Patch()
_responses = ResponsesPatch()
_lock = Lock()


class Activation:
    """The mock in force: its world, and what has to be undone when the outermost use ends."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._uses: list[tuple[str, str | None]] = []
        self._undo = ExitStack()
        self._loopback: Loopback | None = None
        self._failed = False
        self._restored_faults: list[Fault] = []
        self._servers: list[InspectorServer] = []
        try:
            followed = frozen()
            self._start_freeze(None if followed else options.freezer, options.at)
            self.service = FakeService(
                account_id=options.account_id,
                limits=dict(options.limits),
                id_seed=options.effective_seed,
                external=self._neighbours(),
                max_calls=options.max_calls,
            )
            self.service.report_origin = self._report_origin
            if options.freeze and options.at is not None and options.state is None:
                self.service.clock.move_to(options.at)
            self._waiting = Waiting(self.service, followed=followed, busy=self._serving)
            self._undo.callback(self._waiting.stop)
            if options.sleep:
                self._waiting.start()
            _botocore.start(self._answer, self._back_off, allow_network=options.allow_network)
            self._undo.callback(_botocore.stop)
            _urllib3.start(self._answer)
            self._undo.callback(_urllib3.stop)
            _responses.start()
            self._undo.callback(_responses.stop)
            if options.state is not None:
                self._begin_with(options.state)
        except BaseException:
            self.undo()
            raise

    def _begin_with(self, state: Mapping[str, Any] | str | os.PathLike[str]) -> None:
        """Restore a snapshot, and let the time be as it says, or ``at``."""
        restore(self.service, state, "state")
        self._restored_faults = [fault for store in self.service.stores() for fault in store.faults]
        at, clock = self.options.at, self.service.clock
        if at is not None:
            if as_datetime(at, "at") < clock.now():
                raise ValueError(f"at: {at!r} lies before the moment of the state, {clock.now().isoformat()}")
            clock.move_to(at)

    def _neighbours(self) -> AwsServices:
        external = AwsServices()
        self._undo.callback(external.close)
        return external

    def _start_freeze(self, by: Freezer | None, at: Moment | None) -> None:
        """Freeze time, at the current moment when no other is given."""
        moment = datetime.datetime.now(UTC) if at is None else as_datetime(at, "at")
        if at is None:  # to the millisecond, which is what the service keeps
            moment -= datetime.timedelta(microseconds=moment.microsecond % 1000)
        self._freeze = Freeze(by, moment)
        self._undo.callback(self._freeze.stop)

    def _answer(self, request: Request) -> Response:
        return answer(self.service, request, polls=self._waiting.own_thread())

    def _back_off(self, seconds: float) -> None:
        """Back-off between retries moves the clock; in other threads, which never move it, it just does not last."""
        if self._waiting.own_thread():
            self.service.clock.tick(seconds)

    def _report_origin(self) -> str:
        """Where reports are fetched: the server, or a port that is opened when the first URL of one is given out."""
        if self._servers:
            return self._servers[-1].origin()
        if self._loopback is None:
            from .reporting.loopback import Loopback
            from .reporting.site import ReportSite

            self._loopback = Loopback(ReportSite(self.service).answer)
            self._undo.callback(self._loopback.close)
            _responses.let_pass(self._loopback.origin)
        return self._loopback.origin

    def _serving(self) -> bool:
        """Whether a request from outside is being answered: timers should wait for it in real time."""
        return (self._loopback is not None and self._loopback.busy()) or any(server.busy() for server in self._servers)

    def attach(self, server: InspectorServer) -> None:
        """Count with a server: reports are fetched from it, timers wait for it, and it ends with the mock."""
        self._servers.append(server)
        self._undo.callback(server.stop)
        _responses.let_pass(server.url)

    def detach(self, server: InspectorServer) -> None:
        """Count with a server no longer."""
        self._servers.remove(server)

    def use(self, options: Options, keywords: dict[str, Any]) -> InspectorBackend:
        """Begin a use and return its backend: of the account and region it chose, else those of the use around it.

        Where none chose a region, it is that of the environment now, which fixtures may have set in between.
        """
        account, region = self._uses[-1] if self._uses else (options.account_id, None)
        account = options.account_id if "account_id" in keywords else account
        region = options.region or region
        backend = backend_of(self.service.store(account, region or options.effective_region))
        self._uses.append((account, region))
        return backend

    def pop_use(self) -> bool:
        """End a use; whether it was the last."""
        self._uses.pop()
        return not self._uses

    def check_inner(self, inner: Options, keywords: dict[str, Any]) -> None:
        """Refuse a nested use whose keywords contradict the outermost's. ValueError."""
        for name in sorted(keywords.keys() - CHOSEN_BY_INNER):
            if inner.effective(name) != self.options.effective(name):
                raise ValueError(
                    f"{name}: this mock_inspector is nested in one with {name}={short_repr(getattr(self.options, name))}, whose "
                    f"state and clock it shares; it cannot have {name}={short_repr(keywords[name])}"
                )

    def mark_failed(self) -> None:
        """The test has failed: what else is wrong with it need not be told."""
        self._failed = True

    def check_freezes(self) -> None:
        """RuntimeError when a freeze that was begun inside the mock has not ended with it."""
        __tracebackhide__ = True
        if not self._failed:
            self._freeze.check()

    def check_faults(self) -> None:
        """AssertionError when a fault has never met a call, unless that is allowed."""
        __tracebackhide__ = True
        if self.options.allow_unused_faults or self._failed:
            return
        # Those that a shared state brought are not the test's own.
        brought = set(map(id, self._restored_faults))
        unused = [
            fault
            for store in self.service.stores()
            for fault in store.faults
            if not fault.met and id(fault) not in brought
        ]
        if unused:
            raise AssertionError(
                "Faults that no call has met:\n"
                + "".join(f"  {fault.shown}\n" for fault in unused)
                + "If that is all right: mock_inspector(allow_unused_faults=True)."
            )

    def undo(self) -> None:
        """Put the process back as it was."""
        self._undo.close()


_active: Activation | None = None


def active() -> Activation | None:
    """The mock in force, or None."""
    return _active


def enter(options: Options, keywords: dict[str, Any]) -> InspectorBackend:
    """Begin a use of the mock, the outermost or a nested one, and return its backend.

    ``keywords`` are those that were given, ``options`` what they say.
    """
    global _active  # noqa: PLW0603  one mock for the process, as it patches what the process has once
    with _lock:
        if _active is not None:
            _active.check_inner(options, keywords)
            return _active.use(options, keywords)
        begun = Activation(options)
        try:
            backend = begun.use(options, keywords)
        except BaseException:
            begun.undo()
            raise
        _active = begun
        return backend


def leave(*, failed: bool = False) -> None:
    """End a use of the mock; the last one to end cleans up.

    AssertionError, when all is cleaned up, for faults that were never used, unless the use ``failed`` anyway.
    """
    __tracebackhide__ = True
    global _active
    with _lock:
        if _active is None or not _active.pop_use():
            return
        ended, _active = _active, None
        if _plugin_state.ended is not None:
            _plugin_state.ended.append(_plugin_state.Ended(ended.service, ended.service.clock.read()))
        ended.undo()
    if not failed:
        ended.check_freezes()
        ended.check_faults()

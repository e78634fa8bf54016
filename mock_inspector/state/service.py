"""The fake service: all accounts and regions of one mock."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from itertools import count
from threading import RLock
from types import TracebackType

from ..api.identifiers import is_account_id, validate_account_id, validate_region
from ..clock.clock import Clock
from ..clock.moments import EpochMs, to_epoch_ms
from ..errors import short_repr
from .call_log import CallLog
from .context import Context
from .external import Credentials, ExternalServices, NoExternalServices
from .lifecycle import schedule_run
from .messages import PublishedMessage
from .polling import PollDetector
from .quotas import QUOTAS
from .store import Store

_DEFAULT_REPORT_ORIGIN = "https://s3.amazonaws.com"


class FakeService:
    """The stores of one mock, each made on first use, and what they share: clock, lock, schedule, log of calls."""

    def __init__(
        self,
        *,
        account_id: str,
        limits: Mapping[str, int | None] | None = None,
        id_seed: str = "",
        external: ExternalServices | None = None,
        report_origin: Callable[[], str] = lambda: _DEFAULT_REPORT_ORIGIN,
        max_calls: int | None = None,
    ) -> None:
        self._stores: dict[tuple[str, str], Store] = {}
        self._stores_by_access_key: dict[tuple[str, str], Store] = {}
        self._access_keys: dict[str, str] = {}
        self._runs_events = False
        self.lock = RLock()
        self.clock = Clock(self._run_due_events, self.lock)
        now = self.clock.read()
        self.context = Context(
            account_id=account_id,
            limits={**QUOTAS, **(limits or {})},
            id_seed=id_seed,
            external=external or NoExternalServices(),
            report_origin=report_origin,
            now=now,
            started=now,
        )
        self.calls = CallLog(max_calls)
        self.polls = PollDetector(self.clock, self.stores)
        self.request_numbers = count(1)
        self._at_now = _AtNow(self)
        self.ended = ""
        """Which mock this was and when it ended; empty while it is active."""

    # Time

    @property
    def now(self) -> EpochMs:
        """The time of the request that is being answered."""
        return self.context.now

    @property
    def started(self) -> EpochMs:
        """When the mock started."""
        return self.context.started

    @property
    def published(self) -> list[PublishedMessage]:
        """The messages that were sent to SNS topics."""
        return self.context.published

    def at_now(self) -> _AtNow:
        """Return a context manager that holds the lock and runs what is due. It yields the current time."""
        return self._at_now

    def advance(self) -> EpochMs:
        """Run everything that is due and return the current time. Call it under the lock, once a request."""
        if self._runs_events:
            return self.context.now  # Re-entered from an event handler: keep that event's time.
        now = self.clock.read()
        if self.context.schedule.has_due(now):
            now = self._run_events(now)
        self.context.now = now
        return now

    def run_new_events(self) -> None:
        """Run what the request that was answered has made due."""
        if not self._runs_events and self.context.schedule.has_due(self.context.now):
            self.context.now = self._run_events(self.context.now)

    def _run_events(self, now: EpochMs) -> EpochMs:
        """Run what is due, in the order of time, and return the current time afterwards."""
        self._runs_events = True
        try:
            while (event := self.context.schedule.pop_due(now)) is not None:
                self.context.now = event.due
                event.action()
                now = self.clock.read()  # The receiver of a notification may have moved the clock.
        finally:
            self._runs_events = False
        return now

    def _run_due_events(self) -> None:
        """Run what became due when the clock was moved."""
        with self.lock:
            self.advance()

    def sleep(self, span: datetime.timedelta, where: str) -> None:
        """Move the clock by a ``span`` that code waits at the line ``where``."""
        self.polls.record_sleep(where)
        self.clock.tick(span)

    # Accounts and regions

    def store(self, account_id: str, region: str) -> Store:
        """Return the store of an account in a region. ValueError for an invalid account id or region."""
        with self.lock:
            existing = self._stores.get((account_id, region))
            if existing is None:
                store = Store(self.context, validate_account_id(account_id), validate_region(region), len(self._stores))
                existing = self._stores[account_id, region] = store
            return existing

    def stores(self) -> list[Store]:
        """All stores, in the order of first use."""
        return list(self._stores.values())

    def store_for(self, credentials: Credentials, region: str) -> Store:
        """Return the store that a signed request acts on. ValueError for an invalid region."""
        store = self._stores_by_access_key.get((credentials.access_key, region))
        if store is None:
            account = self.account_for(credentials.access_key)
            if account is None:
                external = self.context.external.find_account(credentials, validate_region(region))
                account = external or self.context.account_id
            store = self._stores_by_access_key[credentials.access_key, region] = self.store(account, region)
        return store

    def account_for(self, access_key: str) -> str | None:
        """Return the account that an access key was registered for, or None. An account id stands for itself."""
        return access_key if is_account_id(access_key) else self._access_keys.get(access_key)

    def access_keys(self) -> dict[str, str]:
        """The accounts of the registered access keys."""
        return dict(self._access_keys)

    def register_access_key(self, access_key: str, account_id: str) -> None:
        """Let requests signed with ``access_key`` act for ``account_id``."""
        if type(access_key) is not str or not access_key:
            raise ValueError(f"access_key_id must be the id of an access key; got {short_repr(access_key)}")
        with self.lock:
            self._access_keys[access_key] = validate_account_id(account_id)
            self._stores_by_access_key.clear()

    # The whole state

    def take_over(self, other: FakeService, moment: datetime.datetime) -> None:
        """Take the state that another service has at ``moment``, and that time. The other is not used any more.

        Events before that moment do not happen again. Where the clock is past it, later events happen now. The log of
        calls is not part of the state.
        """
        with self.lock:
            self.clock.put(moment)
            context = self.context
            context.schedule.clear()
            context.id_seed, context.started = other.context.id_seed, other.context.started
            context.published, context.now = other.context.published, to_epoch_ms(moment)
            self._access_keys = other.access_keys()
            self._stores_by_access_key.clear()
            self.polls.clear()
            previous, self._stores = self._stores, {}
            for key, theirs in other._stores.items():
                self._keep(key, previous.pop(key, None)).take_over(theirs)
            for key, store in previous.items():
                self._keep(key, store).clear()
            for store in self.stores():
                for run in store.runs:
                    if run.in_progress(context.now):
                        schedule_run(store, run)
            self.advance()

    def _keep(self, key: tuple[str, str], store: Store | None) -> Store:
        """Give a store that backends refer to, or a new one, the next index."""
        kept = store or Store(self.context, *key, len(self._stores))
        kept.index = len(self._stores)
        self._stores[key] = kept
        return kept

    def reset(self) -> None:
        """Empty every store."""
        with self.lock:
            self.context.schedule.clear()
            self.context.published.clear()
            self.calls.clear()
            self._access_keys.clear()
            self._stores_by_access_key.clear()
            for store in self._stores.values():
                store.clear()


class _AtNow:
    """See :meth:`FakeService.at_now`."""

    def __init__(self, service: FakeService) -> None:
        self._service = service

    def __enter__(self) -> EpochMs:
        self._service.lock.acquire()
        try:
            return self._service.advance()
        except BaseException:
            self._service.lock.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._service.run_new_events()
        finally:
            self._service.lock.release()

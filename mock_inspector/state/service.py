"""The fake service: all accounts and regions of one mock."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
from threading import get_ident
from types import TracebackType
from typing import Any, TypeVar

from ..api.identifiers import is_account_id, validate_account_id, validate_region
from ..clock.clock import Clock, ProcessTime
from ..clock.moments import EpochMs, to_epoch_ms
from ..clock.mutex import Mutex, renew
from ..errors import short_repr
from .call_log import CallLog, CallRecorder
from .context import Context
from .external import Credentials, ExternalServices, NoExternalServices
from .lifecycle import schedule_run
from .messages import PublishedMessage
from .outbox import MissingAnswerError
from .polling import PollDetector
from .quotas import QUOTAS
from .schedule import Event
from .store import Store

T = TypeVar("T")

_DEFAULT_REPORT_ORIGIN = "https://s3.amazonaws.com"


class FakeService:
    """The stores of one mock, each made on first use, and what they share: clock, lock, schedule, log of calls.

    Nobody else's code runs under the lock: other services and conditions of faults are called between two holds of it.
    While a message is being sent, the thread that sends it sees the moment of the message; all others go on.
    """

    def __init__(
        self,
        *,
        account_id: str,
        limits: Mapping[str, int | None] | None = None,
        id_seed: str = "",
        external: ExternalServices | None = None,
        report_origin: Callable[[], str] = lambda: _DEFAULT_REPORT_ORIGIN,
        max_calls: int | None = None,
        max_page_size: int | None = None,
    ) -> None:
        self._stores: dict[tuple[str, str], Store] = {}
        self._stores_by_access_key: dict[tuple[str, str], Store] = {}
        self._access_keys: dict[str, str] = {}
        self.lock = Mutex()  # who waits for it is about to go on
        self._depth = 0
        """How often the thread that holds the lock has entered :attr:`at_now`."""
        self._sender: int | None = None
        """The thread that sends the messages of the outbox."""
        self._message_moment = EpochMs(0)
        self._event_moment: EpochMs | None = None
        """The moment of the event that waits for an answer of another service. No other event happens meanwhile."""
        self._time = ProcessTime()
        self.clock = Clock(self._time, self._run_due_events, self.lock, self._next_due)
        now = self._time.read()
        self.context = Context(
            account_id=account_id,
            limits={**QUOTAS, **(limits or {})},
            max_page_size=max_page_size,
            id_seed=id_seed,
            external=external or NoExternalServices(),
            report_origin=report_origin,
            now=now,
            started=now,
        )
        self.call_recorder = CallRecorder(max_calls)
        self.calls = CallLog(self.call_recorder)
        self.polls = PollDetector(self.clock, self.stores)
        self.request_numbers = count(1)
        self.at_now = _AtNow(self)
        """A context that holds the lock and runs what is due. It yields the current time."""
        self.describe_end: Callable[[], str] | None = None
        """Says which mock this was and when it ended; None while it is active."""

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

    def advance(self) -> EpochMs:
        """Run everything that is due and return the current time. Call it under the lock, once a request."""
        context = self.context
        moment = self._moment_to_keep()
        if moment is None:
            moment = self._time.read()
            if moment < context.now:
                self._track_runs(moment)
            if context.schedule.has_due(moment):
                moment = self._run_events(moment)
        context.now = moment
        return moment

    def _track_runs(self, moment: EpochMs) -> None:
        """Let runs count as open again that had ended at a moment of a freeze inside the mock, which is over."""
        for store in self.stores():
            for run in store.runs:
                if run.in_progress(moment):
                    store.track(run)

    def _moment_to_keep(self) -> EpochMs | None:
        """The moment that this thread sees, whatever the clock says; None outside of a message or an event."""
        return self._message_moment if self._sender == get_ident() else self._event_moment

    def finish(self) -> None:
        """Run what the request that was answered has made due, and send what the outbox has."""
        context = self.context
        if (context.schedule.has_due(context.now) or context.outbox) and self._moment_to_keep() is None:
            context.now = self._run_events(context.now)

    def _run_events(self, now: EpochMs) -> EpochMs:
        """Run what is due, in the order of time, and return the current time afterwards.

        The messages of an event leave before the next event, unless another thread sends messages already.
        """
        context, answers = self.context, dict[tuple[Any, ...], Any]()
        asking: Event | None = None
        if context.outbox:
            self._send_messages()
            now = self.clock.read()
        while self._event_moment is None and (event := context.schedule.pop_due(now)) is not None:
            context.now = event.due
            if event is not asking:  # It may have been replaced while it asked.
                answers.clear()
            try:
                with context.external_answers.give(answers):
                    event.action()
            except MissingAnswerError as missing:
                asking = event
                context.schedule.put_back()
                answers[missing.key] = self._ask_at(event.due, missing.ask)
                now = self.clock.read()  # Whoever was called may have moved the clock.
                continue
            if context.outbox:
                self._send_messages()
                now = self.clock.read()
        return now if self._event_moment is None else self._event_moment

    def _ask_at(self, moment: EpochMs, ask: Callable[[], T]) -> T:
        """Call another service for the event at ``moment``."""
        self._event_moment = moment
        try:
            with self._unlocked():
                return ask()
        finally:
            self._event_moment = None

    def _send_messages(self) -> None:
        """Send the messages of the outbox, in order. If another thread does, it sends these too."""
        context = self.context
        if self._sender is not None or self._depth > 1:
            return
        try:
            self._sender = get_ident()
            while context.outbox:
                delivery, published = context.outbox.popleft(), context.published
                self._message_moment = delivery.moment
                with self._unlocked():
                    statuses = context.external.publish(delivery.caller, delivery.topic_arn, delivery.messages)
                if published is context.published:  # The state is still the one that the messages are about.
                    delivery.record(statuses, published)
        finally:
            self._sender = None

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        """Release the lock for others' code. Call it where the state is consistent."""
        depth, self._depth = self._depth, 0
        for _ in range(depth):
            self.lock.release()
        try:
            yield
        finally:
            for _ in range(depth):
                self.lock.acquire()
            self._depth = depth

    def call_unlocked(self, function: Callable[[], T]) -> T:
        """Call others' code without the lock, within :attr:`at_now`. Time and state may be others afterwards."""
        try:
            with self._unlocked():
                return function()
        finally:
            self.advance()

    def call_with_answers(self, function: Callable[[], T]) -> T:
        """Call ``function`` within :attr:`at_now`; again for each answer of another service that it turns out to need."""
        try:
            return function()
        except MissingAnswerError as error:
            missing = error
        answers: dict[tuple[Any, ...], Any] = {}
        while True:
            answers[missing.key] = self.call_unlocked(missing.ask)
            try:
                with self.context.external_answers.give(answers):
                    return function()
            except MissingAnswerError as error:
                missing = error

    def begin_in_child(self) -> None:
        """In a process that was forked, no other thread holds the lock, sends messages or asks another service."""
        if not renew(self.lock):
            return
        self._depth = 0
        if self._sender != get_ident():
            self._sender = self._event_moment = None

    def _next_due(self) -> EpochMs | None:
        return self.context.schedule.next_due()

    def _run_due_events(self) -> None:
        """Run what became due when the clock was moved."""
        with self.at_now:
            pass

    def sleep(self, span: datetime.timedelta, where: str) -> None:
        """Move the clock by a ``span`` that code waits at the line ``where``."""
        self.polls.record_sleep(where)
        self.clock.tick(span)

    # Accounts and regions

    def store(self, account_id: str, region: str) -> Store:
        """Return the store of an account in a region. ValueError for an invalid account id or region."""
        key = validate_account_id(account_id), validate_region(region)
        with self.lock:
            existing = self._stores.get(key)
            if existing is None:
                existing = self._stores[key] = Store(self.context, *key)
            return existing

    def view_store(self, account_id: str, region: str) -> Store:
        """Return a store to read from. One that does not exist yet is empty, and still does not exist afterwards."""
        key = validate_account_id(account_id), validate_region(region)
        return self._stores.get(key) or Store(self.context, *key)

    def stores(self) -> list[Store]:
        """All stores, in the order of first use."""
        return list(self._stores.values())

    def store_for(self, credentials: Credentials, region: str) -> Store:
        """Return the store that a signed request acts on, within :attr:`at_now`. ValueError for an invalid region."""
        store = self._stores_by_access_key.get((credentials.access_key, region))
        if store is None:
            account = self.account_for(credentials.access_key)
            if account is None:
                find_account = partial(self.context.external.find_account, credentials, validate_region(region))
                account = self.call_unlocked(find_account) or self.context.account_id
            store = self._stores_by_access_key[credentials.access_key, region] = self.store(account, region)
        return store

    def known_store(self, credentials: Credentials, region: str) -> Store | None:
        """Return the store that an earlier request with the same signature acted on, or None."""
        return self._stores_by_access_key.get((credentials.access_key, region))

    def account_for(self, access_key: str) -> str | None:
        """Return the account that an access key was registered for, or None. An account id stands for itself."""
        return access_key if is_account_id(access_key) else self._access_keys.get(access_key)

    def account_of(self, credentials: Credentials, region: str) -> str:
        """Return the account that requests with these credentials are for. Call it without the lock: it may call STS."""
        account = self.account_for(credentials.access_key)
        return account or self.context.external.find_account(credentials, region) or self.context.account_id

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
            context.outbox.clear()
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
        self._run_due_events()

    def _keep(self, key: tuple[str, str], store: Store | None) -> Store:
        """Keep a store that backends refer to, or a new one."""
        kept = store or Store(self.context, *key)
        self._stores[key] = kept
        return kept

    def reset(self) -> None:
        """Empty every store."""
        with self.lock:
            self.polls.clear()
            self.context.schedule.clear()
            self.context.outbox.clear()
            self.context.published = []
            self.calls.clear()
            self._access_keys.clear()
            self._stores_by_access_key.clear()
            for store in self._stores.values():
                store.clear()


class _AtNow:
    """See :attr:`FakeService.at_now`."""

    def __init__(self, service: FakeService) -> None:
        self._service = service

    def __enter__(self) -> EpochMs:
        service = self._service
        service.lock.acquire()
        try:
            service._depth += 1
            return service.advance()
        except BaseException:
            self._leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        service = self._service
        try:
            if service._depth == 1:
                service.finish()
        finally:
            self._leave()

    def _leave(self) -> None:
        self._service._depth -= 1
        self._service.lock.release()

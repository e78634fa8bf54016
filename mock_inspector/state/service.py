"""All accounts and regions of one mock, and what they share: the clock, the lock, the agenda, the limits."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Callable
from itertools import count
from threading import RLock

from ..api.identifiers import QUOTAS, is_account_id, validate_account_id, validate_region
from ..clock.clock import Clock, milliseconds
from .call_log import Calls
from .evaluation import evaluate
from .external import Credentials, ExternalServices, NoExternalServices
from .notifications import PublishedMessage, findings_reported, state_changed
from .polling import PollDetector
from .runs import Run
from .store import Store

EVALUATION = -1
"""What happens to a run at a moment: the state change at that place of its timeline, or its evaluation."""


class FakeService:
    """The accounts and regions that one mock holds, each made on first use."""

    def __init__(
        self,
        *,
        account_id: str,
        limits: dict[str, int | None] | None = None,
        id_seed: str = "",
        external: ExternalServices | None = None,
        max_calls: int | None = None,
    ) -> None:
        self._stores: dict[tuple[str, str], Store] = {}
        self._stores_by_key: dict[tuple[str, str], Store] = {}
        self._access_keys: dict[str, str] = {}
        self._agenda: list[tuple[int, int, int, int, int, Store, Run]] = []
        self._happening = False
        self.requests = count(1)
        """The numbers of the requests that are answered."""
        self.account_id = account_id
        self.limits = {**QUOTAS, **(limits or {})}
        self.id_seed = id_seed
        self.external = external or NoExternalServices()
        self.published: list[PublishedMessage] = []
        self.calls = Calls(max_calls)
        self.report_origin: Callable[[], str] = lambda: "https://s3.amazonaws.com"  # whoever serves reports sets it
        self.polls = PollDetector(self)
        self.lock = RLock()
        self.clock = Clock(self._moved, self.lock)
        self.started = self.now = self.clock.read()

    def advance(self) -> int:
        """Read the clock, let everything happen that was due by then, and return the moment.

        Once a request, and under the lock.
        """
        if self._happening:
            return self.now  # asked by somebody who was just told of an event: it is the moment of that event
        now = self.clock.read()
        if self._agenda and self._agenda[0][0] <= now:
            now = self._let_happen(now)
        self.now = now
        return now

    def _let_happen(self, now: int) -> int:
        """Take what is due off the agenda, in the order of time, and return the moment it then is."""
        self._happening = True
        try:
            while self._agenda and self._agenda[0][0] <= now:
                self.now, _, _, step, plan, region, run = heapq.heappop(self._agenda)
                if region.runs.get(run.arn) is run:
                    self._take(region, run, plan, step)
                    now = self.clock.read()  # who is told of an event may have moved it
        finally:
            self._happening = False
        return now

    def _catch_up(self) -> None:
        """Let happen what the request that is being answered has brought about."""
        if not self._happening:
            self.now = self._let_happen(self.now)

    def _take(self, store: Store, run: Run, plan: int, step: int) -> None:
        if plan != run.plan:
            return  # another plan has taken its place
        if step != EVALUATION:
            state_changed(store, run, step)
        else:
            last = run.findings_row.last()
            evaluate(store, run, self.now)
            findings_reported(store, run, run.findings_row.after(-1 if last is None else last.number), self.now)

    def _moved(self) -> None:
        """The clock was moved: what was due on the way happens now."""
        with self.lock:
            self.advance()

    def sleep(self, seconds: float, where: str) -> None:
        """Let ``seconds`` pass that code sleeps at the line ``where``."""
        self.polls.slept(where)
        self.clock.tick(seconds)

    def plan(self, store: Store, run: Run) -> None:
        """Put what lies ahead of a run on the agenda; what was planned for it before lapses."""
        run.plan += 1
        if run.evaluates_at is not None:
            self._enter(run.evaluates_at, store, run, EVALUATION)
        first, run.fresh = run.fresh, None
        if store.has_subscription(run.template):
            self.plan_events(store, run, first)
            self._catch_up()

    def plan_events(self, store: Store, run: Run, first: int | None = None) -> None:
        """Put a run's state changes on the agenda, from place ``first`` on, or those that lie ahead.

        Nobody is told of them without a subscription, so they are planned when there is one.
        """
        if run.events_planned != run.plan:
            run.events_planned = run.plan
            for place, (_, moment) in enumerate(run.timeline):
                if moment > self.now if first is None else place >= first:
                    self._enter(moment, store, run, place)

    def _enter(self, due: int, store: Store, run: Run, step: int) -> None:
        # What is due at the same moment happens in an order that the state alone tells.
        heapq.heappush(self._agenda, (due, store.place, run.number, step, run.plan, store, run))

    def store(self, account_id: str, region: str) -> Store:
        """The account's resources in the region. ValueError for what is no account id or no region name."""
        with self.lock:
            known = self._stores.get((account_id, region))
            if known is None:
                known = Store(self, validate_account_id(account_id), validate_region(region))
                self._keep((account_id, region), known)
            return known

    def stores(self) -> list[Store]:
        """All accounts' regions that were touched, in the order of that."""
        return list(self._stores.values())

    def store_for(self, credentials: Credentials, region: str) -> Store:
        """What a request of ``signer`` for ``region`` acts on (see :meth:`account_of`)."""
        known = self._stores_by_key.get((credentials.access_key, region))
        if known is None:
            account = self.account_of(credentials.access_key)
            if account is None:
                account = self.external.account_of(credentials, validate_region(region)) or self.account_id
            known = self._stores_by_key[credentials.access_key, region] = self.store(account, region)
        return known

    def access_keys(self) -> dict[str, str]:
        """The accounts of the access keys that were registered."""
        return dict(self._access_keys)

    def account_of(self, access_key: str) -> str | None:
        """The account that an access key was registered for, or None.

        A key that is an account id itself, twelve digits, stands for that account.
        """
        return access_key if is_account_id(access_key) else self._access_keys.get(access_key)

    def register_access_key(self, access_key: str, account_id: str) -> None:
        """Let requests signed with ``access_key`` act for ``account_id``."""
        if access_key == "" or type(access_key) is not str:
            raise ValueError(f"access_key_id: takes an access key's id, got {access_key!r}")
        with self.lock:
            self._access_keys[access_key] = validate_account_id(account_id)
            self._stores_by_key.clear()

    def take_over(self, other: FakeService, moment: datetime.datetime) -> None:
        """Have the state that another world has at ``moment``, and its time (see :meth:`.Clock.put`).

        The other one is not used any more. Nothing that lies behind that moment happens again; where the clock has
        gone on, what lies ahead of it happens now. The log of calls is not part of the state.
        """
        with self.lock:
            self.clock.put(moment)
            self._agenda.clear()
            self.id_seed, self.started, self.now = other.id_seed, other.started, milliseconds(moment)
            self.published, self._access_keys = other.published, other._access_keys
            self._stores_by_key.clear()
            self.polls = PollDetector(self)
            kept, self._stores = self._stores, {}
            for key, taken in other._regions.items():
                store = kept.pop(key, None) or Store(self, *key)
                store.take_over(taken)
                self._keep(key, store)
            for key, store in kept.items():
                store.clear()
                self._keep(key, store)
            for store in self.stores():
                for run in store.runs:
                    if run.in_progress(self.now):
                        store.open(run)
            self.advance()

    def _keep(self, key: tuple[str, str], store: Store) -> None:
        store.place = len(self._stores)
        self._stores[key] = store

    def reset(self) -> None:
        """Empty every account and region."""
        with self.lock:
            self._agenda.clear()
            self.published.clear()
            self.calls.clear()
            self._access_keys.clear()
            self._stores_by_key.clear()
            for store in self._stores.values():
                store.clear()

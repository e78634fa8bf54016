"""All accounts and regions of one mock, and what they share: the clock, the lock, the agenda, the limits."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Callable
from itertools import count
from threading import RLock

from ..api.identifiers import QUOTAS, checked_account, checked_region, is_account
from ..clock.clock import Clock, milliseconds
from .call_log import Calls
from .evaluation import evaluate
from .external import Neighbours, Nobody, Signer
from .notifications import Published, findings_reported, state_changed
from .polling import Patience
from .runs import Run
from .store import Region

EVALUATION = -1
"""What happens to a run at a moment: the state change at that place of its timeline, or its evaluation."""


class World:
    """The accounts and regions that one mock holds, each made on first use."""

    def __init__(
        self,
        *,
        account_id: str,
        limits: dict[str, int | None] | None = None,
        id_seed: str = "",
        neighbours: Neighbours | None = None,
        max_calls: int | None = None,
    ) -> None:
        self._regions: dict[tuple[str, str], Region] = {}
        self._regions_of: dict[tuple[str, str], Region] = {}
        self._access_keys: dict[str, str] = {}
        self._agenda: list[tuple[int, int, int, int, int, Region, Run]] = []
        self._happening = False
        self.requests = count(1)
        """The numbers of the requests that are answered."""
        self.account_id = account_id
        self.limits = {**QUOTAS, **(limits or {})}
        self.id_seed = id_seed
        self.neighbours = neighbours or Nobody()
        self.published: list[Published] = []
        self.calls = Calls(max_calls)
        self.report_origin: Callable[[], str] = lambda: "https://s3.amazonaws.com"  # whoever serves reports sets it
        self.patience = Patience(self)
        self.lock = RLock()
        self.clock = Clock(self._moved, self.lock)
        self.started = self.now = self.clock.read()

    def look(self) -> int:
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

    def _take(self, region: Region, run: Run, plan: int, step: int) -> None:
        if plan != run.plan:
            return  # another plan has taken its place
        if step != EVALUATION:
            state_changed(region, run, step)
        else:
            last = run.findings_row.last()
            evaluate(region, run, self.now)
            findings_reported(region, run, run.findings_row.after(-1 if last is None else last.number), self.now)

    def _moved(self) -> None:
        """The clock was moved: what was due on the way happens now."""
        with self.lock:
            self.look()

    def sleep(self, seconds: float, where: str) -> None:
        """Let ``seconds`` pass that code sleeps at the line ``where``."""
        self.patience.slept(where)
        self.clock.tick(seconds)

    def plan(self, region: Region, run: Run) -> None:
        """Put what lies ahead of a run on the agenda; what was planned for it before lapses."""
        run.plan += 1
        if run.evaluates_at is not None:
            self._enter(run.evaluates_at, region, run, EVALUATION)
        first, run.fresh = run.fresh, None
        if region.has_subscription(run.template):
            self.plan_events(region, run, first)
            self._catch_up()

    def plan_events(self, region: Region, run: Run, first: int | None = None) -> None:
        """Put a run's state changes on the agenda, from place ``first`` on, or those that lie ahead.

        Nobody is told of them without a subscription, so they are planned when there is one.
        """
        if run.events_planned != run.plan:
            run.events_planned = run.plan
            for place, (_, moment) in enumerate(run.timeline):
                if moment > self.now if first is None else place >= first:
                    self._enter(moment, region, run, place)

    def _enter(self, due: int, region: Region, run: Run, step: int) -> None:
        # What is due at the same moment happens in an order that the state alone tells.
        heapq.heappush(self._agenda, (due, region.place, run.number, step, run.plan, region, run))

    def region(self, account_id: str, region: str) -> Region:
        """The account's resources in the region. ValueError for what is no account id or no region name."""
        with self.lock:
            known = self._regions.get((account_id, region))
            if known is None:
                known = Region(self, checked_account(account_id), checked_region(region))
                self._keep((account_id, region), known)
            return known

    def regions(self) -> list[Region]:
        """All accounts' regions that were touched, in the order of that."""
        return list(self._regions.values())

    def region_of(self, signer: Signer, region: str) -> Region:
        """What a request of ``signer`` for ``region`` acts on (see :meth:`account_of`)."""
        known = self._regions_of.get((signer.access_key, region))
        if known is None:
            account = self.account_of(signer.access_key)
            if account is None:
                account = self.neighbours.account_of(signer, checked_region(region)) or self.account_id
            known = self._regions_of[signer.access_key, region] = self.region(account, region)
        return known

    def access_keys(self) -> dict[str, str]:
        """The accounts of the access keys that were registered."""
        return dict(self._access_keys)

    def account_of(self, access_key: str) -> str | None:
        """The account that an access key was registered for, or None.

        A key that is an account id itself, twelve digits, stands for that account.
        """
        return access_key if is_account(access_key) else self._access_keys.get(access_key)

    def register_access_key(self, access_key: str, account_id: str) -> None:
        """Let requests signed with ``access_key`` act for ``account_id``."""
        if access_key == "" or type(access_key) is not str:
            raise ValueError(f"access_key_id: takes an access key's id, got {access_key!r}")
        with self.lock:
            self._access_keys[access_key] = checked_account(account_id)
            self._regions_of.clear()

    def take_over(self, other: World, moment: datetime.datetime) -> None:
        """Have the state that another world has at ``moment``, and its time (see :meth:`.Clock.put`).

        The other one is not used any more. Nothing that lies behind that moment happens again; where the clock has
        gone on, what lies ahead of it happens now. The log of calls is not part of the state.
        """
        with self.lock:
            self.clock.put(moment)
            self._agenda.clear()
            self.id_seed, self.started, self.now = other.id_seed, other.started, milliseconds(moment)
            self.published, self._access_keys = other.published, other._access_keys
            self._regions_of.clear()
            self.patience = Patience(self)
            kept, self._regions = self._regions, {}
            for key, taken in other._regions.items():
                region = kept.pop(key, None) or Region(self, *key)
                region.take_over(taken)
                self._keep(key, region)
            for key, region in kept.items():
                region.clear()
                self._keep(key, region)
            for region in self.regions():
                for run in region.runs:
                    if run.in_progress(self.now):
                        region.open(run)
            self.look()

    def _keep(self, key: tuple[str, str], region: Region) -> None:
        region.place = len(self._regions)
        self._regions[key] = region

    def reset(self) -> None:
        """Empty every account and region."""
        with self.lock:
            self._agenda.clear()
            self.published.clear()
            self.calls.clear()
            self._access_keys.clear()
            self._regions_of.clear()
            for region in self._regions.values():
                region.clear()

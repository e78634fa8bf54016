"""All accounts and regions of one mock, and what they share: the clock, the lock, the agenda, the limits."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from threading import RLock
from typing import Generic, TypeVar

from .clock import Clock
from .evaluation import evaluate
from .names import QUOTAS, checked_account, checked_region, is_account
from .patience import Patience
from .region import Region
from .runs import Run

R = TypeVar("R", bound=Region)


class World(Generic[R]):
    """The accounts and regions that one mock holds, each made on first use by ``make_region``."""

    def __init__(
        self,
        make_region: Callable[[World[R], str, str], R],
        *,
        account_id: str,
        limits: dict[str, int | None] | None = None,
        id_seed: str = "",
    ) -> None:
        self._make_region = make_region
        self._regions: dict[tuple[str, str], R] = {}
        self._regions_of: dict[tuple[str, str], R] = {}
        self._access_keys: dict[str, str] = {}
        self._agenda: list[tuple[int, int, Region, Run]] = []
        self._entries = count()
        self._requests = count(1)
        self.account_id = account_id
        self.limits = {**QUOTAS, **(limits or {})}
        self.id_seed = id_seed
        self.patience = Patience(self)
        self.lock = RLock()
        self.clock = Clock(self._moved)
        self.started = self.now = self.clock.read()

    def look(self) -> int:
        """Read the clock, let everything happen that was due by then, and return the moment.

        Once a request, and under the lock.
        """
        now = self.clock.read()
        agenda = self._agenda
        while agenda and agenda[0][0] <= now:
            due, _, region, run = heapq.heappop(agenda)
            if run.evaluates_at == due:
                self.now = due
                evaluate(region, run, due)
        self.now = now
        return now

    def _moved(self) -> None:
        """The clock was moved: what was due on the way happens now."""
        with self.lock:
            self.look()

    def sleep(self, seconds: float, where: str) -> None:
        """Let ``seconds`` pass that code sleeps at the line ``where``."""
        self.patience.slept(where)
        self.clock.tick(seconds)

    def plan(self, region: Region, run: Run) -> None:
        """Put a run's evaluation on the agenda; what was planned for it before lapses."""
        if run.evaluates_at is not None:
            heapq.heappush(self._agenda, (run.evaluates_at, next(self._entries), region, run))

    def region(self, account_id: str, region: str) -> R:
        """The account's resources in the region. ValueError for what is no account id or no region name."""
        with self.lock:
            known = self._regions.get((account_id, region))
            if known is None:
                known = self._make_region(self, checked_account(account_id), checked_region(region))
                self._regions[account_id, region] = known
            return known

    def regions(self) -> list[R]:
        """All accounts' regions that were touched, in the order of that."""
        return list(self._regions.values())

    def region_of(self, access_key: str, region: str) -> R:
        """What a request signed with ``access_key`` for ``region`` acts on (see :meth:`account_of`)."""
        known = self._regions_of.get((access_key, region))
        if known is None:
            known = self._regions_of[access_key, region] = self.region(self.account_of(access_key), region)
        return known

    def account_of(self, access_key: str) -> str:
        """The account that an access key belongs to: the one it was registered for, or the default one.

        A key that is an account id itself, twelve digits, stands for that account.
        """
        return access_key if is_account(access_key) else self._access_keys.get(access_key, self.account_id)

    def register_access_key(self, access_key: str, account_id: str) -> None:
        """Let requests signed with ``access_key`` act for ``account_id``."""
        with self.lock:
            self._access_keys[access_key] = checked_account(account_id)
            self._regions_of.clear()

    def next_request(self) -> int:
        """The number of the request that is being answered."""
        return next(self._requests)

    def reset(self) -> None:
        """Empty every account and region."""
        with self.lock:
            self._agenda.clear()
            self._access_keys.clear()
            self._regions_of.clear()
            for region in self._regions.values():
                region.clear()

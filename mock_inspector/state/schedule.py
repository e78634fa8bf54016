"""Timed events: what happens at which moment of the clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from ..clock.moments import EpochMs

Key = tuple[str, int]
"""Whose events they are: a store's owner and a run's number. Events at the same moment happen in this order."""


class Event(NamedTuple):
    """Something that happens at a moment. ``order`` sorts the events of one key at the same moment."""

    due: EpochMs
    order: int
    action: Callable[[], None]


@dataclass(slots=True, eq=False)
class _Batch:
    """Events that were scheduled together. They lapse when another batch replaces them."""

    remaining: int


_Entry = tuple[EpochMs, Key, int, int, _Batch, Event]


class Schedule:
    """A priority queue of events. The events of a key are replaced together."""

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._batches: dict[Key, _Batch] = {}
        self._serial = count()
        self._popped: _Entry | None = None

    def replace(self, key: Key, events: Sequence[Event]) -> None:
        """Schedule events in place of those that the key has."""
        self._batches.pop(key, None)
        if events:
            batch = self._batches[key] = _Batch(len(events))
            for event in events:
                heapq.heappush(self._heap, (event.due, key, event.order, next(self._serial), batch, event))

    def next_due(self) -> EpochMs | None:
        """The moment of the first event, which may have lapsed; None when there is none."""
        return self._heap[0][0] if self._heap else None

    def has_due(self, now: EpochMs) -> bool:
        """Whether an event may be due. A lapsed event counts, until it is popped."""
        return bool(self._heap) and self._heap[0][0] <= now

    def pop_due(self, now: EpochMs) -> Event | None:
        """Remove and return the first event that is due, or None."""
        while self.has_due(now):
            entry = heapq.heappop(self._heap)
            _, key, _, _, batch, event = entry
            if self._batches.get(key) is batch:
                batch.remaining -= 1
                if not batch.remaining:
                    del self._batches[key]
                self._popped = entry
                return event
        return None

    def put_back(self) -> None:
        """Schedule the event that was popped last again, as the first. Nothing else may have been scheduled since."""
        assert self._popped is not None  # noqa: S101  there is one
        _, key, _, _, batch, _ = self._popped
        batch.remaining += 1
        self._batches[key] = batch
        heapq.heappush(self._heap, self._popped)

    def clear(self) -> None:
        """Remove all events."""
        self._heap.clear()
        self._batches.clear()

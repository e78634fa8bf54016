"""The event subscriptions of an account in a region."""

from __future__ import annotations

from collections.abc import Iterable

from ..clock.moments import EpochMs
from .collections import ChildMap
from .targets import Subscription


class SubscriptionMap(ChildMap[Subscription]):
    """Subscriptions by template and topic, and by template. It knows how many events they have together."""

    def __init__(self) -> None:
        super().__init__()
        self.event_count = 0

    def add(self, key: str, item: Subscription) -> None:
        super().add(key, item)
        self.event_count += len(item.events)

    def remove_all(self, keys: Iterable[str]) -> list[Subscription]:
        removed = super().remove_all(keys)
        self.event_count -= sum(len(item.events) for item in removed)
        return removed

    def subscribe(self, subscription: Subscription, event: str, since: EpochMs) -> None:
        """Add an event to a subscription that does not have it."""
        subscription.events[event] = since
        self.event_count += 1

    def unsubscribe(self, subscription: Subscription, event: str) -> None:
        """Remove an event, and with the last one the subscription."""
        if subscription.events.pop(event, None) is not None:
            self.event_count -= 1
            if not subscription.events:
                self.remove(subscription.key)

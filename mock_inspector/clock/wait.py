"""One thread that waits, and how long it gives to those who are at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from freezegun import api as freezegun_api

POLL_INTERVAL_SECONDS = 0.002
"""Real seconds after which somebody who waits for a moment looks again at what the others do."""

MIN_WORK_SECONDS = 1.0
"""Real seconds that whoever is at work gets at least before a shorter wait is over."""

_MAX_SECONDS_BETWEEN_LOOKS = 2 * POLL_INTERVAL_SECONDS
"""How many of them can pass between two looks. When more do, the machine is busy, and whoever is at work is slower, too."""

Attempt = Callable[[float | None], Any]
"""Tries for so many real seconds (None: without end) to get what a thread waits for; true when it has got it."""


class Wait:
    """One thread that waits."""

    __slots__ = (
        "_last_look", "_work_seconds", "begun", "goes_first", "has_turn", "is_over", "moment", "number", "seconds",
        "seconds_left", "thread_id", "wake",
    )  # fmt: skip

    def __init__(self, number: int, is_over: Callable[[], bool], wake: Callable[[], None] | None) -> None:
        self.number = number
        self.thread_id = threading.get_ident()
        self.is_over = is_over
        """Whether the thread is about to go on, or waits for somebody outside of this process who is at work."""
        self.wake = wake
        """Wakes the thread up, where it does not look by itself whether it has its turn."""
        self.moment: int | None = None
        """When it is to go on at the latest: microseconds since 1970, of the mock's clock."""
        self.seconds = 0.0
        """For how long it would really wait."""
        self.seconds_left: float | None = None
        """For how long it really waits once the mock has ended; None: without end."""
        self.begun = self._last_look = freezegun_api.real_monotonic()
        self._work_seconds = 0.0
        self.goes_first = False
        """Whether it has its turn before all others, whatever their moments."""
        self.has_turn = False

    def has_really_passed(self) -> bool:
        """Whether as much real time has passed as it would really wait, and enough for those at work."""
        now = freezegun_api.real_monotonic()
        self._work_seconds += min(now - self._last_look, _MAX_SECONDS_BETWEEN_LOOKS)
        self._last_look = now
        return self._work_seconds >= MIN_WORK_SECONDS and now - self.begun >= self.seconds


def never() -> bool:
    """What is waited for does not come before its moment."""
    return False


def always() -> bool:
    """Somebody outside of this process is at work."""
    return True

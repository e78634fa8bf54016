"""Waits that took real time, for the failure report."""

from __future__ import annotations

from typing import NamedTuple

MIN_REAL_WAIT_SECONDS = 0.05
"""Real seconds from which on a wait is worth a line in the failure report."""

MAX_REAL_WAITS = 1_000
"""How many different waits that took real time are kept."""


class RealWait(NamedTuple):
    """A line of code that has waited in real time, the reason, and the real seconds of all such waits together."""

    line: str
    reason: str
    seconds: float


class RealWaits:
    """Keeps them, each line with each reason once."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], float] = {}

    def add(self, line: str, reason: str, seconds: float) -> None:
        """Keep a wait that took real ``seconds``, if it is worth a line."""
        if seconds < MIN_REAL_WAIT_SECONDS:
            return
        wait = line, reason
        if wait in self._seconds or len(self._seconds) < MAX_REAL_WAITS:
            self._seconds[wait] = self._seconds.get(wait, 0.0) + seconds

    def all(self) -> list[RealWait]:
        """All that are kept, the first of them first."""
        return [RealWait(line, reason, seconds) for (line, reason), seconds in self._seconds.items()]

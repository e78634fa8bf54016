"""What the plugin and the mock tell each other: plain variables, so that neither has to import the other.

Without pytest they stay as they are, and nothing is kept.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .state.service import FakeService


class Ended(NamedTuple):
    """A mock that has ended: its world, and the moment it was then, in milliseconds since 1970."""

    service: FakeService
    moment: int


scope: str | None = None
"""The node id of what a fixture is being set up for, when that is more than one test."""

renamed: dict[str, str] = {}
"""Node ids that say more than the test's place (as xdist's group), and the id that does not."""

ended: deque[Ended] | None = None
"""The last mocks that have ended during the test that runs; None: nobody asks."""

"""What the plugin and the mock tell each other: plain variables, so that neither has to import the other.

Without pytest they stay as they are, and nothing is kept.
"""

from __future__ import annotations

from collections import deque
from typing import Any

scope: str | None = None
"""The node id of what a fixture is being set up for, when that is more than one test."""

renamed: dict[str, str] = {}
"""Node ids that say more than the test's place (as xdist's group), and the id that does not."""

ended: deque[Any] | None = None
"""The mocks that have ended during the test that runs, the last ones; None: nobody asks."""

"""What the pytest plugin and the mock tell each other, so that neither has to import the other.

Without pytest it stays as it is, and nothing is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from .clock.moments import EpochMs
    from .state.service import FakeService

KEYWORDS = "_mock_inspector_keywords"
"""The attribute by which the plugin finds the keywords of a decorated test or class."""


TEST_CASE = "_mock_inspector_test_case"
"""The attribute by which it finds the mock of a decorated ``TestCase``."""


class FinishedMock:
    """A mock that has ended, and when, by its own clock."""

    def __init__(self, service: FakeService, moment: EpochMs, name: str) -> None:
        """``name`` is what it was for: the node id of a test, class, module or session."""
        self.service = service
        self.moment = moment
        self.name = name


class PluginState:
    """The plugin writes the first three, the mock reads them; the others the other way round.

    This class and the one above are plain ones, since pytest imports them in every session: making a dataclass or a named
    tuple takes half a millisecond.
    """

    def __init__(self) -> None:
        self.scope: str | None = None
        """The node id of the class, module or session that a fixture is being set up for; None for a single test."""
        self.renamed: dict[str, str] = {}
        """Node ids with more than the test's path, such as an xdist group, and the id without it."""
        self.debugged: tuple[object, ...] = ()
        """The functions that the running test consists of, one in the other, when a debugger starts where it fails."""
        self.postponed: Callable[[], None] | None = None
        """Ends the mock of that function, after the debugger."""
        self.interrupted: list[tuple[str, str]] = []
        """What the mocks of an interrupted test have to show: titles and texts."""
        self.finished_mocks: deque[FinishedMock] | None = None
        """The last mocks that ended during the running test; None when no plugin asks for them."""


plugin_state = PluginState()

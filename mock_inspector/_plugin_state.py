"""What the pytest plugin and the mock tell each other, so that neither has to import the other.

Without pytest it stays as it is, and nothing is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Mapping
    from typing import Any

    from .clock.moments import EpochMs
    from .state.service import FakeService

KEYWORDS = "_mock_inspector_keywords"
"""The attribute by which the plugin finds the keywords of a decorated test or class."""


TEST_CASE = "_mock_inspector_test_case"
"""The attribute by which it finds the mock of a decorated ``TestCase``."""


INI_PREFIX = "mock_inspector_"

INI_OPTIONS = {
    "account_id": "the account of any access key that is not registered otherwise: 12 digits (default: 123456789012)",
    "region": "the region of inspector_backend (default: AWS_DEFAULT_REGION, else us-east-1)",
    "freeze": "how to freeze time: true, freezegun, time-machine, or false for a running clock (default: true)",
    "sleep": "whether sleeping moves the frozen clock: true or false (default: true)",
    "allow_network": "whether botocore requests that nothing mocks may leave the machine: true or false (default: false)",
    "allow_unused_faults": "whether a test may pass whose injected faults were never triggered: true or false (default: false)",
    "max_calls": "how many of the last calls backend.calls keeps: a number, or none for all (default: 10000)",
}
"""The keywords that a suite may set for all of its mocks, and the help of their ini options."""


class FinishedMock:
    """A mock that has ended, and when, by its own clock."""

    def __init__(self, service: FakeService, moment: EpochMs, name: str) -> None:
        """``name`` is what it was for: the node id of a test, class, module or session."""
        self.service = service
        self.moment = moment
        self.name = name


class PluginState:
    """The plugin writes the first four, the mock reads them; the next two the other way round; the last is the plugin's.

    This class and the one above are plain ones, since pytest imports them in every session: making a dataclass or a named
    tuple takes half a millisecond.
    """

    def __init__(self) -> None:
        self.ini_keywords: Mapping[str, Any] = {}
        """The keywords that the ini options set for mocks that do not have them; none without pytest."""
        self.scope: str | None = None
        """The node id of the class, module or session that a fixture is being set up for; None for a single test."""
        self.renamed: dict[str, str] = {}
        """Node ids with more than the test's path, such as an xdist group, and the id without it."""
        self.debugged: tuple[object, ...] = ()
        """The functions that the running test consists of, one in the other, when a debugger starts where it fails."""
        self.postponed: Callable[[], None] | None = None
        """Ends the mock of that function, after the debugger."""
        self.finished_mocks: deque[FinishedMock] | None = None
        """The last mocks that ended during the running test; None when no plugin asks for them."""
        self.interrupted: list[tuple[str, str]] = []
        """What the mocks of an interrupted test have to show: titles and texts."""


plugin_state = PluginState()

"""What a failing test shows of its mocks, as sections of pytest's report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .._plugin_state import FinishedMock, plugin_state
from .report import MAX_LINES, failure_report

if TYPE_CHECKING:
    from ..state.service import FakeService

__all__ = ["add_sections", "failure_report"]


def add_sections(sections: list[tuple[str, str]], active: FakeService | None, reported: dict[int, int]) -> None:
    """Add a section for each mock that a failed test used, or for the last ones of many.

    ``reported`` holds how many calls of each mock were reported for this test, so that a further failure reports only
    what is new.
    """
    mocks = list(plugin_state.finished_mocks or ())
    if active is not None:
        mocks.append(FinishedMock(active, active.clock.read()))
    new = [mock for mock in mocks if reported.get(id(mock.service)) != mock.service.calls.made]
    for number, (service, moment) in enumerate(new, start=1):
        reported[id(service)] = service.calls.made
        try:
            text = failure_report(service, moment, MAX_LINES // len(new))
        except Exception as error:  # noqa: BLE001  the test's own failure matters more
            text = f"This report could not be made: {type(error).__name__}: {error}"
        title = "mock_inspector" if len(new) == 1 else f"mock_inspector ({number} of {len(new)})"
        sections.append((title, _escape_unencodable(text)))


def _escape_unencodable(text: str) -> str:
    """Escape what the terminal cannot show. pytest would escape the whole text, line ends included."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)

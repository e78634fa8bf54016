"""What a failing test shows of its mocks, as sections of pytest's report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .. import _plugin_state
from .report import LINES, failure_report

if TYPE_CHECKING:
    from ..state.service import FakeService

__all__ = ["add_sections", "failure_report"]


def add_sections(sections: list[tuple[str, str]], active: FakeService | None, told: dict[int, int]) -> None:
    """Add a section for each mock that a failed test has used; of many, for the last ones.

    ``told`` remembers what has been told of this test, by world, so that a further failure tells only what is new.
    """
    mocks = list(_plugin_state.ended or ())
    if active is not None:
        mocks.append(_plugin_state.Ended(active, active.clock.read()))
    new = [mock for mock in mocks if told.get(id(mock.service)) != mock.service.calls.made]
    for number, (service, moment) in enumerate(new, start=1):
        told[id(service)] = service.calls.made
        try:
            text = failure_report(service, moment, LINES // len(new))
        except Exception as error:  # noqa: BLE001  the test's own failure matters more than what is wrong here
            text = f"This report could not be made: {type(error).__name__}: {error}"
        title = "mock_inspector" if len(new) == 1 else f"mock_inspector ({number} of {len(new)})"
        sections.append((title, _encodable(text)))


def _encodable(text: str) -> str:
    """The text as the terminal's encoding can have it; pytest would escape all of it, line ends included."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)

"""What a failing test shows of its mocks, as sections of pytest's report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .._plugin_state import FinishedMock, plugin_state
from ..clock.moments import format_iso
from .late_calls import LateCall, find_late_call
from .report import MAX_COLUMNS, MAX_LINES, failure_report
from .text_layout import printable, wrap

if TYPE_CHECKING:
    from ..clock.moments import EpochMs
    from ..state.service import FakeService

__all__ = ["add_sections", "failure_report"]


def add_sections(
    sections: list[tuple[str, str]],
    active: FakeService | None,
    reported: dict[int, int],
    error: BaseException | None = None,
) -> None:
    """Add a section for each mock that a failed test used, or for the last ones of many.

    ``error`` is what the test failed with. When it comes from a call that left after the last mock had ended, the section
    says so.
    ``reported`` holds how many calls of each mock were reported for this test, so that a further failure reports only
    what is new.
    """
    mocks: list[tuple[FakeService, EpochMs | None]] = [
        (mock.service, mock.moment) for mock in plugin_state.finished_mocks or ()
    ]
    late = None if active is not None else find_late_call(error)
    if late is not None and plugin_state.finished_mocks:
        sections.append(("mock_inspector: a call after the mock", _explain(late, plugin_state.finished_mocks[-1])))
    if active is not None:
        mocks.append((active, None))
    new = [mock for mock in mocks if reported.get(id(mock[0])) != mock[0].calls.made]
    for number, (service, moment) in enumerate(new, start=1):
        reported[id(service)] = service.calls.made
        text = _report(service, moment, MAX_LINES // len(new))
        title = "mock_inspector" if len(new) == 1 else f"mock_inspector ({number} of {len(new)})"
        sections.append((title, _escape_unencodable(text)))


def _explain(late: LateCall, ended: FinishedMock) -> str:
    text = (
        f"{late.operation} was called when no mock was active, so the client sent it to the real endpoint, {late.url}. "
        f"The mock of {ended.name} had ended, at {format_iso(ended.moment)} of its clock. Make the call inside of the mock: "
        "in the decorated function, in the with block, or in a test or fixture that has the fixture inspector_backend."
    )
    return "\n".join(wrap(printable(text), MAX_COLUMNS, ""))


def _report(service: FakeService, moment: EpochMs | None, max_lines: int) -> str:
    """The text about one mock as it was at ``moment`` (None: as it is now), or why there is none."""
    try:
        return failure_report(service, service.clock.read() if moment is None else moment, max_lines)
    except Exception as error:  # noqa: BLE001  the test's own failure matters more
        return f"This report could not be made: {type(error).__name__}: {error}"


def _escape_unencodable(text: str) -> str:
    """Escape what the terminal cannot show. pytest would escape the whole text, line ends included."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)

"""The assessment run: a timeline, and what it says at any moment.

A run is never advanced. It carries the moments at which its states begin; what it is at a moment follows from those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..clock.clock import seconds
from .collections import NumberedList
from .findings import SEVERITIES, Finding

if TYPE_CHECKING:
    from .exclusions import Exclusion
    from .instances import RunAgent
    from .notifications import Notification
    from .targets import Template

REPORT_DURATION_MS = 4_000
"""Milliseconds that making a report takes (clients in the wild poll every 5 seconds, a few times)."""

TERMINAL = frozenset({"COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELED", "FAILED", "ERROR"})
"""The states in which a run ends."""

_UNTIL_COLLECTING = (
    ("CREATED", 0),
    ("START_DATA_COLLECTION_PENDING", 30),
    ("START_DATA_COLLECTION_IN_PROGRESS", 61),
    ("COLLECTING_DATA", 126),
)
_AFTER_STOP = (("STOP_DATA_COLLECTION_PENDING", 0), ("DATA_COLLECTED", 59_964), ("EVALUATING_RULES", 60_216))
_END_AFTER_STOP = 61_517
_FINDINGS_BEFORE_END = 30
# Offsets in milliseconds, of the run in the reference's DescribeAssessmentRuns and DescribeFindings samples and of
# its full history.

_COLLECTING = frozenset(state for state, _ in _UNTIL_COLLECTING)
_COLLECTED = frozenset(
    {"DATA_COLLECTED", "START_EVALUATING_RULES_PENDING", "EVALUATING_RULES", "COMPLETED", "COMPLETED_WITH_ERRORS"}
)

_MAX_CHANGES = 50
"""The model's bound of AssessmentRunStateChangeList."""

StateChange = tuple[str, int]
"""A state and the moment at which it begins, in milliseconds since 1970."""


@dataclass(slots=True, eq=False)
class Run:
    """An assessment run (data type AssessmentRun)."""

    number: int
    arn: str
    name: str
    template: Template
    duration: int
    packages: tuple[str, ...]
    user_attributes: tuple[dict[str, str], ...]
    agents: list[RunAgent]
    timeline: list[StateChange] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    findings_row: NumberedList[Finding] = field(default_factory=NumberedList)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEVERITIES, 0))
    exclusions: dict[str, Exclusion] = field(default_factory=dict)
    reports: dict[tuple[str, str], int] = field(default_factory=dict)
    report_urls: dict[str, int] = field(default_factory=dict)
    evaluates_at: int | None = None
    evaluated: range = range(0)
    forced: bool = False
    notifications: list[Notification] = field(default_factory=list)
    plan: int = 0
    events_planned: int | None = None
    fresh: int | None = None
    """Which plan is on the agenda, which one its state changes are planned for, and where new ones begin."""

    @property
    def created(self) -> int:
        """When StartAssessmentRun was called."""
        return self.timeline[0][1]

    def begin(self, moment: int) -> None:
        """Let the run begin at ``moment`` and take its default course: its data collection lasts its duration."""
        self.timeline = [(state, moment + offset) for state, offset in _UNTIL_COLLECTING]
        self.fresh = 0
        self._stop_collecting(self.timeline[-1][1] + self.duration * 1000)

    def stop(self, moment: int) -> None:
        """End the data collection at ``moment`` (when it has ended already, nothing changes)."""
        if self.state(moment) in _COLLECTING:
            self.timeline = self.cut(moment)
            self.fresh = len(self.timeline)
            self.forced = False
            self._stop_collecting(moment)

    def _stop_collecting(self, moment: int) -> None:
        end = moment + _END_AFTER_STOP
        self.timeline += [(state, moment + offset) for state, offset in _AFTER_STOP]
        self.timeline.append(("COMPLETED", end))
        self.settle_end()
        self.evaluates_at = end - _FINDINGS_BEFORE_END

    def settle_end(self) -> None:
        """Let the run that was left to its course end with errors when none of its agents can be assessed."""
        state, end = self.timeline[-1]
        if not self.forced and state in ("COMPLETED", "COMPLETED_WITH_ERRORS"):
            assessed = not self.agents or any(agent.exclusion is None for agent in self.agents)
            self.timeline[-1] = ("COMPLETED" if assessed else "COMPLETED_WITH_ERRORS", end)

    def cut(self, moment: int) -> list[StateChange]:
        """The state changes that have happened at ``moment``."""
        return [change for change in self.timeline if change[1] <= moment]

    def force(self, state: str, moment: int) -> None:
        """Put the run into ``state`` from ``moment`` on; nothing further happens to it, no rule is evaluated."""
        past = self.cut(moment)
        self.fresh = len(past)
        self.timeline = past if state == self.state(moment) else [*past, (state, moment)]
        self.evaluates_at = None
        self.forced = True

    def change(self, moment: int) -> StateChange:
        """The last state change at ``moment``."""
        last = self.timeline[0]
        for change in self.timeline:
            if change[1] > moment:
                break
            last = change
        return last

    def state(self, moment: int) -> str:
        """The state at ``moment``."""
        return self.change(moment)[0]

    def next_change(self, moment: int) -> StateChange | None:
        """The next state change after ``moment``, or None when nothing lies ahead."""
        return next((change for change in self.timeline if change[1] > moment), None)

    def changes_ahead(self, moment: int) -> list[int]:
        """When something about the run changes after ``moment``: its state, its findings, its reports."""
        changes = [begun for _, begun in self.timeline]
        changes += [begun + REPORT_DURATION_MS for begun in self.reports.values()]
        if self.evaluates_at is not None:
            changes.append(self.evaluates_at)
        return [change for change in changes if change > moment]

    def in_progress(self, moment: int) -> bool:
        """Whether the run has not ended at ``moment``."""
        return self.state(moment) not in TERMINAL

    def started(self, moment: int) -> int | None:
        """When data collection began, or None when it has not."""
        return next((begun for state, begun in self.cut(moment) if state == "COLLECTING_DATA"), None)

    def completed(self, moment: int) -> int | None:
        """When the run ended, or None while it is in progress."""
        state, begun = self.change(moment)
        return begun if state in TERMINAL else None

    def data_collected(self, moment: int) -> bool:
        """Whether the agents' data has been collected: by its state, or when it ended early, by its history."""
        state = self.state(moment)
        if state in ("CANCELED", "FAILED", "ERROR"):
            return any(past in _COLLECTED for past, _ in self.cut(moment))
        return state in _COLLECTED

    def has_telemetry(self, moment: int) -> bool:
        """Whether the agents have begun to send data."""
        return self.started(moment) is not None or self.data_collected(moment)

    def collecting(self, moment: int) -> bool:
        """Whether the run holds its agents: from its start until their data is collected."""
        return self.in_progress(moment) and not self.data_collected(moment)

    def to_api(self, moment: int) -> dict[str, Any]:
        """The run as DescribeAssessmentRuns shows it."""
        state, changed = self.change(moment)
        started, completed = self.started(moment), self.completed(moment)
        shown: dict[str, Any] = {
            "arn": self.arn,
            "name": self.name,
            "assessmentTemplateArn": self.template.arn,
            "state": state,
            "durationInSeconds": self.duration,
            "rulesPackageArns": list(self.packages),
            "userAttributesForFindings": [dict(attribute) for attribute in self.user_attributes],
            "createdAt": seconds(self.created),
            "stateChangedAt": seconds(changed),
            "dataCollected": self.data_collected(moment),
            "stateChanges": [
                {"state": name, "stateChangedAt": seconds(begun)} for name, begun in self.cut(moment)[-_MAX_CHANGES:]
            ],
            "notifications": [notification.to_api() for notification in self.notifications],
        }
        if started is not None:
            shown["startedAt"] = seconds(started)
        if completed is not None:
            shown["completedAt"] = seconds(completed)
            shown["findingCounts"] = dict(self.counts)
        return shown

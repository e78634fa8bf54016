"""The assessment run: a timeline, and what follows from it at any moment.

A run is never advanced. It keeps the moments at which its states begin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..api.service_model import max_length
from ..clock.moments import EpochMs, to_seconds
from .agents import RunAgent
from .messages import Notification
from .targets import Template

REPORT_DURATION_MS = 4_000
"""How long the generation of a report takes. Known clients poll a few times, every 5 seconds."""

TERMINAL_STATES = frozenset({"COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELED", "FAILED", "ERROR"})
COMPLETED_STATES = frozenset({"COMPLETED", "COMPLETED_WITH_ERRORS"})
_ABORTED_STATES = TERMINAL_STATES - COMPLETED_STATES

# Offsets from the start, and from the end of the data collection. They are those of the run in the samples of
# DescribeAssessmentRuns and DescribeFindings.
_START_OFFSETS_MS = (
    ("CREATED", 0),
    ("START_DATA_COLLECTION_PENDING", 30),
    ("START_DATA_COLLECTION_IN_PROGRESS", 61),
    ("COLLECTING_DATA", 126),
)
_STOP_OFFSETS_MS = (("STOP_DATA_COLLECTION_PENDING", 0), ("DATA_COLLECTED", 59_964), ("EVALUATING_RULES", 60_216))
_END_OFFSET_MS = 61_517
_EVALUATION_BEFORE_END_MS = 30

_COURSE = tuple(state for state, _ in (*_START_OFFSETS_MS, *_STOP_OFFSETS_MS))
"""The states that a run passes through until its rules are evaluated."""

_RANKS: dict[str, float] = {
    **{state: rank for rank, state in enumerate(_COURSE)},
    "START_EVALUATING_RULES_PENDING": _COURSE.index("EVALUATING_RULES") - 0.5,
    **dict.fromkeys(TERMINAL_STATES, len(_COURSE)),
}
"""The order of the states, that of AssessmentRunState. A run has one terminal state."""

_STATES_BEFORE_STOP = frozenset(state for state, _ in _START_OFFSETS_MS)
COLLECTION_STATES = frozenset({"COLLECTING_DATA", "DATA_COLLECTED"})
"""The states with which the data collection begins and ends."""

_STATES_AFTER_COLLECTION = COMPLETED_STATES | {
    "DATA_COLLECTED",
    "START_EVALUATING_RULES_PENDING",
    "EVALUATING_RULES",
}


class StateChange(NamedTuple):
    """A state of a run, and when it begins."""

    state: str
    moment: EpochMs


def is_possible(timeline: Sequence[StateChange]) -> bool:
    """Whether a run can have these state changes: from CREATED on, in order, each state once."""
    ranks = [_RANKS[change.state] for change in timeline]
    moments = [change.moment for change in timeline]
    return ranks[:1] == [0] and ranks == sorted(set(ranks)) and moments == sorted(moments)


@dataclass(slots=True, eq=False)
class Run:
    """An assessment run (data type AssessmentRun)."""

    number: int
    arn: str
    name: str
    template: Template
    duration_seconds: int
    packages: tuple[str, ...]
    user_attributes: tuple[dict[str, str], ...]
    agents: list[RunAgent]
    timeline: list[StateChange] = field(default_factory=list)
    evaluates_at: EpochMs | None = None
    """When the rules are evaluated; None when they have been, or will not be."""
    evaluated: range = range(0)
    """The numbers of the findings and exclusions that the evaluation reported."""
    forced: bool = False
    """Whether ``set_run_state`` ended the run's own course."""
    reports: dict[tuple[str, str], EpochMs] = field(default_factory=dict)
    """When each report was first requested, by format and type."""
    report_urls: dict[str, EpochMs] = field(default_factory=dict)
    """When each URL of a report was issued, by signature."""
    notifications: list[Notification] = field(default_factory=list)

    @property
    def parent_arn(self) -> str:
        """The ARN of its template."""
        return self.template.arn

    @property
    def created(self) -> EpochMs:
        """When StartAssessmentRun was called."""
        return self.timeline[0].moment

    # The course of a run. Each method returns the index in the timeline at which new changes begin, or None.

    def begin(self, moment: EpochMs) -> int:
        """Start the run. Its data collection lasts for its duration."""
        self.timeline = [StateChange(state, EpochMs(moment + offset)) for state, offset in _START_OFFSETS_MS]
        self._end_collection(EpochMs(self.timeline[-1].moment + self.duration_seconds * 1000))
        return 0

    def stop(self, moment: EpochMs) -> int | None:
        """End the data collection now. Nothing changes when it has already ended."""
        if self.state(moment) not in _STATES_BEFORE_STOP:
            return None
        past, skipped = self._path_to(_STOP_OFFSETS_MS[0][0], moment)
        self.timeline = past + skipped
        self.forced = False
        self._end_collection(moment)
        return len(past)

    def force(self, state: str, moment: EpochMs) -> int:
        """Put the run into ``state``. Nothing further happens to it, and no rule is evaluated.

        States that the run must have passed through are filled in at ``moment``. A state that lies behind keeps its
        moment and ends the history. A terminal state replaces another one.
        """
        past, skipped = self._path_to(state, moment)
        begun = [change for change in self.history(moment) if change.state == state]
        self.timeline = past + (begun or [*skipped, StateChange(state, moment)])
        self.evaluates_at = None
        self.forced = True
        return len(past) + len(begun)

    def _path_to(self, state: str, moment: EpochMs) -> tuple[list[StateChange], list[StateChange]]:
        """The history before ``state``, and the states that are missing in it, which begin at ``moment``.

        No state is missing before one that aborts the run.
        """
        past = [change for change in self.history(moment) if _RANKS[change.state] < _RANKS[state]]
        begun = _RANKS[past[-1].state] if past else -1
        passed = () if state in _ABORTED_STATES else _COURSE
        return past, [StateChange(name, moment) for name in passed if begun < _RANKS[name] < _RANKS[state]]

    def _end_collection(self, moment: EpochMs) -> None:
        end = EpochMs(moment + _END_OFFSET_MS)
        self.timeline += [StateChange(state, EpochMs(moment + offset)) for state, offset in _STOP_OFFSETS_MS]
        self.timeline.append(StateChange("COMPLETED", end))
        self.settle_end()
        self.evaluates_at = EpochMs(end - _EVALUATION_BEFORE_END_MS)

    def settle_end(self) -> None:
        """Set the end state: with errors when none of the agents can be assessed."""
        state, end = self.timeline[-1]
        if not self.forced and state in COMPLETED_STATES:
            assessed = not self.agents or any(agent.exclusion is None for agent in self.agents)
            self.timeline[-1] = StateChange("COMPLETED" if assessed else "COMPLETED_WITH_ERRORS", end)

    # What the run is at a moment

    def history(self, moment: EpochMs) -> list[StateChange]:
        """The state changes up to ``moment``."""
        return [change for change in self.timeline if change.moment <= moment]

    def last_change(self, moment: EpochMs) -> StateChange:
        """The last state change at ``moment``."""
        last = self.timeline[0]
        for change in self.timeline:
            if change.moment > moment:
                break
            last = change
        return last

    def state(self, moment: EpochMs) -> str:
        """The state at ``moment``."""
        return self.last_change(moment).state

    def next_change(self, moment: EpochMs) -> StateChange | None:
        """The next state change after ``moment``, or None."""
        return next((change for change in self.timeline if change.moment > moment), None)

    def changes_ahead(self, moment: EpochMs) -> list[EpochMs]:
        """When the state, the findings or a report of the run changes after ``moment``."""
        changes = [change.moment for change in self.timeline]
        changes += [EpochMs(begun + REPORT_DURATION_MS) for begun in self.reports.values()]
        if self.evaluates_at is not None:
            changes.append(self.evaluates_at)
        return [change for change in changes if change > moment]

    def was_evaluated(self, moment: EpochMs) -> bool:
        """Whether the run can have findings of an evaluation: it has come that far, and was not canceled."""
        states = [change.state for change in self.history(moment)]
        return _COURSE[-1] in states and states[-1] != "CANCELED"

    def in_progress(self, moment: EpochMs) -> bool:
        """Whether the run has not ended at ``moment``."""
        return self.state(moment) not in TERMINAL_STATES

    def started(self, moment: EpochMs) -> EpochMs | None:
        """When data collection began, or None."""
        return next((change.moment for change in self.history(moment) if change.state == "COLLECTING_DATA"), None)

    def completed(self, moment: EpochMs) -> EpochMs | None:
        """When the run ended, or None while it is in progress."""
        state, begun = self.last_change(moment)
        return begun if state in TERMINAL_STATES else None

    def data_collected(self, moment: EpochMs) -> bool:
        """Whether the agents' data is collected: by the state, or by the history of a run that was aborted."""
        state = self.state(moment)
        if state in _ABORTED_STATES:
            return any(change.state in _STATES_AFTER_COLLECTION for change in self.history(moment))
        return state in _STATES_AFTER_COLLECTION

    def has_telemetry(self, moment: EpochMs) -> bool:
        """Whether the agents have begun to send data."""
        return self.started(moment) is not None or self.data_collected(moment)

    def is_collecting(self, moment: EpochMs) -> bool:
        """Whether the run holds its agents: from its start until their data is collected."""
        return self.in_progress(moment) and not self.data_collected(moment)

    def to_api(self, moment: EpochMs, finding_counts: Mapping[str, int]) -> dict[str, Any]:
        """The run as DescribeAssessmentRuns shows it. ``finding_counts`` are by severity."""
        history, started, completed = self.history(moment), self.started(moment), self.completed(moment)
        state, changed = self.last_change(moment)
        members: dict[str, Any] = {
            "arn": self.arn,
            "name": self.name,
            "assessmentTemplateArn": self.template.arn,
            "state": state,
            "durationInSeconds": self.duration_seconds,
            "rulesPackageArns": list(self.packages),
            "userAttributesForFindings": [dict(attribute) for attribute in self.user_attributes],
            "createdAt": to_seconds(self.created),
            "stateChangedAt": to_seconds(changed),
            "dataCollected": self.data_collected(moment),
            "stateChanges": [
                {"state": change.state, "stateChangedAt": to_seconds(change.moment)}
                for change in history[-max_length("AssessmentRunStateChangeList") :]
            ],
            "notifications": [notification.to_api() for notification in self.notifications],
        }
        if started is not None:
            members["startedAt"] = to_seconds(started)
        if completed is not None:
            members["completedAt"] = to_seconds(completed)
            members["findingCounts"] = dict(finding_counts)
        return members

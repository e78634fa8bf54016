"""Polls that would never end, noticed: time is moved for them, or they end in an error that explains.

While time is frozen, code that reads again and again without sleeping waits for a change that time must bring, and
code that waits for a change that no time will bring waits for ever (design, section 5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..clock.clock import frozen, iso

if TYPE_CHECKING:
    from .runs import Run
    from .service import FakeService
    from .store import Store

MAX_IDENTICAL_READS = 100
"""How often the same read is answered the same, time standing still, before the clock moves to the next change."""

MAX_IDENTICAL_READS_WITHOUT_CHANGE = 10_000
"""The same, when nothing that was read can change any more: so many are no poll of a benchmark, but an endless one."""

MAX_SLEEPING_READS = 1_000
"""How often the same read is answered the same with sleeps in between, when no change lies ahead."""

MAX_SLEEPS = 100_000
"""How often code sleeps with no change ahead and no other call than reads."""

POLLED = frozenset(
    {
        "DescribeAssessmentRuns",
        "GetAssessmentReport",
        "GetExclusionsPreview",
        "GetTelemetryMetadata",
        "ListAssessmentRunAgents",
        "ListAssessmentRuns",
        "ListExclusions",
        "ListFindings",
    }
)
"""The reads whose answers time alone can change; only those can be polls."""


MAX_POLLS = 10_000
"""How many different reads are counted at a time."""


class EndlessPollError(RuntimeError):
    """Code under test waits for something that will not happen."""


@dataclass(slots=True)
class _Poll:
    """A read, its last answer, and how often that came in a row."""

    answer: int = 0
    moment: int = 0
    sleeps: int = 0
    still: int = 0
    slept: int = 0


class PollDetector:
    """Counts the reads and sleeps of one mock."""

    def __init__(self, service: FakeService) -> None:
        self._service = service
        self._polls: dict[tuple[str, str, bytes], _Poll] = {}
        self._sleeps = 0
        self._asleep_since = 0
        self._sleeper = ""

    def written(self) -> None:
        """Something was changed: what comes is no repetition of what was."""
        self._polls.clear()
        self._asleep_since = self._sleeps

    def before(self, store: Store, operation: str, body: bytes) -> None:
        """Before a polled read is answered: move the clock for it, or end it with EndlessPollError."""
        poll = self._polls.get((store.owner, operation, body))
        if poll is not None and poll.moment != store.now:
            poll.moment, poll.still = store.now, 0
        if poll is None or max(poll.still, poll.slept) < MAX_IDENTICAL_READS or not frozen():
            return
        subjects = _Subjects(store, body)
        ahead = subjects.next_change(store.now)
        if ahead is not None:
            if poll.still >= MAX_IDENTICAL_READS:
                self._service.clock.move_to(ahead / 1000)
        elif poll.slept >= MAX_SLEEPING_READS or poll.still >= (
            MAX_IDENTICAL_READS if subjects.stuck(store.now) else MAX_IDENTICAL_READS_WITHOUT_CHANGE
        ):
            raise EndlessPollError(self._explanation(operation, poll, subjects, store))

    def after(self, store: Store, operation: str, body: bytes, answer: bytes) -> None:
        """After a polled read was answered: count it."""
        if len(self._polls) >= MAX_POLLS:
            self._polls.clear()
        poll = self._polls.setdefault((store.owner, operation, body), _Poll())
        digest = hash(answer)
        if poll.answer != digest:
            poll.answer, poll.still, poll.slept = digest, 0, 0
        if poll.moment != store.now:
            poll.moment, poll.still = store.now, 0
        if poll.sleeps != self._sleeps:
            poll.sleeps = self._sleeps
            poll.slept += 1
        poll.still += 1

    def slept(self, where: str) -> None:
        """Code sleeps, at the line ``where``. EndlessPollError when it does so without end."""
        self._sleeps += 1
        self._sleeper = where
        if self._sleeps - self._asleep_since >= MAX_SLEEPS:
            self._asleep_since = self._sleeps
            for store in self._service.stores():
                if _Subjects(store, b"").next_change(self._service.now) is not None:
                    return
            raise EndlessPollError(
                f"Code has slept {MAX_SLEEPS} times, last at {where}, and nothing of this mock lies ahead: "
                f"{self._last_run()} Stop sleeping when that is the state, or let sleeps really wait with sleep=False."
            )

    def _last_run(self) -> str:
        last = [run for store in self._service.stores() if (run := store.runs.row.last()) is not None]
        return _state(last[-1], self._service.now) if last else "no assessment run was ever started."

    def _explanation(self, operation: str, poll: _Poll, subjects: _Subjects, store: Store) -> str:
        count, how = (
            (poll.slept, f"sleeping in between, last at {self._sleeper}")
            if poll.slept >= MAX_SLEEPING_READS
            else (poll.still, f"while the frozen clock stood at {iso(store.now)}")
        )
        runs = " ".join(_state(run, store.now) for run in subjects.runs[-3:])
        return f"This poll cannot end: {operation} was answered the same {count} times, {how}. " + (
            runs or f"No assessment run is in progress in account {store.account_id}, {store.region}."
        )


class _Subjects:
    """What a read is about: the runs and templates that its parameters name, or all of the region."""

    def __init__(self, store: Store, body: bytes) -> None:
        named = sorted({arn.decode("utf-8", "replace") for arn in re.findall(rb'arn:[^"]+', body)})
        self.runs: list[Run] = [run for arn in named if (run := store.runs.get(arn)) is not None]
        templates = [template for arn in named if (template := store.templates.get(arn)) is not None]
        self.runs += [run for template in templates for run in template.runs]
        if not self.runs and not templates:
            self.runs = store.open_runs() or list(filter(None, [store.runs.row.last()]))
        self._templates = templates or list(store.templates)

    def next_change(self, moment: int) -> int | None:
        """When the next of it changes after ``moment``, or None when nothing lies ahead."""
        changes = [change for run in self.runs for change in run.changes_ahead(moment)]
        changes += [preview.ready for template in self._templates for preview in template.previews.values()]
        return min((change for change in changes if change > moment), default=None)

    def stuck(self, moment: int) -> bool:
        """Whether a run is in progress, and yet nothing lies ahead of it."""
        return any(run.in_progress(moment) and run.next_change(moment) is None for run in self.runs)


def _state(run: Run, moment: int) -> str:
    state, since = run.change(moment)
    if run.forced:
        why = "it was put there by set_run_state, so nothing lies ahead"
    elif run.in_progress(moment):
        ahead = run.next_change(moment)
        why = f"its next change is {ahead[0]} at {iso(ahead[1])}" if ahead else "nothing lies ahead"
    else:
        why = "it has ended, so nothing lies ahead"
    return f"Run {run.arn} is {state} since {iso(since)}: {why}."

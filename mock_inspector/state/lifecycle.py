"""Runs begin, stop, are forced and deleted; the schedule follows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .evaluation import evaluate
from .membership import has_ec2_instances, record_departures
from .notifications import notify_findings, notify_state_change
from .runs import COLLECTION_STATES, Run
from .schedule import Event
from .store import Store
from .targets import Template

_EVALUATION = -1
"""The order of the evaluation: at the same moment it comes before a state change."""
_DEPARTURES = -2
"""The order of what EC2 says. It comes first."""


def begin_run(store: Store, run: Run) -> None:
    """Start a run and add it to the store."""
    first = run.begin(store.now)
    store.runs.add(run.arn, run)
    schedule_run(store, run, first)


def stop_run(store: Store, run: Run) -> None:
    """End a run's data collection now; its evaluation follows."""
    schedule_run(store, run, run.stop(store.now))


def cancel_run(store: Store, run: Run) -> None:
    """Cancel a run now, without findings."""
    force_state(store, run, "CANCELED")


def force_state(store: Store, run: Run, state: str) -> None:
    """Put a run into a state now. Nothing further happens to it.

    What an evaluation reported goes when the run has not come that far any more, or is canceled.
    """
    first = run.force(state, store.now)
    if not run.was_evaluated(store.now):
        store.remove_evaluation(run)
    schedule_run(store, run, first)


def schedule_run(store: Store, run: Run, first: int | None = None) -> None:
    """Schedule a run's events, in place of those scheduled before.

    State changes are scheduled from index ``first`` of the timeline on, or those ahead of the clock. Only
    subscriptions and instances of EC2 need them.
    """
    store.track(run)
    events = []
    if run.evaluates_at is not None:
        events.append(Event(run.evaluates_at, _EVALUATION, partial(_evaluate, store, run)))
    changes = [
        (index, change)
        for index, change in enumerate(run.timeline)
        if (change.moment > store.now if first is None else index >= first)
    ]
    if len(store.subscriptions.of(run.template.arn)):
        events += [
            Event(change.moment, index, partial(notify_state_change, store, run, index)) for index, change in changes
        ]
    if has_ec2_instances(store, run):
        looks = {*COLLECTION_STATES}
        if all(change.state != "DATA_COLLECTED" for change in run.timeline):
            looks.add(run.timeline[-1].state)  # its data collection ends with the run
        events += [
            Event(
                change.moment, _DEPARTURES, partial(record_departures, store, run, at_once=change.moment <= store.now)
            )
            for _, change in changes
            if change.state in looks
        ]
    store.context.schedule.replace((store.owner, run.number), events)


def _evaluate(store: Store, run: Run) -> None:
    last = store.findings.of(run).all.last()
    evaluate(store, run, store.now)
    reported = store.findings.of(run).all.after(-1 if last is None else last.number)
    notify_findings(store, run, reported, store.now)


def delete_runs(store: Store, runs: Sequence[Run]) -> None:
    """Delete runs with everything they reported."""
    store.findings.remove(finding for run in runs for finding in store.findings.of(run).all)
    store.exclusions.remove_all([str(entry.arn) for run in runs for entry in store.exclusions.of(run.arn)])
    store.runs.remove_all([run.arn for run in runs])
    for run in runs:
        store.context.schedule.replace((store.owner, run.number), ())


def delete_templates(store: Store, templates: Sequence[Template]) -> None:
    """Delete templates with their runs, subscriptions and previews."""
    delete_runs(store, [run for template in templates for run in store.runs.of(template.arn)])
    keys = [entry.key for template in templates for entry in store.subscriptions.of(template.arn)]
    store.subscriptions.remove_all(keys)
    for template in templates:
        store.previews.remove_of(template.arn)
    store.templates.remove_all([template.arn for template in templates])

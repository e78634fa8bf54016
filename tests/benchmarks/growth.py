"""How costs grow: twice the work against the work, up to 20,000."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

from mock_inspector import InspectorBackend, mock_inspector

from .large import _run, _template
from .measuring import Figure, Size, seconds

_LIMITS = dict.fromkeys(("assessment_targets", "assessment_templates", "assessment_runs", "event_subscriptions"))
_TOPIC = "arn:aws:sns:us-west-2:123456789012:growth"
_YEAR_SECONDS = 365 * 86_400
_CPU_CLOCK = (time.process_time,)
_MAX_GROWTH = 2.6
"""Twice the work takes twice as long, and a little more where the memory's caches get too small; four times if quadratic."""
_TURNS = 3
"""The machine's speed changes within seconds: the median of some ratios tells more than one of larger numbers."""


def growth(size: Size) -> Iterator[Figure]:
    """Twice the templates, subscriptions and runs against half of them, up to 20,000."""
    half = size.of(10_000, 50)
    _measure(10)  # The first use of each action takes longer.
    turns = [(_measure(half), _measure(2 * half)) for _ in range(_TURNS)]
    for what in turns[0][0]:
        ratio = median(twice[what] / once[what] for once, twice in turns)
        yield Figure(f"{what}: {2 * half:,} / {half:,}", _MAX_GROWTH, ratio)


def _measure(count: int) -> dict[str, float]:
    """The processor's seconds for each kind of work: only one thing is measured at a time, so nothing evens out."""
    took: dict[str, float] = {}

    def measure(what: str, work: Callable[[], Any]) -> None:
        gc.collect()
        gc.disable()  # How often it looks at everything depends on what there was before.
        try:
            begun = _CPU_CLOCK[0]()
            work()
            took[what] = _CPU_CLOCK[0]() - begun
        finally:
            gc.enable()

    with mock_inspector(region="us-west-2", limits=_LIMITS) as backend:
        templates: list[str] = []
        target = backend.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        measure("creating templates", lambda: templates.extend(_create(backend, target, n) for n in range(count)))
        snapshot = backend.snapshot()
        measure("restoring templates", lambda: backend.restore(snapshot))
        measure("subscribing", lambda: _for_each(templates, partial(_subscribe, backend)))
        measure("starting runs", lambda: [_start(backend, template) for template in templates])
        measure("events of a move of the clock", lambda: backend.clock.tick(_YEAR_SECONDS))
        measure("deleting templates", lambda: _for_each(templates, partial(_delete_template, backend)))
        template = _create(backend, target, count)
        runs = [_start(backend, template) for _ in range(count)]
        backend.clock.tick(_YEAR_SECONDS)
        measure("deleting runs", lambda: [backend.delete_assessment_run(assessmentRunArn=run) for run in runs])
    return took


def _for_each(items: list[str], call: Callable[[str], None]) -> None:
    for item in items:
        call(item)


def _create(backend: InspectorBackend, target: str, number: int) -> str:
    created = backend.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName=f"template {number}",
        durationInSeconds=180,
        rulesPackageArns=backend.list_rules_packages()["rulesPackageArns"][:1],
    )
    return str(created["assessmentTemplateArn"])


def _subscribe(backend: InspectorBackend, template: str) -> None:
    backend.subscribe_to_event(resourceArn=template, event="ASSESSMENT_RUN_COMPLETED", topicArn=_TOPIC)


def _start(backend: InspectorBackend, template: str) -> str:
    return str(backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])


def _delete_template(backend: InspectorBackend, template: str) -> None:
    backend.delete_assessment_template(assessmentTemplateArn=template)


def loading(size: Size) -> Iterator[Figure]:
    """Restoring a state of 1,000,000 findings, against reading its JSON."""
    agents, runs = size.of(500, 10), size.of(10, 1)
    with mock_inspector(region="us-west-2", freeze=False) as backend:
        template = _template(backend, agents)
        for _ in range(runs):
            _run(backend, template)
        text = json.dumps(backend.snapshot())
        backend.reset()
        snapshot: dict[str, Any] = {}
        read = seconds(lambda: snapshot.update(json.loads(text)))
        loaded = seconds(lambda: backend.restore(snapshot))
    findings = agents * runs * 200
    yield Figure(f"restoring a state of {findings:,} findings / reading its JSON", 4, loaded / read)

"""SNS notifications: the messages that topics get about a template's runs, at the time of each event.

Bodies are those of production: compact JSON, whose members have the order of a Java ``HashMap`` (``_ORDER``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from ..clock.moments import EpochMs, format_zulu
from .findings import Finding
from .messages import ACCESS_DENIED, SUCCESS, TOPIC_DOES_NOT_EXIST, PublishedMessage
from .outbox import Delivery
from .runs import COMPLETED_STATES, Run
from .store import Store
from .targets import Template

ENABLED = "ENABLE_ASSESSMENT_NOTIFICATIONS"
"""The event of the message that a topic gets when it is subscribed."""

RUN_STARTED = "ASSESSMENT_RUN_STARTED"
RUN_COMPLETED = "ASSESSMENT_RUN_COMPLETED"
STATE_CHANGED = "ASSESSMENT_RUN_STATE_CHANGED"
FINDING_REPORTED = "FINDING_REPORTED"

_ORDER = ("template", "newstate", "findingsCount", "run", "time", "finding", "event", "target")
_encode = json.JSONEncoder(separators=(",", ":")).encode


def notify_subscribed(store: Store, template: Template, topic_arn: str) -> str:
    """Send a topic the message of its subscription. Returns the ``snsPublishStatusCode``.

    A topic that is absent or closed gets no message, and none is recorded.
    """
    time = format_zulu(store.now)
    message = PublishedMessage(topic_arn, _format_message(ENABLED, template, time), SUCCESS, ENABLED, time)
    sent = store.context.external_answers.publish(store.caller, message)
    if sent.status not in (TOPIC_DOES_NOT_EXIST, ACCESS_DENIED):
        store.context.published.append(sent)
    return sent.status


def notify_state_change(store: Store, run: Run, index: int) -> None:
    """Send the messages of the state change at ``index`` in a run's timeline."""
    state, moment = run.timeline[index]
    if index == 0:
        _notify(store, run, RUN_STARTED, moment)
        return
    _notify(store, run, STATE_CHANGED, moment, newstate=state)
    if state in COMPLETED_STATES and _topics(store, run.template, RUN_COMPLETED):
        _notify(store, run, RUN_COMPLETED, moment, findingsCount=_format_counts(store, run, moment))


def notify_findings(store: Store, run: Run, findings: Iterable[Finding], moment: EpochMs) -> None:
    """Send the messages of new findings."""
    topics = _topics(store, run.template, FINDING_REPORTED)
    if topics:
        time = format_zulu(moment)
        messages = [
            _format_message(FINDING_REPORTED, run.template, time, run=run.arn, finding=finding.arn)
            for finding in findings
        ]
        _send(store, run, FINDING_REPORTED, topics, messages, moment)


def _notify(store: Store, run: Run, event: str, moment: EpochMs, **members: str) -> None:
    topics = _topics(store, run.template, event)
    if topics:
        message = _format_message(event, run.template, format_zulu(moment), run=run.arn, **members)
        _send(store, run, event, topics, [message], moment)


def _topics(store: Store, template: Template, event: str) -> list[str]:
    """The topics that are subscribed to an event, in the order of their subscription."""
    return [entry.topic_arn for entry in store.subscriptions.of(template.arn) if event in entry.events]


def _format_message(event: str, template: Template, time: str, **members: str) -> str:
    body = {"template": template.arn, "time": time, "event": event, "target": template.target.arn, **members}
    return _encode({name: body[name] for name in _ORDER if name in body})


def _send(store: Store, run: Run, event: str, topics: list[str], messages: list[str], moment: EpochMs) -> None:
    for index, topic in enumerate(topics):
        # A run lists a finding once, however many topics get it.
        notifications = run.notifications if index == 0 or event != FINDING_REPORTED else None
        store.context.outbox.append(Delivery(store.caller, topic, event, messages, moment, notifications))


def _format_counts(store: Store, run: Run, moment: EpochMs) -> str:
    """The number of findings of each rules package, in the notation of a Java map."""
    found = Counter(entry.body.rules_package for entry in store.findings.of(run).all if entry.created <= moment)
    counts = {package: found.pop(package, 0) for package in run.packages}
    counts.update({package: count for package, count in found.items() if package is not None})
    return "{" + ", ".join(f"{package}={count}" for package, count in counts.items()) + "}"

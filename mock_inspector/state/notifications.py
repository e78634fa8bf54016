"""Events: what the service tells SNS topics about a template's runs, at the moments when it happens.

Bodies are those seen in production: compact JSON, whose members come in the order of a Java ``HashMap`` (``_ORDER``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..clock.clock import iso, seconds
from .external import ACCESS_DENIED, SUCCESS, TOPIC_DOES_NOT_EXIST

if TYPE_CHECKING:
    from .findings import Finding
    from .runs import Run
    from .store import Store
    from .targets import Template

SET_UP = "ENABLE_ASSESSMENT_NOTIFICATIONS"
"""The event of the message that a topic gets when it is subscribed to another event."""

RUN_STARTED = "ASSESSMENT_RUN_STARTED"
RUN_COMPLETED = "ASSESSMENT_RUN_COMPLETED"
STATE_CHANGED = "ASSESSMENT_RUN_STATE_CHANGED"
FINDING_REPORTED = "FINDING_REPORTED"

MAX_NOTIFICATIONS = 50
"""The model's bound of AssessmentRunNotificationList."""

_ORDER = ("template", "newstate", "findingsCount", "run", "time", "finding", "event", "target")
_encode = json.JSONEncoder(separators=(",", ":")).encode


class PublishedMessage(NamedTuple):
    """A message that was sent to an SNS topic.

    ``status`` is the ``snsPublishStatusCode``, ``time`` the moment of the event as the message shows it.
    """

    topic_arn: str
    message: str
    status: str
    event: str
    time: str


class Notification(NamedTuple):
    """What a run keeps of a message (data type AssessmentRunNotification); ``date`` is in milliseconds."""

    date: int
    event: str
    message: str
    topic_arn: str
    status: str

    def to_api(self) -> dict[str, Any]:
        """The notification as DescribeAssessmentRuns shows it."""
        return {
            "date": seconds(self.date),
            "event": self.event,
            "message": self.message,
            "error": self.status != SUCCESS,
            "snsTopicArn": self.topic_arn,
            "snsPublishStatusCode": self.status,
        }


def set_up(store: Store, template: Template, topic_arn: str) -> str:
    """Tell a topic that it will get a template's events; returns the ``snsPublishStatusCode``.

    What a topic does not take, that is absent or closed, was not sent: it is refused, not recorded.
    """
    time = zulu(store.now)
    message = _message(SET_UP, template, time)
    status = store.service.external.publish(store, topic_arn, [message])[0]
    if status not in (TOPIC_DOES_NOT_EXIST, ACCESS_DENIED):
        store.service.published.append(PublishedMessage(topic_arn, message, status, SET_UP, time))
    return status


def state_changed(store: Store, run: Run, place: int) -> None:
    """A run's state has changed: to the one at ``place`` in its timeline."""
    state, moment = run.timeline[place]
    if place == 0:
        _tell(store, run, RUN_STARTED, moment)
        return
    _tell(store, run, STATE_CHANGED, moment, newstate=state)
    if state in ("COMPLETED", "COMPLETED_WITH_ERRORS") and _topics(store, run.template, RUN_COMPLETED):
        _tell(store, run, RUN_COMPLETED, moment, findingsCount=_findings_count(run, moment))


def findings_reported(store: Store, run: Run, findings: Iterable[Finding], moment: int) -> None:
    """A run has reported findings."""
    topics = _topics(store, run.template, FINDING_REPORTED)
    if topics:
        time = zulu(moment)
        messages = [
            _message(FINDING_REPORTED, run.template, time, run=run.arn, finding=found.arn) for found in findings
        ]
        _send(store, run, FINDING_REPORTED, topics, messages, moment)


def _tell(store: Store, run: Run, event: str, moment: int, **members: str) -> None:
    topics = _topics(store, run.template, event)
    if topics:
        _send(store, run, event, topics, [_message(event, run.template, zulu(moment), run=run.arn, **members)], moment)


def _topics(store: Store, template: Template, event: str) -> list[str]:
    """The topics that are subscribed to an event at this moment, in the order of their subscription."""
    return [entry.topic_arn for entry in store.subscriptions if entry.template is template and event in entry.events]


def _message(event: str, template: Template, time: str, **members: str) -> str:
    body = {"template": template.arn, "time": time, "event": event, "target": template.target.arn, **members}
    return _encode({name: body[name] for name in _ORDER if name in body})


def _send(store: Store, run: Run, event: str, topics: list[str], messages: list[str], moment: int) -> None:
    for place, topic in enumerate(topics):
        statuses = store.service.external.publish(store, topic, messages)
        fared = list(zip(messages, statuses, strict=True))
        time = zulu(moment)
        store.service.published += [PublishedMessage(topic, message, status, event, time) for message, status in fared]
        if place == 0 or event != FINDING_REPORTED:  # a finding is listed once, however many topics are told of it
            newest = fared[-MAX_NOTIFICATIONS:]
            run.notifications += [Notification(moment, event, message, topic, status) for message, status in newest]
            del run.notifications[:-MAX_NOTIFICATIONS]


def _findings_count(run: Run, moment: int) -> str:
    """How many findings each rules package has reported, as Java writes a map."""
    found = Counter(entry.content.rules_package for entry in run.findings_row if entry.created <= moment)
    counts = {package: found.pop(package, 0) for package in run.packages}
    counts.update({package: count for package, count in found.items() if package is not None})
    return "{" + ", ".join(f"{package}={count}" for package, count in counts.items()) + "}"


def zulu(moment: int) -> str:
    """A kept moment as the messages show it: ISO 8601 with milliseconds and ``Z``."""
    return iso(moment).replace("+00:00", "Z")

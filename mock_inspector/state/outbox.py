"""Messages on their way to SNS topics, and what other services have answered.

Other services run code of the test: handlers of botocore's events, and subscribers that call Inspector themselves,
perhaps in a thread of their own. Hence none is called under the service's lock. What happens at a moment puts its
messages here; they leave, in order, when the lock is released. An action or event that needs an answer is left and
begins anew with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ..api.service_model import max_length
from ..clock.moments import EpochMs, format_zulu
from .external import Caller, Ec2Instance, ExternalServices
from .messages import Notification, PublishedMessage

T = TypeVar("T")


@dataclass(slots=True)
class Delivery:
    """Messages about one event for one topic."""

    caller: Caller
    topic_arn: str
    event: str
    messages: list[str]
    moment: EpochMs
    notifications: list[Notification] | None
    """Where the run keeps them, or None."""

    def record(self, statuses: list[str], published: list[PublishedMessage]) -> None:
        """Record that the messages were sent, with the ``snsPublishStatusCode`` of each."""
        sent = list(zip(self.messages, statuses, strict=True))
        time = format_zulu(self.moment)
        published += [PublishedMessage(self.topic_arn, message, status, self.event, time) for message, status in sent]
        if self.notifications is not None:
            maximum = max_length("AssessmentRunNotificationList")
            self.notifications += [
                Notification(self.moment, self.event, message, self.topic_arn, status)
                for message, status in sent[-maximum:]
            ]
            del self.notifications[:-maximum]


Outbox = deque[Delivery]
"""Messages that are still to be sent, the first of them first."""


class MissingAnswerError(Exception):
    """An action or event needs what another service answers. ``ask`` calls that service."""

    def __init__(self, key: tuple[Any, ...], ask: Callable[[], Any]) -> None:
        super().__init__(*key)
        self.key = key
        self.ask = ask


class ExternalAnswers:
    """What other services have answered to the action or event that runs now.

    Each method raises MissingAnswerError when that service was not asked yet. Whoever calls them must not have changed
    anything before: it is left then, and begins anew with the answer.
    """

    def __init__(self, services: ExternalServices) -> None:
        self._services = services
        self._given: dict[tuple[Any, ...], Any] = {}

    @contextmanager
    def give(self, answers: dict[tuple[Any, ...], Any]) -> Iterator[None]:
        """Let what runs in this context have these answers, by the key of the error that asked for them."""
        self._given = answers
        try:
            yield
        finally:
            self._given = {}

    def find_instances(self, caller: Caller) -> list[Ec2Instance] | None:
        """Return the EC2 instances (see :meth:`.ExternalServices.find_instances`)."""
        return self._get(("find_instances", caller), partial(self._services.find_instances, caller))

    def check_role(self, caller: Caller, role_arn: str) -> str | None:
        """Return what is wrong with an IAM role (see :meth:`.ExternalServices.check_role`)."""
        return self._get(("check_role", caller, role_arn), partial(self._services.check_role, caller, role_arn))

    def publish(self, caller: Caller, message: PublishedMessage) -> PublishedMessage:
        """Send a message, once for a topic. Returns it with the ``snsPublishStatusCode``."""

        def send() -> PublishedMessage:
            (status,) = self._services.publish(caller, message.topic_arn, [message.message])
            return message._replace(status=status)

        return self._get(("publish", caller, message.topic_arn), send)

    def _get(self, key: tuple[Any, ...], ask: Callable[[], T]) -> T:
        if key not in self._given:
            raise MissingAnswerError(key, ask)
        answer: T = self._given[key]
        return answer

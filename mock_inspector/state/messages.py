"""Messages to SNS topics: what the mock and a run keep of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..api.service_model import max_length
from ..clock.moments import EpochMs, to_seconds

SUCCESS = "SUCCESS"
TOPIC_DOES_NOT_EXIST = "TOPIC_DOES_NOT_EXIST"
ACCESS_DENIED = "ACCESS_DENIED"
INTERNAL_ERROR = "INTERNAL_ERROR"
"""The values of ``snsPublishStatusCode``."""


class PublishedMessage(NamedTuple):
    """A message that was sent to an SNS topic.

    ``status`` is the ``snsPublishStatusCode``, ``time`` the time of the event as the message shows it.
    """

    topic_arn: str
    message: str
    status: str
    event: str
    time: str


class Notification(NamedTuple):
    """What a run keeps of a message (data type AssessmentRunNotification)."""

    date: EpochMs
    event: str
    message: str
    topic_arn: str
    status: str

    def to_api(self) -> dict[str, Any]:
        """The notification as DescribeAssessmentRuns shows it, which cuts the message. The topic got all of it."""
        return {
            "date": to_seconds(self.date),
            "event": self.event,
            "message": self.message[: max_length("Message")],
            "error": self.status != SUCCESS,
            "snsTopicArn": self.topic_arn,
            "snsPublishStatusCode": self.status,
        }

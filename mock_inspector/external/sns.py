"""SNS: the topics that are told of events."""

from __future__ import annotations

import json
from typing import Any

from ..api.arns import partition_of
from ..state.external import ACCESS_DENIED, INTERNAL_ERROR, SUCCESS, TOPIC_DOES_NOT_EXIST
from .client import Caller, Calls, NotAvailable, ServiceError
from .policies import denies, inspector_principals

_ABSENT = frozenset({"NotFound", "NotFoundException", "TopicNotFound", "ResourceNotFound"})
_DENIED = frozenset({"AuthorizationError", "AuthorizationErrorException", "AccessDenied", "AccessDeniedException"})


def publish(calls: Calls, caller: Caller, topic_arn: str, messages: list[str]) -> list[str]:
    """Send messages to a topic; the ``snsPublishStatusCode`` of each, SUCCESS when there is no SNS."""
    try:
        status = _status_of(calls, caller, topic_arn)
    except NotAvailable:
        return [SUCCESS] * len(messages)
    if status != SUCCESS:
        return [status] * len(messages)
    return [_publish(calls, _there(caller, topic_arn), topic_arn, message) for message in messages]


def _status_of(calls: Calls, caller: Caller, topic_arn: str) -> str:
    """How a topic takes messages, as a ``snsPublishStatusCode``. NoNeighbour when there is no SNS.

    A topic is closed when SNS denies a look at it, or its policy expressly denies Inspector to publish. That it
    has to allow it, too, is left out: tests make topics without a policy.
    """
    try:
        answer = calls.call("sns", _there(caller, topic_arn), "get_topic_attributes", TopicArn=topic_arn)
    except ServiceError as refusal:
        status = _status(refusal)
        return SUCCESS if status == INTERNAL_ERROR else status  # publishing will tell
    return ACCESS_DENIED if _closed(answer.get("Attributes", {}).get("Policy"), caller.region) else SUCCESS


def _publish(calls: Calls, caller: Caller, topic_arn: str, message: str) -> str:
    try:
        calls.call("sns", caller, "publish", TopicArn=topic_arn, Message=message)
    except NotAvailable:
        return SUCCESS
    except ServiceError as refusal:
        return _status(refusal)
    return SUCCESS


def _status(refusal: ServiceError) -> str:
    if refusal.code in _ABSENT:
        return TOPIC_DOES_NOT_EXIST
    return ACCESS_DENIED if refusal.code in _DENIED else INTERNAL_ERROR


def _there(caller: Caller, topic_arn: str) -> Caller:
    """The caller in the topic's region, which is the only one that knows it."""
    return caller._replace(region=topic_arn.split(":")[3])


def _closed(policy: Any, region: str) -> bool:
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return False
    return denies(document, "SNS:Publish", inspector_principals(region, partition_of(region)))

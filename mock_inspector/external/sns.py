"""SNS: the topics that get notifications."""

from __future__ import annotations

import json
from typing import Any

from ..api.arns import partition_of
from ..state.external import Caller
from ..state.messages import ACCESS_DENIED, INTERNAL_ERROR, SUCCESS, TOPIC_DOES_NOT_EXIST
from .client import ExternalClient, NotAvailable, ServiceError
from .policies import denies, inspector_principals

_ABSENT = frozenset({"NotFound", "NotFoundException", "TopicNotFound", "ResourceNotFound"})
_DENIED = frozenset({"AuthorizationError", "AuthorizationErrorException", "AccessDenied", "AccessDeniedException"})


def publish(client: ExternalClient, caller: Caller, topic_arn: str, messages: list[str]) -> list[str]:
    """Send messages to a topic. Returns the ``snsPublishStatusCode`` of each, SUCCESS without an SNS."""
    try:
        status = _check_topic(client, caller, topic_arn)
    except NotAvailable:
        return [SUCCESS] * len(messages)
    if status != SUCCESS:
        return [status] * len(messages)
    return [_publish(client, _in_region_of(caller, topic_arn), topic_arn, message) for message in messages]


def _check_topic(client: ExternalClient, caller: Caller, topic_arn: str) -> str:
    """Return whether a topic takes messages, as a ``snsPublishStatusCode``. NotAvailable without an SNS.

    A topic is closed when SNS denies access to it, or its policy denies Inspector to publish. The policy need not
    allow it: tests make topics without a policy.
    """
    try:
        answer = client.call("sns", _in_region_of(caller, topic_arn), "get_topic_attributes", TopicArn=topic_arn)
    except ServiceError as error:
        status = _to_status(error)
        return SUCCESS if status == INTERNAL_ERROR else status  # Publishing will show.
    return ACCESS_DENIED if _denies_publish(answer.get("Attributes", {}).get("Policy"), caller.region) else SUCCESS


def _publish(client: ExternalClient, caller: Caller, topic_arn: str, message: str) -> str:
    try:
        client.call("sns", caller, "publish", TopicArn=topic_arn, Message=message)
    except NotAvailable:
        return SUCCESS
    except ServiceError as error:
        return _to_status(error)
    return SUCCESS


def _to_status(error: ServiceError) -> str:
    if error.code in _ABSENT:
        return TOPIC_DOES_NOT_EXIST
    return ACCESS_DENIED if error.code in _DENIED else INTERNAL_ERROR


def _in_region_of(caller: Caller, topic_arn: str) -> Caller:
    """The caller in the topic's region: no other region knows the topic."""
    return caller._replace(region=topic_arn.split(":")[3])


def _denies_publish(policy: Any, region: str) -> bool:
    try:
        document = json.loads(policy or "{}")
    except ValueError:
        return False
    return denies(document, "SNS:Publish", inspector_principals(region, partition_of(region)))

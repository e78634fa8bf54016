"""Event subscriptions: which events of a template go to which SNS topic."""

from __future__ import annotations

from ..api import arns
from ..api.service_model import list_bound
from ..errors import AccessDeniedException, InvalidInputException, NoSuchEntityException, short_repr
from ..state import notifications
from ..state.external import ACCESS_DENIED, TOPIC_DOES_NOT_EXIST
from ..state.store import Store
from ..state.targets import Subscription
from .registry import Answer, action


@action(
    follows="reference and sample; messages as seen in production",
    approximates="the moments at which findings are reported; no quota is known",
)
def subscribe_to_event(store: Store, *, resourceArn: str, event: str, topicArn: str) -> Answer:
    """SubscribeToEvent. The topic gets a message that tells of it; subscribing again changes nothing.

    Whether the topic is there and open to Inspector is known only when an SNS answers in the same test. Errors:
    NoSuchEntityException (SNS_TOPIC_DOES_NOT_EXIST), AccessDeniedException (ACCESS_DENIED_TO_SNS_TOPIC),
    InvalidInputException (INVALID_SNS_TOPIC_ARN), LimitExceededException (only with ``limits``), those of
    :meth:`.Store.get`.
    """
    template = store.template(resourceArn, "resourceArn")
    _check_topic(topicArn)
    subscription = store.subscription(template, topicArn)
    if subscription is not None and event in subscription.events:
        return {}
    used = sum(len(other.events) for other in store.subscriptions)
    store.check_limit("event_subscriptions", "EVENT_SUBSCRIPTION_LIMIT_EXCEEDED", used)
    _check_takes(topicArn, notifications.set_up(store, template, topicArn))
    if subscription is None:
        subscription = Subscription(store.next_number(), template, topicArn)
        store.subscriptions.add(subscription.key, subscription)
    subscription.events[event] = store.now
    for run in store.open_runs():
        if run.template is template:
            store.service.plan_events(store, run)
    return {}


@action(follows="reference and sample")
def unsubscribe_from_event(store: Store, *, resourceArn: str, event: str, topicArn: str) -> Answer:
    """UnsubscribeFromEvent. Unsubscribing what is not there changes nothing.

    Errors: InvalidInputException (INVALID_SNS_TOPIC_ARN), those of :meth:`.Store.get`.
    """
    template = store.template(resourceArn, "resourceArn")
    _check_topic(topicArn)
    subscription = store.subscription(template, topicArn)
    if subscription is not None:
        subscription.events.pop(event, None)
        if not subscription.events:
            store.subscriptions.remove(subscription.key)
    return {}


@action(follows="reference and sample")
def list_event_subscriptions(
    store: Store, *, resourceArn: str | None = None, nextToken: str | None = None, maxResults: int | None = None
) -> Answer:
    """ListEventSubscriptions: one entry for each template and topic; without a template, those of all.

    Errors: InvalidInputException for a bad page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager("ListEventSubscriptions", nextToken, maxResults, resourceArn)
    template = None if resourceArn is None else store.template(resourceArn, "resourceArn")
    subscriptions, more = pager.page(
        (
            subscription
            for subscription in store.subscriptions.row.after(pager.after)
            if template is None or subscription.template is template
        ),
        list_bound("SubscriptionList"),
    )
    return {"subscriptions": [subscription.to_api() for subscription in subscriptions], **more}


def _check_topic(arn: str) -> None:
    if not arns.SNS_TOPIC.fullmatch(arn):
        raise InvalidInputException(
            f"topicArn: {short_repr(arn)} is not the ARN of an SNS topic.", errorCode="INVALID_SNS_TOPIC_ARN"
        )


def _check_takes(topic_arn: str, status: str) -> None:
    """Refuse a topic that takes no message of Inspector's, by the ``snsPublishStatusCode`` that one gets."""
    if status == TOPIC_DOES_NOT_EXIST:
        raise NoSuchEntityException(
            f"topicArn: there is no SNS topic {topic_arn}.", errorCode="SNS_TOPIC_DOES_NOT_EXIST"
        )
    if status == ACCESS_DENIED:
        raise AccessDeniedException(
            f"topicArn: the SNS topic {topic_arn} does not let Amazon Inspector publish to it.",
            errorCode="ACCESS_DENIED_TO_SNS_TOPIC",
        )

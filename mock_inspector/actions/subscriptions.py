"""Event subscriptions: which events of a template go to which SNS topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..api.arns import is_sns_topic
from ..api.service_model import max_length
from ..errors import AccessDeniedException, InvalidInputException, NoSuchEntityException, short_repr
from ..state.lifecycle import schedule_run
from ..state.messages import ACCESS_DENIED, TOPIC_DOES_NOT_EXIST
from ..state.notifications import notify_subscribed
from ..state.store import TEMPLATE, Store
from ..state.targets import Subscription, Template
from .registry import ResponseBody, action

if TYPE_CHECKING:
    from ..api import literals, shapes


@action(
    follows="reference and sample; messages as seen in production",
    approximates="when findings are reported; no quota, since none is known",
)
def subscribe_to_event(
    store: Store, *, resourceArn: str, event: literals.InspectorEvent, topicArn: str
) -> ResponseBody:
    """SubscribeToEvent. The topic gets a message about it. Subscribing again changes nothing.

    The topic is checked only when an SNS answers in the same test. Errors: NoSuchEntityException
    (SNS_TOPIC_DOES_NOT_EXIST), AccessDeniedException (ACCESS_DENIED_TO_SNS_TOPIC), InvalidInputException
    (INVALID_SNS_TOPIC_ARN), LimitExceededException (only with ``limits``), those of :meth:`.Store.get`.
    """
    _check_topic_arn(store, topicArn)
    template = store.get(TEMPLATE, resourceArn, "resourceArn")
    subscription = _find(store, template, topicArn)
    if subscription is not None and event in subscription.events:
        return {}
    used = store.subscriptions.event_count
    store.check_quota("event_subscriptions", "EVENT_SUBSCRIPTION_LIMIT_EXCEEDED", used)
    _check_topic(topicArn, notify_subscribed(store, template, topicArn))
    is_first = not len(store.subscriptions.of(template.arn))
    if subscription is None:
        subscription = Subscription(store.next_number(), template, topicArn)
        store.subscriptions.add(subscription.key, subscription)
    store.subscriptions.subscribe(subscription, event, store.now)
    if is_first:
        for run in store.open_runs_of(template.arn):
            schedule_run(store, run)
    return {}


@action(follows="reference and sample")
def unsubscribe_from_event(
    store: Store, *, resourceArn: str, event: literals.InspectorEvent, topicArn: str
) -> ResponseBody:
    """UnsubscribeFromEvent. Unsubscribing an absent subscription changes nothing.

    Errors: InvalidInputException (INVALID_SNS_TOPIC_ARN), those of :meth:`.Store.get`.
    """
    _check_topic_arn(store, topicArn)
    template = store.get(TEMPLATE, resourceArn, "resourceArn")
    subscription = _find(store, template, topicArn)
    if subscription is not None:
        store.subscriptions.unsubscribe(subscription, event)
    return {}


def _find(store: Store, template: Template, topic_arn: str) -> Subscription | None:
    return store.subscriptions.get(Subscription.key_of(template, topic_arn))


@action(follows="reference and sample")
def list_event_subscriptions(
    store: Store, *, resourceArn: str | None = None, nextToken: str | None = None, maxResults: int | None = None
) -> shapes.ListEventSubscriptionsResponse:
    """ListEventSubscriptions: one entry for each template and topic. Without a template it lists those of all.

    Errors: InvalidInputException for a bad page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager("ListEventSubscriptions", nextToken, maxResults, resourceArn)
    if resourceArn is None:
        candidates = store.subscriptions.after(pager.after)
    else:
        template = store.get(TEMPLATE, resourceArn, "resourceArn")
        candidates = store.subscriptions.of(template.arn).after(pager.after)
    subscriptions, token = pager.page(candidates, max_length("SubscriptionList"))
    described: list[Any] = [subscription.to_api() for subscription in subscriptions]
    return {"subscriptions": described, **token}


def _check_topic_arn(store: Store, arn: str) -> None:
    if not is_sns_topic(arn, store.partition):
        raise InvalidInputException(
            f"topicArn must be the ARN of an SNS topic in the partition {store.partition}; got {short_repr(arn)}.",
            errorCode="INVALID_SNS_TOPIC_ARN",
        )


def _check_topic(topic_arn: str, status: str) -> None:
    """Refuse a topic that did not take the message, by its ``snsPublishStatusCode``."""
    if status == TOPIC_DOES_NOT_EXIST:
        raise NoSuchEntityException(
            f"topicArn: there is no SNS topic {topic_arn}.", errorCode="SNS_TOPIC_DOES_NOT_EXIST"
        )
    if status == ACCESS_DENIED:
        raise AccessDeniedException(
            f"topicArn: the SNS topic {topic_arn} does not let Amazon Inspector publish to it.",
            errorCode="ACCESS_DENIED_TO_SNS_TOPIC",
        )

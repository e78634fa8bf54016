"""Which SNS topics a template notifies of which events."""

from ..support.aws import ACCOUNT, create_template, current_time, list_subscriptions

TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms"


def test_subscribing_twice_changes_nothing(inspector_backend, client):
    subscription = {"resourceArn": create_template(client), "event": "FINDING_REPORTED", "topicArn": TOPIC}
    client.subscribe_to_event(**subscription)
    before = client.list_event_subscriptions()["subscriptions"]
    [[event]] = [entry["eventSubscriptions"] for entry in before]
    assert event["subscribedAt"].timestamp() == current_time(inspector_backend)
    inspector_backend.clock.tick(60)

    client.subscribe_to_event(**subscription)

    assert client.list_event_subscriptions()["subscriptions"] == before


def test_subscriptions_are_listed_by_template_and_topic(inspector_backend, client):
    one, other = create_template(client), create_template(client)
    for template, event, topic in [
        (one, "ASSESSMENT_RUN_STARTED", TOPIC),
        (other, "FINDING_REPORTED", TOPIC),
        (one, "ASSESSMENT_RUN_COMPLETED", TOPIC),
        (one, "FINDING_REPORTED", f"{TOPIC}2"),
    ]:
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)

    of_one = {
        (one, TOPIC): ["ASSESSMENT_RUN_STARTED", "ASSESSMENT_RUN_COMPLETED"],
        (one, f"{TOPIC}2"): ["FINDING_REPORTED"],
    }
    assert list_subscriptions(client, one) == of_one
    assert list_subscriptions(client) == {**of_one, (other, TOPIC): ["FINDING_REPORTED"]}


def test_unsubscribing_takes_away_what_is_there_and_nothing_else(inspector_backend, client):
    template = create_template(client)
    started, completed = "ASSESSMENT_RUN_STARTED", "ASSESSMENT_RUN_COMPLETED"
    for event in (started, completed):
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=TOPIC)

    client.unsubscribe_from_event(resourceArn=template, event="FINDING_REPORTED", topicArn=TOPIC)
    client.unsubscribe_from_event(resourceArn=template, event=started, topicArn=f"{TOPIC}2")
    assert list_subscriptions(client) == {(template, TOPIC): [started, completed]}
    client.unsubscribe_from_event(resourceArn=template, event=started, topicArn=TOPIC)
    assert list_subscriptions(client) == {(template, TOPIC): [completed]}
    client.unsubscribe_from_event(resourceArn=template, event=completed, topicArn=TOPIC)
    assert list_subscriptions(client) == {}

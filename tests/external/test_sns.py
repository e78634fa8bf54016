"""What is published to SNS, and which topics it knows."""

import json

import boto3
import pytest

from ..support.aws import (
    ACCOUNT,
    create_template,
    describe_run,
    raises_api_error,
    start_and_finish_run,
)
from ..support.other_services import client_with, create_topic, policy_document

OTHER_ACCOUNT = "210987654321"


COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"


ABSENT_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:nowhere"


def a_queue_of(topic):
    """A queue that gets what a topic gets; returns what reads it."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def read():
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    return read


# SNS


@pytest.mark.slow
def test_a_queue_behind_the_topic_receives_the_events(backend, client):
    topic = create_topic()
    read = a_queue_of(topic)
    template = create_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
    run = start_and_finish_run(backend, client, template)

    set_up, completed = read()
    assert json.loads(set_up["Message"])["event"] == "ENABLE_ASSESSMENT_NOTIFICATIONS"
    assert json.loads(completed["Message"])["run"] == run
    assert completed["Message"] == backend.published[-1].message
    assert completed["TopicArn"] == topic
    assert "Subject" not in completed


def test_a_topic_that_sns_does_not_know_is_refused(backend, client):
    template = create_template(client)

    with raises_api_error("NoSuchEntityException", "SNS_TOPIC_DOES_NOT_EXIST") as caught:
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    assert ABSENT_TOPIC in str(caught.value)
    assert client.list_event_subscriptions(resourceArn=template)["subscriptions"] == []
    assert backend.published == []


@pytest.mark.parametrize(
    "principal", ["*", {"Service": "inspector.amazonaws.com"}, {"AWS": ["arn:aws:iam::758058086616:root"]}]
)
def test_a_topic_whose_policy_denies_inspector_is_refused(backend, client, principal):
    deny = {"Effect": "Deny", "Principal": principal, "Action": "sns:Publish", "Resource": "*"}
    topic = create_topic(Policy=policy_document(deny))

    with raises_api_error("AccessDeniedException", "ACCESS_DENIED_TO_SNS_TOPIC"):
        client.subscribe_to_event(resourceArn=create_template(client), event=COMPLETED, topicArn=topic)


@pytest.mark.slow
def test_a_topic_is_looked_for_in_its_own_region_and_account(backend, client):
    credentials = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/theirs", RoleSessionName="visit"
    )["Credentials"]
    theirs = client_with("sns", credentials, region="eu-west-1").create_topic(Name="theirs")["TopicArn"]

    template = create_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=theirs)
    assert theirs.split(":")[3:5] == ["eu-west-1", OTHER_ACCOUNT]
    with raises_api_error("NoSuchEntityException"):
        client.subscribe_to_event(
            resourceArn=template, event=COMPLETED, topicArn=theirs.replace("eu-west-1", "eu-west-2")
        )


@pytest.mark.slow
def test_a_run_shows_the_delivery_status_of_its_messages(backend, client):
    """Each snsPublishStatusCode by what a user would do: delete a topic, close one, use one that takes no plain text."""
    gone, closed, fine = create_topic("gone"), create_topic("closed"), create_topic("fine")
    fifo = create_topic("queue.fifo", FifoTopic="true")
    template = create_template(client)
    for topic in (gone, closed, fifo, fine):
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": closed}
    boto3.client("sns").delete_topic(TopicArn=gone)
    boto3.client("sns").set_topic_attributes(
        TopicArn=closed, AttributeName="Policy", AttributeValue=policy_document(deny)
    )
    run = start_and_finish_run(backend, client, template)

    notifications = describe_run(client, run)["notifications"]
    statuses = {entry["snsTopicArn"]: entry["snsPublishStatusCode"] for entry in notifications}
    assert statuses == {
        gone: "TOPIC_DOES_NOT_EXIST",
        closed: "ACCESS_DENIED",
        fifo: "INTERNAL_ERROR",
        fine: "SUCCESS",
    }
    assert {entry["snsTopicArn"]: entry["error"] for entry in notifications} == {
        topic: status != "SUCCESS" for topic, status in statuses.items()
    }
    assert {record.topic_arn: record.status for record in backend.published[-4:]} == statuses


@pytest.mark.mock_inspector
def test_without_an_sns_every_topic_is_taken_as_existing(inspector_backend, client):
    template = create_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    start_and_finish_run(inspector_backend, client, template)

    assert [record.status for record in inspector_backend.published] == ["SUCCESS", "SUCCESS"]

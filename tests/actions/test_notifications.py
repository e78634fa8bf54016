"""Which messages a template's SNS topics get, and when; which of them a run lists."""

import json
import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.handlers import BUILTIN_HANDLERS
from moto import mock_aws

from mock_inspector.findings import cve

from ..support.aws import (
    ACCOUNT,
    BEST_PRACTICES,
    CVE,
    create_target,
    create_template,
    describe_run,
    list_findings,
    list_packages,
    start_run,
)
from ..support.fast_subset import slow
from ..support.run_timeline import TIMELINE

TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:security"
OTHER_TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:audit"
STARTED, COMPLETED = "ASSESSMENT_RUN_STARTED", "ASSESSMENT_RUN_COMPLETED"
PASSED = [state for state, _ in TIMELINE[1:-1]]
"""What a run passes through between its start and its end."""
CHANGED, REPORTED = "ASSESSMENT_RUN_STATE_CHANGED", "FINDING_REPORTED"
SET_UP = "ENABLE_ASSESSMENT_NOTIFICATIONS"
NOON = datetime(2018, 3, 30, 12, tzinfo=timezone.utc)

pytestmark = pytest.mark.mock_inspector(at=NOON)


@pytest.fixture
def backend(inspector_backend):
    inspector_backend.add_instance(
        "i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177"), cve("CVE-2018-0001")]
    )
    return inspector_backend


@pytest.fixture
def template(backend, client):
    return create_template(client)


def subscribe(client, template, *events, topic=TOPIC):
    for event in events:
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)


def sent(backend, *events):
    """What was published of these events (of all but the set-up messages), as it reads."""
    return [
        json.loads(record.message)
        for record in backend.published
        if (record.event in events if events else record.event != SET_UP)
    ]


def after(start, **delta):
    moment = start + timedelta(**delta)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def states_in(messages):
    return [message.get("newstate", message["event"]) for message in messages]


# The bodies


def test_a_topic_is_notified_of_its_subscription(backend, client, template):
    subscribe(client, template, STARTED)

    (record,) = backend.published
    target = template.rpartition("/template/")[0]
    assert record.message == (
        f'{{"template":"{template}","time":"2018-03-30T12:00:00.000Z","event":"{SET_UP}","target":"{target}"}}'
    )
    assert (record.topic_arn, record.event, record.status, record.time) == (
        TOPIC,
        SET_UP,
        "SUCCESS",
        "2018-03-30T12:00:00.000Z",
    )


def test_subscribing_again_notifies_nobody(backend, client, template):
    subscribe(client, template, STARTED, STARTED)

    assert len(backend.published) == 1


def test_the_bodies_of_notifications_are_those_of_production(backend, client, template):
    subscribe(client, template, STARTED, CHANGED, REPORTED, COMPLETED)
    target = template.rpartition("/template/")[0]
    run = start_run(client, template)
    backend.finish_run(run)

    first = {record.event: record.message for record in reversed(backend.published)}
    finding = list_findings(client, run)[0]
    assert first[STARTED] == (
        f'{{"template":"{template}","run":"{run}","time":"2018-03-30T12:00:00.000Z","event":"{STARTED}",'
        f'"target":"{target}"}}'
    )
    assert first[CHANGED] == (
        f'{{"template":"{template}","newstate":"START_DATA_COLLECTION_PENDING","run":"{run}",'
        f'"time":"2018-03-30T12:00:00.030Z","event":"{CHANGED}","target":"{target}"}}'
    )
    assert first[REPORTED] == (
        f'{{"template":"{template}","run":"{run}","time":"2018-03-30T12:04:01.613Z","finding":"{finding}",'
        f'"event":"{REPORTED}","target":"{target}"}}'
    )
    assert first[COMPLETED] == (
        f'{{"template":"{template}","findingsCount":"{{{CVE}=2}}","run":"{run}","time":"2018-03-30T12:04:01.643Z",'
        f'"event":"{COMPLETED}","target":"{target}"}}'
    )


def test_the_count_of_findings_in_a_notification_is_written_as_java_writes_a_map(backend, client):
    template = create_template(client, packages=(CVE, BEST_PRACTICES))
    subscribe(client, template, COMPLETED)
    backend.finish_run(start_run(client, template))

    (message,) = sent(backend, COMPLETED)
    assert message["findingsCount"] == f"{{{CVE}=2, {BEST_PRACTICES}=1}}"


# The moments


def test_a_jump_of_the_clock_notifies_of_everything_on_the_way(backend, client, template):
    subscribe(client, template, STARTED, CHANGED, REPORTED, COMPLETED)
    run = start_run(client, template)
    assert states_in(sent(backend)) == [STARTED]

    backend.clock.tick(timedelta(days=1))

    messages = sent(backend)
    assert states_in(messages) == [
        STARTED,
        "START_DATA_COLLECTION_PENDING",
        "START_DATA_COLLECTION_IN_PROGRESS",
        "COLLECTING_DATA",
        "STOP_DATA_COLLECTION_PENDING",
        "DATA_COLLECTED",
        "EVALUATING_RULES",
        REPORTED,
        REPORTED,
        "COMPLETED",
        COMPLETED,
    ]
    changes = [change["stateChangedAt"] for change in describe_run(client, run)["stateChanges"]]
    assert [message["time"] for message in messages if "newstate" in message] == [
        after(change) for change in changes[1:]
    ]
    assert [message["finding"] for message in sent(backend, REPORTED)] == list_findings(client, run)


def test_a_topic_is_notified_of_the_events_it_subscribes_to_only(backend, client, template):
    subscribe(client, template, COMPLETED)
    subscribe(client, template, STARTED, topic=OTHER_TOPIC)
    subscribe(client, create_template(client), STARTED, CHANGED)
    backend.finish_run(start_run(client, template))

    records = [record for record in backend.published if record.event != SET_UP]
    assert [(record.topic_arn, record.event) for record in records] == [(OTHER_TOPIC, STARTED), (TOPIC, COMPLETED)]


def test_the_subscriptions_at_the_time_of_an_event_count(backend, client, template):
    run = start_run(client, template)
    backend.clock.tick(60)
    subscribe(client, template, STARTED, CHANGED, COMPLETED)
    backend.clock.tick(150)
    client.unsubscribe_from_event(resourceArn=template, event=CHANGED, topicArn=TOPIC)
    backend.finish_run(run)

    assert states_in(sent(backend)) == ["STOP_DATA_COLLECTION_PENDING", COMPLETED]


def test_a_topic_that_subscribes_anew_is_not_notified_twice(backend, client, template):
    subscribe(client, template, CHANGED)
    run = start_run(client, template)
    client.unsubscribe_from_event(resourceArn=template, event=CHANGED, topicArn=TOPIC)
    subscribe(client, template, CHANGED)
    backend.finish_run(run)

    states = states_in(sent(backend))
    assert len(states) == len(set(states)) == 7


def test_a_stop_is_notified_at_once_and_what_was_scheduled_lapses(backend, client, template):
    subscribe(client, template, CHANGED, COMPLETED)
    run = start_run(client, template)
    backend.clock.tick(60)
    client.stop_assessment_run(assessmentRunArn=run)
    client.stop_assessment_run(assessmentRunArn=run)  # changes nothing
    assert states_in(sent(backend))[-1] == "STOP_DATA_COLLECTION_PENDING"
    assert sent(backend)[-1]["time"] == after(NOON, seconds=60)

    backend.clock.tick(3600)

    states = states_in(sent(backend))
    assert states[3:] == ["STOP_DATA_COLLECTION_PENDING", "DATA_COLLECTED", "EVALUATING_RULES", "COMPLETED", COMPLETED]


def test_a_canceled_run_is_notified_and_never_completes(backend, client, template):
    subscribe(client, template, STARTED, CHANGED, REPORTED, COMPLETED)
    run = start_run(client, template)
    client.stop_assessment_run(assessmentRunArn=run, stopAction="SKIP_EVALUATION")
    backend.clock.tick(3600)

    assert states_in(sent(backend)) == [STARTED, "CANCELED"]


@pytest.mark.parametrize(
    ("state", "messages"),
    [
        ("FAILED", ["FAILED"]),
        ("COMPLETED", [*PASSED, "COMPLETED", COMPLETED]),
        ("COMPLETED_WITH_ERRORS", [*PASSED, "COMPLETED_WITH_ERRORS", COMPLETED]),
    ],
)
def test_a_forced_state_is_notified(backend, client, template, state, messages):
    subscribe(client, template, CHANGED, COMPLETED)
    run = start_run(client, template)
    backend.set_run_state(run, state)
    backend.set_run_state(run, state)
    backend.clock.tick(3600)

    assert states_in(sent(backend)) == messages


def test_an_added_finding_is_notified_too(backend, client, template):
    subscribe(client, template, REPORTED)
    run = start_run(client, template)
    now = backend.add_finding(run, {"title": "Port open"})
    backend.clock.tick(5)
    later = backend.add_finding(run, {"title": "Window open", "createdAt": NOON.timestamp() - 60})

    assert [(message["finding"], message["time"]) for message in sent(backend)] == [
        (now, after(NOON)),
        (later, after(NOON, seconds=5)),
    ]


def test_topics_of_all_accounts_and_regions_are_notified_in_the_order_of_time(backend, client):
    here, there = backend, backend.for_account("210987654321").for_region("eu-west-1")
    for owner in (here, there):
        target = owner.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        template = owner.create_assessment_template(
            assessmentTargetArn=target,
            assessmentTemplateName="t",
            durationInSeconds=180,
            rulesPackageArns=list_packages(owner),
        )["assessmentTemplateArn"]
        owner.subscribe_to_event(resourceArn=template, event=CHANGED, topicArn=TOPIC)
        owner.start_assessment_run(assessmentTemplateArn=template)
        backend.clock.tick(0.01)

    backend.clock.tick(3600)

    records = [record for record in there.published if record.event == CHANGED]
    assert records == [record for record in here.published if record.event == CHANGED]
    assert len(records) == 14
    assert [record.time for record in records] == sorted(record.time for record in records)
    assert [json.loads(record.message)["run"].split(":")[4] for record in records[:4]] == [
        ACCOUNT,
        "210987654321",
        ACCOUNT,
        "210987654321",
    ]


@pytest.mark.slow
def test_a_notified_handler_sees_the_time_of_the_event(backend, client, template):
    """A subscriber that calls Inspector, as a Lambda handler does, is answered as of the event."""
    seen = []

    def subscriber(request, **_):
        if request.url.startswith("https://sns.") and b"Action=Publish" in request.body.encode():
            seen.append(describe_run(client, run)["state"])

    run = start_run(client, template)
    BUILTIN_HANDLERS.append(("before-send.sns", subscriber))
    try:
        with mock_aws():
            boto3.client("sns").create_topic(Name="security")
            client.subscribe_to_event(resourceArn=template, event=CHANGED, topicArn=TOPIC)
            seen.clear()
            backend.clock.tick(3600)
    finally:
        BUILTIN_HANDLERS.remove(("before-send.sns", subscriber))

    assert seen == [
        "START_DATA_COLLECTION_PENDING",
        "START_DATA_COLLECTION_IN_PROGRESS",
        "COLLECTING_DATA",
        "STOP_DATA_COLLECTION_PENDING",
        "DATA_COLLECTED",
        "EVALUATING_RULES",
        "COMPLETED",
    ]


# What is kept


def test_a_run_lists_its_notifications(backend, client, template):
    run = start_run(client, template)
    assert describe_run(client, run)["notifications"] == []
    subscribe(client, template, COMPLETED)
    backend.finish_run(run)

    (notification,) = describe_run(client, run)["notifications"]
    assert notification == {
        "date": describe_run(client, run)["completedAt"],
        "event": COMPLETED,
        "message": backend.published[-1].message,
        "error": False,
        "snsTopicArn": TOPIC,
        "snsPublishStatusCode": "SUCCESS",
    }


def test_a_run_lists_a_finding_once_however_many_topics_are_notified(backend, client, template):
    subscribe(client, template, REPORTED)
    subscribe(client, template, REPORTED, topic=OTHER_TOPIC)
    run = start_run(client, template)
    backend.finish_run(run)

    assert len(sent(backend, REPORTED)) == 4
    notifications = describe_run(client, run)["notifications"]
    assert [json.loads(entry["message"])["finding"] for entry in notifications] == list_findings(client, run)


def test_a_run_lists_the_newest_fifty_notifications(backend, client, template):
    subscribe(client, template, CHANGED, REPORTED)
    backend.add_instance("i-0bad", findings=[cve(f"CVE-2020-{number}") for number in range(1000, 1100)])
    run = start_run(client, template)
    backend.finish_run(run)

    assert len(sent(backend)) == 102 + 7
    notifications = describe_run(client, run)["notifications"]
    assert len(notifications) == 50
    assert [entry["message"] for entry in notifications] == [record.message for record in backend.published[-50:]]


def test_published_messages_are_the_mocks_own(backend, client, template):
    subscribe(client, template, STARTED)
    backend.published.clear()

    assert len(backend.published) == 1
    backend.reset()
    assert backend.published == []


def test_no_message_is_kept_when_nobody_subscribes(backend, client, template):
    run = start_run(client, template)
    backend.finish_run(run)

    assert backend.published == []
    assert describe_run(client, run)["notifications"] == []


@pytest.mark.mock_inspector(at=None, freeze=False)
def test_a_running_clock_notifies_when_somebody_looks(inspector_backend):
    target = inspector_backend.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
    template = inspector_backend.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName="t",
        durationInSeconds=180,
        rulesPackageArns=list_packages(inspector_backend),
    )["assessmentTemplateArn"]
    inspector_backend.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=TOPIC)
    inspector_backend.start_assessment_run(assessmentTemplateArn=template)
    inspector_backend.clock.tick(3600)

    assert [record.event for record in inspector_backend.published] == [SET_UP, COMPLETED]


def test_a_target_name_is_no_part_of_a_notification(backend, client):
    """Bodies hold ARNs only, so they are ASCII whatever the names are."""
    template = create_template(client, create_target(client, "Größe ✓"), "täglich")
    subscribe(client, template, STARTED)
    start_run(client, template)

    assert all(record.message.isascii() for record in backend.published)


@pytest.mark.parametrize("first", ["us-west-2", "eu-west-1"])
def test_events_of_regions_at_the_same_moment_do_not_come_in_the_order_of_first_use(inspector_backend, first):
    regions = ["eu-west-1", "us-west-2"]
    inspector_backend.for_region(first).list_findings()
    runs = []
    for region in regions:
        backend = inspector_backend.for_region(region)
        template = create_template(backend, packages=backend.list_rules_packages()["rulesPackageArns"][:1])
        topic = f"arn:aws:sns:{region}:{ACCOUNT}:security"
        backend.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
        runs.append(start_run(backend, template))
    inspector_backend.for_region("eu-west-1").finish_run(runs[0])

    published = [
        message.topic_arn.split(":")[3] for message in inspector_backend.published if message.event == COMPLETED
    ]
    assert published == regions


@pytest.mark.parametrize("wait", [lambda _: time.sleep(7200), slow(lambda backend: backend.clock.tick(7200))])
def test_a_topic_gets_messages_at_the_moments_that_they_are_about(inspector_backend, wait):
    with mock_aws():
        sns, sqs = boto3.client("sns", "us-west-2"), boto3.client("sqs", "us-west-2")
        topic = sns.create_topic(Name="security")["TopicArn"]
        queue = sqs.create_queue(QueueName="security")["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-west-2:{ACCOUNT}:security")
        template = create_template(inspector_backend)
        subscribe(inspector_backend, template, STARTED, COMPLETED, topic=topic)
        start_run(inspector_backend, template)
        wait(inspector_backend)
        assert inspector_backend.clock.now() == NOON + timedelta(seconds=7200)
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    bodies = [json.loads(message["Body"]) for message in received]
    messages = [json.loads(body["Message"]) for body in bodies]
    assert {message["event"] for message in messages} >= {STARTED, COMPLETED}
    assert [body["Timestamp"] for body in bodies] == [message["time"] for message in messages]
    sent_at = [int(message["Attributes"]["SentTimestamp"]) / 1000 for message in received]
    assert sent_at == [datetime.fromisoformat(body["Timestamp"].replace("Z", "+00:00")).timestamp() for body in bodies]

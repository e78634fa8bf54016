"""Others' code runs without the service's lock: what it calls, in whatever thread, is answered."""

import json
import re
import threading
import urllib.request
from collections.abc import Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.clock.moments import EpochMs
from mock_inspector.findings import cve
from mock_inspector.state import service
from mock_inspector.state.external import Caller
from mock_inspector.state.schedule import Event

from ..support.aws import create_target, create_template, describe_run, raises_api_error, start_run
from ..support.fake_service import fake_service
from ..support.other_services import client_with, create_topic, policy_document, registered_handler
from ..support.subprocesses import in_subprocess

REGION = "us-west-2"
CHANGED, COMPLETED = "ASSESSMENT_RUN_STATE_CHANGED", "ASSESSMENT_RUN_COMPLETED"


def in_another_thread(work):
    """What ``work`` returns when another thread does it, which this one waits for."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "the other thread still waits"
    return results[0]


@contextmanager
def http_subscriber(receive):
    """The URL of a server in this process that gets a topic's messages, each in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if body.get("Type") == "Notification":
                receive(json.loads(body["Message"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def environment(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.slow
@in_subprocess
def test_a_subscriber_behind_http_asks_inspector_about_each_event():
    received: list[Any] = []

    def receive(message):
        runs = inspector.list_assessment_runs()["assessmentRunArns"]
        received.append((message["event"], message.get("newstate"), len(runs)))

    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws(), http_subscriber(receive) as url:
        environment(monkeypatch)
        with mock_inspector(region=REGION) as backend:
            inspector, topic = boto3.client("inspector"), create_topic()
            boto3.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
            template = create_template(inspector)
            inspector.subscribe_to_event(resourceArn=template, event=CHANGED, topicArn=topic)
            run = start_run(inspector, template)
            backend.finish_run(run)
            assert describe_run(inspector, run)["state"] == "COMPLETED"
    assert received[0] == ("ENABLE_ASSESSMENT_NOTIFICATIONS", None, 0)
    assert [state for _, state, _ in received[1:]] == [
        "START_DATA_COLLECTION_PENDING",
        "START_DATA_COLLECTION_IN_PROGRESS",
        "COLLECTING_DATA",
        "STOP_DATA_COLLECTION_PENDING",
        "DATA_COLLECTED",
        "EVALUATING_RULES",
        "COMPLETED",
    ]
    assert {runs for *_, runs in received[1:]} == {1}


@pytest.mark.slow
@in_subprocess
def test_messages_that_a_subscriber_causes_leave_after_those_before_them():
    """The subscriber moves the clock in its own thread; another template's messages become due by that."""
    received: list[Any] = []

    def receive(message):
        received.append((message["template"], message.get("newstate")))
        if message.get("newstate") == "COLLECTING_DATA" and message["template"] == templates[0]:
            backend.clock.tick(1_000)

    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws(), http_subscriber(receive) as url:
        environment(monkeypatch)
        with mock_inspector(region=REGION) as backend:
            inspector, topic = boto3.client("inspector"), create_topic()
            boto3.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
            targets = [create_target(inspector, f"target {number}") for number in range(2)]
            templates = [create_template(inspector, target) for target in targets]
            for template in templates:
                inspector.subscribe_to_event(resourceArn=template, event=CHANGED, topicArn=topic)
            for template in templates:
                start_run(inspector, template)
            backend.clock.tick(1)
            sent = [json.loads(entry.message) for entry in backend.published]
    assert [(message["template"], message.get("newstate")) for message in sent] == received
    assert [message["time"] for message in sent] == sorted(message["time"] for message in sent)
    assert [state for _, state in received].count("COMPLETED") == 2


@pytest.mark.slow
@in_subprocess
def test_a_condition_of_a_fault_waits_for_another_threads_call():
    def when(_):
        in_another_thread(backend.list_findings)
        return in_another_thread(client.list_findings)["findingArns"] == []

    with pytest.MonkeyPatch.context() as monkeypatch, mock_inspector(region=REGION) as backend:
        environment(monkeypatch)
        client = boto3.client("inspector")
        backend.inject_fault("ListAssessmentRuns", "AccessDeniedException", when=when)
        with pytest.raises(client.exceptions.AccessDeniedException):
            client.list_assessment_runs()
        assert client.list_assessment_runs()["assessmentRunArns"] == []


@pytest.mark.slow
@in_subprocess
@pytest.mark.parametrize("name", ["ec2", "sns", "iam", "sts"])
def test_a_service_waits_for_another_threads_call(name):
    answered = []

    def client_of(access_key):
        return client_with("inspector", {"AccessKeyId": access_key, "SecretAccessKey": "secret"})

    def handler(**_):
        answered.append(in_another_thread(backend.list_assessment_targets))

    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws(), registered_handler(handler, name):
        environment(monkeypatch)
        with mock_inspector(region=REGION) as backend:
            client = client_of("ASIAIOSFODNN7EXAMPLE")
            template = create_template(client)
            if name == "sns":
                topic = create_topic()
                answered.clear()
                client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
            elif name == "iam":
                principal = {"Service": "inspector.amazonaws.com"}
                trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
                role = boto3.client("iam").create_role(
                    RoleName="reader", AssumeRolePolicyDocument=policy_document(trust)
                )
                answered.clear()
                with pytest.raises(client.exceptions.InvalidCrossAccountRoleException):
                    client.register_cross_account_access_role(roleArn=role["Role"]["Arn"])
            backend.finish_run(start_run(client, template))
            client.preview_agents(previewAgentsArn=template)
            client.describe_cross_account_access_role()
            client_of("ASIAIOSFODNN7ELSEWHERE").list_findings()
    assert answered


@pytest.mark.slow
@in_subprocess
def test_the_methods_of_a_backend_read_a_tests_own_objects_without_the_lock():
    class Tags(Mapping):
        def __init__(self, tags):
            self.tags = tags

        def __getitem__(self, key):
            return self.tags[key]

        def __iter__(self):
            in_another_thread(backend.list_findings)
            return iter(self.tags)

        def __len__(self):
            return len(self.tags)

    def findings():
        in_another_thread(backend.list_findings)
        yield cve("CVE-2016-2177")

    class ReportingError(Exception):
        def __str__(self):
            return f"{len(in_another_thread(backend.list_findings)['findingArns'])} findings"

    with pytest.MonkeyPatch.context() as monkeypatch, mock_inspector(region=REGION) as backend:
        environment(monkeypatch)
        client = boto3.client("inspector")
        assert backend.add_instance("i-0own", tags=Tags({"Name": "web"}), findings=findings()).tags == {"Name": "web"}
        backend.inject_fault("ListFindings", Tags({"code": "ThrottlingException"}), times=None)
        with raises_api_error("ThrottlingException"):
            client.list_findings()
        backend.inject_fault("ListAssessmentRuns", ReportingError())
        with pytest.raises(ReportingError):
            client.list_assessment_runs()
        assert backend.calls[-1].message == "0 findings"


@pytest.mark.slow
@in_subprocess
def test_a_control_call_sends_messages_without_the_lock():
    """The subscriber asks the server while a control call moves the clock."""
    from mock_inspector import InspectorServer

    received: list[Any] = []

    def receive(_):
        with urllib.request.urlopen(f"{server.url}/_mock_inspector/clock.now") as answer:
            received.append(answer.status)

    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws(), http_subscriber(receive) as url:
        environment(monkeypatch)
        with mock_inspector(region=REGION) as backend, InspectorServer(backend) as server:
            inspector, topic = boto3.client("inspector"), create_topic()
            boto3.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
            template = create_template(inspector)
            inspector.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
            start_run(inspector, template)
            body = json.dumps({"delta": 7_200}).encode()
            urllib.request.urlopen(f"{server.url}/_mock_inspector/clock.tick", body).close()
    assert received == [200, 200]


@pytest.mark.slow
def test_an_instance_that_leaves_while_ec2_is_asked_is_not_in_the_run(inspector_backend):
    """A request begins anew when it has got what it needs; the state may be another one by then."""
    client = boto3.client("inspector")

    def handler(**_):
        if leaving:
            inspector_backend.remove_instance(leaving.pop())

    inspector_backend.add_instance("i-0stays", findings=[cve("CVE-2016-2177")])
    inspector_backend.add_instance("i-0leaves", findings=[cve("CVE-2016-2177")])
    template = create_template(client)
    leaving = ["i-0leaves"]
    with registered_handler(handler, "ec2"):
        run = start_run(client, template)
    agents = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
    assert [agent["agentId"] for agent in agents] == ["i-0stays"]


class Ec2OnTheWay:
    """An EC2 that does something before it answers."""

    def __init__(self, work):
        self.work = work

    def __call__(self, **_):
        if self.work is not None:
            work, self.work = self.work, None
            work()


@pytest.mark.slow
@pytest.mark.parametrize("replaced", [False, True])
def test_an_event_that_asks_ec2_happens_once_and_before_later_ones(inspector_backend, replaced):
    """Whoever calls meanwhile sees the moment of the event. What was scheduled anew meanwhile replaces the event."""
    own, happened = fake_service(inspector_backend), []
    caller, key, now = Caller("us-west-2"), (0, 1), own.now

    def ask():
        own.context.external_answers.find_instances(caller)
        happened.append(("asks", own.now - now))

    def meanwhile():
        happened.append(("meanwhile", in_another_thread(lambda: _now(own) - now)))
        if replaced:
            own.context.schedule.replace(key, [])

    own.context.schedule.replace(key, [Event(EpochMs(now + 10), 0, ask)])
    own.context.schedule.replace(
        (0, 2), [Event(EpochMs(now + 20), 0, lambda: happened.append(("later", own.now - now)))]
    )
    with registered_handler(Ec2OnTheWay(meanwhile), "ec2"):
        inspector_backend.clock.tick(1)
    asked = [] if replaced else [("asks", 10)]
    assert happened == [("meanwhile", 10), *asked, ("later", 20)]
    assert _now(own) - now == 1_000


def _now(own):
    with own.at_now as now:
        return now


def test_other_services_are_called_in_one_place():
    """Actions and events use what was answered; only the service itself calls, when it does not hold the lock."""
    folder = Path(service.__file__).parents[1]
    calls = re.compile(r"context\.external\.(publish|find_\w+|check_\w+)")
    found = {path.name for path in folder.rglob("*.py") if calls.search(path.read_text("utf-8"))}
    assert found == {"service.py"}

"""One endpoint for all of AWS: the fixture ``aws_server``, with moto behind the mock's own port."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

pytest.importorskip("flask_cors", reason="moto's server is not installed: pip install 'moto[server]'")

from mock_inspector import InspectorServer, UnmockedRequestError, mock_inspector
from mock_inspector.findings import cve
from mock_inspector.server.aws_requests import is_for_inspector, is_from_browser
from mock_inspector.server.waitress_runner import WORKER_THREADS

from ..support.aws import create_target, create_template, describe_run, list_packages, start_run
from ..support.other_services import (
    client_with,
    create_topic,
    policy_document,
    preview_agents,
    run_agent_ids,
    run_instances,
)
from ..support.raw_http import call_action, control_call, read_property, send, signed_headers
from ..support.subprocesses import in_subprocess
from ..support.time_control import MOMENT

REGION = "us-west-2"
COMPLETED = "ASSESSMENT_RUN_COMPLETED"
OWN_KEY = {"AccessKeyId": "AKIAREGISTERED000001", "SecretAccessKey": "secret"}


def queue_of(topic):
    """The URL of a queue that gets a topic's messages."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="messages")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def receive_events(queue, **options):
    messages = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, **options)
    return [json.loads(json.loads(message["Body"])["Message"]) for message in messages.get("Messages", [])]


def credential(service, key="AKIAEXAMPLE"):
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/20240101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )


# Other services of the mock are moto's


@pytest.mark.slow
def test_a_topics_queue_gets_the_events_of_a_run(aws_server):
    inspector, topic = boto3.client("inspector"), create_topic()
    queue = queue_of(topic)
    assert urlsplit(queue).netloc == urlsplit(aws_server.url).netloc
    template = create_template(inspector)
    inspector.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
    run = start_run(inspector, template)
    while describe_run(inspector, run)["state"] != "COMPLETED":
        time.sleep(30)
    events = receive_events(queue)
    assert [(event["event"], event.get("run")) for event in events] == [
        ("ENABLE_ASSESSMENT_NOTIFICATIONS", None),
        (COMPLETED, run),
    ]
    assert [message.status for message in aws_server.backend.published] == ["SUCCESS", "SUCCESS"]
    assert {call.operation for call in aws_server.backend.calls} >= {"StartAssessmentRun", "DescribeAssessmentRuns"}


def test_a_server_that_finds_its_port_taken_leaves_moto_as_it_is(aws_server):
    topic = create_topic()
    with pytest.raises(OSError, match="in use"):
        InspectorServer(aws_server.backend, port=urlsplit(aws_server.url).port, moto=True).start()
    assert [entry["TopicArn"] for entry in boto3.client("sns").list_topics()["Topics"]] == [topic]


@pytest.mark.slow
def test_motos_instances_are_the_fleet(aws_server, client):
    web, other = run_instances(tags={"Name": "web"}), run_instances(tags={"Name": "other"})
    group = client.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])["resourceGroupArn"]
    aws_server.backend.add_instance(web[0], findings=[cve("CVE-2016-2177")])
    template = create_template(client, create_target(client, "web", group), packages=list_packages(client))
    run = start_run(client, template)
    assert run_agent_ids(client, run) == web
    assert {*aws_server.backend.instances} == {*web, *other}
    aws_server.backend.finish_run(run)
    assert describe_run(client, run)["findingCounts"]["High"] == 1
    boto3.client("ec2").terminate_instances(InstanceIds=web)
    assert preview_agents(client, create_target(client, "all")).keys() == {*web, *other}


@pytest.mark.slow
def test_motos_iam_knows_the_role(aws_server, client):
    role = "arn:aws:iam::123456789012:role/reader"
    with pytest.raises(client.exceptions.InvalidCrossAccountRoleException):
        client.register_cross_account_access_role(roleArn=role)
    trust = {"Effect": "Allow", "Principal": {"Service": "inspector.amazonaws.com"}, "Action": "sts:AssumeRole"}
    look = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
    iam = boto3.client("iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=policy_document(trust))
    iam.put_role_policy(RoleName="reader", PolicyName="look", PolicyDocument=policy_document(look))
    client.register_cross_account_access_role(roleArn=role)
    assert client.describe_cross_account_access_role()["roleArn"] == role


@pytest.mark.slow
@pytest.mark.mock_inspector(account_id="999999999999")
def test_one_account_is_meant_by_an_access_key_everywhere(aws_server):
    def accounts(credentials):
        target = create_target(client_with("inspector", credentials))
        identity = client_with("sts", credentials).get_caller_identity()
        topic = client_with("sns", credentials).create_topic(Name="accounts")["TopicArn"]
        return {target.split(":")[4], identity["Account"], topic.split(":")[4]}

    aws_server.backend.for_account("222222222222").register_access_key(OWN_KEY["AccessKeyId"])
    role = "arn:aws:iam::333333333333:role/other"
    assumed = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    assert accounts({"AccessKeyId": "AKIAUNKNOWN0000001", "SecretAccessKey": "secret"}) == {"999999999999"}
    assert accounts(OWN_KEY) == {"222222222222"}
    assert accounts({"AccessKeyId": "444444444444", "SecretAccessKey": "secret"}) == {"444444444444"}
    assert accounts(assumed) == {"333333333333"}
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "sns.us-west-2.amazonaws.com"}
    unsigned = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=test&WebIdentityToken=token"
    answer = send(aws_server, "POST", "/", unsigned + b"&RoleArn=arn:aws:iam::999999999999:role/web", form)
    assert answer.status == 200, answer


@pytest.mark.slow
def test_more_requests_than_threads_may_need_another_service_at_the_same_time(aws_server):
    launched = run_instances()
    target = create_target(aws_server.backend)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: call_action(aws_server, "PreviewAgents", previewAgentsArn=target), range(80)))
    assert {answer.value["agentPreviews"][0]["agentId"] for answer in answers} == {*launched}


# Who answers


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({"X_AMZ_TARGET": "InspectorService.ListFindings"}, "", True),
        ({"X_AMZ_TARGET": "InspectorService.ListFindings", "AUTHORIZATION": credential("sns")}, "", True),
        ({"X_AMZ_TARGET": "AmazonSQS.SendMessage", "AUTHORIZATION": credential("inspector")}, "", False),
        ({"AUTHORIZATION": credential("inspector")}, "", True),
        ({"AUTHORIZATION": credential("inspector2")}, "", False),
        ({"AUTHORIZATION": credential("ec2"), "HOST": "inspector.us-west-2.amazonaws.com"}, "", False),
        ({"HOST": "inspector.us-west-2.amazonaws.com:443"}, "", True),
        ({"HOST": "inspector2.us-west-2.amazonaws.com"}, "", False),
        ({}, f"X-Amz-Credential=AKIAEXAMPLE%2F20240101%2F{REGION}%2Finspector%2Faws4_request", True),
        ({}, f"X-Amz-Credential=AKIAEXAMPLE%2F20240101%2F{REGION}%2Fs3%2Faws4_request", False),
        ({"AUTHORIZATION": "AWS AKIAEXAMPLE:signature"}, "", False),
        ({"HOST": "127.0.0.1:5016"}, "Action=DescribeInstances", False),
    ],
)
def test_a_request_says_whether_it_is_inspectors(headers, query, expected):
    environ = {"QUERY_STRING": query, **{f"HTTP_{name}": value for name, value in headers.items()}}
    assert is_for_inspector(environ) is expected


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({"HOST": "127.0.0.1:5016"}, "", True),
        ({"HOST": "localhost:5016"}, "account_id=123456789012&region=eu-west-1", True),
        ({"HOST": "127.0.0.1:5016", "AUTHORIZATION": credential("s3")}, "", False),
        ({"HOST": "bucket.localhost:5016"}, "", False),
        ({"HOST": "bucket.s3.us-west-2.amazonaws.com"}, "", False),
        ({"HOST": "127.0.0.1:5016"}, "Action=DescribeInstances&Version=2016-11-15", False),
    ],
)
def test_the_root_is_the_dashboards_for_a_browser_alone(headers, query, expected):
    environ = {"QUERY_STRING": query, **{f"HTTP_{name}": value for name, value in headers.items()}}
    assert is_from_browser(environ) is expected


@pytest.mark.slow
def test_paths_of_the_mock_and_of_moto_keep_apart(aws_server, client):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="inspector-reports-mine", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="inspector-reports-mine", Key="a/b c%2F+ü", Body=b"x" * 3_000_000, Metadata={"a-b": "1"})
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["inspector-reports-mine"]
    requested = {"Bucket": "inspector-reports-mine", "Key": "a/b c%2F+ü"}
    assert len(s3.get_object(**requested)["Body"].read()) == 3_000_000
    head = s3.head_object(**requested)
    assert (head["ContentLength"], head["Metadata"]) == (3_000_000, {"a-b": "1"})
    s3.put_object(**requested, Body=b"x" * 3_000_000, Metadata={"with_underscore": "2"})
    (name,) = s3.head_object(**requested)["Metadata"]
    assert name.replace("-", "_") == "with_underscore"  # since moto 5.2 as it was sent
    with urllib.request.urlopen(s3.generate_presigned_url("get_object", Params=requested)) as answer:
        assert len(answer.read()) == 3_000_000
    with urllib.request.urlopen(f"{aws_server.url}/") as page:
        assert b"<title>" in page.read()
    assert send(aws_server, "GET", "/moto-api/data.json").status == 200
    assert read_property(aws_server, "region") == REGION
    run = start_run(client)
    aws_server.backend.finish_run(run)
    requested = {"assessmentRunArn": run, "reportFileFormat": "HTML", "reportType": "FINDING"}
    while (report := client.get_assessment_report(**requested))["status"] != "COMPLETED":
        time.sleep(1)
    assert urlsplit(report["url"]).netloc == urlsplit(aws_server.url).netloc
    with urllib.request.urlopen(report["url"]) as answer:
        assert answer.status == 200


@pytest.mark.slow
def test_names_of_aws_are_served_and_pages_of_others_are_not(aws_server):
    listing = {"Authorization": credential("sns"), "Content-Type": "application/x-www-form-urlencoded"}
    body = b"Action=ListTopics&Version=2010-03-31"
    for host in ("sns.us-west-2.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn:443", "127.0.0.1:1"):
        assert send(aws_server, "POST", "/", body, {**listing, "Host": host}).status == 200
    for refused in ({"Host": "evil.example"}, {"Host": "evil.s3-website-us-east-1.amazonaws.com"}):
        answer = send(aws_server, "POST", "/", body, {**listing, **refused})
        assert (answer.status, answer.value["__type"]) == (403, "AccessDeniedException")
    origin = {"Host": "sns.us-west-2.amazonaws.com", "Origin": "https://evil.example"}
    for path in ("/", "/moto-api/reset", "/_mock_inspector/reset"):
        assert send(aws_server, "POST", path, body, {**listing, **origin}).status == 403


@pytest.mark.slow
@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("snowball", "list_jobs", {}),
        ("ec2", "describe_fast_launch_images", {}),
        ("sns", "get_data_protection_policy", {"ResourceArn": f"arn:aws:sns:{REGION}:123456789012:topic"}),
    ],
)
def test_what_moto_does_not_have_is_said_so(aws_server, service, operation, params):
    client = boto3.client(service, config=Config(retries={"max_attempts": 0}))
    with pytest.raises(ClientError) as failed:
        getattr(client, operation)(**params)
    assert failed.value.response["Error"]["Code"] == "NotImplemented"
    assert "moto does not have this" in failed.value.response["Error"]["Message"]
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


# The process around it


@pytest.mark.slow
def test_a_client_made_before_is_stopped_and_names_what_nothing_mocks(aws_server, session):
    with pytest.raises(UnmockedRequestError, match="nothing mocks sns"):
        session.client("sns", endpoint_url="https://sns.us-west-2.amazonaws.com").list_topics()


def test_the_environment_leads_to_the_server_and_is_put_back(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_INSPECTOR", "http://127.0.0.1:2")
    monkeypatch.delenv("MOTO_PORT", raising=False)
    before = dict(os.environ)
    with mock_inspector() as backend, InspectorServer(backend, moto=True) as server:
        with server.set_environment():
            assert dict(os.environ) == {
                **{name: value for name, value in before.items() if name != "AWS_ENDPOINT_URL_INSPECTOR"},
                "AWS_ENDPOINT_URL": server.url,
                "MOTO_PORT": str(urlsplit(server.url).port),
            }
            assert server.environ["AWS_ENDPOINT_URL"] == server.url
        assert dict(os.environ) == before
        environ = server.environ
        assert environ["AWS_ENDPOINT_URL"] == server.url
        assert "AWS_ENDPOINT_URL_INSPECTOR" not in environ
    assert dict(os.environ) == before


@pytest.mark.slow
def test_moto_is_empty_at_the_start_and_afterwards_unless_mock_aws_is_active():
    def list_topics(server):
        with server.set_environment():
            return boto3.client("sns").list_topics()["Topics"]

    with mock_inspector() as backend:
        with InspectorServer(backend, moto=True) as server, server.set_environment():
            create_topic("left-behind")
        with InspectorServer(backend, moto=True) as server:
            assert list_topics(server) == []
        with mock_aws():
            topic = create_topic("of-mock-aws")
            with InspectorServer(backend, moto=True) as server:
                assert [entry["TopicArn"] for entry in list_topics(server)] == [topic]
            assert [entry["TopicArn"] for entry in boto3.client("sns").list_topics()["Topics"]] == [topic]
        with InspectorServer(backend, moto=True) as server:
            assert list_topics(server) == []


@pytest.mark.slow
def test_a_reset_of_one_leaves_the_other_as_it_is(aws_server):
    sns, inspector = boto3.client("sns"), boto3.client("inspector")
    create_topic()
    create_target(inspector)
    control_call(aws_server, "reset")
    assert inspector.list_assessment_targets()["assessmentTargetArns"] == []
    assert len(sns.list_topics()["Topics"]) == 1
    create_target(inspector)
    assert send(aws_server, "POST", "/moto-api/reset", b"").value == {"status": "ok"}
    assert sns.list_topics()["Topics"] == []
    assert len(inspector.list_assessment_targets()["assessmentTargetArns"]) == 1


@pytest.mark.slow
def test_a_stopped_server_leaves_no_thread_and_other_services_as_before(inspector_backend, client):
    before = threading.active_count()
    with InspectorServer(inspector_backend, moto=True) as server:
        assert threading.active_count() > before + WORKER_THREADS
        assert send(server, "POST", "/", {}, signed_headers("ListFindings")).status == 200
        topic = "arn:aws:sns:us-west-2:123456789012:nowhere"
        with pytest.raises(client.exceptions.NoSuchEntityException):
            client.subscribe_to_event(resourceArn=create_template(client), event=COMPLETED, topicArn=topic)
    assert threading.active_count() == before
    # Without an SNS every topic exists.
    template = create_template(client, create_target(client, "second"), "second")
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)


SCRIPT = """
import json, sys, time, boto3
launched = boto3.client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
sns, sqs, inspector = map(boto3.client, ("sns", "sqs", "inspector"))
topic = sns.create_topic(Name="scans")["TopicArn"]
queue = sqs.create_queue(QueueName="scans")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
target = inspector.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
template = inspector.create_assessment_template(
    assessmentTargetArn=target, assessmentTemplateName="all", durationInSeconds=180,
    rulesPackageArns=inspector.list_rules_packages()["rulesPackageArns"],
)["assessmentTemplateArn"]
inspector.subscribe_to_event(resourceArn=template, event="ASSESSMENT_RUN_COMPLETED", topicArn=topic)
run = inspector.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
agents = inspector.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
while inspector.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]["state"] != "COMPLETED":
    pass
messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=20)["Messages"]
event = json.loads(json.loads(messages[-1]["Body"])["Message"])
assert [agent["agentId"] for agent in agents] == [launched], agents
assert (event["event"], event["run"]) == ("ASSESSMENT_RUN_COMPLETED", run), event
print(run)
"""


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [True, "time-machine", False])
@in_subprocess
def test_a_tool_in_another_process_needs_nothing_but_the_endpoint(freeze):
    with mock_inspector(freeze=freeze, region=REGION) as backend, InspectorServer(backend, moto=True) as server:
        if not freeze:
            backend.clock.run(1_000)
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=server.environ, capture_output=True, text=True, timeout=100, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert backend.list_assessment_runs()["assessmentRunArns"] == [ran.stdout.strip()]


@pytest.mark.slow
@in_subprocess
def test_waiting_for_a_message_moves_frozen_time():
    """The request waits in a thread of the server, in moto, while the test waits for the answer."""
    environ = {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    os.environ.update(environ)
    with mock_inspector(at=MOMENT) as backend, InspectorServer(backend, moto=True) as server, server.set_environment():
        sqs = boto3.client("sqs")
        queue = sqs.create_queue(QueueName="empty")["QueueUrl"]
        assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
        assert 20 <= (backend.clock.now() - MOMENT).total_seconds() <= 22


@pytest.mark.slow
@in_subprocess
def test_a_forked_process_reaches_motos_instances_without_the_server():
    os.environ.update({"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
    with mock_inspector() as backend, InspectorServer(backend, moto=True) as server, server.set_environment():
        launched, client = run_instances(), boto3.client("inspector")
        target = create_target(client)
        child = os.fork()
        if not child:
            os._exit(0 if preview_agents(client, target).keys() == {*launched} else 1)
        assert os.waitpid(child, 0)[1] == 0


@pytest.mark.slow
def test_without_motos_server_the_command_that_installs_it_is_named():
    for module in ("flask", "moto"):
        code = (
            f"import sys; sys.modules[{module!r}] = None; from mock_inspector.cli import main; "
            "main(['serve', '--moto', '--port', '0'])"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert ran.returncode == 2
        assert f"{module} is not installed: pip install 'mock-inspector[moto]'" in ran.stderr
        assert "Traceback" not in ran.stderr
        assert "Warning" not in ran.stderr

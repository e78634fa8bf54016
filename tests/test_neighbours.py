"""Neighbours: other AWS services in the same test (moto's here), which Inspector looks at and publishes to."""

import json
import os
import socketserver
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.handlers import BUILTIN_HANDLERS
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from mock_inspector import mock_inspector
from mock_inspector.findings import cve
from mock_inspector.model.neighbours import Signer
from mock_inspector.model.world import World
from mock_inspector.neighbours import policies
from mock_inspector.neighbours.calls import USER_AGENT
from mock_inspector.neighbours.endpoints import Endpoints

from .worlds import (
    ACCOUNT,
    a_group,
    a_run,
    a_target,
    a_template,
    an_ended_run,
    described_finding,
    described_run,
    exclusions_of,
    findings_of,
    refused,
)

OTHER_ACCOUNT = "210987654321"
COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"
ABSENT_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:nowhere"
TRUSTING = {"Effect": "Allow", "Principal": {"Service": "inspector.amazonaws.com"}, "Action": "sts:AssumeRole"}
DESCRIBING = {"Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*"}


@pytest.fixture
def moto():
    with mock_aws():
        yield


@pytest.fixture
def backend(moto, inspector_backend):
    return inspector_backend


def a_topic(name="security", **attributes):
    return boto3.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]


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


def instances(count=1, **more):
    """Launch instances; ``tags`` is a mapping."""
    tags = [{"Key": key, "Value": value} for key, value in more.pop("tags", {}).items()]
    if tags:
        more["TagSpecifications"] = [{"ResourceType": "instance", "Tags": tags}]
    ec2 = more.pop("ec2", None) or boto3.client("ec2")
    launched = ec2.run_instances(ImageId="ami-12c6146b", MinCount=count, MaxCount=count, **more)["Instances"]
    return [instance["InstanceId"] for instance in launched]


def previewed(client, target):
    pages = client.get_paginator("preview_agents").paginate(previewAgentsArn=target, PaginationConfig={"PageSize": 2})
    return {agent["agentId"]: agent for page in pages for agent in page["agentPreviews"]}


def ran_on(client, run):
    agents = client.list_assessment_run_agents(assessmentRunArn=run, maxResults=500)["assessmentRunAgents"]
    return [agent["agentId"] for agent in agents]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# SNS


def test_a_queue_behind_the_topic_receives_the_events(backend, client):
    topic = a_topic()
    read = a_queue_of(topic)
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
    run = an_ended_run(backend, client, template)

    set_up, completed = read()
    assert json.loads(set_up["Message"])["event"] == "ENABLE_ASSESSMENT_NOTIFICATIONS"
    assert json.loads(completed["Message"])["run"] == run
    assert completed["Message"] == backend.published[-1].message
    assert completed["TopicArn"] == topic
    assert "Subject" not in completed


def test_a_topic_that_sns_does_not_know_is_refused(backend, client):
    template = a_template(client)

    with refused("NoSuchEntityException", "SNS_TOPIC_DOES_NOT_EXIST") as caught:
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    assert ABSENT_TOPIC in str(caught.value)
    assert client.list_event_subscriptions(resourceArn=template)["subscriptions"] == []
    assert backend.published == []


@pytest.mark.parametrize(
    "principal", ["*", {"Service": "inspector.amazonaws.com"}, {"AWS": ["arn:aws:iam::758058086616:root"]}]
)
def test_a_topic_whose_policy_denies_inspector_is_refused(backend, client, principal):
    deny = {"Effect": "Deny", "Principal": principal, "Action": "sns:Publish", "Resource": "*"}
    topic = a_topic(Policy=document(deny))

    with refused("AccessDeniedException", "ACCESS_DENIED_TO_SNS_TOPIC"):
        client.subscribe_to_event(resourceArn=a_template(client), event=COMPLETED, topicArn=topic)


def test_a_topic_is_looked_for_in_its_own_region_and_account(backend, client):
    credentials = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/theirs", RoleSessionName="visit"
    )["Credentials"]
    theirs = signed("sns", credentials, region="eu-west-1").create_topic(Name="theirs")["TopicArn"]

    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=theirs)
    assert theirs.split(":")[3:5] == ["eu-west-1", OTHER_ACCOUNT]
    with refused("NoSuchEntityException"):
        client.subscribe_to_event(
            resourceArn=template, event=COMPLETED, topicArn=theirs.replace("eu-west-1", "eu-west-2")
        )


def test_a_run_tells_how_its_messages_fared(backend, client):
    """Each snsPublishStatusCode by what a user would do: delete a topic, close one, use one that takes no plain text."""
    gone, closed, fine = a_topic("gone"), a_topic("closed"), a_topic("fine")
    fifo = a_topic("queue.fifo", FifoTopic="true")
    template = a_template(client)
    for topic in (gone, closed, fifo, fine):
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": closed}
    boto3.client("sns").delete_topic(TopicArn=gone)
    boto3.client("sns").set_topic_attributes(TopicArn=closed, AttributeName="Policy", AttributeValue=document(deny))
    run = an_ended_run(backend, client, template)

    notifications = described_run(client, run)["notifications"]
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
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    an_ended_run(inspector_backend, client, template)

    assert [record.status for record in inspector_backend.published] == ["SUCCESS", "SUCCESS"]


def test_moto_may_come_later_and_go_earlier(inspector_backend, client):
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    with mock_aws():
        topic = a_topic()
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
        instances()
        assert len(ran_on(client, a_run(client, template))) == 1
    inspector_backend.clock.tick(3600)
    run = an_ended_run(inspector_backend, client, template)

    assert ran_on(client, run) == []
    assert {record.status for record in inspector_backend.published} == {"SUCCESS"}


# EC2


def test_running_instances_join_the_fleet_by_tag(backend, client):
    web = instances(3, tags={"Name": "web"})
    (database,) = instances(tags={"Name": "database"})
    boto3.client("ec2").stop_instances(InstanceIds=[web[1]])
    boto3.client("ec2").terminate_instances(InstanceIds=[web[2]])
    backend.add_instance("i-0own", tags={"Name": "web"})

    target = a_target(client, group=a_group(client, Name="web"))
    assert previewed(client, target).keys() == {web[0], "i-0own"}
    assert previewed(client, a_target(client)).keys() == {web[0], database, "i-0own"}
    run = an_ended_run(backend, client, a_template(client, target))
    assert set(ran_on(client, run)) == {web[0], "i-0own"}
    assert described_run(client, run)["state"] == "COMPLETED"


def test_an_instance_brings_its_real_attributes(backend, client):
    ec2 = boto3.client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="the web")["GroupId"]
    (web,) = instances(tags={"Name": "web", "aws:autoscaling:groupName": "web-servers"}, SecurityGroupIds=[group])
    shown = ec2.describe_instances(InstanceIds=[web])["Reservations"][0]["Instances"][0]
    backend.add_instance(web, agent_version="1.1.1098.0", findings=[cve("CVE-2016-2177")])

    template = a_template(client)
    (agent,) = previewed(client, template).values()
    assert agent == {
        "agentId": web,
        "hostname": shown["PublicDnsName"],
        "autoScalingGroup": "web-servers",
        "agentHealth": "HEALTHY",
        "agentVersion": "1.1.1098.0",
        "ipv4Address": shown["PublicIpAddress"],
        "operatingSystem": "Windows Server",
    }
    run = an_ended_run(backend, client, template)
    asset = described_finding(client, findings_of(client, run)[0])["assetAttributes"]
    assert (asset["agentId"], asset["amiId"], asset["hostname"], asset["autoScalingGroup"]) == (
        web,
        "ami-12c6146b",
        shown["PublicDnsName"],
        "web-servers",
    )
    assert {"key": "Name", "value": "web"} in asset["tags"]
    (interface,) = asset["networkInterfaces"]
    real = shown["NetworkInterfaces"][0]
    assert interface["networkInterfaceId"] == real["NetworkInterfaceId"]
    assert interface["subnetId"] == real["SubnetId"]
    assert interface["vpcId"] == real["VpcId"]
    assert interface["privateIpAddress"] == real["PrivateIpAddress"]
    assert interface["publicIp"] == real["Association"]["PublicIp"]
    assert interface["privateIpAddresses"][0]["privateIpAddress"] == real["PrivateIpAddress"]
    assert interface["ipv6Addresses"] == []
    assert interface["securityGroups"] == [{"groupName": "web", "groupId": group}]


def test_what_the_test_says_of_an_instance_counts(backend, client):
    (web,) = instances(tags={"Name": "web", "Stage": "live"})
    backend.add_instance(
        web, tags={"Name": "mine"}, hostname="web.example.com", agent_health="UNHEALTHY", operating_system="Ubuntu"
    )
    (agent,) = previewed(client, a_target(client, group=a_group(client, Stage="live", Name="none"))).values()

    assert agent["hostname"] == "web.example.com"
    assert agent["agentHealth"] == "UNHEALTHY"
    assert agent["operatingSystem"] == "Ubuntu"
    assert agent["ipv4Address"]
    assert previewed(client, a_target(client, group=a_group(client, Name="web"))) == {}


def test_an_instance_stays_the_same_from_call_to_call(backend, client):
    """Pages go on where they ended, and an instance in a run is busy for the next one."""
    launched = instances(5)
    template = a_template(client)
    first = client.preview_agents(previewAgentsArn=template, maxResults=3)
    launched += instances(2)
    second = client.preview_agents(previewAgentsArn=template, nextToken=first["nextToken"], maxResults=500)
    shown = [agent["agentId"] for page in (first, second) for agent in page["agentPreviews"]]
    assert sorted(shown) == sorted(launched)

    run = a_run(client, template)
    with refused("AgentsAlreadyRunningAssessmentException") as caught:
        a_run(client, template)
    assert {agent["assessmentRunArn"] for agent in caught.value.response["agents"]} == {run}


def test_a_preview_of_exclusions_looks_at_them_too(backend, client):
    template = a_template(client)

    def preview():
        token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
        backend.clock.tick(10)
        answer = client.get_exclusions_preview(assessmentTemplateArn=template, previewToken=token)
        return [exclusion["title"] for exclusion in answer["exclusionPreviews"]]

    assert preview() == ["No instances in target"]
    instances()
    assert preview() == []


def test_an_instance_that_is_terminated_leaves_the_run(backend, client):
    web, database = instances(2)
    template = a_template(client)
    run = a_run(client, template)
    boto3.client("ec2").terminate_instances(InstanceIds=[web])
    assert previewed(client, template).keys() == {database}
    backend.finish_run(run)

    assert [exclusion["title"] for exclusion in exclusions_of(client, run)] == ["Agent not found"]
    assert set(ran_on(client, run)) == {web, database}


def test_instances_of_other_regions_stay_there(backend, client):
    instances(ec2=boto3.client("ec2", region_name="eu-west-1"))

    assert previewed(client, a_target(client)) == {}
    elsewhere = boto3.client("inspector", region_name="eu-west-1")
    assert len(previewed(elsewhere, a_target(elsewhere))) == 1


def test_the_backends_own_methods_see_the_account_they_are_for(backend, client):
    instances()
    there = backend.for_account(OTHER_ACCOUNT)
    for place, count in ((backend, 1), (there, 0)):
        target = place.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        assert len(place.preview_agents(previewAgentsArn=target)["agentPreviews"]) == count


def test_instances_that_ran_before_the_mock_began_join_too(moto, client):
    (web,) = instances()
    with mock_inspector():
        assert previewed(client, a_target(client)).keys() == {web}


@pytest.mark.parametrize("order", [(mock_aws, mock_inspector), (mock_inspector, mock_aws)], ids=["around", "inside"])
def test_moto_may_be_around_the_mock_or_inside(order, client):
    def scenario():
        launched = instances()
        assert ran_on(client, a_run(client)) == launched

    outer, inner = order
    outer()(inner()(scenario))()


def test_instances_that_another_service_launched_join_too(backend, client):
    """Nobody has asked EC2 for anything."""
    autoscaling = boto3.client("autoscaling")
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="web", ImageId="ami-12c6146b", InstanceType="t2.micro"
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web-servers",
        LaunchConfigurationName="web",
        MinSize=2,
        MaxSize=2,
        AvailabilityZones=["us-west-2a"],
    )
    agents = previewed(client, a_target(client)).values()

    assert [agent["autoScalingGroup"] for agent in agents] == ["web-servers"] * 2


def test_a_service_that_moto_was_told_not_to_mock_is_no_neighbour(client):
    with mock_aws(config={"core": {"service_whitelist": ["sns"]}}), mock_inspector() as backend:
        a_topic()
        backend.add_instance("i-0own")
        assert previewed(client, a_target(client)).keys() == {"i-0own"}


# IAM


def a_role(trust=TRUSTING, policies=(DESCRIBING,), name="inspector", managed=()):
    iam = boto3.client("iam")
    role = iam.create_role(RoleName=name, Path="/audit/", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    for number, statement in enumerate(policies):
        iam.put_role_policy(RoleName=name, PolicyName=f"policy{number}", PolicyDocument=document(statement))
    for number, statement in enumerate(managed):
        policy = iam.create_policy(PolicyName=f"managed{number}", PolicyDocument=document(statement))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return role


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"policies": (), "managed": (DESCRIBING,)},
        {"trust": {**TRUSTING, "Principal": {"AWS": "arn:aws:iam::758058086616:root"}}},
    ],
)
def test_a_fit_role_is_registered(backend, client, more):
    role = a_role(**more)
    client.register_cross_account_access_role(roleArn=role)

    shown = client.describe_cross_account_access_role()
    assert (shown["roleArn"], shown["valid"]) == (role, True)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (None, "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"),
        (
            {"trust": {**TRUSTING, "Principal": {"Service": "ec2.amazonaws.com"}}},
            "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP",
        ),
        ({"policies": ()}, "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"),
        ({"policies": ({**DESCRIBING, "Action": "s3:*"},)}, "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"),
    ],
)
def test_an_unfit_role_is_refused(backend, client, more, code):
    role = f"arn:aws:iam::{ACCOUNT}:role/nobody" if more is None else a_role(**more)

    with refused("InvalidCrossAccountRoleException", code) as caught:
        client.register_cross_account_access_role(roleArn=role)
    assert role in str(caught.value)


def test_a_role_of_another_path_is_another_role(backend, client):
    a_role()
    with refused("InvalidCrossAccountRoleException"):
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")


def test_a_registered_role_is_valid_as_long_as_it_is_fit(backend, client):
    client.register_cross_account_access_role(roleArn=a_role())
    boto3.client("iam").delete_role_policy(RoleName="inspector", PolicyName="policy0")

    assert client.describe_cross_account_access_role()["valid"] is False


def test_the_service_linked_role_is_always_valid(backend, client):
    assert client.describe_cross_account_access_role()["valid"] is True


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"Effect": "Allow", "Action": "*"}, True),
        ({"Effect": "Allow", "Action": ["s3:*", "EC2:describeinstances"]}, True),
        ({"Effect": "Allow", "Action": "ec2:DescribeTags"}, False),
        ({"Effect": "Allow", "NotAction": "iam:*"}, True),
        ({"Effect": "Allow", "NotAction": "ec2:*"}, False),
        ({"Effect": "Deny", "Action": "ec2:*"}, False),
        ("nonsense", False),
    ],
)
def test_policies_are_read_as_iam_does(statement, allowed):
    assert policies.allows({"Statement": statement}, "ec2:DescribeInstances") is allowed
    assert policies.allows({"Statement": [statement]}, "ec2:DescribeInstances") is allowed


# STS


def signed(service, credentials, region="us-west-2"):
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
    )


@pytest.fixture
def visitor(backend):
    """Credentials of a role in another account, as cross-account scanners get them."""
    return boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/scanner", RoleSessionName="scan"
    )["Credentials"]


def test_an_assumed_role_acts_for_its_account(backend, client, visitor):
    target = a_target(signed("inspector", visitor), "theirs")

    assert target.split(":")[4] == OTHER_ACCOUNT
    assert client.list_assessment_targets()["assessmentTargetArns"] == []
    assert backend.for_account(OTHER_ACCOUNT).list_assessment_targets()["assessmentTargetArns"] == [target]


def test_a_key_that_iam_made_acts_for_its_account(backend, visitor):
    iam = signed("iam", visitor)
    iam.create_user(UserName="scanner")
    key = iam.create_access_key(UserName="scanner")["AccessKey"]

    assert a_target(signed("inspector", key)).split(":")[4] == OTHER_ACCOUNT


def test_the_neighbours_are_those_of_that_account(backend, client, visitor):
    """The fleet and the topics of a run are looked for where the credentials of its request act."""
    theirs = instances(2, ec2=signed("ec2", visitor))
    mine = instances(1)
    topic = signed("sns", visitor).create_topic(Name="theirs")["TopicArn"]
    inspector = signed("inspector", visitor)
    template = a_template(inspector, packages=())
    inspector.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)

    assert previewed(inspector, template).keys() == set(theirs)
    assert previewed(client, a_target(client)).keys() == set(mine)
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/inspector"
    with refused("InvalidCrossAccountRoleException"):
        inspector.register_cross_account_access_role(roleArn=role)
    signed("iam", visitor).create_role(RoleName="inspector", AssumeRolePolicyDocument=document(TRUSTING))
    with refused("InvalidCrossAccountRoleException", "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"):
        inspector.register_cross_account_access_role(roleArn=role)


@pytest.mark.mock_inspector(account_id=OTHER_ACCOUNT)
@pytest.mark.parametrize("key", ["testing", "AKIAIOSFODNN7EXAMPLE"])
def test_a_key_that_nobody_handed_out_keeps_the_default_account(backend, visitor, key):
    mine = signed("inspector", {"AccessKeyId": key, "SecretAccessKey": "secret"})

    assert a_target(mine).split(":")[4] == OTHER_ACCOUNT


@pytest.mark.mock_inspector(account_id=OTHER_ACCOUNT)
def test_a_key_of_motos_own_account_is_told_from_a_made_up_one(backend):
    iam = boto3.client("iam")
    iam.create_user(UserName="scanner")
    key = iam.create_access_key(UserName="scanner")["AccessKey"]

    assert a_target(signed("inspector", key)).split(":")[4] == ACCOUNT


def test_a_registered_key_needs_no_sts(backend, visitor):
    backend.register_access_key(visitor["AccessKeyId"])

    assert a_target(signed("inspector", visitor)).split(":")[4] == ACCOUNT


# Whatever happens next door


@contextmanager
def a_handler(answer, service):
    """Somebody who answers a service's requests in botocore's own event, as moto does."""
    entry = (f"before-send.{service}", answer)
    BUILTIN_HANDLERS.append(entry)
    try:
        yield
    finally:
        BUILTIN_HANDLERS.remove(entry)


class SomeEc2:
    """An EC2 in botocore's event that has one instance, and counts who asks."""

    def __init__(self):
        self.asked = 0

    def __call__(self, request, **_):
        asked = parse_qs(request.body.decode() if isinstance(request.body, bytes) else request.body)
        assert asked["Action"] == ["DescribeInstances"]
        self.asked += 1
        instance = (
            "<instanceId>i-0elsewhere</instanceId><imageId>ami-1</imageId><ipAddress>192.0.2.1</ipAddress>"
            "<tagSet><item><key>Name</key><value>web</value></item></tagSet>"
        )
        groups = f"<item><instancesSet><item>{instance}</item></instancesSet></item>"
        body = f"<DescribeInstancesResponse><reservationSet>{groups}</reservationSet></DescribeInstancesResponse>"
        return AWSResponse(request.url, 200, {}, _Raw(body.encode()))


class _Raw:
    def __init__(self, body):
        self.body = body

    def stream(self, **_):
        yield self.body


def test_an_ec2_that_is_not_motos_is_as_good(inspector_backend, client):
    with a_handler(SomeEc2(), "ec2"):
        agents = previewed(client, a_target(client, group=a_group(client, Name="web")))

    assert agents["i-0elsewhere"]["ipv4Address"] == "192.0.2.1"
    assert previewed(client, a_target(client)) == {}


def test_ec2_is_asked_only_for_what_concerns_the_fleet(inspector_backend, client):
    """Somebody has to build an EC2 to answer."""
    ec2 = SomeEc2()
    with a_handler(ec2, "ec2"):
        template = a_template(signed("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}))
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
        assert ec2.asked == 0
        run = a_run(client, template)
        assert ec2.asked == 1
        inspector_backend.finish_run(run)
        assert ran_on(client, run) == ["i-0elsewhere"]
        client.get_telemetry_metadata(assessmentRunArn=run)
        exclusions_of(client, run)
        findings_of(client, run)
        client.get_assessment_report(assessmentRunArn=run, reportFileFormat="HTML", reportType="FULL")
        client.delete_assessment_run(assessmentRunArn=run)
        assert ec2.asked == 1


@set_initial_no_auth_action_count(0)
def enforced_story(client, backend):
    topic = f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms"
    template = a_template(signed("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}))
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
    client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
    assert previewed(client, template).keys() == {"i-0own"}
    run = an_ended_run(backend, client, template)
    assert ran_on(client, run) == ["i-0own"]
    assert described_run(client, run)["state"] == "COMPLETED"


def test_an_iam_that_refuses_what_the_mock_asks_breaks_nothing(backend, client):
    """moto's enforced IAM, which knows that the mock has not the caller's secret."""
    backend.add_instance("i-0own")
    enforced_story(client, backend)


@pytest.mark.parametrize("allow_network", [False, True])
@pytest.mark.parametrize("service", ["ec2", "sns", "sts", "iam"])
def test_a_neighbour_that_breaks_down_breaks_nothing(client, service, allow_network):
    def broken(**_):
        raise RuntimeError("out of order")

    with mock_inspector(allow_network=allow_network) as backend, a_handler(broken, service):
        template = a_template(signed("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}))
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
        run = an_ended_run(backend, client, template)
        assert described_run(client, run)["state"] == "COMPLETED"
        assert backend.published[-1].status == "SUCCESS"


def test_nothing_leaves_the_machine_for_a_neighbour_that_is_silent(client, monkeypatch):
    """With the network allowed too: it is the user's requests that may go out, not the mock's own."""
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *_: pytest.fail("it was sent"))
    with mock_inspector(allow_network=True), a_handler(lambda **_: None, "sns"):
        client.subscribe_to_event(resourceArn=a_template(client), event=COMPLETED, topicArn=ABSENT_TOPIC)


def test_no_client_is_made_where_nothing_could_answer(client, monkeypatch):
    nobody = [entry for entry in BUILTIN_HANDLERS if not entry[0].startswith("before-send")]
    monkeypatch.setattr("mock_inspector.neighbours.calls.BUILTIN_HANDLERS", nobody)
    monkeypatch.setattr("botocore.session.Session.create_client", lambda *_, **__: pytest.fail("a client was made"))
    with mock_inspector() as backend:
        template = a_template(client)
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        an_ended_run(backend, client, template)


class SomeSns(BaseHTTPRequestHandler):
    """An SNS that is reached over HTTP."""

    open: ClassVar[bool]
    said: ClassVar[list[tuple[str, str]]]

    def do_POST(self):
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.said.append((asked["Action"][0], self.headers["Authorization"].partition("Credential=")[2].split("/")[0]))
        action = asked["Action"][0]
        if self.open:
            status, body = 200, f"<{action}Response><{action}Result/></{action}Response>"
        else:
            error = "<Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>no</Message></Error>"
            status, body = 403, f"<ErrorResponse>{error}</ErrorResponse>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def some_sns(monkeypatch):
    SomeSns.open, SomeSns.said = True, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), SomeSns)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{server.server_port}")
    yield SomeSns
    server.shutdown()
    server.server_close()


def test_an_sns_that_the_environment_names_is_as_good(some_sns, inspector_backend, client):
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    some_sns.open = False
    run = an_ended_run(inspector_backend, client, template)

    assert some_sns.said == [
        ("GetTopicAttributes", "AKIAEXAMPLE"),
        ("Publish", "AKIAEXAMPLE"),
        ("GetTopicAttributes", "AKIAEXAMPLE"),
    ]
    assert described_run(client, run)["notifications"][0]["snsPublishStatusCode"] == "ACCESS_DENIED"
    with refused("AccessDeniedException", "ACCESS_DENIED_TO_SNS_TOPIC"):
        client.subscribe_to_event(resourceArn=template, event=REPORTED, topicArn=ABSENT_TOPIC)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://sns.example.com/", "nonsense"])
def test_an_endpoint_where_nobody_answers_is_none(url, inspector_backend, client, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    begun = os.times().elapsed  # of all clocks, the one that is not frozen
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    an_ended_run(inspector_backend, client, template)

    assert inspector_backend.published[-1].status == "SUCCESS"
    assert os.times().elapsed - begun < 10


class NobodyThere(socketserver.BaseRequestHandler):
    """A place where connections are taken, and nothing is ever said; it remembers what came."""

    came: ClassVar[list[bytes]]

    def handle(self):
        self.came.append(self.request.recv(65536))
        while self.request.recv(65536):
            pass


@pytest.fixture
def nobody_there(monkeypatch):
    NobodyThere.came = []
    monkeypatch.setattr("mock_inspector.neighbours.endpoints._left_alone", {})
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), NobodyThere)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def look_for_the_account(region="us-west-2"):
    """Make a call for whose account an STS is asked."""
    a_target(signed("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}, region))


def test_an_endpoint_that_is_silent_is_waited_for_once(nobody_there, monkeypatch):
    """In however many tests and regions: in this minute, it is left alone."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody_there)
    monkeypatch.setattr("mock_inspector.neighbours.calls._READ_TIMEOUT", 1)
    for _ in range(2):
        with mock_inspector():
            look_for_the_account()
            look_for_the_account("eu-west-1")

    (request,) = NobodyThere.came
    assert USER_AGENT.encode() in request


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_no_neighbour_is_looked_for_where_the_mock_itself_is_served(host, nobody_there, inspector_backend, monkeypatch):
    """It would wait for itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{nobody_there.replace('127.0.0.1', host)}/some/path")
    inspector_backend._world.neighbours.own_urls.add(nobody_there)
    look_for_the_account()

    assert NobodyThere.came == []


def test_a_server_of_the_mock_is_no_neighbour_of_it(inspector_backend, client, monkeypatch):
    pytest.importorskip("waitress")
    from mock_inspector.server import InspectorServer

    with InspectorServer(inspector_backend) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *_: pytest.fail("it was sent"))
        assert previewed(client, a_target(client)) == {}
    assert inspector_backend._world.neighbours.own_urls == set()


def test_where_the_mock_itself_is_served_handlers_are_asked_all_the_same(inspector_backend, client, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    inspector_backend._world.neighbours.own_urls.add("http://localhost:9/")
    with a_handler(SomeEc2(), "ec2"):
        assert previewed(client, a_target(client)).keys() == {"i-0elsewhere"}


class TestPatience:
    """What a failure says about an endpoint, by the seconds that it took."""

    @pytest.fixture
    def endpoints(self, monkeypatch):
        monkeypatch.setattr("mock_inspector.neighbours.endpoints._left_alone", {})
        return Endpoints()

    def test_a_quick_failure_says_nothing(self, endpoints):
        endpoints.failed("sts", "http://localhost:5000", 0.1, connected=False)
        assert not endpoints.is_silent("sts", "http://localhost:5000")

    def test_an_answer_that_never_came_speaks_for_its_service(self, endpoints):
        endpoints.failed("sts", "http://localhost:5000", 5, connected=True)
        assert endpoints.is_silent("sts", "http://127.0.0.1:5000/")
        assert not endpoints.is_silent("ec2", "http://localhost:5000")

    def test_a_connection_that_never_came_about_speaks_for_the_place(self, endpoints):
        endpoints.failed("sts", "https://aws.example.com", 1, connected=False)
        assert endpoints.is_silent("ec2", "https://aws.example.com:443")
        assert not endpoints.is_silent("ec2", "http://aws.example.com")

    def test_after_a_minute_it_is_tried_again(self, endpoints, monkeypatch):
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 100.0)
        endpoints.failed("sts", "http://localhost:5000", 5, connected=False)
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 159.0)
        assert endpoints.is_silent("sts", "http://localhost:5000")
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 161.0)
        assert not endpoints.is_silent("sts", "http://localhost:5000")


def test_a_world_of_its_own_has_no_neighbours(inspector_backend):
    world = World(account_id=ACCOUNT)

    assert world.neighbours.account_of(Signer("AKIAIOSFODNN7EXAMPLE"), "us-west-2") is None

"""Other AWS services in the same test: moto's, and stand-ins for EC2."""

import json
from contextlib import contextmanager
from urllib.parse import parse_qs

import boto3
from botocore.awsrequest import AWSResponse
from botocore.handlers import BUILTIN_HANDLERS


def create_topic(name="security", **attributes):
    return boto3.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]


def run_instances(count=1, **more):
    """Launch instances; ``tags`` is a mapping."""
    tags = [{"Key": key, "Value": value} for key, value in more.pop("tags", {}).items()]
    if tags:
        more["TagSpecifications"] = [{"ResourceType": "instance", "Tags": tags}]
    ec2 = more.pop("ec2", None) or boto3.client("ec2")
    launched = ec2.run_instances(ImageId="ami-12c6146b", MinCount=count, MaxCount=count, **more)["Instances"]
    return [instance["InstanceId"] for instance in launched]


def preview_agents(client, target):
    pages = client.get_paginator("preview_agents").paginate(previewAgentsArn=target, PaginationConfig={"PageSize": 2})
    return {agent["agentId"]: agent for page in pages for agent in page["agentPreviews"]}


def run_agent_ids(client, run):
    agents = client.list_assessment_run_agents(assessmentRunArn=run, maxResults=500)["assessmentRunAgents"]
    return [agent["agentId"] for agent in agents]


def policy_document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# STS


def client_with(service, credentials, region="us-west-2"):
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
    )


# Services that a test writes by hand


@contextmanager
def registered_handler(answer, service):
    """Somebody who answers a service's requests in botocore's own event, as moto does."""
    entry = (f"before-send.{service}", answer)
    BUILTIN_HANDLERS.append(entry)
    try:
        yield
    finally:
        BUILTIN_HANDLERS.remove(entry)


class FakeEc2:
    """An EC2 in botocore's event that has one instance, or none, and counts who asks."""

    def __init__(self, *, empty=False):
        self.requests = 0
        self.empty = empty

    def __call__(self, request, **_):
        requests = parse_qs(request.body.decode() if isinstance(request.body, bytes) else request.body)
        assert requests["Action"] == ["DescribeInstances"]
        self.requests += 1
        instance = (
            "<instanceId>i-0elsewhere</instanceId><imageId>ami-1</imageId><ipAddress>192.0.2.1</ipAddress>"
            "<tagSet><item><key>Name</key><value>web</value></item></tagSet>"
        )
        groups = "" if self.empty else f"<item><instancesSet><item>{instance}</item></instancesSet></item>"
        body = f"<DescribeInstancesResponse><reservationSet>{groups}</reservationSet></DescribeInstancesResponse>"
        return AWSResponse(request.url, 200, {}, _RawBody(body.encode()))


class ChangingEc2:
    """An EC2 in botocore's event whose instances are terminated, and which tells when, as EC2 does."""

    def __init__(self, instance_ids):
        self.reasons = dict.fromkeys(instance_ids, "")

    def terminate(self, instance_id, moment):
        self.reasons[instance_id] = f"User initiated ({moment:%Y-%m-%d %H:%M:%S} GMT)"

    def __call__(self, request, **_):
        instances = "".join(
            f"<item><instanceId>{instance_id}</instanceId><reason>{reason}</reason>"
            f"<instanceState><name>{'terminated' if reason else 'running'}</name></instanceState></item>"
            for instance_id, reason in self.reasons.items()
        )
        groups = f"<item><instancesSet>{instances}</instancesSet></item>"
        body = f"<DescribeInstancesResponse><reservationSet>{groups}</reservationSet></DescribeInstancesResponse>"
        return AWSResponse(request.url, 200, {}, _RawBody(body.encode()))


class _RawBody:
    def __init__(self, body):
        self.body = body

    def stream(self, **_):
        yield self.body

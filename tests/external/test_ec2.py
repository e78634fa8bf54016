"""Instances that EC2 runs join the fleet (moto's EC2 in these tests)."""

import boto3
import pytest

from mock_inspector import mock_inspector
from mock_inspector.findings import cve

from ..support.aws import (
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
from ..support.other_services import SomeEc2, a_handler, instances, ran_on, signed, to_preview

OTHER_ACCOUNT = "210987654321"


COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"


ABSENT_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:nowhere"


# EC2


def test_running_instances_join_the_fleet_by_tag(backend, client):
    web = instances(3, tags={"Name": "web"})
    (database,) = instances(tags={"Name": "database"})
    boto3.client("ec2").stop_instances(InstanceIds=[web[1]])
    boto3.client("ec2").terminate_instances(InstanceIds=[web[2]])
    backend.add_instance("i-0own", tags={"Name": "web"})

    target = a_target(client, group=a_group(client, Name="web"))
    assert to_preview(client, target).keys() == {web[0], "i-0own"}
    assert to_preview(client, a_target(client)).keys() == {web[0], database, "i-0own"}
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
    (agent,) = to_preview(client, template).values()
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
    (agent,) = to_preview(client, a_target(client, group=a_group(client, Stage="live", Name="none"))).values()

    assert agent["hostname"] == "web.example.com"
    assert agent["agentHealth"] == "UNHEALTHY"
    assert agent["operatingSystem"] == "Ubuntu"
    assert agent["ipv4Address"]
    assert to_preview(client, a_target(client, group=a_group(client, Name="web"))) == {}


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_instance_that_is_terminated_leaves_the_run(backend, client):
    web, database = instances(2)
    template = a_template(client)
    run = a_run(client, template)
    boto3.client("ec2").terminate_instances(InstanceIds=[web])
    assert to_preview(client, template).keys() == {database}
    backend.finish_run(run)

    assert [exclusion["title"] for exclusion in exclusions_of(client, run)] == ["Agent not found"]
    assert set(ran_on(client, run)) == {web, database}


@pytest.mark.slow
def test_instances_of_other_regions_stay_there(backend, client):
    instances(ec2=boto3.client("ec2", region_name="eu-west-1"))

    assert to_preview(client, a_target(client)) == {}
    elsewhere = boto3.client("inspector", region_name="eu-west-1")
    assert len(to_preview(elsewhere, a_target(elsewhere))) == 1


@pytest.mark.slow
def test_the_backends_own_methods_see_the_account_they_are_for(backend, client):
    instances()
    there = backend.for_account(OTHER_ACCOUNT)
    for place, count in ((backend, 1), (there, 0)):
        target = place.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        assert len(place.preview_agents(previewAgentsArn=target)["agentPreviews"]) == count


@pytest.mark.slow
def test_instances_that_ran_before_the_mock_began_join_too(moto, client):
    (web,) = instances()
    with mock_inspector():
        assert to_preview(client, a_target(client)).keys() == {web}


@pytest.mark.slow
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
    agents = to_preview(client, a_target(client)).values()

    assert [agent["autoScalingGroup"] for agent in agents] == ["web-servers"] * 2


def test_an_ec2_that_is_not_motos_is_as_good(inspector_backend, client):
    with a_handler(SomeEc2(), "ec2"):
        agents = to_preview(client, a_target(client, group=a_group(client, Name="web")))

    assert agents["i-0elsewhere"]["ipv4Address"] == "192.0.2.1"
    assert to_preview(client, a_target(client)) == {}


@pytest.mark.slow
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

"""Running EC2 instances are instances of the mock too (moto's EC2 in these tests)."""

import re
from datetime import timedelta

import boto3
import freezegun.api
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_inspector import mock_inspector
from mock_inspector.findings import cve

from ..support.aws import (
    ACCOUNT,
    CVE,
    create_group,
    create_target,
    create_template,
    describe_everything,
    describe_exclusions,
    describe_finding,
    describe_run,
    list_findings,
    raises_api_error,
    start_and_finish_run,
    start_run,
)
from ..support.fast_subset import max_examples, slow
from ..support.other_services import (
    ChangingEc2,
    FakeEc2,
    client_with,
    preview_agents,
    registered_handler,
    run_agent_ids,
    run_instances,
)
from ..support.possible_runs import ENDED

OTHER_ACCOUNT = "210987654321"


COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"


ABSENT_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:nowhere"


# EC2


@pytest.mark.slow
def test_running_ec2_instances_belong_to_targets_by_tag(backend, client):
    web = run_instances(3, tags={"Name": "web"})
    (database,) = run_instances(tags={"Name": "database"})
    boto3.client("ec2").stop_instances(InstanceIds=[web[1]])
    boto3.client("ec2").terminate_instances(InstanceIds=[web[2]])
    backend.add_instance("i-0own", tags={"Name": "web"})

    target = create_target(client, group=create_group(client, Name="web"))
    assert preview_agents(client, target).keys() == {web[0], "i-0own"}
    assert preview_agents(client, create_target(client)).keys() == {web[0], database, "i-0own"}
    run = start_and_finish_run(backend, client, create_template(client, target))
    assert set(run_agent_ids(client, run)) == {web[0], "i-0own"}
    assert describe_run(client, run)["state"] == "COMPLETED"


@pytest.mark.slow
def test_an_instance_brings_its_real_attributes(backend, client):
    ec2 = boto3.client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="the web")["GroupId"]
    (web,) = run_instances(tags={"Name": "web", "aws:autoscaling:groupName": "web-servers"}, SecurityGroupIds=[group])
    shown = ec2.describe_instances(InstanceIds=[web])["Reservations"][0]["Instances"][0]
    backend.add_instance(web, agent_version="1.1.1098.0", findings=[cve("CVE-2016-2177")])

    template = create_template(client)
    (agent,) = preview_agents(client, template).values()
    assert agent == {
        "agentId": web,
        "hostname": shown["PublicDnsName"],
        "autoScalingGroup": "web-servers",
        "agentHealth": "HEALTHY",
        "agentVersion": "1.1.1098.0",
        "ipv4Address": shown["PublicIpAddress"],
        "operatingSystem": "Windows Server",
    }
    run = start_and_finish_run(backend, client, template)
    asset = describe_finding(client, list_findings(client, run)[0])["assetAttributes"]
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


@pytest.mark.slow
def test_an_empty_ec2_tag_value_is_left_out_of_findings(backend, client):
    (web,) = run_instances(tags={"Name": "web", "owner": ""})
    backend.add_instance(web, findings=[cve("CVE-2016-2177")])
    run = start_and_finish_run(backend, client, create_template(client))
    asset = describe_finding(client, list_findings(client, run)[0])["assetAttributes"]
    assert asset["tags"] == [{"key": "Name", "value": "web"}, {"key": "owner"}]


def test_what_an_ec2_says_is_held_to_the_bounds_of_answers(inspector_backend, client):
    members = {
        "imageId": "x" * 300,
        "dnsName": "x" * 300,
        "ipAddress": "x",
        "tagSet": f"<item><key>{'k' * 200}</key><value>x</value></item><item><key>k</key><value>v</value></item>",
    }
    text = "".join(f"<{name}>{value}</{name}>" for name, value in members.items())

    class LooseEc2(FakeEc2):
        """It has one instance, with attributes that EC2 does not allow."""

        def __call__(self, request, **_):
            answer = super().__call__(request)
            body = next(answer.raw.stream()).decode()
            instance = f"<instancesSet><item><instanceId>i-0web</instanceId>{text}</item></instancesSet>"
            answer.raw.body = re.sub("<instancesSet>.*</instancesSet>", instance, body).encode()
            return answer

    with registered_handler(LooseEc2(), "ec2"):
        template = create_template(client, create_target(client, group=create_group(client, k="v")))
        assert preview_agents(client, template) == {"i-0web": {"agentId": "i-0web", "agentHealth": "HEALTHY"}}
        run = start_and_finish_run(inspector_backend, client, template)
        assert run_agent_ids(client, run) == ["i-0web"]


@pytest.mark.slow
def test_attributes_given_by_add_instance_override_those_of_ec2(backend, client):
    (web,) = run_instances(tags={"Name": "web", "Stage": "live"})
    backend.add_instance(
        web, tags={"Name": "mine"}, hostname="web.example.com", agent_health="UNHEALTHY", operating_system="Ubuntu"
    )
    (agent,) = preview_agents(
        client, create_target(client, group=create_group(client, Stage="live", Name="none"))
    ).values()

    assert agent["hostname"] == "web.example.com"
    assert agent["agentHealth"] == "UNHEALTHY"
    assert agent["operatingSystem"] == "Ubuntu"
    assert agent["ipv4Address"]
    assert preview_agents(client, create_target(client, group=create_group(client, Name="web"))) == {}


@pytest.mark.slow
def test_an_instance_stays_the_same_from_call_to_call(backend, client):
    """Pages go on where they ended, and an instance in a run is busy for the next one."""
    launched = run_instances(5)
    template = create_template(client)
    first = client.preview_agents(previewAgentsArn=template, maxResults=3)
    launched += run_instances(2)
    second = client.preview_agents(previewAgentsArn=template, nextToken=first["nextToken"], maxResults=500)
    shown = [agent["agentId"] for page in (first, second) for agent in page["agentPreviews"]]
    assert sorted(shown) == sorted(launched)

    run = start_run(client, template)
    with raises_api_error("AgentsAlreadyRunningAssessmentException") as caught:
        start_run(client, template)
    assert {agent["assessmentRunArn"] for agent in caught.value.response["agents"]} == {run}


@pytest.mark.slow
def test_an_exclusions_preview_includes_ec2_instances(backend, client):
    template = create_template(client)

    def preview():
        token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
        backend.clock.tick(10)
        answer = client.get_exclusions_preview(assessmentTemplateArn=template, previewToken=token)
        return [exclusion["title"] for exclusion in answer["exclusionPreviews"]]

    assert preview() == ["No instances in target"]
    run_instances()
    assert preview() == []


@pytest.mark.slow
def test_an_instance_that_is_terminated_leaves_the_run(backend, client):
    web, database = run_instances(2)
    template = create_template(client)
    run = start_run(client, template)
    boto3.client("ec2").terminate_instances(InstanceIds=[web])
    assert preview_agents(client, template).keys() == {database}
    backend.finish_run(run)

    assert [exclusion["title"] for exclusion in describe_exclusions(client, run)] == ["Agent not found"]
    assert set(run_agent_ids(client, run)) == {web, database}


@pytest.mark.slow
def test_instances_of_other_regions_stay_there(backend, client):
    run_instances(ec2=boto3.client("ec2", region_name="eu-west-1"))

    assert preview_agents(client, create_target(client)) == {}
    elsewhere = boto3.client("inspector", region_name="eu-west-1")
    assert len(preview_agents(elsewhere, create_target(elsewhere))) == 1


@pytest.mark.slow
def test_the_backends_own_methods_see_the_account_they_are_for(backend, client):
    run_instances()
    there = backend.for_account(OTHER_ACCOUNT)
    for owner, count in ((backend, 1), (there, 0)):
        target = owner.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        assert len(owner.preview_agents(previewAgentsArn=target)["agentPreviews"]) == count


@pytest.mark.slow
def test_instances_that_ran_before_the_mock_began_join_too(moto, client):
    (web,) = run_instances()
    with mock_inspector():
        assert preview_agents(client, create_target(client)).keys() == {web}


@pytest.mark.slow
def test_instances_that_another_service_launched_join_too(backend, client):
    """No client has called EC2."""
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
    agents = preview_agents(client, create_target(client)).values()

    assert [agent["autoScalingGroup"] for agent in agents] == ["web-servers"] * 2


@pytest.mark.slow
def test_an_ec2_that_is_not_motos_serves_as_well(inspector_backend, client):
    with registered_handler(FakeEc2(), "ec2"):
        agents = preview_agents(client, create_target(client, group=create_group(client, Name="web")))

    assert agents["i-0elsewhere"]["ipv4Address"] == "192.0.2.1"
    assert preview_agents(client, create_target(client)) == {}


@pytest.mark.slow
def test_ec2_is_called_only_for_what_concerns_instances(inspector_backend, client):
    """Somebody has to build an EC2 to answer."""
    ec2 = FakeEc2()
    with registered_handler(ec2, "ec2"):
        template = create_template(
            client_with("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"})
        )
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
        assert ec2.requests == 0
        run = start_run(client, template)
        assert ec2.requests == 1
        inspector_backend.finish_run(run)
        assert ec2.requests == 3  # when the data collection began and when it ended
        assert run_agent_ids(client, run) == ["i-0elsewhere"]
        client.get_telemetry_metadata(assessmentRunArn=run)
        describe_exclusions(client, run)
        list_findings(client, run)
        client.get_assessment_report(assessmentRunArn=run, reportFileFormat="HTML", reportType="FULL")
        client.delete_assessment_run(assessmentRunArn=run)
        assert ec2.requests == 3
        inspector_backend.add_instance("i-0elsewhere")
        inspector_backend.finish_run(start_run(client, template))
        assert ec2.requests == 4  # at its start only: the test says what becomes of its own instances


# Reads decide nothing


def terminate(*instance_ids):
    boto3.client("ec2").terminate_instances(InstanceIds=list(instance_ids))


def tick_freezegun(seconds):
    """Move time as code under test may: the mock does not hear of it."""
    freezegun.api.freeze_factories[-1].tick(timedelta(seconds=seconds))


def read_all(client, template, run):
    preview_agents(client, template)
    describe_everything(client, run)
    client.describe_cross_account_access_role()


@pytest.mark.parametrize(
    ("before_seconds", "state", "health", "titles"),
    [
        slow(pytest.param(0, "COMPLETED_WITH_ERRORS", ("UNKNOWN", "UNKNOWN"), ["Agent not found"], id="before it")),
        pytest.param(60, "COMPLETED", ("UNHEALTHY", "SHUTDOWN"), [], id="during the data collection"),
        slow(pytest.param(3700, "COMPLETED", ("HEALTHY", "RUNNING"), [], id="after it")),
    ],
)
@pytest.mark.parametrize(
    ("owner", "move", "reads"),
    [
        pytest.param("test", None, False, id="the test's"),
        *(
            pytest.param("EC2", move, reads, marks=pytest.mark.slow, id=f"EC2's, {name}{', reads' if reads else ''}")
            for name, move in [("the mock's clock", None), ("freezegun's tick", tick_freezegun)]
            for reads in (False, True)
        ),
    ],
)
def test_what_becomes_of_a_terminated_instance_does_not_depend_on_reads(
    moto, client, owner, before_seconds, state, health, titles, reads, move
):
    with mock_inspector(region="us-west-2", at="2019-03-23T21:34:31.250Z") as backend:
        move = move or backend.clock.tick
        (web,) = run_instances() if owner == "EC2" else [backend.add_instance("i-web").instance_id]
        template = create_template(client, duration=3600)
        run = start_run(client, template)
        move(before_seconds)
        if reads:
            read_all(client, template, run)
        if owner == "EC2":
            terminate(web)
        else:
            backend.remove_instance(web)
        if reads:
            read_all(client, template, run)
        move(600)
        if reads:
            read_all(client, template, run)
        move(3600)

        (agent,) = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
        assert (agent["agentHealth"], agent["agentHealthCode"]) == health
        assert describe_run(client, run)["state"] == state
        assert [exclusion["title"] for exclusion in describe_exclusions(client, run)] == titles


@pytest.mark.slow
def test_an_instance_that_is_gone_without_a_word_left_before_its_data_was_collected(inspector_backend, client):
    """An EC2 that forgets instances does not tell when they were terminated."""
    with registered_handler(FakeEc2(), "ec2"):
        run = start_run(client, create_template(client))
    with registered_handler(FakeEc2(empty=True), "ec2"):
        inspector_backend.finish_run(run)

    assert describe_run(client, run)["state"] == "COMPLETED_WITH_ERRORS"
    assert [exclusion["title"] for exclusion in describe_exclusions(client, run)] == ["Agent not found"]


@pytest.mark.slow
def test_an_instance_that_is_terminated_while_its_run_is_stopped_by_hand_has_left(backend, client):
    (web,) = run_instances()
    run = start_run(client, create_template(client))
    terminate(web)
    backend.set_run_state(run, "EVALUATING_RULES")

    (agent,) = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
    assert agent["agentHealth"] == "UNKNOWN"


@pytest.mark.slow
def test_the_order_of_instances_does_not_depend_on_reads(moto, client):
    def order(*, reads):
        with mock_inspector(region="us-west-2") as backend:
            template = create_template(client, packages=[CVE])
            if reads:
                preview_agents(client, template)
            backend.add_instance("i-0own", findings=[cve("CVE-2016-2177")])
            run = start_and_finish_run(backend, client, template)
            return run_agent_ids(client, run), list_findings(client, run), list(preview_agents(client, template))

    launched = run_instances(2)
    assert order(reads=True) == order(reads=False)
    assert order(reads=False)[0] == ["i-0own", *launched]


@pytest.mark.slow
def test_pages_go_on_where_they_ended_when_an_instance_was_terminated(backend, client):
    launched = run_instances(5)
    template = create_template(client)
    first = client.preview_agents(previewAgentsArn=template, maxResults=2)
    terminate(launched[0], launched[3])
    second = client.preview_agents(previewAgentsArn=template, nextToken=first["nextToken"], maxResults=500)

    shown = [[agent["agentId"] for agent in page["agentPreviews"]] for page in (first, second)]
    assert shown == [launched[:2], [launched[2], launched[4]]]


IDS = ["i-0a", "i-0b", "i-0c"]
_STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0.05, 0.126, 1, 30, 200, 260]),
        st.sampled_from([*IDS, "stop", "skip", "force", "nothing"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=max_examples(40), deadline=None)
@given(steps=_STEPS)
@example(steps=[(0.126, "i-0a", True), (0.126, "skip", True)])
@example(steps=[(0, "stop", False), (30, "i-0a", False), (30, "i-0b", True)])
@example(steps=[(0, "stop", False), (0.05, "i-0b", False), (30, "i-0a", True)])
def test_whatever_is_read_meanwhile_a_run_beside_ec2_comes_out_the_same(client, steps):
    def after(*, reads):
        ec2 = ChangingEc2(IDS)
        with registered_handler(ec2, "ec2"), mock_inspector(at="2019-03-23T21:34:31.250Z", id_seed="reads") as backend:
            template = create_template(client, create_target(client, "all"), "daily")
            run = start_run(client, template)
            for seconds, action, read in steps:
                tick_freezegun(seconds)
                if read and reads:
                    read_all(client, template, run)
                if action in IDS and not ec2.reasons[action]:
                    ec2.terminate(action, backend.clock.now())
                elif action == "force":
                    backend.set_run_state(run, "DATA_COLLECTED")
                elif action in {"stop", "skip"} and describe_run(client, run)["state"] not in ENDED:
                    skips = {"stop": "START_EVALUATION", "skip": "SKIP_EVALUATION"}
                    client.stop_assessment_run(assessmentRunArn=run, stopAction=skips[action])
                if read and reads:
                    read_all(client, template, run)
            tick_freezegun(3600)
            return describe_everything(client, run), preview_agents(client, template)

    assert after(reads=True) == after(reads=False)

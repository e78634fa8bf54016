"""Instances that a test adds: their network, what may be assigned to them, and what a run keeps of them."""

import ipaddress
from typing import Any

import boto3
import pytest

from mock_inspector import Instance
from mock_inspector.findings import best_practice, cis, cve, network_reachability, runtime_behavior

from ..support.aws import (
    create_group,
    create_target,
    create_template,
    describe_finding,
    describe_run,
    list_findings,
    start_and_finish_run,
    start_run,
)
from ..support.other_services import FakeEc2, registered_handler
from ..support.response_shapes import check_members
from ..support.service_model import MODEL

FINDINGS = [
    cve("CVE-2016-2177"),
    cis("1.1.1 Ensure mounting of cramfs is disabled"),
    best_practice("Enable ASLR"),
    network_reachability(22),
    runtime_behavior("Software Without DEP"),
]


def all_packages(client):
    return client.list_rules_packages()["rulesPackageArns"]


def run_all(backend, client):
    """A run of every rules package."""
    return start_and_finish_run(backend, client, create_template(client, packages=all_packages(client)))


def findings_about(client, run):
    findings = [describe_finding(client, arn) for arn in list_findings(client, run)]
    return [finding for finding in findings if "agentId" in finding["assetAttributes"]]


def attributes_of(finding):
    return {entry["key"]: entry["value"] for entry in finding["attributes"]}


# The network


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "cn-north-1"])
@pytest.mark.parametrize("instance_id", ["i-0a", "i-1234567890abcdef0", "Größe \U0001f40d"])
def test_every_finding_shows_an_ami_a_host_name_and_an_interface(instance_id, region, inspector_backend):
    backend, client = inspector_backend.for_region(region), boto3.client("inspector", region_name=region)
    packages = all_packages(client) or [
        backend.add_rules_package(name) for name in ("Common Vulnerabilities and Exposures", "Network Reachability")
    ]
    backend.add_instance(instance_id, findings=FINDINGS)
    run = start_and_finish_run(backend, client, create_template(client, packages=packages))
    findings = findings_about(client, run)
    assert len(findings) >= 2

    asset = findings[0]["assetAttributes"]
    assert all(finding["assetAttributes"] == asset for finding in findings)
    check_members(asset, MODEL.shape_for("AssetAttributes"))
    assert asset["amiId"].startswith("ami-")
    (interface,) = asset["networkInterfaces"]
    assert interface.keys() == MODEL.shape_for("NetworkInterface").members.keys()
    assert interface["publicDnsName"] == asset["hostname"]
    assert interface["publicIp"].replace(".", "-") in asset["hostname"]
    assert interface["privateIpAddresses"] == [
        {name: interface[name] for name in ("privateDnsName", "privateIpAddress")}
    ]
    assert ipaddress.ip_address(interface["privateIpAddress"]) in ipaddress.ip_network("10.0.0.0/8")
    assert asset["ipv4Addresses"] == []


def test_a_network_reachability_finding_names_the_interface_of_its_asset(inspector_backend, client):
    inspector_backend.add_instance("i-0a", findings=[network_reachability(22)])
    (finding,) = findings_about(client, run_all(inspector_backend, client))
    (interface,) = finding["assetAttributes"]["networkInterfaces"]
    named = attributes_of(finding)
    assert (named["ENI"], named["VPC"]) == (interface["networkInterfaceId"], interface["vpcId"])
    assert named["SECURITY_GROUP"] == interface["securityGroups"][0]["groupId"]


def test_instances_have_networks_of_their_own_that_repeat(inspector_backend, client):
    def networks():
        for number in range(30):
            inspector_backend.add_instance(f"i-{number}", findings=[cve("CVE-2016-2177")])
        findings = findings_about(client, run_all(inspector_backend, client))
        return [finding["assetAttributes"] for finding in findings]

    first = networks()
    interfaces = [asset["networkInterfaces"][0] for asset in first]
    for member in ("networkInterfaceId", "privateIpAddress", "publicIp"):
        assert len({interface[member] for interface in interfaces}) == 30
    inspector_backend.reset()
    assert networks() == first


def asset_of(backend, client, **given):
    backend.add_instance("i-0a", findings=[cve("CVE-2016-2177")], **given)
    (finding,) = findings_about(client, run_all(backend, client))
    return finding["assetAttributes"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"hostname": "web.example.com"}, {"publicDnsName": "web.example.com"}),
        ({"hostname": "ip-1.ec2.internal"}, {"privateDnsName": "ip-1.ec2.internal"}),
        ({"ipv4_address": "34.1.2.3"}, {"publicIp": "34.1.2.3"}),
        ({"ipv4_address": "192.168.1.2"}, {"privateIpAddress": "192.168.1.2"}),
        ({"ipv4_address": "no address"}, {"publicIp": "no address"}),
    ],
)
def test_the_interface_follows_the_attributes_that_are_given(given, shown, inspector_backend, client):
    asset = asset_of(inspector_backend, client, **given)
    (interface,) = asset["networkInterfaces"]
    assert {name: interface[name] for name in shown} == shown
    assert asset["hostname"] == given.get("hostname", interface["publicDnsName"])


@pytest.mark.parametrize(
    ("interface", "hostname"),
    [
        ({"publicDnsName": "public.example.com", "privateDnsName": "private"}, "public.example.com"),
        ({"privateDnsName": "private"}, "private"),
        ({"vpcId": "vpc-1"}, None),
        ({"publicDnsName": "x" * 300}, "x" * 256),
    ],
)
def test_what_is_given_of_an_interface_stays_as_it_is(interface, hostname, inspector_backend, client):
    asset = asset_of(inspector_backend, client, network_interfaces=[interface], ami_id="ami-1")
    (shown,) = asset["networkInterfaces"]
    assert shown == {**shown, **interface}
    assert shown.keys() == interface.keys() | {"networkInterfaceId", "vpcId", "securityGroups"}
    assert asset["amiId"] == "ami-1"
    assert asset["hostname"] == hostname or (hostname is None and asset["hostname"].startswith("ec2-"))


@pytest.mark.parametrize(
    "interface",
    [
        {"privateIpAddress": "10.0.0.1"},
        {"privateIpAddress": "10.0.0.1", "securityGroups": []},
        {"securityGroups": [{"groupName": "web"}, {"groupId": "sg-2"}]},
        {"vpcId": "vpc-1", "networkInterfaceId": ""},
    ],
)
def test_a_finding_names_no_ids_that_its_partly_described_interface_lacks(interface, inspector_backend, client):
    inspector_backend.add_instance("i-0a", network_interfaces=[interface], findings=[network_reachability(22)])
    (finding,) = findings_about(client, run_all(inspector_backend, client))
    (shown,) = finding["assetAttributes"]["networkInterfaces"]
    named = attributes_of(finding)
    assert (named["ENI"], named["VPC"]) == (shown["networkInterfaceId"], shown["vpcId"])
    assert named["SECURITY_GROUP"] == shown["securityGroups"][0]["groupId"]
    assert named["ENI"].startswith("eni-")
    assert named["SECURITY_GROUP"].startswith("sg-")
    assert named["VPC"] == interface.get("vpcId", shown["vpcId"])
    check_members(finding["assetAttributes"], MODEL.shape_for("AssetAttributes"))


def test_interfaces_of_one_instance_have_ids_of_their_own_in_one_vpc(inspector_backend, client):
    asset = asset_of(inspector_backend, client, network_interfaces=[{"publicIp": "34.1.2.3"}, {"vpcId": "vpc-1"}])
    first, second = asset["networkInterfaces"]
    assert first["networkInterfaceId"] != second["networkInterfaceId"]
    assert (first["vpcId"], second["vpcId"]) == ("vpc-1", "vpc-1")
    assert first["securityGroups"] == second["securityGroups"] != []


def test_an_ec2_instance_without_a_network_gets_one(inspector_backend, client):
    inspector_backend.add_instance("i-0elsewhere", findings=[cve("CVE-2016-2177")])
    with registered_handler(FakeEc2(), "ec2"):
        (finding,) = findings_about(client, run_all(inspector_backend, client))
    asset = finding["assetAttributes"]
    assert asset["amiId"] == "ami-1"
    assert asset["networkInterfaces"][0]["publicIp"] == "192.0.2.1" or (
        asset["networkInterfaces"][0]["privateIpAddress"] == "192.0.2.1"
    )


def test_a_preview_shows_what_was_given_only(inspector_backend, client):
    """The sample of PreviewAgents has the id alone."""
    inspector_backend.add_instance("i-0a")
    previews = client.preview_agents(previewAgentsArn=create_target(client))["agentPreviews"]
    assert previews == [{"agentId": "i-0a", "agentHealth": "HEALTHY"}]


# The fleet


def test_instances_are_listed_by_id(inspector_backend):
    assert dict(inspector_backend.instances) == {}
    web = inspector_backend.add_instance("i-0web")
    made_up = inspector_backend.add_instance()
    assert dict(inspector_backend.instances) == {"i-0web": web, made_up.instance_id: made_up}
    assert inspector_backend.for_region("eu-west-1").instances == {}
    inspector_backend.remove_instance("i-0web")
    assert list(inspector_backend.instances) == [made_up.instance_id]
    with pytest.raises(TypeError):
        inspector_backend.instances["i-0new"] = web


def test_instances_of_an_ec2_are_in_the_fleet_too(inspector_backend):
    with registered_handler(FakeEc2(), "ec2"):
        own = inspector_backend.add_instance("i-0own")
        fleet = inspector_backend.instances
    assert list(fleet) == ["i-0own", "i-0elsewhere"]
    assert fleet["i-0own"] is own
    assert isinstance(fleet["i-0elsewhere"], Instance)
    assert fleet["i-0elsewhere"].tags == {"Name": "web"}


# Assignment

BAD: dict[str, list[Any]] = {
    "instance_id": ["", "x" * 129, 5],
    "tags": [{"": "x"}, {"k": "v" * 257}, {"k": None}, "Name=web", 5],
    "hostname": ["x" * 257, 5],
    "ami_id": ["x" * 257, 5],
    "auto_scaling_group": ["", "x" * 257, 5],
    "ipv4_address": ["x", "x" * 16, 5],
    "operating_system": ["", "x" * 257, 5],
    "kernel_version": ["", "x" * 129, 5],
    "agent_version": ["", "x" * 129, 5],
    "agent_health": ["ILL", "", 5],
    "agent_health_code": ["BOGUS", "", 5],
    "agent_health_details": ["x" * 1001, 5],
    "network_interfaces": [{}, "x", [{"vpc": "x"}], [{"vpcId": 5}], [5]],
    "telemetry": [{}, "x", [{"messageType": "x"}], [{"messageType": "", "count": 1}], [{"count": 1}]],
    "findings": ["CVE-2016-2177", ["CVE-2016-2177"], 5, [None]],
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_an_instance_is_checked_on_assignment_as_when_it_is_added(name, value, inspector_backend):
    instance = inspector_backend.add_instance("i-0web")
    before = repr(instance)
    if name != "instance_id":
        with pytest.raises(ValueError, match=name) as assigned:
            setattr(instance, name, value)
        with pytest.raises(ValueError, match=name) as added:
            inspector_backend.add_instance("i-0new", **{name: value})
        assert str(assigned.value) == str(added.value)
    elif value:
        with pytest.raises(ValueError, match=name):
            inspector_backend.add_instance(value)
    assert repr(instance) == before
    assert list(inspector_backend.instances) == ["i-0web"] or name == "instance_id"


def test_an_assigned_attribute_is_answered_and_none_leaves_it_open(inspector_backend, client):
    instance = inspector_backend.add_instance("i-0web", auto_scaling_group="old", tags={"a": "b"})
    instance.auto_scaling_group, instance.agent_health_code = "new", "THROTTLED"
    instance.tags = {"Name": "web"}
    run = start_and_finish_run(inspector_backend, client)
    (agent,) = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
    assert (agent["autoScalingGroup"], agent["agentHealthCode"]) == ("new", "THROTTLED")
    for name in BAD.keys() - {"instance_id"}:
        setattr(instance, name, None)
    assert repr(instance) == "Instance('i-0web', agent_health='HEALTHY')"


@pytest.mark.parametrize("name", ["number", "instance_id"])
def test_the_id_of_an_instance_cannot_change(name, inspector_backend):
    instance = inspector_backend.add_instance("i-0web")
    with pytest.raises(AttributeError, match=f"{name} of an instance cannot change"):
        setattr(instance, name, "i-0other")
    with pytest.raises(AttributeError):
        instance.hostnam = "web"


# What a run keeps


def test_a_run_keeps_what_its_instances_were(inspector_backend, client):
    telemetry = [{"messageType": "a", "count": 1}]
    interfaces = [
        {"vpcId": "vpc-1", "privateIpAddresses": [{"privateIpAddress": "10.0.0.1"}], "ipv6Addresses": ["::1"]}
    ]
    instance = inspector_backend.add_instance(
        "i-0web",
        tags={"Name": "web"},
        telemetry=telemetry,
        network_interfaces=interfaces,
        findings=[network_reachability(22)],
    )
    group = create_group(client, Name="web")
    template = create_template(client, create_target(client, group=group), packages=all_packages(client))
    run = start_run(client, template)

    def shown():
        return (
            client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"],
            client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"],
            findings_about(client, run),
            describe_run(client, run),
        )

    inspector_backend.clock.tick(1)
    running = shown()
    telemetry[0]["count"], interfaces[0]["vpcId"] = 98, "vpc-98"
    instance.telemetry[0]["count"] = 99
    instance.telemetry.append({"messageType": "b", "count": 1})
    instance.network_interfaces[0]["vpcId"] = "vpc-2"
    instance.network_interfaces[0]["privateIpAddresses"][0]["privateIpAddress"] = "10.0.0.2"
    instance.network_interfaces[0]["ipv6Addresses"].append("::2")
    instance.tags["Name"] = "db"
    instance.findings = ()
    instance.agent_health = "UNHEALTHY"
    assert shown() == running

    inspector_backend.finish_run(run)
    ended = shown()
    (finding,) = ended[2]
    assert finding["assetAttributes"]["tags"] == [{"key": "Name", "value": "web"}]
    named = attributes_of(finding)
    assert finding["assetAttributes"]["networkInterfaces"] == [
        {
            "vpcId": "vpc-1",
            "privateIpAddresses": [{"privateIpAddress": "10.0.0.1"}],
            "ipv6Addresses": ["::1"],
            "networkInterfaceId": named["ENI"],
            "securityGroups": [{"groupName": "default", "groupId": named["SECURITY_GROUP"]}],
        }
    ]
    assert named["VPC"] == "vpc-1"
    instance.telemetry, instance.network_interfaces, instance.hostname = [], [], "other"
    inspector_backend.remove_instance("i-0web")
    assert shown() == ended


def test_a_restored_run_keeps_what_its_instances_were(inspector_backend, client):
    inspector_backend.add_instance(
        "i-0web", telemetry=[{"messageType": "a", "count": 1}], network_interfaces=[{"vpcId": "vpc-1"}]
    )
    run = start_and_finish_run(inspector_backend, client)
    inspector_backend.restore(inspector_backend.snapshot())
    before = client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"]
    instance = inspector_backend.instances["i-0web"]
    assert instance.telemetry is not None
    instance.telemetry[0]["count"] = 99
    assert client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"] == before


def test_what_became_invalid_inside_an_attribute_is_named_when_a_run_takes_it(inspector_backend, client):
    instance = inspector_backend.add_instance("i-0web")
    instance.tags["k" * 200] = "x"
    with pytest.raises(ValueError, match="a key of tags must have 1 to 128 characters"):
        start_run(client)

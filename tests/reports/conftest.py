"""The run whose reports are read."""

import pytest

from mock_inspector.findings import best_practice, cis, cve, network_reachability

from ..support.aws import BEST_PRACTICES, CVE, create_group, create_target, create_template, start_and_finish_run


@pytest.fixture
def assessed_run(inspector_backend, client):
    """A run over two assessed instances, one of which is worse off, and one that was left out."""
    inspector_backend.add_instance(
        "i-0web",
        tags={"Name": "web", "Stage": "live"},
        hostname="web.example.com",
        ami_id="ami-0abc",
        auto_scaling_group="webs",
        operating_system="Ubuntu 18.04.1 LTS",
        agent_version="1.1.1098.0",
        network_interfaces=[{"networkInterfaceId": "eni-0a", "privateIpAddress": "10.0.0.7", "publicIp": "34.1.2.3"}],
        findings=[
            cve("CVE-2016-2177", severity="High", package="openssl-1:1.0.1k-14.91"),
            cve("CVE-2018-14618", severity="High", package="curl-0:7.58.0"),
            best_practice("Disable root login over SSH"),
        ],
    )
    inspector_backend.add_instance("i-0db", tags={"Stage": "live"}, findings=[cve("CVE-2016-2177", severity="High")])
    inspector_backend.add_instance("i-0ill", tags={"Stage": "live"}, agent_health="UNHEALTHY")
    target = create_target(client, "live", create_group(client, Stage="live"))
    template = create_template(
        client, target, "hourly", duration=3600, packages=(CVE, BEST_PRACTICES), attributes={"team": "blue"}
    )
    return start_and_finish_run(inspector_backend, client, template, "Monday's run")


@pytest.fixture
def five_hundred(client, inspector_backend):
    """A run with 500 findings of different lengths on 250 run_instances."""
    run = start_and_finish_run(inspector_backend, client)
    severities = ["High", "Medium", "Medium", "Low"]
    for index in range(500):
        says = {
            "title": f"Finding {index}",
            "description": "It is bad. " * (index % 60 + 1),
            "severity": severities[index % 4],
            "attributes": [{"key": f"key {number}", "value": "value"} for number in range(index % 7)],
        }
        asset = {"schemaVersion": 1, "agentId": f"i-{index // 2:05x}"}
        inspector_backend.add_finding(run, {**says, "assetAttributes": asset})
    return run


@pytest.fixture
def three_hundred(client, inspector_backend):
    """A run over 60 instances with five findings each, of all lengths, by all rules packages."""
    for index in range(60):
        inspector_backend.add_instance(
            f"i-0{index:02}",
            tags={f"tag {number}": "value " * (index % 7) for number in range(index % 9)},
            findings=[
                cve(f"CVE-2016-{2000 + index}", severity=("High", "Medium", "Low")[index % 3]),
                cve(f"CVE-2018-{2000 + index}", description="It is bad. " * (7 * index % 60 + 1)),
                best_practice(("Enable ASLR", "Enable DEP", "Configure password complexity")[index % 3]),
                cis(f"1.1.{index} Ensure mounting of cramfs is disabled"),
                network_reachability((22, 80, 443, 3389)[index % 4]),
            ],
        )
    packages = client.list_rules_packages()["rulesPackageArns"]
    template = create_template(client, packages=packages, attributes={"team": "blue"})
    return start_and_finish_run(inspector_backend, client, template)

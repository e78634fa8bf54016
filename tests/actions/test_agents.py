"""PreviewAgents and ListAssessmentRunAgents."""

import pytest

from ..support.aws import create_group, create_target, create_template, preview_agents, start_run

# Agents


def test_preview_agents_shows_what_is_known_of_each_agent(inspector_backend, client):
    inspector_backend.add_instance("i-bare")
    inspector_backend.add_instance(
        "i-web",
        hostname="ec2-1-2-3-4.us-west-2.compute.amazonaws.com",
        auto_scaling_group="web",
        ipv4_address="1.2.3.4",
        operating_system="Amazon Linux AMI release 2015.09",
        kernel_version="4.1.10",
        agent_version="1.1.1098.0",
        agent_health="UNHEALTHY",
    )

    bare, web = client.preview_agents(previewAgentsArn=create_target(client))["agentPreviews"]

    assert bare == {"agentId": "i-bare", "agentHealth": "HEALTHY"}
    assert web == {
        "agentId": "i-web",
        "hostname": "ec2-1-2-3-4.us-west-2.compute.amazonaws.com",
        "autoScalingGroup": "web",
        "ipv4Address": "1.2.3.4",
        "operatingSystem": "Amazon Linux AMI release 2015.09",
        "kernelVersion": "4.1.10",
        "agentVersion": "1.1.1098.0",
        "agentHealth": "UNHEALTHY",
    }


def test_a_template_previews_the_agents_of_its_target(backend_with_instances, client):
    target = create_target(client, "web", create_group(client, Name="web"))

    assert preview_agents(client, create_template(client, target)) == preview_agents(client, target) == ["i-web"]


@pytest.mark.parametrize(
    ("healths", "codes", "expected"),
    [
        (["HEALTHY"], ["RUNNING"], ["i-well"]),
        (["HEALTHY"], ["RUNNING", "THROTTLED"], ["i-well", "i-slow"]),
        (["HEALTHY", "UNKNOWN"], ["UNKNOWN", "UNHEALTHY"], ["i-gone"]),
        (["UNHEALTHY"], [], ["i-ill"]),
        ([], ["THROTTLED"], ["i-slow"]),
        ([], [], ["i-well", "i-slow", "i-ill", "i-gone"]),
    ],
)
def test_a_runs_agents_are_filtered_by_their_health(inspector_backend, client, healths, codes, expected):
    inspector_backend.add_instance("i-well")
    inspector_backend.add_instance("i-slow", agent_health_code="THROTTLED")
    inspector_backend.add_instance("i-ill", agent_health="UNHEALTHY")
    inspector_backend.add_instance("i-gone", agent_health="UNKNOWN")

    agents = client.list_assessment_run_agents(
        assessmentRunArn=start_run(client), filter={"agentHealths": healths, "agentHealthCodes": codes}
    )["assessmentRunAgents"]

    assert [agent["agentId"] for agent in agents] == expected

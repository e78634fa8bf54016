"""PreviewAgents and ListAssessmentRunAgents."""

import pytest

from ..support.aws import (
    create_group,
    create_target,
    create_template,
    describe_exclusions,
    preview_agents,
    raises_api_error,
    start_run,
)

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


# Who takes part in a run


EXCLUDED = [
    ({"agent_health": "UNHEALTHY"}, "Agent is unhealthy"),
    ({"agent_health": "UNKNOWN"}, "Agent not found"),
    ({"operating_system": "Plan 9"}, "Unsupported OS version"),
    ({"operating_system": "Plan 9", "agent_health": "UNHEALTHY"}, "Agent is unhealthy"),
]


def preview_exclusions(backend, client, template):
    token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    backend.clock.tick(6)
    shown = client.get_exclusions_preview(assessmentTemplateArn=template, previewToken=token)
    return [exclusion["title"] for exclusion in shown["exclusionPreviews"]]


@pytest.mark.parametrize(("attributes", "title"), EXCLUDED)
def test_an_instance_that_is_excluded_from_a_run_is_free_for_others(inspector_backend, client, attributes, title):
    inspector_backend.add_instance("i-web", **attributes)
    first, second = create_template(client), create_template(client)
    run = start_run(client, first)

    assert preview_exclusions(inspector_backend, client, second) == [title]
    other = start_run(client, second)
    for each in (run, other):
        inspector_backend.finish_run(each)
        assert [exclusion["title"] for exclusion in describe_exclusions(client, each)] == [title]


@pytest.mark.parametrize("attributes", [{}, {"operating_system": "Ubuntu 18.04"}, {"agent_health_code": "THROTTLED"}])
def test_an_instance_that_takes_part_in_a_run_is_held_by_it(inspector_backend, client, attributes):
    inspector_backend.add_instance("i-web", **attributes)
    first, second = create_template(client), create_template(client)
    run = start_run(client, first)

    assert preview_exclusions(inspector_backend, client, second) == ["Agent is already running"]
    with raises_api_error("AgentsAlreadyRunningAssessmentException") as caught:
        start_run(client, second)
    assert caught.value.response["agents"] == [{"agentId": "i-web", "assessmentRunArn": run}]

    inspector_backend.set_run_state(run, "DATA_COLLECTED")
    assert preview_exclusions(inspector_backend, client, second) == []
    assert start_run(client, second)


def test_an_instance_that_became_unsupported_meanwhile_is_not_held_again(inspector_backend, client):
    """Neither side takes part by the state of the other."""
    web = inspector_backend.add_instance("i-web")
    first, second = create_template(client), create_template(client)
    start_run(client, first)
    web.operating_system = "Plan 9"

    assert preview_exclusions(inspector_backend, client, second) == ["Unsupported OS version"]
    assert start_run(client, second)


def test_an_instance_that_left_a_run_and_came_back_is_free(inspector_backend, client):
    inspector_backend.add_instance("i-web")
    first, second = create_template(client), create_template(client)
    start_run(client, first)
    inspector_backend.clock.tick(60)
    inspector_backend.remove_instance("i-web")
    inspector_backend.add_instance("i-web")

    assert preview_exclusions(inspector_backend, client, second) == []
    assert start_run(client, second)


@pytest.mark.mock_inspector(limits={"agents": 1})
def test_the_quota_counts_the_agents_that_take_part(inspector_backend, client):
    for number, (attributes, _) in enumerate(EXCLUDED):
        inspector_backend.add_instance(f"i-{number}", **attributes)
    inspector_backend.add_instance("i-web", tags={"Name": "web"})
    start_run(client)
    inspector_backend.add_instance("i-db", tags={"Name": "db"})
    db = create_template(client, create_target(client, group=create_group(client, Name="db")))

    with raises_api_error("LimitExceededException", "ASSESSMENT_RUN_LIMIT_EXCEEDED"):
        start_run(client, db)

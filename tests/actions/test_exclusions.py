"""Exclusions of a run, and their preview before it."""

import re

import pytest
from botocore.validate import ParamValidator

from mock_inspector.findings import best_practice, cve

from ..support.aws import (
    RULES_PACKAGES,
    create_template,
    describe_exclusions,
    describe_finding,
    describe_run,
    key_values,
    list_findings,
    raises_api_error,
    start_and_finish_run,
    start_run,
)
from ..support.service_model import MODEL

# Exclusions


def test_a_preview_of_exclusions_is_ready_after_a_while_and_lists_what_the_run_will(inspector_backend, client):
    inspector_backend.add_instance("i-ill", agent_health="UNHEALTHY")
    inspector_backend.add_instance("i-gone", agent_health="UNKNOWN")
    template = create_template(client)
    token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    params = {"assessmentTemplateArn": template, "previewToken": token}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", token)

    at_first = client.get_exclusions_preview(**params)
    assert at_first["previewStatus"] == "WORK_IN_PROGRESS"
    assert not at_first.get("exclusionPreviews")
    inspector_backend.clock.tick(10)
    later = client.get_exclusions_preview(**params)

    assert later["previewStatus"] == "COMPLETED"
    assert [preview["title"] for preview in later["exclusionPreviews"]] == ["Agent is unhealthy", "Agent not found"]
    run = start_and_finish_run(inspector_backend, client, template)
    reported = [
        {name: value for name, value in exclusion.items() if name != "arn"}
        for exclusion in describe_exclusions(client, run)
    ]
    assert later["exclusionPreviews"] == reported


def test_one_preview_of_exclusions_is_made_at_a_time_for_each_template(inspector_backend, client):
    template, other = create_template(client), create_template(client)
    first = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]

    with raises_api_error("PreviewGenerationInProgressException"):
        client.create_exclusions_preview(assessmentTemplateArn=template)

    assert client.create_exclusions_preview(assessmentTemplateArn=other)["previewToken"] != first
    inspector_backend.clock.tick(10)
    assert client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"] != first


def test_an_exclusions_preview_belongs_to_its_template(inspector_backend, client):
    token = client.create_exclusions_preview(assessmentTemplateArn=create_template(client))["previewToken"]

    with raises_api_error("NoSuchEntityException"):
        client.get_exclusions_preview(assessmentTemplateArn=create_template(client), previewToken=token)


def test_an_added_exclusion_is_there_at_once(inspector_backend, client):
    run = start_run(client)
    given = {
        "title": "Agent is already running",
        "description": "It is.",
        "recommendation": "Wait.",
        "scopes": key_values(INSTANCE_ID="i-web"),
        "attributes": key_values(INSTANCE_ID="i-web"),
    }

    arn = inspector_backend.add_exclusion(run, given)

    assert arn.startswith(f"{run}/exclusion/0-")
    assert describe_exclusions(client, run) == [{"arn": arn, **given}]


def test_an_added_exclusion_is_filled_in(inspector_backend, client):
    run = start_run(client)

    inspector_backend.add_exclusion(run, {"title": "Agent is already running"})

    [exclusion] = describe_exclusions(client, run)
    assert exclusion["title"] == "Agent is already running"
    assert exclusion.keys() >= {"arn", "description", "recommendation", "scopes"}
    assert exclusion["scopes"]


@pytest.mark.parametrize(
    ("exclusion", "message"),
    [
        ({"titel": "Bad"}, "unknown member 'titel'"),
        ({"scopes": [{"key": "WHATEVER", "value": "x"}]}, "'WHATEVER'"),
        ({"scopes": []}, "scopes"),
        ({"arn": "arn:aws:inspector"}, "'arn', which is generated; next_ids"),
    ],
)
def test_an_exclusion_that_cannot_be_is_refused(inspector_backend, client, exclusion, message):
    run = start_run(client)

    with pytest.raises(ValueError, match=message):
        inspector_backend.add_exclusion(run, exclusion)

    assert describe_exclusions(client, run) == []


EVERY = tuple(RULES_PACKAGES.values())


# Exclusions that instances cause


def test_an_instance_with_an_unknown_operating_system_is_excluded(inspector_backend, client):
    inspector_backend.add_instance("i-0old", operating_system="BeOS R5", findings=[cve("CVE-2016-2177")])
    run = start_and_finish_run(inspector_backend, client)

    (exclusion,) = describe_exclusions(client, run)

    assert exclusion["title"] == "Unsupported OS version"
    assert "BeOS R5" in exclusion["description"]
    assert describe_run(client, run)["state"] == "COMPLETED_WITH_ERRORS"
    assert list_findings(client, run) == [], "nothing was looked at, so nothing is known to be clean"


@pytest.mark.parametrize(
    "name", ["Amazon Linux AMI release 2015.09", '"Ubuntu 18.04.1 LTS"', "Windows Server 2016", "CentOS Linux 7.5"]
)
def test_instances_with_a_known_operating_system_are_not_excluded(name, inspector_backend, client):
    inspector_backend.add_instance("i-0web", operating_system=name)

    assert describe_exclusions(client, start_and_finish_run(inspector_backend, client)) == []


def test_a_rules_package_for_linux_excludes_a_windows_instance_from_itself_alone(inspector_backend, client):
    inspector_backend.add_instance(
        "i-0win", operating_system="Windows Server 2016", findings=[best_practice("Enable DEP"), cve("CVE-2016-2177")]
    )
    best, vulnerabilities = (
        RULES_PACKAGES["Security Best Practices"],
        RULES_PACKAGES["Common Vulnerabilities and Exposures"],
    )
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=[best, vulnerabilities]))

    (exclusion,) = describe_exclusions(client, run)

    assert exclusion["title"] == "Rules package not supported by OS"
    assert exclusion["scopes"] == [
        {"key": "INSTANCE_ID", "value": "i-0win"},
        {"key": "RULES_PACKAGE_ARN", "value": best},
    ]
    titles = [describe_finding(client, arn)["title"] for arn in list_findings(client, run)]
    assert titles == ["Instance i-0win is vulnerable to CVE-2016-2177"]


# Exclusions that no instance causes, by their titles

REACHABILITY = "Network Reachability error"


TITLES = [
    "No instances in target",
    "Agent is already running",
    "Agent not found",
    "Agent is unhealthy",
    "Unsupported OS version",
    "Deprecated rules package",
    "Rules package not supported by OS",
    "Rules evaluation error for single instance",
    "Rules evaluation error",
    f"{REACHABILITY} - internet",
    f"{REACHABILITY} - internet through an Application Load Balancer",
    f"{REACHABILITY} - internet through an Elastic Load Balancing load balancer",
    f"{REACHABILITY} - VPN",
    f"{REACHABILITY} - AWS Direct Connect",
    f"{REACHABILITY} - VPC peering",
]


def put_in(backend, client, **exclusion):
    run = start_and_finish_run(backend, client, create_template(client, packages=EVERY))
    arn = backend.add_exclusion(run, exclusion)
    return client.describe_exclusions(exclusionArns=[arn])["exclusions"][arn]


@pytest.mark.slow
@pytest.mark.parametrize("title", TITLES)
def test_a_documented_title_is_enough_for_an_exclusion(title, inspector_backend, client):
    exclusion, other = put_in(inspector_backend, client, title=title), put_in(inspector_backend, client, title="Mine")

    assert exclusion["title"] == title
    assert exclusion["description"] != other["description"]
    assert exclusion["recommendation"] != other["recommendation"]
    assert "{" not in exclusion["description"] + exclusion["recommendation"]
    requested = [RULES_PACKAGES["Network Reachability"]] if title.startswith(REACHABILITY) else sorted(EVERY)
    assert sorted(scope["value"] for scope in exclusion["scopes"]) == requested
    assert not ParamValidator().validate(exclusion, MODEL.shape_for("Exclusion")).has_errors()


@pytest.mark.parametrize("title", [f"{REACHABILITY} \N{EN DASH}internet", f"{REACHABILITY} \N{EN DASH} internet"])
def test_exclusion_titles_may_have_the_dashes_of_the_user_guide(title, inspector_backend, client):
    exclusion = put_in(inspector_backend, client, title=title)

    assert exclusion["title"] == title
    assert "reachable from the internet could not be found out" in exclusion["description"]


def test_an_exclusions_texts_name_what_its_scopes_name(inspector_backend, client):
    scopes = [
        {"key": "INSTANCE_ID", "value": "i-0{web}"},
        {"key": "RULES_PACKAGE_ARN", "value": RULES_PACKAGES["Security Best Practices"]},
    ]
    exclusion = put_in(inspector_backend, client, title="Rules package not supported by OS", scopes=scopes)

    assert (
        "on instance i-0{web} is not supported by the rules package Security Best Practices" in exclusion["description"]
    )
    assert exclusion["scopes"] == scopes


def test_an_exclusions_given_texts_stay(inspector_backend, client):
    exclusion = put_in(inspector_backend, client, title="Rules evaluation error", description="Mine.")

    assert exclusion["description"] == "Mine."
    assert exclusion["recommendation"] == "Run the assessment again."

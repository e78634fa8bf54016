"""The filters of the list actions."""

import datetime

import pytest

from ..support.aws import (
    BEST_PRACTICES,
    CIS,
    CVE,
    create_target,
    create_template,
    key_values,
    list_findings,
    raises_api_error,
    start_run,
)

# Filters


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("web", ["web"]),
        ("web*", ["web", "web-1", "web-22"]),
        ("web-?", ["web-1"]),
        ("*-*", ["web-1", "web-22", "my-web"]),
        ("*web", ["web", "my-web"]),
        ("WEB", []),
        ("*", ["web", "web-1", "web-22", "my-web"]),
    ],
)
def test_targets_are_listed_by_name_pattern(inspector_backend, client, pattern, expected):
    targets = {create_target(client, name): name for name in ("web", "web-1", "web-22", "my-web")}

    arns = client.list_assessment_targets(filter={"assessmentTargetNamePattern": pattern})["assessmentTargetArns"]

    assert [targets[arn] for arn in arns] == expected


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        ({"namePattern": "night*"}, ["nightly", "nightly cis"]),
        ({"durationRange": {"minSeconds": 900}}, ["nightly cis", "weekly"]),
        ({"durationRange": {"maxSeconds": 900}}, ["nightly", "nightly cis"]),
        ({"durationRange": {"minSeconds": 181, "maxSeconds": 899}}, []),
        ({"durationRange": {}}, ["nightly", "nightly cis", "weekly"]),
        ({"rulesPackageArns": [CVE]}, ["nightly", "weekly"]),
        ({"rulesPackageArns": [CIS, BEST_PRACTICES]}, ["nightly cis", "weekly"]),
        ({"rulesPackageArns": []}, ["nightly", "nightly cis", "weekly"]),
        ({"namePattern": "night*", "rulesPackageArns": [CVE]}, ["nightly"]),
        ({}, ["nightly", "nightly cis", "weekly"]),
    ],
)
def test_templates_are_filtered(inspector_backend, client, requested, expected):
    templates = {
        create_template(client, name=name, duration=duration, packages=packages): name
        for name, duration, packages in [
            ("nightly", 180, [CVE]),
            ("nightly cis", 900, [CIS]),
            ("weekly", 3600, [CVE, CIS]),
        ]
    }

    arns = client.list_assessment_templates(filter=requested)["assessmentTemplateArns"]

    assert [templates[arn] for arn in arns] == expected


def test_templates_are_listed_by_target(inspector_backend, client):
    one, other, third = (create_target(client) for _ in range(3))
    templates = [create_template(client, target) for target in (one, other, one, third)]

    def listed(*targets, **requested):
        return client.list_assessment_templates(assessmentTargetArns=targets, **requested)["assessmentTemplateArns"]

    assert listed(one) == [templates[0], templates[2]]
    assert listed(third, one) == [templates[0], templates[2], templates[3]]
    assert listed() == templates
    assert listed(one, filter={"rulesPackageArns": [CIS]}) == []


BEGUN = 1_704_067_200
"""The moment at which the first run in the tests of filters begins to collect data."""


@pytest.fixture
def three_runs(inspector_backend, client, empty_target):
    """A completed, a canceled and a collecting run: their names by their ARNs."""
    short = create_template(client, empty_target, duration=180, packages=[CVE])
    long = create_template(client, empty_target, duration=3600, packages=[CIS, BEST_PRACTICES])
    completed = start_run(client, short, "first")
    inspector_backend.clock.move_to(BEGUN + 1000)
    canceled = start_run(client, long, "second")
    inspector_backend.clock.tick(500)
    client.stop_assessment_run(assessmentRunArn=canceled, stopAction="SKIP_EVALUATION")
    inspector_backend.clock.move_to(BEGUN + 2000)
    collecting = start_run(client, short, "second again")
    inspector_backend.clock.tick(10)
    return {completed: "first", canceled: "second", collecting: "second again"}


@pytest.mark.mock_inspector(at=BEGUN - 0.126)
@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        ({"namePattern": "second*"}, ["second", "second again"]),
        ({"states": ["COMPLETED"]}, ["first"]),
        ({"states": ["COLLECTING_DATA", "CANCELED"]}, ["second", "second again"]),
        ({"states": []}, ["first", "second", "second again"]),
        ({"durationRange": {"minSeconds": 3600}}, ["second"]),
        ({"durationRange": {"minSeconds": 180, "maxSeconds": 180}}, ["first", "second again"]),
        ({"rulesPackageArns": [CVE]}, ["first", "second again"]),
        ({"rulesPackageArns": [CVE, BEST_PRACTICES]}, ["first", "second", "second again"]),
        ({"startTimeRange": {"endDate": BEGUN}}, ["first"]),
        ({"startTimeRange": {"beginDate": BEGUN, "endDate": BEGUN}}, ["first"]),
        ({"startTimeRange": {"endDate": BEGUN - 1}}, []),
        ({"startTimeRange": {"beginDate": BEGUN + 1}}, ["second", "second again"]),
        ({"startTimeRange": {}}, ["first", "second", "second again"]),
        ({"completionTimeRange": {"beginDate": BEGUN}}, ["first", "second"]),
        ({"completionTimeRange": {"beginDate": BEGUN + 1500, "endDate": BEGUN + 1500}}, ["second"]),
        ({"completionTimeRange": {"endDate": BEGUN + 1499}}, ["first"]),
        ({"stateChangeTimeRange": {"beginDate": BEGUN + 1500}}, ["second", "second again"]),
        ({"stateChangeTimeRange": {"beginDate": BEGUN + 1501}}, ["second again"]),
        ({"stateChangeTimeRange": {"endDate": BEGUN + 1000}}, ["first"]),
        ({"namePattern": "second*", "states": ["COMPLETED", "CANCELED"]}, ["second"]),
        ({"startTimeRange": {"beginDate": -62135596800, "endDate": 253402300799}}, ["first", "second", "second again"]),
        ({}, ["first", "second", "second again"]),
    ],
)
def test_runs_are_filtered(three_runs, client, requested, expected):
    arns = client.list_assessment_runs(filter=requested)["assessmentRunArns"]

    assert [three_runs[arn] for arn in arns] == expected


def test_runs_are_listed_by_template(inspector_backend, client, empty_target):
    one, other = (create_template(client, empty_target) for _ in range(2))
    runs = [start_run(client, template) for template in (one, other, one)]

    def listed(*templates):
        return client.list_assessment_runs(assessmentTemplateArns=templates)["assessmentRunArns"]

    assert listed(one) == [runs[0], runs[2]]
    assert listed(other, one) == listed() == runs


@pytest.fixture
def four_findings(inspector_backend, client, empty_target):
    """Three findings of one run and one of another, made a hundred seconds apart: their names by their ARNs."""
    template = create_template(client, empty_target, duration=86_400)
    one, other = (start_run(client, template) for _ in range(2))

    def reported_by(run, name, package, agent=None, group=None, **members):
        asset = {"schemaVersion": 1, **({"agentId": agent, "autoScalingGroup": group} if agent else {})}
        service = {"schemaVersion": 1, "rulesPackageArn": package}
        made[
            inspector_backend.add_finding(run, {**members, "assetAttributes": asset, "serviceAttributes": service})
        ] = name
        inspector_backend.clock.tick(100)

    made: dict[str, str] = {}
    openssl = {"severity": "High", "attributes": key_values(package="openssl", port="443")}
    reported_by(one, "cve a", CVE, "i-a", "web", id="CVE-2016-2177", userAttributes=key_values(team="blue"), **openssl)
    reported_by(one, "cve b", CVE, "i-b", "db", id="CVE-2016-2177", **openssl)
    reported_by(
        one,
        "ssh",
        BEST_PRACTICES,
        "i-a",
        "web",
        id="Disable root login over SSH",
        severity="Medium",
        attributes=key_values(port="22"),
        userAttributes=key_values(team="red"),
    )
    reported_by(other, "clean", CVE)
    return made


ALL = ["cve a", "cve b", "ssh", "clean"]


@pytest.mark.slow
@pytest.mark.mock_inspector(at=BEGUN)
@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        ({"severities": ["High"]}, ["cve a", "cve b"]),
        ({"severities": ["Medium", "High"]}, ["cve a", "cve b", "ssh"]),
        ({"severities": ["Low"]}, []),
        ({"agentIds": ["i-a"]}, ["cve a", "ssh"]),
        ({"agentIds": ["i-b", "i-c"]}, ["cve b"]),
        ({"autoScalingGroups": ["db"]}, ["cve b"]),
        ({"ruleNames": ["CVE-2016-2177"]}, ["cve a", "cve b"]),
        ({"ruleNames": ["CVE-2016"]}, []),
        ({"rulesPackageArns": [BEST_PRACTICES]}, ["ssh"]),
        ({"rulesPackageArns": [BEST_PRACTICES, CVE]}, ALL),
        ({"attributes": key_values(port="22")}, ["ssh"]),
        ({"attributes": key_values(package="openssl", port="22")}, ["cve a", "cve b", "ssh"]),
        ({"attributes": key_values(port="openssl")}, []),
        ({"userAttributes": key_values(team="blue")}, ["cve a"]),
        ({"creationTimeRange": {"beginDate": BEGUN + 100, "endDate": BEGUN + 200}}, ["cve b", "ssh"]),
        ({"creationTimeRange": {"beginDate": BEGUN + 201}}, ["clean"]),
        ({"creationTimeRange": {"endDate": BEGUN}}, ["cve a"]),
        ({"creationTimeRange": {}}, ALL),
        ({"severities": ["High"], "agentIds": ["i-a"]}, ["cve a"]),
        ({"severities": ["High"], "userAttributes": key_values(team="red")}, []),
        ({name: [] for name in ("severities", "agentIds", "ruleNames", "attributes", "rulesPackageArns")}, ALL),
        ({}, ALL),
    ],
)
def test_findings_are_filtered(four_findings, client, requested, expected):
    assert [four_findings[arn] for arn in list_findings(client, **requested)] == expected


def test_findings_are_listed_by_run(four_findings, client):
    runs = list(dict.fromkeys(arn.rpartition("/finding/")[0] for arn in four_findings))

    def listed(*arns, **requested):
        found = client.list_findings(assessmentRunArns=arns, filter=requested)["findingArns"]
        return [four_findings[arn] for arn in found]

    assert listed(runs[0]) == ["cve a", "cve b", "ssh"]
    assert listed(runs[1], runs[0]) == listed() == ALL
    assert listed(runs[0], severities=["Medium"]) == ["ssh"]
    assert listed(runs[1], severities=["Medium"]) == []


def test_a_time_range_can_take_in_the_whole_calendar(client, four_findings):
    first, last = datetime.datetime.min, datetime.datetime.max
    everything = client.list_findings()["findingArns"]
    params = {"creationTimeRange": {"beginDate": first, "endDate": last}}
    assert client.list_findings(filter=params)["findingArns"] == everything != []
    params = {"creationTimeRange": {"beginDate": last}}
    assert client.list_findings(filter=params)["findingArns"] == []
    with raises_api_error("InvalidInputException", "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE"):
        client.list_findings(filter={"creationTimeRange": {"beginDate": last, "endDate": first}})

"""Findings: their user attributes, and those that a test adds."""

import pytest

from ..support.aws import (
    CIS,
    CVE,
    create_template,
    current_time,
    describe_finding,
    describe_run,
    key_values,
    list_findings,
    start_and_finish_run,
    start_run,
)

# Findings and their attributes


@pytest.fixture
def finding(inspector_backend, client):
    return inspector_backend.add_finding(start_run(client), {"title": "Bad"})


def attributes_of(client, finding):
    return {entry["key"]: entry["value"] for entry in describe_finding(client, finding)["userAttributes"]}


def test_attributes_of_a_finding_are_added_and_overwritten(inspector_backend, client, finding):
    created = describe_finding(client, finding)["createdAt"]
    bystander = inspector_backend.add_finding(start_run(client), {})
    inspector_backend.clock.tick(60)

    client.add_attributes_to_findings(findingArns=[finding], attributes=key_values(a="1", b="2"))
    answer = client.add_attributes_to_findings(findingArns=[finding], attributes=key_values(b="3", c="4"))

    assert answer["failedItems"] == {}
    assert attributes_of(client, finding) == {"a": "1", "b": "3", "c": "4"}
    assert attributes_of(client, bystander) == {}
    shown = describe_finding(client, finding)
    assert shown["createdAt"] == created
    assert shown["updatedAt"].timestamp() == current_time(inspector_backend)


def test_a_finding_takes_ten_attributes_and_reports_an_eleventh(inspector_backend, client, finding):
    ten = {f"key{number}": "old" for number in range(10)}
    roomy = inspector_backend.add_finding(start_run(client), {})
    client.add_attributes_to_findings(findingArns=[finding], attributes=key_values(**ten))
    before = describe_finding(client, finding)
    inspector_backend.clock.tick(60)

    answer = client.add_attributes_to_findings(
        findingArns=[finding, roomy], attributes=key_values(key0="new", eleventh="new")
    )

    assert answer["failedItems"] == {finding: {"failureCode": "LIMIT_EXCEEDED", "retryable": False}}
    assert describe_finding(client, finding) == before
    assert attributes_of(client, roomy) == {"key0": "new", "eleventh": "new"}
    client.add_attributes_to_findings(findingArns=[finding], attributes=key_values(key0="new"))
    assert attributes_of(client, finding) == {**ten, "key0": "new"}


def test_attributes_of_a_finding_are_removed_by_key(inspector_backend, client, finding):
    client.add_attributes_to_findings(findingArns=[finding], attributes=key_values(a="1", b="2"))

    answer = client.remove_attributes_from_findings(findingArns=[finding], attributeKeys=["a", "not there"])

    assert answer["failedItems"] == {}
    assert attributes_of(client, finding) == {"b": "2"}


def test_the_templates_attributes_can_be_overwritten_and_removed_on_one_finding(inspector_backend, client):
    template = create_template(client, packages=[CVE, CIS], attributes={"team": "blue", "tier": "1"})
    one, other = list_findings(client, start_and_finish_run(inspector_backend, client, template))

    client.add_attributes_to_findings(findingArns=[one], attributes=key_values(team="red"))
    client.remove_attributes_from_findings(findingArns=[one], attributeKeys=["tier"])

    assert attributes_of(client, one) == {"team": "red"}
    assert attributes_of(client, other) == {"team": "blue", "tier": "1"}


def test_an_added_finding_is_there_whatever_the_runs_state(inspector_backend, client):
    run = start_run(client)

    early = inspector_backend.add_finding(run, {"severity": "Low"})
    assert list_findings(client, run) == [early]
    inspector_backend.finish_run(run)
    late = inspector_backend.add_finding(run, {"severity": "High"})

    assert list_findings(client, run)[0] == early
    assert list_findings(client, run)[-1] == late
    counts = describe_run(client, run)["findingCounts"]
    assert counts == {"High": 1, "Medium": 0, "Low": 1, "Informational": 1, "Undefined": 0}


@pytest.mark.parametrize(
    ("severity", "number"), [("High", 9), ("Medium", 6), ("Low", 3), ("Informational", 0), ("Undefined", 0)]
)
def test_an_added_finding_is_filled_in(inspector_backend, client, severity, number):
    run = start_run(client)

    shown = describe_finding(client, inspector_backend.add_finding(run, {"severity": severity}))

    assert shown["numericSeverity"] == number
    assert shown["createdAt"] == shown["updatedAt"]
    assert shown["createdAt"].timestamp() == current_time(inspector_backend)
    assert shown["title"]
    assert shown["description"]
    assert shown["recommendation"]
    assert shown["service"] == "Inspector"
    assert shown["serviceAttributes"] == {"schemaVersion": 1, "assessmentRunArn": run, "rulesPackageArn": CVE}
    assert shown["assetType"] == "ec2-instance"
    assert shown["confidence"] == 10
    assert shown["indicatorOfCompromise"] is False


def test_an_added_finding_says_what_it_was_given(inspector_backend, client):
    given = {
        "id": "CVE-2016-2177",
        "title": "Instance i-web is vulnerable to CVE-2016-2177",
        "description": "Pointer arithmetic.",
        "recommendation": "Update openssl.",
        "severity": "High",
        "numericSeverity": 8.5,
        "confidence": 7,
        "indicatorOfCompromise": True,
        "assetAttributes": {"schemaVersion": 1, "agentId": "i-web", "ipv4Addresses": ["1.2.3.4"]},
        "attributes": key_values(INSTANCE_ID="i-web"),
        "userAttributes": key_values(team="blue"),
    }

    shown = describe_finding(client, inspector_backend.add_finding(start_run(client), given))

    assert {name: shown[name] for name in given} == given


@pytest.mark.parametrize(
    ("finding", "message"),
    [
        ({"titel": "Bad"}, "unknown member 'titel'"),
        ({"assetAttributes": {"agent": "i-web"}}, "unknown member 'agent'"),
        ({"attributes": [{"name": "a"}]}, "unknown member 'name'"),
        ({"arn": "arn:aws:inspector"}, "'arn', which is generated; next_ids"),
        ({"severity": "Severe"}, "'Severe'"),
        ({"numericSeverity": "9"}, "numericSeverity"),
        ({"createdAt": 253402300799}, "createdAt"),
        ("Bad", "must be a mapping"),
    ],
)
def test_a_finding_that_cannot_be_is_refused(inspector_backend, client, finding, message):
    run = start_run(client)

    with pytest.raises(ValueError, match=message):
        inspector_backend.add_finding(run, finding)

    assert list_findings(client, run) == []


def test_findings_added_by_hand_are_listed_in_the_order_of_their_arrival(inspector_backend, client):
    run = start_run(client)
    now = inspector_backend.clock.now().timestamp()
    arns = [
        inspector_backend.add_finding(run, {"title": "new"}),
        inspector_backend.add_finding(run, {"title": "an hour old", "createdAt": now - 3600}),
        inspector_backend.add_finding(run, {"title": "newer"}),
    ]
    assert list_findings(client) == list_findings(client, run) == arns
    until = {"endDate": now - 60}
    assert list_findings(client, creationTimeRange=until) == arns[1:2]

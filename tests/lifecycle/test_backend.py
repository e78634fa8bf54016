"""The backend: the actions as methods, and its reset."""

import datetime

import pytest
from botocore import xform_name

from mock_inspector import errors

from ..support.aws import (
    ACCOUNT,
    CVE,
    create_target,
    create_template,
    generate_id,
    list_findings,
    list_targets,
    start_run,
)

OTHER_ACCOUNT = "210987654321"


# Starting over


def test_a_reset_empties_everything_and_leaves_the_clock(inspector_backend, client):
    elsewhere = inspector_backend.for_account(OTHER_ACCOUNT).for_region("eu-west-1")
    elsewhere.create_assessment_target(assessmentTargetName="web")
    first = generate_id(inspector_backend)
    role = client.describe_cross_account_access_role()["roleArn"]
    client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
    inspector_backend.add_instance("i-web")
    added = inspector_backend.add_rules_package("Own rules")
    inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=None)
    template = create_template(client, packages=[CVE, added])
    start_run(client, template)
    inspector_backend.next_ids("0-nvgVhaxX")
    inspector_backend.clock.tick(60)
    moment = inspector_backend.clock.now()

    inspector_backend.reset()

    assert inspector_backend.clock.now() == moment
    assert generate_id(inspector_backend) == first
    assert list_targets(client) == elsewhere.list_assessment_targets()["assessmentTargetArns"] == []
    assert client.list_assessment_templates()["assessmentTemplateArns"] == []
    assert client.list_assessment_runs()["assessmentRunArns"] == []
    assert added not in client.list_rules_packages()["rulesPackageArns"]
    assert CVE in client.list_rules_packages()["rulesPackageArns"]
    assert client.describe_cross_account_access_role()["roleArn"] == role
    assert client.preview_agents(previewAgentsArn=create_target(client))["agentPreviews"] == []
    inspector_backend.clock.tick(86_400)
    assert list_findings(client) == []


# The backend itself


def test_the_backend_has_each_action_as_a_method(inspector_backend, client):
    operations = client.meta.service_model.operation_names

    assert len(operations) == 37
    assert [name for name in operations if not callable(getattr(inspector_backend, xform_name(name), None))] == []


def test_a_backends_methods_answer_as_a_client_does_without_the_wire(inspector_backend, client):
    target = inspector_backend.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    created = inspector_backend.clock.now().timestamp()

    assert list_targets(client) == [target]
    assert inspector_backend.describe_assessment_targets(assessmentTargetArns=[target, "nonsense"]) == {
        "assessmentTargets": [{"arn": target, "name": "web", "createdAt": created, "updatedAt": created}],
        "failedItems": {"nonsense": {"failureCode": "INVALID_ARN", "retryable": False}},
    }
    assert inspector_backend.delete_assessment_target(assessmentTargetArn=target) == {}
    assert list_targets(client) == []


def test_a_backends_methods_take_moments(inspector_backend, client):
    run = inspector_backend.add_finding(start_run(client), {}).rpartition("/finding/")[0]
    moment = inspector_backend.clock.now()

    def listed(**creation):
        params = {"assessmentRunArns": [run], "filter": {"creationTimeRange": creation}}
        return len(inspector_backend.list_findings(**params)["findingArns"])

    assert listed(beginDate=moment, endDate=moment) == listed(beginDate=moment.timestamp()) == 1
    assert listed(beginDate=moment + datetime.timedelta(milliseconds=1)) == 0


def test_a_backends_methods_raise_what_a_client_would_get_as_an_error(inspector_backend):
    absent = f"arn:aws:inspector:us-west-2:{ACCOUNT}:target/0-absent00"

    with pytest.raises(errors.NoSuchEntityException) as caught:
        inspector_backend.delete_assessment_target(assessmentTargetArn=absent)
    assert caught.value.members["errorCode"] == "ASSESSMENT_TARGET_DOES_NOT_EXIST"
    assert absent in str(caught.value)
    with pytest.raises(errors.InvalidInputException):
        inspector_backend.create_assessment_target(assessmentTargetName="")
    with pytest.raises(errors.ApiError, match="assessmentTargetName"):
        inspector_backend.create_assessment_target()


def test_a_backends_methods_take_the_requests_members_as_keywords_only(inspector_backend):
    with pytest.raises(TypeError, match="keywords"):
        inspector_backend.create_assessment_target("web")
    with pytest.raises(TypeError, match=r"takes assessmentTargetName, resourceGroupArn; got 'name'"):
        inspector_backend.create_assessment_target(name="web")


def test_what_a_backend_takes_and_returns_is_the_callers_own(inspector_backend, client):
    tags = [{"key": "Name", "value": "web"}]
    template = create_template(client)
    run = start_run(client, template)
    group = inspector_backend.create_resource_group(resourceGroupTags=tags)["resourceGroupArn"]
    inspector_backend.set_tags_for_resource(resourceArn=template, tags=tags)
    finding = inspector_backend.add_finding(run, {"attributes": tags})

    def everything():
        return [
            inspector_backend.describe_resource_groups(resourceGroupArns=[group])["resourceGroups"][0]["tags"],
            inspector_backend.list_tags_for_resource(resourceArn=template)["tags"],
            inspector_backend.describe_findings(findingArns=[finding])["findings"][0]["attributes"],
        ]

    tags[0]["value"] = "changed by its owner"
    for answer in everything():
        answer[0]["value"] = "changed by its reader"
        answer.clear()

    assert everything() == [[{"key": "Name", "value": "web"}]] * 3


def test_its_repr_counts_what_it_has(inspector_backend, client):
    inspector_backend.add_instance("i-0web")
    create_target(client)
    create_target(client)
    assert repr(inspector_backend) == (
        f"<InspectorBackend account {ACCOUNT}, us-west-2: 1 instance, 2 targets, 0 templates, 0 runs, 0 findings>"
    )

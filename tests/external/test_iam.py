"""Which roles IAM lets Inspector assume."""

import boto3
import pytest
from moto.core import set_initial_no_auth_action_count

from mock_inspector.external import policies

from ..support.aws import (
    ACCOUNT,
    create_target,
    create_template,
    describe_run,
    raises_api_error,
    start_and_finish_run,
    start_run,
)
from ..support.other_services import client_with, policy_document, preview_agents, run_agent_ids

COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"


TRUSTING = {"Effect": "Allow", "Principal": {"Service": "inspector.amazonaws.com"}, "Action": "sts:AssumeRole"}


DESCRIBING = {"Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*"}
DENYING = {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}


# IAM


def a_role(trust=TRUSTING, policies=(DESCRIBING,), name="inspector", managed=()):
    iam = boto3.client("iam")
    role = iam.create_role(RoleName=name, Path="/audit/", AssumeRolePolicyDocument=policy_document(trust))["Role"][
        "Arn"
    ]
    for number, statement in enumerate(policies):
        iam.put_role_policy(RoleName=name, PolicyName=f"policy{number}", PolicyDocument=policy_document(statement))
    for number, statement in enumerate(managed):
        policy = iam.create_policy(PolicyName=f"managed{number}", PolicyDocument=policy_document(statement))["Policy"][
            "Arn"
        ]
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return role


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"policies": (), "managed": (DESCRIBING,)},
        {"trust": {**TRUSTING, "Principal": {"AWS": "arn:aws:iam::758058086616:root"}}},
    ],
)
def test_a_valid_role_is_registered(backend, client, more):
    role = a_role(**more)
    client.register_cross_account_access_role(roleArn=role)

    shown = client.describe_cross_account_access_role()
    assert (shown["roleArn"], shown["valid"]) == (role, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "code"),
    [
        (None, "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"),
        (
            {"trust": {**TRUSTING, "Principal": {"Service": "ec2.amazonaws.com"}}},
            "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP",
        ),
        ({"policies": ()}, "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"),
        ({"policies": ({**DESCRIBING, "Action": "s3:*"},)}, "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"),
        ({"policies": (DESCRIBING, DENYING)}, "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"),
        ({"policies": (DENYING, DESCRIBING)}, "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"),
        ({"managed": (DENYING,)}, "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"),
    ],
)
def test_an_invalid_role_is_refused(backend, client, more, code):
    role = f"arn:aws:iam::{ACCOUNT}:role/nobody" if more is None else a_role(**more)

    with raises_api_error("InvalidCrossAccountRoleException", code) as caught:
        client.register_cross_account_access_role(roleArn=role)
    assert role in str(caught.value)


@pytest.mark.slow
def test_a_role_of_another_path_is_another_role(backend, client):
    a_role()
    with raises_api_error("InvalidCrossAccountRoleException"):
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")


def test_a_registered_role_is_reported_invalid_once_it_is(backend, client):
    client.register_cross_account_access_role(roleArn=a_role())
    boto3.client("iam").delete_role_policy(RoleName="inspector", PolicyName="policy0")

    assert client.describe_cross_account_access_role()["valid"] is False


OF_EC2 = {**TRUSTING, "Principal": {"Service": "ec2.amazonaws.com"}}
LOSSES = [
    (
        lambda iam: iam.delete_role_policy(RoleName="inspector", PolicyName="policy0"),
        "ROLE_DOES_NOT_HAVE_CORRECT_POLICY",
    ),
    (
        lambda iam: iam.update_assume_role_policy(RoleName="inspector", PolicyDocument=policy_document(OF_EC2)),
        "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP",
    ),
    (
        lambda iam: (
            iam.delete_role_policy(RoleName="inspector", PolicyName="policy0"),
            iam.delete_role(RoleName="inspector"),
        ),
        "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("lose", "code"), LOSSES, ids=["policy", "trust", "role"])
def test_what_needs_the_role_is_refused_while_the_registered_one_is_lost(backend, client, lose, code):
    role = a_role()
    client.register_cross_account_access_role(roleArn=role)
    backend.add_instance("i-0own")
    target = create_target(client)
    template = create_template(client, target)
    lose(boto3.client("iam"))

    for call in (
        lambda: client.start_assessment_run(assessmentTemplateArn=template),
        lambda: client.preview_agents(previewAgentsArn=target),
        lambda: client.preview_agents(previewAgentsArn=template),
        lambda: client.create_assessment_target(assessmentTargetName="another"),
    ):
        with raises_api_error("InvalidCrossAccountRoleException", code) as caught:
            call()
        assert role in caught.value.response["message"]
        assert caught.value.response["canRetry"] is False
    assert client.list_assessment_runs()["assessmentRunArns"] == []
    assert client.list_assessment_targets()["assessmentTargetArns"] == [target]

    client.register_cross_account_access_role(roleArn=a_role(name="another"))
    assert preview_agents(client, target).keys() == {"i-0own"}
    assert start_run(client, template)
    assert create_target(client)


def test_the_actions_that_need_the_role_are_those_of_the_model(client):
    model = client.meta.service_model
    refused = {
        name
        for name in model.operation_names
        if "InvalidCrossAccountRoleException" in [shape.name for shape in model.operation_model(name).error_shapes]
    }

    assert refused == {
        "CreateAssessmentTarget",
        "PreviewAgents",
        "RegisterCrossAccountAccessRole",
        "StartAssessmentRun",
    }


def test_an_absent_resource_counts_before_a_lost_role(backend, client):
    client.register_cross_account_access_role(roleArn=a_role())
    boto3.client("iam").delete_role_policy(RoleName="inspector", PolicyName="policy0")

    with raises_api_error("NoSuchEntityException"):
        client.preview_agents(previewAgentsArn=f"arn:aws:inspector:us-west-2:{ACCOUNT}:target/0-absent00")


def test_a_lost_role_says_nothing_about_other_regions(backend, client):
    client.register_cross_account_access_role(roleArn=a_role())
    boto3.client("iam").delete_role_policy(RoleName="inspector", PolicyName="policy0")

    assert create_target(boto3.client("inspector", region_name="eu-west-1"))


def test_the_service_linked_role_is_always_valid(backend, client):
    assert client.describe_cross_account_access_role()["valid"] is True


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"Effect": "Allow", "Action": "*"}, True),
        ({"Effect": "Allow", "Action": ["s3:*", "EC2:describeinstances"]}, True),
        ({"Effect": "Allow", "Action": "ec2:DescribeTags"}, False),
        ({"Effect": "Allow", "NotAction": "iam:*"}, True),
        ({"Effect": "Allow", "NotAction": "ec2:*"}, False),
        ({"Effect": "Deny", "Action": "ec2:*"}, False),
        ("nonsense", False),
    ],
)
def test_policies_are_read_as_iam_does(statement, allowed):
    assert policies.allows([{"Statement": statement}], "ec2:DescribeInstances") is allowed
    assert policies.allows([{"Statement": [statement]}], "ec2:DescribeInstances") is allowed


@set_initial_no_auth_action_count(0)
def enforced_story(client, backend):
    topic = f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms"
    template = create_template(
        client_with("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"})
    )
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
    client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
    assert preview_agents(client, template).keys() == {"i-0own"}
    run = start_and_finish_run(backend, client, template)
    assert run_agent_ids(client, run) == ["i-0own"]
    assert describe_run(client, run)["state"] == "COMPLETED"


@pytest.mark.slow
def test_an_iam_that_denies_the_mocks_requests_breaks_nothing(backend, client):
    """moto's enforced IAM, which knows that the mock has not the caller's secret."""
    backend.add_instance("i-0own")
    enforced_story(client, backend)

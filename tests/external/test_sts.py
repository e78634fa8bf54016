"""Which account a key acts for, as STS says."""

import boto3
import pytest

from ..support.aws import ACCOUNT, create_target, create_template, raises_api_error
from ..support.other_services import client_with, policy_document, preview_agents, run_instances

OTHER_ACCOUNT = "210987654321"


COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"


TRUSTING = {"Effect": "Allow", "Principal": {"Service": "inspector.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def visitor(backend):
    """Credentials of a role in another account, as cross-account scanners get them."""
    return boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/scanner", RoleSessionName="scan"
    )["Credentials"]


def test_an_assumed_role_acts_for_its_account(backend, client, visitor):
    target = create_target(client_with("inspector", visitor), "theirs")

    assert target.split(":")[4] == OTHER_ACCOUNT
    assert client.list_assessment_targets()["assessmentTargetArns"] == []
    assert backend.for_account(OTHER_ACCOUNT).list_assessment_targets()["assessmentTargetArns"] == [target]


def test_a_key_that_iam_made_acts_for_its_account(backend, visitor):
    iam = client_with("iam", visitor)
    iam.create_user(UserName="scanner")
    key = iam.create_access_key(UserName="scanner")["AccessKey"]

    assert create_target(client_with("inspector", key)).split(":")[4] == OTHER_ACCOUNT


@pytest.mark.slow
def test_external_services_are_those_of_the_callers_account(backend, client, visitor):
    """EC2, SNS and IAM are called for the account of the request."""
    theirs = run_instances(2, ec2=client_with("ec2", visitor))
    mine = run_instances(1)
    topic = client_with("sns", visitor).create_topic(Name="theirs")["TopicArn"]
    inspector = client_with("inspector", visitor)
    template = create_template(inspector)
    inspector.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)

    assert preview_agents(inspector, template).keys() == set(theirs)
    assert preview_agents(client, create_target(client)).keys() == set(mine)
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/inspector"
    with raises_api_error("InvalidCrossAccountRoleException"):
        inspector.register_cross_account_access_role(roleArn=role)
    client_with("iam", visitor).create_role(RoleName="inspector", AssumeRolePolicyDocument=policy_document(TRUSTING))
    with raises_api_error("InvalidCrossAccountRoleException", "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"):
        inspector.register_cross_account_access_role(roleArn=role)


@pytest.mark.mock_inspector(account_id=OTHER_ACCOUNT)
@pytest.mark.parametrize("key", ["testing", "AKIAIOSFODNN7EXAMPLE"])
@pytest.mark.slow
def test_a_key_that_nobody_handed_out_keeps_the_default_account(backend, visitor, key):
    mine = client_with("inspector", {"AccessKeyId": key, "SecretAccessKey": "secret"})

    assert create_target(mine).split(":")[4] == OTHER_ACCOUNT


@pytest.mark.slow
@pytest.mark.mock_inspector(account_id=OTHER_ACCOUNT)
def test_a_key_of_motos_own_account_differs_from_a_made_up_one(backend):
    iam = boto3.client("iam")
    iam.create_user(UserName="scanner")
    key = iam.create_access_key(UserName="scanner")["AccessKey"]

    assert create_target(client_with("inspector", key)).split(":")[4] == ACCOUNT


def test_a_registered_key_needs_no_sts(backend, visitor):
    backend.register_access_key(visitor["AccessKeyId"])

    assert create_target(client_with("inspector", visitor)).split(":")[4] == ACCOUNT

"""Which account a key acts for, as STS says."""

import boto3
import pytest

from ..support.aws import ACCOUNT, a_target, a_template, refused
from ..support.other_services import document, instances, signed, to_preview

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
    target = a_target(signed("inspector", visitor), "theirs")

    assert target.split(":")[4] == OTHER_ACCOUNT
    assert client.list_assessment_targets()["assessmentTargetArns"] == []
    assert backend.for_account(OTHER_ACCOUNT).list_assessment_targets()["assessmentTargetArns"] == [target]


def test_a_key_that_iam_made_acts_for_its_account(backend, visitor):
    iam = signed("iam", visitor)
    iam.create_user(UserName="scanner")
    key = iam.create_access_key(UserName="scanner")["AccessKey"]

    assert a_target(signed("inspector", key)).split(":")[4] == OTHER_ACCOUNT


@pytest.mark.slow
def test_the_neighbours_are_those_of_that_account(backend, client, visitor):
    """The fleet and the topics of a run are looked for where the credentials of its request act."""
    theirs = instances(2, ec2=signed("ec2", visitor))
    mine = instances(1)
    topic = signed("sns", visitor).create_topic(Name="theirs")["TopicArn"]
    inspector = signed("inspector", visitor)
    template = a_template(inspector, packages=())
    inspector.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)

    assert to_preview(inspector, template).keys() == set(theirs)
    assert to_preview(client, a_target(client)).keys() == set(mine)
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/inspector"
    with refused("InvalidCrossAccountRoleException"):
        inspector.register_cross_account_access_role(roleArn=role)
    signed("iam", visitor).create_role(RoleName="inspector", AssumeRolePolicyDocument=document(TRUSTING))
    with refused("InvalidCrossAccountRoleException", "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"):
        inspector.register_cross_account_access_role(roleArn=role)


@pytest.mark.mock_inspector(account_id=OTHER_ACCOUNT)
@pytest.mark.parametrize("key", ["testing", "AKIAIOSFODNN7EXAMPLE"])
def test_a_key_that_nobody_handed_out_keeps_the_default_account(backend, visitor, key):
    mine = signed("inspector", {"AccessKeyId": key, "SecretAccessKey": "secret"})

    assert a_target(mine).split(":")[4] == OTHER_ACCOUNT


@pytest.mark.slow
@pytest.mark.mock_inspector(account_id=OTHER_ACCOUNT)
def test_a_key_of_motos_own_account_is_told_from_a_made_up_one(backend):
    iam = boto3.client("iam")
    iam.create_user(UserName="scanner")
    key = iam.create_access_key(UserName="scanner")["AccessKey"]

    assert a_target(signed("inspector", key)).split(":")[4] == ACCOUNT


def test_a_registered_key_needs_no_sts(backend, visitor):
    backend.register_access_key(visitor["AccessKeyId"])

    assert a_target(signed("inspector", visitor)).split(":")[4] == ACCOUNT

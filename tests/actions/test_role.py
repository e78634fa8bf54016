"""The cross-account access role."""

import pytest

from ..support.aws import ACCOUNT, current_time, raises_api_error

# The role


@pytest.mark.parametrize(("region", "partition"), [("us-west-2", "aws"), ("us-gov-west-1", "aws-us-gov")])
def test_the_service_linked_role_is_there_from_the_start(inspector_backend, region, partition):
    role = inspector_backend.for_region(region).describe_cross_account_access_role()

    assert role["roleArn"] == (
        f"arn:{partition}:iam::{ACCOUNT}:role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector"
    )
    assert role["valid"] is True
    assert role["registeredAt"] == current_time(inspector_backend)


def test_a_registered_role_replaces_the_one_before(inspector_backend, client):
    for name in ("first", "path/to/second"):
        inspector_backend.clock.tick(60)
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}")

    role = client.describe_cross_account_access_role()

    assert (role["roleArn"], role["valid"]) == (f"arn:aws:iam::{ACCOUNT}:role/path/to/second", True)
    assert role["registeredAt"].timestamp() == current_time(inspector_backend)


@pytest.mark.parametrize(
    ("role", "exception", "code"),
    [
        ("inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        (f"arn:aws:iam::{ACCOUNT}:user/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        (f"arn:aws-us-gov:iam::{ACCOUNT}:role/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::210987654321:role/inspector", "AccessDeniedException", "ACCESS_DENIED_TO_IAM_ROLE"),
    ],
)
def test_what_is_no_role_of_the_account_is_refused(inspector_backend, client, role, exception, code):
    before = client.describe_cross_account_access_role()["roleArn"]

    with raises_api_error(exception, code):
        client.register_cross_account_access_role(roleArn=role)

    assert client.describe_cross_account_access_role()["roleArn"] == before

"""The role through which Inspector reads the account's instances."""

from __future__ import annotations

from ..api.arns import IAM_ROLE
from ..clock.clock import seconds
from ..errors import AccessDeniedException, InvalidCrossAccountRoleException, InvalidInputException, short_repr
from ..state.store import Role, Store
from .registry import Answer, action

_FAULTS = {
    "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP": (
        "there is no role {}, or its trust policy does not let inspector.amazonaws.com assume it."
    ),
    "ROLE_DOES_NOT_HAVE_CORRECT_POLICY": "no policy of {} allows ec2:DescribeInstances.",
}


@action(follows="reference and sample", approximates="of the policy, only `ec2:DescribeInstances` is looked for")
def register_cross_account_access_role(store: Store, *, roleArn: str) -> Answer:
    """RegisterCrossAccountAccessRole: the role takes the place of the one before.

    When an IAM answers in the same test, the role must be there, let inspector.amazonaws.com assume it
    (ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP) and be allowed to describe instances
    (ROLE_DOES_NOT_HAVE_CORRECT_POLICY): InvalidCrossAccountRoleException otherwise. Errors besides:
    InvalidInputException (INVALID_IAM_ROLE_ARN), AccessDeniedException (ACCESS_DENIED_TO_IAM_ROLE) for another
    account's.
    """
    match = IAM_ROLE.fullmatch(roleArn)
    if match is None or match["partition"] != store.partition:
        raise InvalidInputException(
            f"roleArn: {short_repr(roleArn)} is not the ARN of an IAM role.", errorCode="INVALID_IAM_ROLE_ARN"
        )
    if match["account"] != store.account_id:
        raise AccessDeniedException(
            f"roleArn: account {store.account_id} has no access to {roleArn}.", errorCode="ACCESS_DENIED_TO_IAM_ROLE"
        )
    fault = store.service.external.role_fault(store, roleArn)
    if fault is not None:
        raise InvalidCrossAccountRoleException(f"roleArn: {_FAULTS[fault].format(roleArn)}", errorCode=fault)
    store.role = Role(roleArn, store.now)
    return {}


@action(follows="reference and sample", approximates="without a registered role: the service-linked one")
def describe_cross_account_access_role(store: Store) -> Answer:
    """DescribeCrossAccountAccessRole: the registered role, else the service-linked one, there since the beginning.

    A registered role is ``valid`` as long as it could be registered again.
    """
    role = store.role or Role(
        f"arn:{store.partition}:iam::{store.account_id}:role/aws-service-role/inspector.amazonaws.com/"
        "AWSServiceRoleForAmazonInspector",
        store.service.started,
    )
    valid = store.role is None or store.service.external.role_fault(store, role.arn) is None
    return {"roleArn": role.arn, "valid": valid, "registeredAt": seconds(role.registered)}

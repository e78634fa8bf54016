"""The role with which Inspector reads the account's instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api.arns import account_of_role
from ..clock.moments import to_seconds
from ..errors import AccessDeniedException, InvalidInputException, short_repr
from ..state.store import Role, Store
from .preconditions import check_role
from .registry import ResponseBody, action

if TYPE_CHECKING:
    from ..api import shapes


@action(follows="reference and sample", approximates="of the role's policies, only `ec2:DescribeInstances` is checked")
def register_cross_account_access_role(store: Store, *, roleArn: str) -> ResponseBody:
    """RegisterCrossAccountAccessRole: the role replaces the previous one.

    When an IAM answers in the same test, the role must exist, let inspector.amazonaws.com assume it
    (ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP) and be allowed to describe instances
    (ROLE_DOES_NOT_HAVE_CORRECT_POLICY), or InvalidCrossAccountRoleException is raised. Other errors:
    InvalidInputException (INVALID_IAM_ROLE_ARN), AccessDeniedException (ACCESS_DENIED_TO_IAM_ROLE) for another
    account's role.
    """
    account = account_of_role(roleArn, store.partition)
    if account is None:
        raise InvalidInputException(
            f"roleArn must be the ARN of an IAM role in the partition {store.partition}; got {short_repr(roleArn)}.",
            errorCode="INVALID_IAM_ROLE_ARN",
        )
    if account != store.account_id:
        raise AccessDeniedException(
            f"roleArn: account {store.account_id} has no access to {roleArn}.", errorCode="ACCESS_DENIED_TO_IAM_ROLE"
        )
    check_role(store, roleArn)
    store.role = Role(roleArn, store.now)
    return {}


@action(follows="reference and sample", approximates="returns the service-linked role while none is registered")
def describe_cross_account_access_role(store: Store) -> shapes.DescribeCrossAccountAccessRoleResponse:
    """DescribeCrossAccountAccessRole: the registered role, or the service-linked one, which always exists.

    A registered role is ``valid`` as long as it could be registered again. While it is not, StartAssessmentRun,
    PreviewAgents and CreateAssessmentTarget are refused.
    """
    role = store.role or Role(
        f"arn:{store.partition}:iam::{store.account_id}:role/aws-service-role/inspector.amazonaws.com/"
        "AWSServiceRoleForAmazonInspector",
        store.context.started,
    )
    valid = store.role is None or store.context.external_answers.check_role(store.caller, role.arn) is None
    return {"roleArn": role.arn, "valid": valid, "registeredAt": to_seconds(role.registered)}

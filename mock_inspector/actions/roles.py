"""The role through which Inspector reads the account's instances."""

from __future__ import annotations

import re

from ..errors import AccessDeniedException, InvalidInputException, shown
from ..model.clock import seconds
from ..model.region import Region, Role
from . import Answer

_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/[\x21-\x7e]+")


def register_cross_account_access_role(region: Region, *, roleArn: str) -> Answer:
    """RegisterCrossAccountAccessRole: the role takes the place of the one before."""
    match = _ROLE.fullmatch(roleArn)
    if match is None or match["partition"] != region.partition:
        raise InvalidInputException(
            f"roleArn: {shown(roleArn)} is not the ARN of an IAM role.", errorCode="INVALID_IAM_ROLE_ARN"
        )
    if match["account"] != region.account_id:
        raise AccessDeniedException(
            f"roleArn: account {region.account_id} has no access to {roleArn}.", errorCode="ACCESS_DENIED_TO_IAM_ROLE"
        )
    region.role = Role(roleArn, region.now)
    return {}


def describe_cross_account_access_role(region: Region) -> Answer:
    """DescribeCrossAccountAccessRole: the registered role, else the service-linked one, there since the beginning."""
    role = region.role or Role(
        f"arn:{region.partition}:iam::{region.account_id}:role/aws-service-role/inspector.amazonaws.com/"
        "AWSServiceRoleForAmazonInspector",
        region.world.started,
    )
    return {"roleArn": role.arn, "valid": True, "registeredAt": seconds(role.registered)}

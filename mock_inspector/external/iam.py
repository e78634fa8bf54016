"""IAM: the registered role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..api.arns import partition_of
from ..state.external import Caller
from .client import ExternalClient, NotAvailable, ServiceError
from .policies import allows, inspector_principals

_INVALID_ROLE = "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"
_INVALID_POLICY = "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"


def check_role(client: ExternalClient, caller: Caller, role_arn: str) -> str | None:
    """Return the ``InvalidCrossAccountRoleErrorCode`` of a role, or None when it is valid or without an IAM.

    A role is valid when its trust policy lets Inspector (the service, or its account in the region) assume it, and one
    of its policies allows ec2:DescribeInstances while none denies it. The other actions that the service required
    changed over the years.
    """
    name = role_arn.rsplit("/", 1)[1]
    try:
        role = client.call("iam", caller, "get_role", RoleName=name)["Role"]
        if role["Arn"] != role_arn:
            return _INVALID_ROLE
        principals = inspector_principals(caller.region, partition_of(caller.region))
        if not allows([role.get("AssumeRolePolicyDocument")], "sts:AssumeRole", principals):
            return _INVALID_ROLE
        return None if allows(_policies(client, caller, name), "ec2:DescribeInstances") else _INVALID_POLICY
    except ServiceError as error:
        return _INVALID_ROLE if error.code == "NoSuchEntity" else None
    except (NotAvailable, LookupError, TypeError):
        return None


def _policies(client: ExternalClient, caller: Caller, role: str) -> Iterator[Any]:
    """Yield the documents of a role's policies, inline ones first."""
    inline = client.call("iam", caller, "list_role_policies", RoleName=role)["PolicyNames"]
    for name in inline:
        yield client.call("iam", caller, "get_role_policy", RoleName=role, PolicyName=name)["PolicyDocument"]
    attached = client.call("iam", caller, "list_attached_role_policies", RoleName=role)["AttachedPolicies"]
    for policy in attached:
        arn = policy["PolicyArn"]
        version = client.call("iam", caller, "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = client.call("iam", caller, "get_policy_version", PolicyArn=arn, VersionId=version)
        yield document["PolicyVersion"]["Document"]

"""IAM: the role that is registered for Inspector to read the account's instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..api.arns import partition_of
from .client import Caller, Calls, NotAvailable, ServiceError
from .policies import allows, inspector_principals

_ABSENT_OR_UNTRUSTING = "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"
_WITHOUT_POLICY = "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"


def fault_of(calls: Calls, caller: Caller, role_arn: str) -> str | None:
    """The ``InvalidCrossAccountRoleErrorCode`` that a role deserves, or None when it is fit or no IAM can tell.

    It is fit when its trust policy lets Inspector (the service, or its account in the region) assume it, and one of
    its policies allows ec2:DescribeInstances. Which further actions the service asked for differed over the years.
    """
    name = role_arn.rsplit("/", 1)[1]
    try:
        role = calls.call("iam", caller, "get_role", RoleName=name)["Role"]
        if role["Arn"] != role_arn:
            return _ABSENT_OR_UNTRUSTING
        principals = inspector_principals(caller.region, partition_of(caller.region))
        if not allows(role.get("AssumeRolePolicyDocument"), "sts:AssumeRole", principals):
            return _ABSENT_OR_UNTRUSTING
        documents = _policies(calls, caller, name)
        return None if any(allows(document, "ec2:DescribeInstances") for document in documents) else _WITHOUT_POLICY
    except ServiceError as refusal:
        return _ABSENT_OR_UNTRUSTING if refusal.code == "NoSuchEntity" else None
    except (NotAvailable, LookupError, TypeError):
        return None


def _policies(calls: Calls, caller: Caller, role: str) -> Iterator[Any]:
    """The documents of a role's policies, inline ones first."""
    inline = calls.call("iam", caller, "list_role_policies", RoleName=role)["PolicyNames"]
    for name in inline:
        yield calls.call("iam", caller, "get_role_policy", RoleName=role, PolicyName=name)["PolicyDocument"]
    attached = calls.call("iam", caller, "list_attached_role_policies", RoleName=role)["AttachedPolicies"]
    for policy in attached:
        arn = policy["PolicyArn"]
        version = calls.call("iam", caller, "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = calls.call("iam", caller, "get_policy_version", PolicyArn=arn, VersionId=version)
        yield document["PolicyVersion"]["Document"]

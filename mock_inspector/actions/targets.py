"""Resource groups and assessment targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..api.filters import matches_pattern
from ..api.service_model import max_length
from ..errors import InvalidInputException
from ..state.lifecycle import delete_templates
from ..state.store import RESOURCE_GROUP, TARGET, Store
from ..state.targets import ResourceGroup, Target
from .preconditions import check_none_in_progress, check_registered_role
from .registry import ResponseBody, action

if TYPE_CHECKING:
    from ..api import shapes


@action(follows="reference and sample", approximates="no quota unless `limits` sets one, since none is known")
def create_resource_group(
    store: Store, *, resourceGroupTags: list[shapes.ResourceGroupTag]
) -> shapes.CreateResourceGroupResponse:
    """CreateResourceGroup. A key may have several values: any of them matches.

    Errors: LimitExceededException (only with ``limits``: the service's own quota is not known).
    """
    store.check_quota("resource_groups", "RESOURCE_GROUP_LIMIT_EXCEEDED", len(store.resource_groups))
    tags = [cast(dict[str, str], tag) for tag in resourceGroupTags]
    group = ResourceGroup(store.next_number(), store.new_arn("resourcegroup"), tags, store.now)
    store.resource_groups.add(group.arn, group)
    return {"resourceGroupArn": group.arn}


@action(follows="reference and sample")
def describe_resource_groups(store: Store, *, resourceGroupArns: list[str]) -> shapes.DescribeResourceGroupsResponse:
    """DescribeResourceGroups. Bad ARNs come back as ``failedItems``."""
    groups, failed = store.describe_each(RESOURCE_GROUP, resourceGroupArns, ResourceGroup.to_api)
    return {"resourceGroups": groups, "failedItems": failed}


@action(
    follows="reference and sample; the error text for a name in use is the real one",
    approximates="names are unique per account and region, and the quota counts there",
)
def create_assessment_target(
    store: Store, *, assessmentTargetName: str, resourceGroupArn: str | None = None
) -> shapes.CreateAssessmentTargetResponse:
    """CreateAssessmentTarget. Without a resource group the target has all instances.

    Errors: InvalidInputException (ASSESSMENT_TARGET_NAME_ALREADY_TAKEN), LimitExceededException,
    InvalidCrossAccountRoleException while the registered role is not valid, and those of :meth:`.Store.get` for the
    resource group.
    """
    group = _get_group(store, resourceGroupArn)
    check_registered_role(store)
    _check_name(store, "Create", assessmentTargetName)
    store.check_quota("assessment_targets", "ASSESSMENT_TARGET_LIMIT_EXCEEDED", len(store.targets))
    target = Target(store.next_number(), store.new_arn("target"), assessmentTargetName, group, store.now, store.now)
    store.targets.add(target.arn, target)
    return {"assessmentTargetArn": target.arn}


@action(follows="reference and sample")
def describe_assessment_targets(
    store: Store, *, assessmentTargetArns: list[str]
) -> shapes.DescribeAssessmentTargetsResponse:
    """DescribeAssessmentTargets. Bad ARNs come back as ``failedItems``."""
    targets, failed = store.describe_each(TARGET, assessmentTargetArns, Target.to_api)
    return {"assessmentTargets": targets, "failedItems": failed}


@action(follows="reference and sample", approximates="name patterns use `*` and `?`, and are case-sensitive")
def list_assessment_targets(
    store: Store,
    *,
    filter: shapes.AssessmentTargetFilter | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> shapes.ListAssessmentTargetsResponse:
    """ListAssessmentTargets, oldest first. Errors: InvalidInputException for a bad filter, page or token."""
    pager = store.pager("ListAssessmentTargets", nextToken, maxResults, filter)
    pattern = (filter or {}).get("assessmentTargetNamePattern")
    candidates = store.targets.after(pager.after)
    if pattern is not None:
        candidates = (target for target in candidates if matches_pattern(pattern, target.name))
    targets, token = pager.page(candidates, max_length("ListReturnedArnList"))
    return {"assessmentTargetArns": [target.arn for target in targets], **token}


@action(follows="reference and sample; without a resource group it means all instances, as Terraform relied on")
def update_assessment_target(
    store: Store, *, assessmentTargetArn: str, assessmentTargetName: str, resourceGroupArn: str | None = None
) -> ResponseBody:
    """UpdateAssessmentTarget. Without a resource group the target has all instances from now on.

    Errors: InvalidInputException (ASSESSMENT_TARGET_NAME_ALREADY_TAKEN), those of :meth:`.Store.get`.
    """
    target = store.get(TARGET, assessmentTargetArn)
    group = _get_group(store, resourceGroupArn)
    if assessmentTargetName != target.name:
        _check_name(store, "Update", assessmentTargetName)
        store.targets.rename(target, assessmentTargetName)
    target.name, target.group, target.updated = assessmentTargetName, group, store.now
    return {}


@action(follows="reference and sample; what is deleted with it: user guide")
def delete_assessment_target(store: Store, *, assessmentTargetArn: str) -> ResponseBody:
    """DeleteAssessmentTarget, with its templates, their runs and what those reported.

    Errors: AssessmentRunInProgressException when any of the runs is in progress, those of :meth:`.Store.get`.
    """
    target = store.get(TARGET, assessmentTargetArn)
    templates = list(store.templates.of(target.arn))
    check_none_in_progress(store, (run for template in templates for run in store.runs.of(template.arn)))
    delete_templates(store, templates)
    store.targets.remove(target.arn)
    return {}


def _get_group(store: Store, arn: str | None) -> ResourceGroup | None:
    return None if arn is None else store.get(RESOURCE_GROUP, arn)


def _check_name(store: Store, verb: str, name: str) -> None:
    if store.targets.has_name("", name):
        raise InvalidInputException(
            f"{verb} assessmentTarget - Name already exists; Name: {name} ParentOwner: {store.account_id}",
            errorCode="ASSESSMENT_TARGET_NAME_ALREADY_TAKEN",
        )

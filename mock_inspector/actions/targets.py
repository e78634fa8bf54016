"""Resource groups and assessment targets."""

from __future__ import annotations

from typing import Any

from ..api import arns
from ..api.filters import name_pattern
from ..api.service_model import list_bound
from ..errors import InvalidInputException
from ..state.store import Store
from ..state.targets import ResourceGroup, Target
from .preconditions import check_none_in_progress
from .registry import Answer, action


@action(
    follows="reference and sample", approximates="no quota of resource groups is known: none unless `limits` sets one"
)
def create_resource_group(store: Store, *, resourceGroupTags: list[dict[str, str]]) -> Answer:
    """CreateResourceGroup. The same key may come with several values: any of them matches.

    Errors: LimitExceededException (only with ``limits``: the service's own quota is not known).
    """
    store.check_limit("resource_groups", "RESOURCE_GROUP_LIMIT_EXCEEDED", len(store.resource_groups))
    group = ResourceGroup(store.next_number(), store.new_arn("resourcegroup"), resourceGroupTags, store.now)
    store.resource_groups.add(group.arn, group)
    return {"resourceGroupArn": group.arn}


@action(follows="reference and sample")
def describe_resource_groups(store: Store, *, resourceGroupArns: list[str]) -> Answer:
    """DescribeResourceGroups. Bad ARNs come back as ``failedItems``."""
    groups, failed = store.describe_each(arns.RESOURCE_GROUP, resourceGroupArns, ResourceGroup.to_api)
    return {"resourceGroups": groups, "failedItems": failed}


@action(follows="reference and sample; the text for a taken name is the service's")
def create_assessment_target(store: Store, *, assessmentTargetName: str, resourceGroupArn: str | None = None) -> Answer:
    """CreateAssessmentTarget. Without a resource group the target has all instances.

    Errors: InvalidInputException (ASSESSMENT_TARGET_NAME_ALREADY_TAKEN), LimitExceededException, and those of
    :meth:`.Store.get` for the resource group.
    """
    group = _group(store, resourceGroupArn)
    _check_name(store, "Create", assessmentTargetName)
    store.check_limit("assessment_targets", "ASSESSMENT_TARGET_LIMIT_EXCEEDED", len(store.targets))
    target = Target(store.next_number(), store.new_arn("target"), assessmentTargetName, group, store.now, store.now)
    store.targets.add(target.arn, target)
    return {"assessmentTargetArn": target.arn}


@action(follows="reference and sample")
def describe_assessment_targets(store: Store, *, assessmentTargetArns: list[str]) -> Answer:
    """DescribeAssessmentTargets. Bad ARNs come back as ``failedItems``."""
    targets, failed = store.describe_each(arns.TARGET, assessmentTargetArns, Target.to_api)
    return {"assessmentTargets": targets, "failedItems": failed}


@action(follows="reference and sample", approximates="name patterns: `*` and `?`, case-sensitive")
def list_assessment_targets(
    store: Store,
    *,
    filter: dict[str, Any] | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> Answer:
    """ListAssessmentTargets, oldest first. Errors: InvalidInputException for a bad filter, page or token."""
    pager = store.pager("ListAssessmentTargets", nextToken, maxResults, filter)
    pattern = (filter or {}).get("assessmentTargetNamePattern")
    matches = name_pattern(pattern) if pattern is not None else None
    candidates = store.targets.row.after(pager.after)
    if matches is not None:
        candidates = (target for target in candidates if matches(target.name))
    targets, more = pager.page(candidates, list_bound("ListReturnedArnList"))
    return {"assessmentTargetArns": [target.arn for target in targets], **more}


@action(follows="reference and sample; resetting to all instances as Terraform relied on")
def update_assessment_target(
    store: Store, *, assessmentTargetArn: str, assessmentTargetName: str, resourceGroupArn: str | None = None
) -> Answer:
    """UpdateAssessmentTarget. Without a resource group the target has all instances from now on.

    Errors: InvalidInputException (ASSESSMENT_TARGET_NAME_ALREADY_TAKEN), those of :meth:`.Store.get`.
    """
    target = store.target(assessmentTargetArn)
    group = _group(store, resourceGroupArn)
    if assessmentTargetName != target.name:
        _check_name(store, "Update", assessmentTargetName)
    target.name, target.group, target.updated = assessmentTargetName, group, store.now
    return {}


@action(follows="reference and sample; what goes with it: user guide")
def delete_assessment_target(store: Store, *, assessmentTargetArn: str) -> Answer:
    """DeleteAssessmentTarget, with its templates, their runs and what those reported.

    Errors: AssessmentRunInProgressException when any of the runs is in progress, those of :meth:`.Store.get`.
    """
    target = store.target(assessmentTargetArn)
    check_none_in_progress(store, (run for template in target.templates.values() for run in template.runs))
    for template in list(target.templates.values()):
        store.delete_template(template)
    store.targets.remove(target.arn)
    return {}


def _group(store: Store, arn: str | None) -> ResourceGroup | None:
    return None if arn is None else store.get(arns.RESOURCE_GROUP, arn, "resourceGroupArn")


def _check_name(store: Store, verb: str, name: str) -> None:
    if any(target.name == name for target in store.targets):
        raise InvalidInputException(
            f"{verb} assessmentTarget - Name already exists; Name: {name} ParentOwner: {store.account_id}",
            errorCode="ASSESSMENT_TARGET_NAME_ALREADY_TAKEN",
        )

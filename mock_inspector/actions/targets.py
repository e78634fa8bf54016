"""Resource groups and assessment targets."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidInputException
from ..model import arns
from ..model.filters import name_pattern
from ..model.region import Region
from ..model.service_model import list_bound
from ..model.targets import ResourceGroup, Target
from . import Answer
from .refusals import check_none_in_progress


def create_resource_group(region: Region, *, resourceGroupTags: list[dict[str, str]]) -> Answer:
    """CreateResourceGroup. The same key may come with several values: any of them matches."""
    region.check_limit("resource_groups", "RESOURCE_GROUP_LIMIT_EXCEEDED", len(region.resource_groups))
    group = ResourceGroup(region.next_number(), region.new_arn("resourcegroup"), resourceGroupTags, region.now)
    region.resource_groups.add(group.arn, group)
    return {"resourceGroupArn": group.arn}


def describe_resource_groups(region: Region, *, resourceGroupArns: list[str]) -> Answer:
    """DescribeResourceGroups. Bad ARNs come back as ``failedItems``."""
    groups, failed = region.each(arns.RESOURCE_GROUP, resourceGroupArns, ResourceGroup.described)
    return {"resourceGroups": groups, "failedItems": failed}


def create_assessment_target(
    region: Region, *, assessmentTargetName: str, resourceGroupArn: str | None = None
) -> Answer:
    """CreateAssessmentTarget. Without a resource group the target has all instances."""
    group = _group(region, resourceGroupArn)
    _check_name(region, "Create", assessmentTargetName)
    region.check_limit("assessment_targets", "ASSESSMENT_TARGET_LIMIT_EXCEEDED", len(region.targets))
    target = Target(region.next_number(), region.new_arn("target"), assessmentTargetName, group, region.now, region.now)
    region.targets.add(target.arn, target)
    return {"assessmentTargetArn": target.arn}


def describe_assessment_targets(region: Region, *, assessmentTargetArns: list[str]) -> Answer:
    """DescribeAssessmentTargets. Bad ARNs come back as ``failedItems``."""
    targets, failed = region.each(arns.TARGET, assessmentTargetArns, Target.described)
    return {"assessmentTargets": targets, "failedItems": failed}


def list_assessment_targets(
    region: Region,
    *,
    filter: dict[str, Any] | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> Answer:
    """ListAssessmentTargets, oldest first. InvalidInputException for a bad page or token."""
    pager = region.pager("ListAssessmentTargets", nextToken, maxResults, filter)
    pattern = (filter or {}).get("assessmentTargetNamePattern")
    matches = name_pattern(pattern) if pattern is not None else None
    candidates = region.targets.row.after(pager.after)
    if matches is not None:
        candidates = (target for target in candidates if matches(target.name))
    targets, more = pager.page(candidates, list_bound("ListReturnedArnList"))
    return {"assessmentTargetArns": [target.arn for target in targets], **more}


def update_assessment_target(
    region: Region, *, assessmentTargetArn: str, assessmentTargetName: str, resourceGroupArn: str | None = None
) -> Answer:
    """UpdateAssessmentTarget. Without a resource group the target has all instances from now on."""
    target = region.target(assessmentTargetArn)
    group = _group(region, resourceGroupArn)
    if assessmentTargetName != target.name:
        _check_name(region, "Update", assessmentTargetName)
    target.name, target.group, target.updated = assessmentTargetName, group, region.now
    return {}


def delete_assessment_target(region: Region, *, assessmentTargetArn: str) -> Answer:
    """DeleteAssessmentTarget, with its templates, their runs and what those reported."""
    target = region.target(assessmentTargetArn)
    check_none_in_progress(region, (run for template in target.templates.values() for run in template.runs))
    for template in list(target.templates.values()):
        region.drop_template(template)
    region.targets.remove(target.arn)
    return {}


def _group(region: Region, arn: str | None) -> ResourceGroup | None:
    return None if arn is None else region.find(arns.RESOURCE_GROUP, arn, "resourceGroupArn")


def _check_name(region: Region, verb: str, name: str) -> None:
    if any(target.name == name for target in region.targets):
        raise InvalidInputException(
            f"{verb} assessmentTarget - Name already exists; Name: {name} ParentOwner: {region.account_id}",
            errorCode="ASSESSMENT_TARGET_NAME_ALREADY_TAKEN",
        )

"""Exclusions of runs, and previews of them."""

from __future__ import annotations

from ..errors import NoSuchEntityException, PreviewGenerationInProgressException
from ..model import arns
from ..model.exclusions import ALREADY_RUNNING, PREVIEW_TAKES, Exclusion, Preview, exclusions_of
from ..model.fleet import take_part
from ..model.region import Region
from ..model.service_model import list_bound
from . import Answer

_DEFAULT_RESULTS = 100


def list_exclusions(
    region: Region, *, assessmentRunArn: str, nextToken: str | None = None, maxResults: int | None = None
) -> Answer:
    """ListExclusions of a run, which has them from its evaluation on."""
    pager = region.pager("ListExclusions", nextToken, maxResults, assessmentRunArn, default=_DEFAULT_RESULTS)
    run = region.run(assessmentRunArn)
    exclusions, more = pager.page(
        (exclusion for exclusion in run.exclusions.values() if exclusion.number > pager.after),
        list_bound("ListReturnedArnList"),
    )
    return {"exclusionArns": [exclusion.arn for exclusion in exclusions], **more}


def describe_exclusions(region: Region, *, exclusionArns: list[str], locale: str = "EN_US") -> Answer:
    """DescribeExclusions; unlike its siblings it answers with a map, by ARN."""
    exclusions, failed = region.each(arns.EXCLUSION, exclusionArns, Exclusion.described)
    return {"exclusions": {exclusion["arn"]: exclusion for exclusion in exclusions}, "failedItems": failed}


def create_exclusions_preview(region: Region, *, assessmentTemplateArn: str) -> Answer:
    """CreateExclusionsPreview: what a run started now would leave out, ready in a few seconds."""
    template = region.template(assessmentTemplateArn)
    if any(preview.ready > region.now for preview in template.previews.values()):
        raise PreviewGenerationInProgressException(f"{template.arn} is generating an exclusions preview.")
    agents = [take_part(instance) for instance in region.members(template.target)]
    busy = region.busy_instances()
    for agent in agents:
        if agent.exclusion is None and agent.instance.instance_id in busy:
            agent.exclusion = ALREADY_RUNNING
    packages = [region.locate(arns.RULES_PACKAGE, arn) for arn in template.packages]
    exclusions = [
        Exclusion(number, None, members) for number, members in enumerate(exclusions_of(template, packages, agents))
    ]
    token = region.ids.uuid()
    template.previews[token] = Preview(region.now + PREVIEW_TAKES, exclusions)
    return {"previewToken": token}


def get_exclusions_preview(
    region: Region,
    *,
    assessmentTemplateArn: str,
    previewToken: str,
    nextToken: str | None = None,
    maxResults: int | None = None,
    locale: str = "EN_US",
) -> Answer:
    """GetExclusionsPreview. The API has no error code for an unknown token: NoSuchEntityException, the template's."""
    pager = region.pager(
        "GetExclusionsPreview",
        nextToken,
        maxResults,
        assessmentTemplateArn,
        previewToken,
        default=_DEFAULT_RESULTS,
    )
    template = region.template(assessmentTemplateArn)
    preview = template.previews.get(previewToken)
    if preview is None:
        raise NoSuchEntityException(
            f"previewToken: {template.arn} has no exclusions preview {previewToken}; pass what CreateExclusionsPreview "
            "answered for this template.",
            errorCode="ASSESSMENT_TEMPLATE_DOES_NOT_EXIST",
        )
    if preview.ready > region.now:
        return {"previewStatus": "WORK_IN_PROGRESS", "exclusionPreviews": []}
    exclusions, more = pager.page(
        (exclusion for exclusion in preview.exclusions if exclusion.number > pager.after),
        list_bound("ExclusionPreviewList"),
    )
    return {
        "previewStatus": "COMPLETED",
        "exclusionPreviews": [exclusion.described() for exclusion in exclusions],
        **more,
    }

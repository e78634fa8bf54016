"""Exclusions of runs, and previews of them."""

from __future__ import annotations

from ..api import arns
from ..api.service_model import list_bound
from ..errors import NoSuchEntityException, PreviewGenerationInProgressException
from ..state.exclusions import ALREADY_RUNNING, PREVIEW_TAKES, Exclusion, Preview, exclusions_of
from ..state.instances import take_part
from ..state.store import Region
from .registry import Answer, action

_DEFAULT_RESULTS = 100


@action(follows="newest model, user guide", approximates="order")
def list_exclusions(
    region: Region, *, assessmentRunArn: str, nextToken: str | None = None, maxResults: int | None = None
) -> Answer:
    """ListExclusions of a run, which has them from its evaluation on.

    Errors: InvalidInputException for a bad page or token, those of :meth:`.Region.find`.
    """
    pager = region.pager("ListExclusions", nextToken, maxResults, assessmentRunArn, default=_DEFAULT_RESULTS)
    run = region.run(assessmentRunArn)
    exclusions, more = pager.page(
        (exclusion for exclusion in run.exclusions.values() if exclusion.number > pager.after),
        list_bound("ListReturnedArnList"),
    )
    return {"exclusionArns": [exclusion.arn for exclusion in exclusions], **more}


@action(
    follows="newest model, user guide",
    approximates="texts; the titles for what goes wrong inside the service only come by hand",
)
def describe_exclusions(region: Region, *, exclusionArns: list[str], locale: str = "EN_US") -> Answer:
    """DescribeExclusions; unlike its siblings it answers with a map, by ARN. Bad ARNs come back as ``failedItems``."""
    exclusions, failed = region.each(arns.EXCLUSION, exclusionArns, Exclusion.described)
    return {"exclusions": {exclusion["arn"]: exclusion for exclusion in exclusions}, "failedItems": failed}


@action(follows="newest model, user guide", approximates="generation takes 5 seconds")
def create_exclusions_preview(region: Region, *, assessmentTemplateArn: str) -> Answer:
    """CreateExclusionsPreview: what a run started now would leave out, ready in a few seconds.

    Errors: PreviewGenerationInProgressException while another preview of the template is being generated, those of
    :meth:`.Region.find`.
    """
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


@action(follows="newest model, user guide", approximates="the errorCode of an unknown token")
def get_exclusions_preview(
    region: Region,
    *,
    assessmentTemplateArn: str,
    previewToken: str,
    nextToken: str | None = None,
    maxResults: int | None = None,
    locale: str = "EN_US",
) -> Answer:
    """GetExclusionsPreview. The API has no error code for an unknown token: NoSuchEntityException, the template's.

    Errors besides: InvalidInputException for a bad page or token, those of :meth:`.Region.find`.
    """
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

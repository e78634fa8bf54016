"""Exclusions of runs, and previews of them."""

from __future__ import annotations

from ..api import arns
from ..api.service_model import list_bound
from ..errors import NoSuchEntityException, PreviewGenerationInProgressException
from ..state.exclusions import ALREADY_RUNNING, PREVIEW_DURATION_MS, Exclusion, Preview, exclusions_of
from ..state.instances import from_instance
from ..state.store import Store
from .registry import Answer, action

_DEFAULT_RESULTS = 100


@action(follows="newest model, user guide", approximates="order")
def list_exclusions(
    store: Store, *, assessmentRunArn: str, nextToken: str | None = None, maxResults: int | None = None
) -> Answer:
    """ListExclusions of a run, which has them from its evaluation on.

    Errors: InvalidInputException for a bad page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager("ListExclusions", nextToken, maxResults, assessmentRunArn, default=_DEFAULT_RESULTS)
    run = store.run(assessmentRunArn)
    exclusions, more = pager.page(
        (exclusion for exclusion in run.exclusions.values() if exclusion.number > pager.after),
        list_bound("ListReturnedArnList"),
    )
    return {"exclusionArns": [exclusion.arn for exclusion in exclusions], **more}


@action(
    follows="newest model, user guide",
    approximates="texts; the titles for what goes wrong inside the service only come by hand",
)
def describe_exclusions(store: Store, *, exclusionArns: list[str], locale: str = "EN_US") -> Answer:
    """DescribeExclusions; unlike its siblings it answers with a map, by ARN. Bad ARNs come back as ``failedItems``."""
    exclusions, failed = store.describe_each(arns.EXCLUSION, exclusionArns, Exclusion.to_api)
    return {"exclusions": {exclusion["arn"]: exclusion for exclusion in exclusions}, "failedItems": failed}


@action(follows="newest model, user guide", approximates="generation takes 5 seconds")
def create_exclusions_preview(store: Store, *, assessmentTemplateArn: str) -> Answer:
    """CreateExclusionsPreview: what a run started now would leave out, ready in a few seconds.

    Errors: PreviewGenerationInProgressException while another preview of the template is being generated, those of
    :meth:`.Store.get`.
    """
    template = store.template(assessmentTemplateArn)
    if any(preview.ready > store.now for preview in template.previews.values()):
        raise PreviewGenerationInProgressException(f"{template.arn} is generating an exclusions preview.")
    agents = [from_instance(instance) for instance in store.members(template.target)]
    busy = store.busy_instances()
    for agent in agents:
        if agent.exclusion is None and agent.instance.instance_id in busy:
            agent.exclusion = ALREADY_RUNNING
    packages = [store.lookup(arns.RULES_PACKAGE, arn) for arn in template.packages]
    exclusions = [
        Exclusion(number, None, members) for number, members in enumerate(exclusions_of(template, packages, agents))
    ]
    token = store.ids.uuid()
    template.previews[token] = Preview(store.now + PREVIEW_DURATION_MS, exclusions)
    return {"previewToken": token}


@action(follows="newest model, user guide", approximates="the errorCode of an unknown token")
def get_exclusions_preview(
    store: Store,
    *,
    assessmentTemplateArn: str,
    previewToken: str,
    nextToken: str | None = None,
    maxResults: int | None = None,
    locale: str = "EN_US",
) -> Answer:
    """GetExclusionsPreview. The API has no error code for an unknown token: NoSuchEntityException, the template's.

    Errors besides: InvalidInputException for a bad page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager(
        "GetExclusionsPreview",
        nextToken,
        maxResults,
        assessmentTemplateArn,
        previewToken,
        default=_DEFAULT_RESULTS,
    )
    template = store.template(assessmentTemplateArn)
    preview = template.previews.get(previewToken)
    if preview is None:
        raise NoSuchEntityException(
            f"previewToken: {template.arn} has no exclusions preview {previewToken}; pass what CreateExclusionsPreview "
            "answered for this template.",
            errorCode="ASSESSMENT_TEMPLATE_DOES_NOT_EXIST",
        )
    if preview.ready > store.now:
        return {"previewStatus": "WORK_IN_PROGRESS", "exclusionPreviews": []}
    exclusions, more = pager.page(
        (exclusion for exclusion in preview.exclusions if exclusion.number > pager.after),
        list_bound("ExclusionPreviewList"),
    )
    return {
        "previewStatus": "COMPLETED",
        "exclusionPreviews": [exclusion.to_api() for exclusion in exclusions],
        **more,
    }

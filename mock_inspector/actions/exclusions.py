"""Exclusions of runs, and previews of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..api.service_model import max_length
from ..clock.moments import EpochMs
from ..errors import NoSuchEntityException, PreviewGenerationInProgressException
from ..state.agents import RunAgent
from ..state.evaluation import find_exclusions
from ..state.exclusions import PREVIEW_DURATION_MS, Exclusion, ExclusionType, Preview
from ..state.membership import find_busy_agents, members_of
from ..state.store import EXCLUSION, RUN, TEMPLATE, Store
from .preconditions import check_has_rules_packages
from .registry import action

if TYPE_CHECKING:
    from ..api import literals, shapes

_DEFAULT_RESULTS = 100


@action(
    follows="newest model, user guide",
    approximates="the order; the service had exclusions for runs from 2018-06-25 on, the mock has them for all",
    changes_with_time=True,
)
def list_exclusions(
    store: Store, *, assessmentRunArn: str, nextToken: str | None = None, maxResults: int | None = None
) -> shapes.ListExclusionsResponse:
    """ListExclusions of a run, which has them from its evaluation on.

    Errors: InvalidInputException for a bad page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager("ListExclusions", nextToken, maxResults, assessmentRunArn, default=_DEFAULT_RESULTS)
    run = store.get(RUN, assessmentRunArn)
    hidden = () if run.was_evaluated(store.now) else run.evaluated
    shown = (entry for entry in store.exclusions.of(run.arn).after(pager.after) if entry.number not in hidden)
    exclusions, token = pager.page(shown, max_length("ListReturnedArnList"))
    return {"exclusionArns": [exclusion.arn for exclusion in exclusions if exclusion.arn is not None], **token}


@action(
    follows="newest model, user guide",
    approximates="texts; exclusions for errors inside the service exist only where a test adds them",
)
def describe_exclusions(
    store: Store, *, exclusionArns: list[str], locale: literals.Locale = "EN_US"
) -> shapes.DescribeExclusionsResponse:
    """DescribeExclusions. Unlike other Describe actions it answers with a map by ARN. Bad ARNs: ``failedItems``."""
    exclusions, failed = store.describe_each(EXCLUSION, exclusionArns, Exclusion.to_api)
    return {"exclusions": {exclusion["arn"]: exclusion for exclusion in exclusions}, "failedItems": failed}


@action(follows="newest model, user guide", approximates="the preview is ready after 5 seconds")
def create_exclusions_preview(store: Store, *, assessmentTemplateArn: str) -> shapes.CreateExclusionsPreviewResponse:
    """CreateExclusionsPreview: what a run started now would leave out. The preview is ready in a few seconds.

    Errors: PreviewGenerationInProgressException while another preview of the template is being generated,
    InvalidInputException (INVALID_NUMBER_OF_RULES_PACKAGE_ARNS) for a template without rules packages, which no run can
    have, those of :meth:`.Store.get`.
    """
    template = store.get(TEMPLATE, assessmentTemplateArn)
    check_has_rules_packages(template)
    if any(preview.ready > store.now for preview in store.previews.of(template.arn)[-1:]):
        raise PreviewGenerationInProgressException(f"{template.arn} is generating an exclusions preview.")
    agents = [RunAgent.from_instance(instance) for instance in members_of(store, template.target)]
    for agent, _ in find_busy_agents(store, agents):
        agent.exclusion = ExclusionType.ALREADY_RUNNING
    members = find_exclusions(template.target.arn, store.packages_of(template), agents)
    exclusions = [Exclusion(number, None, entry) for number, entry in enumerate(members)]
    token = store.ids.uuid()
    store.previews.add(Preview(token, template, EpochMs(store.now + PREVIEW_DURATION_MS), exclusions))
    return {"previewToken": token}


@action(follows="newest model, user guide", approximates="the `errorCode` for an unknown token", changes_with_time=True)
def get_exclusions_preview(
    store: Store,
    *,
    assessmentTemplateArn: str,
    previewToken: str,
    nextToken: str | None = None,
    maxResults: int | None = None,
    locale: literals.Locale = "EN_US",
) -> shapes.GetExclusionsPreviewResponse:
    """GetExclusionsPreview. The API has no error code for an unknown token: NoSuchEntityException, the template's.

    Other errors: InvalidInputException for a bad page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager(
        "GetExclusionsPreview",
        nextToken,
        maxResults,
        assessmentTemplateArn,
        previewToken,
        default=_DEFAULT_RESULTS,
    )
    template = store.get(TEMPLATE, assessmentTemplateArn)
    preview = store.previews.get(previewToken)
    if preview is None or preview.template is not template:
        raise NoSuchEntityException(
            f"previewToken must be a token of CreateExclusionsPreview for {template.arn}; got {previewToken}.",
            errorCode="ASSESSMENT_TEMPLATE_DOES_NOT_EXIST",
        )
    if preview.ready > store.now:
        return {"previewStatus": "WORK_IN_PROGRESS", "exclusionPreviews": []}
    exclusions, token = pager.page(
        (exclusion for exclusion in preview.exclusions if exclusion.number > pager.after),
        max_length("ExclusionPreviewList"),
    )
    previews: list[Any] = [exclusion.to_api() for exclusion in exclusions]
    return {"previewStatus": "COMPLETED", "exclusionPreviews": previews, **token}

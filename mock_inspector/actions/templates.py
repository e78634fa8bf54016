"""Assessment templates and their tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import merge
from typing import TYPE_CHECKING, Any, cast

from ..api.filters import compile_ranges, matches_pattern
from ..api.service_model import max_length
from ..errors import InvalidInputException
from ..state.lifecycle import delete_templates
from ..state.store import RULES_PACKAGE, TARGET, TEMPLATE, Store
from ..state.targets import Template
from .preconditions import check_none_in_progress
from .registry import ResponseBody, action

if TYPE_CHECKING:
    from ..api import shapes


@action(
    follows="reference and sample",
    approximates="the error text for a name in use; the quota counts per account and region",
)
def create_assessment_template(
    store: Store,
    *,
    assessmentTargetArn: str,
    assessmentTemplateName: str,
    durationInSeconds: int,
    rulesPackageArns: list[str],
    userAttributesForFindings: list[shapes.Attribute] | None = None,
) -> shapes.CreateAssessmentTemplateResponse:
    """CreateAssessmentTemplate. A rules package given twice counts once.

    Errors: InvalidInputException (ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN; INVALID_USER_ATTRIBUTE for a key given
    twice), LimitExceededException, those of :meth:`.Store.get` for target and rules packages.
    """
    target = store.get(TARGET, assessmentTargetArn)
    packages = store.get_all(RULES_PACKAGE, rulesPackageArns, "rulesPackageArns")
    attributes = tuple(cast(dict[str, str], attribute) for attribute in userAttributesForFindings or ())
    if store.templates.has_name(target.arn, assessmentTemplateName):
        raise InvalidInputException(
            f"Create assessmentTemplate - Name already exists; Name: {assessmentTemplateName} Parent: {target.arn}",
            errorCode="ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN",
        )
    store.check_quota("assessment_templates", "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED", len(store.templates))
    template = Template(
        store.next_number(),
        store.new_arn(f"{target.arn}/template"),
        target,
        assessmentTemplateName,
        durationInSeconds,
        tuple(package.arn for package in packages),
        attributes,
        store.now,
    )
    store.templates.add(template.arn, template)
    return {"assessmentTemplateArn": template.arn}


@action(follows="reference and sample")
def describe_assessment_templates(
    store: Store, *, assessmentTemplateArns: list[str]
) -> shapes.DescribeAssessmentTemplatesResponse:
    """DescribeAssessmentTemplates. Bad ARNs come back as ``failedItems``."""

    def describe(template: Template) -> dict[str, Any]:
        runs = store.runs.of(template.arn)
        last = runs.last()
        return template.to_api(len(runs), None if last is None else last.arn)

    templates, failed = store.describe_each(TEMPLATE, assessmentTemplateArns, describe)
    return {"assessmentTemplates": templates, "failedItems": failed}


@action(
    follows="reference and sample",
    approximates=(
        "name patterns use `*` and `?`, and are case-sensitive; several `rulesPackageArns` mean any of them, where the reference says "
        "both any and all"
    ),
)
def list_assessment_templates(
    store: Store,
    *,
    assessmentTargetArns: list[str] | None = None,
    filter: shapes.AssessmentTemplateFilter | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> shapes.ListAssessmentTemplatesResponse:
    """ListAssessmentTemplates, oldest first. Without target ARNs it lists those of all targets.

    Errors: InvalidInputException for a bad filter, page or token; those of :meth:`.Store.get` for targets and for a
    filter's rules packages.
    """
    pager = store.pager("ListAssessmentTemplates", nextToken, maxResults, assessmentTargetArns, filter)
    targets = store.get_all(TARGET, assessmentTargetArns or (), "assessmentTargetArns")
    matches = _filter(store, filter or {})
    if targets:
        of_targets = (store.templates.of(target.arn).after(pager.after) for target in targets)
        candidates: Iterable[Template] = merge(*of_targets, key=lambda template: template.number)
    else:
        candidates = store.templates.after(pager.after)
    templates, token = pager.page(
        (template for template in candidates if matches(template)), max_length("ListReturnedArnList")
    )
    return {"assessmentTemplateArns": [template.arn for template in templates], **token}


def _filter(store: Store, filter: Mapping[str, Any]) -> Callable[[Template], bool]:
    """Return whether a template matches an AssessmentTemplateFilter."""
    packages = store.rules_package_arns(filter.get("rulesPackageArns", ()))
    pattern = filter.get("namePattern", "*")
    in_ranges = compile_ranges(filter, {"durationRange": lambda template: template.duration_seconds})
    return lambda template: (
        matches_pattern(pattern, template.name)
        and in_ranges(template)
        and (not packages or not packages.isdisjoint(template.packages))
    )


@action(follows="reference and sample; what is deleted with it: user guide")
def delete_assessment_template(store: Store, *, assessmentTemplateArn: str) -> ResponseBody:
    """DeleteAssessmentTemplate, with its runs and what they reported.

    Errors: AssessmentRunInProgressException when any of the runs is in progress, those of :meth:`.Store.get`.
    """
    template = store.get(TEMPLATE, assessmentTemplateArn)
    check_none_in_progress(store, store.runs.of(template.arn))
    delete_templates(store, [template])
    return {}


@action(follows="reference and sample; it replaces all tags, as Terraform relied on")
def set_tags_for_resource(store: Store, *, resourceArn: str, tags: list[shapes.Tag] | None = None) -> ResponseBody:
    """SetTagsForResource: the template has these tags and no others. Without ``tags`` it has none.

    Errors: InvalidInputException (INVALID_TAG) for a key given twice, those of :meth:`.Store.get`.
    """
    template = store.get(TEMPLATE, resourceArn, "resourceArn")
    template.tags = [cast(dict[str, str], tag) for tag in tags or ()]
    return {}


@action(follows="reference and sample")
def list_tags_for_resource(store: Store, *, resourceArn: str) -> shapes.ListTagsForResourceResponse:
    """ListTagsForResource: the tags of a template, the only resource that has any.

    Errors: those of :meth:`.Store.get`.
    """
    tags: list[Any] = store.get(TEMPLATE, resourceArn, "resourceArn").tags
    return {"tags": tags}

"""Assessment templates and their tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..api import arns
from ..api.filters import in_ranges, name_pattern
from ..api.service_model import list_bound
from ..errors import InvalidInputException
from ..state.store import Store
from ..state.targets import Template
from .preconditions import check_none_in_progress, check_unique_keys
from .registry import Answer, action


@action(follows="reference and sample", approximates="the text for a taken name, by analogy")
def create_assessment_template(
    store: Store,
    *,
    assessmentTargetArn: str,
    assessmentTemplateName: str,
    durationInSeconds: int,
    rulesPackageArns: list[str],
    userAttributesForFindings: list[dict[str, str]] | None = None,
) -> Answer:
    """CreateAssessmentTemplate. A rules package given twice counts once.

    Errors: InvalidInputException (ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN; INVALID_USER_ATTRIBUTE for a key given
    twice), LimitExceededException, those of :meth:`.Store.get` for target and rules packages.
    """
    target = store.target(assessmentTargetArn)
    packages = store.get_all(arns.RULES_PACKAGE, rulesPackageArns, "rulesPackageArns")
    attributes = tuple(userAttributesForFindings or ())
    check_unique_keys(attributes, "userAttributesForFindings", "INVALID_USER_ATTRIBUTE")
    if any(template.name == assessmentTemplateName for template in target.templates.values()):
        raise InvalidInputException(
            f"Create assessmentTemplate - Name already exists; Name: {assessmentTemplateName} Parent: {target.arn}",
            errorCode="ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN",
        )
    store.check_limit("assessment_templates", "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED", len(store.templates))
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
    target.templates[template.arn] = template
    return {"assessmentTemplateArn": template.arn}


@action(follows="reference and sample")
def describe_assessment_templates(store: Store, *, assessmentTemplateArns: list[str]) -> Answer:
    """DescribeAssessmentTemplates. Bad ARNs come back as ``failedItems``."""
    templates, failed = store.describe_each(arns.TEMPLATE, assessmentTemplateArns, Template.to_api)
    return {"assessmentTemplates": templates, "failedItems": failed}


@action(follows="reference and sample", approximates="name patterns: `*` and `?`, case-sensitive")
def list_assessment_templates(
    store: Store,
    *,
    assessmentTargetArns: list[str] | None = None,
    filter: dict[str, Any] | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> Answer:
    """ListAssessmentTemplates, oldest first. Without target ARNs, those of all targets.

    Errors: InvalidInputException for a bad filter, page or token; those of :meth:`.Store.get` for targets and for a
    filter's rules packages.
    """
    pager = store.pager("ListAssessmentTemplates", nextToken, maxResults, assessmentTargetArns, filter)
    targets = store.get_all(arns.TARGET, assessmentTargetArns or (), "assessmentTargetArns")
    matches = _filter(store, filter or {})
    templates, more = pager.page(
        (
            template
            for template in store.templates.row.after(pager.after)
            if (not targets or template.target in targets) and matches(template)
        ),
        list_bound("ListReturnedArnList"),
    )
    return {"assessmentTemplateArns": [template.arn for template in templates], **more}


def _filter(store: Store, wanted: dict[str, Any]) -> Callable[[Template], bool]:
    """Whether a template matches an AssessmentTemplateFilter."""
    packages = store.rules_package_arns(wanted.get("rulesPackageArns", ()))
    name = name_pattern(wanted.get("namePattern", "*"))
    duration = in_ranges("ListAssessmentTemplates", wanted, {"durationRange": lambda template: template.duration})
    return lambda template: (
        name(template.name) and duration(template) and (not packages or not packages.isdisjoint(template.packages))
    )


@action(follows="reference and sample; what goes with it: user guide")
def delete_assessment_template(store: Store, *, assessmentTemplateArn: str) -> Answer:
    """DeleteAssessmentTemplate, with its runs and what they reported.

    Errors: AssessmentRunInProgressException when any of the runs is in progress, those of :meth:`.Store.get`.
    """
    template = store.template(assessmentTemplateArn)
    check_none_in_progress(store, template.runs)
    store.delete_template(template)
    return {}


@action(follows="reference and sample; replacing as Terraform relied on")
def set_tags_for_resource(store: Store, *, resourceArn: str, tags: list[dict[str, str]] | None = None) -> Answer:
    """SetTagsForResource: the template has these tags and no others; none given, none left.

    Errors: InvalidInputException (INVALID_TAG) for a key given twice, those of :meth:`.Store.get`.
    """
    template = store.template(resourceArn, "resourceArn")
    check_unique_keys(tags or (), "tags", "INVALID_TAG")
    template.tags = list(tags or ())
    return {}


@action(follows="reference and sample")
def list_tags_for_resource(store: Store, *, resourceArn: str) -> Answer:
    """ListTagsForResource: the tags of a template, which is the only resource that has any.

    Errors: those of :meth:`.Store.get`.
    """
    return {"tags": store.template(resourceArn, "resourceArn").tags}

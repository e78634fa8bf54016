"""Findings and their user attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import merge
from typing import TYPE_CHECKING, Any, cast

from ..api.filters import compile_ranges
from ..api.service_model import max_length
from ..state.findings import Finding
from ..state.store import FINDING, RUN, NotFound, Store
from .registry import action

if TYPE_CHECKING:
    from ..api import literals, shapes


@action(
    follows="reference and sample",
    approximates=(
        "`ruleNames` matches a finding's `id`, and the full name of a CIS rule; several values in a filter mean any of them, "
        "also for `attributes`, where the reference says both any and all"
    ),
    changes_with_time=True,
)
def list_findings(
    store: Store,
    *,
    assessmentRunArns: list[str] | None = None,
    filter: shapes.FindingFilter | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> shapes.ListFindingsResponse:
    """ListFindings, in the order of their arrival. Without run ARNs it lists those of all runs. A finding is not listed
    before its ``createdAt``.

    Errors: InvalidInputException for a bad filter, page or token; those of :meth:`.Store.get` for runs and for a
    filter's rules packages.
    """
    pager = store.pager("ListFindings", nextToken, maxResults, assessmentRunArns, filter)
    runs = store.get_all(RUN, assessmentRunArns or (), "assessmentRunArns")
    severities = dict.fromkeys((filter or {}).get("severities", ()))
    # The smallest lists that hold all candidates; the rest of the filter is applied to those.
    if runs:
        lists = [store.findings.of(run).all for run in runs]
    elif severities:
        lists = [store.findings.by_severity[severity] for severity in severities]
    else:
        lists = [store.findings.all]
    matches = _filter(store, filter or {})
    candidates = merge(*(findings.after(pager.after) for findings in lists), key=lambda finding: finding.number)
    page, token = pager.page((finding for finding in candidates if matches(finding)), max_length("ListReturnedArnList"))
    return {"findingArns": [finding.arn for finding in page], **token}


def _filter(store: Store, filter: Mapping[str, Any]) -> Callable[[Finding], bool]:
    """Return whether a finding is visible now and matches a FindingFilter."""
    now = store.now
    packages = store.rules_package_arns(filter.get("rulesPackageArns", ()))
    in_ranges = compile_ranges(filter, {"creationTimeRange": lambda finding: finding.created})
    possible: list[tuple[set[Any], Callable[[Finding], Any]]] = [
        (set(filter.get("severities", ())), lambda finding: finding.body.severity),
        (packages, lambda finding: finding.body.rules_package),
        (set(filter.get("ruleNames", ())), lambda finding: finding.body.rule_name),
        (set(filter.get("agentIds", ())), lambda finding: _asset(finding).get("agentId")),
        (set(filter.get("autoScalingGroups", ())), lambda finding: _asset(finding).get("autoScalingGroup")),
    ]
    conditions = [(values, get_value) for values, get_value in possible if values]
    attributes, user_attributes = filter.get("attributes"), filter.get("userAttributes")

    def matches(finding: Finding) -> bool:
        return (
            finding.created <= now
            and all(get_value(finding) in values for values, get_value in conditions)
            and (not attributes or _has_any(finding.members.get("attributes", ()), attributes))
            and (not user_attributes or _has_any(finding.user_attributes, user_attributes))
            and in_ranges(finding)
        )

    return matches


def _asset(finding: Finding) -> dict[str, Any]:
    asset: dict[str, Any] = finding.members.get("assetAttributes", {})
    return asset


def _has_any(attributes: Any, filter: list[dict[str, str]]) -> bool:
    """Whether any of the attributes is in the filter. An attribute without a value in the filter matches any value."""
    return any(
        attribute["key"] == entry["key"] and ("value" not in entry or attribute.get("value") == entry["value"])
        for entry in filter
        for attribute in attributes
    )


@action(
    follows="reference and sample; shapes as seen in production",
    approximates=(
        "texts, CVSS vectors and the severities of some rules; a rules package without findings adds an Informational one "
        "without `id` and agent, as in the sample"
    ),
)
def describe_findings(
    store: Store, *, findingArns: list[str], locale: literals.Locale = "EN_US"
) -> shapes.DescribeFindingsResponse:
    """DescribeFindings, up to 100 at once, as production took. Bad ARNs come back as ``failedItems``."""
    findings, failed = store.describe_each(FINDING, findingArns, Finding.to_api)
    return {"findings": findings, "failedItems": failed}


@action(follows="reference and sample", approximates="an eleventh attribute makes its finding fail with LIMIT_EXCEEDED")
def add_attributes_to_findings(
    store: Store, *, findingArns: list[str], attributes: list[shapes.Attribute]
) -> shapes.AddAttributesToFindingsResponse:
    """AddAttributesToFindings. An existing key takes the new value; ``updatedAt`` follows.

    A finding that would have more than 10 user attributes stays as it is and is reported as LIMIT_EXCEEDED, bad ARNs
    with their reasons. Errors: InvalidInputException (INVALID_USER_ATTRIBUTE) for a key given twice.
    """
    added = [cast(dict[str, str], attribute) for attribute in attributes]

    def add(finding: Finding) -> None:
        merged = {entry["key"]: entry for entry in (*finding.user_attributes, *added)}
        if len(merged) > max_length("UserAttributeList"):
            raise NotFound("LIMIT_EXCEEDED")
        finding.own_user_attributes = tuple(merged.values())
        finding.updated = store.now

    return {"failedItems": store.describe_each(FINDING, findingArns, add)[1]}


@action(follows="reference and sample")
def remove_attributes_from_findings(
    store: Store, *, findingArns: list[str], attributeKeys: list[str]
) -> shapes.RemoveAttributesFromFindingsResponse:
    """RemoveAttributesFromFindings. An absent key changes nothing. Bad ARNs come back as ``failedItems``."""

    def remove(finding: Finding) -> None:
        finding.own_user_attributes = tuple(
            entry for entry in finding.user_attributes if entry["key"] not in attributeKeys
        )

    return {"failedItems": store.describe_each(FINDING, findingArns, remove)[1]}

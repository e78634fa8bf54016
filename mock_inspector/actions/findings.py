"""Findings and their user attributes."""

from __future__ import annotations

from collections.abc import Callable
from heapq import merge
from typing import Any

from ..api import arns
from ..api.filters import in_ranges
from ..api.service_model import list_bound
from ..state.findings import MAX_USER_ATTRIBUTES, Finding
from ..state.store import NotFound, Store
from .preconditions import check_unique_keys
from .registry import Answer, action


@action(follows="reference and sample", approximates="`ruleNames` is compared with a finding's `id`")
def list_findings(
    store: Store,
    *,
    assessmentRunArns: list[str] | None = None,
    filter: dict[str, Any] | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> Answer:
    """ListFindings, oldest first. Without run ARNs, those of all runs; before their ``createdAt``, none.

    Errors: InvalidInputException for a bad filter, page or token; those of :meth:`.Store.get` for runs and for a
    filter's rules packages.
    """
    pager = store.pager("ListFindings", nextToken, maxResults, assessmentRunArns, filter)
    runs = store.get_all(arns.RUN, assessmentRunArns or (), "assessmentRunArns")
    wanted = filter or {}
    severities = dict.fromkeys(wanted.get("severities", ()))
    # The narrowest rows that hold all candidates; the rest of the filter goes over those.
    if runs:
        rows = [run.findings_row for run in runs]
    elif severities:
        rows = [store.findings.by_severity[severity] for severity in severities]
    else:
        rows = [store.findings.all]
    matches = _filter(store, wanted)
    candidates = merge(*(row.after(pager.after) for row in rows), key=lambda finding: finding.number)
    findings, more = pager.page(
        (finding for finding in candidates if matches(finding)), list_bound("ListReturnedArnList")
    )
    return {"findingArns": [finding.arn for finding in findings], **more}


def _filter(store: Store, wanted: dict[str, Any]) -> Callable[[Finding], bool]:
    """Whether a finding is there at this moment and matches a FindingFilter."""
    now = store.now
    packages = store.rules_package_arns(wanted.get("rulesPackageArns", ()))
    created = in_ranges("ListFindings", wanted, {"creationTimeRange": lambda finding: finding.created})
    asked: list[tuple[set[Any], Callable[[Finding], Any]]] = [
        (set(wanted.get("severities", ())), lambda finding: finding.content.severity),
        (packages, lambda finding: finding.content.rules_package),
        (set(wanted.get("ruleNames", ())), lambda finding: finding.content.rule_name),
        (set(wanted.get("agentIds", ())), lambda finding: _asset(finding).get("agentId")),
        (set(wanted.get("autoScalingGroups", ())), lambda finding: _asset(finding).get("autoScalingGroup")),
    ]
    asked = [(values, value) for values, value in asked if values]
    attributes, user_attributes = wanted.get("attributes"), wanted.get("userAttributes")

    def matches(finding: Finding) -> bool:
        return (
            finding.created <= now
            and all(value(finding) in values for values, value in asked)
            and (not attributes or _any_of(attributes, finding.members.get("attributes", ())))
            and (not user_attributes or _any_of(user_attributes, finding.user_attributes))
            and created(finding)
        )

    return matches


def _asset(finding: Finding) -> dict[str, Any]:
    asset: dict[str, Any] = finding.members.get("assetAttributes", {})
    return asset


def _any_of(wanted: list[dict[str, str]], attributes: Any) -> bool:
    """Whether any of the wanted attributes is among a finding's (one without a value: whatever the value)."""
    return any(
        attribute["key"] == entry["key"] and ("value" not in entry or attribute.get("value") == entry["value"])
        for entry in wanted
        for attribute in attributes
    )


@action(
    follows="reference and sample; shapes as seen in production",
    approximates="texts, CVSS vectors and some severities of rules",
)
def describe_findings(store: Store, *, findingArns: list[str], locale: str = "EN_US") -> Answer:
    """DescribeFindings, up to 100 at once, as production took. Bad ARNs come back as ``failedItems``."""
    findings, failed = store.describe_each(arns.FINDING, findingArns, Finding.to_api)
    return {"findings": findings, "failedItems": failed}


@action(follows="reference and sample", approximates="an eleventh attribute fails its finding with LIMIT_EXCEEDED")
def add_attributes_to_findings(store: Store, *, findingArns: list[str], attributes: list[dict[str, str]]) -> Answer:
    """AddAttributesToFindings. A key that is there takes the new value; ``updatedAt`` follows.

    A finding that would have more than 10 user attributes stays as it is and is reported as LIMIT_EXCEEDED, bad ARNs
    with their reasons. Errors: InvalidInputException (INVALID_USER_ATTRIBUTE) for a key given twice.
    """
    check_unique_keys(attributes, "attributes", "INVALID_USER_ATTRIBUTE")

    def add(finding: Finding) -> None:
        merged = {entry["key"]: entry for entry in (*finding.user_attributes, *attributes)}
        if len(merged) > MAX_USER_ATTRIBUTES:
            raise NotFound("LIMIT_EXCEEDED")
        finding.own_user_attributes = tuple(merged.values())
        finding.updated = store.now

    return {"failedItems": store.describe_each(arns.FINDING, findingArns, add)[1]}


@action(follows="reference and sample")
def remove_attributes_from_findings(store: Store, *, findingArns: list[str], attributeKeys: list[str]) -> Answer:
    """RemoveAttributesFromFindings. A key that is not there changes nothing; bad ARNs come back as ``failedItems``."""

    def remove(finding: Finding) -> None:
        finding.own_user_attributes = tuple(
            entry for entry in finding.user_attributes if entry["key"] not in attributeKeys
        )

    return {"failedItems": store.describe_each(arns.FINDING, findingArns, remove)[1]}

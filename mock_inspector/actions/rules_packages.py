"""Rules packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api.service_model import max_length
from ..state.rules_packages import RulesPackage
from ..state.store import RULES_PACKAGE, Store
from .registry import action

if TYPE_CHECKING:
    from ..api import literals, shapes


@action(follows="reference and sample; ARNs of all 14 regions: user guide")
def list_rules_packages(
    store: Store, *, nextToken: str | None = None, maxResults: int | None = None
) -> shapes.ListRulesPackagesResponse:
    """ListRulesPackages by id, added ones last, without deprecated ones.

    A region that the service never had lists none. Errors: InvalidInputException for a bad page or token.
    """
    pager = store.pager("ListRulesPackages", nextToken, maxResults)
    packages, token = pager.page(
        (package for package in store.rules_packages.after(pager.after) if not package.deprecated),
        max_length("ListReturnedArnList"),
    )
    return {"rulesPackageArns": [package.arn for package in packages], **token}


@action(
    follows="reference and sample; names and descriptions: user guide", approximates="the versions of three packages"
)
def describe_rules_packages(
    store: Store, *, rulesPackageArns: list[str], locale: literals.Locale = "EN_US"
) -> shapes.DescribeRulesPackagesResponse:
    """DescribeRulesPackages. Bad ARNs come back as ``failedItems``."""
    packages, failed = store.describe_each(RULES_PACKAGE, rulesPackageArns, RulesPackage.to_api)
    return {"rulesPackages": packages, "failedItems": failed}

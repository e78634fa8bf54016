"""Rules packages."""

from __future__ import annotations

from ..api import arns
from ..api.service_model import list_bound
from ..state.rules_packages import RulesPackage
from ..state.store import Store
from .registry import Answer, action


@action(follows="reference and sample; ARNs of all 14 regions: user guide")
def list_rules_packages(store: Store, *, nextToken: str | None = None, maxResults: int | None = None) -> Answer:
    """ListRulesPackages, in the order of their ids, added ones last, deprecated ones left out.

    None in regions that the service never came to. Errors: InvalidInputException for a bad page or token.
    """
    pager = store.pager("ListRulesPackages", nextToken, maxResults)
    packages, more = pager.page(
        (package for package in store.rules_packages.row.after(pager.after) if not package.deprecated),
        list_bound("ListReturnedArnList"),
    )
    return {"rulesPackageArns": [package.arn for package in packages], **more}


@action(follows="reference and sample; names and descriptions: user guide", approximates="versions of three packages")
def describe_rules_packages(store: Store, *, rulesPackageArns: list[str], locale: str = "EN_US") -> Answer:
    """DescribeRulesPackages. Bad ARNs come back as ``failedItems``."""
    packages, failed = store.describe_each(arns.RULES_PACKAGE, rulesPackageArns, RulesPackage.to_api)
    return {"rulesPackages": packages, "failedItems": failed}

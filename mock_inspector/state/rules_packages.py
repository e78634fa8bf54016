"""The rules packages of the service's regions (user guide, section "ARNs for rules packages")."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ..api.arns import partition_of


@dataclass(frozen=True, slots=True)
class RulesPackage:
    """A rules package (data type RulesPackage).

    A deprecated one is neither listed nor evaluated. It can be described, and templates may have it.
    """

    number: int
    arn: str
    name: str
    version: str
    provider: str
    description: str
    deprecated: bool = False

    def to_api(self) -> dict[str, Any]:
        """The package as DescribeRulesPackages shows it."""
        return {
            "arn": self.arn,
            "name": self.name,
            "version": self.version,
            "provider": self.provider,
            "description": self.description,
        }


@lru_cache(maxsize=1)
def _data() -> Any:
    return json.loads(files("mock_inspector").joinpath("data/rules_packages.json").read_text("utf-8"))


@lru_cache(maxsize=1)
def owner_accounts() -> dict[str, str]:
    """The AWS-owned account of the service in each of its regions."""
    return {region: entry["account_id"] for region, entry in _data()["regions"].items()}


@lru_cache(maxsize=64)
def rules_packages(region: str) -> tuple[RulesPackage, ...]:
    """The rules packages of a region in the order of ListRulesPackages: by id. Other regions have none."""
    entry = _data()["regions"].get(region)
    if entry is None:
        return ()
    prefix = f"arn:{partition_of(region)}:inspector:{region}:{entry['account_id']}:rulespackage/"
    by_id = sorted((package_id, _data()["packages"][key]) for key, package_id in entry["ids"].items())
    return tuple(
        RulesPackage(number, prefix + package_id, **package) for number, (package_id, package) in enumerate(by_id)
    )

"""Exclusions: what a run could not assess, and the preview of that (user guide, section "Exclusions")."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .fleet import supports

if TYPE_CHECKING:
    from .fleet import Instance, RunAgent
    from .rules_packages import RulesPackage
    from .targets import Template

PREVIEW_TAKES = 5_000
"""Milliseconds that the generation of a preview takes (the real figure is not known)."""

NO_INSTANCES = "No instances in target"
ALREADY_RUNNING = "Agent is already running"
UNSUPPORTED_PACKAGE = "Rules package not supported by OS"


@dataclass(slots=True, eq=False)
class Exclusion:
    """An exclusion (data types Exclusion and ExclusionPreview); one of a preview has no ARN."""

    number: int
    arn: str | None
    members: dict[str, Any]

    def described(self) -> dict[str, Any]:
        """The exclusion as DescribeExclusions and GetExclusionsPreview show it."""
        return self.members if self.arn is None else {"arn": self.arn, **self.members}


@dataclass(slots=True, eq=False)
class Preview:
    """An exclusions preview of a template: its content, and when its generation is finished."""

    ready: int
    exclusions: list[Exclusion]


@lru_cache(maxsize=1)
def _texts() -> Any:
    return json.loads(files("mock_inspector").joinpath("data/exclusions.json").read_text("utf-8"))


def exclusions_of(
    template: Template, packages: Collection[RulesPackage], agents: Collection[RunAgent]
) -> list[dict[str, Any]]:
    """What a run of ``template`` leaves out, in the order of the fleet."""
    if not agents:
        scopes = [{"key": "RULES_PACKAGE_ARN", "value": arn} for arn in template.packages]
        # The model wants a scope at least; a template without rules packages has none to name.
        return [_members(NO_INSTANCES, scopes or [{"key": "RULES_PACKAGE_ARN"}], [], target_arn=template.target.arn)]
    excluded = []
    for agent in agents:
        if agent.exclusion is not None:
            excluded.append(_of_instance(agent.exclusion, agent.instance))
            continue
        excluded += [
            _of_instance(UNSUPPORTED_PACKAGE, agent.instance, package)
            for package in packages
            if not supports(package.name, agent.instance)
        ]
    return excluded


def _of_instance(title: str, instance: Instance, package: RulesPackage | None = None) -> dict[str, Any]:
    scopes = [{"key": "INSTANCE_ID", "value": instance.instance_id}]
    return _members(
        title,
        [*scopes, {"key": "RULES_PACKAGE_ARN", "value": package.arn}] if package is not None else scopes,
        scopes,
        instance_id=instance.instance_id,
        operating_system=instance.operating_system or "The operating system",
        rules_package=package.name if package is not None else "",
    )


def _members(
    title: str, scopes: list[dict[str, str]], attributes: list[dict[str, str]], **names: str
) -> dict[str, Any]:
    text = _texts()[title]
    return {
        "title": title,
        "description": text["description"].format(**names),
        "recommendation": text["recommendation"].format(**names),
        "scopes": scopes,
        "attributes": attributes,
    }

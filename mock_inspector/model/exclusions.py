"""Exclusions: what a run could not assess, and the preview of that (user guide, section "Exclusions")."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fleet import Instance
    from .targets import Template

PREVIEW_TAKES = 5_000
"""Milliseconds that the generation of a preview takes (the real figure is not known)."""

_TITLE_BY_HEALTH = {"UNHEALTHY": "Agent is unhealthy", "UNKNOWN": "Agent not found"}
NO_INSTANCES = "No instances in target"


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


def exclusions_of(template: Template, agents: Iterable[tuple[Instance, str]]) -> list[dict[str, Any]]:
    """What a run of ``template`` leaves out, given its instances and their agents' health, in the fleet's order."""
    fleet = list(agents)
    if not fleet:
        scopes = [{"key": "RULES_PACKAGE_ARN", "value": arn} for arn in template.packages]
        # The model wants a scope at least; a template without rules packages has none to name.
        return [_members(NO_INSTANCES, scopes or [{"key": "RULES_PACKAGE_ARN"}], [], target_arn=template.target.arn)]
    return [
        _members(
            _TITLE_BY_HEALTH[health],
            [{"key": "INSTANCE_ID", "value": instance.instance_id}],
            [{"key": "INSTANCE_ID", "value": instance.instance_id}],
            instance_id=instance.instance_id,
        )
        for instance, health in fleet
        if health in _TITLE_BY_HEALTH
    ]


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

"""Exclusions: what a run could not assess, and the preview of that (user guide, section "Exclusions").

Of the fifteen documented types, seven follow from what a test describes: the fleet, its agents and operating systems,
and the template's rules packages. The other eight ("Rules evaluation error" and "Network Reachability error", in their
variants) tell of errors inside the service, which no fleet gives rise to. ``InspectorBackend.add_exclusion`` takes any
of them by its title, and fills in what the title says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .instances import supports

if TYPE_CHECKING:
    from .instances import RunAgent
    from .rules_packages import RulesPackage
    from .targets import Template

PREVIEW_DURATION_MS = 5_000
"""Milliseconds that the generation of a preview takes (the real figure is not known)."""

NO_INSTANCES = "No instances in target"
ALREADY_RUNNING = "Agent is already running"
DEPRECATED_PACKAGE = "Deprecated rules package"
UNSUPPORTED_PACKAGE = "Rules package not supported by OS"

_INSTANCE, _PACKAGE = "INSTANCE_ID", "RULES_PACKAGE_ARN"

Pairs = list[dict[str, str]]
"""Scopes (data type Scope) or attributes (data type Attribute): each a key and a value."""


@dataclass(slots=True, eq=False)
class Exclusion:
    """An exclusion (data types Exclusion and ExclusionPreview); one of a preview has no ARN."""

    number: int
    arn: str | None
    members: dict[str, Any]

    def to_api(self) -> dict[str, Any]:
        """The exclusion as DescribeExclusions and GetExclusionsPreview show it."""
        return self.members if self.arn is None else {"arn": self.arn, **self.members}


@dataclass(slots=True, eq=False)
class Preview:
    """An exclusions preview of a template: its content, and when its generation is finished."""

    ready: int
    exclusions: list[Exclusion]


@lru_cache(maxsize=1)
def _types() -> Any:
    return json.loads(files("mock_inspector").joinpath("data/exclusions.json").read_text("utf-8"))["types"]


def exclusions_of(
    template: Template, packages: Collection[RulesPackage], agents: Collection[RunAgent]
) -> list[dict[str, Any]]:
    """What a run of ``template`` leaves out: of itself first, then in the order of the fleet."""
    excluded = []
    if not agents:
        excluded.append(_members(NO_INSTANCES, _packages(packages), [], packages, template.target.arn))
    for package in packages:
        if package.deprecated:
            scope = _packages([package])
            excluded.append(_members(DEPRECATED_PACKAGE, scope, scope, packages, template.target.arn))
    for agent in agents:
        scope = [{"key": _INSTANCE, "value": agent.instance.instance_id}]
        system = agent.instance.operating_system
        if agent.exclusion is not None:
            excluded.append(_members(agent.exclusion, scope, scope, packages, template.target.arn, system))
            continue
        excluded += [
            _members(UNSUPPORTED_PACKAGE, [*scope, *_packages([package])], scope, packages, template.target.arn, system)
            for package in packages
            if not package.deprecated and not supports(package.name, agent.instance)
        ]
    return excluded


def _packages(packages: Collection[RulesPackage]) -> Pairs:
    # The model wants a scope at least; where there are no rules packages, there is none to name.
    return [{"key": _PACKAGE, "value": package.arn} for package in packages] or [{"key": _PACKAGE}]


def _members(
    title: str,
    scopes: Pairs,
    attributes: Pairs,
    packages: Collection[RulesPackage],
    target_arn: str,
    operating_system: str | None = None,
) -> dict[str, Any]:
    told = texts_of(title, [*scopes, *attributes], packages, target_arn, operating_system)
    return {"title": title, **told, "scopes": scopes, "attributes": attributes}


def texts_of(
    title: str,
    about: Pairs,
    packages: Collection[RulesPackage],
    target_arn: str,
    operating_system: str | None = None,
) -> dict[str, str]:
    """Description and recommendation of a documented type of exclusion, nothing for others.

    ``about`` are scopes and attributes that tell what it is about, where ``packages`` are the run's.
    """
    known = _types().get(_documented(title))
    if known is None:
        return {}
    instances = {pair.get("value") for pair in about if pair["key"] == _INSTANCE}
    arns = {pair.get("value") for pair in about if pair["key"] == _PACKAGE}
    named = [package.name for package in packages if package.arn in arns]
    names = {
        "instance": f"instance {instances.pop()}" if len(instances) == 1 else "an instance",
        "operating_system": operating_system or "The operating system",
        "rules_package": f"the rules package {named[0]}" if len(named) == 1 else "a rules package",
        "target_arn": target_arn,
    }
    return {member: known[member].format(**names) for member in ("description", "recommendation")}


def usual_scopes(title: str, packages: Collection[RulesPackage]) -> Pairs:
    """The scopes of an exclusion of which nothing but the title is known: the run's rules packages that it can be about."""
    only = _types().get(_documented(title), {}).get("rules_package")
    return _packages([package for package in packages if only is None or package.name == only])


def is_documented(title: str) -> bool:
    """Whether a title is that of a documented type of exclusion."""
    return _documented(title) in _types()


def _documented(title: str) -> str:
    """A title as it is kept here; the user guide has dashes where these have hyphens, not all between two spaces."""
    return re.sub(r" [\N{EN DASH}-] ?(?=\w)", " - ", title)

"""Exclusions: what a run does not assess, and why (user guide, section "Exclusions").

Seven of the documented types follow from what a test describes: instances, agents, operating systems, rules packages.
The others ("Rules evaluation error" and "Network Reachability error", in their variants) report errors inside the
service. ``InspectorBackend.add_exclusion`` takes any of them by its title and fills in the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ..api.validation import validate
from ..clock.moments import EpochMs
from ..errors import short_repr
from .finding_specs import FindingSpec
from .rules_packages import RulesPackage
from .targets import Template

PREVIEW_DURATION_MS = 5_000
"""How long the generation of a preview takes. The service's figure is not known."""

INSTANCE_ID, RULES_PACKAGE_ARN = "INSTANCE_ID", "RULES_PACKAGE_ARN"
"""The keys of scopes."""

Pairs = list[dict[str, str]]
"""Scopes (data type Scope) or attributes (data type Attribute): each has a key and a value."""


class ExclusionType(Enum):
    """The documented types, by their titles. ``data/exclusions.json`` has their texts."""

    NO_INSTANCES = "No instances in target"
    ALREADY_RUNNING = "Agent is already running"
    AGENT_NOT_FOUND = "Agent not found"
    AGENT_UNHEALTHY = "Agent is unhealthy"
    UNSUPPORTED_OS = "Unsupported OS version"
    DEPRECATED_PACKAGE = "Deprecated rules package"
    UNSUPPORTED_PACKAGE = "Rules package not supported by OS"
    EVALUATION_ERROR_FOR_INSTANCE = "Rules evaluation error for single instance"
    EVALUATION_ERROR = "Rules evaluation error"
    REACHABILITY_ERROR_INTERNET = "Network Reachability error - internet"
    REACHABILITY_ERROR_ALB = "Network Reachability error - internet through an Application Load Balancer"
    REACHABILITY_ERROR_ELB = "Network Reachability error - internet through an Elastic Load Balancing load balancer"
    REACHABILITY_ERROR_VPN = "Network Reachability error - VPN"
    REACHABILITY_ERROR_DIRECT_CONNECT = "Network Reachability error - AWS Direct Connect"
    REACHABILITY_ERROR_VPC_PEERING = "Network Reachability error - VPC peering"

    @classmethod
    def from_title(cls, title: str) -> ExclusionType | None:
        """Return the type of a title, or None. The user guide spells some hyphens as dashes."""
        spelled = re.sub(r" [\N{EN DASH}-] ?(?=\w)", " - ", title)
        return next((exclusion_type for exclusion_type in cls if exclusion_type.value == spelled), None)


@dataclass(slots=True, eq=False)
class Exclusion:
    """An exclusion (data types Exclusion and ExclusionPreview). One in a preview has no ARN."""

    number: int
    arn: str | None
    members: dict[str, Any]

    @property
    def parent_arn(self) -> str:
        """The ARN of its run; empty in a preview."""
        return (self.arn or "").rpartition("/exclusion/")[0]

    def to_api(self) -> dict[str, Any]:
        """The exclusion as DescribeExclusions and GetExclusionsPreview show it."""
        return self.members if self.arn is None else {"arn": self.arn, **self.members}


@dataclass(slots=True, eq=False)
class Preview:
    """An exclusions preview of a template; ``ready`` is the end of its generation."""

    token: str
    template: Template
    ready: EpochMs
    exclusions: list[Exclusion]


class PreviewMap:
    """Previews by token, and by template, in the order of creation."""

    def __init__(self) -> None:
        self._by_token: dict[str, Preview] = {}
        self._by_template: dict[str, list[Preview]] = {}

    def __len__(self) -> int:
        return len(self._by_token)

    def __iter__(self) -> Iterator[Preview]:
        return iter(self._by_token.values())

    def __contains__(self, token: str) -> bool:
        return token in self._by_token

    def get(self, token: str) -> Preview | None:
        """The preview of that token, or None."""
        return self._by_token.get(token)

    def of(self, template_arn: str) -> Sequence[Preview]:
        """The previews of a template."""
        return self._by_template.get(template_arn, ())

    def add(self, preview: Preview) -> None:
        """Add a preview."""
        self._by_token[preview.token] = preview
        self._by_template.setdefault(preview.template.arn, []).append(preview)

    def remove_of(self, template_arn: str) -> None:
        """Remove the previews of a template."""
        for preview in self._by_template.pop(template_arn, ()):
            del self._by_token[preview.token]


@lru_cache(maxsize=1)
def _texts() -> Any:
    return json.loads(files("mock_inspector").joinpath("data/exclusions.json").read_text("utf-8"))["types"]


def package_scopes(packages: Collection[RulesPackage]) -> Pairs:
    """Return the scopes that name rules packages."""
    return [{"key": RULES_PACKAGE_ARN, "value": package.arn} for package in packages]


def default_scopes(exclusion_type: ExclusionType | None, packages: Collection[RulesPackage]) -> Pairs:
    """Return the scopes of an exclusion known by its title only: the rules packages it can concern.

    The model requires a scope, so without the package of the title's own they are all.
    """
    only = None if exclusion_type is None else _texts()[exclusion_type.value].get("rules_package")
    return package_scopes([package for package in packages if package.name == only] or packages)


def describe_exclusion(
    exclusion_type: ExclusionType,
    pairs: Pairs,
    packages: Collection[RulesPackage],
    target_arn: str,
    operating_system: str | None = None,
) -> dict[str, str]:
    """Return the description and the recommendation of an exclusion.

    ``pairs`` are its scopes and attributes, ``packages`` the rules packages of the run.
    """
    instances = {pair.get("value") for pair in pairs if pair["key"] == INSTANCE_ID}
    arns = {pair.get("value") for pair in pairs if pair["key"] == RULES_PACKAGE_ARN}
    package_names = [package.name for package in packages if package.arn in arns]
    values = {
        "instance": f"instance {instances.pop()}" if len(instances) == 1 else "an instance",
        "operating_system": operating_system or "The operating system",
        "rules_package": f"the rules package {package_names[0]}" if len(package_names) == 1 else "a rules package",
        "target_arn": target_arn,
    }
    texts = _texts()[exclusion_type.value]
    return {member: texts[member].format(**values) for member in ("description", "recommendation")}


def build_exclusion(given: Any, run_arn: str, target_arn: str, packages: Collection[RulesPackage]) -> dict[str, Any]:
    """Return the members of an exclusion that a test adds in the Describe shape. ValueError for invalid members.

    A documented title fills in what the service said under it.
    """
    members = given_members("exclusion", given)
    title = members.get("title", "Exclusion added by hand")
    exclusion_type = ExclusionType.from_title(str(title))
    complete: dict[str, Any] = validate(
        "Exclusion",
        {
            "title": title,
            "description": "This exclusion was added by hand.",
            "recommendation": "No action needed.",
            "scopes": default_scopes(exclusion_type, packages),
            "attributes": [],
            **members,
            "arn": run_arn,
        },
        "exclusion",
    )
    del complete["arn"]
    if exclusion_type is not None:
        pairs = [*complete["scopes"], *complete["attributes"]]
        texts = describe_exclusion(exclusion_type, pairs, packages, target_arn)
        complete.update({member: text for member, text in texts.items() if member not in members})
    return complete


def given_members(name: str, given: Any) -> dict[str, Any]:
    """Return the members of a finding or exclusion that a test gives, without those that are None."""
    if not isinstance(given, Mapping):
        hint = "; add_instance(findings=[...]) takes it" if isinstance(given, FindingSpec) else ""
        raise ValueError(
            f"{name} must be a mapping in the shape of Describe{name.title()}s; got {short_repr(given)}{hint}"
        )
    if "arn" in given:
        raise ValueError(f"{name} must not have 'arn', which is generated; next_ids() sets the next id")
    return {member: value for member, value in given.items() if value is not None}

"""What an instance suffers from, and how the rules package it belongs to reports it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .findings import asset_attributes

if TYPE_CHECKING:
    from .instances import Instance

CVE = "Common Vulnerabilities and Exposures"
CIS = "CIS Operating System Security Configuration Benchmarks"
NETWORK_REACHABILITY = "Network Reachability"
SECURITY_BEST_PRACTICES = "Security Best Practices"
RUNTIME_BEHAVIOR_ANALYSIS = "Runtime Behavior Analysis"

_INSTANCE = "{instance_id}"


@dataclass(frozen=True, slots=True)
class FindingSpec:
    """Something that an instance suffers from, made by a function of :mod:`mock_inspector.findings`.

    ``{instance_id}`` in its texts and attribute values becomes the id of the instance it is found on.
    """

    rules_package: str
    """The name of the rules package that reports it."""
    id: str
    severity: str
    numeric_severity: float
    title: str
    description: str
    recommendation: str
    attributes: tuple[tuple[str, str], ...]

    @property
    def needs_agent(self) -> bool:
        """Whether only an agent can find it."""
        return self.rules_package != NETWORK_REACHABILITY

    def as_seen(self, *, with_agent: bool) -> FindingSpec:  # noqa: ARG002  what reaches over the network depends on it
        """The weakness as it is reported of an instance with or without a working agent."""
        return self

    def members(self, instance: Instance) -> dict[str, Any]:
        """What DescribeFindings says of the weakness on an instance (service facts, section 5)."""
        return {
            "id": self.id,
            "title": self._filled(self.title, instance),
            "description": self._filled(self.description, instance),
            "recommendation": self._filled(self.recommendation, instance),
            "severity": self.severity,
            "numericSeverity": self.numeric_severity,
            "assetAttributes": asset_attributes(instance),
            "attributes": [{"key": key, "value": self._filled(value, instance)} for key, value in self.attributes],
        }

    def _filled(self, text: str, instance: Instance) -> str:
        return text.replace(_INSTANCE, instance.instance_id)


@dataclass(frozen=True, slots=True)
class ReachabilitySpec(FindingSpec):
    """A port that can be reached over the network; what is known of it depends on whether an agent looked."""

    without_agent: ReachabilitySpec | None = None

    def as_seen(self, *, with_agent: bool) -> FindingSpec:
        return self if with_agent or self.without_agent is None else self.without_agent

    def _filled(self, text: str, instance: Instance) -> str:
        if "{" not in text:
            return text
        for name, value in _network(instance).items():
            text = text.replace(f"{{{name}}}", value)
        return text.replace(_INSTANCE, instance.instance_id)


def _network(instance: Instance) -> dict[str, str]:
    """Where the instance sits in the network: from its first interface, or made up from its id."""
    interface: dict[str, Any] = instance.network_interfaces[0] if instance.network_interfaces else {}
    groups = interface.get("securityGroups") or [{}]
    vpc = interface.get("vpcId") or _made_up("vpc", instance.instance_id)
    return {
        "vpc": vpc,
        "acl": _made_up("acl", vpc),
        "igw": _made_up("igw", vpc),
        "vgw": _made_up("vgw", vpc),
        "pcx": _made_up("pcx", vpc),
        "eni": interface.get("networkInterfaceId") or _made_up("eni", instance.instance_id),
        "security_group": groups[0].get("groupId") or _made_up("sg", instance.instance_id),
    }


def _made_up(kind: str, source: str) -> str:
    return f"{kind}-{hashlib.blake2b(f'{kind} {source}'.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"

"""What a test says an instance suffers from: data, made by the functions of :mod:`mock_inspector.findings`."""

from __future__ import annotations

from dataclasses import dataclass

CVE = "Common Vulnerabilities and Exposures"
CIS = "CIS Operating System Security Configuration Benchmarks"
NETWORK_REACHABILITY = "Network Reachability"
SECURITY_BEST_PRACTICES = "Security Best Practices"
RUNTIME_BEHAVIOR_ANALYSIS = "Runtime Behavior Analysis"


@dataclass(frozen=True, slots=True)
class FindingSpec:
    """A finding that a rules package will report of an instance.

    ``{instance_id}`` in its texts and attribute values becomes the id of the instance. A spec of Network Reachability
    also has ``{vpc}``, ``{acl}``, ``{igw}``, ``{vgw}``, ``{pcx}``, ``{eni}`` and ``{security_group}``.
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
    without_agent: FindingSpec | None = None
    """What is reported instead of an instance without a working agent."""
    rule_name: str | None = None
    """The whole name of the rule, where an id cannot hold it."""

    @property
    def needs_agent(self) -> bool:
        """Whether only an agent can find it."""
        return self.rules_package != NETWORK_REACHABILITY

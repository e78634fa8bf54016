"""What a test says an instance suffers from: data, made by the functions of :mod:`mock_inspector.findings`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

CVE = "Common Vulnerabilities and Exposures"
CIS = "CIS Operating System Security Configuration Benchmarks"
NETWORK_REACHABILITY = "Network Reachability"
SECURITY_BEST_PRACTICES = "Security Best Practices"
RUNTIME_BEHAVIOR_ANALYSIS = "Runtime Behavior Analysis"


@lru_cache(maxsize=1)
def load_rules() -> dict[str, Any]:
    """Return what is known of the rules, by the name of their rules package (``data/rules.json``)."""
    rules: dict[str, Any] = json.loads(files("mock_inspector").joinpath("data/rules.json").read_text("utf-8"))
    return rules


def list_rules(rules_package: str) -> dict[str, str]:
    """Return all rules of a rules package with their severities; empty for a package whose rules are not known."""
    if rules_package not in (SECURITY_BEST_PRACTICES, RUNTIME_BEHAVIOR_ANALYSIS):
        return {}
    return {name: rule["severity"] for name, rule in load_rules()[rules_package].items()}


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
    """What is reported in its place of an instance without a working agent; None: nothing, as only an agent finds it."""
    rule_name: str | None = None
    """The whole name of the rule, where an id cannot hold it."""

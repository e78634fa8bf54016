"""The fleet: EC2 instances with the Inspector agent, and the part they take in a run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

HEALTH_CODES = {"HEALTHY": "RUNNING", "UNHEALTHY": "UNHEALTHY", "UNKNOWN": "UNKNOWN"}
"""The agentHealthCode of an agent in a run, by its agentHealth (service facts, section 8)."""

TOTAL = "Total"


@dataclass(slots=True, eq=False)
class Instance:
    """An EC2 instance with an agent, as :meth:`InspectorBackend.add_instance` made it.

    Its attributes may be changed between runs; a run keeps what they were when it started.
    """

    number: int
    instance_id: str
    tags: dict[str, str] = field(default_factory=dict)
    hostname: str | None = None
    ami_id: str | None = None
    auto_scaling_group: str | None = None
    ipv4_address: str | None = None
    operating_system: str | None = None
    kernel_version: str | None = None
    agent_version: str | None = None
    agent_health: str = "HEALTHY"
    agent_health_code: str | None = None
    agent_health_details: str | None = None
    network_interfaces: list[dict[str, Any]] = field(default_factory=list)
    telemetry: list[dict[str, Any]] | None = None
    findings: tuple[Any, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "agent_health" and value not in HEALTH_CODES:
            raise ValueError(f"agent_health: takes {', '.join(HEALTH_CODES)}, got {value!r}")
        object.__setattr__(self, name, value)

    def matches(self, tags: Iterable[dict[str, str]]) -> bool:
        """Whether the instance carries any of a resource group's tags (one without a value: any value)."""
        return any(
            tag["key"] in self.tags and tag.get("value", self.tags[tag["key"]]) == self.tags[tag["key"]] for tag in tags
        )

    def previewed(self) -> dict[str, Any]:
        """The agent as PreviewAgents shows it (data type AgentPreview)."""
        return _present(
            agentId=self.instance_id,
            hostname=self.hostname,
            autoScalingGroup=self.auto_scaling_group,
            agentHealth=self.agent_health,
            agentVersion=self.agent_version,
            operatingSystem=self.operating_system,
            kernelVersion=self.kernel_version,
            ipv4Address=self.ipv4_address,
        )


@dataclass(slots=True, eq=False)
class RunAgent:
    """An agent's part in a run, as it was when the run started (data type AssessmentRunAgent)."""

    number: int
    instance: Instance
    health: str
    health_code: str
    health_details: str | None
    auto_scaling_group: str | None
    telemetry: list[dict[str, Any]]

    def described(self, run_arn: str, *, with_telemetry: bool) -> dict[str, Any]:
        """The agent as ListAssessmentRunAgents shows it."""
        return _present(
            agentId=self.instance.instance_id,
            assessmentRunArn=run_arn,
            agentHealth=self.health,
            agentHealthCode=self.health_code,
            agentHealthDetails=self.health_details,
            autoScalingGroup=self.auto_scaling_group,
            telemetryMetadata=[dict(entry) for entry in self.telemetry] if with_telemetry else [],
        )


@lru_cache(maxsize=1)
def _usual_telemetry() -> list[dict[str, Any]]:
    """What an agent reports when the test says nothing else: the reference's GetTelemetryMetadata sample."""
    entries: list[dict[str, Any]] = json.loads(
        files("mock_inspector").joinpath("data/telemetry.json").read_text("utf-8")
    )
    return entries


def take_part(instance: Instance) -> RunAgent:
    """The instance's part in a run that starts now."""
    health = instance.agent_health
    usual = _usual_telemetry() if health == "HEALTHY" else []
    return RunAgent(
        instance.number,
        instance,
        health,
        instance.agent_health_code or HEALTH_CODES[health],
        instance.agent_health_details,
        instance.auto_scaling_group,
        usual if instance.telemetry is None else instance.telemetry,
    )


def summed_telemetry(agents: Iterable[RunAgent]) -> list[dict[str, Any]]:
    """The telemetry of a run: that of its agents added up by message type, "Total" included."""
    sums: dict[str, dict[str, Any]] = {}
    for agent in agents:
        for entry in _with_total(agent.telemetry):
            kind = entry["messageType"]
            overall = sums.setdefault(kind, {"messageType": kind, "count": 0, "dataSize": 0})
            overall["count"] += entry["count"]
            overall["dataSize"] += entry.get("dataSize", 0)
    return list(sums.values())


def _with_total(telemetry: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not telemetry or any(entry["messageType"] == TOTAL for entry in telemetry):
        return telemetry
    total = {
        "messageType": TOTAL,
        "count": sum(entry["count"] for entry in telemetry),
        "dataSize": sum(entry.get("dataSize", 0) for entry in telemetry),
    }
    return [*telemetry, total]


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}

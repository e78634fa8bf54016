"""The fleet: EC2 instances with the Inspector agent, and the part they take in a run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .telemetry import Telemetry, usual_telemetry

if TYPE_CHECKING:
    from .finding_specs import FindingSpec

HEALTH_CODES = {"HEALTHY": "RUNNING", "UNHEALTHY": "UNHEALTHY", "UNKNOWN": "UNKNOWN"}
"""The agentHealthCode of an agent in a run, by its agentHealth (service facts, section 8)."""

_EXCLUSION_BY_HEALTH = {"UNHEALTHY": "Agent is unhealthy", "UNKNOWN": "Agent not found"}


@dataclass(slots=True, eq=False, repr=False)
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
    telemetry: Telemetry | None = None
    findings: tuple[FindingSpec, ...] = ()

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__slots__ if name not in ("number", "instance_id")}
        said = "".join(f", {name}={value!r}" for name, value in shown.items() if value)
        return f"Instance({self.instance_id!r}{said})"

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "agent_health" and value not in HEALTH_CODES:
            raise ValueError(f"agent_health: takes {', '.join(HEALTH_CODES)}, got {value!r}")
        object.__setattr__(self, name, value)

    def matches(self, tags: Iterable[dict[str, str]]) -> bool:
        """Whether the instance carries any of a resource group's tags (one without a value: any value)."""
        return any(
            tag["key"] in self.tags and tag.get("value", self.tags[tag["key"]]) == self.tags[tag["key"]] for tag in tags
        )

    def to_preview(self) -> dict[str, Any]:
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
    """An agent's part in a run, as it was when the run started (data type AssessmentRunAgent).

    ``instance`` is a copy. ``exclusion`` is the title of the exclusion that leaves it out, or None.
    """

    number: int
    instance: Instance
    health: str
    health_code: str
    health_details: str | None
    telemetry: Telemetry
    exclusion: str | None

    def leave(self, *, collecting: bool) -> None:
        """The instance leaves the fleet while the run holds it.

        What has been collected of it by then counts; before data collection began, there is nothing of it.
        """
        if collecting:
            self.health, self.health_code = "UNHEALTHY", "SHUTDOWN"
        else:
            self.health, self.health_code, self.exclusion = "UNKNOWN", "UNKNOWN", "Agent not found"
            self.telemetry = []
        self.health_details = "The instance has left the fleet."

    def to_api(self, run_arn: str, *, with_telemetry: bool) -> dict[str, Any]:
        """The agent as ListAssessmentRunAgents shows it."""
        return _present(
            agentId=self.instance.instance_id,
            assessmentRunArn=run_arn,
            agentHealth=self.health,
            agentHealthCode=self.health_code,
            agentHealthDetails=self.health_details,
            autoScalingGroup=self.instance.auto_scaling_group,
            telemetryMetadata=[dict(entry) for entry in self.telemetry] if with_telemetry else [],
        )


@lru_cache(maxsize=1)
def _systems() -> Any:
    return json.loads(files("mock_inspector").joinpath("data/operating_systems.json").read_text("utf-8"))


def from_instance(instance: Instance) -> RunAgent:
    """The instance's part in a run that starts now."""
    health = instance.agent_health
    exclusion = _EXCLUSION_BY_HEALTH.get(health)
    if exclusion is None and instance.operating_system is not None and not _supported(instance.operating_system):
        exclusion = "Unsupported OS version"
    # Nothing is collected of an instance that is left out.
    usual = usual_telemetry(instance.instance_id, instance.operating_system) if exclusion is None else []
    return RunAgent(
        instance.number,
        replace(instance, tags=dict(instance.tags)),
        health,
        instance.agent_health_code or HEALTH_CODES[health],
        instance.agent_health_details,
        usual if instance.telemetry is None else instance.telemetry,
        exclusion,
    )


def _supported(operating_system: str) -> bool:
    name = operating_system.lower()
    return any(family in name for family in _systems()["families"])


def supports(rules_package: str, instance: Instance) -> bool:
    """Whether a rules package, by its name, can look at the instance's operating system."""
    name = (instance.operating_system or "").lower()
    return not any(family in name for family in _systems()["not_for"].get(rules_package, ()))


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}

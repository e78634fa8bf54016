"""Agents: the part that an instance takes in a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from .exclusions import ExclusionType
from .instances import Instance
from .telemetry import Telemetry, default_telemetry

HEALTH_CODES = {"HEALTHY": "RUNNING", "UNHEALTHY": "UNHEALTHY", "UNKNOWN": "UNKNOWN"}
"""The usual agentHealthCode of an agent in a run, by its agentHealth, as production showed them."""

_LEFT = "The instance has left the fleet."

_EXCLUSION_BY_HEALTH = {"UNHEALTHY": ExclusionType.AGENT_UNHEALTHY, "UNKNOWN": ExclusionType.AGENT_NOT_FOUND}


@dataclass(slots=True, eq=False)
class RunAgent:
    """An agent in a run, as it was when the run started (data type AssessmentRunAgent).

    ``instance`` is a copy. ``exclusion`` is why the run leaves the agent out, or None.
    """

    number: int
    instance: Instance
    health: str
    health_code: str
    health_details: str | None
    telemetry: Telemetry
    exclusion: ExclusionType | None

    @classmethod
    def from_instance(cls, instance: Instance) -> RunAgent:
        """Return the agent of an instance in a run that starts now."""
        instance = instance.copy()
        health = instance.agent_health
        exclusion = _EXCLUSION_BY_HEALTH.get(health)
        if exclusion is None and instance.operating_system is not None and not _is_known(instance.operating_system):
            exclusion = ExclusionType.UNSUPPORTED_OS
        telemetry = instance.telemetry
        if telemetry is None:
            # Nothing is collected from an excluded instance.
            telemetry = default_telemetry(instance.instance_id, instance.operating_system) if exclusion is None else []
        return cls(
            instance.number,
            instance,
            health,
            instance.agent_health_code or HEALTH_CODES[health],
            instance.agent_health_details,
            telemetry,
            exclusion,
        )

    @property
    def takes_part(self) -> bool:
        """Whether the run collects data from the agent: it is healthy and not excluded. Others are left out."""
        return self.health == "HEALTHY" and self.exclusion is None

    def leave(self, *, collecting: bool) -> None:
        """Record that the instance was terminated while the run held it.

        Data that was collected by then counts. Before the collection there is none.
        """
        if collecting:
            self.health, self.health_code = "UNHEALTHY", "SHUTDOWN"
        else:
            self.health, self.health_code, self.exclusion = "UNKNOWN", "UNKNOWN", ExclusionType.AGENT_NOT_FOUND
            self.telemetry = []
        self.health_details = _LEFT

    @property
    def has_left(self) -> bool:
        """Whether the instance was terminated while the run held it."""
        return self.health_details == _LEFT

    def to_api(self, run_arn: str, *, with_telemetry: bool) -> dict[str, Any]:
        """The agent as ListAssessmentRunAgents shows it."""
        members = {
            "agentId": self.instance.instance_id,
            "assessmentRunArn": run_arn,
            "agentHealth": self.health,
            "agentHealthCode": self.health_code,
            "agentHealthDetails": self.health_details,
            "autoScalingGroup": self.instance.auto_scaling_group,
            "telemetryMetadata": [dict(entry) for entry in self.telemetry] if with_telemetry else [],
        }
        return {name: value for name, value in members.items() if value is not None}


@lru_cache(maxsize=1)
def _operating_systems() -> Any:
    return json.loads(files("mock_inspector").joinpath("data/operating_systems.json").read_text("utf-8"))


def _is_known(operating_system: str) -> bool:
    """Whether the service supports an operating system at all."""
    name = operating_system.lower()
    return any(family in name for family in _operating_systems()["families"])


def supports_instance(rules_package: str, instance: Instance) -> bool:
    """Whether a rules package, by its name, supports the operating system of an instance."""
    name = (instance.operating_system or "").lower()
    return not any(family in name for family in _operating_systems()["not_for"].get(rules_package, ()))

"""The whole mock at a glance, as JSON values: what the page at the server's root is drawn from.

Moments are ISO 8601 text. Of what there may be thousands, the newest are listed, beside how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..model.clock import frozen, iso

if TYPE_CHECKING:
    from ..model.calls import Call
    from ..model.findings import Finding
    from ..model.fleet import Instance
    from ..model.region import Region
    from ..model.runs import Run
    from ..model.shelf import Numbered, Row
    from ..model.targets import Target, Template
    from ..model.world import World

MOST = 100
"""How many instances, targets, templates, runs and findings of a region are listed."""

MOST_CALLS = 50
"""How many of the last calls are listed."""

T = TypeVar("T", bound="Numbered")


def overview(world: World) -> dict[str, Any]:
    """Everything that a person would like to see of a mock. Under the world's lock."""
    now = world.look()
    return {
        "now": iso(now),
        "frozen": frozen(),
        "account_id": world.account_id,
        "regions": [_region(region, now) for region in world.regions()],
        "calls": {
            "total": world.calls.dropped + len(world.calls),
            "newest": [_call(call) for call in reversed(world.calls.last(MOST_CALLS))],
        },
        "published": len(world.published),
    }


def _call(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.members().items() if name != "response"}


def _region(region: Region, now: int) -> dict[str, Any]:
    return {
        "account_id": region.account_id,
        "region": region.region,
        "partition": region.partition,
        "instances": _newest(region.instances.row, _instance),
        "targets": _newest(region.targets.row, _target),
        "templates": _newest(region.templates.row, _template),
        "runs": _newest(region.runs.row, lambda run: _run(run, now)),
        "findings": {
            **_newest(region.findings.all, _finding),
            "by_severity": {severity: len(row) for severity, row in region.findings.by_severity.items()},
        },
    }


def _newest(row: Row[T], shown: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    """The newest of a row, newest first, and how many there are."""
    return {"total": len(row), "newest": [shown(item) for item in row.newest(MOST)]}


def _instance(instance: Instance) -> dict[str, Any]:
    return {
        "instance_id": instance.instance_id,
        "tags": dict(instance.tags),
        "hostname": instance.hostname,
        "operating_system": instance.operating_system,
        "agent_health": instance.agent_health,
        "findings": [weakness.id for weakness in instance.findings],
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "arn": target.arn,
        "name": target.name,
        "tags": None if target.group is None else target.group.tags,
        "created": iso(target.created),
    }


def _template(template: Template) -> dict[str, Any]:
    return {
        "arn": template.arn,
        "name": template.name,
        "target": template.target.name,
        "duration": template.duration,
        "rules_packages": list(template.packages),
        "runs": len(template.runs),
        "created": iso(template.created),
    }


def _run(run: Run, now: int) -> dict[str, Any]:
    """A run, with what lies ahead of it: a state in its timeline has ``reached`` False until its moment has come."""
    return {
        "arn": run.arn,
        "name": run.name,
        "template": run.template.name,
        "target": run.template.target.name,
        "state": run.state(now),
        "in_progress": run.in_progress(now),
        "timeline": [{"state": state, "at": iso(moment), "reached": moment <= now} for state, moment in run.timeline],
        "agents": len(run.agents),
        "findings": dict(run.counts),
        "exclusions": len(run.exclusions),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "arn": finding.arn,
        "run": finding.run.name,
        "severity": finding.content.severity,
        "title": finding.members["title"],
        "agent_id": None if finding.instance is None else finding.instance.instance_id,
        "created": iso(finding.created),
    }

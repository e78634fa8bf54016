"""The whole mock at a glance, as JSON values: what the page at the server's root is drawn from.

Of every account and region it has how much there is, of one also what. Moments are ISO 8601 text. Of what there may be
thousands, the newest are listed, beside how many there are; long texts are cut. So it takes the same time however much
there is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from ...model.clock import frozen, iso

if TYPE_CHECKING:
    from ...model.calls import Call
    from ...model.faults import Fault
    from ...model.findings import Finding
    from ...model.fleet import Instance
    from ...model.region import Region
    from ...model.runs import Run
    from ...model.shelf import Numbered, Row
    from ...model.targets import Subscription, Target, Template
    from ...model.world import World

MOST = 100
"""How many regions are listed, and how many instances, targets, templates, runs and findings of one of them."""

MOST_CALLS = 50
"""How many of the last calls are listed."""

MOST_NAMED = 20
"""How many weaknesses of an instance, topics of a template and state changes of a run are listed."""

LONGEST = 300
"""How many characters of a text are shown."""

_LONGEST_READ = 4_000
"""Bytes of a request up to which its text is written anew, with the characters that JSON escapes."""

T = TypeVar("T", bound="Numbered")


def overview(world: World, chosen: Region) -> dict[str, Any]:
    """Everything that a person would like to see of a mock, and of the ``chosen`` account and region in it."""
    with world.lock:
        now = world.look()
        regions = world.regions()
        listed = [region for region in regions[:MOST] if region is not chosen]
        return {
            "now": iso(now),
            "frozen": frozen(),
            "speed": world.clock.speed,
            "course": world.clock.course,
            "account_id": world.account_id,
            "chosen": {"account_id": chosen.account_id, "region": chosen.region},
            "regions": [
                _region(region, now) if region is chosen else _sums(region)
                for region in regions
                if region is chosen or region in listed
            ],
            "regions_total": len(regions),
            "calls": {
                "total": world.calls.dropped + len(world.calls),
                "newest": [_call(call) for call in reversed(world.calls.last(MOST_CALLS))],
            },
            "published": len(world.published),
        }


def etag(seen: dict[str, Any]) -> str:
    """The entity tag of an overview. That time passes as it did before makes no other one: whoever has one knows that."""
    lasting = seen if seen["frozen"] else {**seen, "now": None}
    return f'"{hashlib.blake2b(json.dumps(lasting).encode("ascii"), digest_size=12).hexdigest()}"'


def _call(call: Call) -> dict[str, Any]:
    return {
        "time": iso(call.moment),
        "operation": call.operation,
        "parameters": _parameters(call.request),
        "error": call.error,
        "message": call.message and _cut(call.message),
        "account": call.account,
        "region": call.region,
    }


def _parameters(request: bytes) -> str:
    """A request's body as a short text, whatever it was."""
    if len(request) <= _LONGEST_READ:
        try:
            text = json.dumps(json.loads(request), ensure_ascii=False)
            text.encode("utf-8")  # halves of surrogate pairs cannot be sent
        except (ValueError, RecursionError):
            pass
        else:
            return _cut(text)
    return _cut(request[: 4 * LONGEST + 4].decode("utf-8", "replace"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _sums(region: Region) -> dict[str, Any]:
    """How much there is."""
    return {
        "account_id": region.account_id,
        "region": region.region,
        "partition": region.partition,
        "instances": {"total": len(region.instances) + len(_joined(region))},
        "targets": {"total": len(region.targets)},
        "templates": {"total": len(region.templates)},
        "runs": {"total": len(region.runs)},
        "findings": {
            "total": len(region.findings.all),
            "by_severity": {severity: len(row) for severity, row in region.findings.by_severity.items()},
        },
        "faults": {"total": len(_faults(region))},
    }


def _region(region: Region, now: int) -> dict[str, Any]:
    """How much there is, and the newest of it."""
    subscriptions: dict[str, list[Subscription]] = {}
    for subscription in region.subscriptions:
        subscriptions.setdefault(subscription.template.arn, []).append(subscription)
    instances = [*region.instances.row.newest(MOST), *_joined(region)]
    newest: dict[str, list[dict[str, Any]]] = {
        "instances": [
            _instance(instance)
            for instance in sorted(instances, key=lambda instance: instance.number, reverse=True)[:MOST]
        ],
        "targets": _newest(region.targets.row, _target),
        "templates": _newest(
            region.templates.row, lambda template: _template(region, template, subscriptions.get(template.arn, []))
        ),
        "runs": _newest(region.runs.row, lambda run: _run(run, now)),
        "findings": _newest(region.findings.all, _finding),
        "faults": [_fault(fault) for fault in _faults(region)[: -MOST - 1 : -1]],
    }
    sums = _sums(region)
    return {**sums, **{kind: {**sums[kind], "newest": shown} for kind, shown in newest.items()}}


def _newest(row: Row[T], shown: Callable[[T], dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest of a row, newest first."""
    return [shown(item) for item in row.newest(MOST)]


def _joined(region: Region) -> list[Instance]:
    """The instances of an EC2 next door, as it was when it was last asked."""
    return [instance for instance in region.joined.values() if instance.instance_id not in region.instances]


def _faults(region: Region) -> list[Fault]:
    """The injected faults that have calls left to meet."""
    return [fault for fault in region.faults if fault.times != 0]


def _fault(fault: Fault) -> dict[str, Any]:
    return {"fault": _cut(fault.shown), "times": fault.times, "met": fault.met}


def _instance(instance: Instance) -> dict[str, Any]:
    return {
        "instance_id": instance.instance_id,
        "tags": _pairs(instance.tags.items()),
        "hostname": instance.hostname,
        "operating_system": instance.operating_system,
        "agent_health": instance.agent_health,
        "weaknesses": len(instance.findings),
        "findings": [_cut(weakness.id) for weakness in instance.findings[:MOST_NAMED]],
    }


def _pairs(items: Iterable[tuple[str, str | None]]) -> dict[str, str | None]:
    return {_cut(key): None if value is None else _cut(value) for key, value in items}


def _target(target: Target) -> dict[str, Any]:
    tags = None if target.group is None else [(tag["key"], tag.get("value")) for tag in target.group.tags]
    return {
        "arn": target.arn,
        "name": target.name,
        "tags": tags,
        "templates": len(target.templates),
        "created": iso(target.created),
    }


def _template(region: Region, template: Template, subscriptions: list[Subscription]) -> dict[str, Any]:
    packages = [(arn, region.rules_packages.get(arn)) for arn in template.packages]
    return {
        "arn": template.arn,
        "name": template.name,
        "target": template.target.name,
        "duration": template.duration,
        "rules_packages": [arn if package is None else package.name for arn, package in packages],
        "subscriptions": [
            {"topic": subscription.topic_arn, "events": list(subscription.events)}
            for subscription in subscriptions[:MOST_NAMED]
        ],
        "subscriptions_total": len(subscriptions),
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
        "forced": run.forced,
        "created": iso(run.created),
        "timeline": [
            {"state": state, "at": iso(moment), "reached": moment <= now}
            for state, moment in run.timeline[-MOST_NAMED:]
        ],
        "agents": len(run.agents),
        "findings": dict(run.counts),
        "exclusions": len(run.exclusions),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "arn": finding.arn,
        "run": finding.run.name,
        "severity": finding.content.severity,
        "title": _cut(finding.members["title"]),
        "agent_id": None if finding.instance is None else finding.instance.instance_id,
        "created": iso(finding.created),
    }

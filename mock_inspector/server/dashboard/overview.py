"""The state of the whole mock as JSON values: the data of the dashboard, and the control call ``overview``.

The overview counts what each account has in each region, and lists the newest of one account and region. Times are
ISO 8601 text. Lists are limited and long texts are shortened, so that an overview takes the same time however much
there is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from ...clock.clock import is_frozen
from ...clock.moments import EpochMs, format_iso
from ...state.membership import find_instances

if TYPE_CHECKING:
    from ...api.pagination import Numbered
    from ...state.call_log import Call
    from ...state.collections import NumberedList, NumberedMap
    from ...state.exclusions import Exclusion
    from ...state.faults import Fault
    from ...state.findings import Finding
    from ...state.instances import Instance
    from ...state.messages import PublishedMessage
    from ...state.runs import Run
    from ...state.service import FakeService
    from ...state.store import Store
    from ...state.targets import Target, Template

MAX_LISTED = 100
"""Limit of the regions listed, and of the instances, targets, templates, runs, findings and so on of one of them."""

MAX_CALLS = 50
"""Limit of the last calls, and of the last messages to SNS topics, listed."""

MAX_NESTED = 20
"""Limit of an instance's findings, a template's topics and a run's state changes."""

MAX_CHARACTERS = 300
"""Longer texts are shortened to this length."""

_MAX_PARSED_BYTES = 4_000
"""Bodies up to this length are parsed, so that characters are shown that JSON escapes."""

T = TypeVar("T", bound="Numbered")


def build_overview(service: FakeService, chosen: Store) -> dict[str, Any]:
    """The state of a mock, with what the ``chosen`` account has in the chosen region."""
    with service.at_now:
        instances = service.call_with_answers(lambda: find_instances(chosen))
        stores, now = service.stores(), service.context.now
        listed = [store for store in stores[:MAX_LISTED] if store is not chosen]
        return {
            "now": format_iso(now),
            "frozen": is_frozen(),
            "speed": service.clock.speed,
            "account_id": service.context.account_id,
            "chosen": {"account_id": chosen.account_id, "region": chosen.region},
            "regions": [
                _describe_store(store, instances, now) if store is chosen else count_resources(store)
                for store in stores
                if store is chosen or store in listed
            ],
            "regions_total": len(stores),
            "calls": {
                "total": service.calls.dropped + len(service.calls),
                "newest": [describe_call(call) for call in reversed(service.calls.last(MAX_CALLS))],
            },
            "published": {
                "total": len(service.published),
                "newest": [describe_message(message) for message in service.published[: -MAX_CALLS - 1 : -1]],
            },
        }


def describe_call(call: Call) -> dict[str, Any]:
    """A call, its parameters in short."""
    return {
        "time": format_iso(call.moment),
        "operation": call.operation,
        "parameters": _format_parameters(call.request),
        "error": call.error,
        "message": call.message and _shorten(call.message),
        "account": call.account,
        "region": call.region,
    }


def describe_message(message: PublishedMessage) -> dict[str, Any]:
    """A message to an SNS topic, its text in short."""
    return {**message._asdict(), "message": _shorten(message.message)}


def _format_parameters(request: bytes) -> str:
    """A request's body as a short text, whatever it is."""
    if len(request) <= _MAX_PARSED_BYTES:
        try:
            text = json.dumps(json.loads(request), ensure_ascii=False)
            text.encode("utf-8")  # fails for half a surrogate pair, which cannot be sent
        except (ValueError, RecursionError):
            pass
        else:
            return _shorten(text)
    return _shorten(request[: 4 * MAX_CHARACTERS + 4].decode("utf-8", "replace"))


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}\N{HORIZONTAL ELLIPSIS}"


def count_resources(store: Store) -> dict[str, Any]:
    """How much an account has in a region, without the instances of an external EC2."""
    return {
        "account_id": store.account_id,
        "region": store.region,
        "partition": store.partition,
        "instances": {"total": len(store.instances)},
        "targets": {"total": len(store.targets)},
        "templates": {"total": len(store.templates)},
        "runs": {"total": len(store.runs)},
        "findings": {
            "total": len(store.findings.all),
            "by_severity": {severity: len(findings) for severity, findings in store.findings.by_severity.items()},
        },
        "exclusions": {"total": len(store.exclusions)},
        "faults": {"total": len(_list_pending_faults(store))},
    }


def _describe_store(store: Store, instances: list[Instance], now: EpochMs) -> dict[str, Any]:
    """How much an account has in a region, and the newest of it."""
    newest: dict[str, list[dict[str, Any]]] = {
        "instances": [_describe_instance(instance) for instance in instances[: -MAX_LISTED - 1 : -1]],
        "targets": _list_newest(store.targets, lambda target: _describe_target(store, target)),
        "templates": _list_newest(store.templates, lambda template: _describe_template(store, template)),
        "runs": _list_newest(store.runs, lambda run: _describe_run(store, run, now)),
        "findings": _list_newest(store.findings.all, describe_finding),
        "exclusions": _list_newest(store.exclusions, lambda exclusion: _describe_exclusion(store, exclusion)),
        "faults": [_describe_fault(fault) for fault in _list_pending_faults(store)[: -MAX_LISTED - 1 : -1]],
    }
    sums = {**count_resources(store), "instances": {"total": len(instances)}}
    return {**sums, **{kind: {**sums[kind], "newest": items} for kind, items in newest.items()}}


def _list_newest(
    items: NumberedList[T] | NumberedMap[T], describe: Callable[[T], dict[str, Any]]
) -> list[dict[str, Any]]:
    """The newest items, newest first."""
    return [describe(item) for item in items.newest(MAX_LISTED)]


def _list_pending_faults(store: Store) -> list[Fault]:
    """The injected faults that can still make a call fail."""
    return [fault for fault in store.faults if not fault.is_spent]


def _describe_fault(fault: Fault) -> dict[str, Any]:
    return {"fault": _shorten(fault.summary), "times": fault.times, "hits": fault.hits}


def _describe_instance(instance: Instance) -> dict[str, Any]:
    return {
        "instance_id": instance.instance_id,
        "tags": _shorten_pairs(instance.tags.items()),
        "hostname": instance.hostname,
        "operating_system": instance.operating_system,
        "agent_health": instance.agent_health,
        "findings_total": len(instance.findings),
        "findings": [_shorten(finding.id) for finding in instance.findings[:MAX_NESTED]],
    }


def _shorten_pairs(items: Iterable[tuple[str, str | None]]) -> dict[str, str | None]:
    return {_shorten(key): None if value is None else _shorten(value) for key, value in items}


def _describe_target(store: Store, target: Target) -> dict[str, Any]:
    tags = None if target.group is None else [(tag["key"], tag.get("value")) for tag in target.group.tags]
    return {
        "arn": target.arn,
        "name": target.name,
        "tags": tags,
        "templates": len(store.templates.of(target.arn)),
        "created": format_iso(target.created),
    }


def _describe_template(store: Store, template: Template) -> dict[str, Any]:
    subscriptions = list(store.subscriptions.of(template.arn))
    packages = [(arn, store.rules_packages.get(arn)) for arn in template.packages]
    return {
        "arn": template.arn,
        "name": template.name,
        "target": template.target.name,
        "duration": template.duration_seconds,
        "rules_packages": [arn if package is None else package.name for arn, package in packages],
        "subscriptions": [
            {"topic": subscription.topic_arn, "events": list(subscription.events)}
            for subscription in subscriptions[:MAX_NESTED]
        ],
        "subscriptions_total": len(subscriptions),
        "runs": len(store.runs.of(template.arn)),
        "created": format_iso(template.created),
    }


def _describe_run(store: Store, run: Run, now: EpochMs) -> dict[str, Any]:
    """A run with its whole timeline: a state has ``reached`` False until its time has come."""
    return {
        "arn": run.arn,
        "name": run.name,
        "template": run.template.name,
        "target": run.template.target.name,
        "state": run.state(now),
        "in_progress": run.in_progress(now),
        "forced": run.forced,
        "created": format_iso(run.created),
        "timeline": [
            {"state": state, "at": format_iso(moment), "reached": moment <= now}
            for state, moment in run.timeline[-MAX_NESTED:]
        ],
        "agents": len(run.agents),
        "findings": dict(store.findings.of(run).counts),
        "exclusions": len(store.exclusions.of(run.arn)),
    }


def _describe_exclusion(store: Store, exclusion: Exclusion) -> dict[str, Any]:
    run = store.runs.get(exclusion.parent_arn)
    return {
        "arn": exclusion.arn,
        "run": "" if run is None else run.name,
        "title": _shorten(exclusion.members["title"]),
        "scopes": [(scope["key"], _shorten(scope["value"])) for scope in exclusion.members["scopes"][:MAX_NESTED]],
    }


def describe_finding(finding: Finding) -> dict[str, Any]:
    """A finding in short."""
    members = finding.members
    return {
        "arn": finding.arn,
        "run": finding.run.name,
        "severity": finding.body.severity,
        "title": _shorten(members["title"]),
        "agent_id": members.get("assetAttributes", {}).get("agentId"),
        "created": format_iso(finding.created),
    }

"""Which instances there are, which of them a target has, and which of them are busy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .instances import Instance
from .store import Store
from .targets import Target


def find_instances(store: Store) -> list[Instance]:
    """Return the instances that the test added and those of an external EC2, in the order of joining.

    The test's attributes count. Those it left open come from the EC2 instance with the same id.
    """
    found = store.context.external_answers.find_instances(store.caller)
    if found is None:
        return list(store.instances)
    running = {attributes["instance_id"]: attributes for attributes in found}
    for instance_id in store.ec2_instances.keys() - running.keys():
        detach_from_runs(store, store.ec2_instances.pop(instance_id))
    for instance_id, attributes in running.items():
        _update_ec2_instance(store, instance_id, attributes)
    own = [
        _complete(instance, running[instance.instance_id]) if instance.instance_id in running else instance
        for instance in store.instances
    ]
    others = [store.ec2_instances[instance_id] for instance_id in running if instance_id not in store.instances]
    return sorted([*own, *others], key=lambda instance: instance.number)


def _update_ec2_instance(store: Store, instance_id: str, attributes: dict[str, Any]) -> None:
    """Record an EC2 instance. It keeps its number for as long as it runs."""
    if instance_id in store.instances:
        store.ec2_instances.pop(instance_id, None)
        return
    existing = store.ec2_instances.get(instance_id)
    number = store.next_number() if existing is None else existing.number
    store.ec2_instances[instance_id] = Instance(number, **attributes)


def _complete(instance: Instance, attributes: dict[str, Any]) -> Instance:
    missing = {name: value for name, value in attributes.items() if not getattr(instance, name)}
    return replace(instance, **{**missing, "tags": {**attributes["tags"], **instance.tags}})


def members_of(store: Store, target: Target) -> list[Instance]:
    """Return the instances of a target: those with any of its group's tags, or all without a group."""
    instances = find_instances(store)
    group = target.group
    return instances if group is None else [instance for instance in instances if instance.matches(group.tags)]


def busy_instances(store: Store) -> dict[str, str]:
    """Return the ids of the instances in a run's data collection, and the ARN of the run."""
    return {
        agent.instance.instance_id: run.arn
        for run in store.open_runs()
        if run.is_collecting(store.now)
        for agent in run.agents
        if agent.health == "HEALTHY"
    }


def detach_from_runs(store: Store, instance: Instance) -> None:
    """Let the runs that hold an instance go on without it: it was terminated."""
    for run in store.open_runs():
        for agent in run.agents:
            if agent.number == instance.number and run.is_collecting(store.now):
                agent.leave(collecting=run.started(store.now) is not None)
        run.settle_end()

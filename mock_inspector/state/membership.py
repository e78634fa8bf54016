"""Which instances there are, which of them a target has, and which of them are busy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from .agents import RunAgent
from .instances import Instance
from .runs import Run
from .store import Store
from .targets import Target

FIRST_EC2_NUMBER = 2**40
"""The number of the first instance of an external EC2. Those that the test added have lower ones."""

_REST_OF_SECOND_MS = 999


def find_instances(store: Store) -> list[Instance]:
    """Return the instances that the test added, then those that run in an external EC2, in EC2's order.

    The test's attributes count. Those it left open come from the EC2 instance with the same id. EC2 keeps an instance
    at its place in the list after it was terminated, so the numbers of the others stay the same. Nothing is recorded:
    looking at the instances changes nothing.
    """
    found = store.context.external_answers.find_instances(store.caller)
    if found is None:
        return list(store.instances)
    running = {
        str(entry.attributes["instance_id"]): Instance(number, **entry.attributes)
        for number, entry in enumerate(found, FIRST_EC2_NUMBER)
        if entry.running
    }
    own = [
        _complete(instance, running[instance.instance_id]) if instance.instance_id in running else instance
        for instance in store.instances
    ]
    return [*own, *(instance for instance_id, instance in running.items() if instance_id not in store.instances)]


def _complete(instance: Instance, in_ec2: Instance) -> Instance:
    names = [entry.name for entry in fields(Instance)]
    missing = {name: getattr(in_ec2, name) for name in names if not getattr(instance, name)}
    return replace(instance, **{**missing, "tags": {**in_ec2.tags, **instance.tags}})


def members_of(store: Store, target: Target) -> list[Instance]:
    """Return the instances of a target: those with any of its group's tags, or all without a group."""
    instances = find_instances(store)
    group = target.group
    return instances if group is None else [instance for instance in instances if instance.matches(group.tags)]


def find_busy_agents(store: Store, agents: Iterable[RunAgent]) -> list[tuple[RunAgent, str]]:
    """Return those of ``agents`` that cannot take part in a run now, and the ARN of the run that each takes part in.

    A run holds the agents that take part in it until their data is collected.
    """
    waiting = [agent for agent in agents if agent.takes_part]
    if not waiting:
        return []
    held = {
        agent.instance.instance_id: run.arn
        for run in store.open_runs()
        if run.is_collecting(store.now)
        for agent in run.agents
        if agent.takes_part
    }
    return [(agent, held[agent.instance.instance_id]) for agent in waiting if agent.instance.instance_id in held]


def detach_from_runs(store: Store, instance: Instance) -> None:
    """Let the runs that hold an instance of the test go on without it: it was terminated."""
    for run in store.open_runs():
        for agent in run.agents:
            if (
                agent.instance.instance_id == instance.instance_id
                and not agent.has_left
                and run.is_collecting(store.now)
            ):
                agent.leave(collecting=run.started(store.now) is not None)
        run.settle_end()


def has_ec2_instances(store: Store, run: Run) -> bool:
    """Whether a run has instances that only an external EC2 knows."""
    return any(agent.instance.instance_id not in store.instances for agent in run.agents)


def record_departures(store: Store, run: Run, *, at_once: bool) -> None:
    """Let a run go on without the instances that have left an external EC2 by now.

    A run looks at two moments of its own, when its data collection begins and when it ends, so it does not matter who
    calls what between. EC2 tells in which second an instance was stopped or terminated. At a moment within that second
    the instance counts as there, since it may have left after the moment, unless EC2 is asked ``at_once``. Where EC2 does
    not tell, or counts by another clock, the first of the two moments that finds the instance gone counts.
    """
    held = [agent for agent in run.agents if agent.instance.instance_id not in store.instances and not agent.has_left]
    found = store.context.external_answers.find_instances(store.caller) if held else None
    if found is None:
        return
    now, started = store.now, run.started(store.now)
    by_id = {str(entry.attributes["instance_id"]): entry for entry in found}
    for agent in held:
        entry = by_id.get(agent.instance.instance_id)
        left = (
            None if entry is None or entry.left is None or entry.left + _REST_OF_SECOND_MS < run.created else entry.left
        )
        has_left = left is None or left + (0 if at_once else _REST_OF_SECOND_MS) <= now
        if (entry is None or not entry.running) and has_left:
            agent.leave(collecting=started is not None and (now if left is None else left) > started)
    run.settle_end()

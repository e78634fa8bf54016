"""What a run reports: the findings of each rules package, agent by agent, and the exclusions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from ..clock.moments import EpochMs
from .agents import RunAgent, supports_instance
from .exclusions import INSTANCE_ID, ExclusionType, Pairs, describe_exclusion, package_scopes
from .finding_specs import NETWORK_REACHABILITY, FindingSpec
from .findings import SpecBody, clean_body
from .rules_packages import RulesPackage
from .runs import Run
from .store import Store


def evaluate(store: Store, run: Run, moment: EpochMs) -> None:
    """Report the findings and exclusions of a run as of ``moment``, in place of those of an earlier evaluation.

    A rules package that assessed something and found nothing reports that (sample of DescribeFindings).
    """
    store.remove_evaluation(run)
    packages = store.packages_of(run)
    first = store.next_number()
    for package in packages:
        bodies: dict[int, SpecBody] = {}
        for agent, spec in _find_specs(package, run.agents):
            # Findings that say the same share one body. The specs outlive this loop, so their ids do.
            body = bodies.get(id(spec)) or bodies.setdefault(id(spec), SpecBody(package.arn, spec))
            store.add_finding(run, body, agent.instance, moment, moment)
        if not bodies and _assessed_anything(package, run.agents):
            store.add_finding(run, clean_body(package.arn), None, moment, moment)
    for members in find_exclusions(run.template.target.arn, packages, run.agents):
        store.add_exclusion(run, members)
    run.evaluated = range(first, store.next_number())
    run.evaluates_at = None


def _assessed_anything(package: RulesPackage, agents: list[RunAgent]) -> bool:
    """Whether the rules package assessed anything. A run without instances counts as assessed."""
    if package.deprecated:
        return False
    return not agents or package.name == NETWORK_REACHABILITY or any(_assesses(package, agent) for agent in agents)


def _assesses(package: RulesPackage, agent: RunAgent) -> bool:
    return agent.exclusion is None and supports_instance(package.name, agent.instance)


def _find_specs(package: RulesPackage, agents: list[RunAgent]) -> Iterator[tuple[RunAgent, FindingSpec]]:
    """What a rules package finds. Only Network Reachability finds anything without an agent."""
    if package.deprecated:
        return
    for agent in agents:
        assessed = _assesses(package, agent)
        for spec in agent.instance.findings:
            found = spec if assessed else spec.without_agent
            if spec.rules_package == package.name and found is not None:
                yield agent, found


def find_exclusions(
    target_arn: str, packages: Collection[RulesPackage], agents: Collection[RunAgent]
) -> list[dict[str, Any]]:
    """Return the members of a run's exclusions: its own first, then those of each agent in order."""

    def exclude(
        exclusion_type: ExclusionType, scopes: Pairs, attributes: Pairs, operating_system: str | None = None
    ) -> dict[str, Any]:
        texts = describe_exclusion(exclusion_type, [*scopes, *attributes], packages, target_arn, operating_system)
        return {"title": exclusion_type.value, **texts, "scopes": scopes, "attributes": attributes}

    exclusions = []
    if not agents:
        exclusions.append(exclude(ExclusionType.NO_INSTANCES, package_scopes(packages), []))
    for package in packages:
        if package.deprecated:
            scopes = package_scopes([package])
            exclusions.append(exclude(ExclusionType.DEPRECATED_PACKAGE, scopes, scopes))
    for agent in agents:
        instance = [{"key": INSTANCE_ID, "value": agent.instance.instance_id}]
        system = agent.instance.operating_system
        if agent.exclusion is not None:
            exclusions.append(exclude(agent.exclusion, instance, instance, system))
            continue
        exclusions += [
            exclude(ExclusionType.UNSUPPORTED_PACKAGE, [*instance, *package_scopes([package])], instance, system)
            for package in packages
            if not package.deprecated and not supports_instance(package.name, agent.instance)
        ]
    return exclusions

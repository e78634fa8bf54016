"""What a run reports of its instances: each rules package in turn, each agent in the order of the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..api.arns import RULES_PACKAGE
from .exclusions import exclusions_of
from .finding_specs import NETWORK_REACHABILITY
from .findings import SpecBody, clean_body
from .instances import RunAgent, supports
from .rules_packages import RulesPackage

if TYPE_CHECKING:
    from .finding_specs import FindingSpec
    from .runs import Run
    from .store import Store


def evaluate(store: Store, run: Run, moment: int) -> None:
    """Let a run report its findings and exclusions, as of ``moment``.

    A rules package that could look at something and has nothing to report says so in a finding of its own (sample of
    DescribeFindings). What an earlier evaluation reported gives way.
    """
    store.discard_evaluation(run)
    packages: list[RulesPackage] = [store.lookup(RULES_PACKAGE, arn) for arn in run.packages]
    first = store.next_number()
    for package in packages:
        contents: dict[int, SpecBody] = {}
        for agent, spec in _found(package, run.agents):
            # One content for all findings that say the same; the weaknesses outlive this loop, so their ids do.
            content = contents.get(id(spec)) or contents.setdefault(id(spec), SpecBody(package.arn, spec))
            store.add_finding(run, content, agent.instance, moment, moment)
        if not contents and _looked(package, run.agents):
            store.add_finding(run, clean_body(package.arn), None, moment, moment)
    for members in exclusions_of(run.template, packages, run.agents):
        store.add_exclusion(run, members)
    run.evaluated = range(first, store.next_number())
    run.evaluates_at = None


def _looked(package: RulesPackage, agents: list[RunAgent]) -> bool:
    """Whether a rules package had anything it could look at; a run without instances has nothing to object to."""
    if package.deprecated:
        return False
    return not agents or package.name == NETWORK_REACHABILITY or any(_assesses(package, agent) for agent in agents)


def _assesses(package: RulesPackage, agent: RunAgent) -> bool:
    return agent.exclusion is None and supports(package.name, agent.instance)


def _found(package: RulesPackage, agents: list[RunAgent]) -> Iterator[tuple[RunAgent, FindingSpec]]:
    """What a rules package finds, as it sees it; only Network Reachability finds anything without an agent."""
    if package.deprecated:
        return
    for agent in agents:
        assessed = _assesses(package, agent)
        for spec in agent.instance.findings:
            if spec.rules_package == package.name and (assessed or not spec.needs_agent):
                yield agent, spec.as_seen(with_agent=assessed)

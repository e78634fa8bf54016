"""What a run reports of its instances: each rules package in turn, each agent in the order of the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..api.arns import RULES_PACKAGE
from .exclusions import exclusions_of
from .finding_specs import NETWORK_REACHABILITY
from .findings import WeaknessContent, clean_content
from .instances import RunAgent, supports
from .rules_packages import RulesPackage

if TYPE_CHECKING:
    from .finding_specs import Weakness
    from .runs import Run
    from .store import Region


def evaluate(region: Region, run: Run, moment: int) -> None:
    """Let a run report its findings and exclusions, as of ``moment``.

    A rules package that could look at something and has nothing to report says so in a finding of its own (sample of
    DescribeFindings). What an earlier evaluation reported gives way.
    """
    region.discard_evaluation(run)
    packages: list[RulesPackage] = [region.locate(RULES_PACKAGE, arn) for arn in run.packages]
    first = region.next_number()
    for package in packages:
        contents: dict[int, WeaknessContent] = {}
        for agent, weakness in _found(package, run.agents):
            # One content for all findings that say the same; the weaknesses outlive this loop, so their ids do.
            content = contents.get(id(weakness)) or contents.setdefault(
                id(weakness), WeaknessContent(package.arn, weakness)
            )
            region.report(run, content, agent.instance, moment, moment)
        if not contents and _looked(package, run.agents):
            region.report(run, clean_content(package.arn), None, moment, moment)
    for members in exclusions_of(run.template, packages, run.agents):
        region.exclude(run, members)
    run.evaluated = range(first, region.next_number())
    run.evaluates_at = None


def _looked(package: RulesPackage, agents: list[RunAgent]) -> bool:
    """Whether a rules package had anything it could look at; a run without instances has nothing to object to."""
    if package.deprecated:
        return False
    return not agents or package.name == NETWORK_REACHABILITY or any(_assesses(package, agent) for agent in agents)


def _assesses(package: RulesPackage, agent: RunAgent) -> bool:
    return agent.exclusion is None and supports(package.name, agent.instance)


def _found(package: RulesPackage, agents: list[RunAgent]) -> Iterator[tuple[RunAgent, Weakness]]:
    """What a rules package finds, as it sees it; only Network Reachability finds anything without an agent."""
    if package.deprecated:
        return
    for agent in agents:
        assessed = _assesses(package, agent)
        for weakness in agent.instance.findings:
            if weakness.rules_package == package.name and (assessed or not weakness.needs_agent):
                yield agent, weakness.as_seen(with_agent=assessed)

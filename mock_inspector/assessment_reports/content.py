"""What an assessment report says. How it looks is the matter of ``html`` and ``pdf``.

A report of type FINDING has an executive summary, the findings and the exclusions. One of type FULL adds the rules
packages that were checked, all instances, and their telemetry (user guide, section "Assessment reports").

The content is plain data in the form in which the API describes findings, runs and exclusions. It is hashable, so
that rendered reports can be cached. ``build_content`` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]
"""Names and values, in the order in which the report shows them."""


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """A finding."""

    anchor: str
    title: str
    rule: str
    rules_package: str
    description: str
    recommendation: str
    attributes: Pairs
    user_attributes: Pairs


@dataclass(frozen=True, slots=True)
class HostFindings:
    """The findings of one severity on one instance."""

    name: str
    facts: Pairs
    findings: tuple[FindingEntry, ...]


@dataclass(frozen=True, slots=True)
class SeverityFindings:
    """All findings of one severity, by instance."""

    name: str
    count: int
    instances: int
    hosts: tuple[HostFindings, ...]


@dataclass(frozen=True, slots=True)
class SeverityCounts:
    """How many findings of each severity a rules package or an instance has."""

    name: str
    note: str
    counts: tuple[int, ...]
    """In the order of SEVERITIES."""

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule of a rules package, and what came of it."""

    name: str
    severity: str
    result: str
    passed: bool


@dataclass(frozen=True, slots=True)
class RulesPackageResult:
    """A rules package of the run, and what it found. ``rules`` is empty where its single rules are not known."""

    name: str
    description: str
    facts: Pairs
    result: str
    passed: bool
    rules: tuple[RuleResult, ...]


@dataclass(frozen=True, slots=True)
class AgentDetails:
    """An instance that the target had when the run started, and its agent."""

    name: str
    health: str
    health_note: str
    facts: Pairs
    findings: int


@dataclass(frozen=True, slots=True)
class ExclusionEntry:
    """An exclusion."""

    title: str
    description: str
    recommendation: str
    scopes: Pairs
    attributes: Pairs


@dataclass(frozen=True, slots=True)
class ReportContent:
    """An assessment report."""

    full: bool
    run_name: str
    summary: str
    facts: Pairs
    resources: Pairs
    severities: tuple[SeverityFindings, ...]
    by_package: tuple[SeverityCounts, ...]
    by_instance: tuple[SeverityCounts, ...]
    exclusions: tuple[ExclusionEntry, ...]
    packages: tuple[RulesPackageResult, ...]
    agents: tuple[AgentDetails, ...]
    telemetry: tuple[tuple[str, int, int | None], ...]
    """Message types, with the number of messages and their size in bytes; the type "Total" is last."""
    created: int
    """Milliseconds since 1970."""
    footer: str

    @property
    def title(self) -> str:
        """The kind of report."""
        return "Full assessment report" if self.full else "Assessment findings report"

    @property
    def total(self) -> int:
        """The number of findings."""
        return sum(severity.count for severity in self.severities)

"""What an assessment report says, apart from how it looks.

A report of type FINDING has an executive summary, the findings and the exclusions; one of type FULL adds the rules
packages that were checked, all instances, and their telemetry (user guide, section "Assessment reports").

A document is plain data, read from the state under the world's lock and rendered without it. Findings, runs and
exclusions are read in the shapes that the API describes them in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..model.clock import iso
from ..model.findings import CLEAN_TITLE, SEVERITIES
from ..model.region import Region
from ..model.reports import ReportFile
from ..model.runs import Run
from ..model.telemetry import summed_telemetry
from .escaping import escape_invisible

NO_INSTANCE = "No particular instance"

Pairs = tuple[tuple[str, str], ...]
"""Names and values, in the order in which they are shown."""


class FindingEntry(NamedTuple):
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
    """All findings of one severity."""

    name: str
    count: int
    instances: int
    hosts: tuple[HostFindings, ...]


@dataclass(frozen=True, slots=True)
class SeverityCounts:
    """How many findings of each severity something has, in the order of the severities."""

    name: str
    note: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class RulesPackageResult:
    """A rules package that was checked."""

    name: str
    description: str
    facts: Pairs
    result: str
    passed: bool


@dataclass(frozen=True, slots=True)
class AgentDetails:
    """An instance that the run's target had."""

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
    state: str
    summary: str
    facts: Pairs
    resources: Pairs
    severities: tuple[SeverityFindings, ...]
    by_package: tuple[SeverityCounts, ...]
    by_instance: tuple[SeverityCounts, ...]
    exclusions: tuple[ExclusionEntry, ...]
    packages: tuple[RulesPackageResult, ...]
    agents: tuple[AgentDetails, ...]
    telemetry: tuple[tuple[str, int, int], ...]
    created: int
    footer: str

    @property
    def title(self) -> str:
        """What kind of report it is."""
        return "Full assessment report" if self.full else "Assessment findings report"

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(severity.count for severity in self.severities)


def build_content(file: ReportFile, moment: int) -> ReportContent:
    """Read what a report says at ``moment`` (milliseconds since 1970)."""
    region, run, full = file.region, file.run, file.type == "FULL"
    shown = run.described(moment)
    named = _package_names(region, run)
    findings = [finding.described() for finding in run.findings_row if finding.created <= moment]
    by_package = _by_package(findings, named)
    by_instance = _by_instance(findings)
    template = run.template
    begun = run.reports[file.format, file.type]
    return ReportContent(
        full=full,
        run_name=escape_invisible(run.name),
        state=shown["state"],
        summary=_summary(findings, by_instance, shown["state"]),
        facts=_facts(region, run, shown, begun),
        resources=_pairs(
            ("Rules packages", ", ".join(_package_names(region, run).values())),
            ("Assessment run", run.arn),
            ("Assessment target", template.target.arn),
            ("Assessment template", template.arn),
        ),
        severities=_severities(findings, named),
        by_package=by_package,
        by_instance=by_instance,
        exclusions=tuple(_excluded(exclusion.described()) for exclusion in run.exclusions.values()),
        packages=_packages(region, run, findings) if full else (),
        agents=_agents(run, by_instance) if full else (),
        telemetry=_telemetry(run) if full and run.has_telemetry(moment) else (),
        created=begun,
        footer=escape_invisible(f"{run.name} · account {region.account_id} · {region.region}"),
    )


def _pairs(*pairs: tuple[str, Any]) -> Pairs:
    """Those of the pairs that have a value."""
    return tuple(
        (escape_invisible(name), escape_invisible(value)) for name, value in pairs if value not in (None, "", [])
    )


def _keyed(attributes: Iterable[dict[str, str]]) -> Pairs:
    """Attributes of the API: keys, with or without a value."""
    return tuple(
        (escape_invisible(entry.get("key", "")), escape_invisible(entry.get("value", ""))) for entry in attributes
    )


def _facts(region: Region, run: Run, shown: dict[str, Any], begun: int) -> Pairs:
    started, completed = shown.get("startedAt"), shown.get("completedAt")
    target = run.template.target
    group = None if target.group is None else _tags(target.group.tags)
    return _pairs(
        ("Account", region.account_id),
        ("Region", region.region),
        ("Assessment target", target.name),
        ("Instances of the target", group or "all instances of the account in this region"),
        ("Assessment template", run.template.name),
        ("Run state", shown["state"].replace("_", " ").capitalize()),
        ("Started", None if started is None else _utc(started)),
        ("Completed", None if completed is None else _utc(completed)),
        ("Duration", _span(shown["durationInSeconds"]) + _took(started, completed)),
        ("Attributes for findings", _tags(shown["userAttributesForFindings"])),
        ("Report created", _utc(begun / 1000)),
    )


def _took(started: float | None, completed: float | None) -> str:
    return "" if started is None or completed is None else f" (the run took {_span(round(completed - started))})"


def _tags(tags: Iterable[dict[str, str]]) -> str:
    return ", ".join(f"{tag.get('key')}={tag['value']}" if tag.get("value") else str(tag.get("key")) for tag in tags)


def _utc(seconds: float) -> str:
    return iso(round(seconds * 1000))[:19].replace("T", " ") + " UTC"


def _span(seconds: int) -> str:
    """A span of time as people say it: ``1 h 5 min``."""
    parts = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    return " ".join(f"{count} {unit}" for unit, count in parts if count) or "0 s"


def _package_names(region: Region, run: Run) -> dict[str | None, str]:
    """The names of the rules packages of a run, by their ARNs."""
    known = {arn: region.rules_packages.get(arn) for arn in run.packages}
    return {arn: arn if package is None else package.name for arn, package in known.items()}


def _package_of(finding: dict[str, Any]) -> str | None:
    arn: str | None = finding["serviceAttributes"].get("rulesPackageArn")
    return arn


def _instance_of(finding: dict[str, Any]) -> str:
    return escape_invisible(finding.get("assetAttributes", {}).get("agentId") or NO_INSTANCE)


def _summary(findings: list[dict[str, Any]], by_instance: tuple[SeverityCounts, ...], state: str) -> str:
    issues = sum(finding["title"] != CLEAN_TITLE for finding in findings)
    if state == "CANCELED":
        return "The run was canceled before its rules were evaluated."
    if not issues:
        return "No potential security issues were found."
    instances = sum(tally.name != NO_INSTANCE for tally in by_instance)
    urgent = sum(finding["severity"] == "High" for finding in findings)
    summary = f"{_count(issues, 'finding')} on {_count(instances, 'instance')}"
    return f"{summary}, {urgent:,} of high severity." if urgent else f"{summary}, none of high severity."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _tallies(groups: dict[str, Counter[str]], notes: dict[str, str]) -> tuple[SeverityCounts, ...]:
    return tuple(
        SeverityCounts(name, notes.get(name, ""), tuple(counts[severity] for severity in SEVERITIES))
        for name, counts in groups.items()
    )


def _by_package(findings: list[dict[str, Any]], named: dict[str | None, str]) -> tuple[SeverityCounts, ...]:
    groups: dict[str, Counter[str]] = {escape_invisible(name): Counter() for name in named.values()}
    for finding in findings:
        arn = _package_of(finding)
        name = escape_invisible(named.get(arn, arn or "No rules package"))
        groups.setdefault(name, Counter())[finding["severity"]] += 1
    return _tallies(groups, {})


def _by_instance(findings: list[dict[str, Any]]) -> tuple[SeverityCounts, ...]:
    """The instances that have findings, those with the gravest first."""
    groups: dict[str, Counter[str]] = {}
    notes: dict[str, str] = {}
    for finding in findings:
        name = _instance_of(finding)
        groups.setdefault(name, Counter())[finding["severity"]] += 1
        notes.setdefault(name, escape_invisible(finding.get("assetAttributes", {}).get("hostname", "")))
    tallies = _tallies(groups, notes)
    return tuple(sorted(tallies, key=lambda tally: ([-count for count in tally.counts], tally.name)))


def _severities(findings: list[dict[str, Any]], named: dict[str | None, str]) -> tuple[SeverityFindings, ...]:
    grouped: dict[str, dict[tuple[str, Pairs], list[FindingEntry]]] = {severity: {} for severity in SEVERITIES}
    for finding in findings:
        host = (_instance_of(finding), _asset_facts(finding.get("assetAttributes", {})))
        grouped[finding["severity"]].setdefault(host, []).append(_entry(finding, named))
    result = []
    for severity, hosts in grouped.items():
        ordered = sorted(hosts.items(), key=lambda item: (-len(item[1]), item[0][0]))
        result.append(
            SeverityFindings(
                severity,
                sum(map(len, hosts.values())),
                len({name for name, _ in hosts if name != NO_INSTANCE}),
                tuple(HostFindings(name, facts, tuple(entries)) for (name, facts), entries in ordered),
            )
        )
    return tuple(result)


def _entry(finding: dict[str, Any], named: dict[str | None, str]) -> FindingEntry:
    arn = _package_of(finding)
    return FindingEntry(
        anchor=escape_invisible(finding["arn"].rsplit("/", 1)[1]),
        title=escape_invisible(finding.get("title", "")),
        rule=escape_invisible(finding.get("id", "")),
        rules_package=escape_invisible(named.get(arn, arn or "")),
        description=escape_invisible(finding.get("description", "")),
        recommendation=escape_invisible(finding.get("recommendation", "")),
        attributes=_keyed(finding.get("attributes", ())),
        user_attributes=_keyed(finding.get("userAttributes", ())),
    )


def _asset_facts(asset: dict[str, Any]) -> Pairs:
    interfaces = asset.get("networkInterfaces", [])
    members = ("privateIpAddress", "publicIp")
    addresses = [interface[member] for interface in interfaces for member in members if interface.get(member)]
    return _pairs(
        ("Hostname", asset.get("hostname")),
        ("AMI", asset.get("amiId")),
        ("Auto Scaling group", asset.get("autoScalingGroup")),
        ("Addresses", ", ".join(dict.fromkeys([*asset.get("ipv4Addresses", []), *addresses]))),
        ("Tags", _tags(asset.get("tags", []))),
    )


def _excluded(exclusion: dict[str, Any]) -> ExclusionEntry:
    return ExclusionEntry(
        escape_invisible(exclusion["title"]),
        escape_invisible(exclusion["description"]),
        escape_invisible(exclusion["recommendation"]),
        _keyed(exclusion["scopes"]),
        _keyed(exclusion.get("attributes", ())),
    )


def _packages(region: Region, run: Run, findings: list[dict[str, Any]]) -> tuple[RulesPackageResult, ...]:
    issues = Counter(_package_of(finding) for finding in findings if finding["title"] != CLEAN_TITLE)
    clean = {_package_of(finding) for finding in findings if finding["title"] == CLEAN_TITLE}
    packages = []
    for arn, name in _package_names(region, run).items():
        known = region.rules_packages.get(str(arn))
        found = issues[arn]
        passed = not found and arn in clean
        packages.append(
            RulesPackageResult(
                escape_invisible(name),
                escape_invisible(known.description if known else ""),
                _pairs(("Version", known and known.version), ("Provider", known and known.provider), ("ARN", arn)),
                _count(found, "finding") if found else "Passed" if passed else "No findings",
                passed,
            )
        )
    return tuple(packages)


def _agents(run: Run, by_instance: tuple[SeverityCounts, ...]) -> tuple[AgentDetails, ...]:
    findings = {tally.name: tally.total for tally in by_instance}
    agents = []
    for agent in run.agents:
        shown = agent.described(run.arn, with_telemetry=False)
        preview = agent.instance.previewed()
        name = escape_invisible(shown["agentId"])
        details = shown.get("agentHealthDetails")
        agents.append(
            AgentDetails(
                name,
                shown["agentHealth"].capitalize(),
                escape_invisible(f"{shown['agentHealthCode']}: {details}" if details else shown["agentHealthCode"]),
                _pairs(
                    ("Hostname", preview.get("hostname")),
                    ("Address", preview.get("ipv4Address")),
                    ("Operating system", preview.get("operatingSystem")),
                    ("Kernel", preview.get("kernelVersion")),
                    ("Agent version", preview.get("agentVersion")),
                    ("Auto Scaling group", shown.get("autoScalingGroup")),
                ),
                findings.get(name, 0),
            )
        )
    return tuple(agents)


def _telemetry(run: Run) -> tuple[tuple[str, int, int], ...]:
    """What the agents sent, by message type, "Total" last."""
    entries = [
        (escape_invisible(entry["messageType"]), entry["count"], entry.get("dataSize", 0))
        for entry in summed_telemetry(agent.telemetry for agent in run.agents)
    ]
    return tuple(sorted(entries, key=lambda entry: (entry[0] == "Total", entry[0])))

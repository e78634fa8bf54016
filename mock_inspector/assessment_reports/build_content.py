"""Reads from the state what a report says. It does so under the lock; rendering needs none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..clock.moments import EpochMs, format_iso
from ..state.finding_specs import list_rules
from ..state.findings import CLEAN_TITLE, SEVERITIES, Finding
from ..state.report_links import ReportFile
from ..state.runs import Run
from ..state.store import Store
from ..state.telemetry import sum_telemetry
from ..wording import format_count
from .content import (
    AgentDetails,
    ExclusionEntry,
    FindingEntry,
    HostFindings,
    Pairs,
    ReportContent,
    RuleResult,
    RulesPackageResult,
    SeverityCounts,
    SeverityFindings,
)
from .escaping import escape_invisible

NO_INSTANCE = "No particular instance"


def build_content(file: ReportFile, moment: EpochMs) -> ReportContent:
    """Read what a report says at ``moment``."""
    store, run, full = file.store, file.run, file.type == "FULL"
    described = run.to_api(moment, store.findings.of(run).counts)
    package_names = _package_names(store, run)
    findings = [finding.to_api() for finding in store.findings.of(run).all if finding.created <= moment]
    by_package = _count_by_package(findings, package_names)
    by_instance = _count_by_instance(findings)
    template = run.template
    created = run.reports.get((file.format, file.type), moment)
    return ReportContent(
        full=full,
        run_name=escape_invisible(run.name),
        summary=_summary(findings, by_instance, described["state"]),
        facts=_run_facts(store, run, described, created),
        resources=_pairs(
            ("Rules packages", ", ".join(package_names.values())),
            ("Assessment run", run.arn),
            ("Assessment target", template.target.arn),
            ("Assessment template", template.arn),
        ),
        severities=_group_by_severity(findings, package_names),
        by_package=by_package,
        by_instance=by_instance,
        exclusions=tuple(_exclusion_entry(exclusion.to_api()) for exclusion in store.exclusions.of(run.arn)),
        packages=_package_results(store, run, moment, package_names) if full else (),
        agents=_agent_details(run, by_instance) if full else (),
        telemetry=_telemetry(run) if full and run.has_telemetry(moment) else (),
        created=created,
        footer=escape_invisible(f"{run.name} · account {store.account_id} · {store.region}"),
    )


def _pairs(*pairs: tuple[str, Any]) -> Pairs:
    """The pairs that have a value."""
    return tuple(
        (escape_invisible(name), escape_invisible(value)) for name, value in pairs if value not in (None, "", [])
    )


def _attribute_pairs(attributes: Iterable[dict[str, str]]) -> Pairs:
    """Attributes of the API. Their values are optional."""
    return tuple(
        (escape_invisible(entry.get("key", "")), escape_invisible(entry.get("value", ""))) for entry in attributes
    )


def _run_facts(store: Store, run: Run, described: dict[str, Any], created: int) -> Pairs:
    started, completed = described.get("startedAt"), described.get("completedAt")
    target = run.template.target
    group = None if target.group is None else _format_tags(target.group.tags)
    return _pairs(
        ("Account", store.account_id),
        ("Region", store.region),
        ("Assessment target", target.name),
        ("Instances of the target", group or "all instances of the account in this region"),
        ("Assessment template", run.template.name),
        ("Run state", described["state"].replace("_", " ").capitalize()),
        ("Started", None if started is None else _format_time(started)),
        ("Completed", None if completed is None else _format_time(completed)),
        ("Duration", _format_duration(described["durationInSeconds"]) + _actual_duration(started, completed)),
        ("Attributes for findings", _format_tags(described["userAttributesForFindings"])),
        ("Report created", _format_time(created / 1000)),
    )


def _actual_duration(started: float | None, completed: float | None) -> str:
    if started is None or completed is None:
        return ""
    return f" (the run took {_format_duration(round(completed - started))})"


def _format_tags(tags: Iterable[dict[str, str]]) -> str:
    return ", ".join(f"{tag.get('key')}={tag['value']}" if tag.get("value") else str(tag.get("key")) for tag in tags)


def _format_time(seconds: float) -> str:
    return format_iso(round(seconds * 1000))[:19].replace("T", " ") + " UTC"


def _format_duration(seconds: int) -> str:
    """A duration such as ``1 h 5 min``."""
    parts = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    return " ".join(f"{count} {unit}" for unit, count in parts if count) or "0 s"


def _package_names(store: Store, run: Run) -> dict[str | None, str]:
    """The names of the run's rules packages, by ARN. A package that no longer exists goes by its ARN."""
    packages = {arn: store.rules_packages.get(arn) for arn in run.packages}
    return {arn: arn if package is None else package.name for arn, package in packages.items()}


def _package_of(finding: dict[str, Any]) -> str | None:
    arn: str | None = finding["serviceAttributes"].get("rulesPackageArn")
    return arn


def _instance_of(finding: dict[str, Any]) -> str:
    return escape_invisible(finding.get("assetAttributes", {}).get("agentId") or NO_INSTANCE)


def _summary(findings: list[dict[str, Any]], by_instance: tuple[SeverityCounts, ...], state: str) -> str:
    clean = sum(finding["title"] == CLEAN_TITLE for finding in findings)
    if state == "CANCELED":
        return "The run was canceled before its rules were evaluated."
    says = "reports" if clean == 1 else "report"
    if clean == len(findings):
        text = "No potential security issues were found."
        return f"{text} {format_count(clean, 'finding')} {says} this." if clean else text
    instances = sum(counts.name != NO_INSTANCE for counts in by_instance)
    high = sum(finding["severity"] == "High" for finding in findings)
    summary = (
        f"{format_count(len(findings), 'finding')} on {format_count(instances, 'instance')}, "
        f"{f'{high:,}' if high else 'none'} of high severity."
    )
    if not clean:
        return summary
    return f"{summary} {clean:,} of them {says} that a rules package found no potential security issues."


def _severity_counts(groups: dict[str, Counter[str]], notes: dict[str, str]) -> tuple[SeverityCounts, ...]:
    return tuple(
        SeverityCounts(name, notes.get(name, ""), tuple(group[severity] for severity in SEVERITIES))
        for name, group in groups.items()
    )


def _count_by_package(
    findings: list[dict[str, Any]], package_names: dict[str | None, str]
) -> tuple[SeverityCounts, ...]:
    groups: dict[str, Counter[str]] = {escape_invisible(name): Counter() for name in package_names.values()}
    for finding in findings:
        arn = _package_of(finding)
        name = escape_invisible(package_names.get(arn, arn or "No rules package"))
        groups.setdefault(name, Counter())[finding["severity"]] += 1
    return _severity_counts(groups, {})


def _count_by_instance(findings: list[dict[str, Any]]) -> tuple[SeverityCounts, ...]:
    """The instances that have findings, those with the most severe findings first."""
    groups: dict[str, Counter[str]] = {}
    notes: dict[str, str] = {}
    for finding in findings:
        name = _instance_of(finding)
        groups.setdefault(name, Counter())[finding["severity"]] += 1
        notes.setdefault(name, escape_invisible(finding.get("assetAttributes", {}).get("hostname", "")))
    rows = _severity_counts(groups, notes)
    return tuple(sorted(rows, key=lambda row: ([-count for count in row.counts], row.name)))


def _group_by_severity(
    findings: list[dict[str, Any]], package_names: dict[str | None, str]
) -> tuple[SeverityFindings, ...]:
    grouped: dict[str, dict[tuple[str, Pairs], list[FindingEntry]]] = {severity: {} for severity in SEVERITIES}
    for finding in findings:
        host = (_instance_of(finding), _asset_facts(finding.get("assetAttributes", {})))
        grouped[finding["severity"]].setdefault(host, []).append(_finding_entry(finding, package_names))
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


def _finding_entry(finding: dict[str, Any], package_names: dict[str | None, str]) -> FindingEntry:
    arn = _package_of(finding)
    return FindingEntry(
        anchor=escape_invisible(finding["arn"].rsplit("/", 1)[1]),
        title=escape_invisible(finding.get("title", "")),
        rule=escape_invisible(finding.get("id", "")),
        rules_package=escape_invisible(package_names.get(arn, arn or "")),
        description=escape_invisible(finding.get("description", "")),
        recommendation=escape_invisible(finding.get("recommendation", "")),
        attributes=_attribute_pairs(finding.get("attributes", ())),
        user_attributes=_attribute_pairs(finding.get("userAttributes", ())),
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
        ("Tags", _format_tags(asset.get("tags", []))),
    )


def _exclusion_entry(exclusion: dict[str, Any]) -> ExclusionEntry:
    return ExclusionEntry(
        escape_invisible(exclusion["title"]),
        escape_invisible(exclusion["description"]),
        escape_invisible(exclusion["recommendation"]),
        _attribute_pairs(exclusion["scopes"]),
        _attribute_pairs(exclusion.get("attributes", ())),
    )


def _package_results(
    store: Store, run: Run, moment: EpochMs, package_names: dict[str | None, str]
) -> tuple[RulesPackageResult, ...]:
    issues: dict[str | None, list[Finding]] = {}
    clean = set()
    for finding in store.findings.of(run).all:
        if finding.created <= moment:
            if finding.members.get("title") == CLEAN_TITLE:
                clean.add(finding.body.rules_package)
            else:
                issues.setdefault(finding.body.rules_package, []).append(finding)
    results = []
    for arn, name in package_names.items():
        package, found = store.rules_packages.get(str(arn)), issues.get(arn, [])
        passed = not found and arn in clean
        results.append(
            RulesPackageResult(
                escape_invisible(name),
                escape_invisible(package.description if package else ""),
                _pairs(
                    ("Version", package and package.version), ("Provider", package and package.provider), ("ARN", arn)
                ),
                format_count(len(found), "finding") if found else "Passed" if passed else "No findings",
                passed,
                _rule_results(name, found, assessed=passed or bool(found)),
            )
        )
    return tuple(results)


def _rule_results(rules_package: str, found: list[Finding], *, assessed: bool) -> tuple[RuleResult, ...]:
    """Which rules of a rules package failed, and on how many instances. The others passed if it assessed anything."""
    failed: dict[str, list[Finding]] = {}
    for finding in found:
        failed.setdefault(finding.body.rule_name or "", []).append(finding)
    results = []
    for rule, severity in list_rules(rules_package).items():
        instances = len({_instance_of(finding.members) for finding in failed.get(rule, ())})
        text = (
            f"Failed on {format_count(instances, 'instance')}"
            if instances
            else "Passed"
            if assessed
            else "Not assessed"
        )
        results.append(RuleResult(rule, severity, text, assessed and not instances))
    return tuple(results)


def _agent_details(run: Run, by_instance: tuple[SeverityCounts, ...]) -> tuple[AgentDetails, ...]:
    findings = {counts.name: counts.total for counts in by_instance}
    agents = []
    for agent in run.agents:
        described = agent.to_api(run.arn, with_telemetry=False)
        preview = agent.instance.to_preview()
        name = escape_invisible(described["agentId"])
        details = described.get("agentHealthDetails")
        agents.append(
            AgentDetails(
                name,
                described["agentHealth"].capitalize(),
                escape_invisible(
                    f"{described['agentHealthCode']}: {details}" if details else described["agentHealthCode"]
                ),
                _pairs(
                    ("Hostname", preview.get("hostname")),
                    ("Address", preview.get("ipv4Address")),
                    ("Operating system", preview.get("operatingSystem")),
                    ("Kernel", preview.get("kernelVersion")),
                    ("Agent version", preview.get("agentVersion")),
                    ("Auto Scaling group", described.get("autoScalingGroup")),
                ),
                findings.get(name, 0),
            )
        )
    return tuple(agents)


def _telemetry(run: Run) -> tuple[tuple[str, int, int | None], ...]:
    """What the agents sent, by type of message: messages, and bytes where they are known."""
    entries = [
        (escape_invisible(entry["messageType"]), entry["count"], entry.get("dataSize"))
        for entry in sum_telemetry(agent.telemetry for agent in run.agents)
    ]
    return tuple(sorted(entries, key=lambda entry: (entry[0] == "Total", entry[0])))

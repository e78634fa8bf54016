"""Renders a report as PDF, in the order and the words of the HTML page."""

from __future__ import annotations

import datetime

from fpdf import FontFace

from ..clock.moments import format_iso
from ..state.findings import SEVERITIES
from ..wording import format_count
from .content import (
    ExclusionEntry,
    FindingEntry,
    HostFindings,
    Pairs,
    ReportContent,
    RulesPackageResult,
    SeverityCounts,
    SeverityFindings,
)
from .pdf_document import (
    BAR_BACKGROUND,
    BOLD,
    GRAY,
    GREEN,
    INDENT,
    LEAD,
    NORMAL,
    QUIET,
    SEVERITY_COLORS,
    SMALL,
    SMALL_QUIET,
    Color,
    ReportPdf,
    line_height,
    make_style,
    one_line,
)

_HOST = make_style(10.5, bold=True)
_RULE_PASSED = make_style(color=GREEN)
_RULE_HEIGHT = 1.6
"""The height of a line across the page with the space around it."""
_TABLE_LINE_HEIGHT = 6.3

_MAX_KEPT_HEIGHT = 110.0
"""What is higher may be divided between pages."""


def render_pdf(report: ReportContent) -> bytes:
    """The report as a PDF of A4 pages. ImportError without fpdf2."""
    pdf = ReportPdf()
    pdf.set_title(f"{report.title}: {report.run_name}")
    pdf.set_creation_date(datetime.datetime.fromisoformat(format_iso(report.created)))
    _add_summary(pdf, report)
    _add_findings(pdf, report)
    _add_exclusions(pdf, report)
    if report.full:
        _add_packages(pdf, report)
        _add_agents(pdf, report)
        _add_telemetry(pdf, report)
    pdf.add_footers(report.footer)
    return bytes(pdf.output())


def _joined(pairs: Pairs) -> str:
    return " · ".join(f"{name}: {value}" for name, value in pairs)


def _add_summary(pdf: ReportPdf, report: ReportContent) -> None:
    pdf.add_text("Amazon Inspector", make_style(10, GRAY))
    pdf.add_text(report.title, make_style(20, bold=True))
    pdf.add_text(report.run_name, LEAD)
    pdf.add_rule(thickness=0.6)
    pdf.add_section("Executive summary")
    pdf.add_text(report.summary, LEAD)
    _add_chart(pdf, report)
    pdf.add_subsection("The assessment")
    pdf.add_facts(report.facts)
    pdf.skip(1)
    pdf.add_facts(report.resources, name_width=34, small=True)
    if report.by_package:
        _add_counts(pdf, "Findings by rules package", "Rules package", report.by_package)
    if report.by_instance:
        _add_counts(pdf, "Findings by instance", "Instance", report.by_instance)


def _add_chart(pdf: ReportPdf, report: ReportContent) -> None:
    """Counts by severity, as bars beside their figures."""
    pdf.add_subsection("Findings by severity")
    maximum = max((severity.count for severity in report.severities), default=0)
    _add_chart_row(pdf, SMALL_QUIET, "Severity", "Findings", "Instances")
    for severity in report.severities:
        pdf.skip(0.8)
        _draw_bar(pdf, 1.0, BAR_BACKGROUND)
        if severity.count:
            _draw_bar(pdf, max(severity.count / maximum, 0.01), SEVERITY_COLORS[severity.name])
        _add_chart_row(pdf, NORMAL, severity.name, f"{severity.count:,}", f"{severity.instances:,}")
    pdf.add_rule()
    _add_chart_row(pdf, BOLD, "All", f"{report.total:,}", "")


def _add_chart_row(pdf: ReportPdf, style: FontFace, name: str, findings: str, instances: str) -> None:
    with pdf.use_font_face(style):
        pdf.cell(122, line_height(style), name)
        pdf.cell(28, line_height(style), findings, align="R")
        pdf.cell(28, line_height(style), instances, align="R", new_x="LMARGIN", new_y="NEXT")


def _draw_bar(pdf: ReportPdf, share: float, color: Color) -> None:
    with pdf.local_context(fill_color=color):
        pdf.rect(pdf.l_margin + 32, pdf.y + 0.3, 90 * share, 3.6, style="F")


def _add_counts(pdf: ReportPdf, heading: str, first_column: str, rows: tuple[SeverityCounts, ...]) -> None:
    pdf.add_subsection(heading)
    pdf.add_table(
        (first_column, *SEVERITIES, "Total"),
        (
            (
                ("\n".join(map(one_line, filter(None, (row.name, row.note)))), SMALL if row.note else NORMAL),
                *((f"{count:,}", NORMAL if count else QUIET) for count in row.counts),
                (f"{row.total:,}", BOLD),
            )
            for row in rows
        ),
        (82, 13, 15, 13, 23, 18, 14),
        numbers_from=1,
    )


def _add_findings(pdf: ReportPdf, report: ReportContent) -> None:
    severities = [severity for severity in report.severities if severity.count]
    pdf.add_section("Findings", keep=_measure_severity(pdf, severities[0]) if severities else 10)
    for severity in severities:
        _add_severity(pdf, severity)
    if not severities:
        pdf.add_text("This run reported no findings.")


def _add_severity(pdf: ReportPdf, severity: SeverityFindings) -> None:
    color = SEVERITY_COLORS[severity.name]
    pdf.reserve(_measure_severity(pdf, severity))
    pdf.skip(4)
    pdf.start_section(f"{severity.name} ({severity.count:,})", level=1)
    pdf.add_text(f"{severity.name}: {format_count(severity.count, 'finding')}", make_style(13, color, bold=True))
    for host in severity.hosts:
        _add_host(pdf, host, color)


def _add_host(pdf: ReportPdf, host: HostFindings, color: Color) -> None:
    pdf.reserve(_measure_host(pdf, host))
    pdf.skip(3)
    pdf.add_rule(color, 0.5)
    pdf.add_text(host.name, _HOST)
    if host.facts:
        pdf.add_text(_joined(host.facts), SMALL_QUIET)
    for index, finding in enumerate(host.findings):
        if index and pdf.has_room(_RULE_HEIGHT + _measure_finding(pdf, finding)):
            pdf.add_rule()
        elif index:
            pdf.add_page()
        _add_finding(pdf, finding)


# What stays together on a page


def _measure_severity(pdf: ReportPdf, severity: SeverityFindings) -> float:
    """The height of the heading and of the first instance, up to its first finding."""
    return 4 + line_height(make_style(13)) + _measure_host(pdf, severity.hosts[0])


def _measure_host(pdf: ReportPdf, host: HostFindings) -> float:
    """The height of the heading and of the first finding."""
    facts = pdf.measure_text(_joined(host.facts), SMALL_QUIET) if host.facts else 0
    return 3 + _RULE_HEIGHT + pdf.measure_text(host.name, _HOST) + facts + _measure_finding(pdf, host.findings[0])


def _measure_finding(pdf: ReportPdf, finding: FindingEntry) -> float:
    """The height of a finding, or of the beginning of a long one."""
    head = 1.5 + pdf.measure_text(finding.title, BOLD, indent=INDENT)
    origin = _origin(finding)
    if origin:
        head += pdf.measure_text(origin, SMALL_QUIET, indent=INDENT)
    height = head
    if finding.description:
        height += pdf.measure_text(finding.description, indent=INDENT)
    if finding.recommendation:
        height += pdf.measure_recommendation(finding.recommendation)
    height += pdf.measure_attributes(finding.attributes) + pdf.measure_attributes(finding.user_attributes)
    return height if height <= _MAX_KEPT_HEIGHT else min(head + 6 * line_height(NORMAL), _MAX_KEPT_HEIGHT)


def _measure_exclusion(pdf: ReportPdf, exclusion: ExclusionEntry) -> float:
    """The height of an exclusion, or of the beginning of a long one."""
    height = 2 + pdf.measure_text(exclusion.title, BOLD) + pdf.measure_text(exclusion.description, indent=INDENT)
    height += pdf.measure_recommendation(exclusion.recommendation)
    height += pdf.measure_attributes(exclusion.scopes) + pdf.measure_attributes(exclusion.attributes)
    return min(height, _MAX_KEPT_HEIGHT)


def _measure_package(pdf: ReportPdf, package: RulesPackageResult) -> float:
    """The height of a rules package with its rules."""
    height = 2 + pdf.measure_text(package.name, BOLD) + line_height(BOLD)
    height += pdf.measure_text(package.description, indent=INDENT) if package.description else 0
    height += pdf.measure_text(_joined(package.facts), SMALL_QUIET, indent=INDENT)
    table = (1 + len(package.rules)) * _TABLE_LINE_HEIGHT if package.rules else 0
    return min(height + table, _MAX_KEPT_HEIGHT)


def _origin(finding: FindingEntry) -> str:
    return " · ".join(filter(None, (finding.rule, finding.rules_package)))


def _add_finding(pdf: ReportPdf, finding: FindingEntry) -> None:
    pdf.skip(1.5)
    pdf.add_text(finding.title, BOLD, indent=INDENT)
    origin = _origin(finding)
    if origin:
        pdf.add_text(origin, SMALL_QUIET, indent=INDENT)
    if finding.description:
        pdf.add_text(finding.description, indent=INDENT)
    if finding.recommendation:
        pdf.add_recommendation(finding.recommendation)
    pdf.add_attributes("Attributes", finding.attributes)
    pdf.add_attributes("User attributes", finding.user_attributes)


def _add_exclusions(pdf: ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Exclusions", keep=_measure_exclusion(pdf, report.exclusions[0]) if report.exclusions else 10)
    if not report.exclusions:
        pdf.add_text("Nothing was excluded from this assessment.")
    for exclusion in report.exclusions:
        pdf.reserve(_measure_exclusion(pdf, exclusion))
        pdf.skip(2)
        pdf.add_text(exclusion.title, BOLD)
        pdf.add_text(exclusion.description, indent=INDENT)
        pdf.add_recommendation(exclusion.recommendation)
        pdf.add_attributes("Scope", exclusion.scopes)
        pdf.add_attributes("Attributes", exclusion.attributes)


def _add_packages(pdf: ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Rules packages", keep=_measure_package(pdf, report.packages[0]) if report.packages else 10)
    if not report.packages:
        pdf.add_text("The assessment template has no rules packages.")
    for package in report.packages:
        pdf.reserve(_measure_package(pdf, package))
        pdf.skip(2)
        pdf.add_text(package.name, BOLD)
        pdf.add_text(package.result, make_style(color=GREEN if package.passed else GRAY, bold=True), indent=INDENT)
        if package.description:
            pdf.add_text(package.description, indent=INDENT)
        pdf.add_text(_joined(package.facts), SMALL_QUIET, indent=INDENT)
        if package.rules:
            pdf.skip(1)
            pdf.add_table(
                ("Rule", "Severity", "Result"),
                (
                    (one_line(rule.name), rule.severity, (rule.result, _RULE_PASSED if rule.passed else BOLD))
                    for rule in package.rules
                ),
                (98, 40, 40),
                numbers_from=3,
            )


def _add_agents(pdf: ReportPdf, report: ReportContent) -> None:
    details = ["\n".join(f"{name}: {one_line(value)}" for name, value in agent.facts) or "-" for agent in report.agents]
    # The head of the table and its first entry.
    pdf.add_section("Instances", keep=12 + pdf.measure_text(details[0], width=72) if details else 10)
    if not report.agents:
        pdf.add_text("The target had no instances when the run started.")
        return
    pdf.add_table(
        ("Instance", "Agent health", "Details", "Findings"),
        (
            (
                one_line(agent.name),
                f"{agent.health}\n{one_line(agent.health_note)}",
                (text, SMALL),
                f"{agent.findings:,}",
            )
            for agent, text in zip(report.agents, details, strict=True)
        ),
        (44, 40, 76, 18),
        numbers_from=3,
    )


def _add_telemetry(pdf: ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Telemetry")
    if not report.telemetry:
        pdf.add_text("The agents sent no telemetry.")
        return
    pdf.add_table(
        ("Message type", "Messages", "Bytes"),
        (
            (
                (message_type, BOLD if message_type == "Total" else NORMAL),
                f"{count:,}",
                "" if size is None else f"{size:,}",
            )
            for message_type, count, size in report.telemetry
        ),
        (110, 34, 34),
        numbers_from=1,
    )

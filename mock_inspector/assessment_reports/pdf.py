"""Renders a report as PDF, in the order and the words of the HTML page."""

from __future__ import annotations

import datetime

from fpdf import FontFace

from ..clock.moments import format_iso
from ..state.findings import SEVERITIES
from .content import FindingEntry, HostFindings, Pairs, ReportContent, SeverityCounts, SeverityFindings
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
                "\n".join(map(one_line, filter(None, (row.name, row.note)))),
                *((f"{count:,}", NORMAL if count else QUIET) for count in row.counts),
                (f"{row.total:,}", BOLD),
            )
            for row in rows
        ),
        (66, *(22 if name == "Informational" else 18 for name in SEVERITIES), 18),
        numbers_from=1,
    )


def _add_findings(pdf: ReportPdf, report: ReportContent) -> None:
    severities = [severity for severity in report.severities if severity.count]
    pdf.add_section("Findings", keep=_severity_height(severities[0]) if severities else 10)
    for severity in severities:
        _add_severity(pdf, severity)
    if not severities:
        pdf.add_text("This run reported no findings.")


def _add_severity(pdf: ReportPdf, severity: SeverityFindings) -> None:
    color = SEVERITY_COLORS[severity.name]
    pdf.skip(4)
    pdf.reserve(_severity_height(severity))
    pdf.start_section(f"{severity.name} ({severity.count:,})", level=1)
    noun = "finding" if severity.count == 1 else "findings"
    pdf.add_text(f"{severity.name}: {severity.count:,} {noun}", make_style(13, color, bold=True))
    for host in severity.hosts:
        _add_host(pdf, host, color)


def _add_host(pdf: ReportPdf, host: HostFindings, color: Color) -> None:
    pdf.skip(3)
    pdf.reserve(_host_height(host))
    pdf.add_rule(color, 0.5)
    pdf.add_text(host.name, make_style(10.5, bold=True))
    if host.facts:
        pdf.add_text(_joined(host.facts), SMALL_QUIET)
    for index, finding in enumerate(host.findings):
        if index:
            pdf.add_rule()
            pdf.reserve(_finding_height(finding))
        _add_finding(pdf, finding)


def _severity_height(severity: SeverityFindings) -> float:
    """The approximate height of the heading and of the first instance, up to its first finding."""
    return 13 + _host_height(severity.hosts[0])


def _host_height(host: HostFindings) -> float:
    """The approximate height of the heading and of the first finding."""
    return 12 + _finding_height(host.findings[0])


def _finding_height(finding: FindingEntry) -> float:
    """The approximate height of a finding, or of the part of a long one that stays together."""
    return min(34 + 4 * len(finding.attributes + finding.user_attributes), 100)


def _add_finding(pdf: ReportPdf, finding: FindingEntry) -> None:
    pdf.skip(1.5)
    pdf.add_text(finding.title, BOLD, indent=INDENT)
    origin = " · ".join(filter(None, (finding.rule, finding.rules_package)))
    if origin:
        pdf.add_text(origin, SMALL_QUIET, indent=INDENT)
    if finding.description:
        pdf.add_text(finding.description, indent=INDENT)
    if finding.recommendation:
        pdf.add_recommendation(finding.recommendation)
    pdf.add_attributes("Attributes", finding.attributes)
    pdf.add_attributes("User attributes", finding.user_attributes)


def _add_exclusions(pdf: ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Exclusions")
    if not report.exclusions:
        pdf.add_text("Nothing was excluded from this assessment.")
    for exclusion in report.exclusions:
        pdf.skip(2)
        pdf.reserve(38)
        pdf.add_text(exclusion.title, BOLD)
        pdf.add_text(exclusion.description, indent=INDENT)
        pdf.add_recommendation(exclusion.recommendation)
        pdf.add_attributes("Scope", exclusion.scopes)
        pdf.add_attributes("Attributes", exclusion.attributes)


def _add_packages(pdf: ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Rules packages")
    if not report.packages:
        pdf.add_text("The assessment template has no rules packages.")
    for package in report.packages:
        pdf.skip(2)
        pdf.reserve(25)
        pdf.add_text(package.name, BOLD)
        pdf.add_text(package.result, make_style(color=GREEN if package.passed else GRAY, bold=True), indent=INDENT)
        if package.description:
            pdf.add_text(package.description, indent=INDENT)
        pdf.add_text(_joined(package.facts), SMALL_QUIET, indent=INDENT)


def _add_agents(pdf: ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Instances")
    if not report.agents:
        pdf.add_text("The target had no instances when the run started.")
        return
    pdf.add_table(
        ("Instance", "Agent health", "Details", "Findings"),
        (
            (
                one_line(agent.name),
                f"{agent.health}\n{one_line(agent.health_note)}",
                ("\n".join(f"{name}: {one_line(value)}" for name, value in agent.facts) or "-", SMALL),
                f"{agent.findings:,}",
            )
            for agent in report.agents
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

r"""A report as PDF, in the order and the words of the HTML page.

It is set in the PDF's own Helvetica, which every reader has and which knows the characters of code page 1252; others
are written out (``\u4e2d``).
"""

from __future__ import annotations

import datetime

from ..model.clock import iso
from ..model.findings import SEVERITIES
from .content import FindingEntry, HostFindings, Pairs, ReportContent, SeverityCounts, SeverityFindings
from .pdf_layout import LINE, QUIET, Cell, Colour, Sheets, Type

COLOURS: dict[str, Colour] = {
    "High": (179, 38, 30),
    "Medium": (168, 74, 0),
    "Low": (122, 98, 0),
    "Informational": (11, 92, 173),
    "Undefined": (84, 91, 100),
}
_PASSED: Colour = (26, 112, 52)
_TRACK: Colour = (237, 240, 241)

_NORMAL = Type()
_BOLD = Type(bold=True)
_SMALL = Type(8.5)
_QUIET = Type(8.5, colour=QUIET)
_TITLE, _SECTION, _PART, _LEAD = Type(20, bold=True), Type(15, bold=True), Type(12, bold=True), Type(11.5)
_INDENT = 4.0


def render_pdf(report: ReportContent) -> bytes:
    """The report as a PDF of A4 pages. ImportError without fpdf2."""
    sheets = Sheets(
        f"{report.title}: {report.run_name}",
        report.footer,
        datetime.datetime.fromisoformat(iso(report.created)),
    )
    _summary(sheets, report)
    _findings(sheets, report)
    _exclusions(sheets, report)
    if report.full:
        _packages(sheets, report)
        _agents(sheets, report)
        _telemetry(sheets, report)
    return sheets.output()


def _section(sheets: Sheets, name: str) -> None:
    sheets.skip(8)
    sheets.need(30)
    sheets.bookmark(name, 0)
    sheets.paragraph(name, _SECTION)
    sheets.skip(2)


def _part(sheets: Sheets, name: str) -> None:
    sheets.skip(4)
    sheets.paragraph(name, _PART, keep=20)
    sheets.skip(1)


def _facts(sheets: Sheets, pairs: Pairs, *, indent: float = 0.0, names: float = 46.0, small: bool = False) -> None:
    whole = sheets.right - sheets.left - indent
    for name, value in pairs:
        cells = (Cell(name, _QUIET if small else Type(colour=QUIET)), Cell(value, _SMALL if small else _NORMAL))
        sheets.row(cells, (names, whole - names), indent=indent)


def _inline(pairs: Pairs) -> str:
    return " · ".join(f"{name}: {value}" for name, value in pairs)


def _summary(sheets: Sheets, report: ReportContent) -> None:
    sheets.paragraph("Amazon Inspector", Type(10, colour=QUIET))
    sheets.paragraph(report.title, _TITLE)
    sheets.paragraph(report.run_name, _LEAD)
    sheets.rule(thickness=0.6)
    _section(sheets, "Executive summary")
    sheets.paragraph(report.summary, _LEAD)
    _chart(sheets, report)
    _part(sheets, "The assessment")
    _facts(sheets, report.facts)
    sheets.skip(1)
    _facts(sheets, report.resources, names=34.0, small=True)
    if report.by_package:
        _tallies(sheets, "Findings by rules package", "Rules package", report.by_package)
    if report.by_instance:
        _tallies(sheets, "Findings by instance", "Instance", report.by_instance)


def _chart(sheets: Sheets, report: ReportContent) -> None:
    """The counts by severity, as bars beside their figures."""
    _part(sheets, "Findings by severity")
    widths = (32.0, 90.0, 28.0, 28.0)
    head = ("Severity", "", "Findings", "Instances")
    sheets.row([Cell(name, _QUIET, right=place > 1) for place, name in enumerate(head)], widths)
    most = max((severity.count for severity in report.severities), default=0)
    for severity in report.severities:
        sheets.skip(0.8)
        x = sheets.left + widths[0]
        sheets.bar(x, widths[1], 3.6, _TRACK)
        if severity.count:
            sheets.bar(x, max(widths[1] * severity.count / most, 1.0), 3.6, COLOURS[severity.name])
        figures = (f"{severity.count:,}", f"{severity.instances:,}")
        sheets.row([Cell(severity.name), Cell(""), *(Cell(figure, right=True) for figure in figures)], widths)
    sheets.rule()
    sheets.row([Cell("All", _BOLD), Cell(""), Cell(f"{report.total:,}", _BOLD, right=True), Cell("")], widths)


def _tallies(sheets: Sheets, caption: str, head: str, tallies: tuple[SeverityCounts, ...]) -> None:
    _part(sheets, caption)
    widths = (66.0, *(22.0 if name == "Informational" else 18.0 for name in SEVERITIES), 18.0)
    rows = (
        (
            Cell(f"{tally.name}\n{tally.note}" if tally.note else tally.name),
            *(Cell(f"{count:,}", _NORMAL if count else Type(colour=QUIET), right=True) for count in tally.counts),
            Cell(f"{tally.total:,}", _BOLD, right=True),
        )
        for tally in tallies
    )
    sheets.table((head, *SEVERITIES, "Total"), rows, widths)


def _findings(sheets: Sheets, report: ReportContent) -> None:
    _section(sheets, "Findings")
    if not report.total:
        sheets.paragraph("This run reported no findings.")
    for severity in report.severities:
        if severity.count:
            _severity(sheets, severity)


def _severity(sheets: Sheets, severity: SeverityFindings) -> None:
    sheets.skip(4)
    sheets.need(34)
    sheets.bookmark(f"{severity.name} ({severity.count:,})", 1)
    noun = "finding" if severity.count == 1 else "findings"
    sheets.paragraph(f"{severity.name}: {severity.count:,} {noun}", Type(13, bold=True, colour=COLOURS[severity.name]))
    for host in severity.hosts:
        _host(sheets, host, COLOURS[severity.name])


def _host(sheets: Sheets, host: HostFindings, colour: Colour) -> None:
    sheets.skip(3)
    sheets.need(28)
    sheets.rule(colour, 0.5)
    sheets.paragraph(host.name, Type(10.5, bold=True))
    if host.facts:
        sheets.paragraph(_inline(host.facts), _QUIET)
    for place, finding in enumerate(host.findings):
        if place:
            sheets.rule(LINE)
        _finding(sheets, finding)


def _finding(sheets: Sheets, finding: FindingEntry) -> None:
    sheets.skip(1.5)
    # About its height, so that a finding of usual length stays on one page.
    sheets.need(min(30 + 4 * len(finding.attributes + finding.user_attributes), 90))
    sheets.paragraph(finding.title, _BOLD, indent=_INDENT, keep=12)
    origin = " · ".join(filter(None, (finding.rule, finding.rules_package)))
    if origin:
        sheets.paragraph(origin, _QUIET, indent=_INDENT)
    if finding.description:
        sheets.paragraph(finding.description, indent=_INDENT)
    if finding.recommendation:
        sheets.skip(0.8)
        sheets.labelled("Recommendation:", finding.recommendation, indent=_INDENT)
    _attributes(sheets, "Attributes", finding.attributes)
    _attributes(sheets, "User attributes", finding.user_attributes)
    sheets.skip(1)


def _attributes(sheets: Sheets, caption: str, pairs: Pairs) -> None:
    if pairs:
        sheets.skip(0.8)
        sheets.paragraph(caption, Type(8.5, bold=True, colour=QUIET), indent=_INDENT, keep=4)
        _facts(sheets, pairs, indent=_INDENT, small=True)


def _exclusions(sheets: Sheets, report: ReportContent) -> None:
    _section(sheets, "Exclusions")
    if not report.exclusions:
        sheets.paragraph("Nothing was excluded from this assessment.")
    for exclusion in report.exclusions:
        sheets.skip(2)
        sheets.paragraph(exclusion.title, _BOLD, keep=10)
        sheets.paragraph(exclusion.description, indent=_INDENT)
        sheets.labelled("Recommendation:", exclusion.recommendation, indent=_INDENT)
        _attributes(sheets, "Scope", exclusion.scopes)
        _attributes(sheets, "Attributes", exclusion.attributes)


def _packages(sheets: Sheets, report: ReportContent) -> None:
    _section(sheets, "Rules packages")
    if not report.packages:
        sheets.paragraph("The assessment template has no rules packages.")
    for package in report.packages:
        sheets.skip(2)
        sheets.paragraph(package.name, _BOLD, keep=10)
        sheets.paragraph(package.result, Type(bold=True, colour=_PASSED if package.passed else QUIET), indent=_INDENT)
        if package.description:
            sheets.paragraph(package.description, indent=_INDENT)
        sheets.paragraph(_inline(package.facts), _QUIET, indent=_INDENT)


def _agents(sheets: Sheets, report: ReportContent) -> None:
    _section(sheets, "Instances")
    if not report.agents:
        sheets.paragraph("The target had no instances when the run started.")
        return
    rows = (
        (
            Cell(agent.name),
            Cell(f"{agent.health}\n{agent.health_note}"),
            Cell("\n".join(f"{name}: {value}" for name, value in agent.facts) or "-", _SMALL),
            Cell(f"{agent.findings:,}", right=True),
        )
        for agent in report.agents
    )
    sheets.table(("Instance", "Agent health", "Details", "Findings"), rows, (44.0, 40.0, 76.0, 18.0))


def _telemetry(sheets: Sheets, report: ReportContent) -> None:
    _section(sheets, "Telemetry")
    if not report.telemetry:
        sheets.paragraph("The agents sent no telemetry.")
        return
    rows = (
        (
            Cell(kind, _BOLD if kind == "Total" else _NORMAL),
            Cell(f"{count:,}", right=True),
            Cell(f"{size:,}", right=True),
        )
        for kind, count, size in report.telemetry
    )
    sheets.table(("Message type", "Messages", "Bytes"), rows, (110.0, 34.0, 34.0))

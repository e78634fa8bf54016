r"""Renders a report as PDF, in the order and the words of the HTML page.

The font is Helvetica, which every PDF reader has. It covers code page 1252; other characters are escaped (``\u4e2d``).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from fpdf import FPDF, FontFace

from ..clock.moments import format_iso
from ..state.findings import SEVERITIES
from .content import FindingEntry, HostFindings, Pairs, ReportContent, SeverityCounts, SeverityFindings
from .escaping import to_cp1252

_Color = tuple[int, int, int]
_Cell = str | tuple[str, FontFace]
"""A cell of a table: its text, with or without a style."""

_INK: _Color = (22, 25, 31)
_GRAY: _Color = (84, 91, 100)
_GREEN: _Color = (26, 112, 52)
_LINE: _Color = (213, 219, 219)
_BAR_BACKGROUND: _Color = (237, 240, 241)
_SEVERITY_COLORS: dict[str, _Color] = {
    "High": (179, 38, 30),
    "Medium": (168, 74, 0),
    "Low": (122, 98, 0),
    "Informational": (11, 92, 173),
    "Undefined": _GRAY,
}

# All lengths are in millimeters, on pages of A4.
_SIDE_MARGIN, _TOP_MARGIN, _BOTTOM_MARGIN, _FOOTER_Y = 16.0, 16.0, 17.0, -13.0
_INDENT = 4.0
_COLUMN_GAP = 3.0
_FONT_SIZE_POINTS = 9.5
_LINE_HEIGHT_PER_POINT = 1.32 * 25.4 / 72

_MAX_CELL_CHARACTERS = 256
"""Tables cut longer values, because fpdf2 raises an exception when a row does not fit on a page."""


def _style(size: float = _FONT_SIZE_POINTS, color: _Color = _INK, *, bold: bool = False) -> FontFace:
    return FontFace(size_pt=size, color=color, emphasis="B" if bold else None)


_NORMAL, _BOLD, _QUIET = _style(), _style(bold=True), _style(color=_GRAY)
_SMALL, _SMALL_QUIET, _SMALL_HEADING = _style(8.5), _style(8.5, _GRAY), _style(8.5, _GRAY, bold=True)
_LEAD, _FOOTER = _style(11.5), _style(8, _GRAY)


def _line_height(style: FontFace) -> float:
    return (style.size_pt or _FONT_SIZE_POINTS) * _LINE_HEIGHT_PER_POINT


def render_pdf(report: ReportContent) -> bytes:
    """The report as a PDF of A4 pages. ImportError without fpdf2."""
    pdf = _ReportPdf()
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


class _ReportPdf(FPDF):
    """An A4 document: headings, paragraphs, facts and tables, one below the other."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.core_fonts_encoding = "windows-1252"
        self.alias_nb_pages("")  # else fpdf2 would replace "{nb}" in the text of a finding
        self.set_creator("mock_inspector")
        self.set_lang("en")
        self.set_margins(_SIDE_MARGIN, _TOP_MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, _BOTTOM_MARGIN)
        self.set_font("Helvetica", size=_FONT_SIZE_POINTS)
        self.set_text_color(*_INK)
        self.add_page()

    def normalize_text(self, text: str) -> str:
        """fpdf2 calls this for all text that it measures or draws."""
        return super().normalize_text(to_cp1252(text.expandtabs(4)))

    def reserve(self, height: float) -> None:
        """Start a new page unless this one has room for ``height``."""
        if self.will_page_break(height):
            self.add_page()

    def skip(self, height: float) -> None:
        """Leave space, but none at the top of a page."""
        if self.y > self.t_margin:
            self.y += height

    def add_section(self, name: str, *, keep: float = 40.0) -> None:
        """Add a heading that stays on one page with the ``keep`` millimeters that follow."""
        self.skip(8)
        self.reserve(10 + keep)
        self.start_section(name)
        self.add_text(name, _style(15, bold=True))
        self.skip(2)

    def add_subsection(self, name: str) -> None:
        self.skip(4)
        self.reserve(40)
        self.add_text(name, _style(12, bold=True))
        self.skip(1)

    def add_text(self, text: str, style: FontFace = _NORMAL, *, indent: float = 0.0, width: float = 0.0) -> None:
        """Add a paragraph, as wide as the page unless a width is given."""
        self.x = self.l_margin + indent
        width = width or self.epw - indent
        with self.use_font_face(style):
            if "\n" not in text and self.get_string_width(text) <= width:
                # multi_cell draws the same, but takes several times as long.
                self.cell(width, _line_height(style), text, new_x="LMARGIN", new_y="NEXT")
            else:
                self.multi_cell(width, _line_height(style), text, align="L", new_x="LMARGIN", new_y="NEXT")

    def add_recommendation(self, text: str) -> None:
        self.skip(0.8)
        self.set_left_margin(_SIDE_MARGIN + _INDENT)
        with self.use_font_face(_BOLD):
            self.write(_line_height(_BOLD), "Recommendation: ")
        with self.use_font_face(_NORMAL):
            self.write(_line_height(_NORMAL), text)
        self.set_left_margin(_SIDE_MARGIN)
        self.ln(_line_height(_NORMAL))

    def add_facts(self, pairs: Pairs, *, indent: float = 0.0, name_width: float = 46.0, small: bool = False) -> None:
        """Add names and values in two columns. The values may be longer than a page."""
        name_style, value_style = (_SMALL_QUIET, _SMALL) if small else (_QUIET, _NORMAL)
        for name, value in pairs:
            self.reserve(_line_height(value_style))
            top, page = self.y, self.page
            self.add_text(name, name_style, indent=indent, width=name_width - _COLUMN_GAP)
            bottom, self.y = self.y, top if self.page == page else self.t_margin
            page = self.page
            self.add_text(value, value_style, indent=indent + name_width)
            if self.page == page:
                self.y = max(self.y, bottom)

    def add_attributes(self, heading: str, pairs: Pairs) -> None:
        if pairs:
            self.skip(0.8)
            self.reserve(2 * _line_height(_SMALL))
            self.add_text(heading, _SMALL_HEADING, indent=_INDENT)
            self.add_facts(pairs, indent=_INDENT, small=True)

    def add_table(
        self, head: Sequence[str], rows: Iterable[Sequence[_Cell]], widths: Sequence[float], *, numbers_from: int
    ) -> None:
        """Add a table. The columns from index ``numbers_from`` on are aligned to the right."""
        self.set_draw_color(*_LINE)
        self.set_line_width(0.2)
        with self.table(
            borders_layout="HORIZONTAL_LINES",
            col_widths=tuple(widths),
            headings_style=_SMALL_HEADING,
            line_height=_line_height(_NORMAL),
            v_align="TOP",
        ) as table:
            for cells in (head, *rows):
                row = table.row()
                for index, cell in enumerate(cells):
                    text, style = (cell, None) if isinstance(cell, str) else cell
                    is_number = index >= numbers_from
                    padding = (0.8, 0.0 if is_number else _COLUMN_GAP, 0.8, 0.0)
                    row.cell(text, align="RIGHT" if is_number else "LEFT", style=style, padding=padding)

    def add_rule(self, color: _Color = _LINE, thickness: float = 0.2) -> None:
        """Add a line across the page."""
        self.y += 0.8
        self.set_draw_color(*color)
        self.set_line_width(thickness)
        self.line(self.l_margin, self.y, self.l_margin + self.epw, self.y)
        self.y += 0.8

    def add_footers(self, text: str) -> None:
        """Add the footer of each page. This comes last, because only then is the number of pages known."""
        self.set_auto_page_break(False)
        with self.use_font_face(_FOOTER):
            while self.get_string_width(text) > 145:  # noqa: PLR2004
                text = f"{text[:-2]}…"
        for number in range(1, self.pages_count + 1):
            self.page = number
            with self.use_font_face(_FOOTER):
                self.set_xy(self.l_margin, _FOOTER_Y)
                self.cell(145, 5, text)
                self.cell(0, 5, f"Page {number:,} of {self.pages_count:,}", align="R")


def _one_line(text: str) -> str:
    """A text as it stands in a table."""
    text = " ".join(to_cp1252(text).split())
    return text if len(text) <= _MAX_CELL_CHARACTERS else f"{text[:_MAX_CELL_CHARACTERS]}…"


def _joined(pairs: Pairs) -> str:
    return " · ".join(f"{name}: {value}" for name, value in pairs)


def _add_summary(pdf: _ReportPdf, report: ReportContent) -> None:
    pdf.add_text("Amazon Inspector", _style(10, _GRAY))
    pdf.add_text(report.title, _style(20, bold=True))
    pdf.add_text(report.run_name, _LEAD)
    pdf.add_rule(thickness=0.6)
    pdf.add_section("Executive summary")
    pdf.add_text(report.summary, _LEAD)
    _add_chart(pdf, report)
    pdf.add_subsection("The assessment")
    pdf.add_facts(report.facts)
    pdf.skip(1)
    pdf.add_facts(report.resources, name_width=34, small=True)
    if report.by_package:
        _add_counts(pdf, "Findings by rules package", "Rules package", report.by_package)
    if report.by_instance:
        _add_counts(pdf, "Findings by instance", "Instance", report.by_instance)


def _add_chart(pdf: _ReportPdf, report: ReportContent) -> None:
    """Counts by severity, as bars beside their figures."""
    pdf.add_subsection("Findings by severity")
    maximum = max((severity.count for severity in report.severities), default=0)
    _add_chart_row(pdf, _SMALL_QUIET, "Severity", "Findings", "Instances")
    for severity in report.severities:
        pdf.skip(0.8)
        _draw_bar(pdf, 1.0, _BAR_BACKGROUND)
        if severity.count:
            _draw_bar(pdf, max(severity.count / maximum, 0.01), _SEVERITY_COLORS[severity.name])
        _add_chart_row(pdf, _NORMAL, severity.name, f"{severity.count:,}", f"{severity.instances:,}")
    pdf.add_rule()
    _add_chart_row(pdf, _BOLD, "All", f"{report.total:,}", "")


def _add_chart_row(pdf: _ReportPdf, style: FontFace, name: str, findings: str, instances: str) -> None:
    with pdf.use_font_face(style):
        pdf.cell(122, _line_height(style), name)
        pdf.cell(28, _line_height(style), findings, align="R")
        pdf.cell(28, _line_height(style), instances, align="R", new_x="LMARGIN", new_y="NEXT")


def _draw_bar(pdf: _ReportPdf, share: float, color: _Color) -> None:
    with pdf.local_context(fill_color=color):
        pdf.rect(pdf.l_margin + 32, pdf.y + 0.3, 90 * share, 3.6, style="F")


def _add_counts(pdf: _ReportPdf, heading: str, first_column: str, rows: tuple[SeverityCounts, ...]) -> None:
    pdf.add_subsection(heading)
    pdf.add_table(
        (first_column, *SEVERITIES, "Total"),
        (
            (
                "\n".join(map(_one_line, filter(None, (row.name, row.note)))),
                *((f"{count:,}", _NORMAL if count else _QUIET) for count in row.counts),
                (f"{row.total:,}", _BOLD),
            )
            for row in rows
        ),
        (66, *(22 if name == "Informational" else 18 for name in SEVERITIES), 18),
        numbers_from=1,
    )


def _add_findings(pdf: _ReportPdf, report: ReportContent) -> None:
    severities = [severity for severity in report.severities if severity.count]
    pdf.add_section("Findings", keep=_severity_height(severities[0]) if severities else 10)
    for severity in severities:
        _add_severity(pdf, severity)
    if not severities:
        pdf.add_text("This run reported no findings.")


def _add_severity(pdf: _ReportPdf, severity: SeverityFindings) -> None:
    color = _SEVERITY_COLORS[severity.name]
    pdf.skip(4)
    pdf.reserve(_severity_height(severity))
    pdf.start_section(f"{severity.name} ({severity.count:,})", level=1)
    noun = "finding" if severity.count == 1 else "findings"
    pdf.add_text(f"{severity.name}: {severity.count:,} {noun}", _style(13, color, bold=True))
    for host in severity.hosts:
        _add_host(pdf, host, color)


def _add_host(pdf: _ReportPdf, host: HostFindings, color: _Color) -> None:
    pdf.skip(3)
    pdf.reserve(_host_height(host))
    pdf.add_rule(color, 0.5)
    pdf.add_text(host.name, _style(10.5, bold=True))
    if host.facts:
        pdf.add_text(_joined(host.facts), _SMALL_QUIET)
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


def _add_finding(pdf: _ReportPdf, finding: FindingEntry) -> None:
    pdf.skip(1.5)
    pdf.add_text(finding.title, _BOLD, indent=_INDENT)
    origin = " · ".join(filter(None, (finding.rule, finding.rules_package)))
    if origin:
        pdf.add_text(origin, _SMALL_QUIET, indent=_INDENT)
    if finding.description:
        pdf.add_text(finding.description, indent=_INDENT)
    if finding.recommendation:
        pdf.add_recommendation(finding.recommendation)
    pdf.add_attributes("Attributes", finding.attributes)
    pdf.add_attributes("User attributes", finding.user_attributes)


def _add_exclusions(pdf: _ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Exclusions")
    if not report.exclusions:
        pdf.add_text("Nothing was excluded from this assessment.")
    for exclusion in report.exclusions:
        pdf.skip(2)
        pdf.reserve(38)
        pdf.add_text(exclusion.title, _BOLD)
        pdf.add_text(exclusion.description, indent=_INDENT)
        pdf.add_recommendation(exclusion.recommendation)
        pdf.add_attributes("Scope", exclusion.scopes)
        pdf.add_attributes("Attributes", exclusion.attributes)


def _add_packages(pdf: _ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Rules packages")
    if not report.packages:
        pdf.add_text("The assessment template has no rules packages.")
    for package in report.packages:
        pdf.skip(2)
        pdf.reserve(25)
        pdf.add_text(package.name, _BOLD)
        pdf.add_text(package.result, _style(color=_GREEN if package.passed else _GRAY, bold=True), indent=_INDENT)
        if package.description:
            pdf.add_text(package.description, indent=_INDENT)
        pdf.add_text(_joined(package.facts), _SMALL_QUIET, indent=_INDENT)


def _add_agents(pdf: _ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Instances")
    if not report.agents:
        pdf.add_text("The target had no instances when the run started.")
        return
    pdf.add_table(
        ("Instance", "Agent health", "Details", "Findings"),
        (
            (
                _one_line(agent.name),
                f"{agent.health}\n{_one_line(agent.health_note)}",
                ("\n".join(f"{name}: {_one_line(value)}" for name, value in agent.facts) or "-", _SMALL),
                f"{agent.findings:,}",
            )
            for agent in report.agents
        ),
        (44, 40, 76, 18),
        numbers_from=3,
    )


def _add_telemetry(pdf: _ReportPdf, report: ReportContent) -> None:
    pdf.add_section("Telemetry")
    if not report.telemetry:
        pdf.add_text("The agents sent no telemetry.")
        return
    pdf.add_table(
        ("Message type", "Messages", "Bytes"),
        (
            (
                (message_type, _BOLD if message_type == "Total" else _NORMAL),
                f"{count:,}",
                "" if size is None else f"{size:,}",
            )
            for message_type, count, size in report.telemetry
        ),
        (110, 34, 34),
        numbers_from=1,
    )

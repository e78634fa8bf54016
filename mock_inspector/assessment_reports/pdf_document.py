r"""The pages of a PDF report: styles, texts, tables and footers.

The font is Helvetica, which every PDF reader has. It covers code page 1252; other characters are escaped (``\u4e2d``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fpdf import FPDF, FontFace
from fpdf.enums import MethodReturnValue

from .content import Pairs
from .escaping import to_cp1252

Color = tuple[int, int, int]
_Cell = str | tuple[str, FontFace]
"""A cell of a table: its text, with or without a style."""

_INK: Color = (22, 25, 31)
GRAY: Color = (84, 91, 100)
GREEN: Color = (26, 112, 52)
_LINE: Color = (213, 219, 219)
BAR_BACKGROUND: Color = (237, 240, 241)
SEVERITY_COLORS: dict[str, Color] = {
    "High": (179, 38, 30),
    "Medium": (168, 74, 0),
    "Low": (122, 98, 0),
    "Informational": (11, 92, 173),
    "Undefined": GRAY,
}

# All lengths are in millimeters, on pages of A4.
_SIDE_MARGIN, _TOP_MARGIN, _BOTTOM_MARGIN, _FOOTER_Y = 16.0, 16.0, 17.0, -13.0
INDENT = 4.0
_COLUMN_GAP = 3.0
_NAME_WIDTH = 46.0
_FONT_SIZE_POINTS = 9.5
_LINE_HEIGHT_PER_POINT = 1.32 * 25.4 / 72

_MAX_CELL_CHARACTERS = 256
"""Tables cut longer values, because fpdf2 raises an exception when a row does not fit on a page."""


def make_style(size: float = _FONT_SIZE_POINTS, color: Color = _INK, *, bold: bool = False) -> FontFace:
    return FontFace(size_pt=size, color=color, emphasis="B" if bold else None)


NORMAL, BOLD, QUIET = make_style(), make_style(bold=True), make_style(color=GRAY)
SMALL, SMALL_QUIET, _SMALL_HEADING = make_style(8.5), make_style(8.5, GRAY), make_style(8.5, GRAY, bold=True)
LEAD, _FOOTER = make_style(11.5), make_style(8, GRAY)
_SECTION, _SUBSECTION = make_style(15, bold=True), make_style(12, bold=True)

_RECOMMENDATION = "Recommendation: "

_MAX_GLYPH_WIDTH = 1.02
"""The width of the widest ASCII character, "@", as a part of the font size."""


def line_height(style: FontFace) -> float:
    return (style.size_pt or _FONT_SIZE_POINTS) * _LINE_HEIGHT_PER_POINT


class ReportPdf(FPDF):
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

    def has_room(self, height: float) -> bool:
        """Whether this page has room for ``height``."""
        return not self.will_page_break(height)

    def skip(self, height: float) -> None:
        """Leave space, but none at the top of a page."""
        if self.y > self.t_margin:
            self.y += height

    def add_section(self, name: str, *, keep: float = 40.0) -> None:
        """Add a heading that stays on one page with the ``keep`` millimeters that follow."""
        self.skip(8)
        self.reserve(line_height(_SECTION) + 2 + keep)
        self.start_section(name)
        self.add_text(name, _SECTION)
        self.skip(2)

    def add_subsection(self, name: str, *, keep: float = 40.0) -> None:
        """Add a smaller heading that stays on one page with the ``keep`` millimeters that follow."""
        self.skip(4)
        self.reserve(line_height(_SUBSECTION) + 1 + keep)
        self.add_text(name, _SUBSECTION)
        self.skip(1)

    def add_text(self, text: str, style: FontFace = NORMAL, *, indent: float = 0.0, width: float = 0.0) -> None:
        """Add a paragraph, as wide as the page unless a width is given."""
        self.x = self.l_margin + indent
        width = width or self.epw - indent
        with self.use_font_face(style):
            if self._is_one_line(text, width):
                # multi_cell draws the same, but takes several times as long.
                self.cell(width, line_height(style), text, new_x="LMARGIN", new_y="NEXT")
            else:
                self.multi_cell(width, line_height(style), text, align="L", new_x="LMARGIN", new_y="NEXT")

    def _is_one_line(self, text: str, width: float) -> bool:
        if "\n" in text:
            return False
        # Most texts are so short that no characters would fill the line; measuring them takes longer.
        surely = text.isascii() and "\t" not in text and len(text) * self.font_size * _MAX_GLYPH_WIDTH <= width
        return surely or bool(self.get_string_width(text) <= width)

    def measure_text(
        self, text: str, style: FontFace = NORMAL, *, indent: float = 0.0, width: float = 0.0, max_lines: int = 0
    ) -> float:
        """Return the height of the paragraph that ``add_text`` would add, or of its first ``max_lines`` lines."""
        width = width or self.epw - indent
        with self.use_font_face(style):
            if self._is_one_line(text, width):
                lines = 1
            else:
                # Nothing is drawn; but at the foot of a page, a new page would begin.
                self.set_auto_page_break(False)
                result = self.multi_cell(width, 1, text, align="L", dry_run=True, output=MethodReturnValue.LINES)
                self.set_auto_page_break(True, _BOTTOM_MARGIN)
                lines = len(result)  # type: ignore[arg-type]  # its type depends on `output`
        return min(lines, max_lines or lines) * line_height(style)

    def measure_recommendation(self, text: str) -> float:
        """Return the height of a recommendation, or a line more."""
        return 0.8 + self.measure_text(f"{_RECOMMENDATION}{text}", BOLD, indent=INDENT)

    def measure_attributes(self, pairs: Pairs) -> float:
        """Return the height of attributes with their heading."""
        width = _NAME_WIDTH - _COLUMN_GAP
        return (0.8 + line_height(_SMALL_HEADING) if pairs else 0.0) + sum(
            max(
                self.measure_text(name, SMALL_QUIET, width=width),
                self.measure_text(value, SMALL, indent=INDENT + _NAME_WIDTH),
            )
            for name, value in pairs
        )

    def add_recommendation(self, text: str) -> None:
        self.skip(0.8)
        self.set_left_margin(_SIDE_MARGIN + INDENT)
        with self.use_font_face(BOLD):
            self.write(line_height(BOLD), _RECOMMENDATION)
        with self.use_font_face(NORMAL):
            self.write(line_height(NORMAL), text)
        self.set_left_margin(_SIDE_MARGIN)
        self.ln(line_height(NORMAL))

    def add_facts(
        self, pairs: Pairs, *, indent: float = 0.0, name_width: float = _NAME_WIDTH, small: bool = False
    ) -> None:
        """Add names and values in two columns. The values may be longer than a page."""
        name_style, value_style = (SMALL_QUIET, SMALL) if small else (QUIET, NORMAL)
        for name, value in pairs:
            self.reserve(line_height(value_style))
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
            self.reserve(2 * line_height(SMALL))
            self.add_text(heading, _SMALL_HEADING, indent=INDENT)
            self.add_facts(pairs, indent=INDENT, small=True)

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
            line_height=line_height(NORMAL),
            v_align="TOP",
        ) as table:
            for cells in (head, *rows):
                row = table.row()
                for index, cell in enumerate(cells):
                    text, style = (cell, None) if isinstance(cell, str) else cell
                    is_number = index >= numbers_from
                    padding = (0.8, 0.0 if is_number else _COLUMN_GAP, 0.8, 0.0)
                    row.cell(text, align="RIGHT" if is_number else "LEFT", style=style, padding=padding)

    def add_rule(self, color: Color = _LINE, thickness: float = 0.2) -> None:
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


def one_line(text: str) -> str:
    """A text as it stands in a table."""
    text = " ".join(to_cp1252(text).split())
    return text if len(text) <= _MAX_CELL_CHARACTERS else f"{text[:_MAX_CELL_CHARACTERS]}…"

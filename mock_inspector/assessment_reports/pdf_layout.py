"""Sheets of paper for a PDF: text set line by line, pages broken where they are full.

fpdf2's own paragraphs and tables take milliseconds each, which a report of 10,000 findings multiplies to minutes; its
bare ``text`` takes microseconds, so lines are broken here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from fpdf import FPDF

from .escaping import to_cp1252

Colour = tuple[int, int, int]

INK: Colour = (22, 25, 31)
QUIET: Colour = (84, 91, 100)
LINE: Colour = (213, 219, 219)

_LEFT, _RIGHT, _TOP, _BOTTOM = 16.0, 194.0, 18.0, 277.0  # of an A4 page, in millimetres
_GAP = 3.0  # between the columns of a table
_POINT = 25.4 / 72
_PAGES = "{pages}"  # stands for their number until it is known, and is wider than any


@dataclass(frozen=True, slots=True)
class Type:
    """How text is set: size in points, weight, colour."""

    size: float = 9.5
    bold: bool = False
    colour: Colour = INK

    @property
    def leading(self) -> float:
        """The distance between lines, in millimetres."""
        return self.size * 1.32 * _POINT


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a column of a row."""

    text: str
    type: Type = Type()
    right: bool = False


class _Paper(FPDF):
    """Pages with a footer."""

    foot = ""

    def footer(self) -> None:
        """Called by fpdf2 when a page is done."""
        self.set_font("Helvetica", "", 8)
        self.set_text_color(*QUIET)
        self.text(_LEFT, 287, self.foot)
        self.set_xy(_RIGHT - 30, 283.2)
        self.cell(30, 5, f"Page {self.page_no():,} of {_PAGES}")


class Sheets:
    """A PDF in the making. ``y`` is where the next line begins, in millimetres from the top."""

    left, right = _LEFT, _RIGHT

    def __init__(self, title: str, footer: str, created: datetime.datetime) -> None:
        self._paper = _Paper(format="A4")
        self._paper.core_fonts_encoding = "windows-1252"
        self._paper.set_auto_page_break(False)
        self._paper.alias_nb_pages(_PAGES)
        self._paper.set_title(to_cp1252(title))
        self._paper.set_creator("mock_inspector")
        self._paper.set_lang("en")
        self._paper.set_creation_date(created)
        self._widths = (_Widths(self._paper, ""), _Widths(self._paper, "B"))
        self._paper.foot = _fitting(to_cp1252(footer), 145.0, self._widths[0], 8)
        self.y = _TOP
        self._begin_page()

    def output(self) -> bytes:
        """The whole document."""
        return bytes(self._paper.output())

    def _begin_page(self) -> None:
        self._paper.add_page()
        self.y = _TOP

    def need(self, height: float) -> None:
        """Begin a new page when less than ``height`` is left on this one."""
        if self.y + height > _BOTTOM:
            self._begin_page()

    def skip(self, height: float) -> None:
        """Leave some space, not at the top of a page."""
        if self.y > _TOP:
            self.y += height

    def bookmark(self, name: str, level: int) -> None:
        """An entry in the outline that leads here."""
        self._paper.start_section(to_cp1252(name)[:200], level=level)

    def lines(self, text: str, type_: Type, width: float) -> list[str]:
        """``text`` broken into lines of at most ``width``."""
        return _broken(to_cp1252(text), width, self._widths[type_.bold], type_.size)

    def _set(self, x: float, line: str, type_: Type, right: float | None = None) -> None:
        if not line:
            return
        paper = self._paper
        paper.set_font("Helvetica", "B" if type_.bold else "", type_.size)
        paper.set_text_color(*type_.colour)
        if right is not None:
            x = right - self._widths[type_.bold].of(line) * type_.size
        paper.text(x, self.y + type_.size * _POINT, line)

    def paragraph(self, text: str, type_: Type = Type(), *, indent: float = 0.0, keep: float = 0.0) -> None:
        """Set a paragraph; ``keep`` millimetres that follow its first line stay with it on the page."""
        first = True
        for line in self.lines(text, type_, _RIGHT - _LEFT - indent):
            self.need(type_.leading + (keep if first else 0))
            self._set(_LEFT + indent, line, type_)
            self.y += type_.leading
            first = False

    def labelled(self, label: str, text: str, type_: Type = Type(), *, indent: float = 0.0) -> None:
        """A paragraph that begins with a bold label."""
        before = self._widths[True].of(label) * type_.size + 1.2
        width = _RIGHT - _LEFT - indent
        lines = _broken(to_cp1252(text), width, self._widths[type_.bold], type_.size, taken=before)
        self.need(type_.leading)
        self._set(_LEFT + indent, label, replace(type_, bold=True))
        for place, line in enumerate(lines):
            self.need(type_.leading)
            self._set(_LEFT + indent + (0 if place else before), line, type_)
            self.y += type_.leading

    def row(self, cells: Sequence[Cell], widths: Sequence[float], *, indent: float = 0.0) -> None:
        """Set cells side by side; a short row is not torn apart, a long one goes on at the next page."""
        columns = self._columns(cells, widths)
        self.need(_kept(columns, cells))
        self._row(cells, columns, widths, indent)

    def _columns(self, cells: Sequence[Cell], widths: Sequence[float]) -> list[list[str]]:
        return [self.lines(cell.text, cell.type, width - _GAP) for cell, width in zip(cells, widths, strict=True)]

    def _row(
        self, cells: Sequence[Cell], columns: Sequence[list[str]], widths: Sequence[float], indent: float = 0.0
    ) -> None:
        leading = max(cell.type.leading for cell in cells)
        for place in range(max(map(len, columns))):
            self.need(leading)
            x = _LEFT + indent
            for cell, column, width in zip(cells, columns, widths, strict=True):
                if place < len(column):
                    self._set(x, column[place], cell.type, x + width - _GAP if cell.right else None)
                x += width
            self.y += leading

    def table(self, head: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[float]) -> None:
        """A table whose head is repeated on each page."""
        bold = Type(8.5, bold=True, colour=QUIET)
        page = -1
        for cells in rows:
            columns = self._columns(cells, widths)
            # A head does not stand alone: where there is none yet, the row makes room for it as well.
            self.need(_kept(columns, cells) + 2 + (0 if self._paper.page_no() == page else 2 * bold.leading))
            if self._paper.page_no() != page:
                self.row([Cell(name, bold, cell.right) for name, cell in zip(head, cells, strict=True)], widths)
                self.rule()
            self._row(cells, columns, widths)
            page = self._paper.page_no()
            self.rule()

    def rule(self, colour: Colour = LINE, thickness: float = 0.2) -> None:
        """A line across the page."""
        self.y += 0.8
        self._paper.set_draw_color(*colour)
        self._paper.set_line_width(thickness)
        self._paper.line(_LEFT, self.y, _RIGHT, self.y)
        self.y += 0.8

    def bar(self, x: float, width: float, height: float, colour: Colour) -> None:
        """A filled bar that begins at this height."""
        self._paper.set_fill_color(*colour)
        self._paper.rect(x, self.y, width, height, style="F")


def _kept(columns: Sequence[list[str]], cells: Sequence[Cell]) -> float:
    """The height that a row wants on one page: all of it when it is short, a line when it is long."""
    leading = max(cell.type.leading for cell in cells)
    height = leading * max(map(len, columns))
    return height if height < (_BOTTOM - _TOP) / 3 else leading


class _Widths:
    """How wide text is in one of the fonts: millimetres for each point of its size."""

    def __init__(self, paper: FPDF, style: str) -> None:
        paper.set_font("Helvetica", style, 100)
        characters = bytes(range(32, 256)).decode("cp1252", "ignore")
        self._of = {character: paper.get_string_width(character) / 100 for character in characters}
        self._widest = max(self._of.values())
        self._word = lru_cache(maxsize=4096)(self.measured)

    def measured(self, text: str) -> float:
        return sum(self._of.get(character, self._widest) for character in text)

    def of(self, text: str) -> float:
        """The width of a text; that of words is remembered."""
        return self._word(text) if len(text) < 40 else self.measured(text)  # noqa: PLR2004  longer ones seldom recur


def _broken(text: str, width: float, widths: _Widths, size: float, taken: float = 0.0) -> list[str]:
    """``text`` in lines: broken at its line feeds, at spaces, and within words that are longer than a line.

    ``taken`` is what the first line has less room than the others.
    """
    limit, space, used = width / size, widths.of(" "), taken / size
    lines: list[str] = []
    for paragraph in text.expandtabs(4).split("\n"):
        words: list[str] = []
        for word in paragraph.split(" "):
            own = widths.of(word)
            if used and used + space + own > limit:
                lines.append(" ".join(words))
                words, used = [], 0.0
            if own > limit:
                *full, word = _pieces(word, limit, widths)  # noqa: PLW2901  what is left begins the next line
                lines += full
                own = widths.of(word)
            used += own + (space if words else 0.0)
            words.append(word)
        lines.append(" ".join(words))
        used = 0.0
    return lines


def _pieces(word: str, limit: float, widths: _Widths) -> list[str]:
    """A word that is longer than a line, in pieces that are not."""
    pieces: list[str] = []
    begin, used = 0, 0.0
    for place, character in enumerate(word):
        own = widths.of(character)
        if used + own > limit and place > begin:
            pieces.append(word[begin:place])
            begin, used = place, 0.0
        used += own
    return [*pieces, word[begin:]]


def _fitting(text: str, width: float, widths: _Widths, size: float) -> str:
    """``text``, or as much of its beginning as fits on one line of ``width``."""
    first, *more = _broken(text, width, widths, size)
    return f"{first}…" if more else first

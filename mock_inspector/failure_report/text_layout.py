"""Text that fits a terminal: printable, measured in columns, cut and wrapped."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

CUT = "…"
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"  # printable() leaves none in a text.
_MAX_UNBROKEN_COLUMNS = 50


def printable(text: str) -> str:
    """Escape everything that a terminal does not show as a character: controls, halves of surrogate pairs."""
    return text if text.isprintable() else "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode-escape", "surrogatepass").decode("ascii")


def width(text: str) -> int:
    """Return how many columns a printable text takes."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def _char_width(char: str) -> int:
    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def clip(text: str, columns: int) -> str:
    """Cut a text to so many columns."""
    return text if width(text) <= columns else _split(text, max(0, columns - 1))[0] + CUT


def _split(text: str, columns: int) -> tuple[str, str]:
    """Split a text after so many columns."""
    used = 0
    for index, char in enumerate(text):
        used += _char_width(char)
        if used > columns:
            return text[:index], text[index:]
    return text, ""


def wrap(text: str, columns: int, indent: str = "", first: str | None = None) -> list[str]:
    """Wrap a text to so many columns, at spaces if possible. ``textwrap`` does not know characters of two columns.

    Lines begin with ``indent``, the first one with ``first``.
    """
    lines = []
    line, empty = indent if first is None else first, True
    for word in text.split(" "):
        rest = word
        if not empty and width(line) + 1 + width(rest) > columns:
            lines.append(line)
            line, empty = indent, True
        while width(line) + width(rest) + (not empty) > columns:
            part, rest = _split(rest, columns - width(line))
            lines.append(line + part)
            line = indent
        line, empty = (line + rest if empty else f"{line} {rest}"), False
    return [*lines, line]


def keep_together(text: str) -> str:
    """Protect a text of up to half a line from being broken at its spaces, until :func:`release`."""
    return text.replace(" ", _NO_BREAK_SPACE) if width(text) <= _MAX_UNBROKEN_COLUMNS else text


def release(lines: list[str]) -> list[str]:
    """Return the lines with plain spaces (see :func:`keep_together`)."""
    return [line.replace(_NO_BREAK_SPACE, " ") for line in lines]


def join_items(title: str, items: list[str], columns: int, indent: str, first: str) -> list[str]:
    """Join items with commas and wrap them. An item is not broken."""
    return release(wrap(title + ", ".join(map(keep_together, items)), columns, indent, first))


def truncate_list(items: list[str], total: int) -> str:
    """Join items with commas, and say how many more of ``total`` there are."""
    return ", ".join(items if total <= len(items) else [*items, f"{CUT} {total - len(items):,} more"])

"""Text that fits: made printable, measured in a terminal's columns, cut and wrapped to them."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

CUT = "…"
_UNBROKEN = "\N{NO-BREAK SPACE}"  # printable() leaves none
_GLUED = 50


def printable(text: str) -> str:
    """The text with everything escaped that a terminal would not show as a character: controls, half surrogates."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    return sign.encode("unicode-escape", "surrogatepass").decode("ascii")


def width(text: str) -> int:
    """How many columns a printable text takes."""
    return len(text) if text.isascii() else sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    return 0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1


def clipped(text: str, columns: int) -> str:
    """The text, cut to so many columns."""
    if width(text) <= columns:
        return text
    kept, _ = _split(text, max(0, columns - 1))
    return kept + CUT


def _split(text: str, columns: int) -> tuple[str, str]:
    """What of the text fits in so many columns, and the rest."""
    used = 0
    for place, sign in enumerate(text):
        used += _columns(sign)
        if used > columns:
            return text[:place], text[place:]
    return text, ""


def wrapped(text: str, columns: int, indent: str = "", first: str | None = None) -> list[str]:
    """The text in lines of so many columns, broken at spaces where there are any, indented (the ``first`` one so)."""
    lines = []
    line, empty = indent if first is None else first, True
    for word in text.split(" "):
        rest = word
        if not empty and width(line) + 1 + width(rest) > columns:
            lines.append(line)
            line, empty = indent, True
        while width(line) + width(rest) + (not empty) > columns:
            fits, rest = _split(rest, columns - width(line))
            lines.append(line + fits)
            line = indent
        line, empty = (line + rest if empty else f"{line} {rest}"), False
    return [*lines, line]


def glued(text: str) -> str:
    """The text as one that is not broken at its spaces, when it is no longer than half a line; see :func:`unglued`."""
    return text.replace(" ", _UNBROKEN) if width(text) <= _GLUED else text


def unglued(lines: list[str]) -> list[str]:
    """The lines with plain spaces."""
    return [line.replace(_UNBROKEN, " ") for line in lines]


def itemized(title: str, items: list[str], columns: int, indent: str, first: str) -> list[str]:
    """The items with commas, in lines of so many columns that are not broken within one."""
    return unglued(wrapped(title + ", ".join(map(glued, items)), columns, indent, first))


def listed(items: list[str], total: int) -> str:
    """The items with commas, and how many more there are of ``total``."""
    return ", ".join(items if total <= len(items) else [*items, f"{CUT} {total - len(items):,} more"])

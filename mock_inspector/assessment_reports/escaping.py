"""Escapes the characters that a report cannot show, or that would deceive its reader.

Hostnames, tags and the texts of findings may hold anything.
"""

from __future__ import annotations

import re
import unicodedata

# Characters that cannot be seen, or that change how others look: control characters except line feed and tab,
# direction marks, line separators, surrogates and noncharacters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def escape_invisible(text: object) -> str:
    r"""The text with its invisible characters escaped, for example as ``\u202e``."""
    return _INVISIBLE.sub(_escape, str(text).replace("\r\n", "\n"))


def to_cp1252(text: str) -> str:
    """The text with all characters escaped that are not in code page 1252, the one of the fonts in PDF readers."""
    return unicodedata.normalize("NFC", text).encode("cp1252", "backslashreplace").decode("cp1252")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:  # noqa: PLR2004  the widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004

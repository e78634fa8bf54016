"""Text from anywhere made fit to be read: an instance's tag or hostname may be hostile, and should show it."""

from __future__ import annotations

import re
import unicodedata

# What is not seen, or changes how its surroundings are seen: control characters but line feed and tab, marks that
# change the direction of text, separators that are no spaces, halves of surrogate pairs, and what is no character.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def escape_invisible(text: object) -> str:
    r"""``text`` with all that is not to be seen in it written out, as ``\u202e``."""
    return _UNSEEN.sub(_written_out, str(text).replace("\r\n", "\n"))


def to_cp1252(text: str) -> str:
    """``text`` in the characters of the PDF's own fonts (code page 1252), all others written out."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        composed = unicodedata.normalize("NFC", text)
        return "".join(character if _is_cp1252(character) else _escaped(character) for character in composed)
    return text


def _is_cp1252(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _written_out(match: re.Match[str]) -> str:
    return _escaped(match[0])


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004  as Python writes them
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004

"""Generated ids: repeatable from run to run, set where a test asks for it."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from ..api.identifiers import UNPREFIXED_ID_PATTERN
from ..errors import short_repr

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 8
_ID = re.compile(rf"(?:0-)?({UNPREFIXED_ID_PATTERN})")


class IdsState(NamedTuple):
    """How many ids were generated, and the next ids that a test has set."""

    generated: int
    next_ids: list[str]


class Ids:
    """Generates the ids of one account in one region.

    An id is a hash of the seed and a counter. Ids may collide, so callers try again until one is free.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode("utf-8", "surrogatepass")
        self._generated = 0
        self._next_ids: deque[str] = deque()

    def set_next(self, *ids: str) -> None:
        """Set the next ids, in order. ValueError for an id of another form."""
        validated = []
        for text in ids:
            match = _ID.fullmatch(text) if type(text) is str else None
            if match is None:
                several = isinstance(text, (list, tuple)) and all(isinstance(entry, str) for entry in text)
                suggestion = f"; did you mean next_ids({', '.join(map(repr, text))})?" if several else ""
                raise ValueError(f"next_ids must have the form '0-nvgVhaxX'; got {short_repr(text)}{suggestion}")
            validated.append(f"0-{match[1]}")
        self._next_ids.extend(validated)

    def state(self) -> IdsState:
        """Return what :meth:`resume` needs to go on from here."""
        return IdsState(self._generated, list(self._next_ids))

    def resume(self, generated: int, next_ids: Iterable[str]) -> None:
        """Go on from a :meth:`state`."""
        self._generated, self._next_ids = generated, deque(next_ids)

    def generate(self) -> str:
        """Return the next id: ``0-`` and eight of ``[A-Za-z0-9]``."""
        if self._next_ids:
            return self._next_ids.popleft()
        number = int.from_bytes(self._digest(8), "big")
        characters = []
        for _ in range(_LENGTH):
            number, digit = divmod(number, len(_ALPHABET))
            characters.append(_ALPHABET[digit])
        return "0-" + "".join(characters)

    def hexadecimal(self, digits: int) -> str:
        """Return the next lower-case hexadecimal digits, up to 128, for ids of other forms."""
        return self._digest(64).hex()[:digits]

    def uuid(self) -> str:
        """Return the next lower-case UUID."""
        text = self.hexadecimal(32)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _digest(self, size_bytes: int) -> bytes:
        self._generated += 1
        return hashlib.blake2b(self._seed + b"\n%d" % self._generated, digest_size=size_bytes).digest()

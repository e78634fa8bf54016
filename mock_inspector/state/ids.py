"""Minting of ids: repeatable from run to run, never twice the same, pinned where a test asks for it."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 8
_SPACE = len(_ALPHABET) ** _LENGTH
_PINNED = re.compile(r"(?:0-)?([A-Za-z0-9]{8})")


class Ids:
    """Mints the ids of one account in one region.

    The n-th id is an affine function of n over all ids of the form ``0-`` and eight of ``[A-Za-z0-9]``, its two
    constants drawn from ``seed``: unique without keeping any, and the same for the same seed. Pinned ones may collide; whoever asks tries again.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        digest = hashlib.blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        # A factor that shares no divisor with 62**8 (2 and 31) makes the function a permutation.
        factor = int.from_bytes(digest[:8], "big") | 1
        self._factor = factor if factor % 31 else factor + 2
        self._offset = int.from_bytes(digest[8:], "big")
        self._minted = 0
        self._others = 0
        self._pinned: deque[str] = deque()

    def pin(self, *ids: str) -> None:
        """Make ``ids`` the next to be minted, in order. ValueError for one of another form."""
        wanted = []
        for text in ids:
            match = _PINNED.fullmatch(text) if type(text) is str else None
            if match is None:
                raise ValueError(f"next_ids: takes ids of the form '0-nvgVhaxX', got {text!r}")
            wanted.append(f"0-{match[1]}")
        self._pinned.extend(wanted)

    def counts(self) -> tuple[int, int, list[str]]:
        """How many ids were minted, how many of other forms, and those that are pinned."""
        return self._minted, self._others, list(self._pinned)

    def resume(self, minted: int, others: int, pinned: Iterable[str]) -> None:
        """Go on from :meth:`counts`."""
        self._minted, self._others, self._pinned = minted, others, deque(pinned)

    def mint(self) -> str:
        """The next id: ``0-`` and eight characters."""
        if self._pinned:
            return self._pinned.popleft()
        own_id = _spelled((self._minted * self._factor + self._offset) % _SPACE)
        self._minted += 1
        return own_id

    def hexadecimal(self, digits: int) -> str:
        """A fresh run of lower-case hexadecimal digits (up to 128), for ids of other forms."""
        self._others += 1
        text = f"{self._seed}\n{self._others}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]

    def uuid(self) -> str:
        """A fresh lower-case UUID."""
        text = self.hexadecimal(32)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _spelled(number: int) -> str:
    """A number below 62**8 as an id."""
    characters = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 62)
        characters.append(_ALPHABET[digit])
    return "0-" + "".join(characters)

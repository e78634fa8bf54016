"""What list filters mean: name patterns and ranges (data types ``...Filter`` of the API reference)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from ..errors import InvalidInputException


@lru_cache(maxsize=256)
def name_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a name matches: ``*`` is any run of characters, ``?`` one character; case-sensitive and anchored.

    The pieces between the stars are looked for from left to right, each at its first place, which needs no
    backtracking: no pattern, however hostile, takes long.
    """
    first, *rest = [
        re.compile("".join("." if character == "?" else re.escape(character) for character in piece), re.DOTALL)
        for piece in re.sub(r"\*+", "*", pattern).split("*")
    ]
    if not rest:
        return lambda name: first.fullmatch(name) is not None
    *middle, last = rest
    tail = len(pattern) - pattern.rindex("*") - 1

    def matches(name: str) -> bool:
        found = first.match(name)
        for piece in middle:
            if found is None:
                return False
            found = piece.search(name, found.end())
        return found is not None and found.end() <= len(name) - tail and bool(last.fullmatch(name, len(name) - tail))

    return matches


class Range(NamedTuple):
    """A range filter: its member, the ``errorCode`` for one whose ends are swapped, the value that must lie in it."""

    member: str
    code: str
    value: Callable[[Any], float | None]


def in_ranges(wanted: dict[str, Any], ranges: Iterable[Range]) -> Callable[[Any], bool]:
    """Whether an item lies in each of the ranges of a filter, both ends included, either of them open.

    A range with both ends open says nothing; an item without the value lies in no other range.
    """
    limits = []
    for member, code, value in ranges:
        low, high = ("minSeconds", "maxSeconds") if member == "durationRange" else ("beginDate", "endDate")
        bounds = wanted.get(member, {})
        least, most = bounds.get(low, -math.inf), bounds.get(high, math.inf)
        if least > most:
            raise InvalidInputException(f"filter.{member}: {low} lies after {high}.", errorCode=code)
        if bounds:
            limits.append((value, least, most))

    def within(item: Any) -> bool:
        for value, least, most in limits:
            found = value(item)
            if found is None or not least <= found <= most:
                return False
        return True

    return within

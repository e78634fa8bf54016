"""What list filters mean: name patterns and ranges (data types ``...Filter`` of the API reference)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ..clock.clock import iso
from ..errors import InvalidInputException
from .error_codes import error_code


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


def in_ranges(
    operation: str, wanted: dict[str, Any], values: dict[str, Callable[[Any], float | None]]
) -> Callable[[Any], bool]:
    """Whether an item's values lie in the ranges of a filter, both ends included, either of them open.

    ``values`` has the value of an item for each range that the filter can have. A range with both ends open says
    nothing; an item without the value lies in no other range. InvalidInputException for one whose ends are swapped.
    """
    limits = []
    for member, value in values.items():
        low, high = ("minSeconds", "maxSeconds") if member == "durationRange" else ("beginDate", "endDate")
        bounds = wanted.get(member, {})
        least, most = bounds.get(low, -math.inf), bounds.get(high, math.inf)
        if least > most:
            raise InvalidInputException(
                f"filter.{member}: {low} {_shown(low, least)} lies after {high} {_shown(high, most)}.",
                errorCode=error_code(operation, member),
            )
        if bounds:
            limits.append((value, least, most))

    def within(item: Any) -> bool:
        for value, least, most in limits:
            found = value(item)
            if found is None or not least <= found <= most:
                return False
        return True

    return within


def _shown(name: str, value: float) -> str:
    return f"{value:g}" if name.endswith("Seconds") else iso(round(value))

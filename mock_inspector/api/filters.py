"""Filters of list actions: name patterns and ranges (data types ``...Filter`` of the API reference)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..clock.moments import format_iso
from ..errors import InvalidInputException
from .error_codes import error_code


def matches_pattern(pattern: str, name: str) -> bool:
    """Whether a name matches: ``*`` is any run of characters, ``?`` one character; case-sensitive and anchored.

    Regular expressions backtrack over every star. Going back to the last star only is enough, and never slow.
    """
    position = name_position = 0
    star, retry = -1, 0
    while name_position < len(name):
        if position < len(pattern) and pattern[position] == "*":
            star, retry = position, name_position
            position += 1
        elif position < len(pattern) and pattern[position] in ("?", name[name_position]):
            position, name_position = position + 1, name_position + 1
        elif star >= 0:
            retry += 1
            position, name_position = star + 1, retry
        else:
            return False
    return not pattern[position:].strip("*")


def compile_ranges(
    operation: str, filter: dict[str, Any], values: dict[str, Callable[[Any], float | None]]
) -> Callable[[Any], bool]:
    """Return whether an item's values lie in the ranges of a filter. Ranges are inclusive; either end may be open.

    ``values`` gets the value of an item for each range that the filter can have. A range with both ends open matches
    everything; an item without the value matches no other range. InvalidInputException for swapped ends.
    """
    ranges = []
    for member, get_value in values.items():
        start, end = ("minSeconds", "maxSeconds") if member == "durationRange" else ("beginDate", "endDate")
        bounds = filter.get(member, {})
        minimum, maximum = bounds.get(start, -math.inf), bounds.get(end, math.inf)
        if minimum > maximum:
            raise InvalidInputException(
                f"filter.{member}.{start} must not be after {end}; "
                f"got {_format_bound(start, minimum)} and {_format_bound(end, maximum)}.",
                errorCode=error_code(operation, member),
            )
        if bounds:
            ranges.append((get_value, minimum, maximum))

    def matches(item: Any) -> bool:
        for get_value, minimum, maximum in ranges:
            value = get_value(item)
            if value is None or not minimum <= value <= maximum:
                return False
        return True

    return matches


def _format_bound(name: str, value: float) -> str:
    return f"{value:g}" if name.endswith("Seconds") else format_iso(round(value))

"""Filters of list actions: name patterns and ranges (data types ``...Filter`` of the API reference)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def matches_pattern(pattern: str, name: str) -> bool:
    """Whether a name matches: ``*`` is any run of characters, ``?`` one character; case-sensitive and anchored."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))  # fnmatch has sets in brackets, too


def range_ends(member: str) -> tuple[str, str]:
    """The names of the two ends of a range, by its name in filters."""
    return ("minSeconds", "maxSeconds") if member == "durationRange" else ("beginDate", "endDate")


def compile_ranges(
    filter: Mapping[str, Any], values: dict[str, Callable[[Any], float | None]]
) -> Callable[[Any], bool]:
    """Return whether an item's values lie in the ranges of a filter. Ranges are inclusive; either end may be open.

    ``values`` gets the value of an item for each range that the filter can have. A range with both ends open matches
    everything; an item without the value matches no other range.
    """
    ranges = []
    for member, get_value in values.items():
        start, end = range_ends(member)
        bounds = filter.get(member, {})
        if bounds:
            ranges.append((get_value, bounds.get(start, -math.inf), bounds.get(end, math.inf)))

    def matches(item: Any) -> bool:
        for get_value, minimum, maximum in ranges:
            value = get_value(item)
            if value is None or not minimum <= value <= maximum:
                return False
        return True

    return matches

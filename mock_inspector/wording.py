"""How texts that people read write numbers of things."""

from __future__ import annotations


def format_count(number: int, noun: str) -> str:
    """Return a number and its noun: ``1 run``, ``2,000 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

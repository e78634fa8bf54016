"""Values, names and moments in a few words."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from ..api import arns
from .text_layout import CUT, clipped, listed, printable

_TEXT = 40
"""Characters of a text that are shown."""

_ENTRIES = 3
_MEMBERS = 6
_DEPTH = 3
"""Entries of a list, members of a mapping, and levels of both that are shown."""


def name(arn: str) -> str:
    """An ARN in short: the kind and the id."""
    return printable(clipped("/".join(arn.rsplit(":", 1)[-1].split("/")[-2:]), _TEXT))


def short(value: Any, depth: int = 0) -> str:
    """A value in short: ARNs by their kind and id, long texts and lists cut."""
    if isinstance(value, str):
        if arns.parse(value) is not None:
            return name(value)
        if len(value) > _TEXT:  # what tells ARNs apart is their end
            value = CUT + value[1 - _TEXT :] if value.startswith("arn:") else value[: _TEXT - 1] + CUT
        return printable(json.dumps(value, ensure_ascii=False))
    if isinstance(value, dict):
        entries = [
            f"{printable(str(key))}: {short(entry, depth + 1)}" for key, entry in islice(value.items(), _MEMBERS)
        ]
        if len(value) > len(entries):
            entries.append(CUT)
        return "{" + (CUT if depth == _DEPTH else ", ".join(entries)) + "}"
    if isinstance(value, list):
        entries = [] if depth == _DEPTH else [short(entry, depth + 1) for entry in value[:_ENTRIES]]
        return "[" + listed(entries, len(value)) + "]"
    return clipped(json.dumps(value), _TEXT)


def count(number: int, noun: str) -> str:
    """So many of something."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def offset(milliseconds: int) -> str:
    """A span of time as it is read most easily: ``+0.126s``, ``+10:00``, ``+1:01:00.090``, ``+2d 1:00:00``."""
    minutes, rest = divmod(abs(milliseconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    sign = "-" if milliseconds < 0 else "+"
    fraction = f".{rest % 1000:03}" if rest % 1000 else ""
    if not (days or hours or minutes):
        return f"{sign}{rest // 1000}{fraction}s"
    text = f"{rest // 1000:02}{fraction}"
    text = f"{hours}:{minutes:02}:{text}" if days or hours else f"{minutes}:{text}"
    return f"{sign}{days}d {text}" if days else f"{sign}{text}"

"""Values, ARNs, counts and spans of time in short."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from ..api import arns
from .text_layout import CUT, clip, printable, truncate_list

_MAX_TEXT = 40

_MAX_ENTRIES = 3
_MAX_MEMBERS = 6
_MAX_DEPTH = 3


def shorten_arn(arn: str) -> str:
    """Return an ARN in short: the resource type and the id."""
    return printable(clip("/".join(arn.rsplit(":", 1)[-1].split("/")[-2:]), _MAX_TEXT))


def abbreviate(value: Any, depth: int = 0) -> str:
    """Return a value in short: ARNs by their type and id, long texts and lists cut."""
    if isinstance(value, str):
        if arns.parse(value) is not None:
            return shorten_arn(value)
        if len(value) > _MAX_TEXT:  # ARNs differ at their end.
            value = CUT + value[1 - _MAX_TEXT :] if value.startswith("arn:") else value[: _MAX_TEXT - 1] + CUT
        return printable(json.dumps(value, ensure_ascii=False))
    if isinstance(value, dict):
        shown = 0 if depth == _MAX_DEPTH else _MAX_MEMBERS
        entries = [
            f"{printable(str(key))}: {abbreviate(entry, depth + 1)}" for key, entry in islice(value.items(), shown)
        ]
        if len(value) > shown:
            entries.append(CUT)
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        shown = 0 if depth == _MAX_DEPTH else _MAX_ENTRIES
        entries = [abbreviate(entry, depth + 1) for entry in value[:shown]]
        return "[" + truncate_list(entries, len(value)) + "]"
    return clip(json.dumps(value), _MAX_TEXT)


def format_offset(milliseconds: int) -> str:
    """Return a span of time in a form that is easy to read: ``+0.126s``, ``+10:00``, ``+1:01:00.090``, ``+2d 1:00:00``."""
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

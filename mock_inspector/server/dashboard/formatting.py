"""How the dashboard writes numbers and times, and how it draws a run's timeline."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from ...model.clock import milliseconds

_PHASES = {
    "COLLECTING_DATA": "collect",
    "STOP_DATA_COLLECTION_PENDING": "collect",
    "DATA_COLLECTED": "collect",
    "START_EVALUATING_RULES_PENDING": "evaluate",
    "EVALUATING_RULES": "evaluate",
    "COMPLETED": "end",
    "COMPLETED_WITH_ERRORS": "broken",
    "FAILED": "broken",
    "ERROR": "broken",
    "CANCELED": "stopped",
}
_KINDS = ("instances", "targets", "templates", "runs", "findings", "faults")
_GAP = 0.3
"""Percent of a timeline's width."""
_MAX_HOURS = 48
"""Longer spans are written in days."""


class Step(NamedTuple):
    """A state in a run's timeline, and the segment of the timeline that it gets, in percent of the width."""

    state: str
    at: str
    kind: str
    """``past``, ``current`` or ``ahead``."""
    offset: int
    """Milliseconds after the run was created."""
    start: float
    width: float
    filled: float
    """How much of the width has passed."""


class Progress(NamedTuple):
    """How far a run is."""

    steps: list[Step]
    reached: int
    text: str
    """What comes next and when, or how long the run took."""


def phase(state: str) -> str:
    """The phase of a run that a state belongs to; the style gives each phase its color."""
    return _PHASES.get(state, "wait")


def number(value: float) -> str:
    """A number with separators between thousands."""
    return f"{value:,.12g}"


def counted(value: int, noun: str) -> str:
    """A number of things: ``1 run``, ``2 runs``."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


def percent(part: int, whole: int) -> float:
    """A part of a whole, in percent."""
    return round(100 * part / whole, 3)


def clock_time(text: str, precise: bool = False) -> str:
    """An ISO 8601 time as date and time of day, down to milliseconds if ``precise``."""
    return f"{text[:10]} {text[11 : 23 if precise else 19]}"


def span(duration_ms: int) -> str:
    """A duration in words: ``1 h 0.126 s``."""
    hours, rest = divmod(duration_ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    words = []
    if hours:
        words.append(f"{hours} h" if hours < _MAX_HOURS else f"{hours // 24:,} d {hours % 24} h")
    if minutes:
        words.append(f"{minutes} min")
    if rest or not words:
        words.append(f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + " s")
    return " ".join(words)


def is_empty(region: dict[str, Any]) -> bool:
    """Whether an account has nothing in a region."""
    return not any(region[kind]["total"] for kind in _KINDS)


def summary(region: dict[str, Any]) -> str:
    """How much an account has in a region, in a few words."""
    totals = {noun: region[f"{noun}s"]["total"] for noun in ("instance", "run", "finding")}
    counts = ", ".join(counted(total, noun) for noun, total in totals.items() if total)
    return "nothing yet" if is_empty(region) else counts or "some resources"


def next_change(region: dict[str, Any]) -> str:
    """When the next of the runs shown changes its state, as ISO 8601 text; empty when none will."""
    ahead = (step["at"] for run in region["runs"]["newest"] for step in run["timeline"] if not step["reached"])
    return min(ahead, default="")


def progress(run: dict[str, Any], now: str) -> Progress:
    """How far a run of the overview is at a time, as ISO 8601 text."""
    timeline = run["timeline"]
    created, now_ms = _epoch_ms(run["created"]), _epoch_ms(now)
    reached = sum(step["reached"] for step in timeline)
    return Progress(list(_steps(timeline, created, now_ms, reached)), reached, _outlook(run, created, now_ms, reached))


def _steps(timeline: list[dict[str, Any]], created: int, now: int, reached: int) -> Iterator[Step]:
    times = [_epoch_ms(step["at"]) for step in timeline]
    lengths = [end - begin for begin, end in zip(times, [*times[1:], times[-1]], strict=True)]
    # Data collection takes hours and other states milliseconds, so widths grow with the logarithm.
    weights = [1 + math.log2(1 + length / 1000) for length in lengths]
    start = 0.0
    for index, (step, length, weight) in enumerate(zip(timeline, lengths, weights, strict=True)):
        width = 100 * weight / sum(weights)
        drawn = width if step is timeline[-1] else max(width - _GAP, 0)
        if index + 1 == reached:
            kind, share = "current", min((now - times[index]) / length, 1) if length else 1
        else:
            kind, share = ("past", 1) if index < reached else ("ahead", 0)
        offset = times[index] - created
        yield Step(step["state"], step["at"], kind, offset, round(start, 3), round(drawn, 3), round(drawn * share, 3))
        start += width


def _outlook(run: dict[str, Any], created: int, now: int, reached: int) -> str:
    timeline = run["timeline"]
    last = _epoch_ms(timeline[-1]["at"])
    if reached < len(timeline):
        coming = timeline[reached]
        text = f"{coming['state']} in {_until(_epoch_ms(coming['at']) - now)}"
        return text if coming is timeline[-1] else f"{text}, end in {_until(last - now)}"
    if run["in_progress"]:
        return "put there by set_run_state; stays so" if run["forced"] else "stays so"
    return f"took {span(last - created)}"


def _until(duration_ms: int) -> str:
    seconds, rest = divmod(duration_ms, 1000)
    return span((seconds + bool(rest)) * 1000) if seconds else "under 1 s"


def _epoch_ms(text: str) -> int:
    return milliseconds(datetime.datetime.fromisoformat(text))

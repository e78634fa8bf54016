"""How the dashboard writes numbers and times, and how it draws a run's timeline."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from typing import Any

from ...clock.moments import to_epoch_ms
from ...wording import format_count

_PHASES = {
    "collect": ("COLLECTING_DATA", "STOP_DATA_COLLECTION_PENDING", "DATA_COLLECTED"),
    "evaluate": ("START_EVALUATING_RULES_PENDING", "EVALUATING_RULES"),
    "end": ("COMPLETED",),
    "broken": ("COMPLETED_WITH_ERRORS", "FAILED", "ERROR"),
    "stopped": ("CANCELED",),
}
_KINDS = ("instances", "targets", "templates", "runs", "findings", "faults")
_GAP_PERCENT = 0.3
"""Between two states, in percent of a timeline's width."""
_MAX_HOURS = 48
"""Longer spans are written in days."""


def find_phase(state: str) -> str:
    """The phase of a run that a state belongs to; the style gives each phase its color."""
    return next((phase for phase, states in _PHASES.items() if state in states), "wait")


def format_number(value: float) -> str:
    """A number with separators between thousands."""
    return f"{value:,.12g}"


def to_percent(part: int, whole: int) -> float:
    """A part of a whole, in percent."""
    return round(100 * part / whole, 3)


def format_time(text: str, precise: bool = False) -> str:
    """An ISO 8601 time as date and time of day, down to milliseconds if ``precise``."""
    return f"{text[:10]} {text[11 : 23 if precise else 19]}"


def format_span(duration_ms: int) -> str:
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


def format_arn(arn: str) -> str:
    """An ARN in short: the type of the resource and its id."""
    return "/".join(arn.rsplit(":", 1)[-1].split("/")[-2:])


def is_empty(region: dict[str, Any]) -> bool:
    """Whether an account has nothing in a region."""
    return not any(region[kind]["total"] for kind in _KINDS)


def summarize(region: dict[str, Any]) -> str:
    """How much an account has in a region, in a few words."""
    totals = {noun: region[f"{noun}s"]["total"] for noun in ("instance", "run", "finding")}
    counts = ", ".join(format_count(total, noun) for noun, total in totals.items() if total)
    return "nothing yet" if is_empty(region) else counts or "some resources"


def find_next_change(region: dict[str, Any]) -> str:
    """When the next of the runs shown changes its state, as ISO 8601 text; empty when none will."""
    ahead = (step["at"] for run in region["runs"]["newest"] for step in run["timeline"] if not step["reached"])
    return min(ahead, default="")


def describe_progress(run: dict[str, Any], now: str) -> dict[str, Any]:
    """How far a run is at a time: its ``steps`` with their segments of the timeline, and what is next as ``text``."""
    timeline, created = run["timeline"], _epoch_ms(run["created"])
    reached = sum(step["reached"] for step in timeline)
    text = _outlook(run, timeline[reached:], _epoch_ms(now))
    return {"steps": list(_steps(timeline, created, _epoch_ms(now))), "reached": reached, "text": text}


def _steps(timeline: list[dict[str, Any]], created: int, now: int) -> Iterator[dict[str, Any]]:
    """The states of a run; ``start``, ``width`` and ``filled`` are percent of the whole timeline's width."""
    times = [_epoch_ms(step["at"]) for step in timeline]
    ends = [*times[1:], times[-1]]
    # Data collection takes hours and other states milliseconds, so widths grow with the logarithm.
    weights = [1 + math.log2(1 + (end - begin) / 1000) for begin, end in zip(times, ends, strict=True)]
    for index, (step, begin, end) in enumerate(zip(timeline, times, ends, strict=True)):
        last = step is timeline[-1]
        width = 100 * weights[index] / sum(weights) - (0 if last else _GAP_PERCENT)
        kind = "ahead" if not step["reached"] else "current" if last or not timeline[index + 1]["reached"] else "past"
        share = {"ahead": 0, "past": 1, "current": 1 if begin == end else (now - begin) / (end - begin)}[kind]
        yield {
            **step,
            "kind": kind,
            "offset": begin - created,
            "start": round(100 * sum(weights[:index]) / sum(weights), 3),
            "width": round(width, 3),
            "filled": round(width * share, 3),
        }


def _outlook(run: dict[str, Any], ahead: list[dict[str, Any]], now: int) -> str:
    """What happens next to a run and when, or how long it took."""
    last = _epoch_ms(run["timeline"][-1]["at"])
    if ahead:
        text = f"{ahead[0]['state']} in {_until(_epoch_ms(ahead[0]['at']) - now)}"
        return text if len(ahead) == 1 else f"{text}, end in {_until(last - now)}"
    if run["in_progress"]:
        return "put there by set_run_state; stays so" if run["forced"] else "stays so"
    return f"took {format_span(last - _epoch_ms(run['created']))}"


def _until(duration_ms: int) -> str:
    seconds, rest = divmod(duration_ms, 1000)
    return format_span((seconds + bool(rest)) * 1000) if seconds else "under 1 s"


def _epoch_ms(text: str) -> int:
    return to_epoch_ms(datetime.datetime.fromisoformat(text))

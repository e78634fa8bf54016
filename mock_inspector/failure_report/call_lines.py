"""The calls of a failing test with their answers; repeated calls share a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from ..api import arns
from ..state.call_log import Call, CallLog, repeat_key
from .formatting import abbreviate, format_offset, shorten_arn
from .text_layout import CUT, clip, keep_together, printable, release, truncate_list, width, wrap

_ARN = re.compile(r"arn:aws[a-z-]*:inspector:[^\s\"',\]\\]*[A-Za-z0-9]")

_MAX_FIRST_LINES = 10
"""How many lines the first calls get when not all calls fit. The last calls get the rest."""

_MAX_ERROR_LINES = 8
_MAX_PARAMETER_COLUMNS = 130

_PERIODS = (2, 3)
"""How many calls a repeated sequence may have."""

_MIN_REPETITIONS = 3


@dataclass(frozen=True)
class CallLines:
    """The block of lines, and the ARNs in it, in the order of their first mention."""

    lines: list[str]
    arns: list[str]


class _Group:
    """The same call, made one or more times in a row."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self.key = repeat_key(calls[0])
        """The same for calls that may be collapsed; None for one that may not."""


@dataclass(frozen=True)
class _Sequence:
    """A sequence of calls that was repeated."""

    groups: list[_Group]


class CallBlock:
    """Formats the calls of a service, with times relative to ``started``."""

    def __init__(self, calls: CallLog, started: int, home: tuple[str, str], columns: int) -> None:
        self._calls = calls
        self._started = started
        self._home = home
        self._columns = columns

    def format(self, max_lines: int) -> CallLines:
        """Return the block: all calls, or the first and the last ones that fit."""
        kept, dropped = list(self._calls), self._calls.dropped
        if not kept:
            none = f"none of {dropped:,} kept" if dropped else "none by a client (the backend's methods do not count)"
            return CallLines([f"Calls: {none}"], [])
        entries = _merge_sequences(_grouped(kept))
        moments = {call.moment for entry in (*entries[:30], *entries[-90:]) for call in _calls_of(entry)[:1]}
        column = max(width(format_offset(moment - self._started)) for moment in moments)
        first: list[list[str]] = []
        last: list[list[str]] = []
        used, begin, end = 2, 0, len(entries)
        while begin < end and used + len(block := self._entry(entries[begin], column)) <= min(
            max_lines, _MAX_FIRST_LINES
        ):
            first.append(block)
            used += len(block)
            begin += 1
        while end > begin and used + len(block := self._entry(entries[end - 1], column)) <= max_lines:
            last.append(block)
            used += len(block)
            end -= 1
        omitted = sum(len(_calls_of(entry)) for entry in entries[begin:end])
        title = f"Calls: {dropped + len(kept):,}" + (f", the last {len(kept):,} kept" if dropped else "")
        cut = [[f"  {CUT} {omitted:,} calls omitted {CUT}"]] if omitted else []
        lines = [line for block in (*first, *cut, *reversed(last)) for line in block]
        return CallLines([title, *lines], _mentioned([*entries[:begin], *entries[end:]]))

    def _entry(self, entry: _Group | _Sequence, column: int) -> list[str]:
        indent = " " * (column + 4)
        moment = entry.groups[0].calls[0].moment if isinstance(entry, _Sequence) else entry.calls[0].moment
        when = f"  {format_offset(moment - self._started):>{column}}  "
        if isinstance(entry, _Group):
            return self._group(entry, when, indent, self._times(entry.calls))
        title = f"{when}{len(entry.groups)} calls in turn{self._times(entry.groups[0].calls)}:"
        deeper = indent + "  "
        return [title, *(line for group in entry.groups for line in self._group(group, deeper, deeper, ""))]

    def _times(self, calls: list[Call]) -> str:
        """How often a call was made, and until when."""
        if len(calls) == 1:
            return ""
        until = (
            f" until {format_offset(calls[-1].moment - self._started)}" if calls[-1].moment != calls[0].moment else ""
        )
        return f" ×{len(calls):,}{until}"  # noqa: RUF001  the multiplication sign is meant

    def _group(self, group: _Group, first: str, indent: str, times: str) -> list[str]:
        """A call, or many equal calls: the parameters and the answer."""
        call, last = group.calls[0], group.calls[-1]
        pairs = ", ".join(
            keep_together(f"{printable(member)}={abbreviate(value)}") for member, value in call.parameters.items()
        )
        request = f"{call.operation or '(no operation)'}{self._owner(call)}{times} {clip(pairs, _MAX_PARAMETER_COLUMNS)}".rstrip()
        if call.error is not None:
            return [*release(wrap(request, self._columns, indent + "  ", first)), *self._error(call, indent)]
        outcome = _outcome(call)
        if len(group.calls) > 1 and (later := _outcome(last)) != outcome:
            outcome = f"{outcome} {CUT} {later}"
        text = f"{request} {keep_together(f'-> {outcome}')}" if outcome else request
        return release(wrap(text, self._columns, indent + "  ", first))

    def _owner(self, call: Call) -> str:
        """The account and region of the call, where they differ from the mock's own."""
        differing = [own for own, home in zip((call.account, call.region), self._home, strict=True) if own != home]
        return f" [{' '.join(map(printable, filter(None, differing))) or 'not signed'}]" if differing else ""

    def _error(self, call: Call, indent: str) -> list[str]:
        code = (call.response or {}).get("errorCode")
        text = printable(f"{call.error}{f' ({code})' if code else ''}: {call.message}")
        lines = wrap(text, self._columns, f"{indent}     ", f"{indent}  !! ")
        return lines if len(lines) <= _MAX_ERROR_LINES else [*lines[: _MAX_ERROR_LINES - 1], f"{indent}     {CUT}"]


def _calls_of(entry: _Group | _Sequence) -> list[Call]:
    return [call for group in entry.groups for call in group.calls] if isinstance(entry, _Sequence) else entry.calls


def _grouped(calls: Iterable[Call]) -> list[_Group]:
    """Group equal calls that follow each other."""
    groups: list[_Group] = []
    for call in calls:
        group = _Group([call])
        if groups and group.key is not None and groups[-1].key == group.key:
            groups[-1].calls.append(call)
        else:
            groups.append(group)
    return groups


def _merge_sequences(groups: list[_Group]) -> list[_Group | _Sequence]:
    """Merge repeated sequences of groups."""
    merged: list[_Group | _Sequence] = []
    index = 0
    while index < len(groups):
        repetitions, period = max((_repetitions(groups, index, period), period) for period in _PERIODS)
        if repetitions < _MIN_REPETITIONS:
            merged.append(groups[index])
            index += 1
            continue
        span = groups[index : index + repetitions * period]
        by_position = [[call for group in span[first::period] for call in group.calls] for first in range(period)]
        merged.append(_Sequence([_Group(calls) for calls in by_position]))
        index += len(span)
    return merged


def _repetitions(groups: list[_Group], index: int, period: int) -> int:
    """How often the ``period`` groups at ``index`` are repeated."""
    pattern = [group.key for group in groups[index : index + period]]
    if None in pattern:
        return 0
    same: Callable[[int], bool] = lambda start: [g.key for g in groups[start : start + period]] == pattern  # noqa: E731
    repetitions = 1
    while same(index + repetitions * period):
        repetitions += 1
    return repetitions


def _mentioned(entries: list[_Group | _Sequence]) -> list[str]:
    """The ARNs in calls and answers: the first ones of long lists, rules packages only in failed calls."""
    found: dict[str, None] = {}
    for entry in entries:
        for group in entry.groups if isinstance(entry, _Sequence) else [entry]:
            call = group.calls[0]
            for body in (call.request, call.answer, group.calls[-1].answer):
                texts = (match[0] for match in _ARN.finditer(body[:20_000].decode("utf-8", "replace")))
                known = (text for text in texts if call.error is not None or "rulespackage/" not in text)
                found.update(dict.fromkeys(islice(filter(arns.parse, known), 3)))
    return list(found)


def _outcome(call: Call) -> str:
    """An answer in short: its texts, and how many items its lists have."""
    texts = (_member(member, value) for member, value in (call.response or {}).items())
    return ", ".join(filter(None, texts))


def _member(member: str, value: object) -> str:
    if member == "nextToken":
        return "more to come"
    if isinstance(value, dict):
        if member != "failedItems":
            return f"{len(value):,} {member}"
        failed = [f"{shorten_arn(arn)} {item['failureCode']}" for arn, item in islice(value.items(), 3)]
        return f"failed: {truncate_list(failed, len(value))}" if failed else ""
    if isinstance(value, list):
        states = [str(entry["state"]) for entry in value if isinstance(entry, dict) and "state" in entry]
        if states:
            return truncate_list(states[:3], len(states))
        return abbreviate(value) if len(value) == 1 and isinstance(value[0], str) else f"{len(value):,} {member}"
    return abbreviate(value) if isinstance(value, str) else f"{member}: {abbreviate(value)}"

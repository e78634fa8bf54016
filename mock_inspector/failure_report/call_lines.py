"""The calls of a failing test: repeated ones put together, each with what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from ..api import arns
from ..state.call_log import Call, Calls
from .formatting import name, offset, short
from .text_layout import CUT, clipped, glued, listed, printable, unglued, width, wrapped

_READS = ("Describe", "List", "Get", "Preview")
_ARN = re.compile(r"arn:aws[a-z-]*:inspector:[^\s\"',\]\\]*[A-Za-z0-9]")

_FIRST_LINES = 10
"""Lines for the first calls, where not all fit; the rest is for the last ones."""

_ERROR_LINES = 8
_PARAMETERS = 130
"""Columns of a call's parameters."""

_PERIODS = (2, 3)
_LEAST_TURNS = 3
"""How many calls are seen to take turns, when they do so that often."""


@dataclass(frozen=True)
class CallLines:
    """The block of lines, and the ARNs that it speaks of, in the order of their first mention."""

    lines: list[str]
    arns: list[str]


class _Group:
    """The same call, made one or more times running."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        call = calls[0]
        self.key = (call.operation, call.request, call.account, call.region, call.error, call.message)
        self.repeats = call.error is not None or call.operation.startswith(_READS)
        """Whether doing it again is no news: it was a read, or it failed."""


@dataclass(frozen=True)
class _Turns:
    """Calls that were made in turn."""

    groups: list[_Group]


class CallBlock:
    """Writes the calls of a world, with moments by their distance from ``started``."""

    def __init__(self, calls: Calls, started: int, home: tuple[str, str], columns: int) -> None:
        self._calls = calls
        self._started = started
        self._home = home
        self._columns = columns

    def written(self, room: int) -> CallLines:
        """The block, in ``room`` lines: the first calls and the last ones, where not all fit."""
        kept, dropped = list(self._calls), self._calls.dropped
        if not kept:
            none = f"none of {dropped:,} kept" if dropped else "none by a client (the backend's methods do not count)"
            return CallLines([f"Calls: {none}"], [])
        entries = _in_turn(_grouped(kept))
        moments = {call.moment for entry in (*entries[:30], *entries[-90:]) for call in _calls_of(entry)[:1]}
        column = max(width(offset(moment - self._started)) for moment in moments)
        first: list[list[str]] = []
        last: list[list[str]] = []
        used, begin, end = 2, 0, len(entries)
        while begin < end and used + len(block := self._entry(entries[begin], column)) <= min(room, _FIRST_LINES):
            first.append(block)
            used += len(block)
            begin += 1
        while end > begin and used + len(block := self._entry(entries[end - 1], column)) <= room:
            last.append(block)
            used += len(block)
            end -= 1
        left_out = sum(len(_calls_of(entry)) for entry in entries[begin:end])
        title = f"Calls: {dropped + len(kept):,}" + (f", the last {len(kept):,} kept" if dropped else "")
        cut = [[f"  {CUT} {left_out:,} calls left out {CUT}"]] if left_out else []
        lines = [line for block in (*first, *cut, *reversed(last)) for line in block]
        return CallLines([title, *lines], _mentioned([*entries[:begin], *entries[end:]]))

    def _entry(self, entry: _Group | _Turns, column: int) -> list[str]:
        indent = " " * (column + 4)
        moment = entry.groups[0].calls[0].moment if isinstance(entry, _Turns) else entry.calls[0].moment
        when = f"  {offset(moment - self._started):>{column}}  "
        if isinstance(entry, _Group):
            return self._group(entry, when, indent, self._times(entry.calls))
        title = f"{when}{len(entry.groups)} calls in turn{self._times(entry.groups[0].calls)}:"
        deeper = indent + "  "
        return [title, *(line for group in entry.groups for line in self._group(group, deeper, deeper, ""))]

    def _times(self, calls: list[Call]) -> str:
        """How often a call was made, and until when."""
        if len(calls) == 1:
            return ""
        until = f" until {offset(calls[-1].moment - self._started)}" if calls[-1].moment != calls[0].moment else ""
        return f" ×{len(calls):,}{until}"  # noqa: RUF001  the sign is meant

    def _group(self, group: _Group, first: str, indent: str, times: str) -> list[str]:
        """A call, or many of the same: what was asked, and what came of it."""
        call, last = group.calls[0], group.calls[-1]
        pairs = ", ".join(glued(f"{printable(member)}={short(value)}") for member, value in call.parameters.items())
        asked = f"{call.operation or '(no operation)'}{self._owner(call)}{times} {clipped(pairs, _PARAMETERS)}".rstrip()
        if call.error is not None:
            return [*unglued(wrapped(asked, self._columns, indent + "  ", first)), *self._error(call, indent)]
        outcome = _outcome(call)
        if len(group.calls) > 1 and (later := _outcome(last)) != outcome:
            outcome = f"{outcome} {CUT} {later}"
        text = f"{asked} {glued(f'-> {outcome}')}" if outcome else asked
        return unglued(wrapped(text, self._columns, indent + "  ", first))

    def _owner(self, call: Call) -> str:
        """The account and region that the call was for, as far as they are not the mock's own."""
        differing = [own for own, home in zip((call.account, call.region), self._home, strict=True) if own != home]
        return f" [{' '.join(map(printable, filter(None, differing))) or 'not signed'}]" if differing else ""

    def _error(self, call: Call, indent: str) -> list[str]:
        code = (call.response or {}).get("errorCode")
        text = printable(f"{call.error}{f' ({code})' if code else ''}: {call.message}")
        lines = wrapped(text, self._columns, f"{indent}     ", f"{indent}  !! ")
        return lines if len(lines) <= _ERROR_LINES else [*lines[: _ERROR_LINES - 1], f"{indent}     {CUT}"]


def _calls_of(entry: _Group | _Turns) -> list[Call]:
    return [call for group in entry.groups for call in group.calls] if isinstance(entry, _Turns) else entry.calls


def _grouped(calls: Iterable[Call]) -> list[_Group]:
    """The calls, the same ones that follow each other put together."""
    groups: list[_Group] = []
    for call in calls:
        group = _Group([call])
        if groups and group.repeats and groups[-1].key == group.key:
            groups[-1].calls.append(call)
        else:
            groups.append(group)
    return groups


def _in_turn(groups: list[_Group]) -> list[_Group | _Turns]:
    """The groups, those that take turns put together."""
    done: list[_Group | _Turns] = []
    place = 0
    while place < len(groups):
        turns, period = max((_turns(groups, place, period), period) for period in _PERIODS)
        if turns < _LEAST_TURNS:
            done.append(groups[place])
            place += 1
            continue
        span = groups[place : place + turns * period]
        merged = [[call for group in span[first::period] for call in group.calls] for first in range(period)]
        done.append(_Turns([_Group(calls) for calls in merged]))
        place += len(span)
    return done


def _turns(groups: list[_Group], place: int, period: int) -> int:
    """How often the ``period`` groups at ``place`` come one after the other."""
    pattern = [group.key for group in groups[place : place + period]]
    if not all(group.repeats for group in groups[place : place + period]):
        return 0
    same: Callable[[int], bool] = lambda start: [g.key for g in groups[start : start + period]] == pattern  # noqa: E731
    turns = 1
    while same(place + turns * period):
        turns += 1
    return turns


def _mentioned(entries: list[_Group | _Turns]) -> list[str]:
    """The ARNs in calls and answers, of long lists the first ones; rules packages where a call that names them failed."""
    found: dict[str, None] = {}
    for entry in entries:
        for group in entry.groups if isinstance(entry, _Turns) else [entry]:
            call = group.calls[0]
            for body in (call.request, call.answer, group.calls[-1].answer):
                texts = (match[0] for match in _ARN.finditer(body[:20_000].decode("utf-8", "replace")))
                known = (text for text in texts if call.error is not None or "rulespackage/" not in text)
                found.update(dict.fromkeys(islice(filter(arns.parse, known), 3)))
    return list(found)


def _outcome(call: Call) -> str:
    """An answer in short: what it names, and how much there is of the rest."""
    texts = (_member(member, value) for member, value in (call.response or {}).items())
    return ", ".join(filter(None, texts))


def _member(member: str, value: object) -> str:
    if member == "nextToken":
        return "more to come"
    if isinstance(value, dict):
        if member != "failedItems":
            return f"{len(value):,} {member}"
        failed = [f"{name(arn)} {item['failureCode']}" for arn, item in islice(value.items(), 3)]
        return f"failed: {listed(failed, len(value))}" if failed else ""
    if isinstance(value, list):
        states = [str(entry["state"]) for entry in value if isinstance(entry, dict) and "state" in entry]
        if states:
            return listed(states[:3], len(states))
        return short(value) if len(value) == 1 and isinstance(value[0], str) else f"{len(value):,} {member}"
    return short(value) if isinstance(value, str) else f"{member}: {short(value)}"

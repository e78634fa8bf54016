"""The text on one mock: its accounts and clock, the calls, the runs, the faults that are left, and what the ids are.

A pure function of a world and a moment, 80 columns wide and a hundred lines long at most; what is left out is said.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

from ..api import arns
from ..clock.clock import iso
from ..state.findings import SEVERITIES
from ..state.runs import Run
from ..state.service import FakeService
from ..state.store import NotFound, Store
from .call_lines import CallBlock
from .formatting import count, name, offset, short
from .text_layout import CUT, clipped, itemized, listed, printable, width, wrapped

COLUMNS = 80
LINES = 100

_FAULTS = 8
_IDS = 16
_RUNS = 8
_DETAILED_RUNS = 4
_CHANGES = 12
"""How many faults, ids, runs, runs with their timelines, and state changes are shown at most."""


def failure_report(service: FakeService, now: int, lines: int = LINES) -> str:
    """The text, for a world as it was at the moment ``now`` (milliseconds since 1970)."""
    locked = service.lock.acquire(timeout=1)  # a thread that hangs while it holds the lock must not hang the report
    try:
        return "\n".join(_Report(service, now).lines(lines))
    finally:
        if locked:
            service.lock.release()


class _Report:
    def __init__(self, service: FakeService, now: int) -> None:
        self._service = service
        self._now = now
        self._stores = service.stores()
        self._home = self._stores[0]
        self._runs = self._last_runs()

    def lines(self, most: int) -> list[str]:
        """The whole text in lines, ``most`` of them at most."""
        head, faults = self._head(), self._faults()
        runs = self._run_lines(most // 3)
        made = self._made()
        fixed = sum(len(block) + 1 for block in (head, runs, faults) if block)
        ids_at_least = min(len(made), _IDS // 2) + 2 if made else 0
        home = (self._home.account_id, self._home.region)
        block = CallBlock(self._service.calls, self._service.started, home, COLUMNS)
        calls = block.written(max(most - fixed - ids_at_least - 1, 6))
        told = {run.arn for run in self._runs}
        found = [arn for arn in dict.fromkeys([*calls.arns, *made]) if arn not in told]
        ids = self._ids(found, min(most - fixed - len(calls.lines) - 3, _IDS))
        blocks = [block for block in (head, calls.lines, runs, faults, ids) if block]
        return [line for block in blocks for line in (*block, "")][:-1]

    def _at(self, moment: int) -> str:
        return offset(moment - self._service.started)

    def _elsewhere(self, store: Store) -> str:
        """The account and region, as far as they are not the mock's own."""
        home = self._home
        pairs = ((store.account_id, home.account_id), (store.region, home.region))
        differing = [own for own, other in pairs if own != other]
        return f" [{' '.join(differing)}]" if differing else ""

    # The accounts and the clock

    def _head(self) -> list[str]:
        lines: list[str] = []
        for store in self._stores:
            numbers = {
                "instance": len(store.instances),
                "target": len(store.targets),
                "template": len(store.templates),
                "run": len(store.runs),
                "finding": sum(finding.created <= self._now for finding in store.findings.all),
            }
            held = [count(number, noun) for noun, number in numbers.items() if number]
            if held or store is self._home:
                lines += itemized(f"{store.account_id} {store.region}: ", held or ["empty"], COLUMNS, "  ", "")
        start = iso(self._service.started).replace("T", " ").removesuffix("+00:00")
        stands = "where it still stands" if self._now == self._service.started else f"now {self._at(self._now)}"
        return [*lines[:6], f"The clock began at {start} UTC, {stands}."]

    # The runs

    def _last_runs(self) -> list[Run]:
        runs = [run for store in self._stores for run in islice(reversed(list(store.runs)), _RUNS)]
        return sorted(runs, key=lambda run: run.created)[-_RUNS:]

    def _run_lines(self, room: int) -> list[str]:
        """The last runs, the very last ones with their timelines."""
        if not self._runs:
            return []
        heads = [self._run(run) for run in self._runs]
        used = 1 + sum(map(len, heads))
        for place in range(len(self._runs) - 1, max(len(self._runs) - _DETAILED_RUNS, 0) - 1, -1):
            timeline = self._timeline(self._runs[place])
            if used + len(timeline) > room:
                break
            heads[place] += timeline
            used += len(timeline)
        total = sum(len(store.runs) for store in self._stores)
        title = "Runs" if total == len(self._runs) else f"Runs: {total:,}, the last {len(self._runs)}"
        return [title, *(line for lines in heads for line in lines)][:room]

    def _run(self, run: Run) -> list[str]:
        found = Counter(finding.content.severity for finding in run.findings_row if finding.created <= self._now)
        severities = ", ".join(f"{found[severity]:,} {severity}" for severity in SEVERITIES if found[severity])
        findings = count(found.total(), "finding")
        items = [
            run.state(self._now),
            count(len(run.agents), "agent"),
            f"{findings} ({severities})" if severities else findings,
        ]
        if run.exclusions:
            items.append(count(len(run.exclusions), "exclusion"))
        title = f"{name(run.arn)} {short(run.name)} of {name(run.template.arn)}: "
        return itemized(title, items, COLUMNS, "    ", "  ")

    def _timeline(self, run: Run) -> list[str]:
        lines = []
        ahead = [change for change in run.timeline if change[1] > self._now]
        for title, changes in (("", run.cut(self._now)), ("ahead: ", ahead)):
            steps = [f"{self._at(moment)} {state}" for state, moment in changes]
            left = len(steps) - _CHANGES
            if left > 0:
                steps[:left] = [f"{CUT} {left} before"]
            if steps:
                lines += itemized(title, steps, COLUMNS, "      ", "    ")
        return lines

    # The faults

    def _faults(self) -> list[str]:
        left = [(store, fault) for store in self._stores for fault in store.faults if fault.times != 0]
        lines = []
        for store, fault in left[:_FAULTS]:
            met = f"met {count(fault.met, 'call')}" if fault.met else "met no call"
            more = "" if fault.times is None or not fault.met else f", {fault.times} left"
            text = printable(f"{fault.shown}{self._elsewhere(store)}: {met}{more}")
            lines += wrapped(text, COLUMNS, "    ", "  ")[:3]
        if len(left) > _FAULTS:
            lines.append(f"  {CUT} {len(left) - _FAULTS} more")
        return ["Faults left", *lines] if lines else []

    # The ids

    def _made(self) -> list[str]:
        """The ARNs of what the last runs are of, and of the last targets and templates."""
        found = [arn for run in self._runs for arn in (run.template.target.arn, run.template.arn)]
        for store in self._stores:
            found += [target.arn for target in islice(reversed(list(store.targets)), 4)]
            found += [template.arn for template in islice(reversed(list(store.templates)), 4)]
        return list(dict.fromkeys(found))

    def _ids(self, found: list[str], room: int) -> list[str]:
        kept = found if len(found) <= room else found[: max(room - 1, 0)]
        if not kept:
            return []
        column = max(width(name(arn)) for arn in kept)
        lines = [clipped(f"  {name(arn):<{column}}  {self._meaning(arn)}", COLUMNS) for arn in kept]
        if len(found) > len(kept):
            lines.append(f"  {CUT} {len(found) - len(kept):,} more")
        return ["Ids", *lines]

    def _meaning(self, arn: str) -> str:
        """What an ARN stands for, in short."""
        parts = arns.parse(arn)
        if parts is None:
            return "no ARN of this service"
        for store in self._stores:
            if store.region == parts.region and parts.noun in arns.RESOURCE_TYPES:
                try:
                    item = store.lookup(arns.RESOURCE_TYPES[parts.noun], arn)
                except NotFound:
                    continue
                return self._described(parts.noun, item) + self._elsewhere(store)
        foreign = (parts.account, parts.region) != (self._home.account_id, self._home.region)
        return f"not there{f' in {parts.account} {parts.region}' if foreign else ''}: deleted, or never made"

    def _described(self, noun: str, item: Any) -> str:
        if noun == "resourcegroup":
            tags = [f"{printable(tag['key'])}={printable(tag.get('value', ''))}" for tag in item.tags[:3]]
            text = f"instances with {listed(tags, len(item.tags))}"
        elif noun == "target":
            text = f"{short(item.name)}: {'all instances' if item.group is None else name(item.group.arn)}"
        elif noun == "template":
            packages = count(len(item.packages), "rules package")
            text = f"{short(item.name)} of {name(item.target.arn)}: {item.duration:,} s, {packages}"
        elif noun == "run":
            text = f"{short(item.name)} of {name(item.template.arn)}"
        elif noun == "finding":
            on = "" if item.instance is None else f" on {printable(item.instance.instance_id)}"
            text = f"{short(item.members.get('id', ''))}, {item.content.severity}{on}"
        else:
            text = short(item.members.get("title", "") if noun == "exclusion" else item.name)
        return text

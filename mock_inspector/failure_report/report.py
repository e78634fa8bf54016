"""The text about one mock: its accounts and clock, the calls, the runs, the faults to come, and what the ids are.

It is a pure function of a service and a moment, at most 80 columns wide and 100 lines long. It says what it leaves out.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from ..api import arns
from ..clock.moments import EpochMs, format_iso
from ..state.findings import SEVERITIES
from ..state.runs import Run
from ..state.service import FakeService
from ..state.store import EXCLUSION, FINDING, RESOURCE_GROUP, RUN, TARGET, TEMPLATE, NotFound, Store
from ..wording import format_count
from .call_lines import CallBlock
from .formatting import abbreviate, format_offset, shorten_arn
from .text_layout import CUT, clip, join_items, printable, truncate_list, width, wrap

MAX_COLUMNS = 80
MAX_LINES = 100

_MAX_FAULTS = 8
_MAX_IDS = 16
_MAX_RUNS = 8
_MAX_DETAILED_RUNS = 4
_MAX_CHANGES = 12
_MAX_REAL_WAITS = 4

_LOCK_TIMEOUT_SECONDS = 1


def failure_report(service: FakeService, now: EpochMs, max_lines: int = MAX_LINES) -> str:
    """Return the text about a service as it was at ``now``."""
    # A thread that hangs while it holds the lock must not hang the report.
    locked = service.lock.acquire(timeout=_LOCK_TIMEOUT_SECONDS)
    try:
        return "\n".join(_Report(service, now).lines(max_lines))
    finally:
        if locked:
            service.lock.release()


class _Report:
    def __init__(self, service: FakeService, now: EpochMs) -> None:
        self._service = service
        self._now = now
        self._stores = service.stores()
        self._home = self._stores[0]
        self._runs = self._last_runs()

    def lines(self, maximum: int) -> list[str]:
        """Return at most ``maximum`` lines."""
        head, faults, waits = self._head(), self._faults(), self._real_waits()
        runs = self._run_lines(maximum // 3)
        resources = self._last_arns()
        fixed = sum(len(block) + 1 for block in (head, runs, faults, waits) if block)
        min_ids = min(len(resources), _MAX_IDS // 2) + 2 if resources else 0
        home = (self._home.account_id, self._home.region)
        block = CallBlock(self._service.calls, self._service.started, home, MAX_COLUMNS)
        calls = block.format(max(maximum - fixed - min_ids - 1, 6))
        shown = {run.arn for _, run in self._runs}
        mentioned = [arn for arn in dict.fromkeys([*calls.arns, *resources]) if arn not in shown]
        ids = self._ids(mentioned, min(maximum - fixed - len(calls.lines) - 3, _MAX_IDS))
        blocks = [block for block in (head, calls.lines, runs, faults, waits, ids) if block]
        return [line for block in blocks for line in (*block, "")][:-1]

    def _at(self, moment: int) -> str:
        return format_offset(moment - self._service.started)

    def _elsewhere(self, store: Store) -> str:
        """The account and region, where they differ from the mock's own."""
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
            counts = [format_count(number, noun) for noun, number in numbers.items() if number]
            if counts or store is self._home:
                title = f"{store.account_id} {store.region}: "
                lines += join_items(title, counts or ["empty"], MAX_COLUMNS, "  ", "")
        start = format_iso(self._service.started).replace("T", " ").removesuffix("+00:00")
        moved = self._now != self._service.started
        now = f"is now at {self._at(self._now)}" if moved else "has not moved"
        return [*lines[:6], f"The clock started at {start} UTC and {now}."]

    # The runs

    def _last_runs(self) -> list[tuple[Store, Run]]:
        runs = [(store, run) for store in self._stores for run in store.runs.newest(_MAX_RUNS)]
        return sorted(runs, key=lambda entry: entry[1].created)[-_MAX_RUNS:]

    def _run_lines(self, max_lines: int) -> list[str]:
        """The last runs, the very last ones with their timelines."""
        if not self._runs:
            return []
        blocks = [self._run(store, run) for store, run in self._runs]
        used = 1 + sum(map(len, blocks))
        for index in range(len(self._runs) - 1, max(len(self._runs) - _MAX_DETAILED_RUNS, 0) - 1, -1):
            timeline = self._timeline(self._runs[index][1])
            if used + len(timeline) > max_lines:
                break
            blocks[index] += timeline
            used += len(timeline)
        total = sum(len(store.runs) for store in self._stores)
        title = "Runs" if total == len(self._runs) else f"Runs: {total:,}, the last {len(self._runs)}"
        return [title, *(line for lines in blocks for line in lines)][:max_lines]

    def _run(self, store: Store, run: Run) -> list[str]:
        findings = store.findings.of(run).all
        found = Counter(finding.body.severity for finding in findings if finding.created <= self._now)
        severities = ", ".join(f"{found[severity]:,} {severity}" for severity in SEVERITIES if found[severity])
        count = format_count(found.total(), "finding")
        items = [
            run.state(self._now),
            format_count(len(run.agents), "agent"),
            f"{count} ({severities})" if severities else count,
        ]
        exclusions = len(store.exclusions.of(run.arn))
        if exclusions:
            items.append(format_count(exclusions, "exclusion"))
        title = f"{shorten_arn(run.arn)} {abbreviate(run.name)} of {shorten_arn(run.template.arn)}: "
        return join_items(title, items, MAX_COLUMNS, "    ", "  ")

    def _timeline(self, run: Run) -> list[str]:
        lines = []
        ahead = [change for change in run.timeline if change.moment > self._now]
        for title, changes in (("", run.history(self._now)), ("ahead: ", ahead)):
            steps = [f"{self._at(change.moment)} {change.state}" for change in changes]
            omitted = len(steps) - _MAX_CHANGES
            if omitted > 0:
                steps[:omitted] = [f"{CUT} {omitted} before"]
            if steps:
                lines += join_items(title, steps, MAX_COLUMNS, "      ", "    ")
        return lines

    # The faults

    def _faults(self) -> list[str]:
        active = [(store, fault) for store in self._stores for fault in store.faults if not fault.is_spent]
        lines = []
        for store, fault in active[:_MAX_FAULTS]:
            hits = f"triggered by {format_count(fault.hits, 'call')}" if fault.hits else "never triggered"
            remaining = "" if fault.times is None or not fault.hits else f", {fault.times} to come"
            text = printable(f"{fault.summary}{self._elsewhere(store)}: {hits}{remaining}")
            lines += wrap(text, MAX_COLUMNS, "    ", "  ")[:3]
        if len(active) > _MAX_FAULTS:
            lines.append(f"  {CUT} {len(active) - _MAX_FAULTS} more")
        return ["Faults to come", *lines] if lines else []

    # The waits

    def _real_waits(self) -> list[str]:
        """Why waiting did not move the clock. Without the seconds, so that the report is the same in each run."""
        waits = self._service.polls.real_waits()
        lines = []
        for line, reason, _ in waits[:_MAX_REAL_WAITS]:
            lines += wrap(printable(_shorten_paths(f"{line}: {reason}")), MAX_COLUMNS, "    ", "  ")[:3]
        if len(waits) > _MAX_REAL_WAITS:
            lines.append(f"  {CUT} {len(waits) - _MAX_REAL_WAITS:,} more")
        return ["Waits that took real time", *lines] if lines else []

    # The ids

    def _last_arns(self) -> list[str]:
        """The ARNs of the targets and templates of the last runs, and of the last targets and templates."""
        found = [arn for _, run in self._runs for arn in (run.template.target.arn, run.template.arn)]
        for store in self._stores:
            found += [target.arn for target in store.targets.newest(4)]
            found += [template.arn for template in store.templates.newest(4)]
        return list(dict.fromkeys(found))

    def _ids(self, arns: list[str], max_lines: int) -> list[str]:
        kept = arns if len(arns) <= max_lines else arns[: max(max_lines - 1, 0)]
        if not kept:
            return []
        column = max(width(shorten_arn(arn)) for arn in kept)
        lines = [clip(f"  {shorten_arn(arn):<{column}}  {self._explain(arn)}", MAX_COLUMNS) for arn in kept]
        if len(arns) > len(kept):
            lines.append(f"  {CUT} {len(arns) - len(kept):,} more")
        return ["Ids", *lines]

    def _explain(self, arn: str) -> str:
        """What an ARN names, in short."""
        parts = arns.parse(arn)
        if parts is None:
            return "not an ARN of this service"
        resource_type = arns.RESOURCE_TYPES[parts.type_name]
        for store in self._stores:
            if store.region == parts.region:
                try:
                    item = store.lookup(resource_type, arn)
                except NotFound:
                    continue
                return _describe(resource_type.name, item) + self._elsewhere(store)
        foreign = (parts.account, parts.region) != (self._home.account_id, self._home.region)
        where = f" in {parts.account} {parts.region}" if foreign else ""
        return f"does not exist{where}: deleted, or never made"


def _describe(type_name: str, item: Any) -> str:
    if type_name == RESOURCE_GROUP.name:
        tags = [f"{printable(tag['key'])}={printable(tag.get('value', ''))}" for tag in islice(item.tags, 3)]
        text = f"instances with {truncate_list(tags, len(item.tags))}"
    elif type_name == TARGET.name:
        text = f"{abbreviate(item.name)}: {'all instances' if item.group is None else shorten_arn(item.group.arn)}"
    elif type_name == TEMPLATE.name:
        packages = format_count(len(item.packages), "rules package")
        text = f"{abbreviate(item.name)} of {shorten_arn(item.target.arn)}: {item.duration_seconds:,} s, {packages}"
    elif type_name == RUN.name:
        text = f"{abbreviate(item.name)} of {shorten_arn(item.template.arn)}"
    elif type_name == FINDING.name:
        on = "" if item.instance is None else f" on {printable(item.instance.instance_id)}"
        text = f"{abbreviate(item.members.get('id', ''))}, {item.body.severity}{on}"
    else:
        text = abbreviate(item.members.get("title", "") if type_name == EXCLUSION.name else item.name)
    return text


def _shorten_paths(text: str) -> str:
    """A text whose paths in the current directory are relative to it."""
    with suppress(OSError):  # The directory may be gone.
        return text.replace(f"{Path.cwd()}{os.sep}", "")
    return text

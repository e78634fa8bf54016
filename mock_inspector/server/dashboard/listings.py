"""What the page lists beside the overview: the findings that a filter selects, calls, and what is open in full."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...clock.moments import format_iso
from ...state.call_log import repeat_key
from ...state.findings import SEVERITIES
from .overview import MAX_CALLS, describe_call, describe_finding, describe_message

if TYPE_CHECKING:
    from ...state.call_log import Call
    from ...state.collections import NumberedList
    from ...state.findings import Finding
    from ...state.service import FakeService
    from ...state.store import Store
    from .selection import Selection

MAX_SEARCHED = 20_000
"""Limit of the findings that a filter looks at, the most severe first."""

MAX_SEARCHED_CALLS = 5_000
"""Limit of the last calls that are folded, or looked at for failed ones."""

MAX_JSON_CHARACTERS = 50_000
"""A longer request, response or message is cut."""


# Findings


def list_findings(store: Store, selection: Selection) -> dict[str, Any]:
    """The findings that a filter selects, the most severe first, and of one severity the newest first."""
    counts = {severity: len(findings) for severity, findings in store.findings.by_severity.items()}
    if not selection.filters_findings:
        found = list(islice(_by_severity(store, selection), selection.shown))
        return {"total": sum(counts.values()), "listed": _describe_all(store, found, selection), "searched_all": True}
    found, matches, searched = [], 0, 0
    for finding in islice(_by_severity(store, selection), MAX_SEARCHED):
        searched += 1
        if _matches(finding, selection):
            matches += 1
            if len(found) < selection.shown:
                found.append(finding)
    return {
        "total": matches,
        "listed": _describe_all(store, found, selection),
        "searched_all": searched < MAX_SEARCHED,
    }


def _by_severity(store: Store, selection: Selection) -> Iterator[Finding]:
    severities = [severity for severity in SEVERITIES if selection.severity in ("", severity)]
    for severity in severities:
        of_severity: NumberedList[Finding] = store.findings.by_severity[severity]
        if not selection.run:
            yield from of_severity.newest(MAX_SEARCHED)
            continue
        run = store.runs.get(selection.run)
        if run is not None:
            newest = store.findings.of(run).all.newest(MAX_SEARCHED)
            yield from (finding for finding in newest if finding.body.severity == severity)


def _matches(finding: Finding, selection: Selection) -> bool:
    if selection.rules_package and finding.body.rules_package != selection.rules_package:
        return False
    if not (selection.instance or selection.text):
        return True
    members = finding.members
    if selection.instance not in members.get("assetAttributes", {}).get("agentId", ""):
        return False
    text = selection.text.casefold()
    return not text or any(text in part.casefold() for part in _texts(finding, members))


def _texts(finding: Finding, members: dict[str, Any]) -> Iterator[str]:
    """What a search by text looks at."""
    yield from (members[name] for name in ("title", "id", "description", "recommendation") if name in members)
    yield from (entry.get("value", "") for entry in members.get("attributes", ()))
    yield from (entry.get("value", "") for entry in finding.user_attributes)
    yield finding.arn


def _describe_all(store: Store, findings: Iterable[Finding], selection: Selection) -> list[dict[str, Any]]:
    return [
        {
            **describe_finding(finding),
            "full": _describe_in_full(store, finding) if finding.arn in selection.open else None,
        }
        for finding in findings
    ]


def _describe_in_full(store: Store, finding: Finding) -> dict[str, Any]:
    """A finding as DescribeFindings shows it, with the name of its rules package and ISO 8601 times."""
    package = store.rules_packages.get(finding.body.rules_package or "")
    return {
        **finding.to_api(),
        "run": finding.run.arn,
        "rules_package": finding.body.rules_package,
        "rules_package_name": package.name if package else finding.body.rules_package,
        "created": format_iso(finding.created),
        "updated": format_iso(finding.updated),
    }


def list_exclusions(store: Store, listed: list[dict[str, Any]], selection: Selection) -> list[dict[str, Any]]:
    """The exclusions that the overview lists, with all members of those that are open."""

    def find(arn: str) -> dict[str, Any] | None:
        exclusion = store.exclusions.get(arn) if arn in selection.open else None
        return None if exclusion is None else exclusion.to_api()

    return [{**entry, "full": find(entry["arn"])} for entry in listed]


# Calls and messages


def list_calls(service: FakeService, selection: Selection) -> list[dict[str, Any]]:
    """The last calls, newest first. Reads and failed calls that were repeated are one entry, which shows the last."""
    last = service.calls.last(MAX_SEARCHED_CALLS)
    groups: list[list[tuple[int, Call]]] = []
    for number, call in zip(range(service.calls.made, 0, -1), reversed(last), strict=False):
        if selection.calls == "failed" and call.error is None:
            continue
        key = repeat_key(call)
        if groups and key is not None and key == repeat_key(groups[-1][-1][1]):
            groups[-1].append((number, call))
        elif len(groups) == MAX_CALLS:
            break
        else:
            groups.append([(number, call)])
    return [_describe_group(group, selection) for group in groups]


def _describe_group(group: list[tuple[int, Call]], selection: Selection) -> dict[str, Any]:
    """Calls as one entry. Its key names the oldest, so that it stays the same while the call is repeated."""
    _, call = group[0]
    number, oldest = group[-1]
    open_keys = [key for key in selection.open if key in {f"call-{number}" for number, _ in group}]
    return {
        **describe_call(call),
        "key": open_keys[0] if open_keys else f"call-{number}",
        "count": len(group),
        "first_time": format_iso(oldest.moment),
        "full": {
            "request": _format_json(call.request),
            "response": _format_json(call.answer),
            "access_key": call.access_key,
        }
        if open_keys
        else None,
    }


def list_messages(service: FakeService, selection: Selection) -> list[dict[str, Any]]:
    """The last messages to SNS topics, newest first."""
    published = service.published
    numbers = range(len(published), max(0, len(published) - MAX_CALLS), -1)
    return [
        {
            **describe_message(published[number - 1]),
            "key": f"message-{number}",
            "about": _find_subject(published[number - 1].message),
            "full": _format_json(published[number - 1].message.encode("utf-8", "replace"))
            if f"message-{number}" in selection.open
            else None,
        }
        for number in numbers
    ]


def _find_subject(message: str) -> str:
    """The ARN of what a message is about: the finding, run or template that it names."""
    try:
        members = json.loads(message)
    except ValueError:
        return ""
    return next((members[name] for name in ("finding", "run", "template") if members.get(name)), "")


def _format_json(body: bytes) -> str:
    """A body as indented JSON, or as it is."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
    if len(text) <= MAX_JSON_CHARACTERS:
        return text
    return f"{text[:MAX_JSON_CHARACTERS]}\n… {len(text) - MAX_JSON_CHARACTERS:,} more characters"


def list_run_names(store: Store, listed: list[dict[str, Any]], selection: Selection) -> list[tuple[str, str]]:
    """The ARNs and names of the runs to choose from: those listed, and the one that is chosen."""
    runs = [(run["arn"], run["name"]) for run in listed]
    chosen = store.runs.get(selection.run)
    return runs if chosen is None or any(arn == chosen.arn for arn, _ in runs) else [*runs, (chosen.arn, chosen.name)]

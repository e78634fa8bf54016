"""Parts of a restored world that need nothing but their own records, and how what is wrong with records is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any, TypeVar

from ..errors import short_repr
from ..state.exclusions import Exclusion
from ..state.faults import Fault, ParametersAre, fault
from ..state.finding_specs import FindingSpec, ReachabilitySpec
from ..state.runs import Run
from .codec import Wrong, takes
from .fields import written_copy
from .schema import ExclusionRecord, FaultRecord, FindingSpecRecord, RunRecord, SpecRecord

T = TypeVar("T")
R = TypeVar("R")


def each(name: str, records: Iterable[T], restore: Callable[[T], R]) -> list[R]:
    """What becomes of each of a list of records; what is wrong with one is told with its place."""
    done: list[R] = []
    try:
        done.extend(map(restore, records))
    except Wrong as wrong:
        raise wrong.within(len(done)).within(name) from None
    return done


def members(record: Any, *without: str) -> dict[str, Any]:
    """The members of a record, but for those ``without``."""
    return {entry.name: getattr(record, entry.name) for entry in fields(record) if entry.name not in without}


def named(items: Sequence[T], place: int, of: str, member: str = "") -> T:
    """What is named by its place in a list."""
    if place >= len(items):
        wrong = takes(f"a place in {of}, which has {len(items)}", place)
        raise wrong.within(member) if member else wrong
    return items[place]


def check_new(value: str, name: str, *, taken: bool) -> None:
    """Wrong for what must differ, and is taken."""
    if taken:
        raise Wrong(f": {short_repr(value)} is there twice").within(name)


def load_spec(record: FindingSpecRecord) -> FindingSpec:
    """What instances suffer from."""
    if not record.reachability:
        if record.without_agent is not None:
            raise Wrong(".without_agent: only one with 'reachability' looks different without an agent")
        return FindingSpec(**_seen(record))
    outside = None if record.without_agent is None else ReachabilitySpec(**_seen(record.without_agent))
    return ReachabilitySpec(**_seen(record), without_agent=outside)


def _seen(record: SpecRecord) -> dict[str, Any]:
    return {
        **members(record, "attributes", "reachability", "without_agent"),
        "attributes": tuple(record.attributes),
    }


def attributes_of(pairs: list[dict[str, str]], member: str) -> tuple[dict[str, str], ...]:
    """Tags or user attributes, whose keys differ."""
    if len({pair["key"] for pair in pairs}) < len(pairs):
        raise Wrong(f".{member}: has a key twice")
    return tuple(pairs)


def timeline_of(record: RunRecord) -> list[tuple[str, int]]:
    """A run's state changes, in the order of time."""
    if not record.timeline:
        raise Wrong(".timeline: takes a state change at least")
    for place, (before, change) in enumerate(pairwise(record.timeline), start=1):
        if change.moment < before.moment:
            raise Wrong(f".timeline[{place}]: begins before the one before it")
    return [(change.state, change.moment) for change in record.timeline]


def exclude(run: Run, record: ExclusionRecord) -> None:
    """Give a run an exclusion."""
    check_new(record.id, "id", taken=record.id in run.exclusions)
    run.exclusions[record.id] = Exclusion(record.number, f"{run.arn}/exclusion/{record.id}", record.members)


def fault_of(record: FaultRecord) -> Fault:
    """An injected fault."""
    when = ParametersAre(written_copy(record.when)) if isinstance(record.when, dict) else record.when
    try:
        restored = fault(record.operation, record.error, record.times, record.after, when, record.where)
    except (TypeError, ValueError) as error:
        raise Wrong(f": {error}") from None
    restored.met = record.met
    return restored

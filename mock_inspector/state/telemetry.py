"""Telemetry: how much of what an agent sent during a run, message type by message type (data type TelemetryMetadata)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zlib import crc32

Telemetry = list[dict[str, Any]]
"""Entries of messageType, count (messages) and dataSize (bytes)."""

TOTAL = "Total"


@lru_cache(maxsize=1)
def _data() -> Any:
    return json.loads(files("mock_inspector").joinpath("data/telemetry.json").read_text("utf-8"))


@lru_cache(maxsize=2048)
def usual_telemetry(instance_id: str, operating_system: str | None) -> Telemetry:
    """What the agent of an instance sends when the test says nothing else; every run gets the same, not to be changed.

    The agent of the reference's samples is the measure: of what there is a different amount on every instance
    (software, accounts, processes), others send from half as much to twice as much, depending on their ids alone.
    """
    system = (operating_system or "").lower()
    sent: Telemetry = []
    for message in _data()["messages"]:
        kind = message["messageType"]
        if any(family in system for family in message.get("not_on", ())):
            continue
        if kind == TOTAL:
            sent.append({"messageType": TOTAL})  # its place; what it says is known when the rest is
            continue
        count = _amount(message["count"], message.get("varies_with"), instance_id)
        sent.append(
            {"messageType": kind, "count": count, "dataSize": round(message["dataSize"] * count / message["count"])}
        )
    total = _total([entry for entry in sent if entry["messageType"] != TOTAL])
    return [total if entry["messageType"] == TOTAL else entry for entry in sent]


def _amount(usual: int, trait: str | None, instance_id: str) -> int:
    if trait is None:
        return usual
    return max(1, round(usual * _extent(trait, instance_id) / _extent(trait, _data()["agent"])))


def _extent(trait: str, instance_id: str) -> float:
    """How much of something an instance has: from 1 to 2, without a unit."""
    return 1 + crc32(f"{trait}\n{instance_id}".encode("utf-8", "surrogatepass")) / 2**32


def summed_telemetry(sent: Iterable[Telemetry]) -> Telemetry:
    """The telemetry of several agents added up by message type, "Total" included."""
    sums: dict[str, dict[str, Any]] = {}
    for telemetry in sent:
        for entry in _with_total(telemetry):
            kind = entry["messageType"]
            overall = sums.setdefault(kind, {"messageType": kind, "count": 0, "dataSize": 0})
            overall["count"] += entry["count"]
            overall["dataSize"] += entry.get("dataSize", 0)
    return list(sums.values())


def _with_total(telemetry: Telemetry) -> Telemetry:
    if not telemetry or any(entry["messageType"] == TOTAL for entry in telemetry):
        return telemetry
    return [*telemetry, _total(telemetry)]


def _total(telemetry: Telemetry) -> dict[str, Any]:
    return {
        "messageType": TOTAL,
        "count": sum(entry["count"] for entry in telemetry),
        "dataSize": sum(entry.get("dataSize", 0) for entry in telemetry),
    }

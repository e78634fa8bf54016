"""Telemetry: how much an agent sent during a run, by message type (data type TelemetryMetadata)."""

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
def default_telemetry(instance_id: str, operating_system: str | None) -> Telemetry:
    """Return what the agent of an instance sends when the test describes no telemetry. Callers must not change it.

    The agent of the API reference's samples sends the samples' figures. Other agents send from half to twice as many
    messages of the types that vary between instances (software, accounts, processes), depending on their id.
    """
    system = (operating_system or "").lower()
    telemetry: Telemetry = []
    for message in _data()["messages"]:
        message_type = message["messageType"]
        if any(family in system for family in message.get("not_on", ())):
            continue
        if message_type == TOTAL:
            telemetry.append({"messageType": TOTAL})  # A placeholder: the sum is known at the end.
            continue
        count = _count(message["count"], message.get("varies_with"), instance_id)
        size = round(message["dataSize"] * count / message["count"])
        telemetry.append({"messageType": message_type, "count": count, "dataSize": size})
    total = _total([entry for entry in telemetry if entry["messageType"] != TOTAL])
    return [total if entry["messageType"] == TOTAL else entry for entry in telemetry]


def _count(sample_count: int, trait: str | None, instance_id: str) -> int:
    if trait is None:
        return sample_count
    return max(1, round(sample_count * _factor(trait, instance_id) / _factor(trait, _data()["agent"])))


def _factor(trait: str, instance_id: str) -> float:
    """How much of a trait an instance has: from 1 to 2."""
    return 1 + crc32(f"{trait}\n{instance_id}".encode("utf-8", "surrogatepass")) / 2**32


def sum_telemetry(telemetries: Iterable[Telemetry]) -> Telemetry:
    """Return the sums of several agents' telemetry by message type, "Total" included."""
    sums: dict[str, dict[str, Any]] = {}
    for telemetry in telemetries:
        for entry in _with_total(telemetry):
            message_type = entry["messageType"]
            total = sums.setdefault(message_type, {"messageType": message_type, "count": 0, "dataSize": 0})
            total["count"] += entry["count"]
            total["dataSize"] += entry.get("dataSize", 0)
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

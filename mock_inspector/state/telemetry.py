"""Telemetry: how much an agent sent during a run, by message type (data type TelemetryMetadata)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zlib import crc32

from ..api.service_model import max_length

Telemetry = list[dict[str, Any]]
"""Entries of messageType, count (messages) and, where it is known, dataSize (bytes)."""

TOTAL = "Total"
_MAX_SUM = 2**63 - 1
"""What the model's data type Long holds. Greater sums count as this."""


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
    """Return the sums of several agents' telemetry by message type, "Total" included.

    A message type whose ``dataSize`` no agent states has none. The sums of more message types than a response holds are
    cut; "Total" stays, and counts all of them.
    """
    by_type: dict[str, Telemetry] = {}
    for telemetry in telemetries:
        for entry in _with_total(telemetry):
            by_type.setdefault(entry["messageType"], []).append(entry)
    surplus = len(by_type) - max_length("TelemetryMetadataList")
    if surplus > 0:
        for message_type in [message_type for message_type in by_type if message_type != TOTAL][-surplus:]:
            del by_type[message_type]
    return [_sum(message_type, entries) for message_type, entries in by_type.items()]


def _with_total(telemetry: Telemetry) -> Telemetry:
    if not telemetry or any(entry["messageType"] == TOTAL for entry in telemetry):
        return telemetry
    return [*telemetry, _total(telemetry)]


def _total(telemetry: Telemetry) -> dict[str, Any]:
    return _sum(TOTAL, telemetry)


def _sum(message_type: str, entries: Telemetry) -> dict[str, Any]:
    sums = {"messageType": message_type, "count": min(sum(entry["count"] for entry in entries), _MAX_SUM)}
    sizes = [entry["dataSize"] for entry in entries if "dataSize" in entry]
    return {**sums, "dataSize": min(sum(sizes), _MAX_SUM)} if sizes else sums

"""Snapshots: the whole state of a mock as JSON values, taken, checked and restored."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..state.service import FakeService


def snapshot(service: FakeService) -> dict[str, Any]:
    """The state of all accounts and regions of a mock at this moment, as JSON values of its own."""
    from .dump import taken

    return taken(service)


def restore(service: FakeService, state: Mapping[str, Any] | str | os.PathLike[str], name: str) -> None:
    """Give a mock the state of a snapshot, or of the JSON file of one.

    ValueError, beginning with ``name`` and the file, with the place that is wrong, for what is no snapshot; then the
    mock stays as it is.
    """
    from ..clock.clock import as_datetime
    from .codec import Wrong, decode
    from .load import restored
    from .schema import SnapshotRecord, check_header

    source = name if isinstance(state, Mapping) else f"{name}: {os.fspath(state)}"
    try:
        values = dict(state) if isinstance(state, Mapping) else _read(state)
        check_header(values)
        record = decode(SnapshotRecord, values)
        other = restored(record)
    except Wrong as wrong:
        place = wrong.text.removeprefix(".").removeprefix(": ")
        raise ValueError(f"{source}: {place}") from None
    service.take_over(other, as_datetime(record.moment))


def check_json(taken: Mapping[str, Any]) -> None:
    """ValueError for a snapshot that holds what JSON cannot tell."""
    for place, region in enumerate(taken["regions"]):
        for number, fault in enumerate(region.get("faults", ())):
            try:
                json.dumps(fault)
            except TypeError as error:
                raise ValueError(f"regions[{place}].faults[{number}] serves in process only: {error}") from None


def _read(path: str | os.PathLike[str]) -> Any:
    """What a JSON file says."""
    from .codec import Wrong

    try:
        return json.loads(Path(path).read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise Wrong(f": is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise Wrong(f": is not JSON: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise Wrong(f": cannot be read: {error.strerror or error}") from None
    except RecursionError:
        raise Wrong(": is not JSON of a snapshot: it is nested too deeply") from None
    except ValueError as error:  # a number of thousands of digits, a path with a null byte
        raise Wrong(f": cannot be read: {error}") from None

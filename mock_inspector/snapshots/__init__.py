"""Snapshots: the whole state of a mock as JSON values, dumped and loaded."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..state.service import FakeService


def snapshot(service: FakeService) -> dict[str, Any]:
    """Return the state of all accounts and regions of a mock as JSON values."""
    from .dump import dump

    return dump(service)


def restore(service: FakeService, state: Mapping[str, Any] | str | os.PathLike[str], name: str) -> None:
    """Give a mock the state of a snapshot, or of the JSON file of one.

    ValueError, which begins with ``name`` and the file and names the path, for an invalid snapshot. The mock stays as
    it is then.
    """
    from ..clock.moments import to_datetime
    from .codec import SnapshotError, decode
    from .load import load
    from .schema import SnapshotRecord, check_header

    source = name if isinstance(state, Mapping) else f"{name}: {os.fspath(state)}"
    try:
        with _pause_collector():
            values = dict(state) if isinstance(state, Mapping) else _read(state)
            check_header(values)
            values.pop("$schema", None)  # by which an editor checks the file
            record = decode(SnapshotRecord, values)
            loaded = load(record)
    except SnapshotError as error:
        raise ValueError(f"{source}: {error.text.lstrip(' .:')}") from None
    service.take_over(loaded, to_datetime(record.moment))


@contextmanager
def _pause_collector() -> Iterator[None]:
    """Stop the cyclic garbage collector: all that is made of a snapshot stays, and it would look at it again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def check_json(state: Mapping[str, Any]) -> None:
    """ValueError for a snapshot that cannot be saved as JSON."""
    for index, store in enumerate(state["stores"]):
        for fault_index, fault in enumerate(store.get("faults", ())):
            try:
                json.dumps(fault)
            except TypeError as error:
                raise ValueError(f"stores[{index}].faults[{fault_index}] cannot be saved as JSON: {error}") from None


def _read(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file."""
    from .codec import SnapshotError

    try:
        return json.loads(Path(path).read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise SnapshotError(f": is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise SnapshotError(f": is not JSON: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise SnapshotError(f": cannot be read: {error.strerror or error}") from None
    except RecursionError:
        raise SnapshotError(": is not a snapshot: its JSON is nested too deeply") from None
    except ValueError as error:  # A number of thousands of digits, or a path with a null byte.
        raise SnapshotError(f": cannot be read: {error}") from None

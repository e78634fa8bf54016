"""What uses of the mock leave behind, cycle by cycle."""

from __future__ import annotations

import gc
import os
import sys
import threading
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mock_inspector import mock_inspector


class Holdings(NamedTuple):
    """What the process holds: blocks of memory, objects that the garbage collector knows, open files, threads, and
    handlers that a client asks before it sends."""

    blocks: int
    objects: int
    files: int
    threads: int
    handlers: int


def holdings(client: Any) -> Holdings:
    """What the process holds now, garbage collected."""
    urllib.parse.clear_cache()  # it keeps the last hundred URLs, each of them new here
    for _ in range(3):
        gc.collect()
    asked = client.meta.events.emit("before-send.inspector.ListFindings", request=None)
    return Holdings(
        sys.getallocatedblocks(),
        len(gc.get_objects()),
        len(list(Path("/dev/fd").iterdir())) if os.name == "posix" else 0,
        threading.active_count(),
        len(asked),
    )


def growth(
    client: Any, cycles: int, *, warm: int = 100, within: Callable[[Any], object] | None = None, **keywords: Any
) -> Holdings:
    """What the process holds more after entering and leaving the mock so many times.

    ``within`` is called with each use's backend; ``warm`` uses before fill the caches.
    """

    def use(times: int) -> None:
        for _ in range(times):
            with mock_inspector(**keywords) as backend:
                if within is not None:
                    within(backend)

    use(warm)
    before = holdings(client)
    use(cycles)
    return Holdings(*(now - then for now, then in zip(holdings(client), before, strict=True)))

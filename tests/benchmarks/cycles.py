"""What uses of the mock leave behind, cycle by cycle."""

from __future__ import annotations

import gc
import os
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from mock_inspector import mock_inspector

from .measuring import Figure, Size, client_of


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
    urllib.parse.clear_cache()  # type: ignore[attr-defined]  # it keeps the last hundred URLs, each of them new here
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


@contextmanager
def without_tracing() -> Iterator[None]:
    """Turn off what measures coverage: it keeps an object for each thread."""
    trace, thread_trace = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(trace)
        threading.settrace(thread_trace)


@contextmanager
def without_older_objects() -> Iterator[None]:
    """Keep the objects that there are out of collections, which take seconds where there are millions of them."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def growth(
    client: Any,
    cycles: int,
    *,
    warm: int = 100,
    within: Callable[[Any], object] | None = None,
    suppressed: Sequence[type[BaseException]] = (),
    **keywords: Any,
) -> Holdings:
    """What the process holds more after entering and leaving the mock so many times.

    ``within`` is called with each use's backend; ``suppressed`` exceptions that it raises leave the mock, and go no
    further. ``warm`` uses before fill the caches.
    """

    def use(times: int) -> None:
        for _ in range(times):
            with suppress(*suppressed), mock_inspector(**keywords) as backend:
                if within is not None:
                    within(backend)

    with without_tracing(), without_older_objects():
        use(warm)
        before = holdings(client)
        use(cycles)
        return Holdings(*(now - then for now, then in zip(holdings(client), before, strict=True)))


def cycles(size: Size) -> Iterator[Figure]:
    """10,000 uses, in each of which a client calls, with and without a freeze."""
    client = client_of("inspector")
    times, warm = size.of(10_000, 10), size.of(100, 2)
    for name, freeze in (("freeze=False", False), ("frozen", True)):
        grown = growth(client, times, warm=warm, within=lambda _: client.list_findings(), freeze=freeze)
        what = f"left behind by each of {times:,} uses, {name}"
        yield Figure(f"{what}: memory", 0.1, grown.blocks / times, "blocks")
        yield Figure(f"{what}: files, handlers", 0, grown.files + grown.threads + grown.handlers, "")

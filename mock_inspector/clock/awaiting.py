"""Which line of code awaits a timer of an event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

_MAX_TASKS = 20
_ASYNCIO = str(Path(asyncio.__file__).parent)


def awaiting_line(loop: Any) -> str:
    """The line that awaits a timer: that of a task of the loop (of a loop with many tasks, just the loop)."""
    tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
    lines = [line for task in tasks if (line := _suspended_at(task.get_coro()))] if len(tasks) <= _MAX_TASKS else []
    return " or ".join(sorted(set(lines))) or f"a timer of {loop!r}"


def _suspended_at(awaited: Any) -> str | None:
    """The innermost line outside of asyncio at which a coroutine is suspended."""
    line = None
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None and not frame.f_code.co_filename.startswith(_ASYNCIO):
            line = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return line

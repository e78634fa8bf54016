"""What a process has only once, and a mock might change: hooks, stacks, lists, the environment."""

import atexit
import copyreg
import gc
import os
import signal
import sys
import threading
import warnings
from typing import Any

import freezegun.api
import time_machine

from .time_control import replaceable_attributes


def process_state() -> dict[str, Any]:
    """All of it, for a comparison by :func:`changes_since`."""
    freezes = ("freeze_factories", "ignore_lists", "tick_flags", "tz_offsets")
    hooks = ("excepthook", "unraisablehook", "displayhook", "breakpointhook")
    return {
        **replaceable_attributes(),
        **{f"freezegun.api.{name}": len(getattr(freezegun.api, name)) for name in freezes},
        **{f"sys.{name}": getattr(sys, name) for name in hooks},
        **{f"the environment's {name}": value for name, value in os.environ.items()},
        "time_machine.traveller_stack": len(time_machine.traveller_stack),
        "copyreg.dispatch_table": dict(copyreg.dispatch_table),
        "sys.meta_path": list(sys.meta_path),
        "sys.path_hooks": list(sys.path_hooks),
        "sys.path": list(sys.path),
        "warnings.filters": list(warnings.filters),
        "threading.excepthook": threading.excepthook,
        "threads": threading.enumerate(),
        "gc": (gc.isenabled(), gc.callbacks[:]),
        "what runs at the exit": atexit._ncallbacks(),
        "signal handlers": {number: signal.getsignal(number) for number in signal.valid_signals()},
    }


def changes_since(before: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is different now: what it was, and what it is."""
    after = process_state()
    return {
        name: (before.get(name), after.get(name)) for name in {*before, *after} if before.get(name) != after.get(name)
    }

"""Who waits: the line of code behind a wait, and whether it is one that has to take real time."""

from __future__ import annotations

import sys
import threading
from traceback import walk_stack
from types import FrameType

from .idle_threads import thread_name

_PACKAGE = __name__.partition(".")[0]
_OWN = (f"{_PACKAGE}.clock.", f"{_PACKAGE}.patches.")
_OWN_SERVERS = (f"{_PACKAGE}.assessment_reports.", f"{_PACKAGE}.server.")
_PASSED = frozenset(
    {
        "blockbuster.blockbuster",
        "concurrent.futures",
        "concurrent.futures._base",
        "concurrent.futures.thread",
        "queue",
        "selectors",
        "threading",
    }
)
"""Modules through which others wait: the line that counts is in whoever called them."""

_PROCESSES = frozenset({"multiprocessing", "subprocess"})
_SERVERS = frozenset({"asyncio", "socketserver", "waitress"})
_TEST_RUNNERS = frozenset({"_pytest", "execnet", "hypothesis", "pluggy", "pytest_timeout", "xdist"})
_REAL_TIME = _SERVERS | _PROCESSES | _TEST_RUNNERS
"""Modules, by the first part of their name, that wait for the operating system or belong to what runs the tests."""


def module_of(frame: FrameType) -> str:
    """The name of the module whose code a frame runs."""
    name = frame.f_globals.get("__name__", "")
    return name if isinstance(name, str) else ""


def calling_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame from ``frame`` on that waits for a reason of its own, or None where there is none."""
    while frame is not None:
        if not _is_passed(module_of(frame)) or frame.f_code.co_name == "as_completed":
            return frame
        frame = frame.f_back
    return None


def _is_passed(module: str) -> bool:
    return module in _PASSED or module.startswith(_OWN)


def describe_line(frame: FrameType | None) -> str:
    """A frame's line, as a traceback names it."""
    return "a thread of Python's own" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def calling_line() -> str:
    """The line of the code that waits here and now."""
    return describe_line(calling_frame(sys._getframe(1)))


def real_time_caller(frame: FrameType | None) -> str | None:
    """The name of what calls here and has to wait in real time, or None."""
    caller = calling_frame(frame)
    if caller is None:
        name = thread_name(threading.get_ident())
        return name if name.startswith("pytest_timeout") else None  # a Timer, whose frames are all threading's
    module = module_of(caller)
    if module.partition(".")[0] in _REAL_TIME or module.startswith((*_OWN_SERVERS, "concurrent.futures")):
        return f"{module}.{caller.f_code.co_name}"
    return None


def is_worth_reporting(frame: FrameType | None) -> bool:
    """Whether a wait of code that is at ``frame`` is one that a failure report should name.

    A server that waits for its clients is none: nobody's test takes longer by that. An event loop reports its waits
    itself, with the line that awaits its timer.
    """
    caller = calling_frame(frame)
    if caller is None:
        return True
    module = module_of(caller)
    return module.partition(".")[0] not in {"socketserver", "waitress"} and module != "asyncio.base_events"


def belongs_to_test_runner(frame: FrameType) -> bool:
    """Whether a thread that is at ``frame`` is one of those by which the tests are run: it does nothing for a test."""
    modules = [module_of(each) for each, _ in walk_stack(frame)]
    runners = [module for module in modules if is_test_runner(module)]
    return bool(runners) and all(module in runners or _is_passed(module) for module in modules)


def is_test_runner(module: str) -> bool:
    """Whether a module is one of those by which the tests are run."""
    return module.partition(".")[0] in _TEST_RUNNERS


def waits_for_process(frame: FrameType | None) -> bool:
    """Whether code of a test waits here for another process, through the standard library."""
    inside = False
    while frame is not None:
        root = module_of(frame).partition(".")[0]
        if root in _PROCESSES:
            inside = True
        elif inside and not _is_passed(module_of(frame)):
            return True
        frame = frame.f_back
    return False


_CLIENTS = frozenset(
    {
        "aiobotocore",
        "aiohttp",
        "boto3",
        "botocore",
        "http",
        "httpx",
        "mock_inspector",
        "requests",
        "responses",
        "urllib3",
    }
)
"""Packages through which requests are made."""


def requesting_line() -> str:
    """The line of the code that makes a request here and now."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and module_of(frame).partition(".")[0] in _CLIENTS:
        frame = frame.f_back
    return describe_line(frame)

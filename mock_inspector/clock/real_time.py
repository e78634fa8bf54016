"""Who sees the real time while time is frozen: the frame around a test, and the parts of Python that wait.

freezegun leaves out the modules on its ignore list: their names are not replaced, and ``time.time()`` and the like
are real for whatever they call, up to five frames deep. For modules that call the code under test that is too much:
``threading`` runs the threads of tests. Here, those see the real time themselves, and nobody that they call does.
"""

from __future__ import annotations

import datetime
import sys
from functools import lru_cache
from threading import get_ident
from types import FrameType

from freezegun import api

from ..attribute_patch import AttributePatch

REAL_TIME_PACKAGES = (
    # Timeouts of threads, processes and sockets. Event loops have a time of their own (see ``event_loop``).
    "asyncio.base_events", "concurrent.futures", "multiprocessing", "queue", "socketserver", "subprocess", "threading",
    # Durations, deadlines and times of tests.
    "_pytest.timing", "allure_commons", "allure_pytest", "execnet", "hypothesis.core", "hypothesis.internal",
    "hypothesis.stateful", "pytest_benchmark", "pytest_timeout", "unittest", "xdist",
)  # fmt: skip
"""Packages and modules that see the real time. What they call sees the mock's."""

EVENT_LOOPS = ("asyncio", "trio")
"""Packages whose timers count by the time that they see. They see the real one where nothing waits for the clock."""

_loops_keep_real_time = False


@lru_cache(maxsize=64)
def _others(ignore_list: tuple[str, ...]) -> tuple[str, ...]:
    """What else is on a freeze's ignore list: freezegun's own rule applies to it."""
    return tuple(name for name in ignore_list if name not in REAL_TIME_PACKAGES)


@lru_cache(maxsize=4096)
def _is_in_real_time(module_name: str, *, loops: bool) -> bool:
    packages = REAL_TIME_PACKAGES + EVENT_LOOPS if loops else REAL_TIME_PACKAGES
    return any(module_name == package or module_name.startswith(f"{package}.") for package in packages)


def keeps_real_time(module_name: str) -> bool:
    """Whether the code of a module sees the real time."""
    return _is_in_real_time(module_name, loops=_loops_keep_real_time)


def is_ignored(module_name: str, ignore_list: tuple[str, ...]) -> bool:
    """Whether a freeze leaves the names of a module alone."""
    return keeps_real_time(module_name) or module_name.startswith(_others(ignore_list))


_importing: dict[int, object] = {}


def set_importing(factory: object | None) -> None:
    """Let this thread see the real time while it imports, as long as ``factory`` is what freezes; None: no longer."""
    if factory is None:
        _importing.pop(get_ident(), None)
    else:
        _importing[get_ident()] = factory


def is_importing() -> bool:
    """Whether this thread imports a module, and has not frozen time itself since the import began."""
    factory = _importing.get(get_ident())
    return factory is not None and any(current is factory for current in api.freeze_factories[-1:])


def _should_use_real_time() -> bool:
    """Whether the caller of a fake function sees the real time."""
    ignored = api.ignore_lists[-1:]  # a slice, since another thread may end the freeze meanwhile
    if not ignored or is_importing():
        return True
    frame: FrameType | None = sys._getframe(2)
    if keeps_real_time(_module_name(frame)):
        return True
    others = _others(ignored[0])
    for _ in range(api.call_stack_inspection_limit if others else 0):
        if frame is None:
            break
        if _module_name(frame).startswith(others):
            return True
        frame = frame.f_back
    return False


def _module_name(frame: FrameType | None) -> str:
    name = frame.f_globals.get("__name__") if frame is not None else None
    return name if isinstance(name, str) else ""


def _get_current_time() -> datetime.datetime:
    """The frozen moment; the real one for a thread that imports, or when another thread has just ended the freeze."""
    factories = api.freeze_factories[-1:]
    if factories and not is_importing():
        moment: datetime.datetime = factories[0]()
        return moment
    now: datetime.datetime = api.real_datetime.now(datetime.timezone.utc)
    return now.replace(tzinfo=None)


class RealTimeRules:
    """Replaces how freezegun decides who sees the real time, whoever has frozen it."""

    def __init__(self) -> None:
        self._patches = (
            AttributePatch(api, "_should_use_real_time", lambda _: _should_use_real_time),
            AttributePatch(api, "get_current_time", lambda _: _get_current_time),
        )

    def install(self, *, loops_keep_real_time: bool = False) -> None:
        """Replace freezegun's functions. ``loops_keep_real_time`` tells whether event loops see the real time."""
        global _loops_keep_real_time  # noqa: PLW0603  the process has one mock
        _loops_keep_real_time = loops_keep_real_time
        for patch in self._patches:
            patch.install()

    def uninstall(self) -> None:
        """Restore those that nobody else has replaced."""
        for patch in self._patches:
            patch.uninstall()

"""KeyboardInterrupt, or the signal of a time limit, at any line of entering or leaving: nothing stays.

Each test runs in a process of its own, since a mock that stays would reach the tests after it.
"""

import importlib.machinery
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import freezegun
import freezegun.api
import pytest

import mock_inspector as package
from mock_inspector import activation, mock_inspector

from ..support.aws import create_target, list_targets
from ..support.fast_subset import slow
from ..support.subprocesses import in_subprocess
from ..support.time_control import changed_attributes, replaceable_attributes

TRACED = tuple(str(Path(str(module.__file__)).parent) for module in (package, freezegun))
"""Whose lines are interrupted: the mock's and freezegun's."""

OPTIONS: dict[str, dict[str, Any]] = {
    "frozen": {},
    "running": {"freeze": False},
    "time-machine": {"freeze": "time-machine"},
}


HELD_SECONDS = 0.5


class Interrupt(BaseException):
    """What a signal's handler raises."""


class Lines:
    """Notes the lines that are executed in the block, and interrupts the first that is at ``interrupted``."""

    def __init__(self, interrupted=None):
        self.seen: dict[tuple[str, int], None] = {}
        self.enabled = True
        self._interrupted = interrupted

    def __enter__(self):
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_):
        sys.settrace(None)

    def _trace(self, frame, event, argument):
        if not frame.f_code.co_filename.startswith(TRACED):
            return None
        line = (frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and self.enabled:
            self.seen[line] = None
            if line == self._interrupted:
                self._interrupted = None
                raise Interrupt
        return self._trace


def use_decorated(options, lines, where):
    @mock_inspector(**options)
    def used():
        lines.enabled = where == "leave"

    lines.enabled = where == "enter"
    with lines:
        used()


def use_block(options, lines, where):
    lines.enabled = where == "enter"
    with lines, mock_inspector(**options):
        lines.enabled = where == "leave"


USES = {"decorated": use_decorated, "block": use_block}


def held_by_nobody():
    """Whether another thread gets the lock of entering and leaving."""
    got = []

    def try_to_get():
        if activation._lock.acquire(timeout=HELD_SECONDS):
            got.append(True)
            activation._lock.release()

    thread = threading.Thread(target=try_to_get)
    thread.start()
    thread.join()
    return got == [True]


def loaders():
    return importlib.machinery.SourceFileLoader.exec_module, importlib.machinery.ExtensionFileLoader.exec_module


def stacks():
    api: Any = freezegun.api
    return [len(stack) for stack in (api.freeze_factories, api.ignore_lists, api.tick_flags, api.tz_offsets)]


def without_first_line_of_exit(lines):
    """Without the line where ``__exit__`` has just been called: no code of the mock can be around it."""
    function = vars(package.decorator.MockInspector)["__exit__"].__code__
    numbers = {number for _, _, number in function.co_lines()}
    own = [line for line in lines if line[0] == function.co_filename and line[1] in numbers]
    return [line for line in lines if line not in own[:1]]


@pytest.mark.slow
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("where", ["enter", "leave"])
@pytest.mark.parametrize("options", ["frozen", slow("running"), slow("time-machine")])
@in_subprocess
def test_after_an_interrupt_at_any_line_nothing_stays(use, where, options):
    client = boto3.client("inspector", "us-west-2", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret")
    for _ in range(2):
        with mock_inspector(**OPTIONS[options]):
            client.list_findings()
    before = replaceable_attributes(), loaders(), stacks()
    sys.modules["a module that is new"] = ModuleType("new")
    whole = Lines()
    USES[use](OPTIONS[options], whole, where)
    problems: list[tuple[object, ...]] = []
    interrupted = 0
    for line in without_first_line_of_exit(whole.seen) if use == "block" else whole.seen:
        sys.modules["a module that is new"] = ModuleType("new")
        try:
            USES[use](OPTIONS[options], Lines(line), where)
        except Interrupt:
            interrupted += 1
        left = changed_attributes(before[0])
        if left or activation.active() or (loaders(), stacks()) != before[1:] or not held_by_nobody():
            problems.append((line, "stays", sorted(left)))
        with mock_inspector(**OPTIONS[options]):
            if list_targets(client):
                problems.append((line, "the next mock has the state of the last one"))
            create_target(client, "web")
        if changed_attributes(before[0]) or activation.active():
            problems.append((line, "stays after the next mock"))
    assert not problems, "\n".join(map(str, problems))
    assert interrupted > 50

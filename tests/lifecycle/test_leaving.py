"""Leaving undoes everything, whatever fails."""

import pytest

from mock_inspector import activation, mock_inspector
from mock_inspector.clock.blocking_calls import BlockingCallsPatch
from mock_inspector.clock.clock import Clock
from mock_inspector.clock.event_loop import LoopPatch
from mock_inspector.clock.freeze import Freeze
from mock_inspector.clock.late_imports import LateImports
from mock_inspector.clock.real_time import RealTimeRules
from mock_inspector.clock.real_types import RealTypes
from mock_inspector.clock.select_calls import SelectCallsPatch
from mock_inspector.clock.sleep import SleepPatch
from mock_inspector.clock.waiting import Waiting
from mock_inspector.external import AwsServices
from mock_inspector.patches.botocore import BotocorePatch
from mock_inspector.patches.network_guard import NetworkGuardPatch
from mock_inspector.patches.responses import ResponsesPatch
from mock_inspector.undo import UndoSteps, run_all

from ..support.time_control import changed_attributes, replaceable_attributes

pytestmark = pytest.mark.usefixtures("watchdog")

STEPS = [
    (AwsServices, "close"),
    (BlockingCallsPatch, "stop"),
    (BotocorePatch, "uninstall"),
    (Clock, "read"),
    (Freeze, "stop"),
    (LateImports, "stop"),
    (LoopPatch, "stop"),
    (NetworkGuardPatch, "uninstall"),
    (RealTimeRules, "uninstall"),
    (RealTypes, "uninstall"),
    (ResponsesPatch, "uninstall"),
    (SelectCallsPatch, "stop"),
    (SleepPatch, "stop"),
    (Waiting, "end"),
]


@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[f"{owner.__name__}.{name}" for owner, name in STEPS])
def test_when_a_step_of_leaving_fails_the_others_happen_and_the_error_is_raised_once(client, monkeypatch, owner, name):
    original, errors, leaving = getattr(owner, name), [], False

    def fail(*arguments):
        result = original(*arguments)
        if leaving:
            errors.append(ZeroDivisionError("a step of leaving"))
            raise errors[-1]
        return result

    before, mock = replaceable_attributes(), mock_inspector()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail)
        mock.__enter__()
        client.list_findings()
        leaving = True
        with pytest.raises(ZeroDivisionError) as raised:
            mock.__exit__(None, None, None)

    assert raised.value is errors[0]
    assert raised.value.__context__ is None
    assert activation.active() is None
    assert changed_attributes(before) == set()
    mock.__exit__(None, None, None)  # again: it does nothing


def test_leaving_twice_does_not_end_a_mock_around(client):
    inner = mock_inspector()
    with mock_inspector():
        with inner:
            pass
        inner.__exit__(None, None, None)
        assert activation.active() is not None
        client.list_findings()


RECIPE = """
import datetime, time
import pytest, boto3
from mock_inspector import mock_inspector

class FixedDatetime(datetime.datetime):
    @classmethod
    def now(cls):
        return datetime.datetime(2020, 12, 25, 17, 5, 55)

@pytest.fixture
def fixed(monkeypatch):
    monkeypatch.setattr(datetime, "datetime", FixedDatetime)
"""


@pytest.mark.slow
def test_a_test_may_replace_datetime_by_a_class_that_takes_no_timezone(pytester):
    pytester.makepyfile(
        RECIPE
        + """
REAL = datetime.datetime, time.time, time.sleep

@mock_inspector
def test_in_the_function(monkeypatch):
    monkeypatch.setattr(datetime, "datetime", FixedDatetime)

@pytest.mark.parametrize("freeze", [True, False])
def test_in_the_block(monkeypatch, freeze):
    with mock_inspector(freeze=freeze):
        monkeypatch.setattr(datetime, "datetime", FixedDatetime)

@mock_inspector(freeze=False)
def test_before(fixed):
    pass

def test_after_the_fixture(inspector_backend, fixed):
    pass

@pytest.fixture(autouse=True)
def check():
    assert (datetime.datetime, time.time, time.sleep) == REAL
    assert datetime.datetime.now(datetime.timezone.utc)
    yield

def test_last():
    pass
"""
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=6)


def test_a_step_stays_until_it_has_run():
    ran, steps = [], UndoSteps()

    def be_interrupted():
        ran.append("interrupted")
        if len(ran) == 2:
            raise KeyboardInterrupt

    steps.add(lambda: ran.append("first"))
    steps.add(be_interrupted)
    steps.add(lambda: ran.append("last"))
    with pytest.raises(KeyboardInterrupt):
        steps.run()
    assert ran == ["last", "interrupted", "interrupted", "first"]
    steps.run()
    assert len(ran) == 4


def test_all_steps_run_and_the_first_error_is_raised():
    ran: list[int] = []
    with pytest.raises(ZeroDivisionError):
        run_all([lambda: 1 / 0, lambda: ran.append(1), lambda: ran[7], lambda: ran.append(2)])
    assert ran == [1, 2]

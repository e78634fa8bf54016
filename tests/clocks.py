"""What tests about time share: who may have frozen it, real seconds beside frozen ones, other threads, an end to hanging."""

import datetime
import signal
import time
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
import time_machine
from freezegun import freeze_time

from mock_inspector import mock_inspector
from mock_inspector.clock.patched_waits import real_sleep as real_sleep  # noqa: PLC0414  tests take it from here

_REAL = (time.perf_counter,)
"""Out of reach of freezegun, which looks for names in modules."""

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2020, 2, 29, 12, tzinfo=UTC)


@contextmanager
def real_seconds(*, at_least=0.0, below=5.0):
    """Bound what the block really takes, generously: what waits where it should not takes far longer."""
    begun = _REAL[0]()
    yield
    assert at_least <= _REAL[0]() - begun < below


@contextmanager
def watched():
    """End a block that hangs, as code about clocks does when it fails."""

    def end(*_):
        pytest.fail("it hangs")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 15, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def in_another_thread(function):
    """What ``function`` returns, or raises, in a thread of its own."""
    outcome: list[Any] = []

    def call():
        try:
            outcome.append(function())
        except BaseException as error:  # noqa: BLE001  it is raised here instead
            outcome.append(error)

    thread = Thread(target=call, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def frozen_by_the_mock(**keywords):
    return mock_inspector(at=MOMENT, **keywords)


@contextmanager
def frozen_by_freezegun(**keywords):
    with freeze_time(MOMENT, ignore=["_pytest.timing"]), mock_inspector(**keywords) as backend:
        yield backend


@contextmanager
def frozen_by_time_machine(**keywords):
    with time_machine.travel(MOMENT, tick=False), mock_inspector(**keywords) as backend:
        yield backend


@contextmanager
def frozen_by_freezegun_inside(**keywords):
    with mock_inspector(at="2001-01-01T00:00:00Z", **keywords) as backend, freeze_time(MOMENT):
        yield backend


FREEZERS: list[Any] = [frozen_by_the_mock, frozen_by_freezegun, frozen_by_time_machine]
"""Who may have frozen time when a test begins."""

"""Who may freeze time, what really waits, other threads, and an end to tests that hang."""

import asyncio
import asyncio.base_subprocess
import concurrent.futures
import datetime
import importlib.abc
import importlib.machinery
import queue
import select
import selectors
import signal
import sys
import threading
import time
from contextlib import contextmanager
from threading import Thread
from typing import Any

import botocore.endpoint
import botocore.retryhandler
import botocore.utils
import freezegun.api
import pytest
import responses
import time_machine
from botocore.endpoint import Endpoint
from botocore.httpsession import URLLib3Session
from botocore.retries.bucket import TokenBucket
from botocore.retries.standard import ExponentialBackoff
from freezegun import freeze_time
from urllib3.connectionpool import HTTPConnectionPool

from mock_inspector import mock_inspector
from mock_inspector.clock.patched_waits import real_sleep as real_sleep  # noqa: PLC0414  tests take it from here

HANG_TIMEOUT_SECONDS = 120


UTC = datetime.timezone.utc


MOMENT = datetime.datetime(2020, 2, 29, 12, tzinfo=UTC)


@contextmanager
def real_sleeps():
    """Record each call of Python's own ``time.sleep``, in this thread and in those that begin in the block."""
    calls: list[str] = []
    sleep: Any = time.sleep

    def profile(frame, event, function):
        if event == "c_call" and function in real_functions():
            calls.append(frame.f_code.co_name)

    def real_functions():
        return (real_sleep, sleep) if getattr(sleep, "__self__", None) is time else (real_sleep,)

    before = sys.getprofile(), threading.getprofile()
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(before[0])
        threading.setprofile(before[1])


@contextmanager
def selector_waits():
    """Record for how many seconds event loops ask the operating system to wait, in all threads."""
    waits: list[float | None] = []
    select = selectors.DefaultSelector.select

    def recorded(selector, timeout=None):
        waits.append(timeout)
        return select(selector, timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selectors.DefaultSelector, "select", recorded)
        yield waits


def longest_wait(waits):
    """The longest of some waits for the operating system that end by themselves."""
    return max((wait for wait in waits if wait is not None), default=0.0)


@contextmanager
def fail_if_hanging():
    """End a block that hangs, as code about clocks does when it fails."""

    def end(*_):
        pytest.fail("it hangs")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, HANG_TIMEOUT_SECONDS, 1)
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
    thread.join(HANG_TIMEOUT_SECONDS)
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


# Everything is put back

_PATCHED_OBJECTS: tuple[Any, ...] = (
    datetime,
    time,
    botocore.endpoint,
    botocore.retryhandler,
    botocore.utils,
    botocore.credentials.ContainerProvider,
    botocore.utils.ContainerMetadataFetcher,
    botocore.utils.IMDSFetcher,
    botocore.utils.InstanceMetadataFetcher,
    Endpoint,
    ExponentialBackoff,
    TokenBucket,
    URLLib3Session,
    HTTPConnectionPool,
    responses.RequestsMock,
    asyncio.BaseEventLoop,
    asyncio.SelectorEventLoop,
    asyncio.base_subprocess.BaseSubprocessTransport,
    concurrent.futures._base,
    freezegun.api,
    freezegun.api.FakeDate,
    freezegun.api.FakeDatetime,
    importlib.abc.InspectLoader,
    importlib.machinery.ExtensionFileLoader,
    importlib.machinery.SourceFileLoader.__mro__[-2],
    queue,
    queue.SimpleQueue,
    select,
    select.epoll,
    type(select.poll()),
    signal,
    threading,
    threading.Thread,
    type(threading.Lock()),
    type(threading.RLock()),
)


def replaceable_attributes():
    """All that a mock might replace in the process."""
    attributes = {
        f"{holder.__name__}.{name}": value
        for holder in _PATCHED_OBJECTS
        for name, value in vars(holder).items()
        if (holder, name) != (time, "clock")  # which freezegun leaves behind, as None
        and name != "__warningregistry__"
    }
    functions: list[Any] = [time.sleep, select.select]
    return {**attributes, **{f"what {each.__name__} does": getattr(each, "__self__", None) for each in functions}}


def changed_attributes(before):
    after = replaceable_attributes()
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}

"""What botocore waits between retries: nothing, for Inspector's requests; the frozen clock moves instead."""

import io
import logging
import time
from datetime import datetime, timedelta, timezone

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.retries.bucket import Clock, TokenBucket
from urllib3 import HTTPResponse

from mock_inspector import mock_inspector

from ..support.aws import create_template, describe_run, start_run
from ..support.fast_subset import slow
from ..support.time_control import FREEZERS, in_another_thread, real_sleeps

pytestmark = pytest.mark.usefixtures("watchdog")

URL = "https://inspector.us-west-2.amazonaws.com"
MODES = ["legacy", "standard", "adaptive"]
FAULTS = [
    "ThrottlingException",
    "InternalException",
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
]
TIMES = 5
"""Consecutive faults: waiting for the retries would take half a minute on average, and half of that at least hardly ever."""


def retrying(session, mode, service="inspector", attempts=TIMES + 1):
    return session.client(service, config=Config(retries={"mode": mode, "total_max_attempts": attempts}))


@pytest.fixture(scope="module", params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def retrying_client(session, mode):
    """A client that has not been throttled yet."""
    return retrying(session, mode)


@pytest.fixture
def waits(caplog):
    """The seconds that botocore has decided to wait, as its log shows them."""
    caplog.set_level(logging.DEBUG, "botocore.endpoint")

    def logged():
        return [record.args[0] for record in caplog.records if record.msg.startswith("Response received to retry, sl")]

    return logged


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault if isinstance(fault, str) else type(fault).__name__)
@pytest.mark.parametrize("freezer", [FREEZERS[0], *map(slow, FREEZERS[1:])])
def test_retries_take_no_time_and_move_the_clock_by_what_they_would_have_waited(
    retrying_client, mode, waits, freezer, fault
):
    with freezer() as backend:
        backend.inject_fault("ListFindings", fault, times=TIMES)
        start = backend.clock.now()

        with real_sleeps() as sleeps:
            assert retrying_client.list_findings()["findingArns"] == []

        assert sleeps == []
        moved = (backend.clock.now() - start).total_seconds()
        assert backend.clock.now() == datetime.now(timezone.utc)
    assert len(waits()) == TIMES
    if mode == "adaptive":  # which also waits for its own limit of the rate of requests
        assert sum(waits()) - 0.001 <= moved < sum(waits()) + 60
    else:
        assert moved == pytest.approx(sum(waits()), abs=0.001)


@pytest.mark.parametrize("keywords", [{"freeze": False}, {"sleep": False}])
@pytest.mark.parametrize("fault", FAULTS[::2], ids=["throttled", "timed out"])
def test_retries_take_no_time_where_sleeping_really_waits(retrying_client, waits, keywords, fault):
    with mock_inspector(**keywords) as backend:
        backend.inject_fault("ListFindings", fault, times=TIMES)

        with real_sleeps() as sleeps:
            assert retrying_client.list_findings()["findingArns"] == []

    assert sleeps == []
    assert len(waits()) == TIMES


def test_retries_that_do_not_help_take_no_time_either(retrying_client, inspector_backend, waits):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=None)

    with real_sleeps() as sleeps, pytest.raises(ClientError, match="Throttling"):
        retrying_client.list_findings()

    assert sleeps == []
    assert len(waits()) == TIMES


def test_time_that_retries_take_is_time_for_runs_as_well(session, inspector_backend, waits):
    client = retrying(session, "legacy", attempts=9)
    run = start_run(client, create_template(client, duration=180))
    inspector_backend.clock.tick(241)
    inspector_backend.inject_fault("DescribeAssessmentRuns", "ThrottlingException", times=8)

    state = describe_run(client, run)["state"]

    assert state == ("COMPLETED" if sum(waits()) >= 0.643 else "EVALUATING_RULES")


def test_retries_in_other_threads_take_no_time_and_move_the_clock_while_this_one_waits(
    retrying_client, inspector_backend, waits, mode
):
    start = inspector_backend.clock.now()

    for _ in range(3):
        inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=3)
        with real_sleeps() as sleeps:
            assert in_another_thread(retrying_client.list_findings)["findingArns"] == []
        assert sleeps == []

    assert len(waits()) == 9
    moved = (inspector_backend.clock.now() - start).total_seconds()
    assert sum(waits()) - 0.001 <= moved < sum(waits()) + (60 if mode == "adaptive" else 0.001)


def test_the_back_off_is_the_same_each_time(session, mode, waits):
    def moves():
        client = retrying(session, mode)
        with mock_inspector(at="2030-01-01T00:00:00Z") as backend:
            backend.inject_fault("ListFindings", "ThrottlingException", times=TIMES)
            start = backend.clock.now()
            client.list_findings()
            return backend.clock.now() - start

    assert moves() == moves()
    assert waits()[:TIMES] == waits()[TIMES:]


@pytest.mark.slow
def test_a_client_that_is_throttled_often_neither_hangs_nor_takes_time(retrying_client, inspector_backend):
    start = inspector_backend.clock.now()
    with real_sleeps() as sleeps:
        for _ in range(40):
            inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=2)
            retrying_client.list_findings()

    assert sleeps == []
    assert inspector_backend.clock.now() - start < timedelta(hours=1)


# Clients that remember when they were throttled


def throttled(client, backend):
    """How far the clock moves while the client is throttled twice."""
    start = backend.clock.now()
    backend.inject_fault("ListFindings", "ThrottlingException", times=2)
    client.list_findings()
    return backend.clock.now() - start


@pytest.mark.parametrize("later", ["2016-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2044-01-01T00:00:00Z"])
def test_a_client_that_was_throttled_at_another_time_waits_no_longer_for_it(retrying_client, later):
    for at in ["2030-01-01T00:00:00Z", later]:
        with mock_inspector(at=at) as backend, real_sleeps() as sleeps:
            assert throttled(retrying_client, backend) < timedelta(minutes=1)
        assert sleeps == []


@pytest.mark.parametrize("at", ["2016-01-01T00:00:00Z", "2044-01-01T00:00:00Z"])
def test_a_client_that_several_threads_use_waits_no_longer_for_it(retrying_client, at):
    with mock_inspector(at=at) as backend, real_sleeps() as sleeps:
        for _ in range(3):
            assert throttled(retrying_client, backend) < timedelta(minutes=1)
            assert in_another_thread(lambda: throttled(retrying_client, backend)) < timedelta(minutes=1)
    assert sleeps == []


# Other services


@pytest.fixture
def failing_sts(session):
    """Make a client of a service that always answers 500."""

    def fail(request, **_):
        return AWSResponse(request.url, 500, {}, HTTPResponse(io.BytesIO(b""), preload_content=False))

    def make(mode):
        client = retrying(session, mode, service="sts", attempts=3)
        client.meta.events.register_first("before-send.sts", fail)
        return client

    return make


@pytest.mark.parametrize("mode", ["legacy", "standard"])
@pytest.mark.parametrize("keywords", [{}, {"freeze": False}, {"sleep": False}])
def test_other_services_wait_as_ever(client, failing_sts, waits, monkeypatch, mode, keywords):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    sts = failing_sts(mode)
    with mock_inspector(**keywords) as backend:
        backend.inject_fault("ListFindings", "InternalException")
        client.list_findings()
        assert slept == []
        with pytest.raises(ClientError):
            sts.get_caller_identity()

    inspectors, *others = waits()
    assert slept == others
    assert len(others) == 2
    assert inspectors not in slept


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_while_time_is_frozen_other_services_wait_by_the_clock_like_everybody(
    inspector_backend, failing_sts, waits, mode
):
    start = inspector_backend.clock.now()

    with real_sleeps() as sleeps, pytest.raises(ClientError):
        failing_sts(mode).get_caller_identity()

    assert sleeps == []
    moved = (inspector_backend.clock.now() - start).total_seconds()
    assert moved == pytest.approx(sum(waits()), abs=0.001)


def test_other_services_wait_for_their_limit_of_the_rate_as_ever(monkeypatch):
    bucket = TokenBucket(max_rate=10, clock=Clock())
    waited: list[float] = []
    wait = bucket._new_fill_rate_condition.wait

    def recorded(seconds):
        waited.append(seconds)
        return wait(seconds)

    monkeypatch.setattr(bucket._new_fill_rate_condition, "wait", recorded)
    with mock_inspector(freeze=False):
        bucket.acquire()

    assert waited[0] > 0

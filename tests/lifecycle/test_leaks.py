"""The mock leaves nothing behind: not after a failure, and not after ten thousand uses."""

import asyncio
import datetime
import os
import time
from functools import cache
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from botocore.endpoint import Endpoint
from botocore.retries.bucket import TokenBucket
from freezegun import freeze_time

from mock_inspector import InspectorServer, errors, mock_inspector

from ..benchmarks.cycles import Holdings, growth
from ..support.aws import start_and_finish_run
from ..support.process_state import changes_since, process_state
from ..support.raw_http import call_action
from ..support.report_files import download, report_url_by_tick
from ..support.time_control import (
    FREEZERS,
    MOMENT,
    UTC,
    changed_attributes,
    real_sleeps,
    replaceable_attributes,
)


def assert_nothing_stays(grown: Holdings, cycles: int) -> None:
    """What stays is less than one thing a cycle; the caches of Python and its libraries hold some blocks more."""
    assert (grown.files, grown.threads, grown.handlers) == (0, 0, 0)
    assert grown.objects < cycles / 3
    assert grown.blocks < cycles / 3 + 1_000


CYCLES = int(os.environ.get("MOCK_INSPECTOR_CYCLES") or 0)
"""How often each kind of use is repeated; 0: the figures below, which take some seconds each."""


def call(backend, client):
    client.list_findings()


def call_the_server(backend, client):
    with InspectorServer(backend) as server:
        assert call_action(server, "ListFindings").value == {"findingArns": []}


def fetch_a_report(backend, client):
    url = report_url_by_tick(backend, client, start_and_finish_run(backend, client))
    assert b"<title>" in download(url)


def call_by_aiobotocore(backend, client):
    async def scenario():
        keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
        async with aio_session().create_client("inspector", region_name="us-west-2", **keys) as own:
            assert (await own.list_findings())["findingArns"] == []

    asyncio.run(scenario())


@cache
def aio_session():
    """One session, which keeps the service's model."""
    return pytest.importorskip("aiobotocore.session", reason="aiobotocore is not installed").get_session()


def nothing(backend, client):
    """Enter and leave, no more."""


KINDS = [
    pytest.param(nothing, False, 300, id="nothing", marks=pytest.mark.slow),
    pytest.param(nothing, False, 10_000, id="nothing, often", marks=pytest.mark.slow),
    pytest.param(nothing, True, 300, id="nothing, frozen", marks=pytest.mark.slow),
    pytest.param(call, False, 1_000, id="call", marks=pytest.mark.slow),
    pytest.param(call, True, 300, id="call, frozen", marks=pytest.mark.slow),
    pytest.param(call_the_server, True, 100, id="server", marks=pytest.mark.slow),
    pytest.param(fetch_a_report, False, 40, id="report", marks=pytest.mark.slow),
    pytest.param(fetch_a_report, True, 40, id="report, frozen", marks=pytest.mark.slow),
    pytest.param(call_by_aiobotocore, True, 40, id="aiobotocore", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(
    "fails",
    [False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["ends well", "ends with an exception"],
)
@pytest.mark.parametrize(("what", "freeze", "cycles"), KINDS)
@pytest.mark.timeout(max(300, CYCLES))
def test_many_uses_leave_nothing(client, what, freeze, cycles, fails):
    cycles = CYCLES or cycles

    def within(backend):
        what(backend, client)
        if fails:
            raise ZeroDivisionError

    use: dict[str, Any] = {"within": within, "suppressed": [ZeroDivisionError], "freeze": freeze}
    growth(client, 1, warm=1, **use)
    before = process_state()
    warm = 110 if what is call_by_aiobotocore else min(100, cycles // 3)  # botocore keeps the last hundred endpoints
    grown = growth(client, cycles, warm=warm, **use)
    assert_nothing_stays(grown, cycles)
    assert changes_since(before) == {}


def test_a_client_asks_the_mock_once_however_often_it_calls(client, inspector_backend):
    for _ in range(3):
        client.list_findings()
    bare = SimpleNamespace(method="POST", url="https://inspector.us-west-2.amazonaws.com/", headers={}, body=b"{}")
    answers = client.meta.events.emit("before-send.inspector.ListFindings", request=bare)
    assert len([answer for _, answer in answers if answer is not None]) == 1


SECOND = datetime.timedelta(seconds=1)


pytestmark = pytest.mark.usefixtures("watchdog")


def fail(backend):
    raise ZeroDivisionError


def be_interrupted(backend):
    raise KeyboardInterrupt


def fail_to_move(backend):
    backend.clock.tick(-1)


def fail_in_an_inner_mock(backend):
    with mock_inspector(), freeze_time(MOMENT):
        raise ZeroDivisionError


def fail_while_a_loop_runs(backend):
    async def wait():
        await asyncio.sleep(30)
        raise ZeroDivisionError

    asyncio.run(wait())


def fail_while_a_request_is_made(backend):
    backend.describe_assessment_runs(assessmentRunArns=7)


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (fail, ZeroDivisionError),
        (be_interrupted, KeyboardInterrupt),
        (fail_to_move, ValueError),
        (fail_in_an_inner_mock, ZeroDivisionError),
        (fail_while_a_loop_runs, ZeroDivisionError),
        (fail_while_a_request_is_made, errors.ApiError),
    ],
)
@pytest.mark.parametrize("freezer", FREEZERS)
def test_whatever_happened_patched_attributes_are_restored(freezer, end, error):
    before = replaceable_attributes()

    def scenario():
        with freezer() as backend:
            assert {"what sleep does", "lock.acquire", "BaseEventLoop.time"} <= changed_attributes(before)
            end(backend)

    with pytest.raises(error):
        scenario()

    assert changed_attributes(before) == set()


def test_a_mock_that_cannot_begin_restores_patched_attributes(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "the moon")
    before = replaceable_attributes()

    with pytest.raises(ValueError, match="the moon"), mock_inspector():
        pytest.fail("it began")

    assert changed_attributes(before) == set()


def test_a_mock_that_freezes_nothing_leaves_time_alone():
    before = replaceable_attributes()

    with mock_inspector(freeze=False):
        meanwhile = changed_attributes(before)

    assert {name for name in meanwhile if name.startswith(("datetime.", "time."))} == set()
    assert changed_attributes(before) == set()


def test_a_mock_in_which_waits_take_real_time_restores_what_it_has_replaced_to_report_them():
    before = replaceable_attributes()

    with mock_inspector(sleep=False):
        meanwhile = changed_attributes(before)

    assert {"time.time", "lock.acquire", "BaseEventLoop.time"} <= meanwhile
    assert changed_attributes(before) == set()


def test_an_inner_mock_restores_nothing():
    with mock_inspector() as backend:
        before, start = replaceable_attributes(), backend.clock.now()
        with mock_inspector():
            backend.clock.tick(5)
        assert changed_attributes(before) == set()
        assert backend.clock.now() == start + 5 * SECOND


def test_what_a_user_had_patched_before_is_restored(monkeypatch):
    class Time:
        """A stand-in for the module."""

        def __getattr__(self, name):
            return getattr(time, name)

    monkeypatch.setattr(botocore.endpoint, "time", Time())
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(TokenBucket, "_acquire", lambda self, amount, block: True)
    monkeypatch.setattr(Endpoint, "make_request", lambda *args: None)
    before = replaceable_attributes()

    with mock_inspector():
        pass

    assert changed_attributes(before) == set()


# Ends in the wrong order


@pytest.fixture
def heal():
    """Put back what a wrong order must not leave behind, lest it reaches other tests."""
    before = time.sleep, Endpoint.make_request
    yield
    time.sleep, Endpoint.make_request = before


def test_a_freeze_that_began_before_the_mock_may_end_before_it():
    before = replaceable_attributes()
    freezer = freeze_time(MOMENT)
    freezer.start()

    with mock_inspector() as backend:
        freezer.stop()
        assert abs(backend.clock.now() - datetime.datetime.now(UTC)) < 60 * SECOND

    assert changed_attributes(before) == set()


@pytest.mark.usefixtures("heal")
def test_a_sleep_that_was_replaced_in_the_mock_may_be_put_back_after_it(monkeypatch):
    before = replaceable_attributes()
    with mock_inspector():
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.undo()

    with real_sleeps() as sleeps:
        time.sleep(0.001)
    assert len(sleeps) == 1
    with mock_inspector() as backend:
        start = backend.clock.now()
        time.sleep(0.25)
        assert backend.clock.now() - start == SECOND / 4
    assert changed_attributes(before) == set(), "the next mock tidies up"


@pytest.mark.usefixtures("heal")
def test_a_request_maker_that_was_replaced_in_the_mock_may_be_put_back_after_it(monkeypatch, client):
    before = replaceable_attributes()
    with mock_inspector():
        monkeypatch.setattr(Endpoint, "make_request", lambda *args: None)
    monkeypatch.undo()

    with mock_inspector():
        assert client.list_assessment_runs()["assessmentRunArns"] == []
    assert changed_attributes(before) == set(), "the next mock tidies up"

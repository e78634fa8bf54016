"""trio, anyio on both of its backends, gevent and uvloop wait by the mock's clock, or are noticed."""

import time
import warnings
from typing import Any

import pytest

from mock_inspector import mock_inspector

from ..support.aws import create_target, create_template, describe_run, start_run
from ..support.subprocesses import in_subprocess
from ..support.time_control import MOMENT


def make_client():
    import boto3

    return boto3.client("inspector", "us-west-2", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret")


def begin_run(client):
    package = client.list_rules_packages()["rulesPackageArns"][0]
    template = create_template(client, create_target(client, "all"), "all", duration=180, packages=[package])
    return start_run(client, template)


def poll(client, nap=lambda: time.sleep(30)):
    """How often a run is looked at until it has ended."""
    run, polls = begin_run(client), 1
    while describe_run(client, run)["state"] != "COMPLETED":
        nap()
        polls += 1
    return polls


def is_noticed(caught):
    """Whether one warning says that somebody waits in a way that nobody sees."""
    return len([each for each in caught if "in a way that mock_inspector cannot see" in str(each.message)]) == 1


def run_with_anyio(backend, function):
    """Run a coroutine function by anyio on one of its backends, or skip the test where that is not installed."""
    anyio: Any = pytest.importorskip("anyio")
    if backend == "trio":
        pytest.importorskip("trio")
    return anyio.run(function, backend=backend)


@pytest.mark.slow
@pytest.mark.parametrize("freeze", ["freezegun", "time-machine"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@in_subprocess
def test_timers_of_anyio_move_the_clock(backend, freeze):
    anyio: Any = pytest.importorskip("anyio")

    async def scenario():
        await anyio.sleep(30)
        with anyio.move_on_after(30) as scope:
            await anyio.sleep_forever()
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 10)
            group.start_soon(anyio.sleep, 20)
        return scope.cancel_called

    with mock_inspector(at=MOMENT, freeze=freeze) as mock:
        assert run_with_anyio(backend, scenario) is True
        assert (mock.clock.now() - MOMENT).total_seconds() == pytest.approx(80, abs=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@in_subprocess
def test_work_in_threads_of_anyio_is_waited_for(backend):
    anyio: Any = pytest.importorskip("anyio")
    from mock_inspector.clock.patched_waits import real_sleep

    async def scenario():
        with anyio.fail_after(5):
            await anyio.to_thread.run_sync(real_sleep, 0.3)

    with mock_inspector(at=MOMENT) as mock:
        run_with_anyio(backend, scenario)
        assert mock.clock.now() == MOMENT


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@in_subprocess
def test_a_poll_in_threads_of_anyio_ends(backend):
    anyio: Any = pytest.importorskip("anyio")
    client = make_client()

    async def scenario():
        run = await anyio.to_thread.run_sync(begin_run, client)
        polls = 1
        while (await anyio.to_thread.run_sync(describe_run, client, run))["state"] != "COMPLETED":
            await anyio.sleep(30)
            polls += 1
        return polls

    with mock_inspector(at=MOMENT) as mock:
        assert run_with_anyio(backend, scenario) == 10
        assert (mock.clock.now() - MOMENT).total_seconds() == pytest.approx(270, abs=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [True, "time-machine", False])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@in_subprocess
def test_timers_of_anyio_really_wait_where_sleep_is_false(backend, freeze):
    anyio: Any = pytest.importorskip("anyio")

    async def scenario():
        await anyio.sleep(0.1)
        with anyio.move_on_after(0.1) as scope:
            await anyio.sleep_forever()
        return scope.cancel_called

    with mock_inspector(freeze=freeze, sleep=False) as mock:
        start = mock.clock.now()
        assert run_with_anyio(backend, scenario) is True
        assert freeze is False or mock.clock.now() == start


@pytest.mark.slow
@in_subprocess
def test_a_poll_with_naps_of_gevent_is_noticed():
    gevent: Any = pytest.importorskip("gevent")
    client = make_client()
    with mock_inspector(at=MOMENT), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert poll(client, lambda: gevent.sleep(0.03)) < 100
    assert is_noticed(caught)


@pytest.mark.slow
@in_subprocess
def test_a_poll_in_a_loop_of_uvloop_is_noticed():
    import asyncio

    uvloop: Any = pytest.importorskip("uvloop")
    client = make_client()

    async def scenario():
        run = begin_run(client)
        polls = 1
        while describe_run(client, run)["state"] != "COMPLETED":
            await asyncio.sleep(0.03)
            polls += 1
        return polls

    with mock_inspector(at=MOMENT), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loop = uvloop.new_event_loop()
        assert loop.run_until_complete(scenario()) < 100
        loop.close()
    assert is_noticed(caught)


@pytest.mark.slow
@in_subprocess
def test_a_poll_with_a_limit_by_func_timeout_ends():
    func_timeout: Any = pytest.importorskip("func_timeout")
    client = make_client()
    with mock_inspector(at=MOMENT):
        assert func_timeout.func_timeout(3600, poll, args=(client,)) == 10


@pytest.mark.slow
@in_subprocess
def test_a_poll_in_an_async_test_of_django_ends():
    asgiref: Any = pytest.importorskip("asgiref.sync")
    client = make_client()

    async def view():
        return await asgiref.sync_to_async(poll)(client)

    with mock_inspector(at=MOMENT):
        assert asgiref.async_to_sync(view)() == 10


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/sync", "/async"])
@in_subprocess
def test_handlers_of_a_web_framework_poll_by_the_clock(path):
    fastapi: Any = pytest.importorskip("fastapi")
    testclient: Any = pytest.importorskip("fastapi.testclient")
    import asyncio

    client, app = make_client(), fastapi.FastAPI()

    @app.get("/sync")
    def poll_in_a_thread():
        return poll(client)

    @app.get("/async")
    async def poll_in_the_loop():
        run, polls = begin_run(client), 1
        while describe_run(client, run)["state"] != "COMPLETED":
            await asyncio.sleep(30)
            polls += 1
        return polls

    with mock_inspector(at=MOMENT, freeze="time-machine"):
        assert testclient.TestClient(app).get(path).json() == 10

"""Threads that wait: the clock moves to the first of them when all wait, and they go on one after the other."""

import asyncio
import gc
import queue
import select
import socket
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
import pytest

from mock_inspector import mock_inspector
from mock_inspector.clock.idle_threads import IDLE_SECONDS

from ..support.aws import create_target, create_template, describe_run, start_run
from ..support.subprocesses import in_subprocess
from ..support.time_control import MOMENT, real_sleep

REGIONS = ["us-west-2", "us-east-1", "eu-west-1", "ap-northeast-1"]

_REAL = (time.perf_counter,)


def make_clients():
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
    session = boto3.Session(**keys)
    return [session.client("inspector", region) for region in REGIONS]


def poll_run(client, wait=lambda: time.sleep(30), duration=180):
    """How often a run is looked at until it has ended."""
    package = client.list_rules_packages()["rulesPackageArns"][0]
    template = create_template(client, create_target(client, "all"), "all", duration=duration, packages=[package])
    run = start_run(client, template)
    polls = 1
    while describe_run(client, run)["state"] != "COMPLETED":
        wait()
        polls += 1
    return polls


def expect_timeout(wait):
    with pytest.raises((queue.Empty, asyncio.TimeoutError)):
        wait()


def wait_30_seconds_in_a_loop():
    asyncio.run(asyncio.sleep(30))


WAITS: dict[str, Any] = {
    "sleep": lambda: time.sleep(30),
    "event": lambda: threading.Event().wait(30),
    "queue": lambda: expect_timeout(lambda: queue.Queue().get(timeout=30)),
    "loop": wait_30_seconds_in_a_loop,
}


# Polls in the threads of a pool


@pytest.mark.slow
@pytest.mark.parametrize("wait", WAITS)
@in_subprocess
def test_threads_of_a_pool_poll_as_often_as_one_thread(wait):
    clients = make_clients()
    with mock_inspector(at=MOMENT):
        alone = poll_run(clients[0], WAITS[wait])
    with mock_inspector(at=MOMENT) as backend, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda client: poll_run(client, WAITS[wait]), clients)) == [alone] * 4
        assert backend.clock.now() - MOMENT == timedelta(seconds=30) * (alone - 1)


def call_log(backend):
    """What was called when, whatever the order of calls at the same moment."""
    return Counter((call.time, call.region, call.operation, str(call.parameters)) for call in backend.calls)


def test_each_run_of_four_polling_threads_makes_the_same_calls():
    run_four_polling_threads_often(times=10)


@pytest.mark.slow
@pytest.mark.parametrize("_", range(10))
def test_each_of_a_thousand_runs_of_four_polling_threads_makes_the_same_calls(_):
    run_four_polling_threads_often(times=100)  # in ten processes, each with a time limit that a busy machine keeps


@in_subprocess
def run_four_polling_threads_often(times):
    clients = make_clients()
    logs = []
    for _ in range(times):
        with mock_inspector(at=MOMENT, id_seed="threads") as backend, ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda client: poll_run(client, lambda: time.sleep(60)), clients))
            logs.append(call_log(backend))
        assert logs[-1] == logs[0]
        del logs[1:]


@pytest.mark.slow
@in_subprocess
def test_no_garbage_is_collected_while_others_are_looked_at():
    """What Python 3.11 collects then lets others run, and their frames are none any more: a crash, now and then."""
    collected_in = set()

    def note(phase, _):
        frame: Any = sys._getframe(1)
        while frame is not None:
            if frame.f_globals.get("__name__", "").startswith("mock_inspector.clock."):
                collected_in.add(frame.f_code.co_name)
            frame = frame.f_back

    thresholds = gc.get_threshold()
    with mock_inspector() as backend, ThreadPoolExecutor(4) as pool:
        gc.callbacks.append(note)
        gc.set_threshold(1)
        try:
            list(pool.map(time.sleep, [30, 60, 90, 120]))
        finally:
            gc.set_threshold(*thresholds)
            gc.callbacks.remove(note)
        assert backend.clock.now() > MOMENT
    assert collected_in
    assert collected_in & {"is_idle", "belongs_to_test_runner", "_works_for_a_pool"} == set()
    assert gc.isenabled()


@pytest.mark.slow
@in_subprocess
def test_threads_with_naps_of_their_own_go_on_in_the_order_of_their_moments():
    seen: list[tuple[float, str]] = []

    def nap(backend, name, seconds):
        for _ in range(6):
            time.sleep(seconds)
            seen.append(((backend.clock.now() - MOMENT).total_seconds(), name))

    with mock_inspector(at=MOMENT) as backend:
        threads = [
            threading.Thread(target=nap, args=(backend, name, seconds))
            for name, seconds in [("a", 2), ("b", 3), ("c", 5)]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(seen) == sorted(
        (seconds * number, name) for name, seconds in [("a", 2), ("b", 3), ("c", 5)] for number in range(1, 7)
    )
    assert [moment for moment, _ in seen] == sorted(moment for moment, _ in seen)


@pytest.mark.slow
@in_subprocess
def test_of_threads_that_wait_for_the_same_moment_one_goes_on_at_a_time():
    running: list[str] = []
    order: list[str] = []

    def nap(name):
        for _ in range(5):
            time.sleep(30)
            running.append(name)
            order.append(name)
            real_sleep(0.01)
            assert running == [name]
            running.clear()

    with mock_inspector(), ThreadPoolExecutor(4) as pool:
        for _ in pool.map(nap, "abcd"):
            pass

    assert order[4:] == order[:4] * 4


@pytest.mark.slow
@in_subprocess
def test_a_thread_that_is_at_work_is_waited_for():
    """The clock does not run away from a thread that takes its time between two requests."""
    client = make_clients()[0]

    def work():
        run = start_run(client, create_template(client, duration=180, packages=packages))
        seen = []
        for _ in range(3):
            real_sleep(0.1)
            seen.append((backend.clock.now() - MOMENT).total_seconds())
            time.sleep(60)
        return seen, describe_run(client, run)["state"]

    def heartbeat():
        while not stop.is_set():
            time.sleep(1)

    stop = threading.Event()
    with mock_inspector(at=MOMENT) as backend, ThreadPoolExecutor(2) as pool:
        packages = client.list_rules_packages()["rulesPackageArns"][:1]
        beating = pool.submit(heartbeat)
        assert pool.submit(work).result() == ([0, 60, 120], "COLLECTING_DATA")
        stop.set()
        beating.result()


# The test's own thread


@pytest.mark.slow
@in_subprocess
def test_a_thread_that_sleeps_does_not_move_the_clock_while_the_tests_thread_works():
    beats: list[float] = []

    def heartbeat():
        while not stop.is_set():
            beats.append((backend.clock.now() - MOMENT).total_seconds())
            time.sleep(1)

    stop = threading.Event()
    with mock_inspector(at=MOMENT) as backend:
        thread = threading.Thread(target=heartbeat)
        thread.start()
        end = _REAL[0]() + 2 * IDLE_SECONDS
        while _REAL[0]() < end:
            assert backend.clock.now() == MOMENT
        time.sleep(3.5)
        assert beats == [0, 1, 2, 3]
        stop.set()
        thread.join()


@pytest.mark.slow
@in_subprocess
def test_threads_whose_moment_the_test_has_passed_go_on():
    with mock_inspector() as backend, ThreadPoolExecutor(4) as pool:
        sleeping = [pool.submit(time.sleep, seconds) for seconds in (10, 20, 30)]
        while not all(each.done() for each in sleeping):
            backend.clock.tick(1)


@pytest.mark.slow
@in_subprocess
def test_a_deadline_in_a_thread_comes():
    def work():
        deadline, polls = time.monotonic() + 60, 0
        while time.monotonic() < deadline:
            time.sleep(1)
            polls += 1
        return polls

    with mock_inspector(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result(timeout=90) == 60


@pytest.mark.slow
@in_subprocess
def test_a_result_that_comes_too_late_is_not_waited_for():
    with mock_inspector(at=MOMENT) as backend, ThreadPoolExecutor(1) as pool:
        expect_timeout(lambda: asyncio.run(asyncio.wait_for(asyncio.to_thread(time.sleep, 60), 30)))
        future = pool.submit(time.sleep, 60)
        with pytest.raises(TimeoutError if hasattr(asyncio, "timeout") else Exception):
            future.result(timeout=30)
        assert backend.clock.now() - MOMENT <= timedelta(seconds=90)


@pytest.mark.slow
@in_subprocess
def test_threads_hand_things_to_each_other_while_they_wait():
    """Locks, queues and events that another thread is about to release do not count as waits."""
    items: queue.Queue[int] = queue.Queue(2)
    got: list[int] = []

    def produce():
        for number in range(500):
            items.put(number, timeout=60)
            if number % 100 == 0:
                time.sleep(1)

    def consume():
        while len(got) < 500:
            got.append(items.get(timeout=60))

    with mock_inspector(at=MOMENT) as backend, ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(produce), pool.submit(consume)]:
            future.result()
        assert backend.clock.now() - MOMENT == timedelta(seconds=5)
    assert got == list(range(500))


@pytest.mark.slow
@in_subprocess
def test_threads_that_still_sleep_when_the_mock_ends_sleep_for_the_rest_of_it_in_real_time():
    with mock_inspector() as backend:
        thread = threading.Thread(target=time.sleep, args=(3600.3,), daemon=True)
        thread.start()
        while thread.is_alive() and not threading.active_count():
            pass
        time.sleep(3600)
        assert backend.clock.now() is not None
    thread.join(60)
    assert not thread.is_alive()


# Event loops


@pytest.mark.slow
@in_subprocess
def test_polls_that_a_loop_hands_to_threads_end():
    clients = make_clients()

    async def scenario():
        return await asyncio.gather(*(asyncio.to_thread(poll_run, client) for client in clients))

    with mock_inspector():
        assert len(set(asyncio.run(scenario()))) == 1


@pytest.mark.slow
@in_subprocess
def test_a_poll_in_a_loop_that_runs_in_a_thread_ends():
    client = make_clients()[0]

    async def poll():
        run = start_run(client, create_template(client, duration=180, packages=packages))
        while describe_run(client, run)["state"] != "COMPLETED":  # noqa: ASYNC110  code under test does it
            await asyncio.sleep(30)

    with mock_inspector(at=MOMENT) as backend:
        packages = client.list_rules_packages()["rulesPackageArns"][:1]
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        asyncio.run_coroutine_threadsafe(poll(), loop).result(timeout=3600)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        assert backend.clock.now() - MOMENT == timedelta(seconds=270)


def work_in_a_plain_thread(loop, done):
    def work():
        real_sleep(0.3)
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=work).start()


@pytest.mark.slow
@in_subprocess
def test_a_loop_waits_for_work_that_a_plain_thread_does_for_it():
    async def heartbeat():
        while True:  # noqa: ASYNC110  code under test does it
            await asyncio.sleep(60)

    async def scenario():
        done = asyncio.Event()
        beating = asyncio.create_task(heartbeat())
        work_in_a_plain_thread(asyncio.get_running_loop(), done)
        await asyncio.wait_for(done.wait(), 5)
        beating.cancel()

    with mock_inspector(at=MOMENT) as backend:
        asyncio.run(scenario())
        assert backend.clock.now() == MOMENT


@pytest.mark.slow
@pytest.mark.parametrize("naps", [1, 10])
@in_subprocess
def test_a_busy_loop_comes_to_its_timers_after_the_same_number_of_turns(naps):
    async def scenario():
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1 * naps, over.set)
        turns = 0
        while not over.is_set():
            await asyncio.sleep(0)
            turns += 1
        return turns

    def turns():
        with mock_inspector():
            return asyncio.run(scenario())

    assert len({turns() for _ in range(5)}) == 1


# Code of others that runs in the middle of waiting


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [True, False])
@in_subprocess
def test_trace_functions_that_take_a_lock_do_not_hang_with_threads_that_wait(freeze):
    """As coverage's does: it runs at each line, those of the mock included."""
    traced, shared = threading.Lock(), threading.Lock()

    def trace(frame, event, argument):
        with traced:
            return trace

    def work(_):
        for _ in range(200):
            with shared:
                pass

    sys.setswitchinterval(1e-6)
    for _ in range(4):
        with mock_inspector(freeze=freeze):
            threading.settrace(trace)
            try:
                with ThreadPoolExecutor(16) as pool:
                    assert list(pool.map(work, range(16))) == [None] * 16
            finally:
                threading.settrace(None)


@pytest.mark.slow
@in_subprocess
def test_a_thread_in_the_middle_of_code_of_pytest_is_at_work():
    """As when a test's thread logs something, and pytest keeps it."""
    entered = threading.Event()

    def work():
        entered.wait()
        with pytest.raises(pytest.fail.Exception):
            pytest.raises(ZeroDivisionError, real_sleep, 0.3)  # noqa: RUF061  the call is one of code of pytest
        time.sleep(1)
        return (backend.clock.now() - MOMENT).total_seconds()

    with mock_inspector(at=MOMENT) as backend, ThreadPoolExecutor(1) as pool:
        moment = pool.submit(work)
        entered.set()
        time.sleep(30)
        assert moment.result() == 1


@pytest.mark.slow
def test_mocks_begin_and_end_while_threads_wait_and_read_the_clock():
    begin_and_end_mocks_beside_busy_threads()


@in_subprocess
def begin_and_end_mocks_beside_busy_threads():
    sys.setswitchinterval(1e-6)
    stop = threading.Event()
    with mock_inspector() as backend:
        clock = backend.clock

    def wait_and_read():
        lock = threading.Lock()
        lock.acquire()
        while not stop.is_set():
            lock.acquire(timeout=0.0005)
            for _ in range(100):
                clock.now()

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(wait_and_read) for _ in range(4)]
        try:
            for _ in range(300):
                begin_and_end_mock_beside_waits()
        finally:
            stop.set()
    for future in futures:
        future.result()


def begin_and_end_mock_beside_waits():
    locks = [threading.Lock() for _ in range(8)]
    with mock_inspector():
        for lock in locks:
            lock.acquire()
            threading.Thread(target=lock.acquire, kwargs={"timeout": 10_000}, daemon=True).start()
    for lock in locks:
        lock.release()


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll")
@pytest.mark.slow
def test_who_has_just_got_an_event_of_an_epoll_is_not_waiting_any_more():
    take_events_of_an_epoll_often()


@in_subprocess
def take_events_of_an_epoll_often():
    """As trio does: its loop takes events away from an epoll, and its threads then wait for 10 s for more to do."""
    sys.setswitchinterval(1e-6)
    ours, theirs = socket.socketpair()
    epoll = select.epoll()
    epoll.register(ours)
    todo = threading.Lock()
    todo.acquire()

    def work():
        while todo.acquire(timeout=10):
            theirs.send(b"!")

    with mock_inspector() as backend:
        begun = backend.clock.now()
        worker = threading.Thread(target=work)
        worker.start()
        for _ in range(300):
            epoll.modify(ours, select.EPOLLIN | select.EPOLLONESHOT)
            todo.release()
            assert epoll.poll(3600) == [(ours.fileno(), select.EPOLLIN)]
            ours.recv(1)
        assert backend.clock.now() == begun
        worker.join()
        assert backend.clock.now() == begun + timedelta(seconds=10)

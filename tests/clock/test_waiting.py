"""Whatever blocks the test's own thread moves the clock, if nobody else could end the wait."""

import asyncio
import functools
import os
import queue
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import timedelta
from operator import methodcaller
from typing import Any

import pytest

from mock_inspector import mock_inspector
from mock_inspector.activation import active
from mock_inspector.clock.select_calls import ExternalActivity

from ..support.aws import create_template, describe_run, start_run
from ..support.time_control import FREEZERS, real_sleep

pytestmark = pytest.mark.usefixtures("watchdog")

HOUR = timedelta(hours=1)


def moved(backend, wait):
    """How far the clock moves while ``wait()`` is called."""
    start = backend.clock.now()
    wait()
    return backend.clock.now() - start


# Wherever time.sleep is held: all of it was bound before any mock began


def sleep_by_default(seconds, sleep=time.sleep):
    sleep(seconds)


def sleep_by_keyword_default(seconds, *, sleep=time.sleep):
    sleep(seconds)


class Sleeper:
    nap = time.sleep
    static_nap = staticmethod(time.sleep)
    naps = {"nap": time.sleep}  # noqa: RUF012  one of the places

    def __init__(self, sleep=time.sleep):
        self.sleep = sleep


class SlottedSleeper:
    __slots__ = ("sleep",)

    def __init__(self):
        self.sleep = time.sleep


def closed_over():
    sleep = time.sleep

    def nap(seconds):
        sleep(seconds)

    return nap


EARLY: Any = Sleeper()
SLOTTED = SlottedSleeper()
PARTIAL = functools.partial(time.sleep, 3600)
CLOSURE = closed_over()
LIST, TUPLE, DICT, SET = [time.sleep], (time.sleep,), {"sleep": time.sleep}, {time.sleep}
CALLER = methodcaller("sleep", 3600)

SLEEPS = {
    "default": lambda: sleep_by_default(3600),
    "keyword-only default": lambda: sleep_by_keyword_default(3600),
    "class": lambda: Sleeper.nap(3600),
    "instance's class": lambda: EARLY.nap(3600),
    "static method": lambda: EARLY.static_nap(3600),
    "class's dict": lambda: EARLY.naps["nap"](3600),
    "instance": lambda: EARLY.sleep(3600),
    "new instance": lambda: Sleeper().sleep(3600),
    "slot": lambda: SLOTTED.sleep(3600),
    "partial": PARTIAL,
    "closure": lambda: CLOSURE(3600),
    "list": lambda: LIST[0](3600),
    "tuple": lambda: TUPLE[0](3600),
    "dict": lambda: DICT["sleep"](3600),
    "set": lambda: next(iter(SET))(3600),
    "map": lambda: list(map(time.sleep, [1800, 1800])),
    "method caller": lambda: CALLER(time),
}


@pytest.mark.parametrize("sleep", SLEEPS.values(), ids=SLEEPS)
def test_sleeping_moves_the_clock_wherever_the_function_is_held(inspector_backend, sleep):
    assert moved(inspector_backend, sleep) == HOUR


def test_sleeping_in_a_library_written_in_c_moves_the_clock(inspector_backend):
    assert moved(inspector_backend, lambda: list(filter(time.sleep, [1800, 1800]))) == HOUR


def test_the_function_is_the_same_object_with_the_same_looks():
    def looks():
        return time.sleep, repr(time.sleep), time.sleep.__name__, time.sleep.__module__, time.sleep.__doc__

    before = looks()
    with mock_inspector():
        assert looks() == before
    assert looks() == before


# All that waits with a timeout


def wait_for_a_joined_thread():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, daemon=True)
    thread.start()
    thread.join(3600)
    stop.set()


def wait_for_a_result(wait):
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(stop.wait)
        try:
            wait(future)
        finally:
            stop.set()


def expect(error, wait):
    with pytest.raises(error):
        wait()


def full_queue():
    items: queue.Queue[int] = queue.Queue(1)
    items.put(1)
    return items


def held(lock):
    """A lock that another thread has taken, and keeps."""
    thread = threading.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    return lock


def wait_with(condition, wait):
    with condition:
        return wait(condition)


WAITS: dict[str, Any] = {
    "event": lambda: threading.Event().wait(3600),
    "condition": lambda: wait_with(threading.Condition(), lambda each: each.wait(3600)),
    "condition of a lock": lambda: wait_with(threading.Condition(threading.Lock()), lambda each: each.wait(3600)),
    "predicate": lambda: wait_with(threading.Condition(), lambda each: each.wait_for(lambda: False, 3600)),
    "lock": lambda: held(threading.Lock()).acquire(timeout=3600),
    "lock, by position": lambda: held(threading.Lock()).acquire(True, 3600),
    "rlock": lambda: held(threading.RLock()).acquire(timeout=3600),
    "semaphore": lambda: threading.Semaphore(0).acquire(timeout=3600),
    "barrier": lambda: expect(threading.BrokenBarrierError, lambda: threading.Barrier(2).wait(3600)),
    "queue": lambda: expect(queue.Empty, lambda: queue.Queue().get(timeout=3600)),
    "full queue": lambda: expect(queue.Full, lambda: full_queue().put(2, timeout=3600)),
    "simple queue": lambda: expect(queue.Empty, lambda: queue.SimpleQueue().get(timeout=3600)),
    "thread": wait_for_a_joined_thread,
    "future": lambda: wait_for_a_result(lambda future: expect(FutureTimeoutError, lambda: future.result(3600))),
    "select": lambda: select.select([], [], [], 3600),
    "poll": lambda: select.poll().poll(3_600_000),
    "epoll": lambda: select.epoll().poll(3600),
    "signal": lambda: signal.sigtimedwait([signal.SIGUSR1], 3600),
}


@pytest.mark.slow
@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("freezer", FREEZERS)
def test_a_wait_that_nobody_could_end_moves_the_clock_by_its_timeout(freezer, wait):
    with freezer() as backend:
        assert moved(backend, wait) == HOUR


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2, 0.3, 1.1, 30, 59.964])
def test_what_is_counted_in_seconds_left_adds_up(inspector_backend, seconds):
    def waits():
        for _ in range(100):
            with pytest.raises(queue.Empty):
                queue.Queue[int]().get(timeout=seconds)

    assert moved(inspector_backend, waits) == timedelta(seconds=seconds) * 100


def test_a_wait_ends_at_once_when_what_it_waits_for_is_there(inspector_backend):
    event, items, lock = threading.Event(), queue.SimpleQueue[int](), threading.Lock()
    event.set()
    items.put(7)

    def waits():
        assert event.wait(3600)
        assert items.get(timeout=3600) == 7
        assert lock.acquire(timeout=3600)
        assert not lock.acquire(blocking=False)
        assert not threading.Event().wait(0)

    assert moved(inspector_backend, waits) == timedelta()


@pytest.mark.parametrize("arguments", [(False, 1), (True, -2), (True, "1"), (True, 1, 1)])
def test_what_a_lock_refuses_is_refused_as_ever(inspector_backend, arguments):
    lock = threading.Lock()
    with pytest.raises((TypeError, ValueError)):
        lock.acquire(*arguments)
    assert not lock.locked()


def test_a_wait_that_another_thread_ends_takes_as_long_as_that_takes(inspector_backend):
    event = threading.Event()

    def work():
        real_sleep(0.3)
        event.set()

    def wait():
        threading.Thread(target=work).start()
        assert event.wait(3600)

    assert moved(inspector_backend, wait) == timedelta()
    assert "was at work" in " ".join(reason for _, reason, _ in real_waits())


def test_a_timer_of_a_thread_goes_off_at_its_moment(inspector_backend):
    event = threading.Event()

    def wait():
        threading.Timer(1800, event.set).start()
        assert event.wait(3600)

    assert moved(inspector_backend, wait) == HOUR / 2


POLLS: dict[str, Any] = {
    "event": lambda: threading.Event().wait(30),
    "queue": lambda: expect(queue.Empty, lambda: queue.Queue().get(timeout=30)),
    "select": lambda: select.select([], [], [], 30),
    "lock": lambda: held(threading.Lock()).acquire(timeout=30),
    "signal": lambda: signal.sigtimedwait([signal.SIGUSR1], 30),
}


@pytest.mark.parametrize("wait", POLLS.values(), ids=POLLS)
def test_a_poll_with_any_wait_sees_what_a_poll_with_sleep_sees(client, wait):
    def polls(wait):
        seen: list[str] = []
        with mock_inspector(region="us-west-2"):
            run = start_run(client, create_template(client, duration=180))
            while not seen or seen[-1] != "COMPLETED":
                seen.append(describe_run(client, run)["state"])
                wait()
        return seen

    assert polls(wait) == polls(lambda: time.sleep(30))


# What takes real time, and why


def real_waits():
    mock = active()
    assert mock is not None
    return mock.service.polls.real_waits()


def test_connections_get_a_moment_of_real_time(inspector_backend):
    """Another process might write to them."""
    near, far = socket.socketpair()
    with near, far:
        assert moved(inspector_backend, lambda: select.select([near], [], [], 3600)) == HOUR
        far.send(b"x")
        assert moved(inspector_backend, lambda: select.select([near], [], [], 3600)) == timedelta()


def test_as_completed_keeps_real_time(inspector_backend):
    def wait(future):
        with pytest.raises(FutureTimeoutError):
            list(as_completed([future], timeout=0.1))

    assert moved(inspector_backend, lambda: wait_for_a_result(wait)) == timedelta()
    assert [reason for _, reason, _ in real_waits()] == ["concurrent.futures._base.as_completed waits in real time"]


def test_processes_keep_real_time(inspector_backend):
    def wait():
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([sys.executable, "-S", "-c", "import time; time.sleep(9)"], timeout=0.2, check=True)

    assert moved(inspector_backend, wait) == timedelta()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")
@pytest.mark.parametrize("with_child", [False, True])
def test_only_another_process_gets_real_time_to_write_to_a_pair_of_sockets(monkeypatch, with_child):
    asked = []
    monkeypatch.setattr(ExternalActivity, "is_expected", lambda *_: asked.append(True))
    one, other = socket.socketpair()
    with one, other, select.epoll() as epoll, mock_inspector() as backend:
        epoll.register(one, select.EPOLLIN)
        start = backend.clock.now()
        command = [sys.executable, "-c", "input()"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE) if with_child else None
        try:
            assert epoll.poll(60) == []
        finally:
            if child is not None:
                child.communicate(b"\n")
        assert backend.clock.now() == start + timedelta(seconds=60)
    assert bool(asked) == with_child


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")
def test_the_shortest_wait_for_files_moves_the_clock(inspector_backend):
    """An event loop that counts in floats would wait for what is left without end."""
    one, other = socket.socketpair()
    with one, other, select.epoll() as epoll:
        epoll.register(one, select.EPOLLIN)
        start = inspector_backend.clock.now()
        assert select.select([one], [], [], 1e-7) == ([], [], [])
        assert inspector_backend.clock.now() - start == timedelta(microseconds=1)
        assert epoll.poll(1e-7) == []
        assert inspector_backend.clock.now() - start == timedelta(microseconds=2)


def until_it_writes_by_select(process):
    return select.select([process.stdout], [], [], 30)[0]


def until_it_writes_by_epoll(process):
    with select.epoll() as epoll:
        epoll.register(process.stdout, select.EPOLLIN)
        return epoll.poll(30)


def until_it_ends(process):
    file = os.pidfd_open(process.pid)
    try:
        return selectors_wait(file)
    finally:
        os.close(file)


def selectors_wait(file):
    with selectors.DefaultSelector() as selector:
        selector.register(file, selectors.EVENT_READ)
        return selector.select(30)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no files of processes")
@pytest.mark.parametrize("wait", [until_it_writes_by_select, until_it_writes_by_epoll, until_it_ends])
def test_a_process_is_waited_for_however_it_is_waited_for(inspector_backend, wait):
    start = inspector_backend.clock.now()
    script = "import time; time.sleep(0.6); print('done')"
    with subprocess.Popen([sys.executable, "-S", "-c", script], stdout=subprocess.PIPE) as process:
        assert wait(process)
    assert inspector_backend.clock.now() == start


@pytest.mark.slow
def test_a_periodic_thread_does_not_move_the_clock_while_a_process_is_waited_for(inspector_backend):
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            time.sleep(1)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = inspector_backend.clock.now()
    subprocess.run([sys.executable, "-S", "-c", "import time; time.sleep(0.8)"], check=True, timeout=60)
    assert inspector_backend.clock.now() - begin <= timedelta(seconds=1)
    stop.set()
    thread.join()


@pytest.mark.parametrize("keywords", [{"freeze": False}, {"sleep": False}])
def test_waits_take_real_time_where_they_are_to(keywords):
    with mock_inspector(**keywords):
        begin = time.clock_gettime(time.CLOCK_MONOTONIC)
        assert not threading.Event().wait(0.1)
        assert not held(threading.Lock()).acquire(timeout=0.1)
        assert time.clock_gettime(time.CLOCK_MONOTONIC) - begin >= 0.19


@pytest.mark.parametrize(
    ("keywords", "expected"), [({"freeze": False}, "time is not frozen"), ({"sleep": False}, "sleep=False")]
)
def test_a_wait_that_takes_real_time_is_kept_with_its_line_and_the_reason(keywords, expected):
    with mock_inspector(**keywords):
        threading.Event().wait(0.1)
        ((line, reason, seconds),) = real_waits()

    assert line.startswith(f"{__file__}:")
    assert reason == expected
    assert seconds >= 0.09


@pytest.mark.parametrize(
    ("keywords", "expected"), [({"freeze": False}, "time is not frozen"), ({"sleep": False}, "sleep=False")]
)
def test_an_event_loop_that_waits_in_real_time_is_kept_once_with_the_line_that_awaits_and_the_reason(
    keywords, expected
):
    async def nap():
        await asyncio.sleep(0.1)

    with mock_inspector(**keywords):
        asyncio.run(nap())
        ((line, reason, _),) = real_waits()

    assert line == f"{__file__}:{nap.__code__.co_firstlineno + 1}"
    assert reason == expected


def test_an_event_loop_that_works_without_waiting_is_not_kept():
    def work():
        begin = time.clock_gettime(time.CLOCK_MONOTONIC)
        while time.clock_gettime(time.CLOCK_MONOTONIC) - begin < 0.1:
            pass

    async def scenario():
        asyncio.get_running_loop().call_soon(work)
        await asyncio.sleep(0)

    with mock_inspector(sleep=False):
        asyncio.run(scenario())
        assert real_waits() == []


# What comes at the last moment


async def in_a_loop(connection):
    connection.setblocking(False)
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(connection, 10), 60)


def by_select(connection):
    return connection.recv(10) if select.select([connection], [], [], 60)[0] else None


def by_poll(connection):
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return connection.recv(10) if poll.poll(60_000) else None


@pytest.mark.skipif(not hasattr(select, "poll"), reason="needs poll")
@pytest.mark.parametrize(
    "receive", [pytest.param(lambda own: asyncio.run(in_a_loop(own)), id="loop"), by_select, by_poll]
)
def test_an_answer_that_comes_while_the_clock_is_about_to_move_is_received(monkeypatch, receive):
    with socket.create_server(("127.0.0.1", 0)) as server:
        own = socket.create_connection(server.getsockname())
        other, _ = server.accept()

    def answer_and_expect_nothing_more(*_):
        other.sendall(b"answer")
        return False

    monkeypatch.setattr(ExternalActivity, "is_expected", answer_and_expect_nothing_more)
    with own, other, mock_inspector() as backend:
        start = backend.clock.now()
        assert receive(own).startswith(b"answer")
        assert backend.clock.now() == start

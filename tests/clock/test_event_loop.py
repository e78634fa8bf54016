"""Timers of event loops move the clock instead of being waited for; what waits for the real world really waits."""

import asyncio
import io
import os
import signal
import sys
import time
from asyncio import sleep
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import freezegun.api
import pytest
from freezegun import freeze_time

from mock_inspector import mock_inspector

from ..support.aws import describe_run, start_run
from ..support.subprocesses import in_subprocess
from ..support.time_control import (
    FREEZERS,
    HANG_TIMEOUT_SECONDS,
    MOMENT,
    in_another_thread,
    longest_wait,
    real_sleep,
    selector_waits,
)

pytestmark = pytest.mark.usefixtures("watchdog")

_REAL = (time.perf_counter,)

HOUR = 3600
QUIET_PERIOD_SECONDS = 0.25
"""For which open connections may be quiet in real time before a timer moves the clock."""
POLL_INTERVAL_SECONDS = 0.005
"""The longest wait for the operating system that a loop makes whose timers move the clock."""


@pytest.fixture(params=FREEZERS)
def clock(request):
    """The clock of a mock, whoever has frozen time."""
    with request.param() as backend:
        yield backend.clock


@pytest.fixture
def elapsed_seconds(clock):
    """How many seconds the clock has moved since the test began."""
    start = clock.now()

    def seconds():
        return (clock.now() - start).total_seconds()

    return seconds


# Sleeping


@pytest.mark.parametrize("nap", [asyncio.sleep, sleep, asyncio.tasks.sleep])
def test_sleeping_moves_the_clock_under_every_name(elapsed_seconds, nap):
    asyncio.run(nap(HOUR))

    assert elapsed_seconds() == HOUR


def test_what_asyncio_sleep_returns_is_kept(clock):
    assert asyncio.run(asyncio.sleep(30, "done")) == "done"


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 0.000_001, 0.001, 0.0301, 0.1, 1, 1.5, 59.964, 86_401, 100 * 86_400])
def test_the_clock_moves_by_just_what_was_slept(elapsed_seconds, seconds):
    async def naps():
        for _ in range(10):
            await asyncio.sleep(seconds)

    asyncio.run(naps())

    assert elapsed_seconds() == pytest.approx(10 * seconds, rel=1e-15, abs=1e-9)


@pytest.mark.parametrize("days", [1, 400, 10_000])
def test_however_far_the_clock_was_moved_timers_come_due(clock, days):
    start = clock.now()

    async def naps():
        await asyncio.sleep(1)
        clock.tick(days * 86_400)
        await asyncio.sleep(1)
        await asyncio.wait_for(asyncio.sleep(0.1), 1)

    clock.tick(days * 86_400)
    asyncio.run(naps())

    assert clock.now() - start == timedelta(days=2 * days, seconds=2.1)


@pytest.mark.parametrize("days", [1, 400, 10_000])
def test_however_long_the_machine_has_been_up_timers_come_due(monkeypatch, days):
    monkeypatch.setattr(freezegun.api, "real_monotonic", lambda: days * 86_400.0)
    with mock_inspector() as backend:
        start = backend.clock.now()
        asyncio.run(asyncio.sleep(1))
        assert backend.clock.now() - start == timedelta(seconds=1)


def test_a_poll_that_awaits_ends_in_no_time(client):
    seen: list[tuple[float, str]] = []

    async def poll(backend):
        run = start_run(client)
        while not seen or seen[-1][1] != "COMPLETED":
            seen.append(((backend.clock.now() - MOMENT).total_seconds(), describe_run(client, run)["state"]))
            await asyncio.sleep(30)

    with mock_inspector(at=MOMENT, region="us-west-2") as backend:
        asyncio.run(poll(backend))

    assert seen == [
        (0, "CREATED"),
        *((moment, "COLLECTING_DATA") for moment in range(30, 181, 30)),
        (210, "STOP_DATA_COLLECTION_PENDING"),
        (240, "STOP_DATA_COLLECTION_PENDING"),
        (270, "COMPLETED"),
    ]


def test_blocking_sleeps_and_awaited_ones_move_the_same_time(clock, elapsed_seconds):
    async def naps():
        timer = asyncio.create_task(asyncio.sleep(10))
        await asyncio.sleep(0)
        time.sleep(4)  # noqa: ASYNC251  code under test does it
        clock.tick(3)
        await timer
        return elapsed_seconds()

    assert asyncio.run(naps()) == pytest.approx(10)


# The order of things


@pytest.fixture
def diary(elapsed_seconds):
    """What happened, and when: ``diary.note(what)``."""

    class Diary(list):
        def note(self, what):
            self.append((what, round(elapsed_seconds(), 3)))

    return Diary()


def test_timers_come_due_in_order(diary):
    async def nap(seconds):
        await asyncio.sleep(seconds)
        diary.note(seconds)

    async def naps():
        asyncio.get_running_loop().call_later(2.5, diary.note, "called")
        await asyncio.gather(*(nap(seconds) for seconds in [3, 1, 0, 2, 0.001, HOUR]))

    asyncio.run(naps())

    assert diary == [(0, 0), (0.001, 0.001), (1, 1), (2, 2), ("called", 2.5), (3, 3), (HOUR, HOUR)]


def test_tasks_sleep_side_by_side(diary):
    async def naps(name, seconds):
        for _ in range(3):
            await asyncio.sleep(seconds)
            diary.note(name)

    async def both():
        await asyncio.gather(naps("slow", 5), naps("quick", 2))

    asyncio.run(both())

    assert diary == [("quick", 2), ("quick", 4), ("slow", 5), ("quick", 6), ("slow", 10), ("slow", 15)]


def test_calls_come_due_at_their_time_unless_they_are_cancelled(diary):
    async def calls():
        loop = asyncio.get_running_loop()
        loop.call_at(loop.time() + 7, diary.note, "at")
        loop.call_later(5, diary.note, "later")
        never = loop.call_later(6, diary.note, "never")
        assert never.when() == pytest.approx(loop.time() + 6)
        never.cancel()
        begun = loop.time()
        await asyncio.sleep(8)
        assert loop.time() - begun == pytest.approx(8)

    asyncio.run(calls())

    assert diary == [("later", 5), ("at", 7)]


def test_a_wait_times_out_at_its_time_and_no_earlier(diary):
    async def wait():
        assert await asyncio.wait_for(asyncio.sleep(3, "slept"), 5) == "slept"
        diary.note("slept")
        try:
            await asyncio.wait_for(cancelled_at_last(), 5)
        except asyncio.TimeoutError:
            diary.note("timed out")

    async def cancelled_at_last():
        try:
            await asyncio.sleep(HOUR)
        finally:
            diary.note("cancelled")

    asyncio.run(wait())

    assert diary == [("slept", 3), ("cancelled", 8), ("timed out", 8)]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with Python 3.11")
def test_a_timeout_ends_its_block_at_its_time(diary):
    timeout: Any = getattr(asyncio, "timeout", None)

    async def blocks():
        async with timeout(5):
            await asyncio.sleep(3)
        diary.note("in time")
        try:
            async with timeout(5) as deadline:
                deadline.reschedule(asyncio.get_running_loop().time() + 10)
                await asyncio.sleep(HOUR)
        except TimeoutError:
            diary.note("too late")

    asyncio.run(blocks())

    assert diary == [("in time", 3), ("too late", 13)]


def test_waiting_for_several_ends_at_the_time_of_the_first_or_of_the_timeout(diary):
    async def wait():
        naps = {asyncio.create_task(asyncio.sleep(seconds, seconds)) for seconds in (1, 4, HOUR)}
        done, naps = await asyncio.wait(naps, return_when=asyncio.FIRST_COMPLETED)
        diary.note({task.result() for task in done})
        done, naps = await asyncio.wait(naps, timeout=5)
        diary.note({task.result() for task in done})
        with pytest.raises(asyncio.TimeoutError):
            await next(asyncio.as_completed(naps, timeout=10))
        diary.note("timed out")
        for task in naps:
            task.cancel()

    asyncio.run(wait())

    assert diary == [({1}, 1), ({4}, 6), ("timed out", 16)]


def test_a_cancelled_sleep_ends_when_it_is_cancelled(diary):
    async def nap():
        try:
            await asyncio.sleep(HOUR)
        except asyncio.CancelledError:
            diary.note("cancelled")
            raise

    async def cancel():
        task = asyncio.create_task(nap())
        await asyncio.sleep(2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(1)
        diary.note("after")

    asyncio.run(cancel())

    assert diary == [("cancelled", 2), ("after", 3)]


def test_events_queues_and_locks_wait_for_what_timers_bring(diary):
    async def wait():
        ready, queue, lock = asyncio.Event(), asyncio.Queue[str](), asyncio.Lock()
        loop = asyncio.get_running_loop()
        loop.call_later(1, ready.set)
        loop.call_later(2, queue.put_nowait, "put")
        await lock.acquire()
        loop.call_later(3, lock.release)
        await ready.wait()
        diary.note("set")
        diary.note(await asyncio.wait_for(queue.get(), 30))
        async with lock:
            diary.note("released")

    asyncio.run(wait())

    assert diary == [("set", 1), ("put", 2), ("released", 3)]


def test_tasks_that_do_not_sleep_leave_the_clock_alone(client, elapsed_seconds):
    async def work():
        for _ in range(100):
            await asyncio.sleep(0)
        return start_run(client)

    async def workers():
        return await asyncio.wait_for(asyncio.gather(*(work() for _ in range(5))), HOUR)

    assert len(asyncio.run(workers())) == 5
    assert elapsed_seconds() == 0


def test_a_task_that_yields_without_end_does_not_keep_timers_from_coming_due(inspector_backend):
    async def spin():
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, over.set)
        for _ in range(200_000):
            await asyncio.sleep(0)
            if over.is_set():
                return True
        return False

    assert asyncio.run(spin())


# Work in threads


by_the_mock = pytest.mark.parametrize("clock", FREEZERS[:1], indirect=True)
"""Once is enough of what really takes time."""


def work(seconds=0.3):
    """What takes its time in a thread."""
    real_sleep(seconds)
    return "worked"


def in_a_thread():
    return asyncio.to_thread(work)


def in_the_loops_executor():
    return asyncio.get_running_loop().run_in_executor(None, work)


def in_an_executor():
    pool = ThreadPoolExecutor()
    future = asyncio.get_running_loop().run_in_executor(pool, work)
    pool.shutdown(wait=False)
    return future


def in_a_wrapped_future():
    pool = ThreadPoolExecutor()
    future = asyncio.wrap_future(pool.submit(work))
    pool.shutdown(wait=False)
    return future


WORKERS = [in_a_thread, in_the_loops_executor, in_an_executor, in_a_wrapped_future]


@pytest.mark.slow
@pytest.mark.parametrize("worker", WORKERS)
def test_work_in_threads_is_waited_for_in_real_time(worker):
    async def scenario():
        await asyncio.sleep(HOUR)
        assert await asyncio.wait_for(worker(), HOUR) == "worked"

    with mock_inspector(at=MOMENT) as backend:
        asyncio.run(scenario())
        assert backend.clock.now() - MOMENT == timedelta(hours=1)


@pytest.mark.slow
@pytest.mark.parametrize("worker", WORKERS)
def test_work_that_begins_right_after_the_mock_is_waited_for(worker):
    async def scenario():
        async with mock_inspector(at=MOMENT) as backend:
            assert await asyncio.wait_for(worker(), HOUR) == "worked"
            return backend.clock.now()

    assert asyncio.run(scenario()) == MOMENT


def test_work_that_began_before_the_mock_is_waited_for():
    async def scenario():
        working = in_the_loops_executor()
        async with mock_inspector(at=MOMENT) as backend:
            assert await asyncio.wait_for(working, HOUR) == "worked"
            return backend.clock.now()

    assert asyncio.run(scenario()) == MOMENT


@pytest.mark.slow
@by_the_mock
def test_work_that_takes_too_long_times_out_in_real_time(elapsed_seconds):
    async def scenario():
        with selector_waits() as waits, pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, real_sleep, 2), 0.1)
        return waits

    assert longest_wait(asyncio.run(scenario())) > 0
    assert elapsed_seconds() == pytest.approx(0.1)


@by_the_mock
def test_when_the_work_is_done_timers_jump_again(elapsed_seconds):
    async def scenario():
        await in_the_loops_executor()
        await asyncio.sleep(HOUR)

    asyncio.run(scenario())

    assert elapsed_seconds() == HOUR


def test_work_and_sleep_by_turns_take_no_more_time_than_the_work(elapsed_seconds):
    async def scenario():
        for _ in range(200):
            await asyncio.to_thread(len, "work")
            await asyncio.sleep(HOUR)

    with selector_waits() as waits:
        asyncio.run(scenario())

    assert sum(wait or 0 for wait in waits) < 200 * QUIET_PERIOD_SECONDS
    assert elapsed_seconds() == 200 * HOUR


@by_the_mock
def test_a_loop_that_waits_makes_no_call_that_would_block_it(monkeypatch, elapsed_seconds):
    """Tools that report such calls (blockbuster) replace what makes them."""
    blocking: list[Any] = []
    accepted: list[Any] = []

    def report(*args):
        blocking.append(args)
        raise BlockingIOError(*args)

    async def scenario():
        for owner, name in [(os, "open"), (os, "read"), (os, "listdir"), (os, "stat"), (io, "open")]:
            monkeypatch.setattr(owner, name, report)
        monkeypatch.setattr("builtins.open", report)
        try:
            await asyncio.to_thread(work, 0.1)
            server = await asyncio.start_server(lambda _, writer: accepted.append(writer), "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"to this process")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(reader.read(), 30)
            for end in (writer, *accepted):
                end.close()
                await end.wait_closed()
            server.close()
        finally:
            monkeypatch.undo()

    asyncio.run(scenario())
    assert blocking == []
    assert elapsed_seconds() == pytest.approx(30)


@by_the_mock
def test_work_that_nobody_awaits_ends_with_its_loop(elapsed_seconds):
    done: list[str] = []

    async def scenario():
        working = asyncio.get_running_loop().run_in_executor(None, lambda: done.append(work()))
        await asyncio.sleep(0)
        working.cancel()

    asyncio.run(scenario())

    assert done == ["worked"]
    assert elapsed_seconds() == 0


# Sockets and processes


async def echo_after(seconds, reader, writer):
    try:
        line = await reader.readline()
        await asyncio.sleep(seconds)
        writer.write(line)
        await writer.drain()
    finally:
        writer.close()


async def echo(timeout, seconds=0.0):
    """What a server of the same loop answers after ``seconds`` to a client that waits for ``timeout``, and when."""
    begun = asyncio.get_running_loop().time()
    server = await asyncio.start_server(lambda *streams: echo_after(seconds, *streams), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        try:
            answer = await asyncio.wait_for(reader.readline(), timeout)
        except asyncio.TimeoutError:
            answer = b"timed out"
        finally:
            writer.close()
        return answer, pytest.approx(asyncio.get_running_loop().time() - begun)


def test_tasks_talk_over_sockets_as_ever(elapsed_seconds):
    assert asyncio.run(echo(timeout=1)) == (b"hello\n", 0)
    assert elapsed_seconds() == 0


@pytest.mark.slow
def test_a_server_that_sleeps_answers_by_the_clock(elapsed_seconds):
    assert asyncio.run(echo(timeout=HOUR, seconds=60)) == (b"hello\n", 60)

    assert elapsed_seconds() == 60


@pytest.mark.slow
def test_a_client_does_not_wait_for_a_server_that_sleeps_too_long(clock):
    assert asyncio.run(echo(timeout=60, seconds=HOUR)) == (b"timed out", 60)


@pytest.mark.slow
def test_many_tasks_talk_over_sockets_at_once(elapsed_seconds):
    async def scenario():
        return await asyncio.gather(*(echo(timeout=HOUR, seconds=number) for number in range(1, 6)))

    assert asyncio.run(scenario()) == [(b"hello\n", number) for number in range(1, 6)]

    assert elapsed_seconds() == 5


def test_processes_are_waited_for_in_real_time(inspector_backend):
    start = inspector_backend.clock.now()

    async def scenario():
        command = [sys.executable, "-S", "-c", "import time; time.sleep(0.6); print('done')"]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            return await asyncio.wait_for(process.communicate(), HOUR)
        except asyncio.TimeoutError:
            process.kill()
            await process.communicate()
            raise

    assert asyncio.run(scenario()) == (b"done\n", None)
    assert inspector_backend.clock.now() == start


# Loops that are older than the mock, or outlive it


def test_timers_from_before_the_mock_come_due_by_its_clock():
    seen: list[float] = []

    async def scenario():
        loop = asyncio.get_running_loop()
        old = asyncio.create_task(asyncio.sleep(HOUR))
        await asyncio.sleep(0)
        async with mock_inspector() as backend:
            start = backend.clock.now()
            loop.call_later(HOUR + 1, lambda: seen.append((backend.clock.now() - start).total_seconds()))
            await old
            seen.append((backend.clock.now() - start).total_seconds())
            await asyncio.sleep(2)

    asyncio.run(scenario())

    assert seen == [pytest.approx(HOUR, abs=60), pytest.approx(HOUR + 1)]


@pytest.mark.parametrize("slept", [0.1, HOUR], ids=["briefly", "for long"])
def test_timers_that_are_left_over_keep_what_they_had_left(slept):
    async def scenario():
        loop = asyncio.get_running_loop()
        rung = asyncio.Event()
        async with mock_inspector():
            loop.call_later(slept + 0.05, rung.set)
            later = loop.call_later(slept + 2 * HOUR, rung.clear)
            await asyncio.sleep(slept)
        assert HOUR < later.when() - loop.time() <= 2 * HOUR
        await rung.wait()

    asyncio.run(scenario())


def test_a_timer_from_before_the_mock_keeps_what_it_has_left_after_it():
    async def scenario():
        rung, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.call_later(HOUR + 0.05, rung.set)
        later = loop.call_later(3 * HOUR, rung.clear)
        async with mock_inspector():
            await asyncio.sleep(HOUR)
        assert HOUR < later.when() - loop.time() <= 2 * HOUR
        await rung.wait()

    asyncio.run(scenario())


def test_a_loop_is_as_before_when_the_mock_is_left():
    async def scenario():
        loop: Any = asyncio.get_running_loop()
        before = type(loop._selector), loop.time()
        async with mock_inspector():
            await asyncio.sleep(HOUR)
        await asyncio.sleep(0)
        assert type(loop._selector) is before[0]
        assert loop.time() - before[1] < 60
        with selector_waits() as waits:
            await asyncio.sleep(0.2)
        assert longest_wait(waits) > POLL_INTERVAL_SECONDS

    asyncio.run(scenario())


def test_a_loop_can_be_run_in_one_mock_after_the_other_and_outside():
    loop = asyncio.new_event_loop()
    try:
        for _ in range(3):
            with mock_inspector() as backend:
                start = backend.clock.now()
                loop.run_until_complete(asyncio.sleep(HOUR))
                assert backend.clock.now() - start == timedelta(hours=1)
            with selector_waits() as waits:
                loop.run_until_complete(asyncio.sleep(0.2))
            assert longest_wait(waits) > POLL_INTERVAL_SECONDS
    finally:
        loop.close()


def test_many_loops_take_no_time(elapsed_seconds):
    for _ in range(40):
        asyncio.run(asyncio.sleep(HOUR))

    assert elapsed_seconds() == 40 * HOUR


def test_a_loop_in_debug_mode_jumps_too(diary):
    async def scenario():
        assert asyncio.get_running_loop().get_debug()
        await asyncio.wait_for(asyncio.sleep(3), 5)
        diary.note("slept")
        time.sleep(1)  # noqa: ASYNC251  code under test does it
        diary.note("blocked")

    asyncio.run(scenario(), debug=True)

    assert diary == [("slept", 3), ("blocked", 4)]


def test_an_exception_in_a_task_ends_the_loop_and_not_the_clock(elapsed_seconds):
    async def fail():
        await asyncio.sleep(3)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(fail())

    assert elapsed_seconds() == 6


# In other threads


def test_loops_in_other_threads_wait_for_the_clock(elapsed_seconds):
    in_another_thread(lambda: asyncio.run(asyncio.wait_for(asyncio.sleep(60), 90)))

    assert elapsed_seconds() == 60


@pytest.mark.slow
def test_a_loop_in_another_thread_that_is_older_than_the_mock_goes_on_by_its_clock_and_after_it():
    naps: list[int] = []
    begun = Event()

    async def scenario():
        begun.set()
        for number in range(4):
            await asyncio.sleep(0.5)
            naps.append(number)

    thread = Thread(target=lambda: asyncio.run(scenario()), daemon=True)
    thread.start()
    assert begun.wait(HANG_TIMEOUT_SECONDS)
    with mock_inspector() as backend:
        start = backend.clock.now()
        asyncio.run(asyncio.sleep(0.7))
        assert backend.clock.now() - start == timedelta(seconds=0.7)
    thread.join(HANG_TIMEOUT_SECONDS)

    assert naps == [0, 1, 2, 3]


def test_work_for_a_loop_in_another_thread_is_done_there_by_the_clock(elapsed_seconds):
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(HOUR), loop).result(2 * HOUR)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(HANG_TIMEOUT_SECONDS)
        loop.close()

    assert elapsed_seconds() == HOUR


# Where timers really wait


def test_timers_really_wait_where_nothing_is_frozen():
    with mock_inspector(freeze=False), selector_waits() as waits:
        asyncio.run(asyncio.sleep(0.2))
    assert longest_wait(waits) > POLL_INTERVAL_SECONDS


@pytest.fixture
def real_asyncio():
    """For tests of freezegun's option of that name, which leaves an attribute at the class of loops."""
    yield
    if "time" in vars(asyncio.SelectorEventLoop):
        del asyncio.SelectorEventLoop.time


@pytest.mark.usefixtures("real_asyncio")
def test_timers_really_wait_where_somebody_gave_loops_real_time():
    with freeze_time(MOMENT, real_asyncio=True), mock_inspector() as backend:
        begun = _REAL[0]()
        asyncio.run(asyncio.sleep(0.2))
        assert _REAL[0]() - begun >= 0.19
        assert backend.clock.now() == MOMENT


@pytest.mark.usefixtures("real_asyncio")
def test_timers_jump_after_somebody_gave_loops_real_time_for_a_while():
    with freeze_time(MOMENT, real_asyncio=True):
        pass

    with mock_inspector() as backend:
        start = backend.clock.now()
        asyncio.run(asyncio.sleep(1))
        assert backend.clock.now() - start == timedelta(seconds=1)


def test_timers_really_wait_in_a_loop_that_has_a_time_of_its_own(inspector_backend):
    class Loop(asyncio.SelectorEventLoop):
        def time(self):
            return _REAL[0]()

    start = inspector_backend.clock.now()
    loop = Loop()
    begun = _REAL[0]()
    try:
        loop.run_until_complete(asyncio.sleep(0.2))
    finally:
        loop.close()

    assert _REAL[0]() - begun >= 0.19

    assert inspector_backend.clock.now() == start


# Freezes inside the mock


def test_timers_follow_a_freeze_inside_a_mock_that_froze_nothing(client):
    order: list[str] = []

    async def scenario(backend):
        asyncio.get_running_loop().call_later(1, order.append, "first")
        client.list_assessment_runs()
        await asyncio.sleep(2)
        order.append("second")
        assert backend.clock.now() - MOMENT == timedelta(seconds=2)

    with mock_inspector(freeze=False) as backend, freeze_time(MOMENT):
        asyncio.run(scenario(backend))

    assert order == ["first", "second"]


def test_timers_follow_a_freeze_inside_a_frozen_mock():
    async def scenario(backend):
        with freeze_time(MOMENT):
            await asyncio.sleep(60)
            assert backend.clock.now() - MOMENT == timedelta(seconds=60)
        await asyncio.sleep(1)

    with mock_inspector(at="2001-01-01T00:00:00Z") as backend:
        asyncio.run(scenario(backend))
        assert backend.clock.now().isoformat() == "2001-01-01T00:00:01+00:00"


# A mock that moves no clock


@pytest.mark.parametrize("freeze", [True, "time-machine", False])
def test_timers_really_wait_where_sleep_is_false(freeze):
    async def scenario():
        await asyncio.sleep(0.1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.1)

    with mock_inspector(freeze=freeze, sleep=False, at=None if freeze is False else MOMENT) as backend:
        asyncio.run(scenario())
        assert freeze is False or backend.clock.now() == MOMENT


# What the system is to send


def test_an_alarm_that_a_loop_handles_is_waited_for(elapsed_seconds):
    seen: list[str] = []

    async def scenario():
        loop = asyncio.get_running_loop()
        rung = asyncio.Event()
        loop.add_signal_handler(signal.SIGALRM, rung.set)
        before = signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            await asyncio.wait_for(rung.wait(), HOUR)
            seen.append("rung")
        finally:
            signal.setitimer(signal.ITIMER_REAL, *before)
            loop.remove_signal_handler(signal.SIGALRM)

    handler = signal.getsignal(signal.SIGALRM)
    try:
        asyncio.run(scenario())
    finally:
        signal.signal(signal.SIGALRM, handler)

    assert seen == ["rung"]
    assert elapsed_seconds() == 0


@pytest.mark.slow
def test_a_timer_beside_a_process_takes_as_long_as_it_really_would(elapsed_seconds):
    async def scenario():
        command = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
        process = await asyncio.create_subprocess_exec(*command)
        await asyncio.sleep(1)
        ended = process.returncode
        process.kill()
        await process.wait()
        return ended

    assert asyncio.run(scenario()) is None
    assert elapsed_seconds() == 1


def test_a_loop_in_another_thread_has_its_turn_before_whoever_waits_longer():
    run_loops_in_other_threads_often()


@in_subprocess
def run_loops_in_other_threads_often():
    for _ in range(200):
        with mock_inspector() as backend:
            start = backend.clock.now()
            thread = Thread(target=lambda: asyncio.run(asyncio.sleep(60)), daemon=True)
            thread.start()
            thread.join(HANG_TIMEOUT_SECONDS)
            assert not thread.is_alive()
            assert backend.clock.now() - start == timedelta(seconds=60)

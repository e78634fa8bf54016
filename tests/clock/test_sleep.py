"""Sleeping moves the clock, under every name and in this thread only; what waits for the real world really waits."""

import importlib
import subprocess
import sys
import time
from datetime import timedelta
from itertools import count
from types import ModuleType, SimpleNamespace

import pytest
from freezegun import freeze_time

from mock_inspector import mock_inspector

from ..support.aws import create_template, describe_run, start_run
from ..support.fast_subset import slow
from ..support.time_control import FREEZERS, MOMENT, in_another_thread, real_sleeps

pytestmark = pytest.mark.usefixtures("watchdog")

_REAL = (time.sleep,)

HOUR = 3600

_numbers = count(1)


@pytest.fixture
def make_module(tmp_path, monkeypatch):
    """Write a module under a new name; what is returned imports it."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(source="import time\nfrom time import sleep\nfrom time import sleep as nap\n"):
        name = f"sleeper_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, name, raising=False)
        return lambda: importlib.import_module(name)

    return make


def naps(module):
    """The ways in which a made module can sleep."""
    return [module.sleep, module.nap, module.time.sleep]


def moved(backend, sleep, *args):
    """How far the clock moves while ``sleep(*args)`` is called."""
    start = backend.clock.now()
    sleep(*args)
    return backend.clock.now() - start


# Moving the clock


@pytest.mark.slow
@pytest.mark.parametrize("freezer", FREEZERS)
@pytest.mark.parametrize("seconds", [0, 0.0, -0.0, 0.000_001, 0.001, 0.1, 1, 1.5, True, 30, 86_400, 900_000_000])
def test_sleeping_moves_the_clock_by_just_that(freezer, seconds):
    with freezer() as backend, real_sleeps() as sleeps:
        assert moved(backend, time.sleep, seconds) == timedelta(seconds=seconds)
    assert sleeps == []


def test_sleep_takes_a_number_of_another_type(inspector_backend):
    class Number:
        """What numpy's integers are to ``sleep``."""

        def __index__(self):
            return 1

    assert moved(inspector_backend, time.sleep, Number()) == timedelta(seconds=1)


@pytest.mark.slow
def test_many_sleeps_take_no_time_and_add_up(inspector_backend):
    start = inspector_backend.clock.now()

    with real_sleeps() as sleeps:
        for _ in range(10_000):
            time.sleep(0.1)

    assert sleeps == []
    assert inspector_backend.clock.now() - start == timedelta(seconds=1000)


def test_sleeping_in_a_nested_mock_moves_the_same_clock(inspector_backend):
    with mock_inspector() as inner:
        assert moved(inspector_backend, time.sleep, 30) == moved(inner, time.sleep, 30) == timedelta(seconds=30)
    assert moved(inspector_backend, time.sleep, 30) == timedelta(seconds=30)


# Under every name


def test_a_module_that_was_imported_before_sleeps_by_the_clock(make_module):
    module = make_module()()
    for _ in range(2):
        with mock_inspector() as backend:
            assert [moved(backend, nap, 30) for nap in naps(module)] == [timedelta(seconds=30)] * 3
        assert naps(module) == [_REAL[0]] * 3


def test_a_module_that_is_imported_meanwhile_sleeps_by_the_clock(make_module):
    with mock_inspector() as backend:
        module = make_module()()
        assert [moved(backend, nap, 30) for nap in naps(module)] == [timedelta(seconds=30)] * 3
    assert naps(module) == [_REAL[0]] * 3
    with mock_inspector() as backend:
        assert [moved(backend, nap, 30) for nap in naps(module)] == [timedelta(seconds=30)] * 3
    assert naps(module) == [_REAL[0]] * 3


def test_a_module_that_is_imported_again_sleeps_by_the_clock(make_module):
    load = make_module()
    first = load()
    with mock_inspector() as backend:
        importlib.reload(first)
        del sys.modules[first.__name__]
        second = load()
        assert second is not first
        assert [moved(backend, nap, 30) for nap in naps(first) + naps(second)] == [timedelta(seconds=30)] * 6
    assert naps(first) + naps(second) == [_REAL[0]] * 6


def test_a_module_imported_while_sleeping_waits_sleeps_by_the_next_mocks_clock(make_module):
    with mock_inspector(sleep=False):
        module = make_module()()
    with mock_inspector() as backend:
        assert moved(backend, module.nap, 30) == timedelta(seconds=30)


def test_entries_of_sys_modules_that_are_no_modules_do_not_disturb_sleeping(monkeypatch):
    class Lazy(ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            pytest.fail(f"{name} was loaded")

    stand_in = SimpleNamespace(__name__="stand_in", sleep=_REAL[0])
    for name, module in {"lazy": Lazy("lazy"), "missing": None, "stand_in": stand_in}.items():
        monkeypatch.setitem(sys.modules, name, module)

    with mock_inspector() as backend:
        assert moved(backend, time.sleep, 30) == timedelta(seconds=30)
    assert stand_in.sleep is _REAL[0]


def test_no_name_in_any_module_is_replaced(make_module):
    module = make_module()()
    before = dict(vars(module)), time.sleep

    with mock_inspector() as backend:
        assert (dict(vars(module)), time.sleep) == before
        assert moved(backend, module.nap, 30) == timedelta(seconds=30)


# Errors are Python's own


def error_of(function, *args, **keywords):
    try:
        function(*args, **keywords)
    except Exception as error:  # noqa: BLE001  which one is the question
        return type(error), str(error)
    pytest.fail("it was taken")


@pytest.mark.parametrize(
    "seconds",
    [
        *(-1, -0.5, float("-inf"), float("inf"), float("nan"), "1", b"1", None, [], 1j, object),
        *(1e10, 1e300, 10**30, pytest.param(10**400, id="10**400")),
    ],
)
def test_sleep_refuses_a_bad_value_as_python_does(inspector_backend, make_module, seconds):
    module = make_module()()
    start = inspector_backend.clock.now()

    refusals = [error_of(nap, seconds) for nap in naps(module)]

    assert refusals == [error_of(_REAL[0], seconds)] * 3
    assert inspector_backend.clock.now() == start


@pytest.mark.parametrize(("args", "keywords"), [((), {}), ((1, 2), {}), ((), {"seconds": 1}), ((), {"secs": 1})])
def test_sleep_takes_one_number_and_nothing_else(inspector_backend, args, keywords):
    assert error_of(time.sleep, *args, **keywords)[0] is TypeError


# What really waits


def test_other_threads_sleep_by_the_clock_while_this_one_waits_for_them(inspector_backend, make_module):
    module = make_module()()

    with real_sleeps() as sleeps:
        for nap in naps(module):
            assert moved(inspector_backend, in_another_thread, lambda nap=nap: nap(30)) == timedelta(seconds=30)

    assert sleeps == []
    assert moved(inspector_backend, module.nap, 30) == timedelta(seconds=30)


def test_the_thread_of_the_mock_is_the_one_that_entered_it():
    def work():
        with mock_inspector() as backend:
            return moved(backend, time.sleep, 30)

    assert in_another_thread(work) == timedelta(seconds=30)


@pytest.mark.parametrize("keywords", [{"sleep": False}, {"freeze": False}])
def test_sleeping_really_waits_without_freeze_or_sleep(make_module, keywords):
    module = make_module()()
    with mock_inspector(**keywords):
        for nap in naps(module):
            with real_sleeps() as sleeps:
                nap(0.001)
            assert len(sleeps) == 1


def test_sleeping_in_a_freeze_inside_a_mock_that_froze_nothing_moves_the_clock(make_module):
    module = make_module()()
    with mock_inspector(freeze=False) as backend, freeze_time(MOMENT):
        assert [moved(backend, nap, HOUR) for nap in naps(module)] == [timedelta(seconds=HOUR)] * 3


def test_a_clock_that_is_frozen_without_sleeping_stands_while_code_sleeps():
    with mock_inspector(sleep=False) as backend:
        assert moved(backend, time.sleep, 0.01) == timedelta()


def test_after_the_mock_sleeping_really_waits(make_module):
    with mock_inspector():
        module = make_module()()

    for nap in naps(module):
        with real_sleeps() as sleeps:
            nap(0.001)
        assert len(sleeps) == 1


BRIEFLY = [sys.executable, "-S", "-c", "import time; time.sleep(0.2); print('done')"]
LONG = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]


def run_with_a_timeout(command, timeout):
    return subprocess.run(command, timeout=timeout, capture_output=True, check=True).returncode


def wait_with_a_timeout(command, timeout):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            return process.wait(timeout)
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("run", [run_with_a_timeout, wait_with_a_timeout])
@pytest.mark.parametrize("freezer", FREEZERS)
def test_processes_are_waited_for_in_real_time(freezer, run):
    with freezer() as backend:
        assert run(BRIEFLY, timeout=3600) == 0
        assert backend.clock.now() == MOMENT


@pytest.mark.parametrize("run", [run_with_a_timeout, wait_with_a_timeout])
def test_processes_time_out_in_real_time(inspector_backend, run):
    start = inspector_backend.clock.now()

    with pytest.raises(subprocess.TimeoutExpired):
        run(LONG, timeout=0.1)

    assert inspector_backend.clock.now() == start


# A sleep that somebody else has replaced


def test_a_sleep_that_was_replaced_before_holds(monkeypatch, make_module):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    module = make_module()()

    with mock_inspector() as backend:
        assert [moved(backend, nap, 30) for nap in [time.sleep, *naps(module)]] == [timedelta()] * 4

    assert slept == [30] * 4
    assert time.sleep == module.sleep == slept.append


def test_a_sleep_that_is_replaced_meanwhile_holds(inspector_backend, make_module):
    module = make_module()()
    slept: list[float] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(time, "sleep", slept.append)
        monkeypatch.setattr(module, "nap", slept.append)
        assert [moved(inspector_backend, nap, 30) for nap in (time.sleep, module.nap)] == [timedelta()] * 2
        assert moved(inspector_backend, module.sleep, 30) == timedelta(seconds=30)

    assert slept == [30, 30]
    assert [moved(inspector_backend, nap, 30) for nap in naps(module)] == [timedelta(seconds=30)] * 3


def test_a_sleep_that_was_replaced_in_one_module_holds(monkeypatch, make_module):
    module = make_module()()
    slept: list[float] = []
    monkeypatch.setattr(module, "nap", slept.append)

    with mock_inspector() as backend:
        assert moved(backend, module.nap, 30) == timedelta()
        assert moved(backend, module.sleep, 30) == timedelta(seconds=30)

    assert slept == [30]
    assert (module.nap, module.sleep) == (slept.append, _REAL[0])


# Polls


def watched(client, seconds):
    """What a loop sees that looks at a run again and again, sleeping in between: moments after the start, states."""
    seen: list[tuple] = []
    with mock_inspector(at=MOMENT, id_seed="poll", region="us-west-2") as backend:
        run = start_run(client, create_template(client, duration=180))
        while not seen or seen[-1][1] != "COMPLETED":
            shown = describe_run(client, run)
            seen.append((backend.clock.now() - MOMENT, shown["state"], shown["stateChangedAt"] - MOMENT, run))
            time.sleep(seconds)
    return seen


@pytest.mark.parametrize("seconds", [slow(0.5), 7, 30, 3600])
def test_a_poll_ends_in_no_time_and_sees_the_same_states_at_the_same_moments_each_time(client, seconds):
    first = watched(client, seconds)

    assert first == watched(client, seconds)
    assert [moment for moment, *_ in first] == [timedelta(seconds=seconds) * number for number in range(len(first))]


def test_a_poll_sees_each_state_from_its_moment_on(client):
    states = [(moment.total_seconds(), state) for moment, state, *_ in watched(client, 30)]

    assert states == [
        (0, "CREATED"),
        *((moment, "COLLECTING_DATA") for moment in range(30, 181, 30)),
        (210, "STOP_DATA_COLLECTION_PENDING"),
        (240, "STOP_DATA_COLLECTION_PENDING"),
        (270, "COMPLETED"),
    ]


def test_a_poll_in_time_that_somebody_else_froze_is_the_same(client):
    expected = watched(client, 30)

    with freeze_time(MOMENT):
        assert watched(client, 30) == expected

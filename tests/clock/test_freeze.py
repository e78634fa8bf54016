"""How the mock freezes time: what it replaces and restores, who sees the real time, and how freezes nest."""

import concurrent.futures
import datetime
import queue
import socketserver
import subprocess
import sys
import threading
import time
import types
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import freezegun
import freezegun.api
import pytest
import time_machine
from freezegun import freeze_time

from mock_inspector import mock_inspector
from mock_inspector.clock.time_names import TimeNames

from ..support.aws import create_template, describe_run, raises_api_error, start_run
from ..support.subprocesses import in_subprocess

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2016, 3, 29, 22, tzinfo=UTC)
REAL_DATETIME = (datetime.datetime,)
REAL = {
    "datetime": datetime.datetime,
    "date": datetime.date,
    "time": time.time,
    "perf_counter_ns": time.perf_counter_ns,
}


@pytest.fixture
def new_module(monkeypatch):
    """Put a module with these names into ``sys.modules`` for the time of the test."""

    def make(name="a_module_of_the_test", module_class=types.ModuleType, **names):
        module = module_class(name)
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return make


def fakes_in(module):
    return {name for name, value in vars(module).items() if "freezegun" in str(getattr(value, "__module__", ""))}


# What is replaced and restored


def test_names_in_modules_are_replaced_and_restored(new_module):
    module = new_module(**REAL, other=REAL)

    for _ in range(3):
        with mock_inspector(at=MOMENT):
            assert fakes_in(module) == set(REAL)
            assert module.datetime.now(UTC) == MOMENT
            assert module.time() == MOMENT.timestamp()
        assert vars(module).items() >= REAL.items()


def test_a_module_that_has_grown_is_looked_through_again(new_module):
    module = new_module()
    with mock_inspector():
        pass
    module.now = datetime.datetime

    with mock_inspector():
        assert fakes_in(module) == {"now"}
    assert module.now is REAL_DATETIME[0]


def test_a_module_that_was_replaced_by_another_of_its_size_is_looked_through(new_module):
    new_module(now=None)
    with mock_inspector():
        pass
    module = new_module(now=datetime.datetime)

    with mock_inspector():
        assert fakes_in(module) == {"now"}


def test_a_name_that_was_bound_to_a_fake_inside_the_mock_is_restored(new_module):
    module = new_module()
    with mock_inspector():
        module.now = datetime.datetime
        late = new_module("another_module_of_the_test", now=datetime.datetime, clock=time.monotonic)
    assert module.now is REAL_DATETIME[0]
    assert fakes_in(late) == set()


@pytest.mark.parametrize("freeze", [True, False])
def test_fakes_that_a_module_has_imported_from_freezegun_stay(new_module, freeze):
    fakes = {name: getattr(freezegun.api, name) for name in ("FakeDatetime", "FakeDate", "fake_time")}
    module = new_module(**fakes, now=datetime.datetime)
    with mock_inspector(freeze=freeze):
        late = new_module("another_module_of_the_test", **fakes, now=datetime.datetime)
        assert vars(module).items() >= fakes.items()
    for each in (module, late):
        assert vars(each).items() >= fakes.items()
        assert each.now is REAL_DATETIME[0]


def test_a_module_that_has_left_is_restored(new_module, monkeypatch):
    module = new_module(**REAL)
    with mock_inspector():
        monkeypatch.delitem(sys.modules, module.__name__)
    assert fakes_in(module) == set()


def test_what_a_test_has_replaced_itself_is_not_touched(new_module):
    module = new_module(time=time.time)
    stub = object()
    with mock_inspector():
        module.time = stub
    assert module.time is stub


def test_a_fake_that_was_restored_after_the_mock_is_healed_by_the_next(new_module):
    module = new_module(time=time.time)
    with pytest.MonkeyPatch.context() as patch, mock_inspector():
        patch.setattr(module, "time", None)
    assert fakes_in(module) == {"time"}
    with mock_inspector():
        pass
    assert fakes_in(module) == set()


def test_uuids_are_made_of_the_frozen_time():
    with mock_inspector(at=MOMENT):
        made = uuid.uuid1()
    since_1582 = datetime.timedelta(microseconds=made.time // 10)
    assert REAL_DATETIME[0](1582, 10, 15, tzinfo=UTC) + since_1582 == MOMENT
    assert uuid._generate_time_safe is freezegun.api.real_uuid_generate_time  # type: ignore[attr-defined]


class LazyModule(types.ModuleType):
    """A module that loads everything when somebody reads its ``__dict__``, as that of the package ``py`` does."""

    loaded = 0

    @property
    def __dict__(self):  # type: ignore[override]
        type(self).loaded += 1
        return types.ModuleType.__dict__["__dict__"].__get__(self)  # type: ignore[index]

    def __getattr__(self, name):
        type(self).loaded += 1
        raise AttributeError(name)

    def __dir__(self):
        type(self).loaded += 1
        return ["lazy_attribute"]


def test_no_lazy_attribute_is_loaded(monkeypatch):
    module = LazyModule("a_lazy_module_of_the_test")
    namespace = types.ModuleType.__dict__["__dict__"].__get__(module)  # type: ignore[index]
    namespace["now"] = datetime.datetime
    monkeypatch.setitem(sys.modules, module.__name__, module)
    loaded = LazyModule.loaded

    with mock_inspector(at=MOMENT, sleep=False):
        assert namespace["now"].now(UTC) == MOMENT

    assert namespace["now"] is REAL_DATETIME[0]
    assert LazyModule.loaded == loaded


def test_what_is_no_module_does_not_matter(monkeypatch):
    for name, value in {"none": None, "a_class": int, "an_object": object(), "a_module": types.ModuleType}.items():
        monkeypatch.setitem(sys.modules, f"{name}_of_the_test", value)
    names = TimeNames()
    names.update()
    assert not {holder.key for holder in names.holders} & {"none_of_the_test", "a_class_of_the_test"}
    with mock_inspector(at=MOMENT, sleep=False):
        assert datetime.datetime.now(UTC) == MOMENT


# Who sees the real time


def read_time():
    return (
        datetime.datetime.now(UTC).timestamp(),
        time.time(),
        time.time_ns() / 1e9,
        time.monotonic(),
        datetime.datetime(*time.gmtime()[:6], tzinfo=UTC).timestamp(),
        datetime.datetime(*datetime.date.today().timetuple()[:3], 22, tzinfo=UTC).timestamp(),
    )


FROZEN = (MOMENT.timestamp(),) * 6


def read_in_a_thread(read):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(read()))
    thread.start()
    thread.join(60)
    return seen[0]


def read_in_a_pool(read):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read).result(60)


def read_in_a_timer(read):
    seen: queue.Queue = queue.Queue()
    threading.Timer(0.01, lambda: seen.put(read())).start()
    return seen.get(timeout=60)


def read_in_a_subclass(read):
    seen = []

    class Reader(threading.Thread):
        def run(self):
            seen.append(read())

    reader = Reader()
    reader.start()
    reader.join(60)
    return seen[0]


def read_in_a_thread_pool_of_multiprocessing(read):
    from multiprocessing.pool import ThreadPool

    with ThreadPool(1) as pool:
        return pool.apply_async(read).get(60)


def read_in_a_request_handler(read):
    seen = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            seen.append(read())

    Handler(None, None, None)  # type: ignore[arg-type]
    return seen[0]


READERS = [
    read_in_a_thread,
    read_in_a_pool,
    read_in_a_timer,
    read_in_a_subclass,
    read_in_a_thread_pool_of_multiprocessing,
    read_in_a_request_handler,
]


@pytest.mark.parametrize("read_in", READERS)
def test_all_threads_see_the_mocks_time(read_in):
    with mock_inspector(at=MOMENT, sleep=False):
        assert read_in(read_time) == FROZEN


@pytest.mark.parametrize("read_in", READERS)
def test_all_threads_see_the_time_that_somebody_else_has_frozen(read_in):
    with freeze_time(MOMENT), mock_inspector(sleep=False):
        assert read_in(read_time) == FROZEN
    with mock_inspector(sleep=False), freeze_time(MOMENT):
        assert read_in(read_time) == FROZEN


def test_the_ignore_list_of_a_freeze_still_holds(new_module):
    source = "import time\ndef read(): return time.time()\ndef call(function): return function()\n"
    module = new_module("patient_package")
    exec(source, vars(module))

    with mock_inspector(at=MOMENT), freeze_time(MOMENT, ignore=["patient_package"]):
        assert module.read() > MOMENT.timestamp() + 86_400
        assert module.call(time.time) > MOMENT.timestamp() + 86_400
        assert time.time() == MOMENT.timestamp()


def test_the_configured_ignore_list_still_holds(new_module):
    module = new_module("patient_package", time=time.time)
    freezegun.configure(extend_ignore_list=["patient_package"])
    try:
        with mock_inspector(at=MOMENT):
            assert module.time is REAL["time"]
    finally:
        freezegun.config.reset_config()


def test_a_module_whose_name_only_begins_like_an_ignored_one_is_frozen(new_module):
    module = new_module("queue_worker", time=time.time)
    with mock_inspector(at=MOMENT):
        assert module.time() == MOMENT.timestamp()


def test_timeouts_of_the_standard_library_are_real():
    release = threading.Event()
    with mock_inspector(sleep=False), ThreadPoolExecutor(1) as pool:
        try:
            futures = [pool.submit(release.wait, 60)]
            with pytest.raises(concurrent.futures.TimeoutError):
                list(concurrent.futures.as_completed(futures, timeout=0.05))
            with pytest.raises(queue.Empty):
                queue.Queue().get(timeout=0.05)
            with pytest.raises(subprocess.TimeoutExpired):
                subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.05, check=False)
            assert not threading.Condition().acquire(timeout=0.05) or True
        finally:
            release.set()


def test_a_socket_server_waits_in_real_time():
    class Server(socketserver.TCPServer):
        timeout = 0.05
        timed_out = False

        def handle_timeout(self):
            self.timed_out = True

    with mock_inspector(sleep=False), Server(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        server.handle_request()
        assert server.timed_out


@pytest.mark.parametrize(
    "name",
    [
        "_pytest.timing",
        "hypothesis.core",
        "hypothesis.internal.conjecture.engine",
        "allure_commons.utils",
        "unittest.case",
    ],
)
def test_the_frame_around_a_test_sees_the_real_time(name, new_module):
    module = new_module(name, clock=time.perf_counter)
    exec("import time\ndef read(): return time.perf_counter()", vars(module))
    with mock_inspector(at=MOMENT):
        before, clock_before = module.read(), module.clock()
        assert abs(clock_before - before) < 60, "both are the real one"
        assert abs(before - time.perf_counter()) > 86_400


# Freezes that nest


def test_a_freeze_inside_goes_on_until_its_end():
    with mock_inspector(at=MOMENT) as backend:
        with freeze_time("2020-02-29") as inner:
            inner.tick(5)
            assert backend.clock.now().isoformat() == "2020-02-29T00:00:05+00:00"
            assert freezegun.api.freeze_factories[-1] is inner
        assert backend.clock.now() == datetime.datetime.now(UTC) == MOMENT


def test_at_must_not_be_before_the_time_that_somebody_else_has_frozen():
    with (
        freeze_time("2024-02-29T12:00:00"),
        pytest.raises(
            ValueError, match=r"^at must not be before the frozen clock's 2024-02-29T12:00:00.*; got '2020'$"
        ),
        mock_inspector(at="2020"),
    ):
        pass


def assert_nothing_is_frozen():
    assert (datetime.datetime, datetime.date) == (REAL["datetime"], REAL["date"])
    assert (time.time, time.perf_counter_ns) == (REAL["time"], REAL["perf_counter_ns"])
    assert fakes_in(sys.modules[__name__]) == {"freeze_time"}
    assert not any((freezegun.api.freeze_factories, freezegun.api.ignore_lists, freezegun.api.tz_offsets))
    assert time_machine.traveller_stack == []


def begin_two_freezes():
    freeze_time("2020-02-29").start()
    freeze_time("2021-02-28").start()


def test_a_freeze_that_was_begun_inside_and_has_not_ended_is_refused():
    with pytest.raises(RuntimeError, match=r"freeze_time that stands at 2020-02-29T00:00:00 was begun inside"):
        mock_inspector(at=MOMENT)(begin_two_freezes)()

    assert_nothing_is_frozen()
    with mock_inspector(at=MOMENT) as backend:
        assert backend.clock.now() == MOMENT


def test_a_freeze_that_a_test_case_has_not_ended_is_refused():
    class Scans(unittest.TestCase):
        def test_scan(self):
            begin_two_freezes()

    result = unittest.TestResult()
    mock_inspector(Scans)("test_scan").run(result)

    [(_, text)] = result.errors
    assert "freeze_time that stands at 2020-02-29T00:00:00 was begun inside" in text
    assert_nothing_is_frozen()


def test_a_travel_that_was_begun_inside_and_has_not_ended_is_refused():
    with (
        pytest.raises(RuntimeError, match=r"time_machine.travel that stands at 2020-02-29T"),
        mock_inspector(freeze="time-machine", at=MOMENT),
    ):
        time_machine.travel(datetime.datetime(2020, 2, 29, tzinfo=UTC)).start()

    assert_nothing_is_frozen()


def stop_a_freeze_twice():
    inner: Any = freeze_time("2020-02-29")
    inner.start()
    inner.stop()
    inner.fake_names, inner.reals = (), {}
    inner.stop()


def test_a_freeze_that_ends_the_mocks_is_refused():
    with pytest.raises(RuntimeError, match="was ended inside of it"), mock_inspector(at=MOMENT):
        stop_a_freeze_twice()

    assert_nothing_is_frozen()


def test_a_test_that_fails_shows_its_own_failure():
    def fail():
        begin_two_freezes()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), mock_inspector():
        fail()

    assert_nothing_is_frozen()


# Types stay real


def test_answers_hold_real_datetimes(client):
    with mock_inspector(at=MOMENT):
        arn = client.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
        target = client.describe_assessment_targets(assessmentTargetArns=[arn])["assessmentTargets"][0]

    assert target["createdAt"] == MOMENT
    assert type(target["createdAt"]) is datetime.datetime
    assert type(target["createdAt"] + datetime.timedelta(1)) is datetime.datetime


def test_botocore_signs_with_the_frozen_time(session):
    client, dates = session.client("inspector"), []
    client.meta.events.register(
        "before-send.inspector", lambda request, **_: dates.append(request.headers["X-Amz-Date"])
    )
    with mock_inspector(at=MOMENT):
        client.list_assessment_targets()
    assert dates == [b"20160329T220000Z"]


def test_botocore_has_its_own_datetime_again():
    import botocore.utils

    with mock_inspector():
        assert botocore.utils.datetime is not datetime
    assert botocore.utils.datetime is datetime


@pytest.fixture
def loaded_pydantic(monkeypatch):
    """pydantic, as far as the mock looks: whether it is loaded."""
    monkeypatch.setitem(sys.modules, "pydantic", sys.modules.get("pydantic", types.ModuleType("pydantic")))


@pytest.mark.usefixtures("loaded_pydantic")
def test_the_fake_class_has_a_schema_for_pydantic_until_the_mock_ends():
    with mock_inspector():
        assert hasattr(freezegun.api.FakeDatetime, "__get_pydantic_core_schema__")
    assert not hasattr(freezegun.api.FakeDatetime, "__get_pydantic_core_schema__")


@pytest.mark.usefixtures("loaded_pydantic")
def test_a_schema_that_somebody_else_has_given_the_fake_class_stays(monkeypatch):
    schema = classmethod(lambda cls, source, handler: None)
    monkeypatch.setattr(freezegun.api.FakeDatetime, "__get_pydantic_core_schema__", schema, raising=False)
    with mock_inspector():
        assert vars(freezegun.api.FakeDatetime)["__get_pydantic_core_schema__"] is schema
    assert vars(freezegun.api.FakeDatetime)["__get_pydantic_core_schema__"] is schema


# time-machine


def test_time_machine_freezes_where_it_is_asked_to(client):
    with mock_inspector(freeze="time-machine", at=MOMENT) as backend:
        assert freezegun.api.freeze_factories == []
        assert datetime.datetime is REAL_DATETIME[0]
        assert datetime.datetime.now(UTC) == backend.clock.now() == MOMENT
        time.sleep(60)
        backend.clock.tick(0.5)
        assert backend.clock.now() == datetime.datetime.now(UTC) == MOMENT + datetime.timedelta(seconds=60.5)
        backend.clock.move_to("2016-03-30T00:00:00Z")
        assert time.time() == datetime.datetime(2016, 3, 30, tzinfo=UTC).timestamp()
        with time_machine.travel(datetime.datetime(2020, 2, 29, tzinfo=UTC), tick=False):
            assert backend.clock.now().year == 2020
        assert backend.clock.now().year == 2016
    assert_nothing_is_frozen()
    assert abs(datetime.datetime.now(UTC).timestamp() - time.time()) < 60


def test_time_that_is_frozen_already_is_not_frozen_by_time_machine_again():
    with freeze_time(MOMENT), mock_inspector(freeze="time-machine") as backend:
        assert time_machine.traveller_stack == []
        assert backend.clock.now() == MOMENT


def test_freezegun_may_be_named():
    with mock_inspector(freeze="freezegun", at=MOMENT), mock_inspector(freeze=True) as backend:
        assert len(freezegun.api.freeze_factories) == 1
        assert backend.clock.now() == MOMENT


def test_an_inner_mock_cannot_freeze_by_another():
    with (
        mock_inspector(),
        pytest.raises(ValueError, match=r"^freeze must be True, as in the mock_inspector around"),
        mock_inspector(freeze="time-machine"),
    ):
        pytest.fail("it began")


def test_time_machine_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "time_machine")
    monkeypatch.setattr("mock_inspector.options.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"^freeze=.*pip install time-machine"):
        mock_inspector(freeze="time-machine")


# Time that time-machine leaves real


def test_deadlines_come_by_all_clocks_under_time_machine():
    held, before_real = time.monotonic, time.clock_gettime(time.CLOCK_MONOTONIC)
    with mock_inspector(freeze="time-machine", at=MOMENT) as backend:
        before = time.monotonic(), time.perf_counter(), time.monotonic_ns(), time.perf_counter_ns(), held()
        deadline, polls = time.monotonic() + 60, 0
        while time.monotonic() < deadline:
            time.sleep(7)
            polls += 1
        backend.clock.tick(3)
        after = time.monotonic(), time.perf_counter(), time.monotonic_ns(), time.perf_counter_ns(), held()
    assert polls == 9
    passed = [end - start for start, end in zip(before, after, strict=True)]
    assert passed == [pytest.approx(seconds) for seconds in (66, 66, 66e9, 66e9, 66)]
    assert time.monotonic is held
    assert before_real <= time.monotonic() <= time.clock_gettime(time.CLOCK_MONOTONIC)


def test_a_mock_inside_time_machine_moves_all_clocks():
    with time_machine.travel(MOMENT, tick=False), mock_inspector():
        before = time.monotonic()
        time.sleep(3600)
        assert time.monotonic() - before == pytest.approx(3600)
        assert time.time() - MOMENT.timestamp() == 3600


@pytest.mark.slow
@in_subprocess
def test_durations_of_tests_are_real_under_time_machine(tmp_path):
    path = Path(tmp_path) / "test_long.py"
    path.write_text(
        "import time\nfrom mock_inspector import mock_inspector\n"
        "@mock_inspector(freeze='time-machine')\ndef test_long(): time.sleep(3600)\n"
    )

    class Durations:
        seconds = 0.0

        def pytest_runtest_logreport(self, report):
            self.seconds += report.duration

    durations = Durations()
    assert pytest.main([str(path), "-q", "-p", "no:cacheprovider"], plugins=[durations]) == 0
    assert durations.seconds < 3600


def test_a_freeze_inside_that_looks_ahead_leaves_the_run_as_it_was(client):
    with mock_inspector(at="2020-01-01", region="us-west-2") as backend:
        backend.add_instance("i-0web")
        backend.add_instance("i-0ill", agent_health="UNHEALTHY")
        template, other = create_template(client), create_template(client, name="other")
        run = start_run(client, template)
        backend.clock.tick(10)
        with freeze_time(backend.clock.now() + datetime.timedelta(days=1)):
            assert describe_run(client, run)["state"] == "COMPLETED"
            client.create_exclusions_preview(assessmentTemplateArn=template)
        assert describe_run(client, run)["state"] == "COLLECTING_DATA"
        assert client.list_findings()["findingArns"] == []
        assert client.list_exclusions(assessmentRunArn=run)["exclusionArns"] == []
        with raises_api_error("AgentsAlreadyRunningAssessmentException"):
            start_run(client, other)
        backend.finish_run(run)
        assert len(client.list_exclusions(assessmentRunArn=run)["exclusionArns"]) == 1

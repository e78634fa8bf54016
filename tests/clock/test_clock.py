"""The mock's clock: who freezes it, who moves it, and that every clock shows the same time."""

import asyncio
import datetime
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import freezegun.api
import pytest
import time_machine
from freezegun import freeze_time

from mock_inspector import mock_inspector

from ..support.aws import create_template, describe_run, start_run
from ..support.time_control import (
    FREEZERS,
    MOMENT,
    UTC,
    changed_attributes,
    frozen_by_freezegun_inside,
    in_another_thread,
    real_sleep,
    replaceable_attributes,
)

SECOND = datetime.timedelta(seconds=1)


pytestmark = pytest.mark.usefixtures("watchdog")


@pytest.fixture(params=[*FREEZERS, frozen_by_freezegun_inside])
def backend(request):
    with request.param() as backend:
        yield backend


# Frozen at the start


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        (MOMENT, MOMENT),
        (datetime.datetime(2020, 2, 29, 12), MOMENT),
        (datetime.datetime(2020, 2, 29, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=-7))), MOMENT),
        ("2020-02-29T12:00:00Z", MOMENT),
        ("2020-02-29T12:00", MOMENT),
        ("2020-02-29T13:30:00+01:30", MOMENT),
        ("20200229T120000Z", MOMENT),
        ("2020-02-29T12:00:00.123", MOMENT + datetime.timedelta(milliseconds=123)),
        ("2020-02-29", MOMENT.replace(hour=0)),
        (1582977600, MOMENT),
        (1582977600.25, MOMENT + datetime.timedelta(milliseconds=250)),
        (0, datetime.datetime(1970, 1, 1, tzinfo=UTC)),
        (-0.5, datetime.datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)),
    ],
)
def test_time_stands_at_the_requested_moment(at, moment):
    with mock_inspector(at=at) as backend:
        assert backend.clock.now() == datetime.datetime.now(UTC) == moment
        assert backend.clock.now().utcoffset() == datetime.timedelta()


class EndOfSummerTime(datetime.tzinfo):
    """A zone in the hour that comes twice."""

    def utcoffset(self, moment):
        return datetime.timedelta(hours=1 if moment.fold else 2)

    def dst(self, moment):
        return datetime.timedelta(hours=0 if moment.fold else 1)

    def tzname(self, moment):
        return "CET" if moment.fold else "CEST"


def test_both_hours_of_the_end_of_summer_time_can_be_chosen(client):
    zone = EndOfSummerTime()

    def create(fold):
        at = datetime.datetime(2016, 10, 30, 2, 30, tzinfo=zone, fold=fold)
        with mock_inspector(at=at):
            arn = client.create_assessment_target(assessmentTargetName="a")["assessmentTargetArn"]
            return client.describe_assessment_targets(assessmentTargetArns=[arn])["assessmentTargets"][0]["createdAt"]

    # Python takes the two for equal.
    assert create(fold=1) - create(fold=0) == datetime.timedelta(hours=1)


def test_time_stands_at_the_moment_of_the_start_by_default():
    before = datetime.datetime.now(UTC)
    with mock_inspector() as backend:
        start = backend.clock.now()
        real_sleep(0.01)
        assert backend.clock.now() == datetime.datetime.now(UTC) == start
    after = datetime.datetime.now(UTC)

    assert before - datetime.timedelta(milliseconds=1) < start <= after
    assert start.microsecond % 1000 == 0, "moments of the service have milliseconds"


@pytest.mark.parametrize(
    "at",
    [
        "",
        "2020-13-01",
        "12:00",
        float("nan"),
        float("inf"),
        -1e12,
        b"2020-02-29",
        datetime.date(2020, 2, 29),
        datetime.timedelta(1),
    ],
)
def test_a_value_that_is_not_a_moment_is_refused(at):
    with pytest.raises((TypeError, ValueError), match=r"^at must be a datetime, ISO 8601 text or epoch seconds"):
        mock_inspector(at=at)


def test_a_moment_is_refused_where_nothing_is_frozen():
    with pytest.raises(ValueError, match=r"^at must not be given with freeze=False"):
        mock_inspector(at=MOMENT, freeze=False)


# Everything tells the same time


def times_of_all_clocks(client, backend):
    """The moment that each clock tells, as a ``datetime``."""
    signed = []

    def look_at(request, **_):
        date = request.headers["X-Amz-Date"]
        signed.append(date.decode() if isinstance(date, bytes) else date)

    client.meta.events.register("before-send.inspector.StartAssessmentRun", look_at)
    try:
        answer = client.start_assessment_run(assessmentTemplateArn=create_template(client))
    finally:
        client.meta.events.unregister("before-send.inspector.StartAssessmentRun", look_at)
    run = describe_run(client, answer["assessmentRunArn"])
    return {
        "datetime.now()": datetime.datetime.now(UTC),
        "time.time()": datetime.datetime.fromtimestamp(time.time(), UTC),
        "time.time_ns()": datetime.datetime.fromtimestamp(time.time_ns() // 1_000_000_000, UTC),
        "time.gmtime()": datetime.datetime(*time.gmtime()[:6], tzinfo=UTC),
        "clock.now()": backend.clock.now(),
        "X-Amz-Date": datetime.datetime.strptime(signed[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
        "Date": parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]),
        "createdAt": run["createdAt"].astimezone(UTC),
        "stateChanges": run["stateChanges"][0]["stateChangedAt"].astimezone(UTC),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "move",
    [
        lambda clock: clock.tick(),
        lambda clock: clock.tick(1.0),
        lambda clock: clock.tick(SECOND),
        lambda clock: clock.move_to(MOMENT + SECOND),
        lambda clock: clock.move_to("2020-02-29T12:00:01Z"),
        lambda clock: clock.move_to(1582977601),
        lambda clock: time.sleep(1),
        lambda clock: asyncio.run(asyncio.sleep(1)),
    ],
    ids=["tick", "number", "timedelta", "datetime", "text", "epoch", "sleep", "asyncio"],
)
def test_all_clocks_agree_however_time_was_moved(client, backend, move):
    clocks = times_of_all_clocks(client, backend)
    assert clocks == dict.fromkeys(clocks, MOMENT)

    move(backend.clock)

    assert times_of_all_clocks(client, backend) == dict.fromkeys(clocks, MOMENT + SECOND)


def test_a_run_ends_on_every_clock_at_once(client, backend):
    run = start_run(client, create_template(client))

    backend.finish_run(run)

    shown = describe_run(client, run)
    assert shown["state"] == "COMPLETED"
    assert shown["completedAt"].timestamp() == pytest.approx(time.time(), abs=1e-4)
    assert backend.clock.now() == datetime.datetime.now(UTC)


def test_other_threads_see_the_same_time(client, backend):
    def work():
        return backend.clock.now(), describe_run(client, start_run(client))["createdAt"]

    backend.clock.tick(60)

    assert in_another_thread(work) == (MOMENT + 60 * SECOND,) * 2


def test_accounts_and_regions_have_one_clock(session, backend):
    clients = [
        session.client("inspector", region_name=region, aws_access_key_id=account, aws_secret_access_key="secret")
        for account, region in [("123456789012", "us-west-2"), ("210987654321", "us-west-2"), ("AKIA", "eu-west-1")]
    ]
    sibling = backend.for_account("210987654321").for_region("eu-west-1")
    runs = [start_run(each, create_template(each, packages=[rules_package(each)])) for each in clients]

    sibling.clock.tick(3600)

    assert {backend.clock.now(), backend.for_region("eu-west-1").clock.now(), sibling.clock.now()} == {
        MOMENT + 3600 * SECOND
    }
    shown = [describe_run(each, run) for each, run in zip(clients, runs, strict=True)]
    assert [run["state"] for run in shown] == ["COMPLETED"] * 3
    assert len({run["completedAt"] for run in shown}) == 1


def rules_package(client):
    return client.list_rules_packages()["rulesPackageArns"][0]


# Whoever froze time before is followed


def test_time_that_freezegun_froze_is_not_frozen_again():
    with freeze_time(MOMENT) as theirs, mock_inspector() as backend:
        assert freezegun.api.freeze_factories == [theirs]
        theirs.tick(5)
        assert backend.clock.now() == MOMENT + 5 * SECOND
        theirs.move_to(MOMENT + 60 * SECOND)
        assert backend.clock.now() == MOMENT + 60 * SECOND


def test_time_that_time_machine_froze_is_not_frozen_again():
    with time_machine.travel(MOMENT, tick=False) as theirs, mock_inspector() as backend:
        assert time_machine.traveller_stack == [theirs]
        assert freezegun.api.freeze_factories == []
        theirs.shift(5)
        assert backend.clock.now() == MOMENT + 5 * SECOND
        theirs.move_to(MOMENT + 60 * SECOND)
        assert backend.clock.now() == MOMENT + 60 * SECOND


@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize("freezer", [freeze_time(MOMENT), time_machine.travel(MOMENT, tick=False)])
def test_the_clock_moves_the_time_of_whoever_froze_it_and_leaves_it_there(freezer, freeze):
    with freezer:
        with mock_inspector(freeze=freeze) as backend:
            backend.clock.tick(5)
            assert datetime.datetime.now(UTC) == MOMENT + 5 * SECOND
            backend.clock.move_to(MOMENT + 60 * SECOND)
        assert datetime.datetime.now(UTC) == MOMENT + 60 * SECOND


@pytest.mark.parametrize("freezer", [freeze_time(MOMENT, tick=True), time_machine.travel(MOMENT, tick=True)])
def test_a_frozen_time_that_ticks_is_moved_forward_too(freezer):
    with freezer, mock_inspector() as backend:
        real_sleep(0.05)
        before = backend.clock.now()
        backend.clock.tick(0.001)
        assert backend.clock.now() >= before + datetime.timedelta(milliseconds=1)
        real_sleep(0.05)
        goal = backend.clock.now() + 60 * SECOND
        backend.clock.move_to(goal)
        assert goal <= backend.clock.now() < goal + 60 * SECOND


@pytest.mark.parametrize("freezer", [freeze_time(MOMENT), time_machine.travel(MOMENT, tick=False)])
def test_a_requested_moment_moves_the_time_of_whoever_froze_it(freezer):
    with freezer:
        with mock_inspector(at=MOMENT + 60 * SECOND) as backend:
            assert backend.clock.now() == datetime.datetime.now(UTC) == MOMENT + 60 * SECOND
        before = replaceable_attributes()
        with pytest.raises(ValueError, match="2020-02-29"), mock_inspector(at=MOMENT):
            pytest.fail("it began")
        assert changed_attributes(before) == set()


def test_a_freeze_inside_the_mock_is_followed_and_left_again(client):
    with mock_inspector(at="2001-01-01T00:00:00Z") as backend:
        backend.clock.tick(1)
        with freeze_time(MOMENT) as theirs:
            assert backend.clock.now() == MOMENT
            theirs.tick(1)
            backend.clock.tick(1)
            time.sleep(1)
            assert backend.clock.now() == datetime.datetime.now(UTC) == MOMENT + 3 * SECOND
        assert backend.clock.now() == datetime.datetime.now(UTC) == datetime.datetime(2001, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_a_freeze_inside_a_mock_that_froze_nothing_is_followed(client):
    with mock_inspector(freeze=False) as backend, freeze_time(MOMENT) as theirs:
        run = start_run(client)
        assert describe_run(client, run)["createdAt"] == backend.clock.now() == MOMENT
        theirs.tick(60)
        backend.clock.tick(60)
        time.sleep(3600)
        assert backend.clock.now() == datetime.datetime.now(UTC) == MOMENT + 3720 * SECOND
        assert describe_run(client, run)["state"] == "COMPLETED"


# Time that runs


@contextmanager
def ahead_by(backend, ahead):
    """Expect the mock's clock to be ``ahead`` of the running one at the end, and at the ``moments`` in the block."""
    before = datetime.datetime.now(UTC) - datetime.timedelta(milliseconds=1)  # what the service keeps of a moment
    moments: list[datetime.datetime] = []
    yield moments
    moments.append(backend.clock.now())
    after = datetime.datetime.now(UTC)
    assert all(before <= moment - ahead <= after for moment in moments)


def test_a_mock_that_does_not_freeze_follows_the_running_clock():
    with mock_inspector(freeze=False) as backend:
        assert freezegun.api.freeze_factories == []
        with ahead_by(backend, datetime.timedelta()) as moments:
            moments.append(backend.clock.now())
            real_sleep(0.01)
            moments.append(backend.clock.now())
        assert moments[1] - moments[0] >= datetime.timedelta(milliseconds=9)


def test_a_tick_shifts_the_mocks_clock_against_the_running_one(client):
    with mock_inspector(freeze=False) as backend:
        run = start_run(client)
        backend.clock.tick(3600)
        backend.clock.tick(0.5)
        with ahead_by(backend, datetime.timedelta(seconds=3600.5)) as moments:
            answer = client.list_assessment_runs()
            new = describe_run(client, start_run(client))["createdAt"]
            moments.append(new)
        dated = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        assert abs(new - dated) < 60 * SECOND
        assert describe_run(client, run)["state"] == "COMPLETED"


def test_the_mocks_clock_can_be_moved_to_a_moment_while_time_runs(client):
    with mock_inspector(freeze=False) as backend:
        goal = backend.clock.now() + 86_400 * SECOND
        backend.clock.move_to(goal)
        assert goal <= backend.clock.now() < goal + 60 * SECOND
        run = start_run(client)
        backend.finish_run(run)
        assert describe_run(client, run)["state"] == "COMPLETED"


# Forward only


@pytest.mark.parametrize(
    ("delta", "error"),
    [
        (-1, ValueError),
        (-0.000_001, ValueError),
        (datetime.timedelta(microseconds=-1), ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (1e300, ValueError),
        (datetime.timedelta.max, ValueError),
        (9000 * 365 * 86_400, ValueError),
        ("1", TypeError),
        (None, TypeError),
        (True, TypeError),
    ],
)
def test_time_moves_by_spans_forward_only(backend, delta, error):
    with pytest.raises(error, match=r"^delta must "):
        backend.clock.tick(delta)

    assert backend.clock.now() == datetime.datetime.now(UTC) == MOMENT


@pytest.mark.parametrize(
    ("moment", "error"),
    [
        (MOMENT - datetime.timedelta(microseconds=1), ValueError),
        ("2020-02-29T11:59:59Z", ValueError),
        (0, ValueError),
        ("soon", ValueError),
        (1e12, ValueError),
        (None, TypeError),
        (SECOND, TypeError),
    ],
)
def test_time_moves_to_moments_ahead_only(backend, moment, error):
    backend.clock.move_to(MOMENT)

    with pytest.raises(error, match=r"moment"):
        backend.clock.move_to(moment)

    assert backend.clock.now() == datetime.datetime.now(UTC) == MOMENT


def test_a_running_clock_moves_forward_only():
    with mock_inspector(freeze=False) as backend, ahead_by(backend, 60 * SECOND):
        backend.clock.tick(60)
        with pytest.raises(ValueError, match=r"^delta must not be negative"):
            backend.clock.tick(-1)
        with pytest.raises(ValueError, match=r"^moment must not be before the clock's "):
            backend.clock.move_to(datetime.datetime.now(UTC) - SECOND)


def test_spans_below_a_millisecond_add_up(client, backend):
    run = start_run(client)
    for _ in range(30 * 4):
        backend.clock.tick(datetime.timedelta(microseconds=250))

    assert backend.clock.now() == MOMENT + datetime.timedelta(milliseconds=30)
    assert describe_run(client, run)["state"] == "START_DATA_COLLECTION_PENDING"

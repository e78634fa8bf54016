"""Polls that do not sleep are moved on, and polls that cannot end are ended with an error that says why."""

import asyncio
import ctypes
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Thread

import pytest
from freezegun import freeze_time

from mock_inspector import mock_inspector
from mock_inspector.errors import EndlessPollError
from mock_inspector.state import polling

from ..support.aws import (
    create_target,
    create_template,
    describe_exclusions,
    describe_run,
    describe_target,
    list_findings,
    start_and_finish_run,
    start_run,
)
from ..support.fast_subset import sample
from ..support.run_timeline import END_SECONDS, FINDINGS_SECONDS, TIMELINE
from ..support.time_control import MOMENT, in_another_thread

pytestmark = pytest.mark.usefixtures("watchdog")

MAX_IDENTICAL_READS = 100
"""How many equal answers the design lets pass."""


@pytest.fixture
def backend(inspector_backend):
    inspector_backend.add_instance("i-web")
    return inspector_backend


@pytest.fixture
def run(backend, client):
    return start_run(client, create_template(client, duration=180))


@pytest.fixture
def elapsed_seconds(backend):
    """How many seconds the clock has moved since the test began."""
    start = backend.clock.now()

    def seconds():
        return round((backend.clock.now() - start).total_seconds(), 6)

    return seconds


@pytest.fixture
def low_limits(monkeypatch):
    """Thresholds that are reached soon, for what takes longest."""
    monkeypatch.setattr(polling, "MAX_IDENTICAL_READS", 5)
    monkeypatch.setattr(polling, "MAX_IDENTICAL_READS_WITHOUT_CHANGE", 50)
    monkeypatch.setattr(polling, "MAX_SLEEPING_READS", 20)
    monkeypatch.setattr(polling, "MAX_SLEEPS", 200)


def until_it_changes(read, limit=2000):
    """How often ``read()`` answers the same, and what it answers then."""
    first = read()
    for times in count(1):
        answer = read()
        if answer != first:
            return times, answer
        assert times < limit, f"{first} for ever"
    return None


def state_of(client, run):
    return describe_run(client, run)["state"]


def report_of(client, run, kind="FULL"):
    return client.get_assessment_report(assessmentRunArn=run, reportFileFormat="HTML", reportType=kind)


# Moved on


@pytest.mark.slow
def test_a_poll_that_does_not_sleep_is_moved_from_change_to_change(client, run, elapsed_seconds):
    seen: list[tuple[str, float]] = []
    while not seen or seen[-1][0] != "COMPLETED":
        seen.append((state_of(client, run), elapsed_seconds()))

    answers = Counter(seen)
    *ahead, end = [(state, since) for state, since in answers if (state, since) in TIMELINE]
    assert [*ahead, end] == TIMELINE
    assert {answers[each] for each in ahead} == {MAX_IDENTICAL_READS}
    assert answers[end] == 1
    assert set(answers) - set(TIMELINE) == {("EVALUATING_RULES", FINDINGS_SECONDS)}, "which is a change of the run, too"


@pytest.mark.slow
def test_a_report_that_is_fetched_again_and_again_is_made(backend, client, run, elapsed_seconds):
    backend.finish_run(run)
    done = elapsed_seconds()

    times, report = until_it_changes(lambda: report_of(client, run)["status"])

    assert (times, report) == (MAX_IDENTICAL_READS, "COMPLETED")
    assert 1 <= elapsed_seconds() - done < 60


def test_a_report_can_be_fetched_by_recursion(backend, client, run):
    def url_of(run):
        report = report_of(client, run)
        return report["url"] if report["status"] == "COMPLETED" else url_of(run)

    backend.finish_run(run)

    assert url_of(run).startswith("http")


@pytest.mark.slow
def test_a_report_that_is_asked_for_while_the_run_goes_on_comes_in_the_end(client, run):
    in_progress = client.exceptions.AssessmentRunInProgressException

    def status():
        try:
            return report_of(client, run)["status"]
        except in_progress:
            return "IN_PROGRESS"

    answers = [until_it_changes(status)[1] for _ in range(2)]

    assert answers == ["WORK_IN_PROGRESS", "COMPLETED"]


def test_an_exclusions_preview_that_is_fetched_again_and_again_is_made(backend, client, elapsed_seconds):
    template = create_template(client)
    token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]

    def status():
        return client.get_exclusions_preview(assessmentTemplateArn=template, previewToken=token)["previewStatus"]

    assert until_it_changes(status) == (MAX_IDENTICAL_READS, "COMPLETED")
    assert 1 <= elapsed_seconds() < 60


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "moment"),
    sample(
        3,
        [
            (list_findings, FINDINGS_SECONDS),
            (lambda client, run: list_findings(client), FINDINGS_SECONDS),
            (
                lambda client, run: client.list_assessment_runs(filter={"states": ["COMPLETED"]})["assessmentRunArns"],
                END_SECONDS,
            ),
            (lambda client, run: client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"], 0.126),
            (
                lambda client, run: client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"][0][
                    "telemetryMetadata"
                ],
                0.126,
            ),
        ],
    ),
    ids=["findings of a run", "all findings", "runs", "telemetry", "agents"],
)
def test_a_poll_is_moved_to_whatever_time_brings(client, run, elapsed_seconds, read, moment):
    assert read(client, run) == []

    until_it_changes(lambda: read(client, run))

    assert elapsed_seconds() == moment


@pytest.mark.slow
def test_exclusions_are_brought_to_a_poll_for_them(backend, client, elapsed_seconds):
    backend.add_instance("i-ill", agent_health="UNHEALTHY")
    run = start_run(client)

    assert until_it_changes(lambda: len(describe_exclusions(client, run)))[1] >= 1
    assert FINDINGS_SECONDS - 60 < elapsed_seconds() <= 3700


def test_sleeping_for_no_time_is_no_sleeping(client, run, elapsed_seconds):
    def poll():
        time.sleep(0)
        return state_of(client, run)

    assert until_it_changes(poll) == (MAX_IDENTICAL_READS, TIMELINE[1][0])
    assert elapsed_seconds() == TIMELINE[1][1]


def test_polls_of_several_runs_by_turns_are_moved_on(client, run, elapsed_seconds):
    other = start_run(client, create_template(client, create_target(client, group=empty_group(client)), duration=600))

    assert until_it_changes(lambda: (state_of(client, run), state_of(client, other)))[0] == MAX_IDENTICAL_READS
    assert elapsed_seconds() == TIMELINE[1][1]


def empty_group(client):
    return client.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "nobody"}])["resourceGroupArn"]


@pytest.mark.usefixtures("low_limits")
def test_however_many_runs_are_polled_by_turns_they_are_moved_on(backend, client, elapsed_seconds):
    template = create_template(client, create_target(client, group=empty_group(client)))
    runs = [start_run(client, template) for _ in range(12)]

    until_it_changes(lambda: [state_of(client, run) for run in runs], limit=50)

    assert elapsed_seconds() == TIMELINE[1][1]


def test_a_poll_moves_the_time_of_whoever_froze_it(client):
    with freeze_time(MOMENT) as theirs, mock_inspector(region="us-west-2"):
        run = start_run(client)
        until_it_changes(lambda: state_of(client, run))
        assert theirs() - MOMENT.replace(tzinfo=None) == timedelta(milliseconds=30)


# Not moved on


def read_often(client, run, times=MAX_IDENTICAL_READS - 1):
    for _ in range(times):
        assert state_of(client, run) == "CREATED"


def test_a_write_between_polls_begins_their_count_again(client, run, elapsed_seconds):
    for number in range(3):
        read_often(client, run)
        create_target(client, f"in between {number}")

    assert elapsed_seconds() == 0


@pytest.mark.slow
@pytest.mark.parametrize("times", [MAX_IDENTICAL_READS - 1, MAX_IDENTICAL_READS])
def test_a_clock_that_moves_between_polls_begins_their_count_again(backend, client, run, elapsed_seconds, times):
    for _ in range(3):
        read_often(client, run, times)
        backend.clock.tick(0.001)

    assert elapsed_seconds() == 0.003


def test_sleeping_between_polls_begins_their_count_again(client, run, elapsed_seconds):
    for _ in range(3):
        read_often(client, run, MAX_IDENTICAL_READS)
        time.sleep(0.001)

    assert elapsed_seconds() == 0.003


@pytest.mark.slow
def test_polls_with_different_requests_are_counted_apart(backend, client, session, run, elapsed_seconds):
    elsewhere = session.client("inspector", region_name="eu-west-1")
    for _ in range(MAX_IDENTICAL_READS - 1):
        state_of(client, run)
        client.describe_assessment_runs(assessmentRunArns=[run, run])
        client.list_assessment_runs()
        client.list_findings(maxResults=1)
        client.list_findings(maxResults=2)
        elsewhere.list_assessment_runs()

    assert elapsed_seconds() == 0


@pytest.mark.slow
def test_polls_of_other_threads_do_not_move_the_clock_while_this_one_works(client, run, elapsed_seconds):
    reader = Thread(target=lambda: read_often(client, run, MAX_IDENTICAL_READS + 10), daemon=True)
    reader.start()
    while reader.is_alive():
        assert elapsed_seconds() == 0


@pytest.mark.slow
def test_polls_of_another_thread_move_the_clock_while_this_one_waits_for_it(client, run, elapsed_seconds):
    def poll():
        while state_of(client, run) != "COMPLETED":
            pass

    in_another_thread(poll)

    assert elapsed_seconds() == END_SECONDS


@pytest.mark.slow
def test_an_endless_poll_in_another_thread_ends_there_with_the_lines_of_all_who_wait(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")

    def poll():
        while state_of(client, run) != "COMPLETED":
            nap()

    with ThreadPoolExecutor(1, thread_name_prefix="poller") as pool, pytest.raises(EndlessPollError) as caught:
        pool.submit(poll).result()

    message = str(caught.value)
    for part in [f"{run} is COLLECTING_DATA", "poller_0 polls at", "MainThread waits at", __file__, line_of(nap)]:
        assert part in message


@pytest.mark.usefixtures("low_limits")
def test_a_reset_begins_all_counts_again(backend, client):
    for times in (polling.MAX_IDENTICAL_READS_WITHOUT_CHANGE - 1, 2):
        for _ in range(times):
            client.list_findings()
        backend.reset()


# Requests that are refused


def test_a_request_that_is_refused_while_a_run_goes_on_is_moved_on(backend, client, run, elapsed_seconds):
    target = client.list_assessment_targets()["assessmentTargetArns"][0]

    def delete():
        try:
            client.delete_assessment_target(assessmentTargetArn=target)
        except client.exceptions.AssessmentRunInProgressException:
            return False
        return True

    while not delete():
        pass

    assert elapsed_seconds() == END_SECONDS


@pytest.mark.slow
def test_a_request_that_is_refused_for_ever_ends_with_an_error(backend, client):
    template = create_template(client)
    client.delete_assessment_template(assessmentTemplateArn=template)

    def start():
        with pytest.raises(client.exceptions.NoSuchEntityException):
            client.start_assessment_run(assessmentTemplateArn=template)

    message, _ = ended_poll(start, nap)

    for part in ["StartAssessmentRun", "No assessment run", line_of(nap)]:
        assert part in message


# Waits that nobody sees


def unseen_wait(seconds=0.2):
    """What gevent, uvloop and extension modules do: wait in C. Ten times as long as work takes on a busy machine."""
    libc = ctypes.CDLL(None)
    libc.usleep(round(seconds * 1_000_000))


def test_a_poll_with_waits_that_nobody_sees_is_moved_on_and_warned_of_once(client, run, elapsed_seconds):
    def poll():
        times = 0
        while state_of(client, run) != "COMPLETED":
            unseen_wait()
            times += 1
        return times

    with pytest.warns(UserWarning, match="cannot see") as warnings:
        polls = poll()

    assert len(warnings) == 1
    assert elapsed_seconds() == END_SECONDS
    assert polls < MAX_IDENTICAL_READS


@pytest.mark.slow
def test_two_waits_that_nobody_sees_move_nothing(client, run, elapsed_seconds):
    for _ in range(5):
        for _ in range(2):
            assert state_of(client, run) == "CREATED"
            unseen_wait()
        for _ in range(3):
            state_of(client, run)

    assert elapsed_seconds() == 0


@pytest.mark.slow
@pytest.mark.mock_inspector(sleep=False)
def test_waits_that_are_to_take_real_time_move_nothing(inspector_backend, client):
    run, start = start_run(client), inspector_backend.clock.now()
    for _ in range(10):
        assert state_of(client, run) == "CREATED"
        unseen_wait()

    assert inspector_backend.clock.now() == start


@pytest.mark.slow
@pytest.mark.usefixtures("low_limits")
def test_a_poll_for_what_time_cannot_change_is_never_ended(backend, client, run, elapsed_seconds):
    target, package = create_target(client), client.list_rules_packages()["rulesPackageArns"][0]

    for _ in range(200):
        client.list_assessment_targets()
        describe_target(client, target)
        client.list_rules_packages()
        client.describe_rules_packages(rulesPackageArns=[package])
        client.describe_cross_account_access_role()

    assert elapsed_seconds() == 0


@pytest.mark.usefixtures("low_limits")
def test_a_completed_run_may_be_polled_often(backend, client, run, elapsed_seconds):
    backend.finish_run(run)

    for _ in range(50):
        assert state_of(client, run) == "COMPLETED"
        assert len(list_findings(client, run)) >= 1

    assert elapsed_seconds() == END_SECONDS


@pytest.mark.usefixtures("low_limits")
@pytest.mark.mock_inspector(freeze=False)
def test_running_time_is_never_moved_and_no_poll_is_ended(inspector_backend, client):
    forced = start_run(client)
    inspector_backend.set_run_state(forced, "COLLECTING_DATA")
    run = start_run(client, create_template(client, create_target(client, group=empty_group(client))))
    start = inspector_backend.clock.now()

    for _ in range(100):
        assert state_of(client, forced) == "COLLECTING_DATA"
        state_of(client, run)
        time.sleep(0)

    assert inspector_backend.clock.now() - start < timedelta(seconds=60)
    assert state_of(client, run) != "COMPLETED"


# Ended with an error


def nap():
    time.sleep(30)


async def awaited_nap():
    await asyncio.sleep(30)


def line_of(function):
    """Where a function of one line does what it does."""
    return f"{__file__}:{function.__code__.co_firstlineno + 1}"


def ended_poll(read, wait=lambda: None, limit=2000):
    """The error that ends a poll, and how many reads it took."""
    for times in range(limit):
        try:
            read()
            wait()
        except EndlessPollError as error:
            return str(error), times
    pytest.fail("it went on")


def test_a_poll_of_a_run_that_was_put_into_a_state_ends_with_the_reason(backend, client, run, elapsed_seconds):
    backend.set_run_state(run, "COLLECTING_DATA")

    message, times = ended_poll(lambda: state_of(client, run))

    assert times == MAX_IDENTICAL_READS
    assert elapsed_seconds() == 0
    for part in [
        "DescribeAssessmentRuns",
        f"{run} is COLLECTING_DATA",
        "set_run_state",
        f"same answer {MAX_IDENTICAL_READS} times",
    ]:
        assert part in message


@pytest.mark.slow
def test_a_poll_that_sleeps_ends_with_the_reason_and_the_line_that_sleeps(backend, client, run):
    backend.set_run_state(run, "EVALUATING_RULES")

    message, _ = ended_poll(lambda: state_of(client, run), nap)

    for part in ["DescribeAssessmentRuns", f"{run} is EVALUATING_RULES", "set_run_state", line_of(nap)]:
        assert part in message


@pytest.mark.usefixtures("low_limits")
def test_a_poll_that_awaits_ends_with_the_reason_and_the_line_that_awaits(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")

    async def poll():
        while state_of(client, run) != "COMPLETED":
            await awaited_nap()

    with pytest.raises(EndlessPollError) as caught:
        asyncio.run(poll())

    for part in [f"{run} is COLLECTING_DATA", "set_run_state", line_of(awaited_nap)]:
        assert part in str(caught.value)


@pytest.mark.usefixtures("low_limits")
@pytest.mark.parametrize("wait", [lambda: None, nap], ids=["still", "sleeping"])
def test_a_poll_of_a_run_that_has_ended_ends_with_the_reason(backend, client, run, wait):
    backend.finish_run(run)

    message, _ = ended_poll(lambda: state_of(client, run) == "FAILED", wait)

    for part in ["DescribeAssessmentRuns", f"{run} is COMPLETED", "has ended"]:
        assert part in message


@pytest.mark.usefixtures("low_limits")
def test_a_poll_for_findings_of_no_run_ends_with_the_reason(backend, client):
    message, _ = ended_poll(lambda: list_findings(client), nap)

    for part in ["ListFindings", "No assessment run", backend.account_id, backend.region, line_of(nap)]:
        assert part in message


@pytest.mark.usefixtures("low_limits")
def test_a_poll_for_a_report_that_failed_ends_with_the_reason(backend, client, run):
    backend.set_run_state(run, "FAILED")

    message, _ = ended_poll(lambda: report_of(client, run), nap)

    for part in ["GetAssessmentReport", f"{run} is FAILED", "set_run_state"]:
        assert part in message


@pytest.mark.usefixtures("low_limits")
def test_a_poll_that_other_reads_interrupt_ends_too(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")

    def read():
        client.list_assessment_targets()
        client.list_assessment_runs()
        state_of(client, run)

    assert f"{run} is COLLECTING_DATA" in ended_poll(read, nap)[0]


@pytest.mark.usefixtures("low_limits")
def test_sleeping_without_end_ends_with_the_state_of_the_last_run(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")

    message, times = ended_poll(nap)

    assert times == 199
    for part in ["200 times", line_of(nap), f"{run} is COLLECTING_DATA", "set_run_state", "sleep=False"]:
        assert part in message


@pytest.mark.usefixtures("low_limits")
def test_sleeping_without_end_and_without_a_run_says_so(backend):
    message, _ = ended_poll(nap)

    for part in [line_of(nap), "no assessment run"]:
        assert part in message


@pytest.mark.usefixtures("low_limits")
def test_awaiting_without_end_ends_too(backend):
    async def wait():
        while True:
            await awaited_nap()

    with pytest.raises(EndlessPollError, match="no assessment run"):
        asyncio.run(wait())


@pytest.mark.usefixtures("low_limits")
def test_sleeping_is_not_without_end_while_a_run_goes_on(backend, client):
    backend.finish_run(start_run(client, create_template(client, duration=180)))
    start_run(client, create_template(client, duration=86_400))

    for _ in range(1000):
        time.sleep(1)


@pytest.mark.usefixtures("low_limits")
def test_sleeping_is_not_without_end_while_things_are_written(backend, client):
    for number in range(10):
        for _ in range(100):
            time.sleep(1)
        client.create_resource_group(resourceGroupTags=[{"key": "number", "value": str(number)}])


@pytest.mark.usefixtures("low_limits")
def test_after_an_endless_poll_error_the_mock_goes_on(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")
    ended_poll(lambda: state_of(client, run))

    client.stop_assessment_run(assessmentRunArn=run)
    while state_of(client, run) != "COMPLETED":
        pass

    assert len(list_findings(client, run)) == 1


@pytest.mark.slow
def test_a_poll_of_an_old_run_is_not_moved_on_by_a_new_one(backend, client, elapsed_seconds):
    old = start_and_finish_run(backend, client, create_template(client, duration=180))
    start_run(client)
    begun = elapsed_seconds()

    for _ in range(3 * MAX_IDENTICAL_READS):
        assert state_of(client, old) == "COMPLETED"

    assert elapsed_seconds() == begun


@pytest.mark.usefixtures("low_limits")
@pytest.mark.parametrize("freeze", ["freezegun", "time-machine"])
def test_a_loop_that_holds_its_own_clock_is_told_what_reaches_it(freeze):
    def wait_a_minute(clock=time.monotonic):
        end = clock() + 60
        while clock() < end:
            time.sleep(5)

    with mock_inspector(freeze=freeze) as backend:
        start = backend.clock.now()
        if freeze == "time-machine":
            wait_a_minute()
            assert backend.clock.now() == start + timedelta(seconds=60)
            return
        with pytest.raises(EndlessPollError, match="pass freeze='time-machine'"):
            wait_a_minute()

"""Polls that do not sleep are moved on, and polls that cannot end are ended with an error that says why."""

import asyncio
import time
from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
from freezegun import freeze_time

from mock_inspector import mock_inspector
from mock_inspector.errors import EndlessPollError
from mock_inspector.state import polling

from ..support.aws import (
    a_run,
    a_target,
    a_template,
    an_ended_run,
    described_run,
    described_target,
    exclusions_of,
    findings_of,
)
from ..support.run_timeline import END, FINDINGS, STORY
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
    return a_run(client, a_template(client, duration=180))


@pytest.fixture
def passed(backend):
    """How many seconds the clock has moved since the test began."""
    start = backend.clock.now()

    def seconds():
        return round((backend.clock.now() - start).total_seconds(), 6)

    return seconds


@pytest.fixture
def impatient(monkeypatch):
    """Thresholds that are reached soon, for what takes longest."""
    monkeypatch.setattr(polling, "STILL", 5)
    monkeypatch.setattr(polling, "STILL_AND_OVER", 50)
    monkeypatch.setattr(polling, "SLEPT", 20)
    monkeypatch.setattr(polling, "SLEEPS", 200)


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
    return described_run(client, run)["state"]


def report_of(client, run, kind="FULL"):
    return client.get_assessment_report(assessmentRunArn=run, reportFileFormat="HTML", reportType=kind)


# Moved on


def test_a_poll_that_does_not_sleep_is_moved_from_change_to_change(client, run, passed):
    seen: list[tuple[str, float]] = []
    while not seen or seen[-1][0] != "COMPLETED":
        seen.append((state_of(client, run), passed()))

    answers = Counter(seen)
    *ahead, end = [(state, since) for state, since in answers if (state, since) in STORY]
    assert [*ahead, end] == STORY
    assert {answers[each] for each in ahead} == {MAX_IDENTICAL_READS}
    assert answers[end] == 1
    assert set(answers) - set(STORY) == {("EVALUATING_RULES", FINDINGS)}, "which is a change of the run, too"


def test_a_report_that_is_fetched_again_and_again_is_made(backend, client, run, passed):
    backend.finish_run(run)
    done = passed()

    times, report = until_it_changes(lambda: report_of(client, run)["status"])

    assert (times, report) == (MAX_IDENTICAL_READS, "COMPLETED")
    assert 1 <= passed() - done < 60


def test_a_report_can_be_fetched_by_recursion(backend, client, run):
    def url_of(run):
        report = report_of(client, run)
        return report["url"] if report["status"] == "COMPLETED" else url_of(run)

    backend.finish_run(run)

    assert url_of(run).startswith("http")


def test_a_report_that_is_asked_for_while_the_run_goes_on_comes_in_the_end(client, run):
    in_progress = client.exceptions.AssessmentRunInProgressException

    def status():
        try:
            return report_of(client, run)["status"]
        except in_progress:
            return "IN_PROGRESS"

    answers = [until_it_changes(status)[1] for _ in range(2)]

    assert answers == ["WORK_IN_PROGRESS", "COMPLETED"]


def test_an_exclusions_preview_that_is_fetched_again_and_again_is_made(backend, client, passed):
    template = a_template(client)
    token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]

    def status():
        return client.get_exclusions_preview(assessmentTemplateArn=template, previewToken=token)["previewStatus"]

    assert until_it_changes(status) == (MAX_IDENTICAL_READS, "COMPLETED")
    assert 1 <= passed() < 60


@pytest.mark.parametrize(
    ("read", "moment"),
    [
        (findings_of, FINDINGS),
        (lambda client, run: findings_of(client), FINDINGS),
        (lambda client, run: client.list_assessment_runs(filter={"states": ["COMPLETED"]})["assessmentRunArns"], END),
        (lambda client, run: client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"], 0.126),
        (
            lambda client, run: client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"][0][
                "telemetryMetadata"
            ],
            0.126,
        ),
    ],
    ids=["findings of a run", "all findings", "runs", "telemetry", "agents"],
)
def test_whatever_time_brings_is_brought_to_a_poll_for_it(client, run, passed, read, moment):
    assert read(client, run) == []

    until_it_changes(lambda: read(client, run))

    assert passed() == moment


def test_exclusions_are_brought_to_a_poll_for_them(backend, client, passed):
    backend.add_instance("i-ill", agent_health="UNHEALTHY")
    run = a_run(client)

    assert until_it_changes(lambda: len(exclusions_of(client, run)))[1] >= 1
    assert FINDINGS - 60 < passed() <= 3700


def test_sleeping_for_no_time_is_no_sleeping(client, run, passed):
    def poll():
        time.sleep(0)
        return state_of(client, run)

    assert until_it_changes(poll) == (MAX_IDENTICAL_READS, STORY[1][0])
    assert passed() == STORY[1][1]


def test_several_runs_polled_by_turns_are_moved_on(client, run, passed):
    other = a_run(client, a_template(client, a_target(client, group=empty_group(client)), duration=600))

    assert until_it_changes(lambda: (state_of(client, run), state_of(client, other)))[0] == MAX_IDENTICAL_READS
    assert passed() == STORY[1][1]


def empty_group(client):
    return client.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "nobody"}])["resourceGroupArn"]


@pytest.mark.usefixtures("impatient")
def test_however_many_runs_are_polled_by_turns_they_are_moved_on(backend, client, passed):
    template = a_template(client, a_target(client, group=empty_group(client)))
    runs = [a_run(client, template) for _ in range(12)]

    until_it_changes(lambda: [state_of(client, run) for run in runs], limit=50)

    assert passed() == STORY[1][1]


def test_a_poll_moves_the_time_of_whoever_froze_it(client):
    with freeze_time(MOMENT) as theirs, mock_inspector(region="us-west-2"):
        run = a_run(client)
        until_it_changes(lambda: state_of(client, run))
        assert theirs() - MOMENT.replace(tzinfo=None) == timedelta(milliseconds=30)


# Not moved on


def read_often(client, run, times=MAX_IDENTICAL_READS - 1):
    for _ in range(times):
        assert state_of(client, run) == "CREATED"


def test_what_is_written_in_between_begins_the_count_again(client, run, passed):
    for number in range(3):
        read_often(client, run)
        a_target(client, f"in between {number}")

    assert passed() == 0


@pytest.mark.parametrize("times", [MAX_IDENTICAL_READS - 1, MAX_IDENTICAL_READS])
def test_a_clock_that_moves_in_between_begins_the_count_again(backend, client, run, passed, times):
    for _ in range(3):
        read_often(client, run, times)
        backend.clock.tick(0.001)

    assert passed() == 0.003


def test_sleeping_in_between_begins_the_count_again(client, run, passed):
    for _ in range(3):
        read_often(client, run, MAX_IDENTICAL_READS)
        time.sleep(0.001)

    assert passed() == 0.003


def test_different_reads_are_counted_apart(backend, client, session, run, passed):
    elsewhere = session.client("inspector", region_name="eu-west-1")
    for _ in range(MAX_IDENTICAL_READS - 1):
        state_of(client, run)
        client.describe_assessment_runs(assessmentRunArns=[run, run])
        client.list_assessment_runs()
        client.list_findings(maxResults=1)
        client.list_findings(maxResults=2)
        elsewhere.list_assessment_runs()

    assert passed() == 0


def test_reads_of_other_threads_never_move_the_clock(client, run, passed):
    in_another_thread(lambda: read_often(client, run, 3 * MAX_IDENTICAL_READS))
    assert passed() == 0

    read_often(client, run)
    in_another_thread(lambda: read_often(client, run, 3 * MAX_IDENTICAL_READS))
    assert passed() == 0


@pytest.mark.usefixtures("impatient")
def test_what_time_cannot_change_may_be_read_for_ever(backend, client, run, passed):
    target, package = a_target(client), client.list_rules_packages()["rulesPackageArns"][0]

    for _ in range(200):
        client.list_assessment_targets()
        described_target(client, target)
        client.list_rules_packages()
        client.describe_rules_packages(rulesPackageArns=[package])
        client.describe_cross_account_access_role()

    assert passed() == 0


@pytest.mark.usefixtures("impatient")
def test_what_has_ended_may_be_read_often(backend, client, run, passed):
    backend.finish_run(run)

    for _ in range(50):
        assert state_of(client, run) == "COMPLETED"
        assert len(findings_of(client, run)) >= 1

    assert passed() == END


@pytest.mark.usefixtures("impatient")
@pytest.mark.mock_inspector(freeze=False)
def test_time_that_runs_is_never_moved_and_no_poll_is_ended(inspector_backend, client):
    forced = a_run(client)
    inspector_backend.set_run_state(forced, "COLLECTING_DATA")
    run = a_run(client, a_template(client, a_target(client, group=empty_group(client))))
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


def test_a_poll_of_a_run_that_was_put_into_a_state_ends_with_the_reason(backend, client, run, passed):
    backend.set_run_state(run, "COLLECTING_DATA")

    message, times = ended_poll(lambda: state_of(client, run))

    assert times == MAX_IDENTICAL_READS
    assert passed() == 0
    for part in [
        "DescribeAssessmentRuns",
        f"{run} is COLLECTING_DATA",
        "set_run_state",
        f"same {MAX_IDENTICAL_READS} times",
    ]:
        assert part in message


def test_a_poll_that_sleeps_ends_with_the_reason_and_the_line_that_sleeps(backend, client, run):
    backend.set_run_state(run, "EVALUATING_RULES")

    message, _ = ended_poll(lambda: state_of(client, run), nap)

    for part in ["DescribeAssessmentRuns", f"{run} is EVALUATING_RULES", "set_run_state", line_of(nap)]:
        assert part in message


@pytest.mark.usefixtures("impatient")
def test_a_poll_that_awaits_ends_with_the_reason_and_the_line_that_awaits(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")

    async def poll():
        while state_of(client, run) != "COMPLETED":
            await awaited_nap()

    with pytest.raises(EndlessPollError) as caught:
        asyncio.run(poll())

    for part in [f"{run} is COLLECTING_DATA", "set_run_state", line_of(awaited_nap)]:
        assert part in str(caught.value)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("wait", [lambda: None, nap], ids=["still", "sleeping"])
def test_a_poll_of_a_run_that_has_ended_ends_with_the_reason(backend, client, run, wait):
    backend.finish_run(run)

    message, _ = ended_poll(lambda: state_of(client, run) == "FAILED", wait)

    for part in ["DescribeAssessmentRuns", f"{run} is COMPLETED", "has ended"]:
        assert part in message


@pytest.mark.usefixtures("impatient")
def test_a_poll_for_findings_of_no_run_ends_with_the_reason(backend, client):
    message, _ = ended_poll(lambda: findings_of(client), nap)

    for part in ["ListFindings", "No assessment run", backend.account_id, backend.region, line_of(nap)]:
        assert part in message


@pytest.mark.usefixtures("impatient")
def test_a_poll_for_a_report_that_failed_ends_with_the_reason(backend, client, run):
    backend.set_run_state(run, "FAILED")

    message, _ = ended_poll(lambda: report_of(client, run), nap)

    for part in ["GetAssessmentReport", f"{run} is FAILED", "set_run_state"]:
        assert part in message


@pytest.mark.usefixtures("impatient")
def test_a_poll_that_other_reads_interrupt_ends_too(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")

    def read():
        client.list_assessment_targets()
        client.list_assessment_runs()
        state_of(client, run)

    assert f"{run} is COLLECTING_DATA" in ended_poll(read, nap)[0]


@pytest.mark.usefixtures("impatient")
def test_sleeping_without_end_ends_with_the_state_of_the_last_run(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")

    message, times = ended_poll(nap)

    assert times == 199
    for part in ["200 times", line_of(nap), f"{run} is COLLECTING_DATA", "set_run_state", "sleep=False"]:
        assert part in message


@pytest.mark.usefixtures("impatient")
def test_sleeping_without_end_and_without_a_run_says_so(backend):
    message, _ = ended_poll(nap)

    for part in [line_of(nap), "no assessment run"]:
        assert part in message


@pytest.mark.usefixtures("impatient")
def test_awaiting_without_end_ends_too(backend):
    async def wait():
        while True:
            await awaited_nap()

    with pytest.raises(EndlessPollError, match="no assessment run"):
        asyncio.run(wait())


@pytest.mark.usefixtures("impatient")
def test_sleeping_is_not_without_end_while_a_run_goes_on(backend, client):
    backend.finish_run(a_run(client, a_template(client, duration=180)))
    a_run(client, a_template(client, duration=86_400))

    for _ in range(1000):
        time.sleep(1)


@pytest.mark.usefixtures("impatient")
def test_sleeping_is_not_without_end_while_things_are_written(backend, client):
    for number in range(10):
        for _ in range(100):
            time.sleep(1)
        client.create_resource_group(resourceGroupTags=[{"key": "number", "value": str(number)}])


@pytest.mark.usefixtures("impatient")
def test_after_the_error_the_mock_goes_on(backend, client, run):
    backend.set_run_state(run, "COLLECTING_DATA")
    ended_poll(lambda: state_of(client, run))

    client.stop_assessment_run(assessmentRunArn=run)
    while state_of(client, run) != "COMPLETED":
        pass

    assert len(findings_of(client, run)) == 1


def test_a_poll_of_an_old_run_is_not_moved_on_by_a_new_one(backend, client, passed):
    old = an_ended_run(backend, client, a_template(client, duration=180))
    a_run(client)
    begun = passed()

    for _ in range(3 * MAX_IDENTICAL_READS):
        assert state_of(client, old) == "COMPLETED"

    assert passed() == begun

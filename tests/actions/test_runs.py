"""An assessment run as a story: what it is at each moment, and what it leaves behind."""

import datetime
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_inspector import mock_inspector

from ..support.aws import (
    BEST_PRACTICES,
    CVE,
    create_group,
    create_target,
    create_template,
    describe_everything,
    describe_exclusions,
    describe_finding,
    describe_run,
    list_findings,
    raises_api_error,
    start_and_finish_run,
    start_run,
    state_history,
)
from ..support.fast_subset import max_examples
from ..support.possible_runs import assert_possible, list_started
from ..support.run_timeline import (
    AFTER_STOP,
    DURATION_SECONDS,
    END_SECONDS,
    FINDINGS_SECONDS,
    OFFSETS_MS,
    STOP_SECONDS,
    TIMELINE,
    UNTIL_STOP,
)
from ..support.service_model import MODEL

STATES = [
    *(state for state, _ in TIMELINE),
    "START_EVALUATING_RULES_PENDING",
    "COMPLETED_WITH_ERRORS",
    "CANCELED",
    "FAILED",
    "ERROR",
]
RUN_STATES = MODEL.shape_for("AssessmentRunState").enum
TERMINAL = {"COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELED", "FAILED", "ERROR"}
NO_COUNTS = {"High": 0, "Medium": 0, "Low": 0, "Informational": 0, "Undefined": 0}


@pytest.fixture
def backend(inspector_backend):
    inspector_backend.add_instance("i-web", tags={"Name": "web"})
    return inspector_backend


@pytest.fixture
def template(backend, client):
    return create_template(client, duration=DURATION_SECONDS)


@pytest.fixture
def run(client, template):
    return start_run(client, template)


def go_to(backend, client, run, offset):
    """Move the clock to ``offset`` seconds after the run's start."""
    backend.clock.move_to(describe_run(client, run)["createdAt"] + datetime.timedelta(seconds=offset))


# The default timeline


def test_a_run_takes_the_timeline_of_the_reference(backend, client, run):
    backend.clock.tick(3600)

    assert state_history(client, run) == TIMELINE


@pytest.mark.parametrize(("index", "offset"), list(enumerate(offset for _, offset in TIMELINE)))
def test_each_state_begins_at_its_millisecond(backend, client, run, index, offset):
    if index:
        go_to(backend, client, run, offset - 0.001)
        assert state_history(client, run) == TIMELINE[:index]
        backend.clock.tick(0.001)

    assert state_history(client, run) == TIMELINE[: index + 1]


@pytest.mark.parametrize(("state", "offset"), TIMELINE)
def test_what_a_run_shows_of_itself_follows_from_its_state(backend, client, run, state, offset):
    go_to(backend, client, run, offset)

    shown = describe_run(client, run)

    start = shown["createdAt"].timestamp()
    assert shown["state"] == state
    assert shown["stateChangedAt"].timestamp() == pytest.approx(start + offset, abs=1e-4)
    assert shown["dataCollected"] is (offset >= STOP_SECONDS + 59.964)
    if offset < 0.126:
        assert "startedAt" not in shown
    else:
        assert shown["startedAt"].timestamp() == pytest.approx(start + 0.126, abs=1e-4)
    if state == "COMPLETED":
        assert shown["completedAt"] == shown["stateChangedAt"]
        assert shown["findingCounts"] == {**NO_COUNTS, "Informational": 1}
    else:
        assert not {"completedAt", "findingCounts"} & shown.keys()


def test_a_run_keeps_what_its_template_said(backend, client):
    template = create_template(client, duration=900, packages=[BEST_PRACTICES, CVE], attributes={"team": "blue"})

    shown = describe_run(client, start_run(client, template, "nightly"))

    assert shown["name"] == "nightly"
    assert shown["assessmentTemplateArn"] == template
    assert shown["durationInSeconds"] == 900
    assert shown["rulesPackageArns"] == [BEST_PRACTICES, CVE]
    assert shown["userAttributesForFindings"] == [{"key": "team", "value": "blue"}]
    assert shown["notifications"] == []


def test_finish_run_moves_the_clock_to_the_end_and_no_further(backend, client, run):
    begun = backend.clock.now()

    backend.finish_run(run)
    backend.finish_run(run)

    assert backend.clock.now() - begun == datetime.timedelta(seconds=END_SECONDS)
    assert describe_run(client, run)["state"] == "COMPLETED"


# Findings and exclusions


def test_no_finding_is_visible_before_it_was_made(backend, client, run):
    go_to(backend, client, run, FINDINGS_SECONDS - 0.001)
    assert list_findings(client) == list_findings(client, run) == []

    backend.clock.tick(0.001)
    [finding] = list_findings(client, run)

    assert list_findings(client) == [finding]
    assert describe_finding(client, finding)["createdAt"].timestamp() == backend.clock.now().timestamp()


def test_a_clean_run_says_so_once_for_each_rules_package(backend, client):
    run = start_and_finish_run(backend, client, create_template(client, packages=[CVE, BEST_PRACTICES]))

    findings = [describe_finding(client, arn) for arn in list_findings(client, run)]

    assert [finding["serviceAttributes"]["rulesPackageArn"] for finding in findings] == [CVE, BEST_PRACTICES]
    for finding in findings:
        assert finding["title"] == "No potential security issues found"
        assert (finding["severity"], finding["numericSeverity"]) == ("Informational", 0.0)
        assert finding["serviceAttributes"]["assessmentRunArn"] == run
    assert describe_run(client, run)["findingCounts"] == {**NO_COUNTS, "Informational": 2}


def test_the_templates_user_attributes_are_on_each_finding(backend, client):
    attributes = {"team": "blue", "tier": "1"}
    template = create_template(client, packages=[CVE, BEST_PRACTICES], attributes=attributes)
    run = start_and_finish_run(backend, client, template)
    by_hand = backend.add_finding(run, {"title": "Put in by hand"})

    findings = list_findings(client, run)

    assert len(findings) == 3
    assert by_hand in findings
    for finding in findings:
        shown = describe_finding(client, finding)["userAttributes"]
        assert shown == [{"key": key, "value": value} for key, value in attributes.items()]


def test_agents_that_cannot_be_assessed_are_excluded(backend, client, template):
    backend.add_instance("i-ill", agent_health="UNHEALTHY")
    backend.add_instance("i-bare", agent_health="UNKNOWN")

    run = start_run(client, template)
    assert describe_exclusions(client, run) == []
    backend.finish_run(run)

    shown = [(exclusion["title"], exclusion["attributes"]) for exclusion in describe_exclusions(client, run)]
    assert shown == [
        ("Agent is unhealthy", [{"key": "INSTANCE_ID", "value": "i-ill"}]),
        ("Agent not found", [{"key": "INSTANCE_ID", "value": "i-bare"}]),
    ]
    assert describe_run(client, run)["state"] == "COMPLETED"


def test_a_run_none_of_whose_agents_could_be_assessed_completes_with_errors(backend, client):
    backend.add_instance("i-ill", tags={"Name": "db"}, agent_health="UNHEALTHY")
    template = create_template(client, create_target(client, group=create_group(client, Name="db")))

    run = start_and_finish_run(backend, client, template)

    shown = describe_run(client, run)
    assert shown["state"] == "COMPLETED_WITH_ERRORS"
    assert shown["completedAt"] == shown["stateChangedAt"]
    assert "findingCounts" in shown


def test_a_run_without_instances_completes_and_reports_the_exclusion(backend, client):
    template = create_template(client, create_target(client, group=create_group(client, Name="nobody")))

    run = start_and_finish_run(backend, client, template)

    assert [exclusion["title"] for exclusion in describe_exclusions(client, run)] == ["No instances in target"]
    assert describe_run(client, run)["state"] == "COMPLETED"


def test_a_run_keeps_the_instances_it_began_with(backend, client, run):
    backend.remove_instance("i-web")
    backend.add_instance("i-late")

    agents = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]

    assert [agent["agentId"] for agent in agents] == ["i-web"]


def test_telemetry_arrives_with_the_data_collection(backend, client, run):
    def telemetry():
        [agent] = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
        summed = client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"]
        assert summed == agent["telemetryMetadata"]
        return {entry["messageType"] for entry in summed}

    go_to(backend, client, run, 0.125)
    assert telemetry() == set()

    backend.clock.tick(0.001)
    assert "Total" in telemetry()


# A pure function of the clock


def after(client, visits, stop):
    """All there is to see of a run, and the next generated id, after the clock stood still at each of ``visits``.

    ``visits`` says for each moment, in milliseconds after the run's start, whether the clock gets there by a tick and
    whether there is reading then; ``stop`` is None or a moment among them and a stop action.
    """
    with mock_inspector(at="2024-02-28T23:58:00Z", id_seed="pure", region="us-west-2") as backend:
        backend.add_instance("i-web")
        backend.add_instance("i-ill", agent_health="UNHEALTHY")
        target = create_target(client, "pure")
        run = start_run(
            client, create_template(client, target, "pure", packages=[CVE, BEST_PRACTICES], attributes={"a": "b"})
        )
        start = backend.clock.now()
        for moment, (ticks, reads) in sorted(visits.items()):
            goal = start + datetime.timedelta(milliseconds=moment)
            if ticks:
                backend.clock.tick(goal - backend.clock.now())
            else:
                backend.clock.move_to(goal)
            if stop is not None and stop[0] == moment:
                client.stop_assessment_run(assessmentRunArn=run, stopAction=stop[1])
            if reads:
                describe_everything(client, run)
        return {**describe_everything(client, run), "next": create_group(client, Name="next")}


STOPS = st.tuples(
    OFFSETS_MS.filter(lambda moment: moment < round(END_SECONDS * 1000)),
    st.sampled_from(["START_EVALUATION", "SKIP_EVALUATION"]),
)


@settings(max_examples=max_examples(60), deadline=None)
@given(visits=st.dictionaries(OFFSETS_MS, st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6), stop=STOPS)
@pytest.mark.parametrize("stopped", [False, True])
def test_however_time_passes_a_run_comes_out_the_same(client, visits, stop, stopped):
    needed = {max(visits): (False, False)}
    if stopped:
        needed[stop[0]] = (False, False)

    assert after(client, needed | visits, stop if stopped else None) == after(client, needed, stop if stopped else None)


# Stopping


@pytest.mark.parametrize("offset", [0.0, 0.030, 0.061, 0.125, 0.126, 90.0, STOP_SECONDS - 0.001])
def test_a_stop_with_evaluation_ends_the_data_collection_at_once(backend, client, run, offset):
    go_to(backend, client, run, offset)

    client.stop_assessment_run(assessmentRunArn=run, stopAction="START_EVALUATION")
    backend.clock.tick(3600)

    begun = [(state, min(since, offset)) for state, since in UNTIL_STOP]
    assert state_history(client, run) == [*begun, *((state, round(offset + since, 3)) for state, since in AFTER_STOP)]
    assert len(list_findings(client, run)) == 1
    shown = describe_run(client, run)
    assert (shown["startedAt"] - shown["createdAt"]).total_seconds() == begun[-1][1]
    assert list_started(client, shown["startedAt"]) == [run]


def test_a_stop_evaluates_by_default(backend, client, run):
    client.stop_assessment_run(assessmentRunArn=run)

    assert describe_run(client, run)["state"] == "STOP_DATA_COLLECTION_PENDING"


@pytest.mark.parametrize("offset", [since for _, since in TIMELINE[4:-1]])
def test_a_stop_with_evaluation_changes_nothing_after_the_data_collection(backend, client, run, offset):
    go_to(backend, client, run, offset)

    client.stop_assessment_run(assessmentRunArn=run, stopAction="START_EVALUATION")
    backend.clock.tick(3600)

    assert state_history(client, run) == TIMELINE


@pytest.mark.parametrize(
    "offset", [*(since for _, since in TIMELINE[:-1]), FINDINGS_SECONDS, round(END_SECONDS - 0.001, 3)]
)
def test_a_stop_without_evaluation_cancels_the_run_and_leaves_no_findings(backend, client, run, offset):
    go_to(backend, client, run, offset)

    client.stop_assessment_run(assessmentRunArn=run, stopAction="SKIP_EVALUATION")
    at_once = describe_run(client, run)
    backend.clock.tick(3600)

    assert describe_run(client, run) == at_once
    assert state_history(client, run) == [*(change for change in TIMELINE if change[1] <= offset), ("CANCELED", offset)]
    assert at_once["completedAt"] == at_once["stateChangedAt"]
    assert at_once["findingCounts"] == NO_COUNTS
    assert list_findings(client, run) == []
    assert describe_exclusions(client, run) == []


def test_a_run_that_is_stopping_can_still_be_canceled(backend, client, run):
    client.stop_assessment_run(assessmentRunArn=run)
    client.stop_assessment_run(assessmentRunArn=run, stopAction="SKIP_EVALUATION")
    backend.clock.tick(3600)

    assert describe_run(client, run)["state"] == "CANCELED"
    assert list_findings(client, run) == []


@pytest.mark.parametrize("action", ["START_EVALUATION", "SKIP_EVALUATION"])
@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_run_that_has_ended_cannot_be_stopped(backend, client, run, state, action):
    backend.set_run_state(run, state)
    before = describe_run(client, run)

    with raises_api_error("InvalidInputException", "INVALID_ASSESSMENT_RUN_STATE"):
        client.stop_assessment_run(assessmentRunArn=run, stopAction=action)

    assert describe_run(client, run) == before


# Forced states


@pytest.mark.parametrize("state", STATES)
def test_a_run_can_be_put_into_every_state_and_stays_there(backend, client, run, state):
    go_to(backend, client, run, 10)

    backend.set_run_state(run, state)
    shown = describe_run(client, run)
    backend.clock.tick(86_400)

    assert describe_run(client, run) == shown
    assert shown["state"] == shown["stateChanges"][-1]["state"] == state
    assert shown["stateChangedAt"] == shown["stateChanges"][-1]["stateChangedAt"]
    assert state_history(client, run)[:4] == UNTIL_STOP[: RUN_STATES.index(state) + 1]
    assert list_findings(client, run) == []
    assert describe_exclusions(client, run) == []
    if state in TERMINAL:
        assert shown["completedAt"] == shown["stateChangedAt"]
        assert shown["findingCounts"] == NO_COUNTS
    else:
        assert not {"completedAt", "findingCounts"} & shown.keys()


def test_the_states_are_those_of_the_model(client):
    shape = client.meta.service_model.shape_for("AssessmentRunState")

    assert set(STATES) == set(shape.enum)


def test_counts_follow_the_findings_through_forced_states(backend, client, run):
    backend.add_finding(run, {"severity": "High"})
    backend.set_run_state(run, "FAILED")
    backend.add_finding(run, {"severity": "High"})
    assert describe_run(client, run)["findingCounts"] == {**NO_COUNTS, "High": 2}

    backend.set_run_state(run, "COLLECTING_DATA")
    assert "findingCounts" not in describe_run(client, run)

    backend.clock.tick(5)
    backend.set_run_state(run, "COMPLETED")
    shown = describe_run(client, run)
    assert shown["findingCounts"] == {**NO_COUNTS, "High": 2}
    assert shown["completedAt"].timestamp() == pytest.approx(backend.clock.now().timestamp(), abs=1e-4)
    states = [state for state, _ in TIMELINE]
    assert state_history(client, run) == [
        *((state, 0.0) for state in states[:4]),
        *((state, 5.0) for state in states[4:]),
    ]


def test_a_completed_run_that_is_forced_to_fail_keeps_its_findings(backend, client, template):
    run = start_and_finish_run(backend, client, template)

    backend.set_run_state(run, "FAILED")

    assert [state for state, _ in state_history(client, run)] == [*(state for state, _ in TIMELINE[:-1]), "FAILED"]
    assert describe_run(client, run)["findingCounts"] == {**NO_COUNTS, "Informational": 1}
    assert len(list_findings(client, run)) == 1


def test_a_run_that_was_put_into_a_state_goes_on_when_it_is_stopped(backend, client, run):
    go_to(backend, client, run, 10)
    backend.set_run_state(run, "COLLECTING_DATA")
    backend.clock.tick(3600)

    client.stop_assessment_run(assessmentRunArn=run)
    backend.finish_run(run)

    assert state_history(client, run)[-4:] == [(state, round(3610 + since, 3)) for state, since in AFTER_STOP]
    assert len(list_findings(client, run)) == 1


@pytest.mark.parametrize("state", ["DATA_COLLECTED", "START_EVALUATING_RULES_PENDING", "EVALUATING_RULES"])
def test_a_stop_takes_no_run_back_to_a_data_collection_that_is_over(backend, client, run, state):
    backend.set_run_state(run, state)
    history = state_history(client, run)
    backend.clock.tick(10)

    client.stop_assessment_run(assessmentRunArn=run)
    backend.clock.tick(3600)

    assert state_history(client, run) == history
    assert history[-1] == (state, 0.0)
    assert describe_run(client, run)["dataCollected"] is True


@pytest.mark.slow
@pytest.mark.parametrize("offset", [0.0, 0.030, 0.061, 0.126, 90.0])
@pytest.mark.parametrize("state", STATES)
def test_a_forced_state_has_the_states_behind_it_that_a_run_passes_through(backend, client, run, state, offset):
    """Whether data was collected or not: nothing that a run shows contradicts its history."""
    go_to(backend, client, run, offset)
    backend.set_run_state(run, state)

    history = state_history(client, run)
    passed = [
        (name, min(since, offset)) for name, since in TIMELINE[:-1] if RUN_STATES.index(name) < RUN_STATES.index(state)
    ]
    if state in {"CANCELED", "FAILED", "ERROR"}:
        passed = [(name, since) for name, since in TIMELINE if since <= offset]
    begun = min(offset, dict(TIMELINE).get(state, offset))
    assert history == [*(change for change in passed if change[0] != state), (state, begun)]
    assert_possible(client, run)


@pytest.mark.parametrize("state", STATES)
def test_a_state_that_lies_behind_ends_the_history_of_a_completed_run(backend, client, template, state):
    run = start_and_finish_run(backend, client, template)
    by_hand = backend.add_finding(run, {})
    before = describe_run(client, run)["stateChanges"]

    backend.clock.tick(3600)
    backend.set_run_state(run, state)

    assert_possible(client, run)
    shown = describe_run(client, run)
    names = [change["state"] for change in before]
    if state in names:
        assert shown["stateChanges"] == before[: names.index(state) + 1]
    else:
        assert shown["stateChanges"][:-1] == [
            change for change in before[:-1] if RUN_STATES.index(change["state"]) < RUN_STATES.index(state)
        ]
        assert shown["stateChangedAt"].timestamp() == pytest.approx(backend.clock.now().timestamp(), abs=1e-4)
    evaluated = RUN_STATES.index(state) >= RUN_STATES.index("EVALUATING_RULES") and state != "CANCELED"
    assert list_findings(client, run)[-1] == by_hand
    assert len(list_findings(client, run)) == (2 if evaluated else 1)


_STEPS = st.lists(
    st.tuples(st.just("start"), st.just(0))
    | st.tuples(st.just("tick"), OFFSETS_MS | st.sampled_from([0, 1, 30, 31, 61, 126]))
    | st.tuples(st.just("stop"), st.sampled_from(["START_EVALUATION", "SKIP_EVALUATION"]))
    | st.tuples(st.just("force"), st.sampled_from(STATES))
    | st.tuples(st.just("finish"), st.just(0))
    | st.tuples(st.just("add finding"), st.just(0)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=max_examples(150), deadline=None)
@given(steps=_STEPS, which=st.lists(st.integers(0, 5), min_size=12, max_size=12))
def test_whatever_is_done_to_runs_they_could_exist(client, steps, which):
    with mock_inspector(at="2024-02-28T23:58:00.250Z", region="us-west-2") as backend:
        backend.add_instance("i-web")
        template = create_template(client)
        runs: list[str] = []
        for (step, value), index in zip(steps, which, strict=False):
            run = runs[index % len(runs)] if runs else None
            if step == "tick":
                backend.clock.tick(value / 1000)
            elif step == "start":
                with suppress(client.exceptions.AgentsAlreadyRunningAssessmentException):
                    runs.append(start_run(client, template))
            elif run is None:
                continue
            elif step == "stop":
                with suppress(client.exceptions.InvalidInputException):
                    client.stop_assessment_run(assessmentRunArn=run, stopAction=value)
            elif step == "force":
                backend.set_run_state(run, value)
            elif step == "add finding":
                backend.add_finding(run, {"severity": "High"})
            else:
                with suppress(ValueError):
                    backend.finish_run(run)
            for started in runs:
                assert_possible(client, started)


def test_a_run_without_an_end_ahead_cannot_be_finished(backend, client, run):
    backend.set_run_state(run, "EVALUATING_RULES")

    with pytest.raises(ValueError, match="EVALUATING_RULES"):
        backend.finish_run(run)


def test_an_unknown_run_state_is_refused_with_the_known_ones(backend, client, run):
    with pytest.raises(ValueError, match=r"COMPLETED_WITH_ERRORS.*'DONE'"):
        backend.set_run_state(run, "DONE")


# Names


def test_run_names_are_generated_and_unique_within_a_template(backend, client):
    target = create_target(client, group=create_group(client, Name="nobody"))
    template = create_template(client, target, "nightly")
    runs = [start_run(client, template, "Run 2 for nightly"), *(start_run(client, template) for _ in range(3))]

    names = [describe_run(client, run)["name"] for run in runs]

    assert len(set(names)) == 4
    assert all("nightly" in name for name in names)


def test_a_generated_run_name_fits_however_long_the_templates_is(backend, client):
    template = create_template(client, create_target(client, group=create_group(client, Name="nobody")), "x" * 140)

    names = [describe_run(client, start_run(client, template))["name"] for _ in range(2)]

    assert names[0] != names[1]
    assert all(len(name) <= 140 for name in names)


def test_a_run_name_is_taken_within_its_template_until_the_run_is_deleted(backend, client):
    target = create_target(client)
    one, other = (create_template(client, target, name) for name in ("one", "other"))
    run = start_and_finish_run(backend, client, one, "nightly")

    with raises_api_error("InvalidInputException"):
        start_run(client, one, "nightly")
    start_and_finish_run(backend, client, other, "nightly")
    client.delete_assessment_run(assessmentRunArn=run)

    assert describe_run(client, start_run(client, one, "nightly"))["name"] == "nightly"


# Agents


@pytest.fixture
def other(backend, client, template):
    """A second template of the same instances."""
    return create_template(client)


def test_a_busy_instance_refuses_a_second_run_and_is_named(backend, client, run, other):
    with raises_api_error("AgentsAlreadyRunningAssessmentException") as caught:
        start_run(client, other)

    answer = caught.value.response
    assert answer["agents"] == [{"agentId": "i-web", "assessmentRunArn": run}]
    assert answer["agentsTruncated"] is False
    assert answer["canRetry"] is True
    assert client.list_assessment_runs()["assessmentRunArns"] == [run]


@pytest.mark.parametrize(("instances", "truncated"), [(10, False), (11, True)])
def test_up_to_ten_busy_instances_are_named(inspector_backend, client, instances, truncated):
    ids = [inspector_backend.add_instance(f"i-{number:02}").instance_id for number in range(instances)]
    template = create_template(client)
    run = start_run(client, template)

    with raises_api_error("AgentsAlreadyRunningAssessmentException") as caught:
        start_run(client, template)

    answer = caught.value.response
    assert answer["agents"] == [{"agentId": agent_id, "assessmentRunArn": run} for agent_id in ids[:10]]
    assert answer["agentsTruncated"] is truncated


@pytest.mark.parametrize("health", ["UNHEALTHY", "UNKNOWN"])
def test_only_a_healthy_instance_can_be_busy(inspector_backend, client, health):
    inspector_backend.add_instance("i-ill", agent_health=health)
    template = create_template(client)

    assert start_run(client, template) != start_run(client, template)


def test_runs_of_different_instances_go_on_side_by_side(backend, client):
    backend.add_instance("i-db", tags={"Name": "db"})
    web, db = (create_target(client, group=create_group(client, Name=name)) for name in ("web", "db"))

    runs = [start_run(client, create_template(client, target)) for target in (web, db)]
    backend.clock.tick(END_SECONDS)

    assert [state_history(client, run) for run in runs] == [TIMELINE, TIMELINE]


def test_instances_are_free_again_when_their_data_is_collected(backend, client, run, other):
    go_to(backend, client, run, STOP_SECONDS + 59.963)
    with raises_api_error("AgentsAlreadyRunningAssessmentException"):
        start_run(client, other)

    backend.clock.tick(0.001)

    assert describe_run(client, run)["state"] == "DATA_COLLECTED"
    assert describe_run(client, start_run(client, other))["state"] == "CREATED"


@pytest.mark.parametrize(
    "end",
    [
        lambda backend, client, run: client.stop_assessment_run(assessmentRunArn=run, stopAction="SKIP_EVALUATION"),
        lambda backend, client, run: backend.set_run_state(run, "FAILED"),
        lambda backend, client, run: backend.finish_run(run),
    ],
    ids=["canceled", "forced", "finished"],
)
def test_instances_are_free_again_when_their_run_has_ended(backend, client, run, other, end):
    end(backend, client, run)

    assert describe_run(client, start_run(client, other))["state"] == "CREATED"


def test_a_stop_keeps_the_instances_until_their_data_is_collected(backend, client, run, other):
    client.stop_assessment_run(assessmentRunArn=run)
    backend.clock.tick(59.963)
    with raises_api_error("AgentsAlreadyRunningAssessmentException"):
        start_run(client, other)

    backend.clock.tick(0.001)

    assert start_run(client, other)


def test_five_hundred_instances_may_run_at_once_and_no_more(inspector_backend, client):
    for number in range(500):
        inspector_backend.add_instance(f"i-{number:03}", tags={"half": str(number % 2)})
    template = create_template(client)
    inspector_backend.add_instance("i-500")

    with raises_api_error("LimitExceededException", "ASSESSMENT_RUN_LIMIT_EXCEEDED"):
        start_run(client, template)
    inspector_backend.remove_instance("i-500")

    assert describe_run(client, start_run(client, template))["state"] == "CREATED"


@pytest.mark.mock_inspector(limits={"agents": 3})
def test_the_quota_of_instances_counts_those_in_running_assessments(inspector_backend, client):
    for name in ("web", "db"):
        for number in range(2):
            inspector_backend.add_instance(f"i-{name}-{number}", tags={"Name": name})
    web, db = (
        create_template(client, create_target(client, group=create_group(client, Name=name))) for name in ("web", "db")
    )
    run = start_run(client, web)

    with raises_api_error("LimitExceededException", "ASSESSMENT_RUN_LIMIT_EXCEEDED"):
        start_run(client, db)
    inspector_backend.finish_run(run)

    assert describe_run(client, start_run(client, db))["state"] == "CREATED"

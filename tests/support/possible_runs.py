"""What holds of every run at every moment, however it came to its state."""

from datetime import datetime, timedelta, timezone

from .aws import describe_exclusions, describe_finding, describe_run, list_findings
from .service_model import MODEL

RUN_STATES = MODEL.shape_for("AssessmentRunState").enum
ABORTED = {"CANCELED", "FAILED", "ERROR"}
ENDED = {"COMPLETED", "COMPLETED_WITH_ERRORS", *ABORTED}
WITH_DATA = {"DATA_COLLECTED", "START_EVALUATING_RULES_PENDING", "EVALUATING_RULES"}
YEAR_1 = datetime(1, 1, 1, tzinfo=timezone.utc)


def list_runs(client, **filter):
    return client.list_assessment_runs(filter=filter, maxResults=500)["assessmentRunArns"]


def list_started(client, since):
    return list_runs(client, startTimeRange={"beginDate": since})


def assert_possible(client, run):
    """A run's members, history, telemetry, findings and the filters that find it agree."""
    shown = describe_run(client, run)
    state = shown["state"]
    history = {change["state"]: change["stateChangedAt"] for change in shown["stateChanges"]}
    moments = list(history.values())

    # The history, in the order of the documented states, without gaps and with one end.
    assert len(history) == len(shown["stateChanges"])
    ranks = [RUN_STATES.index(name) for name in history]
    assert ranks == sorted(ranks)
    assert moments == sorted(moments)
    assert next(iter(history)) == "CREATED"
    assert len(ENDED & history.keys()) <= 1
    last_passed = "COMPLETED" if state in ENDED - ABORTED else [name for name in history if name not in ENDED][-1]
    must_have_passed = RUN_STATES[: RUN_STATES.index(last_passed)]
    assert not set(must_have_passed) - history.keys() - ENDED - {"START_EVALUATING_RULES_PENDING"}

    # The members
    assert (state, shown["stateChangedAt"]) == list(history.items())[-1]
    assert shown["createdAt"] == moments[0]
    assert shown.get("startedAt") == history.get("COLLECTING_DATA")
    assert shown.get("completedAt") == (history[state] if state in ENDED else None)
    assert ("findingCounts" in shown) == (state in ENDED)
    assert shown["dataCollected"] == bool(WITH_DATA & history.keys())
    if shown["dataCollected"] or state in ENDED - ABORTED:
        assert "startedAt" in shown
        assert shown["dataCollected"]

    # What it reports
    findings = [describe_finding(client, arn) for arn in list_findings(client, run)]
    own = [finding for finding in findings if finding["title"] != "Finding added by hand"]
    if own or describe_exclusions(client, run):
        assert history["EVALUATING_RULES"] <= min(finding["createdAt"] for finding in own)
        assert state != "CANCELED"
    if "findingCounts" in shown:
        assert sum(shown["findingCounts"].values()) == len(findings)

    # Telemetry
    agents = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
    collecting = "COLLECTING_DATA" in history
    assert any(agent["telemetryMetadata"] for agent in agents) == collecting
    assert bool(client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"]) == collecting

    # Filters
    for name in RUN_STATES:
        assert (run in list_runs(client, states=[name])) == (name == state)
    for filter_name, member in [
        ("startTimeRange", "startedAt"),
        ("completionTimeRange", "completedAt"),
        ("stateChangeTimeRange", "stateChangedAt"),
    ]:
        assert (run in list_runs(client, **{filter_name: {"beginDate": YEAR_1}})) == (member in shown)
        if member in shown:
            around = {
                "beginDate": shown[member],
                "endDate": shown[member] + timedelta(seconds=1),
            }  # boto3 sends seconds
            assert run in list_runs(client, **{filter_name: around})

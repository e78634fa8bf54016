"""The call log: what clients called, with what, when, as whom, and what came of it."""

import datetime
import sys

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from mock_inspector import mock_inspector
from mock_inspector.findings import cve

from ..support.aws import ACCOUNT, create_target, raises_api_error, start_run
from ..support.in_process import send_raw


def test_a_call_is_logged_with_what_was_sent_and_answered(inspector_backend, client):
    made = client.create_assessment_target(assessmentTargetName="web")
    (call,) = inspector_backend.calls
    assert call.operation == "CreateAssessmentTarget"
    assert call.parameters == {"assessmentTargetName": "web"}
    assert call.response == {"assessmentTargetArn": made["assessmentTargetArn"]}
    assert (call.error, call.message) == (None, None)
    assert (call.account, call.region, call.access_key) == (ACCOUNT, "us-west-2", "AKIAEXAMPLE")


def test_calls_are_logged_in_the_order_of_time_with_their_times(inspector_backend, client):
    begun = inspector_backend.clock.now()
    client.list_findings()
    inspector_backend.clock.tick(90)
    client.list_assessment_runs()
    calls = inspector_backend.calls
    assert [call.operation for call in calls] == ["ListFindings", "ListAssessmentRuns"]
    assert [call.time - begun for call in calls] == [datetime.timedelta(), datetime.timedelta(seconds=90)]
    assert calls[0].time.tzinfo is datetime.timezone.utc


def test_calls_of_an_operation_are_its_own_only(inspector_backend, client):
    start_run(client)
    client.list_findings(maxResults=3)
    client.list_findings(maxResults=4)
    assert [call.parameters["maxResults"] for call in inspector_backend.calls.of("ListFindings")] == [3, 4]
    assert len(inspector_backend.calls.of("ListFindings", "StartAssessmentRun")) == 3
    assert inspector_backend.calls.of("StopAssessmentRun") == []
    assert len(inspector_backend.calls.of()) == len(inspector_backend.calls)


def test_calls_of_an_unknown_operation_are_refused(inspector_backend):
    with pytest.raises(ValueError, match=r"got 'ListFinding'; did you mean 'ListFindings'\?"):
        inspector_backend.calls.of("ListFinding")


def test_an_error_is_logged_with_its_code_message_and_members(inspector_backend, client):
    create_target(client, "web")
    with raises_api_error("InvalidInputException"):
        create_target(client, "web")
    last = inspector_backend.calls[-1]
    assert last.error == "InvalidInputException"
    assert "Name already exists" in last.message
    assert last.response["errorCode"] == "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN"
    assert inspector_backend.calls.of(error="InvalidInputException") == [last]
    assert inspector_backend.calls.of(error=True) == [last]
    assert len(inspector_backend.calls.of(error=False)) == 1
    assert inspector_backend.calls.of(error="ThrottlingException") == []


def test_each_attempt_that_triggered_a_fault_is_a_logged_call(inspector_backend, client):
    inspector_backend.inject_fault("ListFindings", ReadTimeoutError(endpoint_url="https://example"))
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")
    client.list_findings()
    assert [call.error for call in inspector_backend.calls] == ["ReadTimeoutError", "ThrottlingException", None]
    assert inspector_backend.calls[0].response is None


def test_a_logged_call_of_a_void_action_has_no_response(inspector_backend, client):
    client.delete_assessment_target(assessmentTargetArn=create_target(client))
    assert inspector_backend.calls[-1].response == {}
    assert inspector_backend.calls[-1].error is None


def test_changing_what_a_call_shows_changes_neither_log_nor_mock(inspector_backend, client):
    inspector_backend.add_instance("i-0web", findings=[cve("CVE-2016-2177")])
    params = {"filter": {"severities": ["High"]}}
    client.list_findings(**params)
    call = inspector_backend.calls[0]
    params["filter"]["severities"].append("Low")
    call.parameters["filter"]["severities"].clear()
    call.response["findingArns"].append("x")
    assert call.parameters == {"filter": {"severities": ["High"]}}
    assert call.response == {"findingArns": []}


def test_all_accounts_and_regions_share_one_call_log(inspector_backend, client):
    client.list_findings()
    other = boto3.client(
        "inspector", region_name="eu-west-1", aws_access_key_id="210987654321", aws_secret_access_key="x"
    )
    other.list_findings()
    calls = inspector_backend.for_region("us-east-1").calls
    assert [(call.account, call.region) for call in calls] == [(ACCOUNT, "us-west-2"), ("210987654321", "eu-west-1")]
    assert calls.of("ListFindings", region="eu-west-1") == [calls[1]]
    assert calls.of(account="210987654321", access_key="210987654321") == [calls[1]]


def test_a_request_that_names_no_operation_is_logged_too(inspector_backend):
    send_raw(inspector_backend, "NoSuchThing", {})
    (call,) = inspector_backend.calls
    assert (call.operation, call.error) == ("", "UnknownOperationException")


def test_the_backends_own_methods_are_no_calls(inspector_backend):
    inspector_backend.list_findings()
    inspector_backend.create_assessment_target(assessmentTargetName="web")
    assert len(inspector_backend.calls) == 0


@mock_inspector(max_calls=3)
def test_the_call_log_keeps_the_last_calls_only(inspector_backend, client):
    for number in range(1, 6):
        client.list_findings(maxResults=number)
    calls = inspector_backend.calls
    assert [call.parameters["maxResults"] for call in calls] == [3, 4, 5]
    assert calls.dropped == 2


def test_reset_empties_the_call_log(inspector_backend, client):
    calls = inspector_backend.calls
    client.list_findings()
    assert len(calls) == 1
    inspector_backend.reset()
    assert len(calls) == 0
    client.list_findings()
    assert [call.operation for call in calls[:]] == ["ListFindings"]


@pytest.mark.parametrize("value", [-1, True, "10", 1.5])
def test_a_bad_limit_of_the_call_log_is_refused(value):
    with pytest.raises(ValueError, match=r"max_calls must be a whole number of at least 0, or None; got "):
        mock_inspector(max_calls=value)


@pytest.mark.parametrize("value", [sys.maxsize + 1, 10**20])
def test_a_limit_of_the_call_log_that_python_does_not_have_is_refused(value):
    with pytest.raises(
        ValueError, match=f"^max_calls must be at most {sys.maxsize}, or None for all calls; got {value}$"
    ):
        mock_inspector(max_calls=value)


@mock_inspector(max_calls=sys.maxsize)
def test_the_highest_limit_of_the_call_log_keeps_all(inspector_backend, client):
    client.list_findings()
    assert len(inspector_backend.calls) == 1


def test_repr_of_a_call_and_of_the_log_is_short(inspector_backend, client):
    client.list_findings(maxResults=1)
    assert repr(inspector_backend.calls[0]) == "<Call ListFindings {'maxResults': 1}>"
    assert repr(inspector_backend.calls) == "<CallLog: 1 kept, 0 dropped>"

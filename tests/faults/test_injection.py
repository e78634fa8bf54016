"""Errors that a test injects: which calls they answer, and with what."""

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from mock_inspector.errors import AccessDeniedException

from ..support.aws import create_resources
from ..support.response_shapes import check_members
from ..support.service_model import MODEL

EXCEPTIONS = {shape.name: shape for shape in MODEL.error_shapes}


def raised(client, exception):
    return pytest.raises(getattr(client.exceptions, exception))


@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_an_injected_exception_has_all_its_members(unchecked_client, inspector_backend, exception):
    inspector_backend.inject_fault("ListFindings", exception)
    with raised(unchecked_client, exception) as caught:
        unchecked_client.list_findings()
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == (500 if exception == "InternalException" else 400)
    assert answer["Error"]["Message"] == answer["message"] != ""
    check_members(answer, EXCEPTIONS[exception])


def test_an_injected_exception_says_what_it_is_given(unchecked_client, inspector_backend):
    members = {
        "message": "Busy.",
        "agents": [{"agentId": "i-0web", "assessmentRunArn": "arn:aws:inspector:run"}],
        "agentsTruncated": True,
        "canRetry": False,
    }
    fault = {"code": "AgentsAlreadyRunningAssessmentException", **members}
    inspector_backend.inject_fault("StartAssessmentRun", fault)
    with raised(unchecked_client, fault["code"]) as caught:
        unchecked_client.start_assessment_run(assessmentTemplateArn="any")
    assert {name: caught.value.response[name] for name in members} == members


# The common errors

COMMON = {
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "InvalidParameterCombination": 400,
    "InvalidParameterValue": 400,
    "InvalidQueryParameter": 400,
    "MalformedQueryString": 404,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "MissingParameter": 400,
    "OptInRequired": 403,
    "RequestExpired": 400,
    "ServiceUnavailable": 503,
    "Throttling": 400,
    "ValidationError": 400,
}
"""The last chapter of the API reference."""


THEIR_JSON_TWINS = {
    "ExpiredTokenException": 400,
    "IncompleteSignatureException": 400,
    "InvalidSignatureException": 400,
    "MissingAuthenticationTokenException": 403,
    "SerializationException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 400,
    "UnknownOperationException": 400,
    "UnrecognizedClientException": 400,
    "ValidationException": 400,
}
"""What services that speak JSON send instead."""


@pytest.mark.parametrize(("code", "status"), [*COMMON.items(), *THEIR_JSON_TWINS.items()])
def test_a_common_error_can_be_injected(unchecked_client, inspector_backend, code, status):
    inspector_backend.inject_fault("ListFindings", code)
    with pytest.raises(ClientError) as caught:
        unchecked_client.list_findings()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


# Faults


def outcome(call, **params):
    """The code of the error that a call is answered with, or "served"."""
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "served"


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ({}, "fails served served served"),
        ({"times": 2}, "fails fails served served"),
        ({"times": None}, "fails fails fails fails"),
        ({"after": 2}, "served served fails served"),
        ({"after": 1, "times": 2}, "served fails fails served"),
        ({"after": 3, "times": None}, "served served served fails"),
    ],
)
def test_a_fault_leaves_out_calls_and_then_applies(unchecked_client, inspector_backend, fault, outcomes):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException", **fault)
    found = [outcome(unchecked_client.list_findings) for _ in range(4)]
    assert found == outcomes.replace("fails", "ThrottlingException").split()


def test_a_fault_applies_to_its_operation_only(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")
    assert outcome(unchecked_client.list_assessment_runs) == "served"
    assert outcome(unchecked_client.list_findings) == "ThrottlingException"


def test_a_fault_of_any_operation_counts_them_all(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("*", "ThrottlingException", after=1, times=2)
    calls = ["list_findings", "list_assessment_runs", "list_findings", "list_assessment_targets"]
    outcomes = [outcome(getattr(unchecked_client, call)) for call in calls]
    assert outcomes == ["served", "ThrottlingException", "ThrottlingException", "served"]


def test_a_fault_counts_only_the_calls_whose_parameters_it_is_for(unchecked_client, inspector_backend):
    def requested(params):
        return params.get("maxResults", 0) > 1

    inspector_backend.inject_fault("ListFindings", "ThrottlingException", after=1, when=requested)
    outcomes = [outcome(unchecked_client.list_findings, maxResults=size) for size in (1, 2, 1, 2, 2)]
    assert outcomes == ["served", "served", "served", "ThrottlingException", "served"]


def test_faults_of_one_operation_follow_each_other(unchecked_client, inspector_backend):
    for code in ("ThrottlingException", "InternalException"):
        inspector_backend.inject_fault("ListFindings", code)
    outcomes = [outcome(unchecked_client.list_findings) for _ in range(3)]
    assert outcomes == ["ThrottlingException", "InternalException", "served"]


def test_a_call_with_a_fault_is_not_carried_out(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("CreateAssessmentTarget", "ServiceTemporarilyUnavailableException")
    call = unchecked_client.create_assessment_target
    assert outcome(call, assessmentTargetName="web") == "ServiceTemporarilyUnavailableException"
    assert inspector_backend.list_assessment_targets()["assessmentTargetArns"] == []
    assert outcome(call, assessmentTargetName="web") == "served"


def test_faults_leave_the_methods_of_the_backend_alone(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")
    assert inspector_backend.list_findings() == {"findingArns": []}
    assert outcome(unchecked_client.list_findings) == "ThrottlingException"


@pytest.mark.parametrize(
    "fault",
    [
        "ACCESS_DENIED_TO_RULES_PACKAGE",
        {"errorCode": "ACCESS_DENIED_TO_RULES_PACKAGE"},
        {"code": "AccessDeniedException", "errorCode": "ACCESS_DENIED_TO_RULES_PACKAGE"},
        {"__type": "AccessDeniedException", "errorCode": "ACCESS_DENIED_TO_RULES_PACKAGE"},
        AccessDeniedException(errorCode="ACCESS_DENIED_TO_RULES_PACKAGE"),
    ],
    ids=repr,
)
def test_an_error_code_can_be_injected_by_itself_or_with_its_exception(unchecked_client, inspector_backend, fault):
    inspector_backend.inject_fault("ListRulesPackages", fault)
    with raised(unchecked_client, "AccessDeniedException") as caught:
        unchecked_client.list_rules_packages()
    assert caught.value.response["errorCode"] == "ACCESS_DENIED_TO_RULES_PACKAGE"


def test_a_fault_can_fail_all_items_of_a_batch(unchecked_client, inspector_backend):
    found = [create_resources(inspector_backend).finding, "fake-arn"]
    inspector_backend.inject_fault("DescribeFindings", "INTERNAL_ERROR")
    answer = unchecked_client.describe_findings(findingArns=found)
    assert answer["findings"] == []
    assert answer["failedItems"] == {arn: {"failureCode": "INTERNAL_ERROR", "retryable": True} for arn in found}


@pytest.mark.parametrize(
    ("operation", "error", "allowed"),
    [
        ("ListEverything", "ThrottlingException", "operation"),
        ("list_findings", "ThrottlingException", "operation"),
        ("", "ThrottlingException", "operation"),
        (None, "ThrottlingException", "operation"),
        (["ListFindings"], "ThrottlingException", "operation"),
        ("ListFindings", "TeapotException", "error.*ThrottlingException"),
        ("ListFindings", "", "error.*ThrottlingException"),
        ("ListFindings", None, "error.*ThrottlingException"),
        ("ListFindings", 400, "error.*ThrottlingException"),
        ("ListFindings", ReadTimeoutError, "error.*exception instance"),
        ("ListFindings", {}, "error.*'code'"),
        ("ListFindings", {"code": 400}, "error.*'code'"),
        ("ListFindings", {"code": "TeapotException"}, "error.*ThrottlingException"),
        ("ListFindings", {"code": "ThrottlingException", "errorCode": "SLOW"}, "errorCode"),
        ("ListFindings", {"code": "InternalException", "errorCode": "SLOW"}, "errorCode.*message, canRetry"),
        (
            "ListFindings",
            {"code": "InvalidInputException", "errorCode": "SLOW"},
            "errorCode must be one of .*INVALID_SEVERITY.*got 'SLOW'",
        ),
        ("ListFindings", {"code": "InvalidInputException", "canRetry": "maybe"}, "canRetry"),
        ("ListFindings", {"code": "InvalidInputException", "message": b"text"}, "message"),
        ("StartAssessmentRun", {"code": "AgentsAlreadyRunningAssessmentException", "agents": "all"}, "agents"),
        ("ListFindings", "INTERNAL_ERROR", "DescribeFindings"),
        ("*", "INTERNAL_ERROR", "DescribeFindings"),
    ],
)
def test_an_invalid_fault_is_refused(client, inspector_backend, operation, error, allowed):
    with pytest.raises((ValueError, TypeError), match=f"(?s){allowed}"):
        inspector_backend.inject_fault(operation, error)
    client.list_findings()


@pytest.mark.parametrize(
    ("keyword", "value", "allowed"),
    [
        ("times", 0, "at least 1"),
        ("times", -1, "at least 1"),
        ("times", 1.5, "whole number"),
        ("times", "1", "whole number"),
        ("times", True, "whole number"),
        ("after", -1, "at least 0"),
        ("after", None, "whole number"),
        ("after", 0.0, "whole number"),
        ("when", "maxResults", "function"),
        ("when", {"maxResults": 1}, "function"),
    ],
)
def test_an_invalid_keyword_of_a_fault_is_refused(client, inspector_backend, keyword, value, allowed):
    with pytest.raises((ValueError, TypeError), match=f"{keyword} must be .*{allowed}.*; got "):
        inspector_backend.inject_fault("ListFindings", "ThrottlingException", **{keyword: value})
    client.list_findings()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", r"User: arn:.*123456789012.* is not authorized to perform: inspector:"),
        ("InvalidCrossAccountRoleException", "Account 123456789012 does not have a cross-account"),
    ],
)
def test_an_injected_error_has_the_text_of_the_real_service_where_it_is_known(inspector_backend, code, message):
    inspector_backend.inject_fault("*", code, times=2)
    client = boto3.client("inspector")
    for attempt in (
        client.list_findings,
        lambda: client.create_assessment_target(assessmentTargetName="t"),
    ):
        with pytest.raises(ClientError, match=message) as caught:
            attempt()
        if code == "AccessDeniedException":
            assert str(caught.value).endswith(f"inspector:{caught.value.operation_name}")

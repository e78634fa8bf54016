"""Errors that a test injects: which calls they answer, and with what."""

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from mock_inspector import mock_inspector
from mock_inspector.errors import AccessDeniedException, LimitExceededException

from ..support.aws import create_resources
from ..support.response_shapes import check_members
from ..support.service_model import MODEL, OPERATIONS

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


@pytest.mark.slow
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


# What a test leaves open follows the request

ELSEWHERE = "arn:aws-us-gov:inspector:us-gov-west-1:210987654321"
A_TARGET = f"{ELSEWHERE}:target/0-TaRgEt00"
A_TEMPLATE = f"{A_TARGET}/template/0-TeMpLa00"
A_RUN = f"{A_TEMPLATE}/run/0-RuNrUn00"
A_FINDING = f"{A_RUN}/finding/0-FiNdIn00"
UNNAMED_RUN = f"{ELSEWHERE}:target/0-00000000/template/0-00000000/run/0-00000000"


@pytest.fixture
def elsewhere():
    """An account in another partition, and a client of it that sends whatever it is given."""
    config = Config(parameter_validation=False, retries={"max_attempts": 0})
    with mock_inspector(region="us-gov-west-1", account_id="210987654321") as backend:
        yield backend, boto3.client("inspector", region_name="us-gov-west-1", config=config)


def get_injected(elsewhere, operation, error, params):
    backend, client = elsewhere
    backend.inject_fault(operation, error)
    with pytest.raises(ClientError) as caught:
        getattr(client, xform_name(operation))(**params)
    answer = caught.value.response
    check_members(answer, EXCEPTIONS[answer["Error"]["Code"]])
    return answer


@pytest.mark.parametrize(
    ("operation", "params", "no_such_entity", "access_denied"),
    [
        ("StopAssessmentRun", {}, "ASSESSMENT_RUN", "ASSESSMENT_RUN"),
        ("DeleteAssessmentRun", {"assessmentRunArn": "x"}, "ASSESSMENT_RUN", "ASSESSMENT_RUN"),
        ("GetTelemetryMetadata", {"assessmentRunArn": A_RUN}, "ASSESSMENT_RUN", "ASSESSMENT_RUN"),
        ("StartAssessmentRun", {"assessmentTemplateArn": A_TEMPLATE}, "ASSESSMENT_TEMPLATE", "ASSESSMENT_TEMPLATE"),
        ("CreateAssessmentTemplate", {}, "ASSESSMENT_TARGET", "ASSESSMENT_TARGET"),
        ("CreateAssessmentTemplate", {"rulesPackageArns": ["x"]}, "RULES_PACKAGE", "RULES_PACKAGE"),
        ("CreateAssessmentTarget", {"assessmentTargetName": "web"}, "RESOURCE_GROUP", "ASSESSMENT_TARGET"),
        ("CreateAssessmentTarget", {"resourceGroupArn": "x"}, "RESOURCE_GROUP", "RESOURCE_GROUP"),
        ("CreateResourceGroup", {}, "RESOURCE_GROUP", "RESOURCE_GROUP"),
        ("PreviewAgents", {"previewAgentsArn": A_TARGET}, "ASSESSMENT_TARGET", "ASSESSMENT_TARGET"),
        ("PreviewAgents", {"previewAgentsArn": A_TEMPLATE}, "ASSESSMENT_TEMPLATE", "ASSESSMENT_TEMPLATE"),
        ("SubscribeToEvent", {}, "ASSESSMENT_TEMPLATE", "ASSESSMENT_TEMPLATE"),
        ("AddAttributesToFindings", {"findingArns": [A_FINDING]}, "FINDING", "FINDING"),
        ("ListRulesPackages", {}, "RULES_PACKAGE", "RULES_PACKAGE"),
        ("ListFindings", {}, "ASSESSMENT_RUN", "FINDING"),
        ("ListFindings", {"assessmentRunArns": [A_RUN]}, "ASSESSMENT_RUN", "ASSESSMENT_RUN"),
        ("ListAssessmentTemplates", {}, "ASSESSMENT_TARGET", "ASSESSMENT_TEMPLATE"),
        ("ListAssessmentTargets", {}, "ASSESSMENT_TARGET", "ASSESSMENT_TARGET"),
        ("ListEventSubscriptions", {}, "ASSESSMENT_TEMPLATE", "ASSESSMENT_TEMPLATE"),
        ("RegisterCrossAccountAccessRole", {}, "IAM_ROLE", "IAM_ROLE"),
        ("DescribeCrossAccountAccessRole", {}, "IAM_ROLE", "IAM_ROLE"),
    ],
)
def test_an_injected_error_names_the_entity_of_its_operation(
    elsewhere, operation, params, no_such_entity, access_denied
):
    absent = get_injected(elsewhere, operation, "NoSuchEntityException", params)
    denied = get_injected(elsewhere, operation, {"code": "AccessDeniedException"}, params)

    assert absent["errorCode"] == f"{no_such_entity}_DOES_NOT_EXIST"
    assert denied["errorCode"] == f"ACCESS_DENIED_TO_{access_denied}"
    assert denied["message"] == (
        f"User: arn:aws-us-gov:iam::210987654321:user/someone is not authorized to perform: inspector:{operation}"
    )


@pytest.mark.parametrize(
    ("operation", "limit"),
    [
        ("CreateAssessmentTarget", "ASSESSMENT_TARGET"),
        ("CreateAssessmentTemplate", "ASSESSMENT_TEMPLATE"),
        ("CreateResourceGroup", "RESOURCE_GROUP"),
        ("StartAssessmentRun", "ASSESSMENT_RUN"),
        ("SubscribeToEvent", "EVENT_SUBSCRIPTION"),
    ],
)
@pytest.mark.parametrize(
    "error", ["LimitExceededException", LimitExceededException("Enough.")], ids=["code", "instance"]
)
def test_an_injected_error_names_the_limit_of_its_operation(elsewhere, operation, limit, error):
    assert get_injected(elsewhere, operation, error, {})["errorCode"] == f"{limit}_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("StopAssessmentRun", {}, "INVALID_ASSESSMENT_RUN_ARN"),
        ("StopAssessmentRun", {"stopAction": "x"}, "INVALID_ASSESSMENT_RUN_STATE"),
        ("CreateAssessmentTarget", {}, "INVALID_ASSESSMENT_TARGET_NAME"),
        ("CreateResourceGroup", {}, "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS"),
        ("DescribeFindings", {}, "INVALID_FINDING_ARN"),
        ("ListFindings", {"maxResults": 5}, "INVALID_MAX_RESULTS"),
        ("ListRulesPackages", {}, "INVALID_PAGINATION_TOKEN"),
        ("RegisterCrossAccountAccessRole", {}, "INVALID_IAM_ROLE_ARN"),
        ("DescribeCrossAccountAccessRole", {}, "INVALID_IAM_ROLE_ARN"),
    ],
)
def test_an_injected_error_is_about_a_member_of_its_operation(elsewhere, operation, params, code):
    assert get_injected(elsewhere, operation, "InvalidInputException", params)["errorCode"] == code


@pytest.mark.parametrize(
    ("operation", "params", "run"),
    [
        ("DeleteAssessmentRun", {"assessmentRunArn": A_RUN}, A_RUN),
        ("DeleteAssessmentTemplate", {"assessmentTemplateArn": A_TEMPLATE}, f"{A_TEMPLATE}/run/0-00000000"),
        (
            "DeleteAssessmentTarget",
            {"assessmentTargetArn": A_TARGET},
            f"{A_TARGET}/template/0-00000000/run/0-00000000",
        ),
        ("DescribeFindings", {"findingArns": ["x", A_FINDING]}, A_RUN),
        ("DeleteAssessmentRun", {"assessmentRunArn": "x"}, UNNAMED_RUN),
        ("ListFindings", {}, UNNAMED_RUN),
    ],
)
def test_an_injected_error_names_runs_of_the_requests_account_and_region(elsewhere, operation, params, run):
    in_progress = get_injected(elsewhere, operation, "AssessmentRunInProgressException", params)
    running = get_injected(elsewhere, operation, "AgentsAlreadyRunningAssessmentException", params)

    assert in_progress["assessmentRunArns"] == [run]
    assert [agent["assessmentRunArn"] for agent in running["agents"]] == [run]


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_every_exception_can_be_injected_into_every_operation(elsewhere, operation, exception):
    get_injected(elsewhere, operation, exception, {})


def test_what_a_fault_of_any_operation_says_follows_each_request(elsewhere):
    backend, client = elsewhere
    backend.inject_fault("*", "NoSuchEntityException", times=2)
    codes = []
    for call in (client.stop_assessment_run, client.delete_assessment_template):
        with pytest.raises(ClientError) as caught:
            call()
        codes.append(caught.value.response["errorCode"])

    assert codes == ["ASSESSMENT_RUN_DOES_NOT_EXIST", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST"]

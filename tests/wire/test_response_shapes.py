"""Every answer keeps to the model's output shapes and to the wire's form, in whatever state the account is."""

import datetime
import json
import re
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore import xform_name

from mock_inspector.errors import AssessmentRunInProgressException

from ..support.aws import create_resources
from ..support.fast_subset import sample
from ..support.in_process import send_raw
from ..support.requests import FOREIGN_ACCOUNT, complete_requests, only_required
from ..support.response_shapes import check_response, problems
from ..support.service_model import MODEL, OPERATIONS

VOID = [name for name in OPERATIONS if MODEL.operation_model(name).output_shape is None]
TELLING = [name for name in OPERATIONS if name not in VOID]
REPORTING = [name for name in TELLING if "failedItems" in MODEL.operation_model(name).output_shape.members]
LISTING = [name for name in TELLING if "nextToken" in MODEL.operation_model(name).output_shape.members]

RUN_STATES = MODEL.shape_for("AssessmentRunState").enum
ENDED = {"COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELED", "FAILED", "ERROR"}


def _call(backend: Any, operation: str, **members: Any) -> Any:
    """A checked answer, its fractions as Decimals."""
    response = send_raw(backend, operation, members)
    answer = json.loads(response.body, parse_float=Decimal)
    assert response.status == 200, answer
    check_response(operation, answer)
    return answer


def _foreign(arn: str) -> str:
    return re.sub(":[0-9]{12}:", f":{FOREIGN_ACCOUNT}:", arn)


def _absent(arn: str) -> str:
    return f"{arn[:-8]}00000000"


@pytest.fixture
def resources(inspector_backend):
    return create_resources(inspector_backend)


@pytest.fixture
def call(inspector_backend):
    return lambda operation, **members: _call(inspector_backend, operation, **members)


# The shapes


@pytest.mark.slow
@pytest.mark.parametrize("form", [only_required, lambda shape, request: request], ids=["minimal", "complete"])
@pytest.mark.parametrize("operation", TELLING)
def test_responses_are_of_the_models_shape(operation, form, resources, call):
    call(operation, **form(MODEL.operation_model(operation).input_shape, complete_requests(resources)[operation]))


@pytest.mark.parametrize(
    "operation", [name for name in LISTING if not MODEL.operation_model(name).input_shape.required_members]
)
def test_lists_of_an_empty_account_are_of_the_models_shape(operation, inspector_backend):
    elsewhere = inspector_backend.for_region("eu-west-3")  # a region that never had rules packages
    assert list(_call(elsewhere, operation).values()) == [[]]


@pytest.mark.parametrize("state", RUN_STATES)
def test_a_run_is_of_the_models_shape_in_every_state(state, resources, call, inspector_backend):
    inspector_backend.set_run_state(resources.running, state)
    run = call("DescribeAssessmentRuns", assessmentRunArns=[resources.running])["assessmentRuns"][0]
    assert run["state"] == state
    assert ("findingCounts" in run) == ("completedAt" in run) == (state in ENDED)
    call("ListAssessmentRunAgents", assessmentRunArn=resources.running)
    call("GetTelemetryMetadata", assessmentRunArn=resources.running)


def test_a_run_is_of_the_models_shape_all_along_its_course(resources, call, inspector_backend):
    seen = {}
    for _ in range(20):
        run = call("DescribeAssessmentRuns", assessmentRunArns=[resources.running])["assessmentRuns"][0]
        seen[run["state"]] = "findingCounts" in run
        inspector_backend.clock.tick(300)
    assert (seen["COLLECTING_DATA"], seen["COMPLETED"]) == (False, True)


def test_findings_are_of_the_models_shape_whatever_is_in_them(resources, call, inspector_backend):
    for severity in MODEL.shape_for("Severity").enum:
        inspector_backend.add_finding(resources.run, {"severity": severity, "confidence": 0, "numericSeverity": 2.5})
    arns = call("ListFindings", maxResults=100)["findingArns"]
    findings = call("DescribeFindings", findingArns=arns)["findings"]
    assert {finding["severity"] for finding in findings} == set(MODEL.shape_for("Severity").enum)
    assert [finding["arn"] for finding in findings] == arns


def test_agents_are_of_the_models_shape_whatever_their_health(resources, call, inspector_backend):
    codes = MODEL.shape_for("AgentHealthCode").enum
    inspector_backend.set_run_state(resources.running, "CANCELED")
    for code in codes:
        inspector_backend.add_instance(tags={"Name": "web"}, agent_health_code=code, telemetry=[])
    run = call("StartAssessmentRun", assessmentTemplateArn=resources.template)["assessmentRunArn"]
    inspector_backend.finish_run(run)
    agents = call("ListAssessmentRunAgents", assessmentRunArn=run, maxResults=500)["assessmentRunAgents"]
    assert {agent["agentHealthCode"] for agent in agents} == set(codes)
    assert {agent["agentHealth"] for agent in agents} == set(MODEL.shape_for("AgentHealth").enum)


def test_a_report_is_of_the_models_shape_from_beginning_to_end(resources, call, inspector_backend):
    params = {"assessmentRunArn": resources.run, "reportFileFormat": "PDF", "reportType": "FINDING"}
    begun = call("GetAssessmentReport", **params)
    inspector_backend.clock.tick(60)
    ready = call("GetAssessmentReport", **params)
    assert begun == {"status": "WORK_IN_PROGRESS"}
    assert ready.keys() == {"status", "url"}
    assert ready["status"] == "COMPLETED"


def test_an_exclusions_preview_is_of_the_models_shape_from_beginning_to_end(resources, call, inspector_backend):
    token = call("CreateExclusionsPreview", assessmentTemplateArn=resources.template)["previewToken"]
    params = {"assessmentTemplateArn": resources.template, "previewToken": token}
    begun = call("GetExclusionsPreview", **params)
    inspector_backend.clock.tick(60)
    ready = call("GetExclusionsPreview", **params)
    assert begun["previewStatus"] == "WORK_IN_PROGRESS"
    assert ready["previewStatus"] == "COMPLETED"
    assert [preview["title"] for preview in ready["exclusionPreviews"]] == [
        "Agent is already running",  # of the run that is collecting data
        "Agent is unhealthy",
        "Agent not found",
    ]


# failedItems


@pytest.mark.parametrize("operation", REPORTING)
def test_failed_items_are_there_when_nothing_failed(operation, resources, call):
    assert call(operation, **complete_requests(resources)[operation])["failedItems"] == {}


@pytest.mark.parametrize("operation", REPORTING)
def test_failed_items_are_those_that_failed_and_the_others_are_served(operation, resources, call):
    request = complete_requests(resources)[operation]
    member = next(name for name in request if name.endswith("Arns"))
    good = request[member][0]
    foreign, absent = _foreign(good), _absent(good)
    answer = call(operation, **{**request, member: [good, good, "no-arn", foreign, absent]})
    codes = {arn: item["failureCode"] for arn, item in answer.pop("failedItems").items()}
    assert codes == {
        good: "DUPLICATE_ARN",
        "no-arn": "INVALID_ARN",
        foreign: "ACCESS_DENIED",
        absent: "ITEM_DOES_NOT_EXIST",
    }
    for served in answer.values():
        assert len(served) == 1


@pytest.mark.parametrize("operation", REPORTING)
def test_failed_items_may_be_all(operation, resources, call):
    request = complete_requests(resources)[operation]
    member = next(name for name in request if name.endswith("Arns"))
    answer = call(operation, **{**request, member: ["no-arn"]})
    assert answer.pop("failedItems") == {"no-arn": {"failureCode": "INVALID_ARN", "retryable": False}}
    assert not any(answer.values())


# Pages


@pytest.mark.parametrize("operation", LISTING)
def test_the_last_page_has_no_next_token(operation, resources, call, inspector_backend):
    inspector_backend.add_exclusion(resources.run, {"title": "Agent is already running"})
    inspector_backend.subscribe_to_event(
        resourceArn=resources.template, event="FINDING_REPORTED", topicArn=f"{resources.topic}-too"
    )
    request = only_required(MODEL.operation_model(operation).input_shape, complete_requests(resources)[operation])
    assert "nextToken" in call(operation, **request, maxResults=1)
    assert "nextToken" not in call(operation, **request, maxResults=100)


# The wire


@pytest.mark.parametrize("operation", VOID)
def test_void_actions_answer_with_an_empty_body(operation, resources, inspector_backend):
    response = send_raw(inspector_backend, operation, complete_requests(resources)[operation])
    assert (response.status, response.body) == (200, b"")
    assert response.headers["Content-Length"] == "0"


@pytest.mark.parametrize("operation", sample(6, OPERATIONS))
def test_response_headers_are_those_of_the_service(operation, resources, inspector_backend):
    inspector_backend.clock.tick(86400)
    response = send_raw(inspector_backend, operation, complete_requests(resources)[operation])
    assert response.headers.keys() == {"x-amzn-RequestId", "Content-Type", "Content-Length", "Date"}
    assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert response.headers["Content-Length"] == str(len(response.body))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", response.headers["x-amzn-RequestId"])
    now = inspector_backend.clock.now().replace(microsecond=0)
    assert parsedate_to_datetime(response.headers["Date"]) == now
    assert response.headers["Date"].endswith(" GMT")


def test_every_response_has_a_request_id_of_its_own(inspector_backend):
    requests = [("ListRulesPackages", {}), ("ListFindings", {}), ("ListFindings", {"maxResults": 0}), ("No", {})] * 5
    answers = [send_raw(inspector_backend, operation, body) for operation, body in requests]
    assert len({answer.headers["x-amzn-RequestId"] for answer in answers}) == len(requests)


@pytest.mark.parametrize("operation", sample(4, TELLING))
def test_response_bodies_are_compact_json(operation, resources, inspector_backend):
    body = send_raw(inspector_backend, operation, complete_requests(resources)[operation]).body.decode()
    escaped, plain = (
        json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=ascii_only) for ascii_only in (True, False)
    )
    assert body in (escaped, plain)


def test_text_beyond_ascii_comes_back_as_it_was_sent(resources, client):
    targets = client.describe_assessment_targets(assessmentTargetArns=[resources.target])["assessmentTargets"]
    assert targets[0]["name"] == "web: Größe ✓"


@pytest.mark.mock_inspector(at=datetime.datetime(2016, 3, 15, 18, 46, 22, 826999))
def test_timestamps_are_numbers_of_seconds_cut_to_milliseconds(inspector_backend):
    resources = create_resources(inspector_backend)
    group = json.loads(
        send_raw(inspector_backend, "DescribeResourceGroups", {"resourceGroupArns": [resources.group]}).body,
        parse_float=str,
    )
    assert group["resourceGroups"][0]["createdAt"] == "1458067582.826"


def test_errors_carry_the_members_of_their_shape(resources, inspector_backend):
    refusals = {
        "InvalidInputException": ("ListFindings", {"maxResults": 0}),
        "NoSuchEntityException": ("DeleteAssessmentRun", {"assessmentRunArn": _absent(resources.run)}),
        "AccessDeniedException": ("PreviewAgents", {"previewAgentsArn": _foreign(resources.target)}),
        "AssessmentRunInProgressException": ("DeleteAssessmentRun", {"assessmentRunArn": resources.running}),
        "AgentsAlreadyRunningAssessmentException": (
            "StartAssessmentRun",
            {"assessmentTemplateArn": resources.template},
        ),
    }
    for name, (operation, body) in refusals.items():
        response = send_raw(inspector_backend, operation, body)
        answer = json.loads(response.body)
        assert response.status == 400
        assert answer.pop("__type") == name
        assert list(problems(MODEL.shape_for(name), answer)) == []


# Methods and the check itself


@pytest.mark.parametrize("operation", sample(4, TELLING))
def test_the_backends_methods_answer_like_the_wire(operation, resources, inspector_backend):
    request = complete_requests(resources)[operation]
    answer = getattr(inspector_backend, xform_name(operation))(**request)
    check_response(operation, json.loads(json.dumps(answer), parse_float=Decimal))


def test_a_refused_method_raises_what_the_wire_answers(resources, inspector_backend):
    with pytest.raises(AssessmentRunInProgressException) as refused:
        inspector_backend.delete_assessment_run(assessmentRunArn=resources.running)
    response = send_raw(inspector_backend, "DeleteAssessmentRun", {"assessmentRunArn": resources.running})
    assert json.loads(response.body) == refused.value.body()


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("arn", None, "arn: None is no string"),
        ("arn", "", "arn: 0 characters, bounds 1 to 300"),
        ("severity", "Dire", "severity: 'Dire' is not in the enum"),
        ("confidence", True, "confidence: True is no integer"),
        ("confidence", 11, "confidence: 11, bounds 0 to 10"),
        ("schemaVersion", 2**31, "schemaVersion: 2147483648 takes more than 32 bits"),
        ("numericSeverity", "6.0", "numericSeverity: '6.0' is no double"),
        ("indicatorOfCompromise", 0, "indicatorOfCompromise: 0 is no boolean"),
        ("createdAt", "now", "createdAt: 'now' is no timestamp"),
        ("createdAt", Decimal("0.0001"), "createdAt: 0.0001 is finer than milliseconds"),
        ("attributes", [{"value": "x"}], "attributes[0]: no key"),
        ("userAttributes", [{"key": "x"}] * 11, "userAttributes: 11 entries, bounds 0 to 10"),
        ("unheardOf", 1, ": unknown member unheardOf"),
    ],
)
def test_the_check_of_shapes_finds_what_is_wrong(path, value, problem):
    finding = {"arn": "x", "attributes": [], "userAttributes": [], "createdAt": 0, "updatedAt": 0}
    assert list(problems(MODEL.shape_for("Finding"), finding)) == []
    assert list(problems(MODEL.shape_for("Finding"), {**finding, path: value})) == [problem]

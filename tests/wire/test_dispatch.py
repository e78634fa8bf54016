"""Which operation a request names, and the headers of its answer."""

import pytest

from ..support.in_process import AUTHORIZATION, send_http


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "ListAssessmentTargets",
        "InspectorService",
        "InspectorService.",
        "InspectorService.ListEverything",
        "InspectorService.listAssessmentTargets",
        "InspectorService.list_assessment_targets",
        "inspectorservice.ListAssessmentTargets",
        "Inspector2.ListAssessmentTargets",
        " InspectorService.ListAssessmentTargets",
        "InspectorService.ListAssessmentTargets.ListAssessmentTargets",
        "InspectorService.Größe\udc80",
        "InspectorService." + "L" * 100_000,
        b"InspectorService.\xff",
    ],
)
def test_a_request_without_a_known_target_is_an_unknown_operation(inspector_backend, target):
    headers = {"Authorization": AUTHORIZATION, **({} if target is None else {"X-Amz-Target": target})}
    answer = send_http(inspector_backend, headers=headers)
    assert (answer.status, answer.code) == (400, "UnknownOperationException")
    assert "X-Amz-Target" in answer.body["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", ""])
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_only_post_names_an_operation(inspector_backend, method, body):
    assert send_http(inspector_backend, body, method=method).code == "UnknownOperationException"


@pytest.mark.parametrize(
    ("method", "headers", "got"),
    [
        ("GET", {}, "'GET' without it"),
        ("GET", {"X-Amz-Target": "InspectorService.ListFindings"}, "'GET' with it"),
        ("POST", {}, "'POST' without it"),
    ],
)
def test_a_request_that_names_no_operation_is_told_what_it_was(inspector_backend, method, headers, got):
    answer = send_http(inspector_backend, headers={"Authorization": AUTHORIZATION, **headers}, method=method)
    assert answer.body["message"] == f"The request must be a POST with the header X-Amz-Target; got {got}."


@pytest.mark.mock_inspector(at="2016-03-15T18:00:00Z")
def test_good_and_bad_answers_are_dated_by_the_clock_and_numbered(inspector_backend):
    answers = [
        send_http(inspector_backend),
        send_http(inspector_backend, b"{"),
        send_http(inspector_backend, headers={}),
    ]
    assert [answer.status for answer in answers] == [200, 400, 403]
    assert {answer.headers["Date"] for answer in answers} == {"Tue, 15 Mar 2016 18:00:00 GMT"}
    assert len({answer.headers["x-amzn-RequestId"] for answer in answers}) == len(answers)

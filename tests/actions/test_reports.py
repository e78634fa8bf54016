"""GetAssessmentReport: when it answers, and with which URL."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from ..support.aws import create_template, raises_api_error, start_and_finish_run, start_run


def test_a_deleted_runs_report_is_gone(inspector_backend, client):
    params = {"assessmentRunArn": start_and_finish_run(inspector_backend, client), "reportFileFormat": "HTML"}
    client.get_assessment_report(**params, reportType="FULL")

    client.delete_assessment_run(assessmentRunArn=params["assessmentRunArn"])

    with raises_api_error("NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST"):
        client.get_assessment_report(**params, reportType="FULL")


# Reports

RESOURCE_TYPES = [(file_format, kind) for file_format in ("HTML", "PDF") for kind in ("FINDING", "FULL")]


def reported(client, run, file_format="HTML", kind="FULL"):
    answer = client.get_assessment_report(assessmentRunArn=run, reportFileFormat=file_format, reportType=kind)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_run_in_progress_has_no_report(inspector_backend, client):
    run = start_run(client)

    with raises_api_error("AssessmentRunInProgressException") as caught:
        reported(client, run)

    assert caught.value.response["assessmentRunArns"] == [run]


def test_each_report_is_in_progress_at_first_and_then_has_a_url(inspector_backend, client):
    run = start_and_finish_run(inspector_backend, client)
    for file_format, kind in RESOURCE_TYPES:
        assert reported(client, run, file_format, kind) == {"status": "WORK_IN_PROGRESS"}

    inspector_backend.clock.tick(10)

    urls = set()
    for file_format, kind in RESOURCE_TYPES:
        answer = reported(client, run, file_format, kind)
        assert answer["status"] == "COMPLETED"
        urls.add(answer["url"])
    assert len(urls) == len(RESOURCE_TYPES)


@pytest.mark.mock_inspector(at="2024-02-29T12:00:00Z")
def test_a_reports_url_is_presigned_in_form_for_fifteen_minutes(inspector_backend, client):
    run = start_and_finish_run(inspector_backend, client)
    reported(client, run)
    inspector_backend.clock.move_to("2024-02-29T23:59:58Z")

    url = reported(client, run)["url"]

    assert len(url) <= 2048
    query = {name: value for name, [value] in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Date"] == "20240229T235958Z"
    assert query["X-Amz-Expires"] == "900"
    assert re.fullmatch("[0-9a-f]{64}", query["X-Amz-Signature"])


@pytest.mark.mock_inspector(at="2017-04-24T23:59:00Z")
def test_runs_from_before_reports_were_introduced_have_none(inspector_backend, client, empty_target):
    template = create_template(client, empty_target)
    old = start_run(client, template)
    inspector_backend.clock.move_to("2017-04-25T00:00:00Z")
    new = start_run(client, template)
    inspector_backend.clock.tick(3600)

    with raises_api_error("UnsupportedFeatureException"):
        reported(client, old)
    assert reported(client, new) == {"status": "WORK_IN_PROGRESS"}


def test_the_report_of_a_run_that_failed_fails(inspector_backend, client):
    run = start_run(client)
    inspector_backend.set_run_state(run, "FAILED")

    reported(client, run)
    inspector_backend.clock.tick(10)

    assert reported(client, run) == {"status": "FAILED"}

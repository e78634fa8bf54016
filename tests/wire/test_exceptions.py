"""Every exception of the service model, reached and answered with all its members."""

import pytest

from ..support.aws import create_target, create_template
from ..support.response_shapes import check_members
from ..support.service_model import MODEL

# The modelled exceptions


def ended_run(backend):
    template = create_template(backend, create_target(backend, "web"), "daily", duration=3600)
    run = backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    backend.finish_run(run)
    return run


def busy_agents(backend, client):
    backend.add_instance("i-00")
    template = create_template(backend, create_target(backend, "web"), "daily", duration=3600)
    client.start_assessment_run(assessmentTemplateArn=template)
    client.start_assessment_run(assessmentTemplateArn=template)


def busy_runs(backend, client):
    template = create_template(backend, create_target(backend, "web"), "daily", duration=3600)
    client.start_assessment_run(assessmentTemplateArn=template)
    client.delete_assessment_template(assessmentTemplateArn=template)


def another_accounts(backend, client):
    client.preview_agents(previewAgentsArn=create_target(backend.for_account("210987654321"), "theirs"))


def one_target_too_many(backend, client):
    for number in range(51):
        client.create_assessment_target(assessmentTargetName=f"target {number}")


def absent(backend, client):
    target = create_target(backend, "web")
    client.delete_assessment_target(assessmentTargetArn=target)
    client.delete_assessment_target(assessmentTargetArn=target)


def two_previews_at_once(backend, client):
    template = create_template(backend, create_target(backend, "web"), "daily", duration=3600)
    client.create_exclusions_preview(assessmentTemplateArn=template)
    client.create_exclusions_preview(assessmentTemplateArn=template)


def report_on_a_run_of_2016(backend, client):
    client.get_assessment_report(assessmentRunArn=ended_run(backend), reportFileFormat="PDF", reportType="FULL")


NATURAL = {
    "AccessDeniedException": another_accounts,
    "AgentsAlreadyRunningAssessmentException": busy_agents,
    "AssessmentRunInProgressException": busy_runs,
    "InvalidInputException": lambda backend, client: client.list_findings(maxResults=0),
    "LimitExceededException": one_target_too_many,
    "NoSuchEntityException": absent,
    "PreviewGenerationInProgressException": two_previews_at_once,
    "UnsupportedFeatureException": report_on_a_run_of_2016,
}


INJECTED = {"InternalException", "InvalidCrossAccountRoleException", "ServiceTemporarilyUnavailableException"}
"""No request gets these: the mock fails only when a fault is injected, and every role is valid without an IAM."""


EXCEPTIONS = {shape.name: shape for shape in MODEL.error_shapes}


def raised(client, exception):
    return pytest.raises(getattr(client.exceptions, exception))


def test_every_exception_of_the_model_is_reached():
    assert sorted([*NATURAL, *INJECTED]) == sorted(EXCEPTIONS)


@pytest.mark.mock_inspector(at="2016-03-15T18:00:00Z")
@pytest.mark.parametrize("exception", NATURAL)
def test_an_exception_is_thrown_with_all_its_members(unchecked_client, inspector_backend, exception):
    with raised(unchecked_client, exception) as caught:
        NATURAL[exception](inspector_backend, unchecked_client)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Message"] == answer["message"] != ""
    check_members(answer, EXCEPTIONS[exception])

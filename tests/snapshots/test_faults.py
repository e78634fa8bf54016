"""Injected faults in a snapshot."""

import json

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from mock_inspector import mock_inspector
from mock_inspector.errors import UnusedFaultError

from ..support.aws import start_run

# Faults


@pytest.mark.parametrize(
    "error",
    [
        "ThrottlingException",
        {"code": "ServiceUnavailable", "message": "Come back later"},
        {"code": "NoSuchEntityException", "errorCode": "FINDING_DOES_NOT_EXIST", "message": "¿dónde?"},
        "ACCESS_DENIED_TO_FINDING",
        "AgentsAlreadyRunningAssessmentException",
    ],
)
def test_faults_that_json_can_hold_are_part_of_a_snapshot(error, inspector_backend, unchecked_client):
    inspector_backend.inject_fault("ListFindings", error, times=2, after=1)
    unchecked_client.list_findings()

    def error_response():
        with pytest.raises(ClientError) as refusal:
            unchecked_client.list_findings()
        return {name: value for name, value in refusal.value.response.items() if name != "ResponseMetadata"}

    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    responses = [error_response(), error_response()]
    unchecked_client.list_findings()
    inspector_backend.restore(taken)
    assert [error_response(), error_response()] == responses
    unchecked_client.list_findings()
    assert not any("faults" in store for store in inspector_backend.snapshot()["stores"])


def test_network_failures_and_failed_items_are_saved_by_their_names(inspector_backend, client):
    inspector_backend.inject_fault("DescribeFindings", "ITEM_DOES_NOT_EXIST")
    inspector_backend.inject_fault("ListFindings", "ReadTimeoutError", times=None)
    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    inspector_backend.reset()
    inspector_backend.restore(taken)
    request = f"{start_run(client)}/finding/0-00000000"
    failed = client.describe_findings(findingArns=[request])["failedItems"]
    assert failed[request]["failureCode"] == "ITEM_DOES_NOT_EXIST"
    with pytest.raises(ReadTimeoutError):
        client.list_findings()


def test_faults_that_json_cannot_hold_are_restored_in_process(inspector_backend, unchecked_client):
    error = ReadTimeoutError(endpoint_url="https://example")
    inspector_backend.inject_fault("ListFindings", error, when=lambda params: "maxResults" in params)
    taken = inspector_backend.snapshot()
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(taken)
    for _ in range(2):
        inspector_backend.restore(taken)
        unchecked_client.list_findings()
        with pytest.raises(ReadTimeoutError):
            unchecked_client.list_findings(maxResults=1)


def test_faults_of_a_state_may_go_unused_but_those_of_a_test_may_not():
    kept = []

    def inject():
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")
            kept.append(backend.snapshot())
            backend.restore(kept[0])

    with pytest.raises(UnusedFaultError, match="never triggered"):
        inject()
    with mock_inspector(state=kept[0]):
        pass

"""Faults of the network by their names, and faults that were never used."""

import asyncio
import json
import re
import socket
import threading
from contextlib import contextmanager

import botocore.exceptions
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from mock_inspector import mock_inspector

from ..support.aws import create_target
from ..support.in_process import send_raw

URL = "https://inspector.us-west-2.amazonaws.com/"


LOST = ["ConnectTimeoutError", "EndpointConnectionError", "SSLError", "ConnectionClosedError", "ReadTimeoutError"]


DAMAGED = ["TruncatedBody", "GarbledBody"]


MODES = ["legacy", "standard"]


def trying_twice(session, mode, **options):
    return session.client("inspector", config=Config(retries={"mode": mode, "total_max_attempts": 2}), **options)


# The network's failures


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LOST)
def test_a_lost_request_raises_what_botocore_raises_for_it_with_its_url(session, inspector_backend, name, mode):
    inspector_backend.inject_fault("CreateAssessmentTarget", name, times=2)
    with pytest.raises(getattr(botocore.exceptions, name), match=URL):
        create_target(trying_twice(session, mode))
    assert [call.error for call in inspector_backend.calls] == [name, name]
    assert inspector_backend.list_assessment_targets()["assessmentTargetArns"] == [], "it is not carried out"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LOST)
def test_retries_get_over_a_request_that_was_lost(session, inspector_backend, name, mode):
    inspector_backend.inject_fault("ListFindings", {"code": name})
    answer = trying_twice(session, mode).list_findings()
    assert (answer["findingArns"], answer["ResponseMetadata"]["RetryAttempts"]) == ([], 1)


def test_a_lost_request_names_the_endpoint_it_was_for(session, inspector_backend):
    inspector_backend.inject_fault("*", "ReadTimeoutError", times=None)
    client = trying_twice(session, "legacy", endpoint_url="https://vpce.example.com:8443")
    with pytest.raises(botocore.exceptions.ReadTimeoutError, match=r"https://vpce\.example\.com:8443/"):
        client.list_findings()


@pytest.mark.parametrize("name", DAMAGED)
def test_an_answer_that_arrives_damaged_was_given_all_the_same(session, inspector_backend, name):
    inspector_backend.inject_fault("CreateAssessmentTarget", name)
    answer = trying_twice(session, "legacy").create_assessment_target(assessmentTargetName="web")
    assert set(answer) == {"ResponseMetadata"}
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0, "botocore takes it for an answer"
    assert len(inspector_backend.list_assessment_targets()["assessmentTargetArns"]) == 1
    (call,) = inspector_backend.calls
    assert (call.error, call.response) == (name, {})
    assert "body" in call.message


@pytest.mark.parametrize("name", DAMAGED)
def test_an_error_arrives_damaged_too(session, inspector_backend, name):
    inspector_backend.inject_fault("DeleteAssessmentTarget", name)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        trying_twice(session, "legacy").delete_assessment_target(assessmentTargetArn="no ARN")
    assert caught.value.response["Error"]["Code"] == "400", "what botocore calls an error that it cannot read"


@pytest.mark.parametrize("operation", ["ListFindings", "DeleteAssessmentTarget"])
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_body_is_no_json_of_the_announced_length(inspector_backend, name, operation):
    target = inspector_backend.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    inspector_backend.inject_fault(operation, name)
    response = send_raw(inspector_backend, operation, {"assessmentTargetArn": target} if "Delete" in operation else {})
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(response.body.decode("utf-8"))
    assert response.status == 200
    assert response.truncated == (name == "TruncatedBody")
    assert (int(response.headers["Content-Length"]) > len(response.body)) == (name == "TruncatedBody")


@contextmanager
def real_server(answer):
    """A loopback server that answers each request with these bytes and closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    served = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as received:
                length = 0
                while (line := received.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                received.read(length)
                served.append(1)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", served
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def outcome(call):
    """What a client makes of an answer: its members, or the exception."""
    try:
        return set(call())
    except Exception as error:  # noqa: BLE001  whichever it is
        return type(error)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", DAMAGED)
def test_botocore_makes_of_a_damaged_answer_what_it_makes_of_one_from_a_real_server(session, name, mode):
    with mock_inspector(region="us-west-2") as backend:
        backend.inject_fault("ListRulesPackages", name, times=None)
        damaged = send_raw(backend, "ListRulesPackages", {})
        mocked = outcome(trying_twice(session, mode).list_rules_packages)
        attempts = len(backend.calls) - 1
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {damaged.headers['Content-Length']}\r\n\r\n".encode()
    with real_server(head + damaged.body) as (url, served):
        real = outcome(trying_twice(session, mode, endpoint_url=url).list_rules_packages)
    assert (mocked, attempts) == (real, len(served))


@pytest.mark.slow
def test_aiobotocore_notices_a_truncated_answer_as_it_does_from_a_real_server():
    aiobotocore_session = pytest.importorskip("aiobotocore.session", reason="aiobotocore is not installed")
    config = pytest.importorskip("aiobotocore.config").AioConfig(retries={"total_max_attempts": 2})

    def attempt(**options):
        async def scenario():
            keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret", **options}
            session = aiobotocore_session.get_session()
            async with session.create_client("inspector", region_name="us-west-2", config=config, **keys) as client:
                return await client.list_rules_packages()

        return outcome(lambda: asyncio.run(scenario()))

    with mock_inspector(region="us-west-2") as backend:
        backend.inject_fault("ListRulesPackages", "TruncatedBody", times=None)
        damaged = send_raw(backend, "ListRulesPackages", {})
        mocked, attempts = attempt(), len(backend.calls) - 1
        assert mocked is botocore.exceptions.ConnectionClosedError
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {damaged.headers['Content-Length']}\r\n\r\n".encode()
    with real_server(head + damaged.body) as (url, served):
        assert (mocked, attempts) == (attempt(endpoint_url=url), len(served))


def by_hand():
    return requests.post(
        URL,
        data=b"{}",
        headers={
            "X-Amz-Target": "InspectorService.ListFindings",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20160216/us-west-2/inspector/aws4_request, "
            "SignedHeaders=host, Signature=none",
        },
        timeout=5,
    )


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("ConnectTimeoutError", requests.exceptions.ConnectTimeout),
        ("EndpointConnectionError", requests.exceptions.ConnectionError),
        ("SSLError", requests.exceptions.SSLError),
        ("ConnectionClosedError", requests.exceptions.ConnectionError),
        ("ReadTimeoutError", requests.exceptions.ReadTimeout),
    ],
)
def test_requests_raises_its_own_exceptions_for_the_same_names(inspector_backend, name, raised):
    inspector_backend.inject_fault("ListFindings", name)
    with pytest.raises(raised):
        by_hand()


def test_requests_gets_a_garbled_answer(inspector_backend):
    inspector_backend.inject_fault("ListFindings", "GarbledBody")
    answer = by_hand()
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("name", [*LOST, *DAMAGED])
def test_network_failures_have_no_members(inspector_backend, name):
    with pytest.raises(
        ValueError, match=f"error: {name} simulates a network failure and has no members; got .*message"
    ):
        inspector_backend.inject_fault("ListFindings", {"code": name, "message": "x"})


@pytest.fixture(scope="module")
def retrying_client(session):
    """A client that tries everything three times."""
    return session.client("inspector", config=Config(retries={"total_max_attempts": 3}))


NETWORK = [ReadTimeoutError(endpoint_url=URL), EndpointConnectionError(endpoint_url=URL)]


@pytest.mark.parametrize("error", NETWORK, ids=lambda error: type(error).__name__)
def test_a_network_error_surfaces_when_no_try_is_left(retrying_client, inspector_backend, error):
    inspector_backend.inject_fault("ListFindings", error, times=3)
    with pytest.raises(type(error), match=re.escape(URL)):
        retrying_client.list_findings()
    assert retrying_client.list_findings()["findingArns"] == []


@pytest.mark.parametrize(
    "error", [*NETWORK, "ThrottlingException", "ServiceUnavailable", "InternalException"], ids=repr
)
def test_retries_get_over_a_passing_network_failure(retrying_client, inspector_backend, error):
    inspector_backend.inject_fault("ListFindings", error, times=2)
    answer = retrying_client.list_findings()
    assert answer["findingArns"] == []
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2

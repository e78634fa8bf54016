"""Faults of the network by their names, and faults that were never used."""

import asyncio
import json
import re
import socket
import threading
import unittest
from contextlib import contextmanager
from typing import Any

import botocore.exceptions
import pytest
import requests
from botocore.config import Config

from mock_inspector import mock_inspector

from ..support.aws import a_target
from ..support.requests import knock

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
        a_target(trying_twice(session, mode))
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
    response = knock(inspector_backend, operation, {"assessmentTargetArn": target} if "Delete" in operation else {})
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
        damaged = knock(backend, "ListRulesPackages", {})
        mocked = outcome(trying_twice(session, mode).list_rules_packages)
        attempts = len(backend.calls) - 1
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {damaged.headers['Content-Length']}\r\n\r\n".encode()
    with real_server(head + damaged.body) as (url, served):
        real = outcome(trying_twice(session, mode, endpoint_url=url).list_rules_packages)
    assert (mocked, attempts) == (real, len(served))


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
        damaged = knock(backend, "ListRulesPackages", {})
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
def test_the_networks_failures_have_no_members(inspector_backend, name):
    with pytest.raises(ValueError, match=f"{name} is the network's"):
        inspector_backend.inject_fault("ListFindings", {"code": name, "message": "x"})


# Faults that were never used


def test_a_fault_that_no_call_has_met_is_reported_with_its_line():
    with pytest.raises(AssertionError) as caught, mock_inspector() as backend:
        backend.inject_fault("ListFindings", "ThrottlingException", after=2)
    line = test_a_fault_that_no_call_has_met_is_reported_with_its_line.__code__.co_firstlineno + 2
    assert re.search(
        rf"ListFindings: ThrottlingException, after 2 more \(.*test_faults\.py:{line}\)", str(caught.value)
    )
    assert "allow_unused_faults=True" in str(caught.value)


def test_every_account_and_region_is_looked_at_and_every_kind_of_fault_named():
    def about_web(params):
        return False

    with pytest.raises(AssertionError) as caught, mock_inspector() as backend:  # noqa: PT012  the end raises
        backend.for_region("eu-west-1").inject_fault("*", "ReadTimeoutError", times=None)
        backend.for_account("210987654321").inject_fault("DescribeFindings", "INTERNAL_ERROR", when=about_web)
        backend.inject_fault("ListFindings", "ACCESS_DENIED_TO_FINDING")
        backend.inject_fault("ListFindings", OSError("gone"))
    for told in (
        "*: ReadTimeoutError (",
        "DescribeFindings: INTERNAL_ERROR, when about_web (",
        "ListFindings: AccessDeniedException (ACCESS_DENIED_TO_FINDING) (",
        "ListFindings: OSError (",
    ):
        assert told in str(caught.value)


@pytest.mark.parametrize("times", [1, 3, None])
def test_a_fault_that_a_call_has_met_was_used(unchecked_client, times):
    with mock_inspector(region="us-west-2") as backend:
        backend.inject_fault("ListFindings", "ThrottlingException", times=times)
        with pytest.raises(botocore.exceptions.ClientError):
            unchecked_client.list_findings()


def test_unused_faults_can_be_allowed():
    with mock_inspector(allow_unused_faults=True) as backend:
        backend.inject_fault("ListFindings", "ThrottlingException")


def test_an_exception_on_its_way_is_not_replaced_by_a_report_of_unused_faults():
    with pytest.raises(KeyError, match="mine"), mock_inspector() as backend:  # noqa: PT012  what raises is inside
        backend.inject_fault("ListFindings", "ThrottlingException")
        raise KeyError("mine")


def test_faults_that_reset_has_removed_are_not_reported():
    with mock_inspector() as backend:
        backend.inject_fault("ListFindings", "ThrottlingException")
        backend.reset()


def test_the_outermost_use_reports_when_everything_is_undone():
    from mock_inspector import activation

    with pytest.raises(AssertionError, match="no call has met"), mock_inspector():  # noqa: PT012  the end raises
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")
        inner_ended = True
    assert inner_ended
    assert activation.active() is None
    with mock_inspector() as backend:
        assert not backend.calls


def test_the_decorator_and_the_async_context_manager_report_too():
    @mock_inspector
    def decorated():
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")

    async def in_a_coroutine():
        async with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")

    with pytest.raises(AssertionError, match="no call has met"):
        decorated()
    with pytest.raises(AssertionError, match="no call has met"):
        asyncio.run(in_a_coroutine())


@pytest.mark.parametrize("base", [unittest.TestCase, unittest.IsolatedAsyncioTestCase])
def test_a_test_case_fails_for_unused_faults_unless_it_has_failed_anyway(base: Any):
    @mock_inspector
    class Case(base):  # type: ignore[misc]
        def setUp(self):
            with mock_inspector() as backend:
                backend.inject_fault("ListFindings", "ThrottlingException")

        def test_that_passes(self):
            pass

        def test_that_is_skipped(self):
            self.skipTest("not now")

        def test_that_fails(self):
            self.fail("my own")

        def test_whose_cleanup_fails(self):
            self.addCleanup(self.fail, "my cleanup")

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    told = {test.id().rpartition(".")[2]: text for test, text in [*result.failures, *result.errors]}
    assert len(result.failures) == len(told) == 3
    assert "no call has met" in told["test_that_passes"]
    assert "my own" in told["test_that_fails"]
    assert "my cleanup" in told["test_whose_cleanup_fails"]


@pytest.mark.parametrize("bad", [None, 1, "yes"])
def test_allowing_unused_faults_takes_true_or_false(bad):
    with pytest.raises(TypeError, match="allow_unused_faults: takes True or False"):
        mock_inspector(allow_unused_faults=bad)


def test_a_nested_use_cannot_allow_what_the_outermost_does_not(inspector_backend):
    with pytest.raises(ValueError, match="allow_unused_faults: this mock_inspector is nested"):
        mock_inspector(allow_unused_faults=True).__enter__()


def test_under_pytest_a_test_with_unused_faults_does_not_pass(pytester):
    pytester.makepyfile(
        """
        import boto3, pytest
        from mock_inspector import mock_inspector

        def inject(backend):
            backend.inject_fault("ListFindings", "ThrottlingException")

        def test_fixture(inspector_backend):
            inject(inspector_backend)

        @pytest.mark.mock_inspector
        def test_marked():
            with mock_inspector() as backend:
                inject(backend)

        @mock_inspector
        class TestDecorated:
            def test_in_it(self, inspector_backend):
                inject(inspector_backend)

        @pytest.fixture
        @mock_inspector
        def mocked():
            yield

        def test_decorated_fixture(mocked, inspector_backend):
            inject(inspector_backend)

        @pytest.fixture(scope="module")
        def shared():
            with mock_inspector() as backend:
                yield backend

        def test_shared(shared):
            inject(shared)
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=5, errors=5)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_fixture*", "*Faults that no call has met:*", "*test_under_pytest*.py:5)"]
    )
    result.stdout.no_fnmatch_line("*pytest_runtest_teardown*")


def test_under_pytest_a_failed_skipped_or_xfailed_test_is_not_told_of_unused_faults(pytester):
    pytester.makepyfile(
        """
        import pytest
        from mock_inspector import mock_inspector

        @pytest.fixture(autouse=True)
        def inject(request):
            if "shared" not in request.fixturenames:
                backend = request.getfixturevalue("inspector_backend")
                backend.inject_fault("ListFindings", "ThrottlingException")

        def test_fails():
            assert False

        def test_skips():
            pytest.skip()

        @pytest.mark.xfail
        def test_xfails():
            assert False

        @pytest.mark.mock_inspector(allow_unused_faults=True)
        def test_allowed():
            pass

        @pytest.fixture(scope="module")
        def shared():
            with mock_inspector() as backend:
                yield backend

        def test_with_what_is_shared_fails(shared):
            shared.inject_fault("ListFindings", "ThrottlingException")
            assert False
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=2, skipped=1, xfailed=1)

"""Faults that were never triggered fail the test."""

import asyncio
import re
import unittest
from typing import Any

import botocore.exceptions
import pytest

from mock_inspector import mock_inspector
from mock_inspector.errors import UnusedFaultError


def test_a_fault_that_was_never_triggered_is_reported_with_its_line():
    with pytest.raises(UnusedFaultError) as caught, mock_inspector() as backend:
        backend.inject_fault("ListFindings", "ThrottlingException", after=2)
    line = test_a_fault_that_was_never_triggered_is_reported_with_its_line.__code__.co_firstlineno + 2
    assert re.search(
        rf"ListFindings: ThrottlingException, after 2 more \(.*test_unused\.py:{line}\)", str(caught.value)
    )
    assert "allow_unused_faults=True" in str(caught.value)


def test_unused_faults_of_every_account_region_and_kind_are_reported():
    def about_web(params):
        return False

    with pytest.raises(UnusedFaultError) as caught, mock_inspector() as backend:  # noqa: PT012  the end raises
        backend.for_region("eu-west-1").inject_fault("*", "ReadTimeoutError", times=None)
        backend.for_account("210987654321").inject_fault("DescribeFindings", "INTERNAL_ERROR", when=about_web)
        backend.inject_fault("ListFindings", "ACCESS_DENIED_TO_FINDING")
        backend.inject_fault("ListFindings", OSError("gone"))
    for messages in (
        "*: ReadTimeoutError (",
        "DescribeFindings: INTERNAL_ERROR, when about_web (",
        "ListFindings: AccessDeniedException (ACCESS_DENIED_TO_FINDING) (",
        "ListFindings: OSError (",
    ):
        assert messages in str(caught.value)


@pytest.mark.parametrize("times", [1, 3, None])
def test_a_fault_that_a_call_has_triggered_was_used(unchecked_client, times):
    with mock_inspector(region="us-west-2") as backend:
        backend.inject_fault("ListFindings", "ThrottlingException", times=times)
        with pytest.raises(botocore.exceptions.ClientError):
            unchecked_client.list_findings()


def test_unused_faults_can_be_allowed():
    with mock_inspector(allow_unused_faults=True) as backend:
        backend.inject_fault("ListFindings", "ThrottlingException")


def test_an_exception_is_not_replaced_by_a_report_of_unused_faults():
    with pytest.raises(KeyError, match="mine"), mock_inspector() as backend:  # noqa: PT012  what raises is inside
        backend.inject_fault("ListFindings", "ThrottlingException")
        raise KeyError("mine")


def test_faults_that_reset_has_removed_are_not_reported():
    with mock_inspector() as backend:
        backend.inject_fault("ListFindings", "ThrottlingException")
        backend.reset()


def test_the_outermost_mock_reports_unused_faults_when_everything_is_undone():
    from mock_inspector import activation

    with pytest.raises(UnusedFaultError, match="never triggered"), mock_inspector():  # noqa: PT012  the end raises
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")
        inner_ended = True
    assert inner_ended
    assert activation.active() is None
    with mock_inspector() as backend:
        assert not backend.calls


def test_the_decorator_and_the_async_context_manager_report_unused_faults_too():
    @mock_inspector
    def decorated():
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")

    async def in_a_coroutine():
        async with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")

    with pytest.raises(UnusedFaultError, match="never triggered"):
        decorated()
    with pytest.raises(UnusedFaultError, match="never triggered"):
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
    messages = {test.id().rpartition(".")[2]: text for test, text in [*result.failures, *result.errors]}
    assert len(result.failures) == len(messages) == 3
    assert "never triggered" in messages["test_that_passes"]
    assert "my own" in messages["test_that_fails"]
    assert "my cleanup" in messages["test_whose_cleanup_fails"]


@pytest.mark.parametrize("bad_value", [None, 1, "yes"])
def test_allow_unused_faults_must_be_true_or_false(bad_value):
    with pytest.raises(TypeError, match="allow_unused_faults must be True or False"):
        mock_inspector(allow_unused_faults=bad_value)


def test_a_nested_use_cannot_allow_what_the_outermost_does_not(inspector_backend):
    with pytest.raises(ValueError, match="allow_unused_faults must be False, as in the mock_inspector around"):
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
        [
            "*ERROR at teardown of test_fixture*",
            "*These injected faults were never triggered:*",
            "*test_under_pytest*.py:5)",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_runtest_teardown*")


def test_under_pytest_unused_faults_of_a_failed_skipped_or_xfailed_test_are_not_reported(pytester):
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

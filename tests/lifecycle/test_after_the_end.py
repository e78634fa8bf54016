"""What is used after the mock it belonged to has ended."""

import subprocess
import sys
from typing import Any

import pytest

from mock_inspector import MockEndedError, mock_inspector
from mock_inspector.backend import InspectorBackend

from ..conftest import closed_port
from ..support.aws import create_target


def public_members():
    return sorted(name for name in dir(InspectorBackend) if not name.startswith("_"))


@pytest.fixture(scope="module")
def ended():
    with mock_inspector(region="us-west-2", at="2020-02-29T12:00:00Z") as backend:
        backend.clock.tick(5)
    return backend


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "add_exclusion": ("arn", {}),
    "add_finding": ("arn", {}),
    "add_rules_package": ("name",),
    "finish_run": ("arn",),
    "for_account": ("210987654321",),
    "for_region": ("eu-west-1",),
    "inject_fault": ("ListFindings", "ThrottlingException"),
    "register_access_key": ("AKIAEXAMPLE",),
    "remove_instance": ("i-0web",),
    "restore": ({},),
    "set_run_state": ("arn", "FAILED"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", public_members())
def test_every_member_of_the_backend_of_an_ended_mock_says_which_and_when(ended, name):
    def use():
        member = getattr(ended, name)
        member(*ARGUMENTS.get(name, ()))

    with pytest.raises(
        MockEndedError, match=r"^The mock of this backend has ended \(.*test_after_the_end.py.*, at 2020-02-29T12:00:05"
    ):
        use()


def test_it_is_still_shown_and_a_new_mock_is_another(ended):
    assert repr(ended).startswith("<InspectorBackend account 123456789012, us-west-2: ")
    with mock_inspector() as backend:
        assert backend is not ended


def test_what_was_kept_of_a_backend_can_be_read(client):
    with mock_inspector() as backend:
        create_target(client, "web")
        calls, snapshot = backend.calls, backend.snapshot()
    assert len(calls.of("CreateAssessmentTarget")) == 1
    with mock_inspector(state=snapshot) as backend:
        assert len(backend.list_assessment_targets()["assessmentTargetArns"]) == 1


def test_the_backend_of_a_nested_use_lives_as_long_as_the_mock():
    with mock_inspector():
        with mock_inspector(region="eu-west-1") as inner:
            pass
        assert inner.list_findings()["findingArns"] == []
    with pytest.raises(MockEndedError):
        inner.list_findings()


PRELUDE = """
import boto3, pytest
from botocore.config import Config
from mock_inspector import mock_inspector

client = boto3.client("inspector", endpoint_url="{url}", config=Config(retries={{"max_attempts": 0}}))
"""

LATE = """
@mock_inspector
def make():
    client.create_assessment_target(assessmentTargetName="web")

def test_late():
    make()
    client.list_findings()

def test_wrapped():
    make()
    try:
        client.list_findings()
    except Exception as error:
        raise RuntimeError("the code under test failed") from error

def test_refused_in_the_mock():
    with mock_inspector():
        client.list_findings(assessmentRunArns=["no ARN"])

def test_failing_in_the_mock():
    with mock_inspector() as backend:
        backend.inject_fault("ListFindings", "ReadTimeoutError")
        client.list_findings()

def test_failing_by_itself():
    make()
    assert 0

def test_refused_before_it_was_sent():
    make()
    client.describe_findings()
"""


@pytest.mark.slow
def test_the_report_names_a_call_that_left_for_the_real_endpoint_after_the_mock(pytester):
    pytester.makepyfile(PRELUDE.format(url=closed_port()) + LATE)
    reports = pytester.inline_run("-p", "no:cacheprovider").getreports("pytest_runtest_logreport")
    late = {
        report.nodeid.partition("::")[2]: text
        for report in reports
        for title, text in report.sections
        if title == "mock_inspector: a call after the mock"
    }
    assert list(late) == ["test_late", "test_wrapped"]
    text = " ".join(late["test_late"].split())
    assert text.startswith(
        "ListFindings was called when no mock was active, so the client sent it to the real endpoint,"
    )
    assert "http://127.0.0.1:" in text
    assert "test_late had ended, at 20" in text


@pytest.mark.slow
def test_a_debugger_that_starts_where_a_decorated_function_failed_still_has_the_mock(pytester):
    path = pytester.makepyfile(
        PRELUDE.format(url=closed_port())
        + """
@mock_inspector
def test_it():
    client.create_assessment_target(assessmentTargetName="web")
    assert 0

class TestIt:
    @mock_inspector
    def test_it(self):
        client.create_assessment_target(assessmentTargetName="db")
        assert 0

def test_afterwards():
    from mock_inspector.activation import active
    assert active() is None
"""
    )
    command = "p len(client.list_assessment_targets()['assessmentTargetArns'])\n"
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "--pdb", "-p", "no:cacheprovider", "-p", "no:randomly", str(path)],
        input=f"{command}c\n{command}c\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout.count("(Pdb) 1\n") == 2, ended.stdout + ended.stderr
    assert "2 failed, 1 passed" in ended.stdout

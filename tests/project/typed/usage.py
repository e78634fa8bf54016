# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""The public names as a user's strictly typed tests use them. mypy and pyright read this file, nothing runs it.

``.ci/run`` checks it against the installed package; an ``ignore`` there is a use that has to be an error.
"""

from __future__ import annotations

import datetime
import unittest
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from mypy_boto3_inspector import InspectorClient
from typing_extensions import assert_type

from mock_inspector import InspectorBackend, Instance, mock_inspector
from mock_inspector.errors import ApiError, NoSuchEntityException
from mock_inspector.findings import best_practice, cis, cve, network_reachability, runtime_behavior

# The decorator keeps what it decorates


@mock_inspector
def bare(number: int, *, name: str = "") -> str:
    return name * number


@mock_inspector(region="us-west-2", at="2020-01-01T00:00:00Z")
def called(number: int, *, name: str = "") -> str:
    return name * number


@mock_inspector
async def coroutine(number: int) -> str:
    return str(number)


@mock_inspector(freeze=False)
def generator(number: int) -> Iterator[int]:
    yield number


@mock_inspector
async def async_generator(number: int) -> AsyncIterator[int]:
    yield number


@mock_inspector
class Plain:
    attribute: int = 1

    def method(self, number: int) -> str:
        return str(number)


@mock_inspector(sleep=False)
class Case(unittest.TestCase):
    def test_it(self) -> None:
        assert_type(self.id(), str)


@pytest.fixture
@mock_inspector(region="eu-west-1")
def fixture(inspector_backend: InspectorBackend) -> Iterator[str]:
    yield inspector_backend.region
    inspector_backend.reset()


@pytest.mark.mock_inspector(region="eu-west-1")
def test_marked(inspector_backend: InspectorBackend) -> None:
    assert_type(inspector_backend.region, str)


async def signatures_are_kept() -> None:
    assert_type(bare(1, name="x"), str)
    assert_type(called(1), str)
    assert_type(await coroutine(1), str)
    assert_type(generator(1), Iterator[int])
    assert_type(async_generator(1), AsyncIterator[int])
    assert_type(Plain().method(1), str)
    assert_type(Plain.attribute, int)
    assert_type(Case("test_it"), Case)
    bare("1")  # type: ignore[arg-type]
    called(1, "x")  # type: ignore[call-arg]
    await coroutine()  # type: ignore[call-arg]
    Plain().method("1")  # type: ignore[arg-type]


# The context managers and the keywords


async def contexts() -> None:
    with mock_inspector() as backend:
        assert_type(backend, InspectorBackend)
    mock = mock_inspector()
    assert_type(mock.start(), InspectorBackend)
    mock.stop()
    async with mock_inspector(region="us-west-2") as backend:
        assert_type(backend, InspectorBackend)
    with (
        mock_inspector(
            account_id="123456789012",
            region=None,
            freeze=True,
            at=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
            sleep=True,
            allow_network=False,
            allow_unused_faults=True,
            limits={"assessment_targets": 2, "agents": None},
            max_calls=None,
            max_page_size=5,
            id_seed="mine",
            state=None,
        ),
        mock_inspector(at=0),
        mock_inspector(at=0.5),
        mock_inspector(at="2020-01-01T00:00:00Z"),
        mock_inspector(at=None),
    ):
        pass


def wrong_keywords() -> None:
    mock_inspector(regoin="us-west-2")  # type: ignore[call-overload]
    mock_inspector(region=3)  # type: ignore[call-overload]
    mock_inspector(freeze="yes")  # type: ignore[call-overload]
    mock_inspector(limits={"agents": "many"})  # type: ignore[dict-item]
    mock_inspector("us-west-2")  # type: ignore[call-overload]


# The backend


def whose_it_is(backend: InspectorBackend) -> None:
    assert_type(backend.account_id, str)
    assert_type(backend.partition, str)
    assert_type(backend.for_region("eu-west-1"), InspectorBackend)
    assert_type(backend.for_account("210987654321"), InspectorBackend)
    backend.register_access_key("AKIAEXAMPLE")
    backend.account_id = "210987654321"  # type: ignore[misc]


def the_fleet(backend: InspectorBackend) -> None:
    instance = backend.add_instance(
        "i-0web",
        tags={"Name": "web"},
        hostname="web.example.com",
        agent_health="UNHEALTHY",
        telemetry=[{"messageType": "x", "count": 1}],
        findings=[
            cve("CVE-2016-2177", severity="High", package="openssl"),
            cis("1.1.1 Ensure mounting of cramfs is disabled"),
            best_practice("Disable root login over SSH"),
            network_reachability(22, protocol="TCP"),
            runtime_behavior("Software Without DEP", severity="Low"),
        ],
    )
    assert_type(instance, Instance)
    assert_type(instance.instance_id, str)
    assert_type(instance.tags, dict[str, str])
    assert_type(backend.instances["i-0web"], Instance)
    instance.hostname = None
    instance.agent_health = "UNKNOWN"
    instance.agent_health = "unknown"  # type: ignore[assignment]
    instance.agent_health = 3  # type: ignore[assignment]
    backend.instances["i-0web"] = instance  # type: ignore[index]
    backend.remove_instance(instance.instance_id)
    backend.add_instance(agent_health="UNHEALTHY", agent_health_code="SHUTDOWN")
    backend.add_instance(tags=["Name"])  # type: ignore[arg-type]
    backend.add_instance(agent_health="unhealthy")  # type: ignore[arg-type]
    backend.add_instance(agent_health_code="DEAD")  # type: ignore[arg-type]
    backend.add_instance(findings=cve("CVE-2016-2177"))  # type: ignore[arg-type]
    backend.add_instance(hostnam="web")  # type: ignore[call-arg]
    backend.add_instance(findings=["CVE-2016-2177"])  # type: ignore[list-item]
    cve(2016)  # type: ignore[arg-type]
    network_reachability("ssh")  # type: ignore[arg-type]
    network_reachability(22, protocol="tcp")  # type: ignore[arg-type]
    network_reachability(22, route="internet")  # type: ignore[arg-type]
    best_practice("Be nice")  # type: ignore[arg-type]
    runtime_behavior("Be nice")  # type: ignore[arg-type]
    cve("CVE-2016-2177", severity="Critical")  # type: ignore[arg-type]
    cve("CVE-2016-2177", sevrity="High")  # type: ignore[call-arg]


def what_is_put_in_by_hand(backend: InspectorBackend, run: str) -> None:
    assert_type(backend.add_rules_package("mine", version="2.0"), str)
    assert_type(backend.add_finding(run, {"title": "x"}), str)
    assert_type(backend.add_exclusion(run, {"title": "x"}), str)
    backend.set_run_state(run, "FAILED")
    backend.finish_run(run)
    backend.set_run_state(run, "failed")  # type: ignore[arg-type]
    backend.finish_run(backend.start_assessment_run(assessmentTemplateArn="arn:..."))  # type: ignore[arg-type]


def time(backend: InspectorBackend) -> None:
    assert_type(backend.clock.now(), datetime.datetime)
    backend.clock.tick()
    backend.clock.tick(1.5)
    backend.clock.tick(datetime.timedelta(hours=1))
    backend.clock.move_to("2030-01-01T00:00:00Z")
    backend.clock.tick("1 h")  # type: ignore[arg-type]


def is_about_high(parameters: dict[str, Any]) -> bool:
    return "High" in parameters.get("filter", {}).get("severities", [])


def faults(backend: InspectorBackend) -> None:
    backend.inject_fault("ListFindings", "ThrottlingException")
    backend.inject_fault("*", "ReadTimeoutError", times=None, after=2, when=is_about_high)
    backend.inject_fault("ListFindings", {"code": "AccessDeniedException", "errorCode": "ACCESS_DENIED_TO_FINDING"})
    backend.inject_fault("ListFindings", NoSuchEntityException("gone"))
    backend.inject_fault("ListFindings", OSError())
    code: str = "ThrottlingException"
    backend.inject_fault("ListFindings", code)  # Codes are listed for editors; any string is checked when it is given.
    backend.inject_fault("list_findings", "ThrottlingException")  # type: ignore[arg-type]
    backend.inject_fault("ListFindings", "ThrottlingException", 3)  # type: ignore[call-arg]
    backend.inject_fault("ListFindings", ReadingError)  # type: ignore[arg-type]
    backend.inject_fault("ListFindings", "ThrottlingException", when="High")  # type: ignore[arg-type]


class ReadingError(Exception):
    pass


def what_happened(backend: InspectorBackend) -> None:
    for call in backend.calls:
        assert_type(call.operation, str)
        assert_type(call.parameters, dict[str, Any])
        assert_type(call.response, dict[str, Any] | None)
        assert_type(call.error, str | None)
        assert_type(call.time, datetime.datetime)
    assert_type(len(backend.calls), int)
    assert_type(backend.calls[-1].account, str)
    assert_type([call.region for call in backend.calls[:3]], list[str])
    assert_type([call.message for call in backend.calls.of("ListFindings", error=True)], list[str | None])
    assert_type([message.topic_arn for message in backend.published], list[str])
    backend.calls.of("ListFindings", "DescribeFindings", error="ThrottlingException", region="us-east-1")
    backend.calls.of("list_findings")  # type: ignore[arg-type]
    backend.calls.last("ListFindings")  # type: ignore[arg-type]
    backend.calls.append(None)  # type: ignore[attr-defined]


def the_whole(backend: InspectorBackend) -> None:
    backend.next_ids("0-nvgVhaxX", "0-nvgVhaxY")
    assert_type(backend.snapshot(), dict[str, Any])
    backend.restore(backend.snapshot())
    backend.reset()


def actions(backend: InspectorBackend) -> None:
    made = backend.create_assessment_target(assessmentTargetName="web", resourceGroupArn=None)
    backend.list_findings(filter={"severities": ["High"]}, maxResults=3)
    try:
        backend.delete_assessment_target(assessmentTargetArn=str(made))
    except NoSuchEntityException as error:
        assert_type(error.code, str)
        assert_type(error.message, str)
    except ApiError as error:
        assert_type(error.members, dict[str, Any])
    assert_type(backend.list_findings()["findingArns"], list[str])
    assert_type(backend.list_findings().get("nextToken"), str | None)
    run = backend.describe_assessment_runs(assessmentRunArns=["arn:..."])["assessmentRuns"][0]
    assert_type(run["createdAt"], float)
    assert_type(run.get("completedAt"), float | None)
    if run["state"] == "COMPLETED" and "findingCounts" in run:
        assert_type(run["findingCounts"]["High"], int)
    finding = backend.describe_findings(findingArns=["arn:..."])["findings"][0]
    assert_type(finding["arn"], str)
    assert_type([attribute["key"] for attribute in finding["attributes"]], list[str])
    backend.list_assessment_runs(
        filter={"states": ["COMPLETED"], "startTimeRange": {"beginDate": datetime.datetime(2020, 1, 1), "endDate": 1.5}}
    )
    backend.stop_assessment_run(assessmentRunArn="arn:...", stopAction="SKIP_EVALUATION")
    backend.subscribe_to_event(resourceArn="arn:...", event="FINDING_REPORTED", topicArn="arn:...")
    backend.list_findings()["findingArn"]  # type: ignore[misc]
    backend.list_findings(filter={"severities": ["Critical"]})  # type: ignore[arg-type]
    backend.list_assessment_runs(filter={"state": ["COMPLETED"]})  # type: ignore[arg-type]
    backend.stop_assessment_run(assessmentRunArn="arn:...", stopAction="SKIP")  # type: ignore[arg-type]
    backend.create_assessment_target(name="web")  # type: ignore[call-arg]
    backend.create_assessment_target(assessmentTargetName=3)  # type: ignore[arg-type]
    backend.list_finding()  # type: ignore[attr-defined]


# Beside a client that boto3-stubs types


@mock_inspector
def beside(client: InspectorClient, inspector_backend: InspectorBackend) -> None:
    run = client.start_assessment_run(assessmentTemplateArn="arn:...")["assessmentRunArn"]
    inspector_backend.finish_run(run)
    assert_type(inspector_backend.add_finding(run, {"severity": "High"}), str)
    assert_type(client.list_findings(assessmentRunArns=[run])["findingArns"], list[str])

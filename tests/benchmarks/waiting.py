"""Waiting for runs, and suites of short tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import boto3

from mock_inspector import mock_inspector

from .measuring import KEYS, Figure, Size, client_of, inside, ratio, seconds, typical

_REGIONS = ("us-west-2", "us-east-1", "eu-west-1", "ap-northeast-1")
_HOUR_SECONDS = 3600


def waiting(size: Size) -> Iterator[Figure]:
    """A run of an hour polled every 30 seconds, alone and by a pool; 100 tests with six calls each against moto's."""
    clients = [client_of("inspector", region) for region in _REGIONS]
    duration = size.of(_HOUR_SECONDS, 180)
    rounds = size.of(5, 1)
    yield Figure(
        "a run of an hour polled every 30 s", 0.3, inside(mock_inspector, _poll(clients[0], duration), rounds), "s"
    )
    yield Figure(
        "  by four threads of a pool", 3, typical(lambda: _poll_in_pool(clients, duration), rounds, warm=1), "s"
    )
    tests = size.of(100, 2)
    measured = ratio(
        lambda: seconds(lambda: _run_tests(tests, mock_inspector, "inspector", _call_inspector)),
        lambda: seconds(lambda: _run_tests(tests, _mock_aws(), "inspector2", _call_inspector2)),
        size.of(4, 1),
    )
    yield Figure("100 tests with a client and six calls / under mock_aws", 0.3, measured)


def _poll(client: Any, duration_seconds: int) -> Any:
    def poll() -> None:
        name = f"of {time.time()}"
        target = client.create_assessment_target(assessmentTargetName=name)["assessmentTargetArn"]
        template = client.create_assessment_template(
            assessmentTargetArn=target,
            assessmentTemplateName=name,
            durationInSeconds=duration_seconds,
            rulesPackageArns=client.list_rules_packages()["rulesPackageArns"],
        )["assessmentTemplateArn"]
        run = client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
        while client.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]["state"] != "COMPLETED":
            time.sleep(30)

    return poll


def _poll_in_pool(clients: list[Any], duration_seconds: int) -> None:
    with mock_inspector(), ThreadPoolExecutor(len(clients)) as pool:
        for polling in [pool.submit(_poll(client, duration_seconds)) for client in clients]:
            polling.result()


def _mock_aws() -> Any:
    from moto import mock_aws

    return mock_aws


def _run_tests(count: int, use: Any, service: str, call: Any) -> None:
    for _ in range(count):
        context: AbstractContextManager[Any] = use()
        with context:
            call(boto3.client(service, "us-west-2", **KEYS))


def _call_inspector(client: Any) -> None:
    target = client.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
    client.describe_assessment_targets(assessmentTargetArns=[target])
    client.list_assessment_targets()
    client.list_rules_packages()
    client.list_findings()
    client.delete_assessment_target(assessmentTargetArn=target)


def _call_inspector2(client: Any) -> None:
    client.create_filter(action="NONE", name="all", filterCriteria={})
    for _ in range(4):
        client.list_filters()
    client.list_findings()

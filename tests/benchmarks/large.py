"""Large accounts: a million findings, a large run, many runs."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mock_inspector import InspectorBackend, mock_inspector
from mock_inspector.findings import cve

from .measuring import Figure, Size, client_of, ratio, seconds, typical

_EACH = 200
"""Findings of each agent."""


class _Account(NamedTuple):
    """A client, and what it asks about."""

    client: Any
    run: str


def findings(size: Size) -> Iterator[Figure]:
    """A page of ListFindings and the memory of findings, of 1,000,000 against 1,000, and a run that makes 100,000."""
    agents, runs = size.of(500, 50), size.of(10, 2)
    with mock_inspector(region="us-west-2", freeze=False) as small:
        large = small.for_region("us-east-1")
        few = _Account(client_of("inspector"), _run(small, _template(small, 5)))
        template = _template(large, agents)
        last = ""

        def begin() -> None:
            nonlocal last
            last = _run(large, template)

        took = seconds(begin)
        yield Figure(f"a run over {agents} agents with {_EACH} findings each", 3, took, "s")
        gc.collect()
        tracemalloc.start()
        for _ in range(runs - 1):
            begin()
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        total = agents * runs * _EACH
        yield Figure(f"memory of {total:,} findings, each", 600, taken / (agents * (runs - 1) * _EACH), "bytes")
        many = _Account(client_of("inspector", "us-east-1"), last)
        for backend, account in ((small, few), (large, many)):
            backend.add_finding(account.run, {"severity": "High"})
        for what, page in _PAGES.items():
            measured = _ratio(many, few, page, size)
            yield Figure(f"a page of findings, {what}: {total:,} / 1,000", 1.5, measured)


_PAGES: dict[str, Callable[[_Account], object]] = {
    "unfiltered": lambda account: account.client.list_findings(maxResults=100),
    "by run": lambda account: account.client.list_findings(assessmentRunArns=[account.run], maxResults=100),
    "by severity": lambda account: account.client.list_findings(filter={"severities": ["Low"]}, maxResults=100),
    "by a rare one": lambda account: account.client.list_findings(filter={"severities": ["High"]}, maxResults=100),
}


def runs(size: Size) -> Iterator[Figure]:
    """DescribeAssessmentRuns where 50,000 runs are kept, against where it is the only one."""
    kept = size.of(50_000, 500)
    with mock_inspector(region="us-west-2", freeze=False) as single:
        crowded = single.for_region("us-east-1")
        alone = _Account(client_of("inspector"), _run(single, _template(single, 0)))
        template = _template(crowded, 0)
        for _ in range(kept - 1):
            crowded.start_assessment_run(assessmentTemplateArn=template)
        among = _Account(client_of("inspector", "us-east-1"), _run(crowded, template))
        measured = _ratio(
            among, alone, lambda account: account.client.describe_assessment_runs(assessmentRunArns=[account.run]), size
        )
    yield Figure(f"DescribeAssessmentRuns with {kept:,} runs kept / with 1", 1.2, measured)


def _ratio(one: _Account, other: _Account, call: Callable[[_Account], object], size: Size) -> float:
    times = size.of(10, 2)
    return ratio(lambda: typical(lambda: call(one), times), lambda: typical(lambda: call(other), times), size.of(60, 2))


def _template(backend: InspectorBackend, agents: int) -> str:
    specs = [cve(f"CVE-2016-{2000 + number}", severity="Low" if number % 2 else "Medium") for number in range(_EACH)]
    for number in range(agents):
        backend.add_instance(f"i-{number:05d}", findings=specs)
    packages = backend.list_rules_packages()["rulesPackageArns"]
    names = {
        package["name"]: package["arn"]
        for package in backend.describe_rules_packages(rulesPackageArns=packages)["rulesPackages"]
    }
    target = backend.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
    return str(
        backend.create_assessment_template(
            assessmentTargetArn=target,
            assessmentTemplateName="all",
            durationInSeconds=180,
            rulesPackageArns=[names["Common Vulnerabilities and Exposures"]],
        )["assessmentTemplateArn"]
    )


def _run(backend: InspectorBackend, template: str) -> str:
    """The ARN of a run from its start to COMPLETED."""
    run = str(backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
    backend.finish_run(run)
    return run

"""Many threads at once: whatever they call, on resources of their own or shared, nothing is lost and nothing doubled."""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from botocore.exceptions import ClientError

from mock_inspector import mock_inspector
from mock_inspector.findings import cve, network_reachability

from ..support.aws import (
    CVE,
    OWNER,
    create_group,
    create_target,
    describe_run,
    is_mocked,
    list_findings,
    list_targets,
)
from ..support.fast_subset import slow

THREADS = 32


NETWORK = f"{OWNER}/0-rD1z6dpl"


TOPIC = "arn:aws:sns:us-west-2:123456789012:of-thread-{}"


@pytest.fixture(autouse=True)
def eager_threads():
    """Threads take turns so often that nothing which needs the lock gets through without it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(work):
    """``work(number)`` in all threads, which begin together; what they returned, by number."""
    ready = Barrier(THREADS)

    def begin(number):
        ready.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def every(client, operation, key, **members):
    """All pages of a list, one after the other."""
    return [item for page in client.get_paginator(operation).paginate(**members) for item in page[key]]


def outcome(call, **members):
    """What a call that may be refused comes to: the code of its error, or None."""
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [True, slow(False)])
def test_mixed_calls_of_many_threads_lose_and_double_nothing(client, unchecked_client, freeze):
    with mock_inspector(freeze=freeze, max_calls=None) as backend:
        for number in range(THREADS):
            specs = [cve(f"CVE-2020-{2000 + number}"), network_reachability(1000 + number)]
            backend.add_instance(f"i-{number:02d}", tags={"thread": str(number)}, findings=specs)

        def work(number):
            mine = client if number % 2 else unchecked_client
            target = mine.create_assessment_target(
                assessmentTargetName=f"of {number}", resourceGroupArn=create_group(mine, thread=str(number))
            )["assessmentTargetArn"]
            template = mine.create_assessment_template(
                assessmentTargetArn=target,
                assessmentTemplateName=f"of {number}",
                durationInSeconds=180,
                rulesPackageArns=[CVE, NETWORK],
            )["assessmentTemplateArn"]
            mine.set_tags_for_resource(resourceArn=template, tags=[{"key": "thread", "value": str(number)}])
            mine.subscribe_to_event(
                resourceArn=template, event="ASSESSMENT_RUN_COMPLETED", topicArn=TOPIC.format(number)
            )
            run = mine.start_assessment_run(assessmentTemplateArn=template, assessmentRunName=f"of {number}")
            backend.clock.tick(number)
            backend.finish_run(run["assessmentRunArn"])
            found = list_findings(mine, run["assessmentRunArn"])
            mine.add_attributes_to_findings(findingArns=found, attributes=[{"key": "thread", "value": str(number)}])
            dropped = mine.create_assessment_target(assessmentTargetName=f"dropped by {number}")["assessmentTargetArn"]
            mine.delete_assessment_target(assessmentTargetArn=dropped)
            return target, template, run["assessmentRunArn"], found

        made = at_once(work)
        list_targets, templates, runs, found = zip(*made, strict=True)

        assert sorted(every(client, "list_assessment_targets", "assessmentTargetArns")) == sorted(set(list_targets))
        assert sorted(every(client, "list_assessment_templates", "assessmentTemplateArns")) == sorted(set(templates))
        assert sorted(every(client, "list_assessment_runs", "assessmentRunArns")) == sorted(set(runs))
        listed = every(client, "list_findings", "findingArns")
        assert sorted(listed) == sorted({arn for arns in found for arn in arns})
        for number, (_, template, run, own) in enumerate(made):
            to_api = client.describe_findings(findingArns=own)["findings"]
            assert sorted(finding["id"] for finding in to_api) == sorted({finding["id"] for finding in to_api})
            assert {finding["assetAttributes"]["agentId"] for finding in to_api} == {f"i-{number:02d}"}
            assert f"CVE-2020-{2000 + number}" in {finding["id"] for finding in to_api}
            assert [finding["userAttributes"] for finding in to_api] == [
                [{"key": "thread", "value": str(number)}]
            ] * len(own)
            shown = describe_run(client, run)
            assert (shown["name"], shown["state"], shown["assessmentTemplateArn"]) == (
                f"of {number}",
                "COMPLETED",
                template,
            )
            assert sum(shown["findingCounts"].values()) == len(own)
            assert client.list_tags_for_resource(resourceArn=template)["tags"] == [
                {"key": "thread", "value": str(number)}
            ]
        counts = Counter((sent.topic_arn, sent.event) for sent in backend.published)
        assert counts == {
            (TOPIC.format(number), event): 1
            for number in range(THREADS)
            for event in ("ENABLE_ASSESSMENT_NOTIFICATIONS", "ASSESSMENT_RUN_COMPLETED")
        }
        assert {json.loads(sent.message)["template"] for sent in backend.published} == set(templates)
        made_calls = Counter(call.operation for call in backend.calls if call.operation.startswith(("Create", "Start")))
        assert made_calls == {
            "CreateResourceGroup": THREADS,
            "CreateAssessmentTarget": 2 * THREADS,
            "CreateAssessmentTemplate": THREADS,
            "StartAssessmentRun": THREADS,
        }


@pytest.mark.slow
def test_of_threads_that_create_the_same_name_one_succeeds(inspector_backend, client):
    def work(number):
        return Counter(
            outcome(client.create_assessment_target, assessmentTargetName=f"contested {name}") for name in range(10)
        )

    outcomes: Counter[str | None] = sum(at_once(work), Counter())
    assert outcomes == {None: 10, "InvalidInputException": 10 * (THREADS - 1)}
    assert len(every(client, "list_assessment_targets", "assessmentTargetArns")) == 10


@pytest.mark.mock_inspector(limits={"assessment_targets": 100})
def test_no_more_threads_get_through_than_a_quota_allows(inspector_backend, client):
    def work(number):
        names = [f"{index} of {number}" for index in range(10)]
        return Counter(outcome(client.create_assessment_target, assessmentTargetName=name) for name in names)

    outcomes: Counter[str | None] = sum(at_once(work), Counter())
    assert outcomes == {None: 100, "LimitExceededException": 10 * THREADS - 100}
    assert len(every(client, "list_assessment_targets", "assessmentTargetArns")) == 100


@pytest.mark.slow
def test_what_threads_delete_at_once_is_deleted_once(inspector_backend, client):
    arns = [
        client.create_assessment_target(assessmentTargetName=f"target {number}")["assessmentTargetArn"]
        for number in range(10)
    ]

    def work(number):
        return Counter(outcome(client.delete_assessment_target, assessmentTargetArn=arn) for arn in arns)

    assert sum(at_once(work), Counter()) == {None: 10, "NoSuchEntityException": 10 * (THREADS - 1)}
    assert every(client, "list_assessment_targets", "assessmentTargetArns") == []


@pytest.mark.slow
def test_pages_that_threads_read_while_others_write_show_each_target_once(inspector_backend, client):
    kept = [
        client.create_assessment_target(assessmentTargetName=f"kept {number}")["assessmentTargetArn"]
        for number in range(20)
    ]

    def work(number):
        if number % 4:
            return every(client, "list_assessment_targets", "assessmentTargetArns", PaginationConfig={"PageSize": 3})
        arn = client.create_assessment_target(assessmentTargetName=f"passing {number}")["assessmentTargetArn"]
        client.delete_assessment_target(assessmentTargetArn=arn)
        return list(kept)

    for seen in at_once(work):
        assert len(set(seen)) == len(seen)
        assert [arn for arn in seen if arn in kept] == kept


@pytest.mark.slow
def test_each_answer_has_a_request_id_of_its_own(inspector_backend, client):
    def work(number):
        return [client.list_rules_packages()["ResponseMetadata"]["RequestId"] for _ in range(20)]

    ids = [request_id for ids in at_once(work) for request_id in ids]
    assert len(set(ids)) == 20 * THREADS
    assert len(inspector_backend.calls.of("ListRulesPackages")) == 20 * THREADS


# Threads


@pytest.mark.mock_inspector(limits={"assessment_targets": None})
@pytest.mark.slow
def test_calls_of_threads_lose_nothing(inspector_backend, client):
    start = Barrier(8)

    def create(thread):
        start.wait()
        return [create_target(client, f"{thread}-{number}") for number in range(50)]

    with ThreadPoolExecutor(8) as threads:
        created = [arn for arns in threads.map(create, range(8)) for arn in arns]

    pages = client.get_paginator("list_assessment_targets").paginate(PaginationConfig={"PageSize": 100})
    listed = [arn for page in pages for arn in page["assessmentTargetArns"]]
    assert len(listed) == 400
    assert sorted(listed) == sorted(created)


def test_threads_that_are_mocked_at_once_share_the_mock(unreachable_client):
    inside = Barrier(4)

    @mock_inspector
    def work(number):
        inside.wait()
        create_target(unreachable_client, f"target {number}")
        inside.wait()
        return len(list_targets(unreachable_client))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [4] * 4
    assert not is_mocked(unreachable_client)

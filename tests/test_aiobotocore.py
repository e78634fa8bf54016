"""aiobotocore's clients reach the mock as botocore's do."""

import asyncio

import pytest
from botocore.exceptions import ClientError

from mock_inspector import mock_inspector
from mock_inspector.clients.guard import UnmockedRequestError
from tests.clocks import real_seconds

aiobotocore_session = pytest.importorskip("aiobotocore.session", reason="aiobotocore is not installed")
AioConfig = pytest.importorskip("aiobotocore.config").AioConfig

KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}


def aio_client(service="inspector", **options):
    return aiobotocore_session.get_session().create_client(service, region_name="us-west-2", **{**KEYS, **options})


def test_a_client_made_before_the_mock_reaches_it():
    async def scenario():
        async with aio_client() as client:
            with mock_inspector(region="us-west-2") as backend:
                await client.create_assessment_target(assessmentTargetName="aio")
                pages = client.get_paginator("list_rules_packages").paginate(PaginationConfig={"PageSize": 2})
                packages = [arn async for page in pages for arn in page["rulesPackageArns"]]
                return backend.list_assessment_targets(), packages

    targets, packages = asyncio.run(scenario())
    assert len(targets["assessmentTargetArns"]) == 1
    assert len(packages) == 5


def test_errors_come_as_errors(inspector_backend):
    async def scenario():
        async with aio_client() as client:
            with pytest.raises(ClientError, match="NoSuchEntityException"):
                await client.delete_assessment_target(
                    assessmentTargetArn="arn:aws:inspector:us-west-2:123456789012:target/0-00000000"
                )

    asyncio.run(scenario())


def test_a_client_without_credentials_reaches_it(inspector_backend, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    async def scenario():
        async with aio_client(aws_access_key_id=None, aws_secret_access_key=None) as client:
            return await client.list_findings()

    assert asyncio.run(scenario())["findingArns"] == []


def test_polling_and_concurrent_tasks_take_no_time(inspector_backend):
    async def scenario():
        async with aio_client() as client:
            await asyncio.gather(*(client.create_assessment_target(assessmentTargetName=f"t{n}") for n in range(20)))
            target = (await client.list_assessment_targets())["assessmentTargetArns"][0]
            template = await client.create_assessment_template(
                assessmentTargetArn=target, assessmentTemplateName="t", durationInSeconds=3600, rulesPackageArns=[]
            )
            run = await client.start_assessment_run(assessmentTemplateArn=template["assessmentTemplateArn"])
            while True:
                shown = await client.describe_assessment_runs(assessmentRunArns=[run["assessmentRunArn"]])
                if shown["assessmentRuns"][0]["state"] == "COMPLETED":
                    return
                await asyncio.sleep(30)

    with real_seconds():
        asyncio.run(scenario())


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_retries_take_no_time(inspector_backend, mode):
    async def scenario():
        async with aio_client(config=AioConfig(retries={"mode": mode, "max_attempts": 5})) as client:
            inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=4)
            return await client.list_findings()

    start = inspector_backend.clock.now()
    with real_seconds():
        assert asyncio.run(scenario())["ResponseMetadata"]["RetryAttempts"] == 4
    assert inspector_backend.clock.now() > start, "the back-off moves the frozen clock instead"


def test_an_unmocked_service_is_stopped(inspector_backend):
    async def scenario():
        async with aio_client("sqs") as client:
            await client.list_queues()

    with pytest.raises(UnmockedRequestError, match="sqs:ListQueues"):
        asyncio.run(scenario())


def test_afterwards_everything_is_as_before():
    from aiobotocore.endpoint import AioEndpoint

    def patchable():
        return getattr(AioEndpoint, "_sleep", None), AioEndpoint._send, AioEndpoint.make_request

    before = patchable()

    async def scenario():
        async with aio_client() as client:
            with mock_inspector(region="us-west-2"):
                await client.list_findings()
                assert AioEndpoint._send is not before[1]

    asyncio.run(scenario())
    assert patchable() == before

"""aiobotocore's clients reach the mock as botocore's do."""

import asyncio
import subprocess
import sys
import textwrap

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.errors import UnmockedRequestError

from ..support.fast_subset import slow

aiobotocore_session = pytest.importorskip("aiobotocore.session", reason="aiobotocore is not installed")
AioConfig = pytest.importorskip("aiobotocore.config").AioConfig

# What its newest versions say of the httpx that most people have.
pytestmark = pytest.mark.filterwarnings("ignore:aiobotocore's httpx backend:DeprecationWarning")

KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}


def aio_client(service="inspector", **options):
    return aiobotocore_session.get_session().create_client(service, region_name="us-west-2", **{**KEYS, **options})


def aiohttp_session():
    return {}


def httpx_session():
    pytest.importorskip("httpx", reason="httpx is not installed")
    reason = "this aiobotocore has no sessions of httpx"
    return {"http_session_cls": pytest.importorskip("aiobotocore.httpxsession", reason=reason).HttpxSession}


@pytest.fixture(params=[aiohttp_session, slow(httpx_session)])
def make_client(request):
    """Make a client that sends over aiohttp or httpx."""
    chosen = request.param()

    def make(service="inspector", *, config=None, **options):
        return aio_client(service, config=AioConfig(**chosen, **(config or {})), **options)

    return make


def test_a_client_made_before_the_mock_reaches_it(make_client):
    async def scenario():
        async with make_client() as client:
            with mock_inspector(region="us-west-2") as backend:
                await client.create_assessment_target(assessmentTargetName="aio")
                pages = client.get_paginator("list_rules_packages").paginate(PaginationConfig={"PageSize": 2})
                packages = [arn async for page in pages for arn in page["rulesPackageArns"]]
                assert len(packages) == len(set(packages))
                return backend.list_assessment_targets(), packages

    targets, packages = asyncio.run(scenario())
    assert len(targets["assessmentTargetArns"]) == 1
    assert len(packages) == 5


@pytest.mark.slow
def test_errors_are_raised_by_aiobotocore_clients(inspector_backend, make_client):
    async def scenario():
        async with make_client() as client:
            with pytest.raises(ClientError, match="NoSuchEntityException"):
                await client.delete_assessment_target(
                    assessmentTargetArn="arn:aws:inspector:us-west-2:123456789012:target/0-00000000"
                )

    asyncio.run(scenario())


def test_a_client_without_credentials_reaches_it(inspector_backend, monkeypatch, make_client):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    async def scenario():
        async with make_client(aws_access_key_id=None, aws_secret_access_key=None) as client:
            return await client.list_findings()

    assert asyncio.run(scenario())["findingArns"] == []


@pytest.mark.parametrize(
    "config", [{}, {"defaults_mode": "auto"}], ids=["for credentials", "for credentials and region"]
)
def test_the_metadata_service_is_not_asked(inspector_backend, metadata_service, make_client, config):
    async def scenario():
        async with make_client(config=config, aws_access_key_id=None, aws_secret_access_key=None) as client:
            return await client.list_findings()

    assert asyncio.run(scenario())["findingArns"] == []
    with pytest.raises(BlockingIOError):
        metadata_service.accept()


@pytest.mark.slow
def test_a_request_that_a_proxy_takes_off_the_machine_is_stopped(inspector_backend, make_client):
    async def scenario():
        config = {"proxies": {"http": "http://192.0.2.1:3128"}, "connect_timeout": 0.1, "retries": {"max_attempts": 0}}
        async with make_client("sqs", endpoint_url="http://localhost:4566", config=config) as client:
            await client.list_queues()

    with pytest.raises(
        UnmockedRequestError, match=r"Blocked sqs:ListQueues .* the proxy http://192\.0\.2\.1:3128 is not"
    ):
        asyncio.run(scenario())


def test_polling_and_concurrent_tasks_take_no_time(inspector_backend, make_client):
    async def scenario():
        async with make_client() as client:
            await asyncio.gather(*(client.create_assessment_target(assessmentTargetName=f"t{n}") for n in range(20)))
            target = (await client.list_assessment_targets())["assessmentTargetArns"][0]
            packages = (await client.list_rules_packages())["rulesPackageArns"]
            template = await client.create_assessment_template(
                assessmentTargetArn=target,
                assessmentTemplateName="t",
                durationInSeconds=3600,
                rulesPackageArns=packages,
            )
            run = await client.start_assessment_run(assessmentTemplateArn=template["assessmentTemplateArn"])
            while True:
                shown = await client.describe_assessment_runs(assessmentRunArns=[run["assessmentRunArn"]])
                if shown["assessmentRuns"][0]["state"] == "COMPLETED":
                    return
                await asyncio.sleep(30)

    asyncio.run(scenario())


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_retries_take_no_time(inspector_backend, mode, make_client):
    async def scenario():
        async with make_client(config={"retries": {"mode": mode, "max_attempts": 5}}) as client:
            inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=4)
            return await client.list_findings()

    start = inspector_backend.clock.now()
    assert asyncio.run(scenario())["ResponseMetadata"]["RetryAttempts"] == 4
    assert inspector_backend.clock.now() > start, "the back-off moves the frozen clock instead"


def test_an_unmocked_service_is_stopped(inspector_backend, make_client):
    async def scenario():
        async with make_client("sqs") as client:
            await client.list_queues()

    with pytest.raises(UnmockedRequestError, match="Blocked sqs:ListQueues"):
        asyncio.run(scenario())


def test_a_request_that_a_replaced_session_answers_is_let_through(inspector_backend, make_client):
    async def scenario():
        async with make_client("sqs") as client:
            own = client._endpoint.http_session
            client._endpoint.http_session = AnsweringSession()
            try:
                return await client.list_queues()
            finally:
                client._endpoint.http_session = own  # the client closes it

    with pytest.raises(ConnectionClosedError, match="as far as it gets here"):
        asyncio.run(scenario())


class AnsweringSession:
    """An HTTP session that answers all requests itself."""

    async def send(self, request):
        raise ConnectionClosedError(endpoint_url="as far as it gets here")


@pytest.mark.slow
def test_unmocked_requests_at_once_are_each_named(inspector_backend, make_client):
    async def scenario():
        async with make_client("sqs") as sqs, make_client("sns") as sns:
            return await asyncio.gather(sqs.list_queues(), sns.list_topics(), return_exceptions=True)

    for error, name in zip(asyncio.run(scenario()), ["sqs:ListQueues", "sns:ListTopics"], strict=True):
        assert isinstance(error, UnmockedRequestError)
        assert str(error).startswith(f"Blocked {name} to ")


@pytest.mark.slow
def test_aiobotocore_may_be_imported_while_the_mock_is_active():
    script = """
        import asyncio, sys
        from mock_inspector import mock_inspector
        from mock_inspector.errors import UnmockedRequestError

        async def call(service, operation):
            keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
            session = aiobotocore.session.get_session()
            async with session.create_client(service, region_name="us-west-2", **keys) as client:
                return await getattr(client, operation)()

        with mock_inspector():
            assert "aiobotocore" not in sys.modules
            import aiobotocore.endpoint, aiobotocore.session
            ours = aiobotocore.endpoint.AioEndpoint._send
            assert asyncio.run(call("inspector", "list_findings"))["findingArns"] == []
            try:
                asyncio.run(call("sqs", "list_queues"))
            except UnmockedRequestError:
                print("blocked")
        assert aiobotocore.endpoint.AioEndpoint._send is not ours
        assert aiobotocore.endpoint.AioEndpoint._send.__module__ == "aiobotocore.endpoint"
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, capture_output=True, text=True)
    assert done.stdout == "blocked\n"


@pytest.mark.mock_inspector(limits={"assessment_targets": None})
def test_fifty_calls_at_once_are_all_answered(inspector_backend, make_client):
    async def scenario():
        async with make_client() as shared, make_client() as other:
            created = await asyncio.gather(
                *(
                    client.create_assessment_target(assessmentTargetName=f"{name} {number}")
                    for number in range(25)
                    for name, client in (("shared", shared), ("other", other))
                )
            )
            pages = shared.get_paginator("list_assessment_targets").paginate(PaginationConfig={"PageSize": 7})
            return [made["assessmentTargetArn"] for made in created], [
                arn async for page in pages for arn in page["assessmentTargetArns"]
            ]

    created, listed = asyncio.run(scenario())
    assert len(set(created)) == 50
    assert sorted(listed) == sorted(created)


def test_a_failure_of_the_network_is_raised_and_retried(inspector_backend, make_client):
    async def scenario():
        async with make_client(config={"retries": {"total_max_attempts": 2}}) as client:
            inspector_backend.inject_fault("ListFindings", ReadTimeoutError(endpoint_url="https://example"), times=3)
            with pytest.raises(ReadTimeoutError):
                await client.list_findings()
            return (await client.list_findings())["ResponseMetadata"]["RetryAttempts"]

    assert asyncio.run(scenario()) == 1


def test_tasks_that_wait_in_turns_wait_by_the_mocks_clock(inspector_backend, make_client):
    start = inspector_backend.clock.now()
    order = []

    async def later(client, seconds):
        await asyncio.sleep(seconds)
        order.append((seconds, (await client.list_findings())["ResponseMetadata"]["HTTPStatusCode"]))

    async def scenario():
        async with make_client() as client:
            await asyncio.gather(*(later(client, seconds) for seconds in (3600, 60, 600)))

    asyncio.run(scenario())
    assert order == [(60, 200), (600, 200), (3600, 200)]
    assert (inspector_backend.clock.now() - start).total_seconds() == pytest.approx(3600, abs=1)


@pytest.mark.slow
def test_beside_moto_each_answers_for_its_own(inspector_backend, make_client):
    async def scenario():
        async with make_client() as client:
            with mock_aws():
                assert (await client.list_findings())["findingArns"] == []
            return await client.list_rules_packages()

    assert len(asyncio.run(scenario())["rulesPackageArns"]) == 5


def handlers(client):
    return client.meta.events._emitter._handlers.prefix_search("before-send.inspector.ListFindings")


def test_aiobotocore_is_as_before_after_the_mock(make_client):
    from aiobotocore.endpoint import AioEndpoint

    def patchable():
        return getattr(AioEndpoint, "_sleep", None), AioEndpoint._send, AioEndpoint.make_request

    before = patchable()

    async def scenario():
        async with make_client() as client:
            registered = list(handlers(client))
            with mock_inspector(region="us-west-2"):
                await client.list_findings()
                assert AioEndpoint._send is not before[1]
                assert list(handlers(client)) != registered
            assert list(handlers(client)) == registered

    asyncio.run(scenario())
    assert patchable() == before

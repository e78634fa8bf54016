"""mock_inspector as a context manager and as a decorator of functions, coroutines and generators."""

import asyncio
import datetime
import inspect
import os

import boto3
import pytest

from mock_inspector import InspectorBackend, mock_inspector

from ..support.aws import a_target, mocked, targets

# Beginning and ending


def test_a_context_manager_mocks_what_is_inside(lonely):
    assert not mocked(lonely)
    with mock_inspector() as backend:
        assert isinstance(backend, InspectorBackend)
        assert mocked(lonely)
    assert not mocked(lonely)


def test_an_async_context_manager_mocks_what_is_inside(lonely):
    async def scenario():
        async with mock_inspector(region="eu-west-1") as backend:
            return backend.region, mocked(lonely)

    assert asyncio.run(scenario()) == ("eu-west-1", True)
    assert not mocked(lonely)


@pytest.mark.parametrize("decorate", [mock_inspector, mock_inspector()], ids=["bare", "called"])
def test_a_decorated_function_is_mocked_while_it_runs(lonely, decorate):
    @decorate
    def function(one, *, two=2):
        """What it does."""
        return mocked(lonely), one, two

    assert not mocked(lonely)
    assert function(1, two=3) == (True, 1, 3)
    assert not mocked(lonely)
    assert (function.__name__, function.__doc__) == ("function", "What it does.")
    assert str(inspect.signature(function)) == "(one, *, two=2)"


@pytest.mark.parametrize("decorate", [mock_inspector, mock_inspector()], ids=["bare", "called"])
def test_a_decorated_coroutine_is_mocked_while_it_runs(lonely, decorate):
    @decorate
    async def coroutine(value):
        await asyncio.sleep(0)
        return mocked(lonely), value

    assert inspect.iscoroutinefunction(coroutine)
    waiting = coroutine(1)
    assert not mocked(lonely)
    assert asyncio.run(waiting) == (True, 1)
    assert not mocked(lonely)


@pytest.mark.parametrize("decorate", [mock_inspector, mock_inspector()], ids=["bare", "called"])
def test_a_decorated_generator_is_mocked_until_it_ends(lonely, decorate):
    @decorate
    def generator():
        received = yield mocked(lonely)
        yield received
        return mocked(lonely)

    assert inspect.isgeneratorfunction(generator)
    steps = generator()
    assert not mocked(lonely)
    assert next(steps) is True
    assert mocked(lonely)
    assert steps.send("sent") == "sent"
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value is True
    assert not mocked(lonely)


def test_a_decorated_generator_that_is_closed_early_cleans_up(lonely):
    seen = []

    @mock_inspector
    def generator():
        try:
            yield
        finally:
            seen.append(mocked(lonely))

    steps = generator()
    next(steps)
    steps.close()

    assert seen == [True]
    assert not mocked(lonely)


def test_a_decorated_async_generator_is_mocked_until_it_ends(lonely):
    @mock_inspector
    async def generator():
        yield mocked(lonely)
        yield mocked(lonely)

    async def scenario():
        steps = generator()
        before = mocked(lonely)
        return before, [step async for step in steps], mocked(lonely)

    assert inspect.isasyncgenfunction(generator)
    assert asyncio.run(scenario()) == (False, [True, True], False)


def test_a_decorated_async_generator_that_is_closed_early_cleans_up_inside_the_mock(lonely):
    seen = []

    @mock_inspector
    async def generator():
        try:
            yield
        finally:
            seen.append(mocked(lonely))

    async def scenario():
        steps = generator()
        await anext(steps)
        await steps.aclose()
        return list(seen), mocked(lonely)

    assert asyncio.run(scenario()) == ([True], False)


@pytest.fixture
@mock_inspector(region="eu-central-1")
def furnished(session):
    """A fixture that is decorated."""
    client = session.client("inspector", region_name="eu-central-1")
    a_target(client, "furniture")
    yield client
    assert len(targets(client)) == 2


def test_a_decorated_fixture_mocks_the_test(furnished, lonely):
    assert mocked(lonely)
    assert len(targets(furnished)) == 1
    a_target(furnished, "more")


@mock_inspector
@pytest.mark.parametrize("name", ["web", "db"])
def test_a_decorated_test_keeps_fixtures_and_parameters(client, name, tmp_path):
    assert tmp_path.is_dir()
    assert targets(client) == []
    a_target(client, name)


@pytest.mark.parametrize("decorated", [None, 3, "us-west-2", object()])
def test_what_cannot_be_called_is_not_decorated(decorated):
    with pytest.raises(TypeError, match="mock_inspector"):
        mock_inspector()(decorated)


def test_everything_is_cleaned_up_after_an_exception(lonely, client):
    @mock_inspector
    def fail():
        a_target(client, "web")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), mock_inspector(at="2001-01-01T00:00:00Z"):
        fail()

    assert not mocked(lonely)
    assert datetime.datetime.now(datetime.timezone.utc).year > 2020
    with mock_inspector():
        assert targets(client) == []


def test_a_mock_that_cannot_begin_leaves_nothing_behind(lonely, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "the moon")

    with pytest.raises(ValueError, match="AWS_DEFAULT_REGION"), mock_inspector(at="2001-01-01T00:00:00Z"):
        pytest.fail("it began")

    assert not mocked(lonely)
    assert datetime.datetime.now(datetime.timezone.utc).year > 2020


def test_the_environment_and_boto3_are_left_as_they_are():
    before = dict(os.environ), boto3.DEFAULT_SESSION
    with mock_inspector():
        assert (dict(os.environ), boto3.DEFAULT_SESSION) == before
    assert (dict(os.environ), boto3.DEFAULT_SESSION) == before

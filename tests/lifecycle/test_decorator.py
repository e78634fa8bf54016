"""mock_inspector as a context manager and as a decorator of functions, coroutines and generators."""

import asyncio
import datetime
import inspect
import os
import unittest

import boto3
import pytest

from mock_inspector import InspectorBackend, mock_inspector
from mock_inspector.errors import UnusedFaultError

from ..support.aws import create_target, is_mocked, list_targets

# Beginning and ending


def test_a_context_manager_mocks_what_is_inside(unreachable_client):
    assert not is_mocked(unreachable_client)
    with mock_inspector() as backend:
        assert isinstance(backend, InspectorBackend)
        assert is_mocked(unreachable_client)
    assert not is_mocked(unreachable_client)


def test_an_async_context_manager_mocks_what_is_inside(unreachable_client):
    async def scenario():
        async with mock_inspector(region="eu-west-1") as backend:
            return backend.region, is_mocked(unreachable_client)

    assert asyncio.run(scenario()) == ("eu-west-1", True)
    assert not is_mocked(unreachable_client)


def test_start_begins_the_mock_and_stop_ends_it(unreachable_client):
    mock = mock_inspector(region="eu-west-1")
    for _ in range(2):
        backend = mock.start()
        assert isinstance(backend, InspectorBackend)
        assert (backend.region, is_mocked(unreachable_client)) == ("eu-west-1", True)
        assert backend.list_assessment_targets() == {"assessmentTargetArns": []}, "each start is empty"
        backend.create_assessment_target(assessmentTargetName="one")
        mock.stop()
        assert not is_mocked(unreachable_client)


def test_starts_nest_and_each_has_its_stop(unreachable_client):
    mock = mock_inspector()
    first, second = mock.start(), mock.start()
    assert first is second
    mock.stop()
    assert is_mocked(unreachable_client)
    mock.stop()
    assert not is_mocked(unreachable_client)


def test_a_stop_without_a_start_is_refused():
    mock = mock_inspector()
    with pytest.raises(RuntimeError, match=r"stop\(\) must come after start\(\)"):
        mock.stop()
    mock.start()
    mock.stop()
    with pytest.raises(RuntimeError, match=r"stop\(\) must come after start\(\)"):
        mock.stop()


def test_stop_reports_unused_faults_and_ends_the_mock_all_the_same(unreachable_client):
    mock = mock_inspector()
    mock.start().inject_fault("ListFindings", "ThrottlingException")
    with pytest.raises(UnusedFaultError, match="ListFindings"):
        mock.stop()
    assert not is_mocked(unreachable_client)


def test_a_test_case_can_start_and_stop_the_mock_around_each_test(unreachable_client):
    seen = []

    class Case(unittest.TestCase):
        def setUp(self):
            mock = mock_inspector()
            self.backend = mock.start()
            self.addCleanup(mock.stop)

        def test_one(self):
            create_target(unreachable_client, "one")
            seen.append(len(list_targets(unreachable_client)))

        test_two = test_one

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert result.wasSuccessful(), result.errors + result.failures
    assert seen == [1, 1]
    assert not is_mocked(unreachable_client)


@pytest.mark.parametrize("decorate", [mock_inspector, mock_inspector()], ids=["bare", "called"])
def test_a_decorated_function_is_mocked_while_it_runs(unreachable_client, decorate):
    @decorate
    def function(one, *, two=2):
        """What it does."""
        return is_mocked(unreachable_client), one, two

    assert not is_mocked(unreachable_client)
    assert function(1, two=3) == (True, 1, 3)
    assert not is_mocked(unreachable_client)
    assert (function.__name__, function.__doc__) == ("function", "What it does.")
    assert str(inspect.signature(function)) == "(one, *, two=2)"


@pytest.mark.parametrize("decorate", [mock_inspector, mock_inspector()], ids=["bare", "called"])
def test_a_decorated_coroutine_is_mocked_while_it_runs(unreachable_client, decorate):
    @decorate
    async def coroutine(value):
        await asyncio.sleep(0)
        return is_mocked(unreachable_client), value

    assert inspect.iscoroutinefunction(coroutine)
    waiting = coroutine(1)
    assert not is_mocked(unreachable_client)
    assert asyncio.run(waiting) == (True, 1)
    assert not is_mocked(unreachable_client)


@pytest.mark.parametrize("decorate", [mock_inspector, mock_inspector()], ids=["bare", "called"])
def test_a_decorated_generator_is_mocked_until_it_ends(unreachable_client, decorate):
    @decorate
    def generator():
        received = yield is_mocked(unreachable_client)
        yield received
        return is_mocked(unreachable_client)

    assert inspect.isgeneratorfunction(generator)
    steps = generator()
    assert not is_mocked(unreachable_client)
    assert next(steps) is True
    assert is_mocked(unreachable_client)
    assert steps.send("sent") == "sent"
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value is True
    assert not is_mocked(unreachable_client)


def test_a_decorated_generator_that_is_closed_early_cleans_up(unreachable_client):
    seen = []

    @mock_inspector
    def generator():
        try:
            yield
        finally:
            seen.append(is_mocked(unreachable_client))

    steps = generator()
    next(steps)
    steps.close()

    assert seen == [True]
    assert not is_mocked(unreachable_client)


def test_a_decorated_async_generator_is_mocked_until_it_ends(unreachable_client):
    @mock_inspector
    async def generator():
        yield is_mocked(unreachable_client)
        yield is_mocked(unreachable_client)

    async def scenario():
        steps = generator()
        before = is_mocked(unreachable_client)
        return before, [step async for step in steps], is_mocked(unreachable_client)

    assert inspect.isasyncgenfunction(generator)
    assert asyncio.run(scenario()) == (False, [True, True], False)


def test_a_decorated_async_generator_that_is_closed_early_cleans_up_inside_the_mock(unreachable_client):
    seen = []

    @mock_inspector
    async def generator():
        try:
            yield
        finally:
            seen.append(is_mocked(unreachable_client))

    async def scenario():
        steps = generator()
        await anext(steps)
        await steps.aclose()
        return list(seen), is_mocked(unreachable_client)

    assert asyncio.run(scenario()) == ([True], False)


@pytest.fixture
@mock_inspector(region="eu-central-1")
def target_of_the_fixture(session):
    """A fixture that is decorated."""
    client = session.client("inspector", region_name="eu-central-1")
    create_target(client, "furniture")
    yield client
    assert len(list_targets(client)) == 2


def test_a_decorated_fixture_mocks_the_test(target_of_the_fixture, unreachable_client):
    assert is_mocked(unreachable_client)
    assert len(list_targets(target_of_the_fixture)) == 1
    create_target(target_of_the_fixture, "more")


@mock_inspector
@pytest.mark.parametrize("name", ["web", "db"])
def test_a_decorated_test_keeps_fixtures_and_parameters(client, name, tmp_path):
    assert tmp_path.is_dir()
    assert list_targets(client) == []
    create_target(client, name)


@pytest.mark.parametrize("decorated", [None, 3, "us-west-2", object()])
def test_an_object_that_is_not_callable_is_not_decorated(decorated):
    with pytest.raises(TypeError, match="mock_inspector"):
        mock_inspector()(decorated)


def test_the_mock_cleans_up_after_an_exception(unreachable_client, client):
    @mock_inspector
    def fail():
        create_target(client, "web")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), mock_inspector(at="2001-01-01T00:00:00Z"):
        fail()

    assert not is_mocked(unreachable_client)
    assert datetime.datetime.now(datetime.timezone.utc).year > 2020
    with mock_inspector():
        assert list_targets(client) == []


def test_a_mock_that_cannot_begin_leaves_nothing_behind(unreachable_client, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "the moon")

    with pytest.raises(ValueError, match="AWS_DEFAULT_REGION"), mock_inspector(at="2001-01-01T00:00:00Z"):
        pytest.fail("it began")

    assert not is_mocked(unreachable_client)
    assert datetime.datetime.now(datetime.timezone.utc).year > 2020


def test_the_mock_leaves_the_environment_and_boto3_as_they_are():
    before = dict(os.environ), boto3.DEFAULT_SESSION
    with mock_inspector():
        assert (dict(os.environ), boto3.DEFAULT_SESSION) == before
    assert (dict(os.environ), boto3.DEFAULT_SESSION) == before

"""Being mocked: where it begins and ends, whom it reaches, whose account and region it is, and what ids it mints."""

import asyncio
import datetime
import inspect
import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from mock_inspector import InspectorBackend, errors, mock_inspector

from .worlds import ACCOUNT, CVE, a_group, a_run, a_target, a_template, findings_of, refused

OTHER_ACCOUNT = "210987654321"


def closed_port():
    """A URL of this machine at which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session")
def lonely(session):
    """A client that gets an answer from nobody but the mock."""
    config = Config(retries={"max_attempts": 0}, connect_timeout=2)
    return session.client("inspector", endpoint_url=closed_port(), config=config)


def mocked(lonely):
    try:
        lonely.list_assessment_targets()
    except EndpointConnectionError:
        return False
    return True


def targets(client):
    return client.list_assessment_targets()["assessmentTargetArns"]


def an_id(backend):
    """A freshly minted id."""
    group = backend.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])
    return group["resourceGroupArn"].rpartition("/")[2]


def caller(session, **options):
    """A client's account and region, as seen in what it creates."""
    client = session.client("inspector", **options)
    arn = a_group(client, Name="web")
    _, partition, service, region, account, _ = arn.split(":", 5)
    assert service == "inspector"
    return partition, region, account


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


def test_the_outermost_mock_starts_empty(client):
    mock = mock_inspector()
    for _ in range(2):
        with mock as backend:
            assert targets(client) == []
            a_target(client, "web")
            backend.add_instance("i-web")


def test_the_environment_and_boto3_are_left_as_they_are():
    before = dict(os.environ), boto3.DEFAULT_SESSION
    with mock_inspector():
        assert (dict(os.environ), boto3.DEFAULT_SESSION) == before
    assert (dict(os.environ), boto3.DEFAULT_SESSION) == before


# Nesting


def test_nested_mocks_share_one_state(lonely, client):
    with mock_inspector() as outer:
        target = a_target(client, "web")
        with mock_inspector() as inner:
            assert inner is outer
            assert targets(client) == [target]
            a_target(client, "db")
        assert len(targets(client)) == 2
        assert mocked(lonely)
    assert not mocked(lonely)


def test_an_inner_mock_may_choose_region_and_account():
    with mock_inspector(region="eu-west-1") as outer:
        with mock_inspector(region="us-east-2") as inner:
            assert inner is outer.for_region("us-east-2")
            with mock_inspector(account_id=OTHER_ACCOUNT) as innermost:
                assert innermost is inner.for_account(OTHER_ACCOUNT)
        with mock_inspector(region="us-east-2", account_id=OTHER_ACCOUNT) as inner:
            assert (inner.region, inner.account_id) == ("us-east-2", OTHER_ACCOUNT)


@pytest.mark.parametrize(
    ("name", "value"),
    [("at", "2020-01-02T00:00:00Z"), ("freeze", False), ("id_seed", "other"), ("limits", {"assessment_targets": 3})],
)
def test_an_inner_mock_that_contradicts_the_outermost_is_refused(lonely, client, name, value):
    keywords: dict[str, Any] = {"at": "2020-01-01T00:00:00Z", "id_seed": "mine", "limits": {"assessment_targets": 2}}
    with mock_inspector(**keywords):
        with pytest.raises(ValueError, match=rf"^{name}\b.*{re.escape(repr(value))}"), mock_inspector(**{name: value}):
            pytest.fail("it began")
        with mock_inspector(**keywords):
            a_target(client, "web")
        assert len(targets(client)) == 1
    assert not mocked(lonely)


def test_a_decorated_function_calls_itself_in_one_mock(client):
    @mock_inspector
    def recurse(depth):
        a_target(client, f"target {depth}")
        return recurse(depth - 1) if depth else len(targets(client))

    assert recurse(3) == recurse(3) == 4


@pytest.fixture
def active():
    with mock_inspector(region="eu-north-1") as backend:
        yield backend


def test_the_fixture_is_the_active_mocks_backend(active, inspector_backend):
    assert inspector_backend is active


# Options


@pytest.mark.mock_inspector(account_id=OTHER_ACCOUNT, region="eu-west-1", at="2020-02-29T00:00:00Z")
def test_a_marker_configures_the_fixture(inspector_backend):
    assert (inspector_backend.account_id, inspector_backend.region) == (OTHER_ACCOUNT, "eu-west-1")
    assert inspector_backend.clock.now() == datetime.datetime(2020, 2, 29, tzinfo=datetime.timezone.utc)


@mock_inspector(region="ap-south-1", limits={"assessment_targets": 1})
def test_a_decorator_configures_the_fixture(inspector_backend):
    assert inspector_backend.region == "ap-south-1"
    inspector_backend.create_assessment_target(assessmentTargetName="one")
    with pytest.raises(errors.LimitExceededException):
        inspector_backend.create_assessment_target(assessmentTargetName="two")


@pytest.mark.mock_inspector(region="eu-west-1", id_seed="of the class", at="2020-02-29T00:00:00Z")
class TestMarkers:
    @pytest.mark.mock_inspector(region="eu-west-2")
    @mock_inspector(id_seed="of the decorator")
    def test_the_nearest_marker_wins_keyword_by_keyword(self, inspector_backend):
        assert inspector_backend.region == "eu-west-2"
        assert inspector_backend.clock.now().year == 2020
        minted = an_id(inspector_backend)
        inspector_backend.reset()
        assert minted == an_id(inspector_backend)

    def test_a_marker_mocks_a_test_that_does_not_ask_for_the_fixture(self, lonely):
        assert mocked(lonely)


@pytest.mark.mock_inspector(limits={"assessment_targets": None})
def test_a_quota_can_be_lifted(inspector_backend, client):
    for number in range(51):
        a_target(client, f"target {number}")

    assert len(client.list_assessment_targets(maxResults=100)["assessmentTargetArns"]) == 51


def test_quotas_are_the_services_unless_told_otherwise(inspector_backend, client):
    for number in range(50):
        a_target(client, f"target {number}")

    with refused("LimitExceededException", "ASSESSMENT_TARGET_LIMIT_EXCEEDED"):
        a_target(client, "one more")


def test_the_region_is_the_environments_else_us_east_1(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_inspector() as backend:
        assert (backend.account_id, backend.region) == (ACCOUNT, "eu-west-2")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with mock_inspector() as backend:
        assert backend.region == "us-east-1"


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("account_id", "12", "12 digits"),
        ("account_id", 123456789012, "12 digits"),
        ("region", "the moon", "region's name"),
        ("region", 7, "region's name"),
        ("freeze", "yes", 'must be True, False, "freezegun" or "time-machine"'),
        ("freeze", None, 'must be True, False, "freezegun" or "time-machine"'),
        ("sleep", 1, "True or False"),
        ("at", "yesterday", "ISO 8601"),
        ("at", True, "ISO 8601"),
        ("at", 1e300, "ISO 8601"),
        ("limits", {"targets": 1}, "assessment_targets"),
        ("limits", {"assessment_targets": -1}, "whole number"),
        ("limits", {"assessment_targets": 1.5}, "whole number"),
        ("limits", 3, "mapping"),
        ("id_seed", 3, "string"),
    ],
)
def test_a_bad_value_is_an_error_at_once_that_says_what_the_keyword_takes(name, value, takes):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}: .*{takes}"):
        mock_inspector(**{name: value})


def test_an_unknown_keyword_is_an_error_at_once_that_names_those_there_are():
    mistake: dict[str, Any] = {"regoin": "eu-west-1"}

    with pytest.raises(TypeError, match=r"'regoin'.*account_id.*region.*id_seed"):
        mock_inspector(**mistake)


def test_a_markers_mistake_fails_its_test_with_the_reason(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mock_inspector(regoin="eu-west-1")
        def test_unknown(inspector_backend):
            pass

        @pytest.mark.mock_inspector(region="the moon")
        def test_bad(inspector_backend):
            pass

        @pytest.mark.mock_inspector("eu-west-1")
        def test_positional():
            pass
        """
    )

    result = pytester.runpytest_inprocess()

    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        [
            "E *unknown keyword 'regoin'*account_id, region,*",
            "E *region: takes a region's name*'the moon'*",
            "E *takes keywords only*'eu-west-1'*",
        ]
    )


def test_a_marker_takes_effect_after_fixtures_that_every_test_has(pytester):
    pytester.makepyfile(
        """
        import datetime
        import pytest
        from mock_inspector import mock_inspector

        @pytest.fixture(scope="session")
        def began():
            return datetime.datetime.now(datetime.timezone.utc)

        @pytest.fixture(autouse=True)
        def environment(monkeypatch):
            monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

        @pytest.mark.mock_inspector(at="2001-01-01T00:00:00Z")
        def test_marked(began):
            with mock_inspector() as backend:
                assert backend.region == "eu-west-1"
                assert backend.clock.now().year == 2001
            assert began.year > 2020, "pytest sets up what has a wider scope first"
        """
    )

    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_frozen_time_leaves_pytests_durations_alone(pytester):
    pytester.makepyfile("def test_mocked(inspector_backend): inspector_backend.clock.tick(86_400)")

    result = pytester.inline_run()

    durations = [report.duration for report in result.getreports("pytest_runtest_logreport")]
    assert len(durations) == 3
    assert all(0 <= duration < 60 for duration in durations)


# Whom it reaches


def test_clients_of_any_age_are_reached(lonely, session):
    with mock_inspector():
        a_target(lonely, "early")
        inside = session.client("inspector")
        assert len(targets(inside)) == 1
    with mock_inspector():
        a_target(inside, "from the mock before")
        assert len(targets(lonely)) == 1


@pytest.mark.parametrize(
    ("options", "region"),
    [
        ({}, "us-west-2"),
        ({"region_name": "eu-west-1"}, "eu-west-1"),
        ({"endpoint_url": "https://inspector.example.com/path", "region_name": "eu-west-1"}, "eu-west-1"),
        ({"endpoint_url": "http://localhost:4566"}, "us-west-2"),
        ({"use_ssl": False, "region_name": "sa-east-1"}, "sa-east-1"),
        ({"config": Config(use_fips_endpoint=True), "region_name": "us-east-1"}, "us-east-1"),
        ({"config": Config(use_fips_endpoint=True), "region_name": "us-gov-west-1"}, "us-gov-west-1"),
        ({"region_name": "us-gov-east-1"}, "us-gov-east-1"),
        ({"region_name": "cn-north-1"}, "cn-north-1"),
    ],
)
def test_any_endpoint_is_reached_in_the_region_that_signs(inspector_backend, session, options, region):
    partition = {"us-gov": "aws-us-gov", "cn-nor": "aws-cn"}.get(region[:6], "aws")

    assert caller(session, **options) == (partition, region, ACCOUNT)
    assert inspector_backend.for_region(region).partition == partition


@pytest.fixture
def keyless(monkeypatch):
    """A session in an environment without credentials."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return boto3.Session(region_name="eu-west-1")


def test_clients_without_credentials_act_for_the_default_account(keyless):
    early = keyless.client("inspector")
    with mock_inspector(account_id=OTHER_ACCOUNT):
        late = keyless.client("inspector")
        for client in (early, late, early):
            assert f":eu-west-1:{OTHER_ACCOUNT}:" in a_group(client, Name="web")


def test_clients_without_credentials_have_none_after_the_mock(keyless):
    client = keyless.client("inspector")
    with mock_inspector():
        a_group(client, Name="web")

    with pytest.raises(NoCredentialsError):
        targets(client)


# Accounts and regions


def test_the_access_key_tells_the_account(inspector_backend, session):
    def keys(access_key):
        return {"aws_access_key_id": access_key, "aws_secret_access_key": "secret"}

    inspector_backend.for_account(OTHER_ACCOUNT).register_access_key("AKIAOTHER")

    for access_key, account in [
        ("AKIAEXAMPLE", ACCOUNT),
        ("AKIAOTHER", OTHER_ACCOUNT),
        ("AKIAWHOEVER", ACCOUNT),
        ("111122223333", "111122223333"),
    ]:
        assert caller(session, **keys(access_key)) == ("aws", "us-west-2", account)


def test_accounts_and_regions_are_kept_apart(inspector_backend, client):
    siblings = [
        inspector_backend.for_region("eu-west-1"),
        inspector_backend.for_account(OTHER_ACCOUNT),
        inspector_backend.for_account(OTHER_ACCOUNT).for_region("eu-west-1"),
    ]
    a_target(client, "web")
    inspector_backend.add_instance("i-web")

    for sibling in siblings:
        assert sibling.list_assessment_targets() == {"assessmentTargetArns": []}
        target = sibling.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
        assert f":inspector:{sibling.region}:{sibling.account_id}:target/" in target
        assert sibling.preview_agents(previewAgentsArn=target) == {"agentPreviews": []}
    assert len(targets(client)) == 1


def test_siblings_share_the_clock_and_are_always_the_same(inspector_backend):
    sibling = inspector_backend.for_account(OTHER_ACCOUNT).for_region("eu-west-1")

    assert sibling is inspector_backend.for_region("eu-west-1").for_account(OTHER_ACCOUNT)
    assert inspector_backend.for_account(ACCOUNT) is inspector_backend
    assert sibling.clock is inspector_backend.clock


def test_what_is_no_account_or_region_has_no_sibling(inspector_backend):
    with pytest.raises(ValueError, match="'12'"):
        inspector_backend.for_account("12")
    with pytest.raises(ValueError, match="'the moon'"):
        inspector_backend.for_region("the moon")


# Ids


def first_id(**keywords):
    with mock_inspector(**keywords) as backend:
        return an_id(backend)


def test_the_same_seed_mints_the_same_ids():
    assert first_id(id_seed="one") == first_id(id_seed="one") != first_id(id_seed="other")


def test_ids_depend_on_the_test_and_on_nothing_else(monkeypatch):
    def in_test(node_id, **keywords):
        monkeypatch.setenv("PYTEST_CURRENT_TEST", node_id)
        return first_id(**keywords)

    one = in_test("tests/test_a.py::test_one (call)")
    assert one == in_test("tests/test_a.py::test_one (setup)")
    assert one != in_test("tests/test_a.py::test_other (call)")
    seeded = in_test("tests/test_a.py::test_one (call)", id_seed="mine")
    assert seeded == in_test("tests/test_a.py::test_other (call)", id_seed="mine")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert first_id() == first_id()


def test_ids_have_the_services_form_and_never_come_twice(inspector_backend):
    backends = [
        inspector_backend,
        inspector_backend.for_region("eu-west-1"),
        inspector_backend.for_account("111122223333"),
    ]
    minted = [an_id(backend) for _ in range(300) for backend in backends]

    assert all(re.fullmatch("0-[A-Za-z0-9]{8}", one) for one in minted)
    assert len(set(minted)) == len(minted)


def test_the_next_ids_can_be_chosen(inspector_backend):
    inspector_backend.next_ids("0-nvgVhaxX", "0-AB6DMKnv")
    inspector_backend.next_ids("0-it5r2S4T")

    elsewhere = an_id(inspector_backend.for_region("eu-west-1"))

    assert [an_id(inspector_backend) for _ in range(3)] == ["0-nvgVhaxX", "0-AB6DMKnv", "0-it5r2S4T"]
    assert an_id(inspector_backend) not in {"0-nvgVhaxX", "0-AB6DMKnv", "0-it5r2S4T", elsewhere}


@pytest.mark.parametrize("chosen", ["", "0-short", "0-nvgVhax!", "1-nvgVhaxX", "0-nvgVhaxXX"])
def test_what_has_not_an_ids_form_cannot_be_the_next(inspector_backend, chosen):
    with pytest.raises(ValueError, match=re.escape(repr(chosen))):
        inspector_backend.next_ids("0-nvgVhaxX", chosen)

    assert an_id(inspector_backend) != "0-nvgVhaxX"


# Starting over


def test_a_reset_empties_everything_and_leaves_the_clock(inspector_backend, client):
    elsewhere = inspector_backend.for_account(OTHER_ACCOUNT).for_region("eu-west-1")
    elsewhere.create_assessment_target(assessmentTargetName="web")
    first = an_id(inspector_backend)
    role = client.describe_cross_account_access_role()["roleArn"]
    client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
    inspector_backend.add_instance("i-web")
    added = inspector_backend.add_rules_package("Own rules")
    inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=None)
    template = a_template(client, packages=[CVE, added])
    a_run(client, template)
    inspector_backend.next_ids("0-nvgVhaxX")
    inspector_backend.clock.tick(60)
    moment = inspector_backend.clock.now()

    inspector_backend.reset()

    assert inspector_backend.clock.now() == moment
    assert an_id(inspector_backend) == first
    assert targets(client) == elsewhere.list_assessment_targets()["assessmentTargetArns"] == []
    assert client.list_assessment_templates()["assessmentTemplateArns"] == []
    assert client.list_assessment_runs()["assessmentRunArns"] == []
    assert added not in client.list_rules_packages()["rulesPackageArns"]
    assert CVE in client.list_rules_packages()["rulesPackageArns"]
    assert client.describe_cross_account_access_role()["roleArn"] == role
    assert client.preview_agents(previewAgentsArn=a_target(client))["agentPreviews"] == []
    inspector_backend.clock.tick(86_400)
    assert findings_of(client) == []


# Importing


def test_importing_the_package_and_its_plugin_loads_nothing_heavy():
    heavy = ("boto3", "botocore", "freezegun", "hypothesis", "moto", "requests", "responses")
    script = f"import sys, mock_inspector, mock_inspector.plugin; print([m for m in {heavy!r} if m in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "[]"


# The backend itself


def test_the_backend_has_each_action_as_a_method(inspector_backend, client):
    operations = client.meta.service_model.operation_names

    assert len(operations) == 37
    assert [name for name in operations if not callable(getattr(inspector_backend, xform_name(name), None))] == []


def test_a_backends_methods_answer_as_a_client_does_without_the_wire(inspector_backend, client):
    target = inspector_backend.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    created = inspector_backend.clock.now().timestamp()

    assert targets(client) == [target]
    assert inspector_backend.describe_assessment_targets(assessmentTargetArns=[target, "nonsense"]) == {
        "assessmentTargets": [{"arn": target, "name": "web", "createdAt": created, "updatedAt": created}],
        "failedItems": {"nonsense": {"failureCode": "INVALID_ARN", "retryable": False}},
    }
    assert inspector_backend.delete_assessment_target(assessmentTargetArn=target) == {}
    assert targets(client) == []


def test_a_backends_methods_take_moments(inspector_backend, client):
    run = inspector_backend.add_finding(a_run(client), {}).rpartition("/finding/")[0]
    moment = inspector_backend.clock.now()

    def listed(**creation):
        asked = {"assessmentRunArns": [run], "filter": {"creationTimeRange": creation}}
        return len(inspector_backend.list_findings(**asked)["findingArns"])

    assert listed(beginDate=moment, endDate=moment) == listed(beginDate=moment.timestamp()) == 1
    assert listed(beginDate=moment + datetime.timedelta(milliseconds=1)) == 0


def test_a_backends_methods_raise_what_a_client_would_get_as_an_error(inspector_backend):
    absent = f"arn:aws:inspector:us-west-2:{ACCOUNT}:target/0-absent00"

    with pytest.raises(errors.NoSuchEntityException) as caught:
        inspector_backend.delete_assessment_target(assessmentTargetArn=absent)
    assert caught.value.members["errorCode"] == "ASSESSMENT_TARGET_DOES_NOT_EXIST"
    assert absent in str(caught.value)
    with pytest.raises(errors.InvalidInputException):
        inspector_backend.create_assessment_target(assessmentTargetName="")
    with pytest.raises(errors.ApiError, match="assessmentTargetName"):
        inspector_backend.create_assessment_target()


def test_a_backends_methods_take_the_requests_members_as_keywords_only(inspector_backend):
    with pytest.raises(TypeError, match="keywords"):
        inspector_backend.create_assessment_target("web")
    with pytest.raises(TypeError, match=r"\bname\b.*assessmentTargetName"):
        inspector_backend.create_assessment_target(name="web")


def test_what_a_backend_takes_and_returns_is_the_callers_own(inspector_backend, client):
    tags = [{"key": "Name", "value": "web"}]
    template = a_template(client)
    run = a_run(client, template)
    group = inspector_backend.create_resource_group(resourceGroupTags=tags)["resourceGroupArn"]
    inspector_backend.set_tags_for_resource(resourceArn=template, tags=tags)
    finding = inspector_backend.add_finding(run, {"attributes": tags})

    def everything():
        return [
            inspector_backend.describe_resource_groups(resourceGroupArns=[group])["resourceGroups"][0]["tags"],
            inspector_backend.list_tags_for_resource(resourceArn=template)["tags"],
            inspector_backend.describe_findings(findingArns=[finding])["findings"][0]["attributes"],
        ]

    tags[0]["value"] = "changed by its owner"
    for answer in everything():
        answer[0]["value"] = "changed by its reader"
        answer.clear()

    assert everything() == [[{"key": "Name", "value": "web"}]] * 3


# Threads


@pytest.mark.mock_inspector(limits={"assessment_targets": None})
def test_threads_lose_nothing(inspector_backend, client):
    start = Barrier(8)

    def create(thread):
        start.wait()
        return [a_target(client, f"{thread}-{number}") for number in range(50)]

    with ThreadPoolExecutor(8) as threads:
        created = [arn for arns in threads.map(create, range(8)) for arn in arns]

    pages = client.get_paginator("list_assessment_targets").paginate(PaginationConfig={"PageSize": 100})
    listed = [arn for page in pages for arn in page["assessmentTargetArns"]]
    assert len(listed) == 400
    assert sorted(listed) == sorted(created)


def test_threads_that_are_mocked_at_once_share_the_mock(lonely):
    inside = Barrier(4)

    @mock_inspector
    def work(number):
        inside.wait()
        a_target(lonely, f"target {number}")
        inside.wait()
        return len(targets(lonely))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [4] * 4
    assert not mocked(lonely)

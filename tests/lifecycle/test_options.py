"""The keywords of the mock, the pytest fixture and the marker."""

import datetime
import inspect
import pydoc
from typing import Any

import pytest

from mock_inspector import errors, mock_inspector
from mock_inspector.options import DEFAULTS

from ..support.aws import ACCOUNT, create_target, generate_id, is_mocked, raises_api_error

OTHER_ACCOUNT = "210987654321"


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
        generated = generate_id(inspector_backend)
        inspector_backend.reset()
        assert generated == generate_id(inspector_backend)

    def test_a_marker_mocks_a_test_that_does_not_ask_for_the_fixture(self, unreachable_client):
        assert is_mocked(unreachable_client)


@pytest.mark.mock_inspector(limits={"assessment_targets": None})
def test_a_quota_can_be_lifted(inspector_backend, client):
    for number in range(51):
        create_target(client, f"target {number}")

    assert len(client.list_assessment_targets(maxResults=100)["assessmentTargetArns"]) == 51


def test_quotas_are_the_services_by_default(inspector_backend, client):
    for number in range(50):
        create_target(client, f"target {number}")

    with raises_api_error("LimitExceededException", "ASSESSMENT_TARGET_LIMIT_EXCEEDED"):
        create_target(client, "one more")


def test_the_region_is_the_environments_else_us_east_1(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_inspector() as backend:
        assert (backend.account_id, backend.region) == (ACCOUNT, "eu-west-2")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with mock_inspector() as backend:
        assert backend.region == "us-east-1"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("account_id", "12", "12 digits"),
        ("account_id", 123456789012, "12 digits"),
        ("region", "the moon", "name of a region"),
        ("region", 7, "name of a region"),
        ("freeze", "yes", 'True, False, "freezegun" or "time-machine"'),
        ("freeze", None, 'True, False, "freezegun" or "time-machine"'),
        ("sleep", 1, "True or False"),
        ("at", "yesterday", "ISO 8601"),
        ("at", True, "ISO 8601"),
        ("at", 1e300, "ISO 8601"),
        ("limits", {"targets": 1}, "assessment_targets"),
        ("limits", {"assessment_targets": -1}, "whole number"),
        ("limits", {"assessment_targets": 1.5}, "whole number"),
        ("limits", 3, "mapping"),
        ("max_page_size", 0, "at least 1"),
        ("max_page_size", -1, "at least 1"),
        ("max_page_size", True, "at least 1"),
        ("max_page_size", "10", "at least 1"),
        ("id_seed", 3, "string"),
    ],
)
def test_a_bad_value_of_a_keyword_is_an_error_at_once_that_says_what_is_allowed(name, value, allowed):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}:? .*{allowed}.*got "):
        mock_inspector(**{name: value})


def test_an_unknown_keyword_is_an_error_at_once_that_names_the_known_ones():
    mistake: dict[str, Any] = {"regoin": "eu-west-1"}

    with pytest.raises(TypeError, match=r"account_id.*region.*id_seed.*got 'regoin'; did you mean 'region'\?"):
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
            "*takes account_id, region, *got 'regoin'*",
            "*region must be the name of a region*'the moon'*",
            "*takes keywords only*'eu-west-1'*",
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


def test_the_signature_at_run_time_has_the_keywords_with_their_defaults():
    shown = inspect.signature(mock_inspector)

    assert {name: each.default for name, each in shown.parameters.items() if name != "decorated"} == DEFAULTS
    assert all(each.annotation is not each.empty for each in shown.parameters.values())
    assert str(shown).startswith("(decorated: Any = <nothing>, /, *, account_id: str = '123456789012', region:")
    assert "allow_unused_faults: bool = False" in pydoc.plain(pydoc.render_doc(mock_inspector))

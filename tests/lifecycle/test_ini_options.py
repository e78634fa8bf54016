"""The ini options: keywords for a whole suite."""

import inspect
from dataclasses import fields

import pytest

from mock_inspector import mock_inspector
from mock_inspector._plugin_state import INI_OPTIONS
from mock_inspector.options import DEFAULTS, Options

SUITE = """
    import time
    import unittest
    import pytest
    from mock_inspector import mock_inspector

    OTHER = "000000000002"

    def check(backend):
        assert (backend.account_id, backend.region) == (OTHER, "eu-west-3")

    def test_fixture(inspector_backend):
        check(inspector_backend)

    def test_server(inspector_server):
        check(inspector_server.backend)

    @pytest.mark.mock_inspector
    def test_bare_marker(inspector_backend):
        check(inspector_backend)

    @mock_inspector
    def test_bare_decorator(inspector_backend):
        check(inspector_backend)

    @mock_inspector(allow_network=True)
    def test_called_decorator(inspector_backend):
        check(inspector_backend)

    def test_context_manager():
        with mock_inspector() as backend:
            check(backend)

    @mock_inspector
    class TestPlain:
        @classmethod
        def setup_class(cls):
            with mock_inspector() as backend:
                check(backend)

        def test_it(self, inspector_backend):
            check(inspector_backend)

    @mock_inspector
    class Case(unittest.TestCase):
        def test_it(self):
            with mock_inspector() as backend:
                check(backend)

    @pytest.mark.mock_inspector(region="eu-west-1")
    def test_the_marker_is_nearer(inspector_backend):
        assert (inspector_backend.account_id, inspector_backend.region) == (OTHER, "eu-west-1")

    @mock_inspector(region="eu-west-1", account_id="000000000003")
    def test_the_decorator_is_nearer(inspector_backend):
        assert (inspector_backend.account_id, inspector_backend.region) == ("000000000003", "eu-west-1")
        with mock_inspector() as inner:
            assert inner is inspector_backend, "an inner mock has the account and region of the one around it"

    @mock_inspector(max_calls=5, allow_unused_faults=False, sleep=True)
    def test_an_inner_mock_contradicts_only_by_its_own_keywords():
        with mock_inspector():
            pass
        with pytest.raises(ValueError, match="max_calls must be 5.*got 3"), mock_inspector(max_calls=3):
            pass

    def test_max_calls(inspector_backend):
        with pytest.raises(ValueError, match="max_calls must be 3.*got 5"), mock_inspector(max_calls=5):
            pass

    def test_a_fault_may_stay_unused(inspector_backend):
        inspector_backend.inject_fault("ListFindings", "ThrottlingException")

    def test_sleep(inspector_backend):
        before = inspector_backend.clock.now()
        time.sleep(0.001)
        assert inspector_backend.clock.now() == before
"""

INI = """
    [pytest]
    mock_inspector_account_id = 000000000002
    mock_inspector_region = eu-west-3
    mock_inspector_allow_unused_faults = yes
    mock_inspector_sleep = false
    mock_inspector_max_calls = 3
"""


def test_ini_options_are_the_keywords_of_all_mocks_of_a_suite_that_do_not_have_them(pytester):
    pytester.makeini(INI)
    pytester.makepyfile(SUITE)

    pytester.runpytest_inprocess().assert_outcomes(passed=14)

    with mock_inspector() as backend:
        assert backend.region != "eu-west-3", "they are those of that session"


def test_a_running_clock_for_the_whole_suite(pytester):
    pytester.makepyfile(
        """
        from mock_inspector import mock_inspector
        from mock_inspector.clock.clock import is_frozen

        def test_it(inspector_backend):
            assert not is_frozen()

        @mock_inspector(freeze=True)
        def test_nearer():
            assert is_frozen()

        @mock_inspector(at="2020-01-01")
        def test_contradiction():
            pass
        """
    )

    result = pytester.runpytest_inprocess("-o", "mock_inspector_freeze=off")

    result.assert_outcomes(passed=2, failed=1)
    reason = (
        "ValueError: at must not be given with freeze=False; got '2020-01-01' (the ini file sets mock_inspector_freeze)"
    )
    assert reason in result.stdout.str()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("account_id=12", "account_id must be a string of 12 digits; got '12'"),
        ("region=the moon", "region must be the name of a region such as 'us-east-1'; got 'the moon'"),
        ("freeze=freezgun", 'freeze must be True, False, "freezegun" or "time-machine"; got \'freezgun\''),
        ("sleep=maybe", "sleep must be True or False; got 'maybe'"),
        ("allow_network=2", "allow_network must be True or False; got '2'"),
        ("allow_unused_faults=None", "allow_unused_faults must be True or False; got 'None'"),
        ("max_calls=many", "max_calls must be a whole number of at least 0, or None; got 'many'"),
    ],
)
def test_a_bad_ini_option_is_a_usage_error_that_names_it_and_says_what_is_allowed(pytester, given, reason):
    result = pytester.runpytest_inprocess("-o", f"mock_inspector_{given}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: ini option mock_inspector_{reason}" in result.stderr.str()
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("name", "suggestion"), [("regoin", "; did you mean 'mock_inspector_region'?"), ("limits", "")]
)
def test_an_unknown_ini_option_is_a_usage_error_that_names_the_known_ones(pytester, name, suggestion):
    pytester.makeini(f"[pytest]\nmock_inspector_{name} = us-east-1\n")

    result = pytester.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    names = ", ".join(f"mock_inspector_{each}" for each in INI_OPTIONS)
    expected = f"ERROR: ini options must be one of {names}; got 'mock_inspector_{name}'{suggestion}"
    assert expected in result.stderr.str()


def test_an_empty_ini_option_sets_nothing(pytester):
    pytester.makeini(INI)
    pytester.makepyfile("def test_it(inspector_backend): assert inspector_backend.region == 'us-west-2'")

    pytester.runpytest_inprocess("-o", "mock_inspector_region=").assert_outcomes(passed=1)


@pytest.mark.skipif(not hasattr(pytest, "version_tuple") or pytest.version_tuple < (9, 2), reason="no typed values")
def test_typed_values_of_a_toml_file(pytester):
    pytester.makepyprojecttoml(
        """
        [tool.pytest]
        mock_inspector_sleep = false
        mock_inspector_freeze = false
        mock_inspector_max_calls = 3
        """
    )
    pytester.makepyfile(
        """
        from mock_inspector import mock_inspector
        from mock_inspector.activation import active

        def test_it(inspector_backend):
            options = active().options
            assert (options.sleep, options.freeze, options.max_calls) == (False, False, 3)
        """
    )

    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_the_help_of_pytest_shows_each_ini_option_with_its_default(pytester):
    shown = " ".join(pytester.runpytest_inprocess("--help").stdout.str().split())

    for name, text in INI_OPTIONS.items():
        assert f"mock_inspector_{name} (" in shown
        assert text in shown
        default = "AWS_DEFAULT_REGION, else us-east-1" if name == "region" else str(DEFAULTS[name]).lower()
        assert f"(default: {default})" in text


def test_ini_options_are_keywords():
    assert (
        set(INI_OPTIONS)
        < {entry.name for entry in fields(Options)}
        == set(inspect.signature(mock_inspector).parameters) - {"decorated"}
    )

"""Which tests show a section of the mock, how often, and through which reports of pytest."""

import xml.etree.ElementTree as ET

import pytest

from ..support.fast_subset import slow

PRELUDE = """
import unittest
import boto3, pytest
from mock_inspector import mock_inspector

client = boto3.client("inspector", region_name="us-west-2")

def create(name="web"):
    return client.create_assessment_target(assessmentTargetName=name)
"""


# Which tests have a section


def sections(pytester, body, *arguments):
    """The mock's sections in the reports of a file's tests: by test and phase."""
    pytester.makepyfile(PRELUDE + body)
    reports = pytester.inline_run("-p", "no:cacheprovider", *arguments).getreports("pytest_runtest_logreport")
    return [
        (report.nodeid.partition("::")[2], report.when, title, text)
        for report in reports
        for title, text in report.sections
        if title.startswith("mock_inspector")
    ]


USES = {
    "fixture": "def test_it(inspector_backend):\n    create()\n    assert 0",
    "with": "def test_it():\n    with mock_inspector():\n        create()\n        assert 0",
    "with, ended": "def test_it():\n    with mock_inspector():\n        create()\n    assert 0",
    "decorator": "@mock_inspector\ndef test_it():\n    create()\n    assert 0",
    "marker": "@pytest.mark.mock_inspector\ndef test_it():\n    create()\n    assert 0",
    "class": "@mock_inspector\nclass TestIt:\n    def test_it(self):\n        create()\n        assert 0",
    "TestCase": "@mock_inspector\nclass Test(unittest.TestCase):\n    def test_it(self):\n        create()\n        self.fail()",
    "module scope": "@pytest.fixture(scope='module')\ndef shared():\n    with mock_inspector():\n        yield\n\n"
    "def test_it(shared):\n    create()\n    assert 0",
    "setup": "@pytest.fixture\ndef bad(inspector_backend):\n    create()\n    assert 0\n\ndef test_it(bad):\n    pass",
    "teardown": "@pytest.fixture\ndef bad(inspector_backend):\n    yield\n    create()\n    assert 0\n\n"
    "def test_it(bad):\n    pass",
    "unused fault": "def test_it(inspector_backend):\n    create()\n"
    "    inspector_backend.inject_fault('ListFindings', 'ThrottlingException')",
}


PHASES = {"setup": "setup", "teardown": "teardown", "unused fault": "teardown"}


@pytest.mark.parametrize("use", USES)
def test_a_failing_test_shows_its_mock_once_however_it_is_used(pytester, use):
    ((test, when, title, text),) = sections(pytester, USES[use])
    assert test.endswith("test_it")
    assert (when, title) == (PHASES.get(use, "call"), "mock_inspector")
    assert 'CreateAssessmentTarget assessmentTargetName="web"' in text
    assert text.startswith("123456789012 us-west-2: 1 target\n")


def test_a_test_that_passes_is_skipped_xfails_or_uses_no_mock_has_no_section(pytester):
    body = """
def test_passes(inspector_backend):
    create()

def test_skips(inspector_backend):
    create()
    pytest.skip()

@pytest.mark.xfail
def test_xfails(inspector_backend):
    create()
    assert 0

def test_fails_without():
    assert 0
"""
    assert sections(pytester, body) == []


def test_a_mock_of_an_earlier_test_is_not_shown(pytester):
    body = """
@mock_inspector
def test_one():
    create("one")

@mock_inspector
def test_two():
    create("two")
    assert 0

def test_three():
    assert 0
"""
    ((test, _, _, text),) = sections(pytester, body)
    assert test == "test_two"
    assert '"two"' in text
    assert '"one"' not in text


def test_of_several_mocks_in_a_test_the_last_three_are_shown_in_a_hundred_lines(pytester):
    body = """
def test_many():
    for number in range(5):
        with mock_inspector():
            for target in range(40):
                create(f"{number} {target}")
    assert 0
"""
    found = sections(pytester, body)
    assert [title for _, _, title, _ in found] == [f"mock_inspector ({number} of 3)" for number in (1, 2, 3)]
    assert ['"2 39"' in text for _, _, _, text in found] == [True, False, False]
    assert '"4 39"' in found[2][3]
    assert sum(len(text.splitlines()) for _, _, _, text in found) <= 100


def test_a_further_failure_shows_the_mock_again_only_when_there_is_something_new(pytester):
    body = """
@pytest.fixture
def bad(inspector_backend):
    yield
    assert 0

@pytest.fixture
def busy(bad):
    yield
    create("in teardown")

def test_nothing_new(bad):
    create()
    assert 0

def test_something_new(busy):
    create()
    assert 0
"""
    found = sections(pytester, body)
    assert [(test, when) for test, when, _, _ in found] == [
        ("test_nothing_new", "call"),
        ("test_something_new", "call"),
        ("test_something_new", "teardown"),
    ]
    assert "in teardown" in found[2][3]


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="this pytest has no subtests")
def test_a_failing_subtest_shows_the_mock_as_it_was(pytester):
    body = """
def test_it(inspector_backend, subtests):
    for name in ("one", "two", "three"):
        with subtests.test(name):
            create(name)
            assert name != "two"
"""
    texts = [text for _, _, _, text in sections(pytester, body)]
    assert texts
    assert '"two"' in texts[0]
    assert '"three"' not in texts[0]


HOSTILE = 'def test_it(inspector_backend):\n    create("\\x1b[31m Größe 中文 ✓ \\u202e")\n    assert 0'


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [[], slow(["-n1"]), slow(["--junitxml=junit.xml"]), slow(["-n1", "--junitxml=junit.xml"])], ids=str
)
def test_the_section_is_shown_in_the_terminal_and_through_xdist(pytester, monkeypatch, arguments):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    pytester.makepyfile(PRELUDE + HOSTILE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- mock_inspector -*", "123456789012 us-west-2: 1 target", "Calls: 1"])
    result.stdout.fnmatch_lines(['*"\\u001b[[]31m Größe 中文 ✓ \\u202e"*'])
    if len(arguments) and "junit" in arguments[-1]:
        assert ET.parse(pytester.path / "junit.xml").getroot() is not None


@pytest.mark.slow
def test_the_section_is_in_pytests_reports_without_a_terminal(pytester):
    pytester.makeconftest(
        """
        import pathlib

        def pytest_runtest_logreport(report):
            with pathlib.Path("sections.txt").open("a", encoding="utf-8") as file:
                print(report.when, report.sections, file=file)
        """
    )
    pytester.makepyfile(PRELUDE + HOSTILE)
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:terminal")
    lines = (pytester.path / "sections.txt").read_text(encoding="utf-8").splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["setup", "call", "teardown"]
    assert [("'mock_inspector'" in line) for line in lines] == [False, True, False]


@pytest.mark.slow
def test_a_terminal_without_unicode_still_shows_the_section(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    pytester.makepyfile(PRELUDE + HOSTILE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*- mock_inspector -*", "123456789012 us-west-2: 1 target", "Calls: 1", "*Gr\\xf6*"])


@pytest.mark.slow
def test_passing_tests_do_not_load_the_failure_report(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_passes(inspector_backend):
            inspector_backend.list_findings()

        def test_what_was_loaded():
            assert "mock_inspector.activation" in sys.modules
            assert not [name for name in sys.modules if name.startswith("mock_inspector.failure_report")]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


@pytest.mark.slow
def test_a_report_that_cannot_be_made_says_so_and_leaves_the_tests_failure_alone(pytester):
    body = """
def test_it(inspector_backend, monkeypatch):
    create()
    monkeypatch.setattr("mock_inspector.failure_report.failure_report", lambda *_: 1 / 0)
    assert "mine" == 0
"""
    pytester.makepyfile(PRELUDE + body)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*'mine' == 0*", "This report could not be made: ZeroDivisionError*"])


@pytest.mark.slow
def test_whatever_a_test_has_replaced_its_report_ends_no_session(pytester):
    body = """
import datetime, json, sys

class FixedDatetime(datetime.datetime):
    @classmethod
    def now(cls):
        return datetime.datetime(2020, 12, 25, 17, 5, 55)

def fail(*_, **__):
    pytest.fail("called by the report")

class Silent(Exception):
    def __str__(self):
        raise ValueError("it has no text")

def be_silent(*_):
    raise Silent

REPLACED = {
    "datetime": lambda patch: patch.setattr(datetime, "datetime", FixedDatetime),
    "the clock": lambda patch: patch.setattr("mock_inspector.clock.clock.Clock.read", lambda _: 1 / 0),
    "the module": lambda patch: patch.setitem(sys.modules, "mock_inspector.failure_report", None),
    "with an error that has no text": lambda patch: patch.setattr("mock_inspector.failure_report.failure_report", be_silent),
    "with an outcome": lambda patch: patch.setattr("mock_inspector.failure_report.failure_report", fail),
    "json": lambda patch: patch.setattr(json, "loads", fail),
}

@pytest.mark.parametrize("name", REPLACED)
@pytest.mark.parametrize("freeze", [True, False])
def test_it(request, monkeypatch, name, freeze):
    request.applymarker(pytest.mark.mock_inspector(freeze=freeze))
    request.getfixturevalue("inspector_backend")
    create()
    REPLACED[name](monkeypatch)
    assert name == "mine"

def test_last(inspector_backend):
    assert inspector_backend.calls.of("ListFindings") == []
"""
    pytester.makepyfile(PRELUDE + body)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=12, passed=1, errors=2)  # leaving a mock reads its clock
    text = result.stdout.str()
    assert text.count("== 'mine'") >= 12
    assert text.count("- mock_inspector -") == 12
    assert text.count("This report could not be made: ") >= 6
    assert "INTERNALERROR" not in text


# Tests that are interrupted


@pytest.mark.slow
@pytest.mark.parametrize("use", ["fixture", "decorator", "with"])
def test_an_interrupted_test_shows_its_mock(pytester, use):
    pytester.makepyfile(PRELUDE + USES[use].replace("assert 0", "raise KeyboardInterrupt"))
    ended = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    ended.stdout.fnmatch_lines(["*- mock_inspector -*", "*CreateAssessmentTarget*", "*KeyboardInterrupt*"])
    assert str(ended.stdout).count("- mock_inspector -") == 1


@pytest.mark.slow
def test_an_interrupt_after_a_mock_shows_nothing_of_it(pytester):
    pytester.makepyfile(
        PRELUDE + "@mock_inspector\ndef test_it(): create()\n\ndef test_late(): raise KeyboardInterrupt"
    )
    ended = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    ended.stdout.no_fnmatch_line("*- mock_inspector -*")

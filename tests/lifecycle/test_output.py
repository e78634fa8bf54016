"""Nothing of this package shows in the output of projects that do not use the mock, and no frame of it where they do."""

import re

import pytest

CONFTEST = """
import pytest

@pytest.fixture
def failing():
    raise ValueError("in a fixture")

@pytest.fixture(scope="module")
def failing_module():
    raise ValueError("in a fixture of the module")

@pytest.fixture(scope="session")
def failing_session():
    assert "left" == "right"

@pytest.fixture
def failing_later():
    yield
    raise ValueError("in a tear-down")

@pytest.fixture(scope="class")
def failing_class_later():
    yield
    raise ValueError("in a tear-down of the class")

@pytest.fixture
def asking(request):
    request.getfixturevalue("failing_module")
"""

TESTS = """
import unittest
import pytest

def test_fails():
    assert 1 == 2

def test_fixture(failing):
    pass

def test_module(failing_module):
    pass

def test_session(failing_session):
    pass

def test_later(failing_later):
    pass

def test_asking(asking):
    pass

def test_missing(no_such_fixture):
    pass

class TestClass:
    @classmethod
    def setup_class(cls):
        raise ValueError("in setup_class")

    def test_one(self):
        pass

class TestLater:
    def test_one(self, failing_class_later):
        pass

class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ValueError("in setUpClass")

    def test_one(self):
        pass

class Cleaning(unittest.TestCase):
    def tearDown(self):
        raise ValueError("in tearDown")

    def test_one(self):
        pass
"""


def output(pytester, *arguments):
    """What pytest prints, without what differs from run to run."""
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", *arguments)
    lines = [re.sub(r"0x[0-9a-f]+|in \d+\.\d+s", "", line) for line in result.stdout.lines]
    return [line for line in lines if not line.startswith("plugins: ") and "  available fixtures: " not in line]


@pytest.mark.slow
@pytest.mark.parametrize("style", ["long", "short", "auto", "line"])
def test_a_project_that_does_not_use_the_mock_has_the_same_output_as_without_the_plugin(pytester, style):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    with_plugin = output(pytester, f"--tb={style}")
    assert len(with_plugin) > 20
    assert with_plugin == output(pytester, f"--tb={style}", "-p", "no:mock_inspector")


USES = """
import unittest
import pytest
from mock_inspector import mock_inspector

@pytest.mark.mock_inspector("misused")
def test_misused_marker():
    pass

@pytest.mark.mock_inspector(regoin="x")
def test_unknown_keyword():
    pass

@pytest.mark.mock_inspector("misused")
def test_misused_marker_with_the_fixture(inspector_backend):
    pass

@pytest.fixture
def failing(inspector_backend):
    raise ValueError("in a fixture")

def test_fixture(failing):
    pass

@mock_inspector
def test_decorated():
    raise ValueError("in the test")

@mock_inspector
class TestClass:
    @classmethod
    def setup_class(cls):
        raise ValueError("in setup_class")

    def test_one(self):
        pass

@mock_inspector
class TestEach:
    def setup_method(self):
        raise ValueError("in setup_method")

    def test_one(self):
        pass

@mock_inspector
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ValueError("in setUpClass")

    def test_one(self):
        pass

@mock_inspector
class Failing(unittest.TestCase):
    def test_one(self):
        raise ValueError("in the test")

def test_unused_fault(inspector_backend):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")
"""


@pytest.mark.slow
@pytest.mark.parametrize("style", ["long", "short"])
def test_where_the_mock_is_used_no_frame_of_it_shows(pytester, style):
    pytester.makepyfile(USES)
    lines = output(pytester, f"--tb={style}")
    assert any(line.startswith("TypeError: pytest.mark.mock_inspector takes keywords only; got") for line in lines)
    assert [line for line in lines if re.search(r"mock_inspector/\w+\.py", line)] == []


@pytest.mark.slow
def test_a_mock_of_responses_looks_as_it_always_does(pytester):
    pytester.makepyfile(
        """
        import responses
        from mock_inspector import mock_inspector

        def test_it():
            before = dict(vars(responses.mock)), responses.mock.passthru_prefixes, dir(responses.mock)
            with mock_inspector(), responses.RequestsMock() as mock:
                assert mock.passthru_prefixes == ()
                assert (dict(vars(responses.mock)), responses.mock.passthru_prefixes, dir(responses.mock)) == before
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)

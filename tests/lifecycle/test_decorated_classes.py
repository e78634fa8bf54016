"""Decorated classes: plain ones, with setup_method and fixtures inside, nested ones, and TestCases of every kind."""

import functools
import sys
from typing import Any

import pytest

from mock_inspector import mock_inspector

PRELUDE = """
import asyncio, unittest
import boto3, pytest
from mock_inspector import mock_inspector

client = boto3.client("inspector", region_name="us-west-2")

def targets():
    return client.list_assessment_targets()["assessmentTargetArns"]

def create(name):
    return client.create_assessment_target(assessmentTargetName=name)
"""


def outcomes(pytester, body, *arguments):
    pytester.makepyfile(PRELUDE + body)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    return {name: count for name, count in result.parseoutcomes().items() if name in ("passed", "failed", "errors")}


def test_each_test_of_a_plain_class_has_a_state_of_its_own_with_setup_method_and_fixtures(pytester):
    body = """
@mock_inspector
class TestPlain:
    def setup_method(self, method):
        create("from setup_method")

    @pytest.fixture
    def prepared(self):
        create("from a fixture")
        yield
        assert len(targets()) == 3

    def teardown_method(self):
        assert targets()

    def test_one(self, prepared):
        create("from the test")
        assert len(targets()) == 3

    def test_two(self):
        assert len(targets()) == 1

    @pytest.mark.parametrize("number", [1, 2])
    def test_parametrized(self, number, inspector_backend):
        assert len(inspector_backend.list_assessment_targets()["assessmentTargetArns"]) == 1
"""
    assert outcomes(pytester, body) == {"passed": 4}


def test_the_keywords_of_a_class_configure_the_fixture(pytester):
    body = """
@mock_inspector(region="eu-west-1", at="2018-01-01")
class TestPlain:
    def test_one(self, inspector_backend):
        assert inspector_backend.region == "eu-west-1"
        assert inspector_backend.clock.now().year == 2018
"""
    assert outcomes(pytester, body) == {"passed": 1}


def test_nested_and_derived_classes_are_mocked_too(pytester):
    body = """
@mock_inspector
class TestOuter:
    class TestInner:
        def test_inner(self):
            create("inner")

    def test_outer(self):
        assert targets() == []

class TestDerived(TestOuter):
    def test_derived(self):
        create("derived")
"""
    assert outcomes(pytester, body) == {"passed": 5}


def test_each_test_begins_with_what_setup_class_made(pytester):
    body = """
@mock_inspector
class TestShared:
    def setup_class(cls):
        create("shared")

    def test_one(self):
        create("one")
        assert len(targets()) == 2

    def test_two(self):
        assert len(targets()) == 1
        create("one")

    def teardown_class(cls):
        assert targets()

def test_afterwards():
    from mock_inspector.activation import active
    assert active() is None
"""
    assert outcomes(pytester, body, "-p", "no:randomly") == {"passed": 3}


def test_each_test_begins_with_what_fixtures_of_the_class_made(pytester):
    body = """
@mock_inspector(at="2020-01-01T00:00:00Z")
class TestShared:
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls):
        create("made")
        yield
        assert targets()

    @pytest.fixture(scope="class")
    @classmethod
    def later(cls):
        create("later")

    @pytest.fixture(autouse=True)
    def own(self):
        create("own")

    def test_one(self, made, inspector_backend):
        create("one")
        inspector_backend.clock.tick(60)
        assert len(targets()) == 3

    def test_two(self, made, inspector_backend):
        assert len(targets()) == 2
        assert inspector_backend.clock.now().minute == 0
        assert [call.parameters for call in inspector_backend.calls.of("CreateAssessmentTarget")] == [
            {"assessmentTargetName": "made"}, {"assessmentTargetName": "own"}
        ]

    def test_three(self, made, later):
        assert len(targets()) == 3

    def test_four(self, made, later):
        assert len(targets()) == 3
        create("four")
"""
    assert outcomes(pytester, body, "-p", "no:randomly", "-W", "ignore") == {"passed": 4}


def test_a_test_of_a_class_that_sets_something_up_has_its_own_unused_faults_and_freezes(pytester):
    body = """
from freezegun import freeze_time

@mock_inspector
class TestShared:
    def setup_class(cls):
        create("shared")

    def test_fault(self, inspector_backend):
        inspector_backend.inject_fault("ListFindings", "ThrottlingException")

    def test_freeze(self):
        freeze_time("2030-01-01").start()

    def test_last(self, inspector_backend):
        assert inspector_backend.clock.now().year < 2030
        client.list_findings()
"""
    assert outcomes(pytester, body, "-p", "no:randomly") == {"passed": 3, "errors": 2}


FAMILY = """
import sys
from mock_inspector.activation import active

seen = []

def note(what):
    seen.append((what, active() is not None))

class CompanyBase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prepared = True

class Mixin:
    @classmethod
    def setUpClass(cls):
        note("setUpClass of a mixin")
        super().setUpClass()

@mock_inspector
class Company(CompanyBase):
    def setUp(self):
        create("web")

    def test_one(self):
        note("test")
        self.assertEqual(len(targets()), 1)

    def test_two(self):
        self.assertEqual(len(targets()), 1)
        self.assertTrue(self.prepared)

class Sub(Mixin, Company):
    @classmethod
    def setUpClass(cls):
        note("setUpClass of a subclass")
        create("db")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        note("tearDownClass of a subclass")
        assert len(targets()) >= 1

    def test_one(self):
        self.assertEqual(len(targets()), 2)
        self.addClassCleanup(note, "class cleanup of a subclass")

    test_two = test_one

@mock_inspector
class WithoutSetUpClass(unittest.TestCase):
    def test_one(self):
        create("web")
        self.addClassCleanup(note, "class cleanup")

    def test_two(self):
        create("web")

    @classmethod
    def tearDownClass(cls):
        note("tearDownClass")
        super().tearDownClass()

@mock_inspector
class Skipped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(note, "class cleanup of a skipped class")
        raise unittest.SkipTest("not here")

    def test_one(self):
        raise AssertionError

@mock_inspector
class Failing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("failed")

    def test_one(self):
        raise AssertionError

class ZLast(unittest.TestCase):  # unittest goes by the names of classes
    def test_last(self):
        assert active() is None
        assert len(seen) >= 8, seen
        assert [what for what, mocked in seen if not mocked] == []
"""


def test_nothing_of_the_family_of_a_test_case_runs_outside_of_the_mock(pytester):
    assert outcomes(pytester, FAMILY, "-p", "no:randomly") == {"passed": 7, "errors": 1}


@pytest.mark.slow
def test_nothing_of_the_family_runs_outside_of_the_mock_without_pytest(pytester):
    pytester.makepyfile(test_family=PRELUDE + FAMILY)
    result = pytester.run(sys.executable, "-m", "unittest", "test_family")
    result.stderr.fnmatch_lines(["*RuntimeError: failed*", "Ran 7 tests*", "FAILED (errors=1, skipped=1)"])
    assert "_class_mock.py" not in result.stderr.str()


@pytest.mark.slow
def test_a_fault_of_a_test_that_shares_its_class_fails_that_test_without_pytest(pytester):
    body = """
@mock_inspector
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create("web")

    def test_fault(self):
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")

    def test_none(self):
        self.assertEqual(len(targets()), 1)
"""
    pytester.makepyfile(test_faults=PRELUDE + body)
    result = pytester.run(sys.executable, "-m", "unittest", "test_faults")
    result.stderr.fnmatch_lines(["*UnusedFaultError*", "Ran 2 tests*"])
    assert "(errors=1)" in result.stderr.str() or "(failures=1)" in result.stderr.str()


def test_a_test_case_is_mocked_with_its_setup_and_its_cleanup(pytester):
    body = """
@mock_inspector
class Case(unittest.TestCase):
    def setUp(self):
        create("from setUp")
        self.addCleanup(lambda: self.assertTrue(targets()))

    def tearDown(self):
        assert targets()

    def test_one(self):
        create("one")
        assert len(targets()) == 2

    def test_two(self):
        assert len(targets()) == 1
"""
    assert outcomes(pytester, body) == {"passed": 2}


def test_resources_made_by_setUpClass_are_there_for_every_test(pytester):
    body = """
@mock_inspector
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create("from setUpClass")

    @classmethod
    def tearDownClass(cls):
        assert targets()

    def test_one(self):
        assert len(targets()) == 1

    def test_two(self):
        assert len(targets()) == 1

def test_afterwards():
    from mock_inspector.activation import active
    assert active() is None
"""
    assert outcomes(pytester, body) == {"passed": 3}


def test_the_body_of_an_isolated_asyncio_test_case_really_runs(pytester):
    body = """
@mock_inspector
class Case(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        create("from asyncSetUp")

    async def test_passes(self):
        await asyncio.sleep(3600)
        assert len(targets()) == 1

    async def test_fails(self):
        assert len(targets()) == 2
"""
    assert outcomes(pytester, body) == {"passed": 1, "failed": 1}


def test_a_test_case_runs_mocked_without_pytest(pytester):
    path = pytester.makepyfile(
        PRELUDE
        + """
@mock_inspector
class Case(unittest.TestCase):
    def test_one(self):
        create("one")
        self.assertEqual(len(targets()), 1)

if __name__ == "__main__":
    unittest.main()
"""
    )
    assert pytester.runpython(path).ret == 0


def a_function():
    """A function to put things around."""


plain: Any = a_function


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (pytest.fixture(plain), "below"),
        (property(plain), "below"),
        (42, "functions and test classes"),
        ("name", "functions and test classes"),
        (None, "functions and test classes"),
    ],
)
def test_an_object_that_cannot_be_decorated_is_refused_with_what_to_do(what, message):
    with pytest.raises(TypeError, match=message):
        mock_inspector(what)


def test_the_advice_names_the_marker_for_scenarios_of_pytest_bdd():
    with pytest.raises(TypeError, match="A scenario of pytest-bdd"):
        mock_inspector(pytest.fixture(plain))


def test_a_marked_scenario_runs_its_steps_in_the_mock(pytester):
    body = """
def scenario(function):  # as that of pytest-bdd
    def scenario_wrapper(request):
        create("in a step")
        function()
    return scenario_wrapper

@pytest.mark.mock_inspector
@scenario
def test_marked():
    assert len(targets()) == 1

@pytest.mark.usefixtures("inspector_backend")
@scenario
def test_fixture():
    assert len(targets()) == 1

@mock_inspector
@scenario
def test_above():
    assert len(targets()) == 1
"""
    assert outcomes(pytester, body) == {"passed": 3}


def test_static_and_class_methods_are_decorated_below(inspector_backend):
    wrappers: list[Any] = [staticmethod, classmethod]
    for wrapper in wrappers:
        with pytest.raises(TypeError, match="below"):
            mock_inspector(wrapper(plain))


def test_a_partial_function_is_decorated(client):
    partial = functools.partial(client.create_assessment_target, assessmentTargetName="partial")

    assert mock_inspector(partial)()["assessmentTargetArn"]


def test_a_marked_test_is_mocked_before_anything_is_set_up_for_it(pytester):
    body = """
@pytest.fixture
def seeded():
    create("from a fixture")

@pytest.mark.mock_inspector(region="us-west-2")
@pytest.mark.usefixtures("seeded")
def test_marked():
    assert len(targets()) == 1

@pytest.mark.mock_inspector
class TestMarked:
    @pytest.fixture(autouse=True)
    def always(self):
        create("from an autouse fixture")

    def setup_method(self):
        create("from setup_method")

    def test_one(self, seeded):
        assert len(targets()) == 3
"""
    assert outcomes(pytester, body) == {"passed": 2}


def test_a_fixture_of_the_class_may_have_any_name(pytester):
    body = """
@mock_inspector
class TestShared:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _set_up(cls):
        create("shared")

    def test_one(self):
        assert len(targets()) == 1

    def test_two(self):
        assert len(targets()) == 1
"""
    assert outcomes(pytester, body, "-W", "ignore") == {"passed": 2}


@pytest.mark.parametrize("arguments", [(), ("test_shared.py::test_last", "test_shared.py::TestShared")])
def test_the_mock_of_a_class_begins_after_fixtures_of_a_wider_scope(pytester, arguments):
    body = """
@pytest.fixture(scope="module")
def shared():
    with mock_inspector(freeze=False) as backend:
        yield backend

@mock_inspector
class TestShared:
    def setup_class(cls):
        create("shared")

    def test_one(self, shared):
        assert len(shared.list_assessment_targets()["assessmentTargetArns"]) >= 1

@mock_inspector
class TestPlain:
    def test_one(self, shared):
        create("plain")

def test_last(shared):
    pass
"""
    pytester.makepyfile(test_shared=PRELUDE + body)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly", *arguments)
    result.assert_outcomes(passed=2 if arguments else 3)


def test_the_mock_of_a_test_case_begins_after_setUpModule(pytester):
    body = """
outer = mock_inspector(freeze=False)

def setUpModule():
    outer.start()

def tearDownModule():
    outer.stop()

@mock_inspector
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create("web")

    def test_one(self):
        assert targets()
"""
    assert outcomes(pytester, body) == {"passed": 1}


@pytest.mark.parametrize(
    "set_up", ["pass", "def setup_class(cls): raise AssertionError('not mocked')"], ids=["plain", "setup_class"]
)
def test_a_class_whose_mock_cannot_begin_has_one_clear_error_for_each_test(pytester, set_up):
    body = f"""
@pytest.fixture(scope="session", autouse=True)
def around():
    with mock_inspector():
        yield

@mock_inspector(limits={{"agents": 1}})
class TestLimited:
    {set_up}

    def test_one(self):
        raise AssertionError("not mocked")

    test_two = test_one
"""
    pytester.makepyfile(PRELUDE + body)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*ERROR at setup of TestLimited.test_one*", "ValueError: limits must be *"])
    assert "KeyError" not in result.stdout.str()
    assert "not mocked" not in result.stdout.str()


def test_an_inner_class_begins_with_its_own_set_up_and_leaves_none_of_it(pytester):
    body = """
@mock_inspector
class TestOuter:
    class TestWithSetUp:
        def setup_class(cls):
            create("inner")

        def test_one(self):
            assert len(targets()) == 1
            create("one")

        def test_two(self):
            assert len(targets()) == 1

        class TestDeeper:
            def setup_class(cls):
                create("deeper")

            def test_one(self):
                assert len(targets()) == 2

            def test_two(self):
                assert len(targets()) == 2

    class TestWithout:
        def test_one(self):
            assert targets() == []

    def test_outer(self):
        assert targets() == []
"""
    assert outcomes(pytester, body, "-p", "no:randomly") == {"passed": 6}


def test_setup_class_of_an_outer_class_belongs_to_the_class_that_pytest_calls_it_for(pytester):
    body = """
@mock_inspector
class TestOuter:
    # pytest calls it for each inner class that has a test before the outer one has.
    def setup_class(cls):
        create("outer of " + cls.__name__)

    class TestFirst:
        def test_one(self):
            assert len(targets()) == 1

        test_two = test_one

    class TestSecond:
        def test_one(self):
            assert len(targets()) == 1

    def test_outer(self):
        assert len(targets()) == 1

@mock_inspector
class TestOuterFirst:
    def setup_class(cls):
        create("outer")

    def test_outer(self):
        assert len(targets()) == 1
        create("by a test")

    class TestInner:
        def setup_method(self):
            create("inner")

        def test_one(self):
            assert len(targets()) == 2
"""
    assert outcomes(pytester, body, "-p", "no:randomly") == {"passed": 6}


@pytest.mark.skipif(pytest.version_tuple < (8,), reason="pytest 7 calls setup_class of the outer class once more")
def test_setup_class_of_an_inner_class_comes_on_top_of_that_of_the_outer_one(pytester):
    body = """
@mock_inspector
class TestOuter:
    def setup_class(cls):
        create("outer")

    def test_outer(self):
        assert len(targets()) == 1
        create("by a test")

    class TestInner:
        def setup_class(cls):
            create("inner")

        def test_one(self):
            assert len(targets()) == 2

        test_two = test_one
"""
    assert outcomes(pytester, body, "-p", "no:randomly") == {"passed": 3}


def test_the_keywords_of_an_inner_class_count_as_those_of_a_nested_use(pytester):
    body = """
class Checks:
    @classmethod
    def check(cls):
        with mock_inspector() as backend:
            assert backend.region == cls.region

    def test_one(self):
        self.check()

    def test_two(self):
        self.check()

@mock_inspector(region="us-east-1")
class TestOuter:
    @mock_inspector(at="2020-01-01")
    class TestTime:
        def test_one(self):
            raise AssertionError("not mocked")

    @mock_inspector(region="eu-central-1")
    class TestRegion(Checks):
        region = "eu-central-1"

        def setup_class(cls):
            cls.check()

        def teardown_class(cls):
            cls.check()

    @mock_inspector(region="eu-west-1")
    class Case(Checks, unittest.TestCase):
        region = "eu-west-1"

        @classmethod
        def setUpClass(cls):
            cls.check()

    def test_outer(self):
        with mock_inspector() as backend:
            assert backend.region == "us-east-1"
"""
    pytester.makepyfile(PRELUDE + body)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly")
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at setup of TestOuter.TestTime.test_one*", "ValueError: at must be *"])


def test_faults_of_the_set_up_of_a_class_fail_none_of_its_tests(pytester):
    body = """
@mock_inspector
class TestShared:
    def setup_class(cls):
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "AccessDeniedException", times=None)

    def test_another_call(self):
        client.list_rules_packages()

    def test_the_call(self):
        with pytest.raises(client.exceptions.AccessDeniedException):
            client.list_findings()

    def test_last(self, inspector_backend):
        inspector_backend.inject_fault("DescribeFindings", "ThrottlingException")
"""
    assert outcomes(pytester, body, "-p", "no:randomly") == {"passed": 3, "errors": 1}


EXPECTED_FAILURES = """
class Checks:
    @unittest.expectedFailure
    def test_expected(self):
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")
        self.fail("as expected")

@mock_inspector
class Case(Checks, unittest.TestCase):
    pass

@mock_inspector
class CaseWithSetUp(Checks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create("web")

@mock_inspector
@unittest.expectedFailure
class FailingCase(unittest.TestCase):
    def test_expected(self):
        Checks.test_expected(self)
"""


def test_an_expected_failure_needs_no_use_of_its_faults(pytester):
    pytester.makepyfile(PRELUDE + EXPECTED_FAILURES)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(xfailed=3)


@pytest.mark.slow
def test_an_expected_failure_needs_no_use_of_its_faults_without_pytest(pytester):
    pytester.makepyfile(test_expected=PRELUDE + EXPECTED_FAILURES)
    result = pytester.run(sys.executable, "-m", "unittest", "test_expected")
    result.stderr.fnmatch_lines(["Ran 3 tests*", "OK (expected failures=3)"])


WITH_MOTO = """
from moto import mock_aws

@mock_aws
@mock_inspector
class Case(unittest.TestCase):
    def check(self, name):
        sqs = boto3.client("sqs", "us-east-1")
        sqs.create_queue(QueueName=name)
        self.assertEqual(len(sqs.list_queues()["QueueUrls"]), 1)
        create(name)
        self.assertEqual(len(targets()), 1)

    def test_one(self):
        self.check("one")

    def test_two(self):
        self.check("two")
"""


def test_moto_above_a_test_case_begins_each_test_anew(pytester):
    assert outcomes(pytester, WITH_MOTO) == {"passed": 2}


MIXIN = """
from mock_inspector.activation import active

@mock_inspector
class Mixin:
    pass

class Case(Mixin, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create("web")

    def test_one(self):
        self.assertEqual(len(targets()), 1)
        create("one")

    test_two = test_one

class Plain(Mixin, unittest.TestCase):
    def test_one(self):
        self.assertEqual(targets(), [])
        create("one")

    test_two = test_one

class Derived(Plain):
    pass

class ZLast(unittest.TestCase):
    def test_last(self):
        assert active() is None
"""


def test_a_decorated_mixin_decorates_the_test_cases_that_inherit_from_it(pytester):
    assert outcomes(pytester, MIXIN) == {"passed": 7}


@pytest.mark.slow
def test_a_decorated_mixin_decorates_test_cases_without_pytest(pytester):
    pytester.makepyfile(test_mixin=PRELUDE + MIXIN)
    result = pytester.run(sys.executable, "-m", "unittest", "test_mixin")
    result.stderr.fnmatch_lines(["Ran 7 tests*", "OK"])


def test_debug_of_a_test_case_is_mocked(pytester):
    body = """
import mock_inspector as package
from mock_inspector.activation import active

@mock_inspector
class Plain(unittest.TestCase):
    def runTest(self):
        create("web")
        self.addCleanup(lambda: self.assertEqual(len(targets()), 1))

@mock_inspector
class Shared(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        create("shared")

    def test_one(self):
        create("one")
        self.assertEqual(len(targets()), 2)

    test_two = test_one

    def test_unused(self):
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")

@mock_inspector
class Async(unittest.IsolatedAsyncioTestCase):
    async def test_one(self):
        create("web")
        self.assertEqual(len(targets()), 1)

@pytest.mark.parametrize("case", [Plain(), Plain(), Async("test_one")])
def test_debug(case):
    case.debug()
    assert active() is None

def test_debug_of_a_suite():
    unittest.TestSuite([Shared("test_one"), Shared("test_two")]).debug()
    assert active() is None
    with pytest.raises(package.UnusedFaultError):
        unittest.TestSuite([Shared("test_unused")]).debug()
    assert active() is None
"""
    pytester.makepyfile(test_module=PRELUDE + body)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "test_debug")
    result.assert_outcomes(passed=4, deselected=5)


def test_an_instance_that_the_class_added_is_that_of_each_test(pytester):
    body = """
@mock_inspector
class TestShared:
    def setup_class(cls):
        with mock_inspector() as backend:
            cls.web = backend.add_instance("i-0web", hostname="web")

    def test_one(self, inspector_backend):
        self.web.hostname = "changed"
        assert inspector_backend.instances["i-0web"] is self.web

    def test_two(self, inspector_backend):
        assert self.web.hostname == "web"
        assert inspector_backend.instances["i-0web"] is self.web
"""
    assert outcomes(pytester, body, "-p", "no:randomly") == {"passed": 2}

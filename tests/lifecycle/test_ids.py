"""Generated ids are the same whenever, wherever and in whichever company a test runs."""

import json
import re

import pytest

from mock_inspector import mock_inspector

from ..support.aws import generate_id
from ..support.fast_subset import slow

FILE = """
import json, pathlib, unittest
import pytest
from mock_inspector import mock_inspector

def make_ids(name):
    with mock_inspector() as backend:
        arns = [backend.create_assessment_target(assessmentTargetName=f"{name} {n}") for n in (1, 2)]
        arns.append(backend.add_instance().instance_id)
    pathlib.Path(f"{name}.json").write_text(json.dumps(arns))

def test_plain(inspector_backend):
    make_ids("plain")

@mock_inspector
def test_decorated():
    make_ids("decorated")

@pytest.mark.xdist_group("some group")
def test_grouped(inspector_backend):
    make_ids("grouped")

@pytest.mark.parametrize("value", ["one", "two", "at@sign"])
def test_parametrized(inspector_backend, value):
    make_ids(f"parametrized-{value}")

@pytest.mark.parametrize("value", ["one"])
@mock_inspector(id_seed="mine")
def test_seeded(value):
    make_ids("seeded")

@mock_inspector(id_seed="mine")
def test_seeded_the_same():
    make_ids("seeded-the-same")

class Case(unittest.TestCase):
    @mock_inspector
    def test_in_case(self):
        make_ids("in-case")
"""


SHARED = """
import json, pathlib, unittest
import pytest
from mock_inspector import mock_inspector

{fixture}

@pytest.mark.parametrize("number", range(3))
def test_it({argument}number):
    pathlib.Path("seed.txt").write_text(ids())

def ids():
    from mock_inspector import activation
    return activation.active().service.context.id_seed
"""


ORDERS: dict[str, list[str]] = {
    "one test": [],
    "backwards": ["--backwards"],
    "xdist": ["-n2"],
    "xdist by group": ["-n2", "--dist=loadgroup"],
}


CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--backwards", action="store_true")

def pytest_collection_modifyitems(config, items):
    if config.getoption("--backwards"):
        items.reverse()
"""


def generated(pytester, *arguments):
    run = pytester.runpytest_subprocess if "-n2" in arguments else pytester.runpytest_inprocess
    result = run("-q", "-p", "no:cacheprovider", *arguments)
    assert result.ret == 0
    found = {}
    for path in pytester.path.glob("*.json"):
        found[path.stem] = json.loads(path.read_text())
        path.unlink()
    return found


@pytest.mark.parametrize("order", [slow(order) if "xdist" in order else order for order in ORDERS])
def test_ids_depend_on_nothing_but_the_test(pytester, order):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_file=FILE)
    expected = generated(pytester)
    assert len(expected) == 9
    if order == "one test":
        found = generated(pytester, "test_file.py::test_parametrized[two]")
        assert found == {"parametrized-two": expected["parametrized-two"]}
    else:
        assert generated(pytester, *ORDERS[order]) == expected
    targets = [arn["assessmentTargetArn"] for name, (arn, *_) in expected.items() if "seeded" not in name]
    assert len(set(targets)) == len(targets), "those of different tests differ"
    assert expected["seeded"] == expected["seeded-the-same"]


FIXTURES = {
    "session": "@pytest.fixture(scope='session')\ndef shared():\n    with mock_inspector():\n        yield",
    "package": "@pytest.fixture(scope='package')\n@mock_inspector\ndef shared():\n    yield",
    "module": "@pytest.fixture(scope='module')\n@mock_inspector\ndef shared():\n    yield",
    "setup_module": "def setup_module():\n    global mock\n    mock = mock_inspector()\n    mock.__enter__()\n\n"
    "def teardown_module():\n    mock.__exit__(None, None, None)",
}


@pytest.mark.slow
@pytest.mark.parametrize("scope", FIXTURES)
def test_ids_of_a_shared_mock_do_not_depend_on_the_test_that_comes_first(pytester, scope):
    argument = "" if scope == "setup_module" else "shared, "
    pytester.makepyfile(test_file=SHARED.format(fixture=FIXTURES[scope], argument=argument))
    seeds = set()
    for tests in (["test_file.py"], ["test_file.py::test_it[2]"], ["test_file.py::test_it[1]"]):
        pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", *tests).assert_outcomes(
            passed=3 if len(tests[0]) < 15 else 1
        )
        seeds.add((pytester.path / "seed.txt").read_text())
    assert len(seeds) == 1
    if "module" in scope:
        assert seeds == {"test_file.py"}


def test_ids_of_a_decorated_class_depend_on_the_class_only_where_its_tests_share_a_state(pytester):
    pytester.makepyfile(
        test_file="""
        from mock_inspector import activation, mock_inspector

        def seed():
            return activation.active().service.context.id_seed

        @mock_inspector
        class TestShared:
            @classmethod
            def setup_class(cls):
                pass

            def test_one(self):
                assert seed() == "test_file.py::TestShared"

        @mock_inspector
        class TestApart:
            def test_one(self):
                assert seed() == "test_file.py::TestApart::test_one"

            def test_two(self):
                assert seed() == "test_file.py::TestApart::test_two"
        """
    )
    pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=3)


# Ids


def first_id(**keywords):
    with mock_inspector(**keywords) as backend:
        return generate_id(backend)


def test_the_same_seed_generates_the_same_ids():
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
    generated = [generate_id(backend) for _ in range(300) for backend in backends]

    assert all(re.fullmatch("0-[A-Za-z0-9]{8}", one) for one in generated)
    assert len(set(generated)) == len(generated)


def test_the_next_ids_can_be_chosen(inspector_backend):
    inspector_backend.next_ids("0-nvgVhaxX", "0-AB6DMKnv")
    inspector_backend.next_ids("0-it5r2S4T")

    elsewhere = generate_id(inspector_backend.for_region("eu-west-1"))

    assert [generate_id(inspector_backend) for _ in range(3)] == ["0-nvgVhaxX", "0-AB6DMKnv", "0-it5r2S4T"]
    assert generate_id(inspector_backend) not in {"0-nvgVhaxX", "0-AB6DMKnv", "0-it5r2S4T", elsewhere}


@pytest.mark.parametrize("chosen", ["", "0-short", "0-nvgVhax!", "1-nvgVhaxX", "0-nvgVhaxXX"])
def test_a_next_id_of_the_wrong_form_is_refused(inspector_backend, chosen):
    with pytest.raises(ValueError, match=re.escape(repr(chosen))):
        inspector_backend.next_ids("0-nvgVhaxX", chosen)

    assert generate_id(inspector_backend) != "0-nvgVhaxX"

"""The README is true: its code runs as it stands there, its tables and outputs are what the code declares and prints."""

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import pytest

import mock_inspector
from mock_inspector import InspectorBackend, errors
from mock_inspector._plugin_state import INI_OPTIONS, INI_PREFIX
from mock_inspector.actions.registry import ACTIONS
from mock_inspector.api.operations import names_by_method
from mock_inspector.api.service_model import enum
from mock_inspector.options import Options
from mock_inspector.state.exclusions import ExclusionType

from ..support.readme_tables import README as PATH
from ..support.readme_tables import TABLES, find_table
from ..support.subprocesses import serve_process

ROOT = PATH.parent
README = PATH.read_text("utf-8")
BLOCKS = re.findall(r"(?<!-->\n)```python\n(.*?)```", README, re.DOTALL)
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", README, re.DOTALL))
NEEDING = re.findall(r"<!-- needs: ([\w ]+) -->\n```python\n(.*?)```", README, re.DOTALL)
FAILING = re.findall(r"<!-- fails -->\n```python\n(.*?)```.*?```text\n(.*?)\n```", README, re.DOTALL)
BEGINNERS_LINES = 200


def section(heading):
    """The text of a section, to the next heading of any level."""
    text = README[README.index(f"\n{heading}\n") + len(heading) + 2 :]
    return re.split(r"^#+ ", text, maxsplit=1, flags=re.MULTILINE)[0]


def count_tests(block):
    return len(re.findall(r"^ *(?:async )?def test_", block, re.MULTILINE))


def test_all_code_blocks_pass_as_tests(pytester):
    pytester.makepyfile(**{f"test_block_{number}": block for number, block in enumerate(BLOCKS)})
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(passed=sum(map(count_tests, BLOCKS)))


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
def test_a_code_block_passes_as_a_test(block, pytester):
    path = pytester.makepyfile(block)
    result = pytester.runpytest_subprocess("-q", path)
    result.assert_outcomes(passed=count_tests(block))


@pytest.mark.slow
def test_the_files_of_a_suite_pass_together(pytester):
    for name, text in FILES.items():
        (pytester.path / name).write_text(text, "utf-8")
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(passed=count_tests(FILES["test_suite.py"]))


@pytest.mark.parametrize(("modules", "block"), NEEDING)
def test_a_block_that_needs_other_packages_passes(modules, block, pytester):
    missing = [name for name in modules.split() if find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    result = pytester.runpytest_subprocess("-q", pytester.makepyfile(block))
    result.assert_outcomes(passed=count_tests(block) * (2 if "parametrize" in block else 1))


@pytest.mark.slow
@pytest.mark.parametrize(("block", "report"), FAILING)
def test_a_block_that_fails_is_reported_as_shown(block, report, pytester):
    path = pytester.makepyfile(block)
    result = pytester.runpytest_subprocess("-q", path)
    result.assert_outcomes(failed=1)
    assert f"- mock_inspector {'-' * 32}\n{report}\n" in result.stdout.str()


def test_every_code_block_is_tried():
    in_files = sum(name.endswith(".py") for name in FILES)
    assert README.count("```python\n") == len(BLOCKS) + len(NEEDING) + len(FAILING) + in_files


def test_the_demo_prints_what_is_shown():
    (shown,) = re.findall(r"<!-- demo -->\n```text\n(.*?)```", README, re.DOTALL)
    demo = [sys.executable, "-m", "mock_inspector", "demo"]
    assert shown in subprocess.run(demo, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.parametrize(
    "kind", [pytest.param("", id="inspector"), pytest.param(" moto", id="all_of_aws", marks=pytest.mark.slow)]
)
def test_the_server_is_used_from_a_shell_as_shown(kind, aws_cli):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    serve, use = (
        re.findall(rf"<!-- {name}{kind} -->\n```sh\n(.*?)```", README, re.DOTALL)[0] for name in ("serve", "use")
    )
    command, subcommand, *arguments = shlex.split(serve, comments=True)
    assert [command, subcommand] == ["mock-inspector", "serve"]
    port = arguments[arguments.index("--port") + 1]
    with serve_process(*arguments, "--port", "0") as (_, url):
        assert f"http://127.0.0.1:{port}" in use
        script = use.replace(f"http://127.0.0.1:{port}", url)
        environment = {**os.environ, "PATH": f"{Path(aws_cli).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-euc", script], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
    if kind:
        assert re.search(r'"agentPreviews": \[\s*{[^]]*"agentId": "i-', done.stdout)
    else:
        assert '"instance_id":"i-0web"' in done.stdout
        assert "arn:aws:inspector:us-east-1:123456789012:target/0-" in done.stdout


@pytest.mark.slow
def test_the_command_that_measures_works():
    command = re.findall(r"\.venv/bin/python (-m [\w.]+)", section("## Performance"))[0]
    quickly = [sys.executable, *command.split(), "--quick", "--only", "entering"]
    done = subprocess.run(quickly, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "enter and exit, freeze=False / mock_aws()" in done.stdout, done.stderr


def test_the_readme_opens_with_an_example():
    assert README.index("```python") < 1500
    assert "boto3" in README[README.index("```python") :].splitlines()[1]
    assert len(FAILING) == 1


def test_what_a_beginner_needs_comes_first():
    beginning = "\n".join(README.splitlines()[:BEGINNERS_LINES])
    assert [
        name for name in ("Installation", "A first test", "A whole suite") if f"\n## {name}\n" not in beginning
    ] == []


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_code_and_data_declare(name):
    assert find_table(name, README) == TABLES[name](), "run: python -m tests.support.readme_tables"


def test_every_action_declares_what_it_follows():
    assert ACTIONS.keys() == names_by_method().keys()
    assert all(entry.follows for entry in ACTIONS.values())


def test_every_keyword_is_in_the_table_of_keywords():
    listed = re.findall(r"^\| `(\w+)` \|", section("## Keywords"), re.MULTILINE)
    assert listed == [entry.name for entry in fields(Options)]


def test_every_ini_option_is_named():
    marked = re.findall(r"^\| `(\w+)` \|.*\| \*ini\.\*", section("## Keywords"), re.MULTILINE)
    assert sorted(marked) == sorted(INI_OPTIONS)
    assert [name for name in INI_OPTIONS if f"`{INI_PREFIX}{name}`" not in section("## A whole suite")] == []


def test_every_member_of_the_backend_is_in_the_table_of_members():
    table = section("## Members of the backend")
    members = [name for name, _ in inspect.getmembers(InspectorBackend) if not name.startswith("_")]
    missing = [name for name in members if name not in ACTIONS and not re.search(rf"`{name}\b", table)]
    assert missing == []


def test_every_keyword_of_an_instance_is_in_the_table_of_members():
    table = section("## Members of the backend")
    keywords = [name for name in inspect.signature(InspectorBackend.add_instance).parameters if name != "self"]
    assert [name for name in keywords if not re.search(rf"[`(]{name}\b", table)] == []


def test_every_state_of_a_run_is_in_the_table_of_states():
    assert re.findall(r"^\| `([A-Z_]+)` \|", section("## States"), re.MULTILINE) == list(enum("AssessmentRunState"))


def test_every_title_of_an_exclusion_is_named():
    text = " ".join(section("## States").split())
    titles = [entry.value.removeprefix("Network Reachability error - ") for entry in ExclusionType]
    assert [title for title in titles if f'"{title}"' not in text] == []


def test_every_exception_and_every_class_is_named():
    text = section("## Exceptions")
    names = [name for name in mock_inspector.__all__ if name[0].isupper()]
    assert [name for name in [*names, *errors.MODELLED] if f"`{name}`" not in text] == []


def test_every_extra_is_in_the_table_of_extras():
    tomllib = pytest.importorskip("tomllib", reason="Python reads TOML since 3.11")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"^\| `(\w+)` \|", section("## Installation"), re.MULTILINE)) == extras.keys()


def test_every_link_within_the_readme_leads_somewhere():
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", README)) <= headings

"""The README is true: its code runs as it stands there, its tables are what the code declares."""

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from mock_inspector import InspectorBackend
from mock_inspector.actions.registry import ACTIONS
from mock_inspector.api.operations import names_by_method
from mock_inspector.options import Options

from ..support.subprocesses import serve_process

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"(?<!<!-- fails -->\n)```python\n(.*?)```", README, re.DOTALL)
FAILING = re.findall(r"<!-- fails -->\n```python\n(.*?)```.*?```text\n(.*?)\n```", README, re.DOTALL)


def count_tests(block):
    return len(re.findall(r"^ *def test_", block, re.MULTILINE))


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
@pytest.mark.parametrize(("block", "report"), FAILING)
def test_a_block_that_fails_is_reported_as_shown(block, report, pytester):
    path = pytester.makepyfile(block)
    result = pytester.runpytest_subprocess("-q", path)
    result.assert_outcomes(failed=1)
    assert f"- mock_inspector {'-' * 32}\n{report}\n" in result.stdout.str()


def test_the_server_is_used_from_a_shell_as_shown(aws_cli):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    serve, use = (re.findall(rf"<!-- {name} -->\n```sh\n(.*?)```", README, re.DOTALL)[0] for name in ("serve", "use"))
    arguments = shlex.split(serve, comments=True)
    assert arguments[:4] == ["mock-inspector", "serve", "--port", "5016"]
    with serve_process(*arguments[4:]) as (_, url):
        script = use.replace("http://127.0.0.1:5016", url)
        environment = {**os.environ, "PATH": f"{Path(aws_cli).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-euc", script], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        assert '"instance_id":"i-0web"' in done.stdout
        assert "arn:aws:inspector:us-east-1:123456789012:target/0-" in done.stdout


@pytest.mark.slow
def test_the_command_that_measures_works():
    section = README[README.index("## Performance") :]
    command = re.findall(r"\.venv/bin/python (-m [\w.]+)", section)[0]
    quickly = [sys.executable, *command.split(), "--quick", "--only", "entering"]
    done = subprocess.run(quickly, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "enter and exit, freeze=False / mock_aws()" in done.stdout, done.stderr


def test_the_readme_opens_with_an_example():
    assert README.index("```python") < 1500
    assert len(FAILING) == 1


def how_faithful():
    """The table of what each action follows and approximates."""
    operations = names_by_method()
    rows = [
        f"| {operations[name]} | {entry.follows} | {entry.approximates} |" for name, entry in sorted(ACTIONS.items())
    ]
    return "\n".join(["| action | follows | approximates |", "|---|---|---|", *rows])


def test_the_table_of_actions_is_what_they_declare():
    assert how_faithful() in README, f"put this into the README:\n\n{how_faithful()}"


def test_every_action_declares_what_it_follows():
    assert ACTIONS.keys() == names_by_method().keys()
    assert all(entry.follows for entry in ACTIONS.values())


def test_every_keyword_is_in_the_table_of_keywords():
    listed = re.findall(r"^\| `(\w+)` \|", README[: README.index("The backend has the 37 actions")], re.MULTILINE)
    assert listed == [entry.name for entry in fields(Options)]


def test_every_member_of_the_backend_is_in_the_table_of_members():
    table = README[README.index("The backend has the 37 actions") : README.index("## The world you describe")]
    members = [name for name, _ in inspect.getmembers(InspectorBackend) if not name.startswith("_")]
    missing = [name for name in members if name not in ACTIONS and not re.search(rf"`{name}\b", table)]
    assert missing == []


def test_every_link_within_the_readme_leads_somewhere():
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", README)) <= headings

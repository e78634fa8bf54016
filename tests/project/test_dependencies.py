"""Versions and requirements that stand in more than one file are the same everywhere."""

import re
from itertools import chain
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="Python reads TOML since 3.11")

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
TOX = PYPROJECT["tool"]["tox"]


def group_requirements(name: str) -> list[str]:
    """The requirements of a dependency group and of those it includes."""
    entries = PYPROJECT["dependency-groups"][name]
    return list(
        chain.from_iterable(
            [entry] if isinstance(entry, str) else group_requirements(entry["include-group"]) for entry in entries
        )
    )


def file_requirements(path: Path) -> list[str]:
    """The requirements of a requirements file and of those it includes."""
    requirements: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("-r "):
            requirements += file_requirements(path.parent / line.removeprefix("-r "))
        elif not line.startswith("#"):
            requirements.append(line)
    return requirements


def environments_of_supported_pythons():
    """The tox environments of the Python versions in the classifiers."""
    versions = re.findall(
        r"^Programming Language :: Python :: 3\.(\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE
    )
    return [f"py3{minor}" for minor in versions]


@pytest.mark.parametrize(
    ("group", "path"), [("test", "tests/requirements.txt"), ("bench", "tests/benchmarks/requirements.txt")]
)
def test_a_requirements_file_repeats_its_dependency_group(group, path):
    assert sorted(file_requirements(ROOT / path)) == sorted(group_requirements(group))


def test_the_group_oldest_pins_the_lowest_versions_that_users_may_have():
    extras = chain.from_iterable(PROJECT["optional-dependencies"].values())
    lowest = {requirement.replace(">=", "==") for requirement in [*PROJECT["dependencies"], *extras]}
    assert lowest <= set(group_requirements("oldest"))


def test_every_supported_python_has_an_environment():
    supported = environments_of_supported_pythons()
    assert [name for name in TOX["env_list"] if re.fullmatch(r"py\d+", name)] == supported
    assert TOX["env"]["oldest"]["base_python"] == supported


@pytest.mark.skipif(not (ROOT / ".github").exists(), reason="a source distribution has no workflows")
def test_the_workflows_run_environments_that_exist_and_every_supported_python():
    workflows = "\n".join(path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml"))
    used = set(re.findall(r"(?:\benv:|tox run -e) (\w+)", workflows))
    assert used <= {*TOX["env_list"], *TOX["env"]}
    assert {*TOX["env_list"]} <= used

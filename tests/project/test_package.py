"""What the package says about itself: its version, its changelog and its metadata."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import mock_inspector

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project():
    """The table `project` of the project file."""
    tomllib = pytest.importorskip("tomllib", reason="Python reads TOML since 3.11")
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_version_is_that_of_the_project_file(project):
    assert mock_inspector.__version__ == version("mock-inspector") == project["version"]
    assert "__version__" in dir(mock_inspector)


def test_the_version_is_looked_up_when_it_is_read():
    script = (
        "import mock_inspector as m; a = '__version__' in vars(m); m.__version__; print(a, '__version__' in vars(m))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_changelog_has_a_dated_section_for_the_version():
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    released = rf"\[{re.escape(mock_inspector.__version__)}\] - \d{{4}}-\d\d-\d\d"
    assert any(re.fullmatch(released, heading) for heading in headings)


def test_the_metadata_say_what_the_package_is(project):
    classifiers = project["classifiers"]
    assert {"Framework :: Pytest", "Typing :: Typed", "Operating System :: OS Independent"} <= set(classifiers)
    assert project["license"] == "Apache-2.0"
    # PyPI accepts a license expression or license classifiers, not both.
    assert not [name for name in classifiers if name.startswith("License ::")]
    assert project["urls"]
    assert all(re.fullmatch(r"https://\S+", url) for url in project["urls"].values())

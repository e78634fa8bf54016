"""Imports run downward, and no two modules import each other in a circle."""

import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

import mock_inspector

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")

_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_imports_run_downward():
    # In a process of its own, because import-linter disables the loggers that exist.
    linter = subprocess.run(
        [sys.executable, "-c", _LINT_IMPORTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linter.returncode == 0, linter.stdout + linter.stderr


def test_the_map_of_the_package_has_the_layers_that_are_checked():
    contract = re.search(r'containers = \["mock_inspector"\].*?layers = \[\n(.*?)\]', PYPROJECT, re.DOTALL)
    assert contract
    layers = [set(re.findall(r"\w+", line)) for line in contract[1].splitlines()]
    _, _, layer_list = (mock_inspector.__doc__ or "").partition("The layers, lowest first.")
    mapped: list[set[str]] = []
    for indent, names in re.findall(r"^    (  )?(\w+(?:, \w+)*)(?::|  )", layer_list, re.MULTILINE):
        if not indent:
            mapped.append(set())
        mapped[-1].update(names.split(", "))
    assert mapped == layers[::-1]


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("mock_inspector", cache_dir=None)
    # The package itself has the public names for type checkers, and nothing imports from it.
    modules = graph.modules - {"mock_inspector"}
    imports = {module: graph.find_modules_directly_imported_by(module) - {"mock_inspector"} for module in modules}
    assert sum(map(len, imports.values())) > 100
    assert list(TopologicalSorter(imports).static_order())

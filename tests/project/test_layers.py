"""Imports run downward, and no two modules import each other in a circle."""

import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]

_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_imports_run_downward():
    # In a process of its own, because import-linter disables the loggers that exist.
    linter = subprocess.run(
        [sys.executable, "-c", _LINT_IMPORTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linter.returncode == 0, linter.stdout + linter.stderr


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("mock_inspector", cache_dir=None)
    # The package itself has the public names for type checkers, and nothing imports from it.
    modules = graph.modules - {"mock_inspector"}
    imports = {module: graph.find_modules_directly_imported_by(module) - {"mock_inspector"} for module in modules}
    assert sum(map(len, imports.values())) > 100
    assert list(TopologicalSorter(imports).static_order())

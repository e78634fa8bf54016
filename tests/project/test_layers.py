"""Imports run downward, and no two modules import each other in a circle."""

from graphlib import TopologicalSorter
from pathlib import Path

import grimp
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]


def test_imports_run_downward(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("mock_inspector", cache_dir=None)
    # The package itself has the public names for type checkers, and nothing imports from it.
    modules = graph.modules - {"mock_inspector"}
    imports = {module: graph.find_modules_directly_imported_by(module) - {"mock_inspector"} for module in modules}
    assert sum(map(len, imports.values())) > 100
    assert list(TopologicalSorter(imports).static_order())

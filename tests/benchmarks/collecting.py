"""What the plugin adds to a session of pytest that does not use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from .measuring import Figure, Size

_PROGRAM = """
import importlib, json, sys, pytest
plugins = [importlib.import_module(name) for name in sys.argv[1:]]
status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], plugins)
print(json.dumps([int(status), sorted(sys.modules)]))
"""
_IMPORT = """
import pytest, time
begun = time.perf_counter()
import mock_inspector.plugin
print(time.perf_counter() - begun)
"""
_PLUGIN = "mock_inspector.plugin"
# Loaded as an entry point of the project would be, not by -p: for that, pytest looks through all that is installed.


def collecting(size: Size) -> Iterator[Figure]:
    """Importing the plugin in fresh processes, and what ``pytest --collect-only`` of one empty test loads with it."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "test_empty.py").write_text("def test_empty(): pass\n")
        plain, with_plugin = _collect(directory), _collect(directory, _PLUGIN)
        imports = [_import(directory) for _ in range(size.of(40, 2))][1:]  # the first one compiles
    yield Figure("importing the plugin where pytest is loaded", 2, median(imports) * 1000, "ms")
    foreign = {name.partition(".")[0] for name in with_plugin - plain} - {"mock_inspector"}
    foreign -= sys.stdlib_module_names
    yield Figure("  packages that it imports", 0, len(foreign), "", ", ".join(sorted(foreign)))


def _collect(directory: str, *plugins: str) -> set[str]:
    """The modules that are loaded in the end."""
    status, modules = json.loads(_run(directory, _PROGRAM, *plugins))
    if status != 0:
        raise RuntimeError(f"pytest ended with status {status}")
    return set(modules)


def _import(directory: str) -> float:
    """The seconds that the import takes in a fresh process."""
    return float(_run(directory, _IMPORT))


def _run(directory: str, program: str, *arguments: str) -> str:
    """The last line that a program prints."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPYCACHEPREFIX": str(Path(directory) / "compiled"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]

"""What the plugin adds to a session of pytest that does not use it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from .measuring import Figure, Size

_PROGRAM = """
import importlib, json, sys, pytest
plugins = [importlib.import_module(name) for name in sys.argv[1:]]
status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], plugins)
print(json.dumps([int(status), sorted(sys.modules)]))
"""
_PLUGIN = "mock_inspector.plugin"
# Loaded as an entry point of the project would be, not by -p: for that, pytest looks through all that is installed.


def collecting(size: Size) -> Iterator[Figure]:
    """``pytest --collect-only`` of one empty test, in processes with and without the plugin and no other one."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "test_empty.py").write_text("def test_empty(): pass\n")
        plain, with_plugin = _collect(directory), _collect(directory, _PLUGIN)
        rounds = [(_collect(directory, _PLUGIN)[0], _collect(directory)[0]) for _ in range(size.of(40, 1))]
        loaded, bare = zip(*rounds, strict=True)
        added = _least(loaded) - _least(bare)
    yield Figure("what the plugin adds to pytest --collect-only", 5, added * 1000, "ms")
    foreign = {name.partition(".")[0] for name in with_plugin[1] - plain[1]} - {"mock_inspector"}
    foreign -= sys.stdlib_module_names
    yield Figure("  packages that it imports", 0, len(foreign), "", ", ".join(sorted(foreign)))


def _collect(directory: str, *plugins: str) -> tuple[float, set[str]]:
    """The processor's seconds that it takes, and the modules that are loaded then."""
    command = [sys.executable, "-c", _PROGRAM, *plugins]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPYCACHEPREFIX": str(Path(directory) / "compiled"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
    }
    before = _children()
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    if status != 0:
        raise RuntimeError(f"pytest ended with status {status}: {done.stdout}")
    return _children() - before, set(modules)


def _least(taken: Sequence[float]) -> float:
    """The median of the lower half: whatever else the machine does only ever adds to what a process takes."""
    return median(sorted(taken)[: len(taken) // 2 + 1])


def _children() -> float:
    """The processor's seconds of all processes so far: less moved by a busy machine than the time on the wall."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

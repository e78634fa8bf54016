"""Tests and servers in processes of their own."""

import functools
import importlib
import inspect
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

_SKIPPED = 77
_SCRIPT = "from tests.support.subprocesses import _run; _run({module!r}, {name!r}, {arguments!r})"


def in_subprocess(test):
    """Run a test in a fresh process, which imports the test's module only. Its arguments have to be literals or paths."""

    @functools.wraps(test)
    def in_a_process(**arguments):
        plain = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
        script = _SCRIPT.format(module=test.__module__, name=test.__qualname__, arguments=plain)
        path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        ended = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if ended.returncode == _SKIPPED:
            pytest.skip(ended.stderr)
        assert ended.returncode == 0, ended.stdout + ended.stderr

    return in_a_process


def _run(module: str, name: str, arguments: dict[str, Any]) -> None:
    test = inspect.unwrap(getattr(importlib.import_module(module), name))
    reached = []

    def stay_here(event: str, details: Any) -> None:
        if event == "socket.getaddrinfo":
            host = details[0]
        elif event == "socket.connect" and isinstance(details[1], tuple):
            host = details[1][0]
        else:
            return
        if host not in {"127.0.0.1", "localhost", "::1", "0.0.0.0"}:
            reached.append(host)
            raise OSError(f"{host} is not this machine")

    sys.addaudithook(stay_here)
    try:
        test(**arguments)
    except pytest.skip.Exception as skipped:
        print(skipped, file=sys.stderr)
        sys.exit(_SKIPPED)
    assert reached == []


SERVE = (sys.executable, "-c", "import sys; from mock_inspector.cli import main; sys.exit(main())", "serve")


@contextmanager
def serve_process(*arguments):
    """The process and its URL; whoever has not ended it by then fails if it prints anything more."""
    process = subprocess.Popen(
        [*SERVE, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().rstrip("\n")
        assert urlsplit(url).port, process.communicate()
        yield process, url
    finally:
        process.kill()
        process.communicate()

"""A call through the HTTP server, against moto's server."""

from __future__ import annotations

import http.client
import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .measuring import Figure, Size, ratio, typical

_WHAT = "a call through the server, keep-alive / moto's inspector2"
_SCOPE = "AKIAEXAMPLE/20160216/us-west-2/{}/aws4_request"
_SIGNED = f"AWS4-HMAC-SHA256 Credential={_SCOPE}, SignedHeaders=host, Signature=00"
_SERVE = "from mock_inspector.cli import main; raise SystemExit(main())"
_SERVE_MOTO = "from moto.server import main; main()"
_PATIENCE = 60.0
"""Seconds that a server may take to start."""


def serving(size: Size) -> Iterator[Figure]:
    """ListAssessmentTargets against ListFindings, each over one connection to a server in a process of its own."""
    missing = [name for name in ("waitress", "flask", "flask_cors") if importlib.util.find_spec(name) is None]
    if missing:
        yield Figure(_WHAT, 0.5, None, note=f"not measured: needs {', '.join(missing)}, which the extra bench brings")
        return
    with ExitStack() as stack:
        port = _free_port()
        stack.enter_context(_process("-c", _SERVE_MOTO, "-H", "127.0.0.1", "-p", str(port)))
        ours = stack.enter_context(_process("-c", _SERVE, "serve", "--port", "0"))
        assert ours.stdout is not None
        own_port = int(ours.stdout.readline().rpartition(":")[2])
        call = stack.enter_context(
            _connection(
                own_port,
                "/",
                {
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": "InspectorService.ListAssessmentTargets",
                    "Authorization": _SIGNED.format("inspector"),
                },
            )
        )
        other = stack.enter_context(
            _connection(
                port,
                "/findings/list",
                {"Content-Type": "application/json", "Authorization": _SIGNED.format("inspector2")},
            )
        )
        times = size.of(40, 5)
        measured = ratio(lambda: typical(call, times), lambda: typical(other, times), size.of(60, 2))
    yield Figure(_WHAT, 0.5, measured)


@contextmanager
def _connection(port: int, path: str, headers: dict[str, str]) -> Iterator[Callable[[], None]]:
    """A function that makes one call over a connection which is kept."""
    _await(port)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)

    def call() -> None:
        connection.request("POST", path, b"{}", headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path} on port {port} answers {response.status}: {body[:300]!r}")

    try:
        call()
        yield call
    finally:
        connection.close()


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _await(port: int) -> None:
    last = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.05)
        else:
            return

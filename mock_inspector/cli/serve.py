"""The command ``mock-inspector serve``."""

from __future__ import annotations

import argparse
import errno
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from ..model.names import DEFAULT_ACCOUNT, checked_account, checked_region

DEFAULT_PORT = 5016
_HIGHEST_PORT = 65_535
_MOST_CALLS = 1_000
"""A server may run for days."""

T = TypeVar("T")


def add_command(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its arguments to a parser's subparsers."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="answer on an HTTP port, for other processes and languages",
        description="Answer for Amazon Inspector Classic on an HTTP port. The first line on standard output is the URL: "
        "give it to AWS's SDKs and its CLI as AWS_ENDPOINT_URL_INSPECTOR. SIGINT or SIGTERM ends it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="the port; 0: any that is free (default: %(default)s)"
    )
    time = parser.add_mutually_exclusive_group()
    time.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="let time run N times as fast")
    time.add_argument(
        "--frozen", action="store_true", help="freeze time: control calls move it, and polls that repeat 100 times"
    )
    parser.add_argument(
        "--at",
        type=_taken(_moment),
        metavar="MOMENT",
        help="with --frozen, the moment to freeze at: ISO 8601 text such as 2016-03-29T22:00:00Z (default: now)",
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="begin with the state in this JSON file, a snapshot of another mock or server; frozen time begins at its "
        "moment, or --at",
    )
    parser.add_argument(
        "--account-id",
        type=_taken(checked_account),
        default=DEFAULT_ACCOUNT,
        metavar="ID",
        help="the account of access keys that are not registered otherwise (default: %(default)s)",
    )
    parser.add_argument(
        "--region",
        type=_taken(checked_region),
        metavar="NAME",
        help="the region of control calls that name none (default: AWS_DEFAULT_REGION, else us-east-1)",
    )
    return parser


def serve(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. What cannot be served as asked for ends with status 2 and the reason."""
    from ..mock import mock_inspector
    from ..server import InspectorServer

    if chosen.at is not None and not chosen.frozen:
        parser.error("argument --at: takes effect only with --frozen")
    stopping = threading.Event()
    with ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: stopping.set()))
        try:
            backend = stack.enter_context(
                mock_inspector(
                    account_id=chosen.account_id,
                    region=chosen.region,
                    freeze=chosen.frozen,
                    at=chosen.at,
                    max_calls=_MOST_CALLS,
                    state=chosen.state,
                    allow_unused_faults=True,
                )
            )
        except ValueError as error:
            parser.error(str(error))
        if not chosen.frozen:
            backend.clock.run(chosen.speed)
        server = InspectorServer(backend, host=chosen.host, port=chosen.port)
        try:
            stack.enter_context(server)
        except ModuleNotFoundError as error:
            parser.error(str(error))
        except OSError as error:
            parser.error(_why_not(error, chosen.host, chosen.port))
        if not server.loopback:
            print(f"Warning: {chosen.host} is reached from other machines; anybody there can use it.", file=sys.stderr)
        print(server.url, flush=True)
        stopping.wait()
    return 0


def _why_not(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"argument --host: {host} is no address of this machine ({error.strerror})"
    if error.errno == errno.EADDRINUSE:
        return f"argument --port: {port} is in use; take another one, or 0 for any that is free"
    return f"argument --port: cannot listen on {host}, port {port}: {error.strerror}"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"takes a port from 0 to {_HIGHEST_PORT}, got {text!r}")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"takes a number above 0, got {text!r}")
    return speed


def _moment(text: str) -> str:
    from ..model.clock import as_datetime

    as_datetime(text, "at")
    return text


def _taken(check: Callable[[str], T]) -> Callable[[str], T]:
    """``check`` as argparse wants it: the reason of a ValueError is shown."""

    def taken(text: str) -> T:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return taken

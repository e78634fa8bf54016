"""The command ``mock-inspector serve``."""

from __future__ import annotations

import argparse
import errno
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from typing import TYPE_CHECKING, Any, TypeVar

from ..api.identifiers import DEFAULT_ACCOUNT, validate_account_id, validate_region

if TYPE_CHECKING:
    from ..server import InspectorServer

DEFAULT_PORT = 5016
_MAX_PORT = 65_535
_MAX_CALLS = 1_000
"""The log of calls is limited because a server may run for days."""

T = TypeVar("T")


def add_serve_parser(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options to a parser's subparsers."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="serve the mock over HTTP, for other processes and languages",
        description="Serve Amazon Inspector Classic over HTTP. The URL is all that is printed on standard output. "
        "Give it to AWS SDKs and the AWS CLI as AWS_ENDPOINT_URL_INSPECTOR, with --moto as AWS_ENDPOINT_URL. "
        "SIGINT or SIGTERM stops the server.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_parse_port, default=DEFAULT_PORT, help="the port; 0 is any free port (default: %(default)s)"
    )
    parser.add_argument(
        "--moto",
        action="store_true",
        help="answer for all of AWS: other services by moto, whose EC2, SNS, IAM and STS are then those of the mock "
        "(needs the extra 'moto')",
    )
    time = parser.add_mutually_exclusive_group()
    time.add_argument(
        "--speed", type=_parse_speed, default=1.0, metavar="N", help="run time N times as fast (default: 1)"
    )
    time.add_argument(
        "--frozen",
        action="store_true",
        help="freeze time; control calls move it, and so does a poll that is repeated 100 times",
    )
    parser.add_argument(
        "--at",
        type=_as_argument_type(_parse_time),
        metavar="TIME",
        help="with --frozen, the time to freeze at, in ISO 8601 such as 2016-03-29T22:00:00Z (default: now)",
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="start with the state in this JSON file, a snapshot of another mock or server; frozen time starts at the "
        "time of the snapshot, or --at",
    )
    parser.add_argument(
        "--account-id",
        type=_as_argument_type(validate_account_id),
        default=DEFAULT_ACCOUNT,
        metavar="ID",
        help="the account of access keys that are not registered for another (default: %(default)s)",
    )
    parser.add_argument(
        "--region",
        type=_as_argument_type(validate_region),
        metavar="NAME",
        help="the region of control calls that name none (default: AWS_DEFAULT_REGION or us-east-1)",
    )
    return parser


def run_server(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. Options that cannot be used end the process with status 2 and the reason."""
    from ..decorator import mock_inspector
    from ..server import InspectorServer

    if options.at is not None and not options.frozen:
        parser.error("argument --at: can only be used with --frozen")
    stopping = threading.Event()
    with ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: stopping.set()))
        try:
            backend = stack.enter_context(
                mock_inspector(
                    account_id=options.account_id,
                    region=options.region,
                    freeze=options.frozen,
                    at=options.at,
                    max_calls=_MAX_CALLS,
                    state=options.state,
                    allow_unused_faults=True,
                )
            )
        except ValueError as error:
            parser.error(str(error))
        if not options.frozen:
            backend.clock.run(options.speed)
        server = InspectorServer(backend, host=options.host, port=options.port, moto=options.moto)
        try:
            stack.enter_context(server)
        except ModuleNotFoundError as error:
            parser.error(str(error))
        except OSError as error:
            parser.error(_explain_error(error, options.host, options.port))
        if not server.loopback:
            print(
                f"Warning: {options.host} can be reached from other machines, and anybody there can use it.",
                file=sys.stderr,
            )
        print(server.url, flush=True)
        print(_describe_use(server), file=sys.stderr, flush=True)
        stack.enter_context(redirect_stdout(sys.stderr))  # moto prints, and the URL stays alone
        stack.enter_context(server.set_environment())
        stopping.wait()
    return 0


def _describe_use(server: InspectorServer) -> str:
    """What to export where the server is used, and how to stop it."""
    lines = [
        f"  export {name}={value}" for name, value in server.variables.items() if name.startswith("AWS_") and value
    ]
    return "\n".join(
        [
            "In the shell that uses it (if it has no region and no credentials, set any):",
            *lines,
            f"  export AWS_DEFAULT_REGION={server.backend.region} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test",
            "Press Ctrl+C to stop.",
        ]
    )


def _explain_error(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"argument --host: {host} is not an address of this machine ({error.strerror})"
    if error.errno == errno.EADDRINUSE:
        return f"argument --port: {port} is in use; choose another one, or 0 for any free port"
    return f"argument --port: cannot listen on {host}, port {port}: {error.strerror}"


def _parse_port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to {_MAX_PORT}; got {text!r}")
    return int(text)


def _parse_speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0; got {text!r}")
    return speed


def _parse_time(text: str) -> str:
    from ..clock.moments import to_datetime

    to_datetime(text, "at")
    return text


def _as_argument_type(check: Callable[[str], T]) -> Callable[[str], T]:
    """``check`` as an argparse type, which shows the reason of a ValueError."""

    def parse(text: str) -> T:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse

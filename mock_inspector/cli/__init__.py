"""The command ``mock-inspector``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from .demo import run_demo
from .serve import add_serve_parser, run_server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. The exit status is 0, or 2 for arguments that are wrong."""
    parser = argparse.ArgumentParser(
        prog="mock-inspector", description="Amazon Inspector Classic as an in-memory fake for tests."
    )
    parser.add_argument("--version", action="version", version=f"mock-inspector {version('mock-inspector')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("demo", help="run a small assessment against the mock and print what it reports")
    serve_parser = add_serve_parser(commands)
    options = parser.parse_args(arguments)
    try:
        return run_demo() if options.command == "demo" else run_server(serve_parser, options)
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0

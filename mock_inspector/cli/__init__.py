"""The command ``mock-inspector``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from .demo import demo
from .serve import add_command, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, or 2 for arguments it does not know."""
    parser = argparse.ArgumentParser(
        prog="mock-inspector", description="Amazon Inspector Classic as an in-memory fake for tests."
    )
    parser.add_argument("--version", action="version", version=f"mock-inspector {version('mock-inspector')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("demo", help="run a small assessment against the mock and print what it reports")
    serving = add_command(commands)
    chosen = parser.parse_args(arguments)
    try:
        return demo() if chosen.command == "demo" else serve(serving, chosen)
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0

"""The command ``mock-inspector``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version

from .server.serve import add_command, serve


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


def demo() -> int:
    """Describe a small fleet, let an ordinary script assess it, and print what it saw."""
    from . import demo as script
    from .decorator import mock_inspector
    from .findings import best_practice, cve, network_reachability

    # So that making a client looks for credentials no further than here.
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "example")
    begun = time.monotonic()
    with mock_inspector(region="us-west-2", at="2016-03-29T22:00:00Z", id_seed="demo") as backend:
        openssl = cve("CVE-2016-2177", package="openssl-1:1.0.1k-14.91")
        backend.add_instance("i-0web1", tags={"Name": "web"}, findings=[openssl, network_reachability(22)])
        backend.add_instance("i-0web2", tags={"Name": "web"}, findings=[openssl, best_practice("Enable ASLR")])
        backend.add_instance("i-0web3", tags={"Name": "web"}, agent_health="UNHEALTHY")
        backend.add_instance("i-0db", tags={"Name": "db"})
        print("Four instances, three of them named web, one of those with an unhealthy agent.")
        print("A script assesses those named web, polling every 30 seconds until the run has ended:\n")
        inspector = script.client()
        run = script.wait(inspector, script.start(inspector, "web"))
        script.report(run, script.findings(inspector, run["arn"]))
        minutes = (run["completedAt"] - run["createdAt"]).total_seconds() / 60
    print(f"\nThe run took {minutes:.0f} minutes of frozen time, the script {time.monotonic() - begun:.1f} seconds.")
    return 0

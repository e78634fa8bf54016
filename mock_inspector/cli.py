"""The command ``mock-inspector``."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, or 2 for arguments it does not know."""
    parser = argparse.ArgumentParser(
        prog="mock-inspector", description="Amazon Inspector Classic as an in-memory fake for tests."
    )
    parser.add_argument("--version", action="version", version=f"mock-inspector {version('mock-inspector')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("demo", help="run a small assessment against the mock and print what it reports")
    parser.parse_args(arguments)
    return demo()


def demo() -> int:
    """Describe a small fleet, let an ordinary script assess it, and print what it saw."""
    from . import demo as script
    from .mock import mock_inspector

    # So that making a client looks for credentials no further than here.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "example")
    begun = (time.monotonic,)[0]()
    with mock_inspector(region="us-west-2", at="2016-03-29T22:00:00Z", id_seed="demo") as backend:
        for number in (1, 2):
            backend.add_instance(f"i-0web{number}", tags={"Name": "web"})
        backend.add_instance("i-0web3", tags={"Name": "web"}, agent_health="UNHEALTHY")
        backend.add_instance("i-0db", tags={"Name": "db"})
        print("Four instances, three of them named web, one of those with an unhealthy agent.")
        print("A script assesses those named web, polling every 30 seconds until the run has ended:\n")
        inspector = script.client()
        run_arn = script.start(inspector, "web")
        for finding in _FOUND:
            backend.add_finding(run_arn, finding)
        run = script.wait(inspector, run_arn)
        script.report(run, script.findings(inspector, run_arn))
        minutes = (run["completedAt"] - run["createdAt"]).total_seconds() / 60
    print(f"\nThe run took {minutes:.0f} minutes of frozen time, the script {time.monotonic() - begun:.1f} seconds.")
    return 0


def _found(instance_id: str, severity: str, title: str) -> dict[str, Any]:
    return {"title": title, "severity": severity, "assetAttributes": {"agentId": instance_id}}


_FOUND = [
    _found("i-0web1", "High", "Instance i-0web1 is vulnerable to CVE-2016-2177"),
    _found("i-0web1", "Medium", "Instance i-0web1 is configured to allow root login over SSH"),
    _found("i-0web2", "High", "Instance i-0web2 is vulnerable to CVE-2016-2177"),
    _found("i-0web2", "Low", "On instance i-0web2, TCP port 8080 is reachable from a peered VPC"),
]

"""The command ``mock-inspector demo``."""

from __future__ import annotations

import os
import time


def run_demo() -> int:
    """Add some instances, let an ordinary script assess them, and print what the script saw."""
    from ..decorator import mock_inspector
    from ..findings import best_practice, cve, network_reachability
    from . import demo_script as script

    # Clients then look for credentials nowhere else.
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "example")
    begin = time.monotonic()
    with mock_inspector(region="us-west-2", at="2016-03-29T22:00:00Z", id_seed="demo") as backend:
        openssl = cve("CVE-2016-2177", package="openssl-1:1.0.1k-14.91")
        backend.add_instance("i-0web1", tags={"Name": "web"}, findings=[openssl, network_reachability(22)])
        backend.add_instance("i-0web2", tags={"Name": "web"}, findings=[openssl, best_practice("Enable ASLR")])
        backend.add_instance("i-0web3", tags={"Name": "web"}, agent_health="UNHEALTHY")
        backend.add_instance("i-0db", tags={"Name": "db"})
        print("Four instances, three of them named web, one of those with an unhealthy agent.")
        print("A script assesses those named web. It polls every 30 seconds until the run ends.\n")
        inspector = script.client()
        run = script.wait(inspector, script.start(inspector, "web"))
        script.report(inspector, run)
        minutes = (run["completedAt"] - run["createdAt"]).total_seconds() / 60
    print(f"\nThe run took {minutes:.0f} minutes of frozen time, the script {time.monotonic() - begin:.1f} seconds.")
    return 0

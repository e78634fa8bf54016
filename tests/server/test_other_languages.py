"""Clients of other languages, as processes of their own: a whole scan each, from the resource group to the report.

They are not among the project's requirements. ``MOCK_INSPECTOR_AWS_CLI`` names the command of an AWS CLI (otherwise one
in the path), ``MOCK_INSPECTOR_NODE_MODULES`` a directory that holds ``@aws-sdk/client-inspector`` (otherwise ``NODE_PATH``).
"""

import json
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest

from mock_inspector.findings import cve

DATA = Path(__file__).parent / "data"
TITLE = "Instance i-0web is vulnerable to CVE-2016-2177"


@pytest.fixture(scope="module")
def node():
    command = shutil.which("node")
    if command is None:
        pytest.skip("there is no Node")
    modules = os.environ.get("MOCK_INSPECTOR_NODE_MODULES") or os.environ.get("NODE_PATH", "")
    script = "require.resolve('@aws-sdk/client-inspector'); fetch"
    found = subprocess.run(
        [command, "-e", script], env={**os.environ, "NODE_PATH": modules}, capture_output=True, check=False
    )
    if found.returncode != 0:
        pytest.skip("Node is older than 18, or @aws-sdk/client-inspector is not in MOCK_INSPECTOR_NODE_MODULES")
    return command, modules


@pytest.mark.slow
@pytest.mark.mock_inspector(freeze=False)
def test_a_shell_script_with_the_aws_cli_scans_while_time_runs_fast(inspector_server, aws_cli):
    backend = inspector_server.backend
    backend.add_instance("i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177")])
    backend.clock.run(60)  # a second for each minute
    environ = {**inspector_server.environ, "AWS": aws_cli, "AWS_PAGER": ""}
    ran = subprocess.run(["bash", DATA / "flow.sh"], env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    run, title, url = ran.stdout.splitlines()
    assert backend.list_assessment_runs()["assessmentRunArns"] == [run]
    assert title == TITLE
    with urllib.request.urlopen(url) as report:
        assert TITLE in report.read().decode()


@pytest.mark.slow
def test_a_node_script_with_the_javascript_sdk_scans_while_time_is_frozen(inspector_server, node):
    command, modules = node
    inspector_server.backend.add_instance("i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177")])
    environ = {**inspector_server.environ, "NODE_PATH": modules}
    ran = subprocess.run([command, DATA / "flow.js"], env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert inspector_server.backend.list_assessment_runs()["assessmentRunArns"] == [seen["run"]]
    assert seen["titles"] == [TITLE]
    assert seen["seconds"] == 242
    assert seen["report"] == [200, "text/html; charset=utf-8", True]
    assert seen["error"] == ["NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST"]

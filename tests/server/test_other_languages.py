"""Clients of other languages, as processes of their own: a whole scan each, from the resource group to the report; and
with one endpoint for all of AWS, from the EC2 instance to the message in a queue.

They are not among the project's requirements. ``MOCK_INSPECTOR_AWS_CLI`` names the command of an AWS CLI (otherwise one
in the path), ``MOCK_INSPECTOR_NODE_MODULES`` a directory that holds ``@aws-sdk/client-inspector`` and the clients of EC2,
SNS and SQS (otherwise ``NODE_PATH``).
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


def find_node(*services):
    """The command of Node and where its modules are, if it has the AWS SDK's clients of these services."""
    command = shutil.which("node")
    if command is None:
        pytest.skip("there is no Node")
    modules = os.environ.get("MOCK_INSPECTOR_NODE_MODULES") or os.environ.get("NODE_PATH", "")
    names = [f"@aws-sdk/client-{service}" for service in services]
    script = "".join(f"require.resolve('{name}'); " for name in names) + "fetch"
    found = subprocess.run(
        [command, "-e", script], env={**os.environ, "NODE_PATH": modules}, capture_output=True, check=False
    )
    if found.returncode != 0:
        pytest.skip(f"Node is older than 18, or one of {', '.join(names)} is not in MOCK_INSPECTOR_NODE_MODULES")
    return command, modules


@pytest.fixture(scope="module")
def node():
    return find_node("inspector")


@pytest.fixture(scope="module")
def node_with_all_services():
    return find_node("inspector", "ec2", "sns", "sqs")


@pytest.fixture(scope="module")
def moto_server():
    pytest.importorskip("flask_cors", reason="moto's server is not installed: pip install 'moto[server]'")


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


@pytest.mark.slow
@pytest.mark.usefixtures("moto_server")
@pytest.mark.mock_inspector(freeze=False)
def test_a_shell_script_launches_an_instance_assesses_it_and_reads_the_message(aws_server, aws_cli):
    backend = aws_server.backend
    backend.clock.run(60)
    environ = {**aws_server.environ, "AWS": aws_cli, "AWS_PAGER": ""}
    ran = subprocess.run(["bash", DATA / "aws_flow.sh"], env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    launched, assessed, run, body = ran.stdout.split("\n", 3)
    assert assessed == launched
    assert backend.list_assessment_runs()["assessmentRunArns"] == [run]
    message = json.loads(json.loads(body)["Message"])
    assert (message["event"], message["run"]) == ("ASSESSMENT_RUN_COMPLETED", run)


@pytest.mark.slow
@pytest.mark.usefixtures("moto_server")
def test_a_node_script_launches_an_instance_assesses_it_and_reads_the_message(aws_server, node_with_all_services):
    command, modules = node_with_all_services
    environ = {**aws_server.environ, "NODE_PATH": modules}
    ran = subprocess.run([command, DATA / "aws_flow.js"], env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["assessed"] == [seen["launched"]]
    assert aws_server.backend.list_assessment_runs()["assessmentRunArns"] == [seen["run"]]
    assert seen["events"] == ["ENABLE_ASSESSMENT_NOTIFICATIONS", "ASSESSMENT_RUN_COMPLETED"]
    assert seen["completed"] == seen["run"]

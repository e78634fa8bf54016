"""The command ``mock-inspector serve``, as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from mock_inspector import mock_inspector
from mock_inspector.cli import main

from ..support.aws import CVE, create_target
from ..support.fast_subset import slow
from ..support.other_services import preview_agents, run_instances
from ..support.raw_http import call_action, connect, control_call, read_property, send, send_on, signed_headers
from ..support.subprocesses import serve_process


@pytest.mark.parametrize("number", [slow(signal.SIGINT), signal.SIGTERM])
def test_serve_prints_its_url_answers_and_ends_on_a_signal(number):
    with serve_process() as (process, url), closing(connect(url)) as kept:
        assert url.startswith("http://127.0.0.1:")
        assert send_on(kept, "POST", "/", {}, signed_headers("ListFindings")).value == {"findingArns": []}
        process.send_signal(number)
        out, usage = process.communicate(timeout=60)
        assert (out, process.returncode) == ("", 0)
        assert f"  export AWS_ENDPOINT_URL_INSPECTOR={url}\n" in usage
        assert usage.endswith("Press Ctrl+C to stop.\n")
        with pytest.raises(ConnectionRefusedError):
            call_action(url, "ListFindings")


@pytest.mark.slow
def test_time_runs_at_the_speed_of_the_option():
    with serve_process("--speed", "1000000", "--account-id", "210987654321", "--region", "eu-central-1") as (_, url):
        assert (read_property(url, "account_id"), read_property(url, "region")) == ("210987654321", "eu-central-1")
        headers = {"account": "AKIAUNKNOWN", "region": "us-west-2"}
        target = send(
            url, "POST", "/", {"assessmentTargetName": "all"}, signed_headers("CreateAssessmentTarget", **headers)
        )
        arn = target.value["assessmentTargetArn"]
        assert arn.startswith("arn:aws:inspector:us-west-2:210987654321:")
        made = {
            "assessmentTargetArn": arn,
            "assessmentTemplateName": "all",
            "durationInSeconds": 3600,
            "rulesPackageArns": [CVE],
        }
        template = send(url, "POST", "/", made, signed_headers("CreateAssessmentTemplate", **headers)).value
        run = send(url, "POST", "/", template, signed_headers("StartAssessmentRun", **headers)).value[
            "assessmentRunArn"
        ]
        to_api = {"assessmentRunArns": [run]}
        answers = (
            send(url, "POST", "/", to_api, signed_headers("DescribeAssessmentRuns", **headers)) for _ in range(10_000)
        )
        assert any(answer.value["assessmentRuns"][0]["state"] == "COMPLETED" for answer in answers)


@pytest.mark.slow
def test_serve_at_freezes_time_until_it_is_moved():
    with serve_process("--frozen", "--at", "2016-03-29T22:00:00Z") as (_, url):
        assert read_property(url, "clock.now") == "2016-03-29T22:00:00.000+00:00"
        control_call(url, "clock.tick", delta=1.5)
        assert read_property(url, "clock.now") == "2016-03-29T22:00:01.500+00:00"


@pytest.mark.slow
def test_serve_state_begins_with_a_snapshot_file(tmp_path):
    path = tmp_path / "snapshot.json"
    with mock_inspector(region="us-west-2", at="2016-03-29T22:00:00Z") as backend:
        arn = backend.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        path.write_text(json.dumps(backend.snapshot()), "utf-8")
    with serve_process("--state", str(path), "--frozen") as (_, url):
        assert read_property(url, "clock.now") == "2016-03-29T22:00:00.000+00:00"
        assert call_action(url, "ListAssessmentTargets").value == {"assessmentTargetArns": [arn]}
        assert control_call(url, "snapshot") == json.loads(path.read_text("utf-8"))
    with serve_process("--state", str(path)) as (_, url):
        assert call_action(url, "ListAssessmentTargets").value == {"assessmentTargetArns": [arn]}
        assert read_property(url, "clock.now") > "2020"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON: line 1, column 2"),
        ("[]", "must be a snapshot of mock_inspector, an object whose 'format' is 'mock_inspector'; got []"),
    ],
)
def test_a_file_without_a_state_is_reported(content, reason, tmp_path, capsys):
    path = tmp_path / "state.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", "0", "--state", str(path)])
    assert ended.value.code == 2
    assert f"state: {path}: {reason}" in capsys.readouterr().err


@pytest.mark.slow
def test_other_machines_names_pass_where_it_listens_for_them_with_a_warning():
    with serve_process("--host", "0.0.0.0") as (process, url):
        assert urlsplit(url).hostname == "127.0.0.1"
        assert send(url, "POST", "/", {}, {**signed_headers("ListFindings"), "Host": "inspector:5016"}).status == 200
        origin = {"Host": "inspector:5016", "Origin": "http://elsewhere:5016"}
        assert send(url, "POST", "/_mock_inspector/reset", {}, origin).status == 403
        process.terminate()
        out, warning = process.communicate(timeout=60)
        assert (out, process.returncode) == ("", 0)
        assert warning.startswith("Warning: 0.0.0.0 can be reached from other machines")


@pytest.mark.slow
def test_serve_moto_answers_for_all_of_aws_and_prints_nothing_but_the_url_on_standard_output():
    pytest.importorskip("flask_cors", reason="moto's server is not installed: pip install 'moto[server]'")
    with serve_process("--moto", "--frozen", "--account-id", "210987654321", "--region", "eu-central-1") as (
        process,
        url,
    ):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(retries={"max_attempts": 0})
        session = boto3.Session(**keys, region_name="eu-central-1")
        clients = {
            name: session.client(name, endpoint_url=url, config=config)
            for name in ("ec2", "inspector", "sqs", "sts", "snowball")
        }
        assert clients["sts"].get_caller_identity()["Account"] == "210987654321"
        launched = run_instances(ec2=clients["ec2"])
        target = create_target(clients["inspector"])
        assert target.split(":")[4] == "210987654321"
        assert preview_agents(clients["inspector"], target).keys() == {*launched}
        with pytest.raises(ClientError, match="moto does not have this"):  # moto prints a line about it
            clients["snowball"].list_jobs()
        # Waiting for a message moves frozen time: nobody in the server's process is at work.
        queue = clients["sqs"].create_queue(QueueName="empty")["QueueUrl"]
        begun = read_property(url, "clock.now")
        assert "Messages" not in clients["sqs"].receive_message(QueueUrl=queue, WaitTimeSeconds=5)
        assert read_property(url, "clock.now") > begun
        process.terminate()
        out, usage = process.communicate(timeout=60)
        assert (out, process.returncode) == ("", 0)
        assert f"  export AWS_ENDPOINT_URL={url}\n" in usage
        assert "AWS_ENDPOINT_URL_INSPECTOR" not in usage
        assert "AWS_DEFAULT_REGION=eu-central-1" in usage


def test_a_port_in_use_is_reported(capsys):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        before = signal.getsignal(signal.SIGTERM)
        with pytest.raises(SystemExit) as ended:
            main(["serve", "--port", str(port)])
    assert ended.value.code == 2
    assert f"argument --port: {port} is in use; choose another one, or 0" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--port", "65536"], "argument --port: must be a port from 0 to 65535; got '65536'"),
        (["--port", "-1"], "argument --port"),
        (["--speed", "0"], "argument --speed: must be a number above 0; got '0'"),
        (["--speed", "fast"], "argument --speed: must be a number above 0; got 'fast'"),
        (["--speed", "2", "--frozen"], "not allowed with argument"),
        (["--at", "2016-03-29"], "argument --at: can only be used with --frozen"),
        (["--frozen", "--at", "noon"], "argument --at: at must be a datetime, ISO 8601 text"),
        (["--account-id", "1"], "argument --account-id: account_id must be a string of 12 digits; got '1'"),
        (
            ["--region", "Oregon"],
            "argument --region: region must be the name of a region such as 'us-east-1'; got 'Oregon'",
        ),
        (["--port", "0", "--host", "203.0.113.1"], "argument --host: 203.0.113.1 is not an address of this machine"),
        (["--port", "0", "--host", "no such name"], "argument --host: no such name is not an address of this machine"),
        (["--log"], "unrecognized arguments: --log"),
    ],
)
def test_wrong_arguments_are_reported_with_what_is_allowed(arguments, reason, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_wrong_region_of_the_environment_is_reported(monkeypatch, capsys):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "Oregon")
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", "0"])
    assert ended.value.code == 2
    assert "region (from AWS_DEFAULT_REGION) must be the name of a region" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "extra"), [([], "server"), slow((["--moto"], "moto"))])
def test_serve_without_its_library_says_what_to_install(options, extra):
    code = (
        f"import sys; sys.modules['waitress'] = None; from mock_inspector.cli import main; main(['serve', *{options}])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert f"pip install 'mock-inspector[{extra}]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_command_line_is_read_without_what_only_serving_needs():
    code = (
        "import sys\nfrom mock_inspector.cli import main\n"
        "try: main(['serve', '--help'])\nfinally: print(sorted({'botocore', 'waitress', 'freezegun'} & {*sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert ran.stdout.endswith("[]\n")

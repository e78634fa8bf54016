"""The HTTP server, as other processes see it: the fixture ``inspector_server`` and what it answers."""

import asyncio
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import takewhile
from urllib.parse import urlsplit

import boto3
import pytest
import requests
import responses
from botocore.exceptions import ReadTimeoutError

from mock_inspector import mock_inspector
from mock_inspector.server import InspectorServer, waitress_runner
from mock_inspector.state.network_failures import LOST

from ..support.aws import CVE, create_template, start_run
from ..support.raw_http import call_action, connect, send, send_on, signed_headers
from ..support.time_control import real_sleep

MIB = 1024 * 1024


def started_run(server, seconds=180):
    target = call_action(server, "CreateAssessmentTarget", assessmentTargetName="all").value["assessmentTargetArn"]
    template = call_action(
        server,
        "CreateAssessmentTemplate",
        assessmentTargetArn=target,
        assessmentTemplateName="all",
        durationInSeconds=seconds,
        rulesPackageArns=[CVE],
    ).value["assessmentTemplateArn"]
    return call_action(server, "StartAssessmentRun", assessmentTemplateArn=template).value["assessmentRunArn"]


def state_of(server, run):
    to_api = call_action(server, "DescribeAssessmentRuns", assessmentRunArns=[run]).value
    return to_api["assessmentRuns"][0]["state"]


# The fixture


@pytest.mark.slow
def test_the_endpoint_is_set_for_the_test_and_put_back_after_it(pytester, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_INSPECTOR", "http://127.0.0.1:1")
    pytester.makepyfile(
        """
        import os

        def test_first(inspector_server):
            assert os.environ["AWS_ENDPOINT_URL_INSPECTOR"] == inspector_server.url
            assert inspector_server.url.startswith("http://127.0.0.1:")

        def test_second():
            assert os.environ["AWS_ENDPOINT_URL_INSPECTOR"] == "http://127.0.0.1:1"
            del os.environ["AWS_ENDPOINT_URL_INSPECTOR"]

        def test_third(inspector_server):
            pass

        def test_fourth():
            assert "AWS_ENDPOINT_URL_INSPECTOR" not in os.environ
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_the_server_shares_the_state_of_the_backend_fixture(inspector_backend, inspector_server, client):
    assert inspector_server.backend is inspector_backend
    inspector_backend.add_instance("i-0web", tags={"Name": "web"})
    target = client.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
    to_preview = call_action(inspector_server, "PreviewAgents", previewAgentsArn=target).value
    assert [agent["agentId"] for agent in to_preview["agentPreviews"]] == ["i-0web"]
    assert [(entry.operation, entry.region) for entry in inspector_backend.calls] == [
        ("CreateAssessmentTarget", "us-west-2"),
        ("PreviewAgents", "us-west-2"),
    ]


def test_a_process_with_boto3_alone_finds_the_server(inspector_server):
    script = """
import boto3
inspector = boto3.client("inspector")
target = inspector.create_assessment_target(assessmentTargetName="from afar")["assessmentTargetArn"]
try:
    inspector.delete_assessment_target(assessmentTargetArn=target[:-1] + "X")
except inspector.exceptions.NoSuchEntityException as error:
    print(error.response["errorCode"])
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "ASSESSMENT_TARGET_DOES_NOT_EXIST\n"
    assert len(inspector_server.backend.list_assessment_targets()["assessmentTargetArns"]) == 1


def test_the_servers_environment_has_what_a_process_needs_and_keeps_what_is_set(inspector_server, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASET")
    monkeypatch.delenv("AWS_REGION", raising=False)
    environ = inspector_server.environ
    assert environ["AWS_ENDPOINT_URL_INSPECTOR"] == inspector_server.url
    assert (environ["AWS_ACCESS_KEY_ID"], environ["AWS_REGION"]) == ("AKIASET", "us-west-2")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    environ = inspector_server.environ
    assert (environ["AWS_ACCESS_KEY_ID"], environ["AWS_DEFAULT_REGION"]) == ("123456789012", "us-west-2")
    assert environ["AWS_SECRET_ACCESS_KEY"]
    monkeypatch.setenv("AWS_PROFILE", "own")
    assert "AWS_ACCESS_KEY_ID" not in inspector_server.environ


def test_a_stopped_server_leaves_no_thread_and_no_open_port():
    before = threading.active_count()
    with mock_inspector() as backend:
        with InspectorServer(backend) as server, closing(connect(server)) as idle:
            assert send_on(idle, "POST", "/", {}, signed_headers("ListAssessmentRuns")).status == 200
        assert threading.active_count() == before
        with pytest.raises(ConnectionRefusedError):
            call_action(server, "ListAssessmentRuns")
        server.stop()  # once more: nothing to do


@pytest.mark.slow
def test_a_response_that_is_being_sent_is_finished_before_the_server_stops():
    with mock_inspector() as backend:
        backend.add_instance("i-0large", tags={f"{number}": "x" * 255 for number in range(40_000)})
        snapshot = json.dumps(backend.snapshot(), separators=(",", ":")).encode()
        with InspectorServer(backend) as server, closing(connect(server)) as slow:
            slow.request("POST", "/_mock_inspector/snapshot", b"")
            response = slow.getresponse()
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            assert response.read() == snapshot
            stopping.join()


@pytest.mark.slow
def test_a_client_that_does_not_read_delays_the_stop_only_for_a_while(monkeypatch):
    monkeypatch.setattr(waitress_runner, "_STOP_TIMEOUT_SECONDS", 0.1)
    before = threading.active_count()
    with mock_inspector() as backend:
        backend.add_instance("i-0large", tags={f"{number}": "x" * 255 for number in range(40_000)})
        with InspectorServer(backend) as server, closing(connect(server)) as silent:
            silent.request("POST", "/_mock_inspector/snapshot", b"")
            silent.getresponse()
            server.stop()
            assert threading.active_count() == before


def test_servers_stop_cleanly_under_load():
    before = threading.active_count()

    def request(server, stopped):
        while not stopped.is_set():
            try:
                assert call_action(server, "ListFindings").value == {"findingArns": []}
            except (ConnectionError, http.client.HTTPException):
                assert stopped.wait(60)

    with mock_inspector() as backend, ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            stopped = threading.Event()
            with InspectorServer(backend) as server:
                clients = [pool.submit(request, server, stopped) for _ in range(2)]
                call_action(server, "ListFindings")
                server.stop()
                stopped.set()
            for client in clients:
                client.result()
    assert threading.active_count() == before


def test_a_server_ends_with_its_mock():
    before = threading.active_count()
    with mock_inspector() as backend:
        server = InspectorServer(backend)
        server.start()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        call_action(server, "ListAssessmentRuns")


def test_a_server_that_has_started_does_not_start_again_before_it_stops(inspector_backend):
    with InspectorServer(inspector_backend) as server:
        url = server.url
        with pytest.raises(RuntimeError, match=f"^The server has started already, at {url}. Stop it before"):
            server.start()
        assert server.url == url
        assert call_action(server, "ListAssessmentRuns").status == 200
    with server:
        assert call_action(server, "ListAssessmentRuns").status == 200


@pytest.mark.parametrize("port", [-1, 65_536, 10**20, "80", True, None, []])
def test_a_server_refuses_what_is_no_port(inspector_backend, port):
    with pytest.raises(ValueError, match=f"^port must be 0 to 65535; got {re.escape(repr(port))}$"):
        InspectorServer(inspector_backend, port=port)


@pytest.mark.parametrize("host", [None, b"127.0.0.1", 5])
def test_a_server_refuses_what_is_no_address(inspector_backend, host):
    with pytest.raises(TypeError, match=r"^host must be the address to listen on, such as '127\.0\.0\.1'; got "):
        InspectorServer(inspector_backend, host=host)


def test_a_server_needs_an_active_mock():
    with mock_inspector() as backend:
        pass
    with pytest.raises(RuntimeError, match="within mock_inspector"):
        InspectorServer(backend).start()
    with mock_inspector(), pytest.raises(RuntimeError, match="within mock_inspector"):
        InspectorServer(backend).start()


def test_without_its_library_a_server_says_what_to_install(inspector_backend, monkeypatch):
    for name in [
        name for name in sys.modules if name.startswith(("waitress", "mock_inspector.server.waitress_runner"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "waitress", None)
    monkeypatch.setitem(sys.modules, "waitress.channel", None)
    with pytest.raises(ModuleNotFoundError, match=re.escape("pip install 'mock-inspector[server]'")):
        InspectorServer(inspector_backend).start()


# Requests of the service


def test_account_and_region_are_those_of_the_signature(inspector_server):
    headers = signed_headers("CreateAssessmentTarget", "999999999999", "eu-west-1")
    made = send(inspector_server, "POST", "/", {"assessmentTargetName": "theirs"}, headers).value
    assert made["assessmentTargetArn"].startswith("arn:aws:inspector:eu-west-1:999999999999:target/")
    assert call_action(inspector_server, "ListAssessmentTargets").value["assessmentTargetArns"] == []


def test_an_answer_has_the_services_headers(inspector_server):
    inspector_server.backend.clock.move_to("2030-01-01T00:00:00Z")
    answer = call_action(inspector_server, "ListAssessmentRuns")
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.headers["Date"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-11e5-9[0-9a-f]{3}-[0-9a-f]{12}", answer.headers["x-amzn-RequestId"])


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "code"),
    [
        ("POST", "/", {"X-Amz-Target": "InspectorService.ListFindings"}, b"{}", 403, "MissingAuthenticationTokenException"),
        ("POST", "/", signed_headers("ListFinding"), b"{}", 400, "UnknownOperationException"),
        ("POST", "/", signed_headers("ListFindings"), b"{", 400, "SerializationException"),
        ("POST", "/", signed_headers("ListFindings"), b"[" * 100_000, 400, "SerializationException"),
        ("POST", "/%ff%00/../x?%ff&a=[", signed_headers("ListFindings"), b'{"maxResults":0}', 400, "InvalidInputException"),
        ("DELETE", "/anything", signed_headers("ListFindings"), b"", 400, "UnknownOperationException"),
    ],
)  # fmt: skip
def test_bad_requests_get_the_errors_of_the_service(inspector_server, method, path, headers, body, status, code):
    answer = send(inspector_server, method, path, body, headers)
    assert (answer.status, answer.value["__type"]) == (status, code)


def test_a_connection_is_kept_however_far_time_moves(inspector_server):
    with closing(connect(inspector_server)) as kept:
        assert send_on(kept, "POST", "/", {}, signed_headers("ListFindings")).status == 200
        first = kept.sock
        for _ in range(5):
            inspector_server.backend.clock.tick(365 * 86_400)
            assert send_on(kept, "POST", "/", {}, signed_headers("ListFindings")).status == 200
            assert kept.sock is first is not None


def test_requests_are_answered_at_the_same_time(inspector_server):
    def create(number):
        return call_action(inspector_server, "CreateResourceGroup", resourceGroupTags=[{"key": f"{number}"}]).value

    with closing(connect(inspector_server)) as slow:
        slow.putrequest("POST", "/")
        slow.putheader("Content-Length", "2")
        slow.endheaders()  # and the body does not come
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(create, range(100)))
    assert len({entry["resourceGroupArn"] for entry in made}) == 100


def test_bodies_are_read_up_to_a_mebibyte(inspector_server):
    largest = b'{"maxResults":7' + b" " * (MIB - 16) + b"}"
    assert len(largest) == MIB
    assert send(inspector_server, "POST", "/", largest, signed_headers("ListFindings")).value == {"findingArns": []}
    answer = send(inspector_server, "POST", "/", largest + b" ", signed_headers("ListFindings"))
    assert (answer.status, answer.value["__type"]) == (413, "RequestEntityTooLargeException")
    answer = send(inspector_server, "POST", "/_mock_inspector/reset", largest + b" ")
    assert (answer.status, answer.value) == (
        413,
        {"error": "The request's body must be at most 1048576 bytes long; got 1048577 bytes."},
    )


def test_a_body_of_any_length_is_refused_before_it_is_sent(inspector_server):
    with closing(connect(inspector_server)) as opened:
        opened.putrequest("POST", "/")
        opened.putheader("Content-Length", str(10**12))
        opened.endheaders()
        assert opened.getresponse().status == 413


@pytest.mark.parametrize("body", [b" " * 2000, [b" " * 2000]], ids=["whole", "in chunks"])
def test_a_body_that_is_not_even_read_is_refused_in_the_form_of_its_request(monkeypatch, body):
    monkeypatch.setattr(waitress_runner, "_MAX_BODY_BYTES", 1000)
    text = "Request Entity Too Large: exceeds max_body of 1000"
    with mock_inspector() as backend, InspectorServer(backend) as server:
        for path, content_type, value in [
            ("/_mock_inspector/restore", "application/json", {"error": text}),
            ("/", "application/x-amz-json-1.1", {"__type": "RequestEntityTooLargeException", "message": text}),
        ]:
            with closing(connect(server)) as opened:
                opened.request("POST", path, body, signed_headers("ListFindings"))
                response = opened.getresponse()
                assert (response.status, response.headers["Content-Type"]) == (413, content_type)
                assert json.load(response) == value


def test_a_body_may_come_in_chunks(inspector_server):
    with closing(connect(inspector_server)) as opened:
        chunks = iter([b'{"assessment', b'TargetName":', b'"in chunks"}'])
        opened.request("POST", "/", chunks, signed_headers("CreateAssessmentTarget"), encode_chunked=True)
        assert b"assessmentTargetArn" in opened.getresponse().read()


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n\x00\xff / \r\n\r\n",
        b"POST\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET http://[/inspector-reports- HTTP/1.0\r\n\r\n",
        b"POST /_mock_inspector/reset HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"x" * 300_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(inspector_server, sent):
    url = urlsplit(inspector_server.url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=60) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: raw.recv(1_000_000), b""))
    assert re.match(rb"HTTP/1\.[01] 4\d\d ", answer), answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2]).keys() in ({"__type", "message"}, {"error"})
    assert call_action(inspector_server, "ListFindings").status == 200


# Whom it answers


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", "/_mock_inspector/reset", "/inspector-reports-us-west-2/x"])
@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"Host": "evil.example"}, "Host"),
        ({"Host": "127.0.0.1.evil.example:80"}, "Host"),
        ({"Host": "[evil"}, "Host"),
        ({"Host": "192.168.0.1"}, "Host"),
        ({"Host": "inspector.us-east-1.amazonaws.com.evil.example"}, "Host"),
        ({"Host": "evil.s3-website-us-east-1.amazonaws.com"}, "Host"),
        ({"Host": "inspector.us-east-1.amazonaws.com", "Origin": "https://evil.example"}, "Origin"),
        ({"Origin": "https://evil.example"}, "Origin"),
        ({"Origin": "null"}, "Origin"),
        ({"Origin": "http://localhost:1"}, "Origin"),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "Sec-Fetch-Site"),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, "Sec-Fetch-Site"),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, "Sec-Fetch-Site"),
    ],
)  # fmt: skip
def test_pages_of_other_origins_are_refused(inspector_server, path, headers, named):
    inspector_server.backend.add_instance("i-0kept")
    answer = send(inspector_server, "POST", path, {}, {**signed_headers("ListFindings"), **headers})
    if path.startswith("/inspector-reports"):
        assert f"<Code>AccessDenied</Code><Message>{named} " in answer.body.decode()
    elif path == "/":
        assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
        assert answer.value["__type"] == "AccessDeniedException"
        assert answer.value["message"].split()[0] == named
    else:
        assert answer.value["error"].split()[0] == named
    assert answer.status == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert len(inspector_server.backend.calls) == 0
    with pytest.raises(ValueError, match="must be new; got 'i-0kept', which exists"):
        inspector_server.backend.add_instance("i-0kept")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "inspector.localhost"])
def test_the_servers_own_pages_and_links_to_it_pass(inspector_server, host):
    netloc = f"{host}:{urlsplit(inspector_server.url).port}"
    own = {"Host": netloc, "Origin": f"http://{netloc}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert send(inspector_server, "POST", "/_mock_inspector/reset", {}, own).status == 200
    link = {
        "Host": netloc,
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert send(inspector_server, "GET", "/inspector-reports-us-west-2/x", None, link).status == 404


@pytest.mark.parametrize(
    "host",
    [
        "inspector.us-east-1.amazonaws.com",
        "inspector.us-east-1.amazonaws.com:443",
        "inspector-fips.us-gov-west-1.amazonaws.com",
        "inspector.cn-north-1.amazonaws.com.cn",
        "vpce-0123-ab.inspector.eu-west-1.vpce.amazonaws.com",
    ],
)
def test_the_host_names_of_aws_are_served(inspector_server, client, host):
    """A proxy, or a transport that was redirected, leaves the name that the client asked for."""
    params = finished_report(inspector_server, client)
    answer = send(inspector_server, "POST", "/", params, {**signed_headers("GetAssessmentReport"), "Host": host})
    assert answer.status == 200
    assert answer.value["url"].startswith(f"{inspector_server.url}/inspector-reports-us-west-2/")
    assert send(inspector_server, "GET", "/_mock_inspector/region", None, {"Host": host}).value == "us-west-2"


def run_script(server, script):
    """What a script prints that uses the server from a process without a mock."""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120, env=server.environ
    )
    return ran.stdout.strip()


@pytest.mark.slow
def test_an_sdk_can_read_why_it_is_refused(inspector_server):
    script = """
import boto3, botocore.exceptions
client = boto3.client("inspector")
client.meta.events.register("before-sign.inspector", lambda request, **_: request.headers.add_header("Host", "evil"))
try:
    client.list_findings()
except botocore.exceptions.ClientError as error:
    print(error)
"""
    printed = run_script(inspector_server, script)
    assert "(AccessDeniedException) when calling the ListFindings operation: Host must be a name of" in printed


def test_a_proxy_may_lead_the_name_of_aws_here(inspector_server):
    script = f"""
import boto3, botocore.config
config = botocore.config.Config(proxies={{"http": "{inspector_server.url}"}})
url = "http://inspector.us-east-1.amazonaws.com"
client = boto3.client("inspector", "us-east-1", endpoint_url=url, config=config)
print(client.create_assessment_target(assessmentTargetName="by a proxy")["assessmentTargetArn"])
"""
    created = run_script(inspector_server, script)
    listed = inspector_server.backend.for_region("us-east-1").list_assessment_targets()["assessmentTargetArns"]
    assert listed == [created]


# Faults


def test_a_failure_of_the_network_closes_the_connection_without_an_answer(inspector_server, caplog):
    backend = inspector_server.backend
    backend.inject_fault("ListFindings", ReadTimeoutError(endpoint_url="https://example"))
    backend.inject_fault("ListFindings", ConnectionResetError())
    for _ in range(2):
        with pytest.raises(http.client.RemoteDisconnected):
            call_action(inspector_server, "ListFindings")
    assert call_action(inspector_server, "ListFindings").status == 200
    assert caplog.records == []


@pytest.mark.parametrize("name", LOST)
def test_each_lost_request_is_logged_as_such_with_the_endpoint(inspector_server, caplog, name):
    backend = inspector_server.backend
    backend.inject_fault("ListFindings", name)
    with pytest.raises(http.client.RemoteDisconnected):
        call_action(inspector_server, "ListFindings")
    (call,) = backend.calls
    assert call.error == name
    assert f"{inspector_server.url}/" in call.message
    assert caplog.records == []


def test_an_answer_can_be_cut_off_or_garbled(inspector_server, caplog):
    inspector_server.backend.inject_fault("ListFindings", "TruncatedBody")
    with pytest.raises(http.client.IncompleteRead) as caught:
        call_action(inspector_server, "ListFindings")
    assert caught.value.partial == b'{"finding'
    inspector_server.backend.inject_fault("ListFindings", "GarbledBody")
    assert call_action(inspector_server, "ListFindings").body == b'}][:"snrAgnidnif"{'
    assert caplog.records == []


def test_another_exception_closes_the_connection_and_is_logged(inspector_server, caplog):
    inspector_server.backend.inject_fault("ListFindings", ZeroDivisionError("injected"))
    with pytest.raises(http.client.RemoteDisconnected):
        call_action(inspector_server, "ListFindings")
    assert "ZeroDivisionError: injected" in caplog.text


@pytest.mark.slow
def test_a_clients_own_retries_get_past_a_failure(inspector_server):
    inspector_server.backend.inject_fault("ListFindings", ConnectionResetError())
    inspector_server.backend.inject_fault("ListFindings", "ThrottlingException")
    script = "import boto3; print(boto3.client('inspector').list_findings()['findingArns'])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
    assert [entry.error for entry in inspector_server.backend.calls] == [
        "ConnectionResetError",
        "ThrottlingException",
        None,
    ]


# Time


@pytest.mark.slow
def test_polls_that_repeat_move_frozen_time(inspector_server):
    run = started_run(inspector_server)
    seen = takewhile(lambda state: state != "COMPLETED", (state_of(inspector_server, run) for _ in range(2_000)))
    assert list(dict.fromkeys(seen))[-1] == "EVALUATING_RULES"
    assert state_of(inspector_server, run) == "COMPLETED"


def test_an_endless_poll_gets_an_error(inspector_server):
    run = started_run(inspector_server)
    inspector_server.backend.set_run_state(run, "COLLECTING_DATA")
    answers = [call_action(inspector_server, "DescribeAssessmentRuns", assessmentRunArns=[run]) for _ in range(101)]
    assert {answer.status for answer in answers[:-1]} == {200}
    assert answers[-1].status == 400
    assert answers[-1].value["__type"] == "EndlessPollError"
    assert "set_run_state put it there" in answers[-1].value["message"]


@pytest.mark.mock_inspector(freeze=False)
def test_running_time_can_run_faster(inspector_server):
    clock = inspector_server.backend.clock
    run = started_run(inspector_server, seconds=86_400)
    clock.run(10_000_000)
    while state_of(inspector_server, run) != "COMPLETED":
        pass
    begun = clock.now()
    clock.run(1)
    assert (clock.now() - begun).total_seconds() < 3_600_000  # nothing but what passed in between


def test_frozen_time_cannot_run(inspector_server):
    with pytest.raises(ValueError, match=r"use mock_inspector\(freeze=False\)"):
        inspector_server.backend.clock.run(2)


@pytest.mark.mock_inspector(freeze=False)
@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan"), "2", None, True])
def test_a_clock_runs_at_a_positive_speed_only(inspector_backend, speed):
    with pytest.raises((TypeError, ValueError), match=r"^speed must be a .*number.*; got "):
        inspector_backend.clock.run(speed)


@pytest.mark.mock_inspector(freeze=False)
def test_a_fast_clock_stops_at_the_end_of_the_calendar(inspector_backend):
    inspector_backend.clock.run(1e300)
    while inspector_backend.clock.now().year < 9999:
        pass
    assert inspector_backend.list_assessment_runs() == {"assessmentRunArns": []}


def take_long(_):
    """Longer than timers wait for a connection that is quiet."""
    real_sleep(0.4)
    return False


@pytest.mark.mock_inspector(allow_unused_faults=True)
def test_timers_wait_for_a_request_that_is_being_answered(inspector_server):
    inspector_server.backend.inject_fault("ListFindings", "ThrottlingException", when=take_long)

    async def request():
        url = urlsplit(inspector_server.url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        lines = [f"{name}: {value}" for name, value in signed_headers("ListFindings").items()]
        head = "\r\n".join(["POST / HTTP/1.1", f"Host: {url.netloc}", "Connection: close", "Content-Length: 2", *lines])
        writer.write(f"{head}\r\n\r\n{{}}".encode())
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        await writer.wait_closed()
        return answer

    before = inspector_server.backend.clock.now()
    assert asyncio.run(request()).startswith(b"HTTP/1.1 200 OK")
    assert inspector_server.backend.clock.now() == before


# Reports


def finished_report(server, client, file_format="HTML"):
    template = create_template(client)
    run = start_run(client, template)
    server.backend.finish_run(run)
    params = {"assessmentRunArn": run, "reportFileFormat": file_format, "reportType": "FULL"}
    assert call_action(server, "GetAssessmentReport", **params).value["status"] == "WORK_IN_PROGRESS"
    server.backend.clock.tick(60)
    return params


def test_the_server_serves_the_reports_whose_urls_it_gives(inspector_server, client):
    params = finished_report(inspector_server, client)
    url = call_action(inspector_server, "GetAssessmentReport", **params).value["url"]
    assert url.startswith(f"{inspector_server.url}/inspector-reports-us-west-2/")
    with urllib.request.urlopen(url) as response:
        assert response.headers["Server"] == "AmazonS3"
        assert b"<title>" in response.read()
    assert client.get_assessment_report(**params)["url"] == url
    with closing(connect(inspector_server)) as kept:
        path = url.removeprefix(inspector_server.url)
        head = send_on(kept, "HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert send_on(kept, "GET", path.replace("X-Amz-Expires=900", "X-Amz-Expires=901")).status == 403


def test_a_reports_url_has_the_name_under_which_the_server_was_found(inspector_server, client):
    params = finished_report(inspector_server, client)
    netloc = f"localhost:{urlsplit(inspector_server.url).port}"
    headers = {**signed_headers("GetAssessmentReport"), "Host": netloc}
    url = send(inspector_server, "POST", "/", params, headers).value["url"]
    assert url.startswith(f"http://{netloc}/inspector-reports-us-west-2/")


@responses.activate
def test_responses_lets_requests_to_the_server_pass(inspector_server):
    answer = requests.get(f"{inspector_server.url}/_mock_inspector/account_id", timeout=60)
    assert answer.json() == "123456789012"


def test_a_proxy_of_the_environment_is_passed_by(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with mock_inspector() as backend, InspectorServer(backend) as server:
        with urllib.request.urlopen(f"{server.url}/_mock_inspector/region") as response:
            assert json.load(response) == "us-west-2"
        assert boto3.Session().client("inspector").list_findings()["findingArns"] == []
    assert "no_proxy" not in os.environ

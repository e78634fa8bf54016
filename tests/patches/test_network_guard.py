"""While the mock is active, no botocore request that nothing answers leaves the machine."""

import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.endpoint import Endpoint
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.api.hosts import is_loopback
from mock_inspector.errors import UnmockedRequestError


def test_an_unmocked_service_is_stopped_and_named(inspector_backend):
    sqs = boto3.client("sqs")

    with pytest.raises(
        UnmockedRequestError,
        match=r"^Blocked sqs:ListQueues to https://\S*sqs\S*: nothing mocks sqs\. .*allow_network=True\.$",
    ):
        sqs.list_queues()


def test_a_service_is_named_as_boto3_names_it(inspector_backend):
    with pytest.raises(UnmockedRequestError, match=r"^Blocked cloudwatch:ListMetrics .* nothing mocks cloudwatch\."):
        boto3.client("cloudwatch").list_metrics()


def test_a_request_whose_operation_is_unknown_is_stopped_as_well(inspector_backend):
    request = AWSRequest("GET", "https://sqs.us-west-2.amazonaws.com/?Action=ListQueues").prepare()
    with pytest.raises(UnmockedRequestError, match=r"^Blocked a request to https://\S*/: nothing mocks sqs\."):
        boto3.client("sqs")._endpoint._send(request)


def test_a_service_that_moto_mocks_is_let_through(inspector_backend):
    with mock_aws():
        assert "QueueUrls" not in boto3.client("sqs").list_queues()


class AnsweringSession:
    """An HTTP session that answers all requests itself."""

    def send(self, request):
        return AWSResponse(request.url, 200, {}, Body())


class Body:
    def stream(self):
        yield b'{"TableNames": ["one"]}'


@pytest.mark.parametrize("is_replaced_before", [True, False])
def test_a_request_that_a_replaced_send_answers_is_let_through(monkeypatch, is_replaced_before):
    dynamodb = boto3.client("dynamodb")
    if is_replaced_before:
        monkeypatch.setattr(URLLib3Session, "send", AnsweringSession.send)
    with mock_inspector():
        if not is_replaced_before:
            monkeypatch.setattr(URLLib3Session, "send", AnsweringSession.send)
        assert dynamodb.list_tables()["TableNames"] == ["one"]


def test_a_request_that_a_replaced_session_answers_is_let_through(inspector_backend):
    dynamodb = boto3.client("dynamodb")
    dynamodb._endpoint.http_session = AnsweringSession()
    assert dynamodb.list_tables()["TableNames"] == ["one"]


def test_a_request_that_a_test_only_records_is_stopped(inspector_backend, monkeypatch):
    sent, send = [], URLLib3Session.send

    def record(session, request):
        sent.append(request.url)
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", record)
    with pytest.raises(UnmockedRequestError, match="Blocked sqs:ListQueues") as blocked:
        boto3.client("sqs").list_queues()
    assert sent
    assert blocked.value.__suppress_context__


def test_requests_are_let_out_when_the_network_is_allowed(monkeypatch):
    sent = []

    def send(endpoint, request):
        sent.append(request.url)
        raise ConnectionError("as far as it gets here")

    monkeypatch.setattr(Endpoint, "_send", send)
    with mock_inspector(allow_network=True), pytest.raises(ConnectionError):
        boto3.client("sqs").list_queues()
    assert sent


PROXY = "http://user:password@192.0.2.1:3128"


def stop_at_the_connection(monkeypatch):
    """Let no request get further than to the session's choice of a connection."""

    def _get_connection_manager(session, url, proxy_url=None):
        raise OSError(f"as far as it gets here: {proxy_url}")

    monkeypatch.setattr(URLLib3Session, "_get_connection_manager", _get_connection_manager)


@pytest.fixture(params=["configuration", "environment"])
def local_client(request, monkeypatch):
    """Make a client of an endpoint on this machine, whose requests take a proxy."""

    def make(proxy_url):
        if request.param == "environment":
            for name in ("NO_PROXY", "no_proxy", "http_proxy"):
                monkeypatch.delenv(name, raising=False)
            monkeypatch.setenv("HTTP_PROXY", proxy_url)
            config = Config()
        else:
            config = Config(proxies={"http": proxy_url})
        return boto3.client("sqs", endpoint_url="http://localhost:4566", config=config)

    return make


def test_a_request_that_a_proxy_takes_off_the_machine_is_stopped(monkeypatch, local_client):
    stop_at_the_connection(monkeypatch)
    with (
        mock_inspector(),
        pytest.raises(
            UnmockedRequestError,
            match=r"^Blocked sqs:ListQueues to http://localhost:4566/: the proxy http://\*\*\*:\*\*\*@192\.0\.2\.1:3128 is "
            r"not on this machine\. .*NO_PROXY .*, or pass allow_network=True\.$",
        ),
    ):
        local_client(PROXY).list_queues()


def test_a_proxy_on_this_machine_is_used(monkeypatch, local_client):
    stop_at_the_connection(monkeypatch)
    with mock_inspector(), pytest.raises(HTTPClientError, match=r"as far as it gets here: http://127\.0\.0\.1:3128"):
        local_client("http://127.0.0.1:3128").list_queues()


def test_the_metadata_service_is_asked_for_no_credentials(inspector_backend, metadata_service):
    client = boto3.Session(region_name="us-west-2").client("inspector")
    assert client.list_findings()["findingArns"] == []
    with pytest.raises(BlockingIOError):
        metadata_service.accept()


@pytest.mark.slow
def test_credentials_of_a_container_are_not_refreshed(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            expiration = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
            body = {"AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "s", "Token": "t", "Expiration": expiration}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/role")
            client = boto3.Session(region_name="us-west-2").client("inspector")
            assert asked == ["/role"]
            with mock_inspector() as backend:
                backend.clock.tick(timedelta(hours=2))
                assert client.list_findings()["findingArns"] == []
            assert asked == ["/role"]
        finally:
            server.shutdown()


@pytest.mark.slow
def test_the_metadata_service_is_asked_for_no_region(inspector_backend, metadata_service):
    client = boto3.Session(region_name="us-west-2").client("inspector", config=Config(defaults_mode="auto"))
    assert client.list_findings()["findingArns"] == []
    with pytest.raises(BlockingIOError):
        metadata_service.accept()


def test_afterwards_everything_is_sent_as_before():
    before = Endpoint._send
    with mock_inspector():
        assert Endpoint._send is not before
    assert Endpoint._send is before


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:5000/", True),
        ("http://127.0.0.1/", True),
        ("http://127.9.9.9:80/x", True),
        ("http://[::1]:8080/", True),
        ("http://sqs.localhost/", True),
        ("https://sqs.us-east-1.amazonaws.com/", False),
        ("http://10.0.0.1/", False),
        ("http://169.254.169.254/", False),
        ("http://localhost.example.com/", False),
    ],
)
def test_only_the_loopback_range_is_this_machine(url, here):
    assert is_loopback(url) is here

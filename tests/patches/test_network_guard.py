"""While the mock is active, no botocore request that nothing answers leaves the machine."""

import boto3
import pytest
from botocore.endpoint import Endpoint
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.errors import UnmockedRequestError
from mock_inspector.patches.network_guard import is_loopback


def test_an_unmocked_service_is_stopped_and_named(inspector_backend):
    sqs = boto3.client("sqs")

    with pytest.raises(
        UnmockedRequestError, match=r"(?s)^sqs:ListQueues .*https://.*sqs.*nothing mocks sqs.*allow_network=True"
    ):
        sqs.list_queues()


def test_a_service_that_moto_mocks_is_let_through(inspector_backend):
    with mock_aws():
        assert "QueueUrls" not in boto3.client("sqs").list_queues()


def test_requests_are_let_out_when_the_network_is_allowed(monkeypatch):
    sent = []

    def send(endpoint, request):
        sent.append(request.url)
        raise ConnectionError("as far as it gets here")

    monkeypatch.setattr(Endpoint, "_send", send)
    with mock_inspector(allow_network=True), pytest.raises(ConnectionError):
        boto3.client("sqs").list_queues()
    assert sent


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

"""The endpoints of other services, and what happens when they fail or are silent."""

import os
import socketserver
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs

import pytest
from botocore.handlers import BUILTIN_HANDLERS
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.external.client import USER_AGENT
from mock_inspector.external.endpoints import Endpoints
from mock_inspector.state.external import Credentials
from mock_inspector.state.service import FakeService

from ..support.aws import (
    ACCOUNT,
    create_target,
    create_template,
    describe_run,
    raises_api_error,
    start_and_finish_run,
    start_run,
)
from ..support.fake_service import fake_service
from ..support.fast_subset import slow
from ..support.other_services import (
    FakeEc2,
    client_with,
    create_topic,
    preview_agents,
    registered_handler,
    run_agent_ids,
    run_instances,
)

COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"


ABSENT_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:nowhere"


@pytest.mark.slow
def test_moto_may_begin_later_and_end_earlier(inspector_backend, client):
    template = create_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    with mock_aws():
        topic = create_topic()
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
        run_instances()
        assert len(run_agent_ids(client, start_run(client, template))) == 1
    inspector_backend.clock.tick(3600)
    run = start_and_finish_run(inspector_backend, client, template)

    assert run_agent_ids(client, run) == []
    assert {record.status for record in inspector_backend.published} == {"SUCCESS"}


@pytest.mark.slow
@pytest.mark.parametrize("order", [(mock_aws, mock_inspector), (mock_inspector, mock_aws)], ids=["around", "inside"])
def test_moto_may_be_around_the_mock_or_inside(order, client):
    def scenario():
        launched = run_instances()
        assert run_agent_ids(client, start_run(client)) == launched

    outer, inner = order
    outer()(inner()(scenario))()


def test_a_service_that_moto_does_not_mock_is_not_used(client):
    with mock_aws(config={"core": {"service_whitelist": ["sns"]}}), mock_inspector() as backend:
        create_topic()
        backend.add_instance("i-0own")
        assert preview_agents(client, create_target(client)).keys() == {"i-0own"}


@pytest.mark.parametrize("allow_network", [False, slow(True)])
@pytest.mark.parametrize("service", ["ec2", slow("sns"), slow("sts"), slow("iam")])
def test_a_service_that_breaks_down_breaks_nothing(client, service, allow_network):
    def broken(**_):
        raise RuntimeError("out of order")

    with mock_inspector(allow_network=allow_network) as backend, registered_handler(broken, service):
        template = create_template(
            client_with("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"})
        )
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
        run = start_and_finish_run(backend, client, template)
        assert describe_run(client, run)["state"] == "COMPLETED"
        assert backend.published[-1].status == "SUCCESS"


@pytest.mark.slow
def test_nothing_leaves_the_machine_for_a_service_that_is_silent(client, monkeypatch):
    """With the network allowed too: it is the user's requests that may go out, not the mock's own."""
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *_: pytest.fail("it was sent"))
    with mock_inspector(allow_network=True), registered_handler(lambda **_: None, "sns"):
        client.subscribe_to_event(resourceArn=create_template(client), event=COMPLETED, topicArn=ABSENT_TOPIC)


def test_no_client_is_made_where_nothing_could_answer(client, monkeypatch):
    nobody = [entry for entry in BUILTIN_HANDLERS if not entry[0].startswith("before-send")]
    monkeypatch.setattr("mock_inspector.external.client.BUILTIN_HANDLERS", nobody)
    monkeypatch.setattr("botocore.session.Session.create_client", lambda *_, **__: pytest.fail("a client was made"))
    with mock_inspector() as backend:
        template = create_template(client)
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        start_and_finish_run(backend, client, template)


class SomeSns(BaseHTTPRequestHandler):
    """An SNS that is reached over HTTP."""

    open: ClassVar[bool]
    answered: ClassVar[list[tuple[str, str]]]

    def do_POST(self):
        requests = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answered.append(
            (requests["Action"][0], self.headers["Authorization"].partition("Credential=")[2].split("/")[0])
        )
        action = requests["Action"][0]
        if self.open:
            status, body = 200, f"<{action}Response><{action}Result/></{action}Response>"
        else:
            error = "<Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>no</Message></Error>"
            status, body = 403, f"<ErrorResponse>{error}</ErrorResponse>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def some_sns(monkeypatch):
    SomeSns.open, SomeSns.answered = True, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), SomeSns)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{server.server_port}")
    yield SomeSns
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_an_sns_endpoint_of_the_environment_serves_as_well(some_sns, inspector_backend, client):
    template = create_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    some_sns.open = False
    run = start_and_finish_run(inspector_backend, client, template)

    assert some_sns.answered == [
        ("GetTopicAttributes", "AKIAEXAMPLE"),
        ("Publish", "AKIAEXAMPLE"),
        ("GetTopicAttributes", "AKIAEXAMPLE"),
    ]
    assert describe_run(client, run)["notifications"][0]["snsPublishStatusCode"] == "ACCESS_DENIED"
    with raises_api_error("AccessDeniedException", "ACCESS_DENIED_TO_SNS_TOPIC"):
        client.subscribe_to_event(resourceArn=template, event=REPORTED, topicArn=ABSENT_TOPIC)


@pytest.mark.slow
@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://sns.example.com/", "nonsense"])
def test_an_endpoint_where_nobody_answers_counts_as_absent(url, inspector_backend, client, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    begun = os.times().elapsed  # of all clocks, the one that is not frozen
    template = create_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    start_and_finish_run(inspector_backend, client, template)

    assert inspector_backend.published[-1].status == "SUCCESS"
    assert os.times().elapsed - begun < 10


class SilentHandler(socketserver.BaseRequestHandler):
    """A server that accepts connections and never answers. ``came`` are the requests that it got."""

    came: ClassVar[list[bytes]]

    def handle(self):
        self.came.append(self.request.recv(65536))
        while self.request.recv(65536):
            pass


@pytest.fixture
def silent_server():
    SilentHandler.came = []
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), SilentHandler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def call_with_unknown_key(region="us-west-2"):
    """Make a call with an access key whose account STS is called for."""
    create_target(client_with("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}, region))


@pytest.mark.slow
def test_a_silent_endpoint_is_waited_for_once_by_each_mock(silent_server, monkeypatch):
    """Each mock calls it once, in however many regions; then not for a minute."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", silent_server)
    monkeypatch.setattr("mock_inspector.external.client._READ_TIMEOUT_SECONDS", 1)
    for _ in range(2):
        with mock_inspector():
            call_with_unknown_key()
            call_with_unknown_key("eu-west-1")

    assert len(SilentHandler.came) == 2
    assert all(USER_AGENT.encode() in request for request in SilentHandler.came)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_no_other_service_is_called_where_the_mock_itself_is_served(
    host, silent_server, inspector_backend, monkeypatch
):
    """It would wait for itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{silent_server.replace('127.0.0.1', host)}/some/path")
    fake_service(inspector_backend).context.external.add_own_url(silent_server)
    call_with_unknown_key()

    assert SilentHandler.came == []


def test_a_server_of_the_mock_is_not_one_of_its_services(inspector_backend, client, monkeypatch):
    pytest.importorskip("waitress")
    from mock_inspector.server import InspectorServer

    with InspectorServer(inspector_backend) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *_: pytest.fail("it was sent"))
        assert preview_agents(client, create_target(client)) == {}
    assert fake_service(inspector_backend).context.external._client.endpoints.own_urls == set()


def test_where_the_mock_itself_is_served_botocore_handlers_are_used_all_the_same(
    inspector_backend, client, monkeypatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    fake_service(inspector_backend).context.external.add_own_url("http://localhost:9/")
    with registered_handler(FakeEc2(), "ec2"):
        assert preview_agents(client, create_target(client)).keys() == {"i-0elsewhere"}


class TestEndpointTimeouts:
    """What a failure says about an endpoint, by the seconds that it took."""

    @pytest.fixture
    def endpoints(self):
        return Endpoints()

    def test_a_quick_failure_blocks_no_endpoint(self, endpoints):
        endpoints.record_failure("sts", "http://localhost:5000", 0.1, connected=False)
        assert not endpoints.is_silent("sts", "http://localhost:5000")

    def test_a_read_timeout_blocks_the_service(self, endpoints):
        endpoints.record_failure("sts", "http://localhost:5000", 5, connected=True)
        assert endpoints.is_silent("sts", "http://127.0.0.1:5000/")
        assert not endpoints.is_silent("ec2", "http://localhost:5000")

    def test_a_connect_timeout_blocks_the_endpoint(self, endpoints):
        endpoints.record_failure("sts", "https://aws.example.com", 1, connected=False)
        assert endpoints.is_silent("ec2", "https://aws.example.com:443")
        assert not endpoints.is_silent("ec2", "http://aws.example.com")

    def test_a_blocked_endpoint_is_tried_again_after_a_minute(self, endpoints, monkeypatch):
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 100.0)
        endpoints.record_failure("sts", "http://localhost:5000", 5, connected=False)
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 159.0)
        assert endpoints.is_silent("sts", "http://localhost:5000")
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 161.0)
        assert not endpoints.is_silent("sts", "http://localhost:5000")


def test_a_service_without_external_services_uses_none(inspector_backend):
    own_service = FakeService(account_id=ACCOUNT)

    assert own_service.context.external.find_account(Credentials("AKIAIOSFODNN7EXAMPLE"), "us-west-2") is None

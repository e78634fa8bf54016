"""Where other services are looked for, and what happens when they fail or are silent."""

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

from ..support.aws import ACCOUNT, a_run, a_target, a_template, an_ended_run, described_run, refused
from ..support.fake_service import fake_service
from ..support.fast_subset import slow
from ..support.other_services import SomeEc2, a_handler, a_topic, instances, ran_on, signed, to_preview

COMPLETED, REPORTED = "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"


ABSENT_TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:nowhere"


@pytest.mark.slow
def test_moto_may_come_later_and_go_earlier(inspector_backend, client):
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    with mock_aws():
        topic = a_topic()
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=topic)
        instances()
        assert len(ran_on(client, a_run(client, template))) == 1
    inspector_backend.clock.tick(3600)
    run = an_ended_run(inspector_backend, client, template)

    assert ran_on(client, run) == []
    assert {record.status for record in inspector_backend.published} == {"SUCCESS"}


@pytest.mark.parametrize("order", [(mock_aws, mock_inspector), (mock_inspector, mock_aws)], ids=["around", "inside"])
def test_moto_may_be_around_the_mock_or_inside(order, client):
    def scenario():
        launched = instances()
        assert ran_on(client, a_run(client)) == launched

    outer, inner = order
    outer()(inner()(scenario))()


def test_a_service_that_moto_was_told_not_to_mock_is_no_neighbour(client):
    with mock_aws(config={"core": {"service_whitelist": ["sns"]}}), mock_inspector() as backend:
        a_topic()
        backend.add_instance("i-0own")
        assert to_preview(client, a_target(client)).keys() == {"i-0own"}


@pytest.mark.parametrize("allow_network", [False, True])
@pytest.mark.parametrize("service", ["ec2", slow("sns"), slow("sts"), slow("iam")])
def test_a_neighbour_that_breaks_down_breaks_nothing(client, service, allow_network):
    def broken(**_):
        raise RuntimeError("out of order")

    with mock_inspector(allow_network=allow_network) as backend, a_handler(broken, service):
        template = a_template(signed("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}))
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/inspector")
        run = an_ended_run(backend, client, template)
        assert described_run(client, run)["state"] == "COMPLETED"
        assert backend.published[-1].status == "SUCCESS"


def test_nothing_leaves_the_machine_for_a_neighbour_that_is_silent(client, monkeypatch):
    """With the network allowed too: it is the user's requests that may go out, not the mock's own."""
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *_: pytest.fail("it was sent"))
    with mock_inspector(allow_network=True), a_handler(lambda **_: None, "sns"):
        client.subscribe_to_event(resourceArn=a_template(client), event=COMPLETED, topicArn=ABSENT_TOPIC)


def test_no_client_is_made_where_nothing_could_answer(client, monkeypatch):
    nobody = [entry for entry in BUILTIN_HANDLERS if not entry[0].startswith("before-send")]
    monkeypatch.setattr("mock_inspector.external.client.BUILTIN_HANDLERS", nobody)
    monkeypatch.setattr("botocore.session.Session.create_client", lambda *_, **__: pytest.fail("a client was made"))
    with mock_inspector() as backend:
        template = a_template(client)
        client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
        an_ended_run(backend, client, template)


class SomeSns(BaseHTTPRequestHandler):
    """An SNS that is reached over HTTP."""

    open: ClassVar[bool]
    said: ClassVar[list[tuple[str, str]]]

    def do_POST(self):
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.said.append((asked["Action"][0], self.headers["Authorization"].partition("Credential=")[2].split("/")[0]))
        action = asked["Action"][0]
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
    SomeSns.open, SomeSns.said = True, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), SomeSns)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{server.server_port}")
    yield SomeSns
    server.shutdown()
    server.server_close()


def test_an_sns_that_the_environment_names_is_as_good(some_sns, inspector_backend, client):
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    some_sns.open = False
    run = an_ended_run(inspector_backend, client, template)

    assert some_sns.said == [
        ("GetTopicAttributes", "AKIAEXAMPLE"),
        ("Publish", "AKIAEXAMPLE"),
        ("GetTopicAttributes", "AKIAEXAMPLE"),
    ]
    assert described_run(client, run)["notifications"][0]["snsPublishStatusCode"] == "ACCESS_DENIED"
    with refused("AccessDeniedException", "ACCESS_DENIED_TO_SNS_TOPIC"):
        client.subscribe_to_event(resourceArn=template, event=REPORTED, topicArn=ABSENT_TOPIC)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://sns.example.com/", "nonsense"])
def test_an_endpoint_where_nobody_answers_is_none(url, inspector_backend, client, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    begun = os.times().elapsed  # of all clocks, the one that is not frozen
    template = a_template(client)
    client.subscribe_to_event(resourceArn=template, event=COMPLETED, topicArn=ABSENT_TOPIC)
    an_ended_run(inspector_backend, client, template)

    assert inspector_backend.published[-1].status == "SUCCESS"
    assert os.times().elapsed - begun < 10


class NobodyThere(socketserver.BaseRequestHandler):
    """A place where connections are taken, and nothing is ever said; it remembers what came."""

    came: ClassVar[list[bytes]]

    def handle(self):
        self.came.append(self.request.recv(65536))
        while self.request.recv(65536):
            pass


@pytest.fixture
def nobody_there(monkeypatch):
    NobodyThere.came = []
    monkeypatch.setattr("mock_inspector.external.endpoints._left_alone", {})
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), NobodyThere)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def look_for_the_account(region="us-west-2"):
    """Make a call for whose account an STS is asked."""
    a_target(signed("inspector", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}, region))


def test_an_endpoint_that_is_silent_is_waited_for_once(nobody_there, monkeypatch):
    """In however many tests and regions: in this minute, it is left alone."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody_there)
    monkeypatch.setattr("mock_inspector.external.client._READ_TIMEOUT", 1)
    for _ in range(2):
        with mock_inspector():
            look_for_the_account()
            look_for_the_account("eu-west-1")

    (request,) = NobodyThere.came
    assert USER_AGENT.encode() in request


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_no_neighbour_is_looked_for_where_the_mock_itself_is_served(host, nobody_there, inspector_backend, monkeypatch):
    """It would wait for itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{nobody_there.replace('127.0.0.1', host)}/some/path")
    fake_service(inspector_backend).external.own_urls.add(nobody_there)
    look_for_the_account()

    assert NobodyThere.came == []


def test_a_server_of_the_mock_is_no_neighbour_of_it(inspector_backend, client, monkeypatch):
    pytest.importorskip("waitress")
    from mock_inspector.server import InspectorServer

    with InspectorServer(inspector_backend) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *_: pytest.fail("it was sent"))
        assert to_preview(client, a_target(client)) == {}
    assert fake_service(inspector_backend).external.own_urls == set()


def test_where_the_mock_itself_is_served_handlers_are_asked_all_the_same(inspector_backend, client, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    fake_service(inspector_backend).external.own_urls.add("http://localhost:9/")
    with a_handler(SomeEc2(), "ec2"):
        assert to_preview(client, a_target(client)).keys() == {"i-0elsewhere"}


class TestPatience:
    """What a failure says about an endpoint, by the seconds that it took."""

    @pytest.fixture
    def endpoints(self, monkeypatch):
        monkeypatch.setattr("mock_inspector.external.endpoints._left_alone", {})
        return Endpoints()

    def test_a_quick_failure_says_nothing(self, endpoints):
        endpoints.failed("sts", "http://localhost:5000", 0.1, connected=False)
        assert not endpoints.is_silent("sts", "http://localhost:5000")

    def test_an_answer_that_never_came_speaks_for_its_service(self, endpoints):
        endpoints.failed("sts", "http://localhost:5000", 5, connected=True)
        assert endpoints.is_silent("sts", "http://127.0.0.1:5000/")
        assert not endpoints.is_silent("ec2", "http://localhost:5000")

    def test_a_connection_that_never_came_about_speaks_for_the_place(self, endpoints):
        endpoints.failed("sts", "https://aws.example.com", 1, connected=False)
        assert endpoints.is_silent("ec2", "https://aws.example.com:443")
        assert not endpoints.is_silent("ec2", "http://aws.example.com")

    def test_after_a_minute_it_is_tried_again(self, endpoints, monkeypatch):
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 100.0)
        endpoints.failed("sts", "http://localhost:5000", 5, connected=False)
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 159.0)
        assert endpoints.is_silent("sts", "http://localhost:5000")
        monkeypatch.setattr("freezegun.api.real_monotonic", lambda: 161.0)
        assert not endpoints.is_silent("sts", "http://localhost:5000")


def test_a_world_of_its_own_has_no_neighbours(inspector_backend):
    service = FakeService(account_id=ACCOUNT)

    assert service.context.external.find_account(Credentials("AKIAIOSFODNN7EXAMPLE"), "us-west-2") is None

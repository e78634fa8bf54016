"""Raw requests, signed by hand: requests and urllib3 meet the mock at Inspector's hosts, beside any ``responses`` mock."""

import http.client
import io
import json
import re
import subprocess
import sys
import textwrap
import time
from typing import Any

import botocore.exceptions
import pytest
import requests
import responses
import urllib3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import mock_aws
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util.retry import Retry

from mock_inspector import mock_inspector

from ..support.aws import create_template, start_run
from ..support.fast_subset import sample
from ..support.time_control import real_sleeps

URL = "https://inspector.us-west-2.amazonaws.com/"
KEYS = Credentials("AKIAEXAMPLE", "secret")


class Signed(AuthBase):
    """Signs as the packages do that sign for requests."""

    def __init__(self, region="us-west-2", keys=KEYS):
        self.region, self.keys = region, keys

    def __call__(self, request):
        signed = AWSRequest(request.method, request.url, dict(request.headers), request.body)
        SigV4Auth(self.keys, "inspector", self.region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


def headers(operation):
    return {"X-Amz-Target": f"InspectorService.{operation}", "Content-Type": "application/x-amz-json-1.1"}


def post(operation="ListFindings", url=URL, by=requests, region="us-west-2", **members):
    """Call an operation by hand."""
    return by.post(url, data=json.dumps(members), headers=headers(operation), auth=Signed(region), timeout=5)


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The hosts to which something would have been sent; nothing gets any further in these tests."""
    hosts: list[str] = []

    def connect(connection):
        hosts.append(connection.host)
        raise OSError("as far as it gets here")

    monkeypatch.setattr(http.client.HTTPConnection, "connect", connect)
    monkeypatch.setattr(urllib3.connection.HTTPConnection, "connect", connect)
    monkeypatch.setattr(urllib3.connection.HTTPSConnection, "connect", connect)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return hosts


def leaves(sent):
    """Whether a request to Inspector leaves the process."""
    sent.clear()
    with pytest.raises(requests.ConnectionError):
        post()
    return sent == ["inspector.us-west-2.amazonaws.com"]


def patchable():
    return (
        HTTPAdapter.send,
        HTTPConnectionPool.urlopen,
        dict(vars(responses.RequestsMock)),
        list(sys.meta_path),
    )


# What is answered, and how


def test_a_request_signed_by_hand_meets_the_mock(client, inspector_backend, sent):
    answer = post("CreateAssessmentTarget", assessmentTargetName="web")

    arn = answer.json()["assessmentTargetArn"]
    assert client.list_assessment_targets()["assessmentTargetArns"] == [arn]
    assert (answer.status_code, answer.reason, answer.ok, answer.url) == (200, "OK", True, URL)
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-requestid"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.elapsed.total_seconds() < 60
    assert sent == []


@pytest.mark.parametrize("make", [requests.Session, urllib3.PoolManager])
def test_sessions_made_before_the_mock_meet_it(make, sent):
    with make() as session:
        with pytest.raises((requests.ConnectionError, urllib3.exceptions.HTTPError)):
            session.request("POST", URL, **({"retries": False} if make is urllib3.PoolManager else {}))
        assert sent.pop() == "inspector.us-west-2.amazonaws.com"
        with mock_inspector():
            answer = session.request("POST", URL)
        assert "MissingAuthenticationTokenException" in str(
            json.loads(answer.content if make is requests.Session else answer.data)
        )
        assert sent == []


def test_the_region_is_that_of_the_signature(inspector_backend):
    group = post(
        "CreateResourceGroup",
        "https://inspector.eu-west-1.amazonaws.com",
        region="eu-west-1",
        resourceGroupTags=[{"key": "Name", "value": "web"}],
    )

    assert ":eu-west-1:123456789012:" in group.json()["resourceGroupArn"]


def test_a_pre_signed_request_is_answered(inspector_backend):
    signed = AWSRequest("POST", URL, headers("ListFindings"), b"{}")
    SigV4QueryAuth(KEYS, "inspector", "us-west-2").add_auth(signed)

    answer = requests.post(signed.url, data=b"{}", headers=dict(signed.headers), timeout=5)

    assert answer.json() == {"findingArns": []}


@pytest.mark.parametrize(
    ("keywords", "status", "code"),
    [
        ({"headers": headers("ListFindings")}, 400, "MissingAuthenticationTokenException"),
        ({"auth": Signed()}, 404, "UnknownOperationException"),
        ({"auth": Signed(), "headers": headers("ListNothing")}, 404, "UnknownOperationException"),
        ({"auth": Signed(), "headers": headers("ListFindings"), "data": "[}"}, 400, "SerializationException"),
        ({"auth": Signed("the-moon"), "headers": headers("ListFindings")}, 400, "InvalidSignatureException"),
        ({"headers": {"Authorization": "Basic abc", **headers("ListFindings")}}, 400, "IncompleteSignatureException"),
    ],
)
def test_what_is_wrong_with_a_request_is_answered_as_an_error(inspector_backend, keywords, status, code, sent):
    answer = requests.post(URL, **{"data": "{}", **keywords}, timeout=5)

    assert (answer.json()["__type"], sent) == (code, [])
    assert answer.status_code in {status, 403, 400}
    with pytest.raises(requests.HTTPError):
        answer.raise_for_status()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_and_paths_do_not_leave_either(inspector_backend, method, sent):
    answer = requests.request(method, f"{URL}some/path?x=y", auth=Signed(), timeout=5)

    assert 400 <= answer.status_code < 500
    assert (answer.content == b"") is (method == "HEAD")
    assert sent == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"maxResults": 7}',
        '{"maxResults": 7}',
        bytearray(b'{"maxResults": 7}'),
        io.BytesIO(b'{"maxResults": 7}'),
        io.StringIO('{"maxResults": 7}'),
        (part for part in ('{"maxResults"', b": 7}")),
    ],
    ids=lambda body: type(body).__name__,
)
def test_a_body_may_have_any_form_that_can_be_sent(inspector_backend, body):
    inspector_backend.inject_fault(
        "ListFindings", "ACCESS_DENIED_TO_FINDING", when=lambda sent: sent["maxResults"] == 7
    )

    authorization = Signed()(requests.Request("POST", URL, data="{}").prepare()).headers["Authorization"]
    answer = requests.post(
        URL, data=body, headers={**headers("ListFindings"), "Authorization": authorization}, timeout=5
    )

    assert answer.json()["errorCode"] == "ACCESS_DENIED_TO_FINDING"


def test_an_answer_can_be_streamed_and_hooked(inspector_backend):
    seen = []
    answer = requests.post(
        URL,
        data="{}",
        headers=headers("ListFindings"),
        auth=Signed(),
        stream=True,
        hooks={"response": lambda response, **_: seen.append(response.status_code)},
        timeout=5,
    )

    assert b"".join(answer.iter_content(4)) == b'{"findingArns":[]}'
    assert seen == [200]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_not_used(inspector_backend, monkeypatch, scheme, sent):
    monkeypatch.setenv(f"{scheme}_proxy", "http://proxy.example.com:3128")

    assert post(url=URL.replace("https", scheme)).json() == {"findingArns": []}
    assert sent == []


def test_polling_by_hand_takes_no_time(inspector_backend):
    def call(operation, **members):
        return post(operation, **members).json()

    target = call("CreateAssessmentTarget", assessmentTargetName="web")["assessmentTargetArn"]
    template = call(
        "CreateAssessmentTemplate",
        assessmentTargetArn=target,
        assessmentTemplateName="web",
        durationInSeconds=3600,
        rulesPackageArns=call("ListRulesPackages")["rulesPackageArns"],
    )["assessmentTemplateArn"]
    run = call("StartAssessmentRun", assessmentTemplateArn=template)["assessmentRunArn"]
    begin = time.time()

    def state():
        return call("DescribeAssessmentRuns", assessmentRunArns=[run])["assessmentRuns"][0]["state"]

    with real_sleeps() as sleeps:
        while state() != "COMPLETED":
            time.sleep(600)
    assert time.time() - begin > 3600
    assert sleeps == []


@pytest.mark.slow
def test_polling_by_hand_without_sleeping_comes_to_an_end(client, inspector_backend):
    run = start_run(client, create_template(client, duration=180))
    params = json.dumps({"assessmentRunArns": [run]})
    authorized = Signed()(requests.Request("POST", URL, data="{}").prepare()).headers
    polls = 0
    with requests.Session() as session:
        session.headers.update({**headers("DescribeAssessmentRuns"), "Authorization": authorized["Authorization"]})
        while session.post(URL, data=params, timeout=5).json()["assessmentRuns"][0]["state"] != "COMPLETED":
            polls += 1
    assert polls >= 100


# Whose hosts


OURS = [
    "inspector.us-east-1.amazonaws.com",
    "inspector.ap-northeast-2.amazonaws.com",
    "INSPECTOR.US-WEST-2.AMAZONAWS.COM",
    "inspector-fips.us-east-1.amazonaws.com",
    "inspector.us-gov-west-1.amazonaws.com",
    "inspector-fips.us-gov-east-1.amazonaws.com",
    "inspector.cn-north-1.amazonaws.com.cn",
    "inspector.us-east-1.api.aws",
    "inspector-fips.us-gov-west-1.api.aws",
    "inspector.cn-northwest-1.api.amazonwebservices.com.cn",
    "inspector.eusc-de-east-1.amazonaws.eu",
    "inspector.us-iso-east-1.c2s.ic.gov",
    "vpce-0abc-1def.inspector.us-east-1.vpce.amazonaws.com",
    "vpce-0abc-1def-us-east-1a.inspector.us-east-1.vpce.amazonaws.com",
    "vpce-0abc-1def.inspector.cn-north-1.vpce.amazonaws.com.cn",
    "inspector.us-east-1.amazonaws.com:443",
]
OTHERS = [
    "inspector2.us-east-1.amazonaws.com",
    "inspector2-fips.us-east-1.amazonaws.com",
    "cassettes.inspector2.us-east-1.api.aws",
    "inspector-scan.us-east-1.amazonaws.com",
    "sqs.us-east-1.amazonaws.com",
    "inspector.s3.us-east-1.amazonaws.com",
    "inspector.us-east-1.amazonaws.com.example.com",
    "inspector.us-east-1.example.com",
    "notinspector.us-east-1.amazonaws.com",
    "inspector.s3.amazonaws.com",
    "inspector.example.com",
    "amazonaws.com",
    "inspector.us-east-1.vpce.amazonaws.com.evil.org",
]


@pytest.mark.parametrize("host", sample(3, OURS))
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_inspectors_hosts_are_the_mocks(inspector_backend, host, scheme, sent):
    assert post(url=f"{scheme}://{host}/").json() == {"findingArns": []}
    assert sent == []


@pytest.mark.parametrize("host", sample(3, OURS))
def test_inspectors_hosts_pass_a_responses_mock(inspector_backend, host):
    with responses.RequestsMock():
        assert post(url=f"https://{host}").json() == {"findingArns": []}


@pytest.mark.parametrize("host", OTHERS)
def test_other_hosts_are_not_mocked(inspector_backend, host, sent):
    with pytest.raises(requests.ConnectionError):
        post(url=f"https://{host}/")
    assert sent == [host]
    with responses.RequestsMock(), pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
        post(url=f"https://{host}/")


# Faults


NETWORK = [
    (botocore.exceptions.ReadTimeoutError(endpoint_url=URL), requests.ReadTimeout),
    (botocore.exceptions.ConnectTimeoutError(endpoint_url=URL), requests.ConnectTimeout),
    (botocore.exceptions.EndpointConnectionError(endpoint_url=URL), requests.ConnectionError),
    (botocore.exceptions.ConnectionClosedError(endpoint_url=URL), requests.ConnectionError),
    (botocore.exceptions.HTTPClientError(error="reset"), requests.ConnectionError),
    (botocore.exceptions.ProxyConnectionError(proxy_url=URL), requests.exceptions.ProxyError),
    (botocore.exceptions.SSLError(endpoint_url=URL, error="bad"), requests.exceptions.SSLError),
    (requests.ReadTimeout("slow"), requests.ReadTimeout),
    (requests.ConnectTimeout("slow"), requests.ConnectTimeout),
    (requests.ConnectionError("gone"), requests.ConnectionError),
    (urllib3.exceptions.ProtocolError("gone"), requests.ConnectionError),
    (TimeoutError("slow"), requests.ReadTimeout),
    (ConnectionResetError("gone"), requests.ConnectionError),
    (ZeroDivisionError("whatever"), ZeroDivisionError),
]


@pytest.mark.parametrize(("fault", "raised"), NETWORK, ids=lambda value: getattr(value, "__name__", repr(value)[:30]))
def test_a_failure_of_the_network_is_raised_as_requests_does(inspector_backend, fault, raised, sent):
    inspector_backend.inject_fault("ListFindings", fault)

    with pytest.raises(raised) as caught:
        post()

    assert type(caught.value) is raised
    if raised is not ZeroDivisionError:
        assert caught.value.request.url == URL
    assert post().json() == {"findingArns": []}
    assert sent == []


def test_an_injected_error_is_an_error_answer(inspector_backend):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")

    answer = post()

    assert (answer.status_code, answer.json()["__type"]) == (400, "ThrottlingException")


def retrying(**keywords):
    session = requests.Session()
    session.mount("https://", HTTPAdapter(max_retries=Retry(allowed_methods=None, backoff_factor=5, **keywords)))
    return session


@pytest.mark.parametrize(
    "fault", ["InternalException", botocore.exceptions.ReadTimeoutError(endpoint_url=URL)], ids=["error", "timeout"]
)
def test_a_sessions_own_retries_are_made_and_take_no_time(inspector_backend, fault):
    inspector_backend.inject_fault("ListFindings", fault, times=3)
    begin = time.time()

    with real_sleeps() as sleeps:
        answer = post(by=retrying(total=4, status_forcelist=[500]))

    assert sleeps == []
    assert answer.json() == {"findingArns": []}
    assert len(answer.raw.retries.history) == 3
    assert time.time() - begin >= 5


def test_retries_that_do_not_help_end_as_requests_ends_them(inspector_backend):
    inspector_backend.inject_fault("ListFindings", "InternalException", times=None)

    with pytest.raises(requests.exceptions.RetryError):
        post(by=retrying(total=2, status_forcelist=[500]))
    assert post(by=retrying(total=2, status_forcelist=[500], raise_on_status=False)).status_code == 500
    inspector_backend.inject_fault("ListRulesPackages", TimeoutError(), times=None)
    with pytest.raises(requests.ConnectionError, match="Max retries exceeded"):
        post("ListRulesPackages", by=retrying(total=2))


# Beside other mocks of requests


def test_a_responses_mock_inside_and_outside_lets_it_pass_and_remembers_only_its_own(sent):
    with responses.RequestsMock() as outer:
        outer.add(responses.GET, "https://example.com/", body="outer")
        with mock_inspector():
            assert post().json() == {"findingArns": []}
            assert requests.get("https://example.com/", timeout=5).text == "outer"
            with responses.RequestsMock() as inner:
                inner.add(responses.GET, "https://example.com/", body="inner")
                assert post().json() == {"findingArns": []}
                assert requests.get("https://example.com/", timeout=5).text == "inner"
                assert [call.request.method for call in inner.calls] == ["GET"]
            assert post().json() == {"findingArns": []}
        with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
            post()
        assert [call.request.method for call in outer.calls] == ["GET", "POST"]
    assert sent == []


@responses.activate
def test_what_a_test_registers_for_the_same_url_comes_first(client, inspector_backend):
    theirs = responses.post(URL, json={"findingArns": ["theirs"]})

    assert post().json() == {"findingArns": ["theirs"]}
    assert len(responses.calls) == theirs.call_count == 1
    assert post(url=URL.replace("us-west-2", "eu-west-1")).json() == {"findingArns": []}
    assert client.list_findings()["findingArns"] == []
    responses.remove(theirs)
    assert post().json() == {"findingArns": []}
    assert len(responses.calls) == 1


def test_a_registered_response_that_is_never_requested_is_reported_as_ever(inspector_backend):
    def unused():
        with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
            mock.post(URL.replace("us-west-2", "eu-west-1"), json={})
            post()

    with pytest.raises(AssertionError, match="Not all requests have been executed"):
        unused()


def test_passing_through_a_responses_mock_leads_to_the_mock_as_well(inspector_backend, sent):
    with responses.RequestsMock() as mock:
        mock.add_passthru("https://inspector.")
        mock.add_passthru(re.compile("https://sqs"))
        assert post().json() == {"findingArns": []}
        with pytest.raises(requests.ConnectionError):
            post(url="https://sqs.us-west-2.amazonaws.com/")
        assert sent == ["sqs.us-west-2.amazonaws.com"]
        assert mock.passthru_prefixes == ("https://inspector.", re.compile("https://sqs"))
        mock.reset()
        assert post().json() == {"findingArns": []}
    with responses.RequestsMock() as mock:
        mock.add(responses.PassthroughResponse(responses.POST, URL))
        assert post().json() == {"findingArns": []}


@pytest.mark.parametrize("registry", [responses.registries.FirstMatchRegistry, responses.registries.OrderedRegistry])
def test_registries_go_on_as_they_were(inspector_backend, registry):
    with responses.RequestsMock(registry=registry) as mock:
        for body in ("one", "two"):
            mock.get("https://example.com/", body=body)
        if registry is responses.registries.FirstMatchRegistry:
            post()
        assert [requests.get("https://example.com/", timeout=5).text for _ in range(2)] == ["one", "two"]


def in_order(*steps):
    """Begin and end mocks in an order of their own: ``+name`` and ``-name``."""

    def mock(name):
        return {"ours": mock_inspector, "moto": mock_aws, "theirs": responses.RequestsMock}[name]()

    begun: dict[str, Any] = {}
    for step in steps:
        if step[0] == "+":
            begun[step[1:]] = mock(step[1:])
            begun[step[1:]].__enter__()
        else:
            begun[step[1:]].__exit__(None, None, None)
        yield step


ORDERS = [
    ("+ours", "+theirs", "-theirs", "-ours"),
    ("+ours", "+theirs", "-ours", "-theirs"),
    ("+theirs", "+ours", "-theirs", "-ours"),
    ("+theirs", "+ours", "-ours", "-theirs"),
    ("+ours", "+moto", "-moto", "-ours"),
    ("+ours", "+moto", "-ours", "-moto"),
    ("+moto", "+ours", "-moto", "-ours"),
    ("+moto", "+ours", "-ours", "-moto"),
    ("+moto", "+theirs", "+ours", "-theirs", "-ours", "-moto"),
    ("+theirs", "+moto", "+ours", "-ours", "-moto", "-theirs"),
    ("+moto", "+ours", "+theirs", "-ours", "-theirs", "-moto"),
]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_mocks_may_begin_and_end_in_any_order(order, sent):
    before = patchable()
    active = False
    for step in in_order(*order):
        active = (active or step == "+ours") and step != "-ours"
        if active:
            assert post().json() == {"findingArns": []}
    assert patchable() == before
    assert leaves(sent)


def test_moto_answers_for_its_own_services(inspector_backend, sent):
    with mock_aws():
        answer = requests.post("https://sqs.us-west-2.amazonaws.com/", data="Action=ListQueues", timeout=5)
        assert answer.ok
        responses.mock.post(URL, json={"findingArns": ["theirs"]})
        try:
            assert post().json() == {"findingArns": ["theirs"]}, "moto serves what is registered with responses itself"
        finally:
            responses.mock.reset()
        assert post().json() == {"findingArns": []}
    assert sent == []


def test_an_adapter_of_the_users_own_comes_first(inspector_backend):
    class Mine(BaseAdapter):
        def send(self, request, *_, **__):
            answer = requests.Response()
            answer.status_code, answer.request = 418, request
            return answer

        def close(self):
            pass

    with requests.Session() as session:
        session.mount(URL, Mine())
        assert post(by=session).status_code == 418


# Coming and going


@pytest.mark.slow
def test_requests_and_responses_may_be_imported_at_any_time():
    script = f"""
        import sys
        from mock_inspector import mock_inspector

        def loaded():
            return [name for name in ("requests", "responses") if name in sys.modules]

        def post():
            return requests.post({URL!r}, timeout=5).json()["__type"]

        with mock_inspector():
            assert loaded() == []
        before = list(sys.meta_path)
        with mock_inspector():
            assert loaded() == []
            import requests
            assert post() == "MissingAuthenticationTokenException"
            assert loaded() == ["requests"]
            import responses
            with responses.RequestsMock() as mock:
                assert post() == "MissingAuthenticationTokenException"
            assert "exec_module" not in vars(responses.__spec__.loader)
        assert sys.meta_path == before
        assert responses.RequestsMock._on_request.__module__ == "responses"
        with mock_inspector(), responses.RequestsMock() as mock:
            assert post() == "MissingAuthenticationTokenException"
        with responses.RequestsMock() as mock:
            try:
                post()
            except requests.ConnectionError as error:
                assert "Connection refused by Responses" in str(error)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


def test_responses_is_imported_with_the_real_classes_when_requests_is_loaded():
    script = """
        import datetime, sys
        import requests
        from mock_inspector import mock_inspector

        assert "responses" not in sys.modules
        with mock_inspector():
            assert "responses" in sys.modules
            import yaml
        assert yaml.safe_dump(datetime.date(2026, 1, 1)) == "2026-01-01\\n...\\n"
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


def test_a_mock_shows_no_prefixes_but_its_own(inspector_backend):
    with responses.RequestsMock() as mock:
        assert mock.passthru_prefixes == responses.mock.passthru_prefixes == ()
        with pytest.raises(requests.ConnectionError, match="Connection refused by Responses") as refused:
            requests.get("https://example.com/", timeout=5)
        assert "Passthru prefixes" not in str(refused.value)


def test_others_who_patched_urllib3_later_may_restore_it_later(monkeypatch, sent):
    seen = []
    with mock_inspector():
        ours: Any = HTTPConnectionPool.urlopen

        def traced(pool: Any, *args, **kwargs):
            seen.append(pool.host)
            return ours(pool, *args, **kwargs)

        monkeypatch.setattr(HTTPConnectionPool, "urlopen", traced)
        assert post().json() == {"findingArns": []}
    assert leaves(sent)
    with mock_inspector():
        assert post().json() == {"findingArns": []}
    assert seen == ["inspector.us-west-2.amazonaws.com"] * 2
    assert vars(HTTPConnectionPool)["urlopen"] is traced


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_urllib3_and_responses_are_as_before_after_a_failure(error, sent):
    before = patchable()

    @mock_inspector
    def fail():
        post()
        raise error

    with pytest.raises(error):
        fail()

    assert patchable() == before
    assert leaves(sent)

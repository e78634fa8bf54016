"""The URL of a report: who may fetch it, for how long, with which client."""

import asyncio
import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import boto3
import pytest
import requests
import responses
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.assessment_reports import html

from ..support.aws import ACCOUNT, list_packages, raises_api_error, start_and_finish_run, start_run
from ..support.report_files import download, report_page, report_url

BOTH_FORMATS = pytest.mark.parametrize("file_format", ["HTML", "PDF"])


BOTH_TYPES = pytest.mark.parametrize("report_type", ["FINDING", "FULL"])


def refusal(url, **request):
    with pytest.raises(urllib.error.HTTPError) as caught:
        download(urllib.request.Request(url, **request))
    with caught.value as error:
        return error.code, error.read().decode()


def changed(url, **changes):
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query |= {name.replace("_", "-"): value for name, value in changes.items()}
    return urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))


# Getting hold of one


@BOTH_TYPES
@BOTH_FORMATS
def test_a_report_is_a_file_behind_a_url(client, assessed_run, file_format, report_type, inspector_backend):
    url = report_url(client, assessed_run, file_format, report_type)
    with urllib.request.urlopen(url) as response:
        content = response.read()
    assert response.status == 200
    assert (
        response.headers["Content-Type"] == {"HTML": "text/html; charset=utf-8", "PDF": "application/pdf"}[file_format]
    )
    name = f"assessment-report-{report_type.lower()}-{assessed_run[-10:]}.{file_format.lower()}"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.headers["Date"] == inspector_backend.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert content.startswith({"HTML": b"<!DOCTYPE html>", "PDF": b"%PDF-"}[file_format])


def by_urllib(url):
    return download(url)


def by_requests(url):
    answer = requests.get(url, timeout=60)
    answer.raise_for_status()
    return answer.content


def by_a_session(url):
    with requests.Session() as session:
        assert session.head(url, timeout=60).content == b""
        return session.get(url, timeout=60).content


def by_http_client(url):
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        return connection.getresponse().read()


def by_another_process(url):
    code = "import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())"
    return subprocess.run([sys.executable, "-c", code, url], check=True, capture_output=True).stdout


def by_another_thread(url):
    got = []
    thread = threading.Thread(target=lambda: got.append(download(url)))
    thread.start()
    thread.join()
    return got[0]


def by_a_loop(url):
    async def fetch():
        return await asyncio.to_thread(download, url)

    return asyncio.run(fetch())


CLIENTS = [by_urllib, by_requests, by_a_session, by_http_client, by_another_process, by_another_thread, by_a_loop]


@pytest.mark.slow
@pytest.mark.parametrize("fetch", CLIENTS)
def test_any_http_client_fetches_it(client, assessed_run, fetch):
    assert b"Monday&#39;s run" in fetch(report_url(client, assessed_run))


def test_a_head_request_returns_the_size(client, assessed_run):
    url = report_url(client, assessed_run, "PDF")
    with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as response:
        assert response.read() == b""
    assert int(response.headers["Content-Length"]) == len(download(url))


def test_the_url_has_the_form_of_a_pre_signed_one(client, assessed_run):
    parts = urlsplit(report_url(client, assessed_run, "PDF", "FULL"))
    assert len(urlunsplit(parts)) <= 2048
    assert re.fullmatch(
        rf"/inspector-reports-us-west-2/{ACCOUNT}/.*/{assessed_run[-10:]}/assessment-report-full.pdf", parts.path
    )
    query = {name: value for name, [value] in parse_qs(parts.query).items()}
    assert list(query) == [
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"
    ]  # fmt: skip
    assert query["X-Amz-Expires"] == "900"
    assert re.fullmatch("[0-9a-f]{64}", query["X-Amz-Signature"])


@pytest.mark.parametrize("state", ["FAILED", "ERROR"])
def test_a_run_that_failed_has_no_report(client, inspector_backend, state):
    run = start_run(client)
    inspector_backend.set_run_state(run, state)
    params = {"assessmentRunArn": run, "reportFileFormat": "PDF", "reportType": "FULL"}
    assert client.get_assessment_report(**params)["status"] == "WORK_IN_PROGRESS"
    inspector_backend.clock.tick(5)
    answer = client.get_assessment_report(**params)
    assert (answer["status"], "url" in answer) == ("FAILED", False)


def test_a_run_in_progress_has_no_report_yet(client, inspector_backend):
    with raises_api_error("AssessmentRunInProgressException"):
        client.get_assessment_report(assessmentRunArn=start_run(client), reportFileFormat="PDF", reportType="FULL")


# How long it lives


def test_a_url_is_good_for_15_minutes_of_the_mocks_time(client, assessed_run, inspector_backend):
    url = report_url(client, assessed_run)
    inspector_backend.clock.tick(900)
    assert download(url)
    inspector_backend.clock.tick(0.001)
    status, body = refusal(url)
    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in body
    assert download(report_url(client, assessed_run))


@pytest.mark.mock_inspector(at="2024-02-29T12:00:00Z")
def test_an_expired_url_says_when_it_expired_also_after_another_was_issued(client, assessed_run, inspector_backend):
    url = report_url(client, assessed_run)
    issued = inspector_backend.clock.now()
    inspector_backend.clock.tick(1000)
    expires = f"<Expires>{issued + timedelta(seconds=900):%Y-%m-%dT%H:%M:%SZ}</Expires>"
    assert expires in refusal(url)[1]
    assert report_url(client, assessed_run) != url
    assert expires in refusal(url)[1]


def test_urls_of_one_second_live_as_long_as_the_last_of_them(client, assessed_run, inspector_backend):
    inspector_backend.clock.move_to(inspector_backend.clock.now().replace(microsecond=0).timestamp() + 60)
    report_url(client, assessed_run)
    inspector_backend.clock.tick(0.5)
    url = report_url(client, assessed_run)
    inspector_backend.clock.tick(900)
    assert download(url)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"X_Amz_Signature": "0" * 64},
        {"X_Amz_Signature": "größe"},
        {"X_Amz_Expires": "604800"},
        {"X_Amz_Date": "20300101T000000Z"},
        {"X_Amz_Credential": "somebody"},
        {"more": "1"},
    ],
)
def test_a_url_that_was_tampered_with_is_refused(client, assessed_run, change):
    status, body = refusal(changed(report_url(client, assessed_run), **change))
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


def test_a_url_without_its_signature_is_refused(client, assessed_run):
    status, body = refusal(report_url(client, assessed_run).partition("?")[0])
    assert (status, "<Code>AccessDenied</Code>" in body) == (403, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("assessment-report-finding.html", "assessment-report-full.html"),  # was not requested
        ("assessment-report-finding.html", "<script>&.html"),
        (ACCOUNT, "999999999999"),
        ("inspector-reports-us-west-2", "inspector-reports-us-east-1"),
        ("inspector-reports-us-west-2", "bucket"),
    ],
)
def test_other_paths_of_the_report_server_are_not_found(client, assessed_run, inspector_backend, old, new):
    inspector_backend.for_region("us-east-1")
    status, body = refusal(report_url(client, assessed_run).replace(old, new))
    assert (status, "<Code>NoSuchKey</Code>" in body, "<script>" in body) == (404, True, False)


def test_only_get_and_head_requests_of_reports_are_allowed(client, assessed_run):
    assert refusal(report_url(client, assessed_run), method="DELETE")[0] == 405


@pytest.mark.parametrize("what", ["run", "template", "target"])
def test_a_report_is_deleted_with_its_run(client, assessed_run, inspector_backend, what):
    url = report_url(client, assessed_run)
    arn = {
        "run": assessed_run,
        "template": assessed_run.rpartition("/run/")[0],
        "target": assessed_run.partition("/template/")[0],
    }[what]
    getattr(client, f"delete_assessment_{what}")(**{f"assessment{what.title()}Arn": arn})
    assert refusal(url)[0] == 404


def test_a_reset_takes_reports_too(client, assessed_run, inspector_backend):
    url = report_url(client, assessed_run)
    inspector_backend.reset()
    assert refusal(url)[0] == 404


@pytest.mark.slow
def test_each_account_and_region_has_its_own_reports(session, inspector_backend):
    pages = {}
    for account, region in (
        ("111111111111", "us-east-1"),
        ("222222222222", "us-east-1"),
        ("111111111111", "eu-west-1"),
    ):
        client = boto3.client("inspector", region, aws_access_key_id=account, aws_secret_access_key="x")
        target = client.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        template = client.create_assessment_template(
            assessmentTargetArn=target,
            assessmentTemplateName="t",
            durationInSeconds=180,
            rulesPackageArns=list_packages(client),
        )["assessmentTemplateArn"]
        run = start_and_finish_run(inspector_backend.for_account(account).for_region(region), client, template)
        pages[account, region] = report_page(client, run).text
    for (account, region), text in pages.items():
        assert f"Account {account} Region {region}" in text


def test_a_finding_added_later_is_in_the_report_later(client, assessed_run, inspector_backend):
    url = report_url(client, assessed_run)
    assert "Put in by hand" not in download(url).decode()
    arn = inspector_backend.add_finding(assessed_run, {"title": "Put in by hand"})
    assert "Put in by hand" in download(url).decode()
    client.add_attributes_to_findings(findingArns=[arn], attributes=[{"key": "ticket", "value": "SEC-1"}])
    assert "SEC-1" in download(url).decode()


def test_a_report_is_rendered_once(client, assessed_run, monkeypatch):
    times = []
    render = html.render_html

    def counted(report):
        times.append(report)
        return render(report)

    monkeypatch.setattr(html, "render_html", counted)
    url = report_url(client, assessed_run)
    assert times == []
    assert download(url) == download(url) == download(report_url(client, assessed_run))
    assert len(times) == 1


# What is left of it, and what gets in its way


def ours():
    return [thread for thread in threading.enumerate() if thread.name.startswith("mock_inspector")]


@pytest.mark.slow
def test_no_report_server_is_left_behind_and_the_next_mock_has_its_own():
    urls = []
    for _ in range(3):
        with mock_inspector(region="us-west-2") as backend:
            client = boto3.client("inspector")
            run = start_and_finish_run(backend, client)
            assert ours() == []
            urls.append(report_url(client, run))
            assert download(urls[-1])
            assert len(ours()) >= 1
        assert ours() == []
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(urls[-1]).port)) != 0


def test_silent_connections_to_the_report_server_are_closed_with_the_mock():
    with contextlib.ExitStack() as stack:
        with mock_inspector(region="us-west-2") as backend:
            client = boto3.client("inspector")
            url = report_url(client, start_and_finish_run(backend, client))
            idle = [stack.enter_context(socket.create_connection(("127.0.0.1", urlsplit(url).port))) for _ in range(3)]
            assert download(url)
        assert [connection.recv(1) for connection in idle] == [b""] * 3
        assert ours() == []


def test_reports_are_downloaded_in_running_time():
    with mock_inspector(region="us-west-2", freeze=False) as backend:
        client = boto3.client("inspector")
        run = start_and_finish_run(backend, client)
        params = {"assessmentRunArn": run, "reportFileFormat": "HTML", "reportType": "FULL"}
        client.get_assessment_report(**params)
        backend.clock.tick(5)
        url = client.get_assessment_report(**params)["url"]
        assert download(url)
        backend.clock.tick(901)
        assert refusal(url)[0] == 403


def test_a_proxy_in_the_environment_is_bypassed(client, assessed_run, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent_proxy:  # It accepts, and never answers.
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{silent_proxy.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "internal")
        monkeypatch.delenv("no_proxy", raising=False)
        assert b"Monday" in by_urllib(report_url(client, assessed_run))
        assert b"Monday" in by_requests(report_url(client, assessed_run))


def test_the_exception_from_proxies_ends_with_the_mock(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    for before in (None, "internal"):
        if before is None:
            monkeypatch.delenv("no_proxy", raising=False)
        else:
            monkeypatch.setenv("no_proxy", before)
        with mock_inspector(region="us-west-2") as backend:
            client = boto3.client("inspector")
            report_url(client, start_and_finish_run(backend, client))
            assert os.environ["no_proxy"].split(",")[-1] == "127.0.0.1"
        assert os.environ.get("no_proxy") == before


def test_a_responses_mock_lets_downloads_pass(client, assessed_run):
    url = report_url(client, assessed_run)
    with responses.RequestsMock() as mock:
        mock.add(responses.GET, "https://example.com/", body="mine")
        assert by_requests(url)
        assert by_requests("https://example.com/") == b"mine"
        with pytest.raises(requests.ConnectionError):
            by_requests("https://example.com/other")
        mock.add_passthru("https://example.org")
        assert by_requests(url)
        assert mock.passthru_prefixes == ("https://example.org",)


@responses.activate
def test_a_responses_mock_that_came_first_lets_downloads_pass_while_the_mock_is_active():
    with mock_inspector(region="us-west-2") as backend:
        client = boto3.client("inspector")
        url = report_url(client, start_and_finish_run(backend, client))
        assert by_requests(url)
        responses.add(responses.GET, url.partition("?")[0], body="a test's own")
        assert by_requests(url) == b"a test's own"
    with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
        by_requests(url.replace("inspector-reports", "other"))


def test_moto_lets_downloads_pass(client, assessed_run):
    with mock_aws():
        url = report_url(client, assessed_run)
        assert by_requests(url)
        assert by_urllib(url)


def test_a_loop_waits_for_a_report_in_the_making(client, assessed_run, monkeypatch, inspector_backend):
    def slow(report):
        threading.Event().wait(0.7)  # what is the threading module's own takes real time
        return b"slow"

    monkeypatch.setattr(html, "render_html", slow)
    url = urlsplit(report_url(client, assessed_run))

    async def fetch():
        reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
        writer.write(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        try:
            return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()

    async def short_timeout():
        return await asyncio.wait_for(fetch(), timeout=300)

    before = inspector_backend.clock.now()
    assert asyncio.run(short_timeout()).endswith(b"slow")
    assert (inspector_backend.clock.now() - before).total_seconds() < 300


@pytest.mark.parametrize(("file_format", "module", "package"), [("HTML", "jinja2", "Jinja2"), ("PDF", "fpdf", "fpdf2")])
def test_without_the_extra_the_fetch_says_what_to_install(
    client, assessed_run, monkeypatch, file_format, module, package
):
    html._template.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("assessment_reports.pdf", "html_templates"):
        monkeypatch.delitem(sys.modules, f"mock_inspector.{name}", raising=False)
    url = report_url(client, assessed_run, file_format)
    with pytest.raises(requests.HTTPError, match=re.escape("pip install 'mock-inspector[report]'")) as caught:
        by_requests(url)
    answer: Any = caught.value.response
    assert (answer.status_code, package in answer.text) == (501, True)
    with pytest.raises(urllib.error.HTTPError, match=re.escape("pip install 'mock-inspector[report]'")) as raised:
        by_urllib(url)
    raised.value.close()


def test_an_error_in_the_renderer_is_reported(client, assessed_run, monkeypatch):
    def broken(report):
        raise RuntimeError("ouch")

    monkeypatch.setattr(html, "render_html", broken)
    status, body = refusal(report_url(client, assessed_run))
    assert status == 500
    assert "ouch" in body


def test_nothing_is_imported_for_reports_before_one_is_rendered():
    code = """
import sys, boto3
from mock_inspector import mock_inspector
with mock_inspector(region="us-west-2") as backend:
    target = backend.create_assessment_target(assessmentTargetName="t")["assessmentTargetArn"]
    assert not {"jinja2", "fpdf", "http.server"} & set(sys.modules), set(sys.modules)
"""
    environment = {"AWS_DEFAULT_REGION": "us-west-2", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=environment)
    assert done.stderr == ""

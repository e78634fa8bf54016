"""Assessment reports, as somebody who asks for them sees them: from GetAssessmentReport to the document."""

import asyncio
import contextlib
import http.client
import io
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import boto3
import pypdf
import pytest
import requests
import responses
from hypothesis import example, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.findings import best_practice, cve
from mock_inspector.reporting import html, site
from mock_inspector.reporting.text import visible, western

from .worlds import ACCOUNT, BEST_PRACTICES, CVE, a_group, a_run, a_target, a_template, an_ended_run, refused

BOTH_FORMATS = pytest.mark.parametrize("file_format", ["HTML", "PDF"])
BOTH_TYPES = pytest.mark.parametrize("report_type", ["FINDING", "FULL"])
VOID = {"meta", "link", "br", "img", "input", "hr", "rect"}


def url_of(client, run, file_format="HTML", report_type="FINDING"):
    """Ask for a report as clients do: again and again until it is there."""
    wanted = {"assessmentRunArn": run, "reportFileFormat": file_format, "reportType": report_type}
    while (answer := client.get_assessment_report(**wanted))["status"] == "WORK_IN_PROGRESS":
        assert "url" not in answer
    assert answer["status"] == "COMPLETED"
    return answer["url"]


def fetched(url):
    with urllib.request.urlopen(url) as response:
        return response.read()


def refusal(url, **request):
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(urllib.request.Request(url, **request))
    with caught.value as error:
        return error.code, error.read().decode()


def page_of(client, run, report_type="FINDING"):
    return Page(fetched(url_of(client, run, "HTML", report_type)).decode())


def pdf_pages(content):
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def changed(url, **changes):
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query |= {name.replace("_", "-"): value for name, value in changes.items()}
    return urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))


class Page(HTMLParser):
    """What a browser's reader would make of an HTML page: its words, headings, tables and links."""

    def __init__(self, source):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[str] = []
        self.headings: list[Any] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        elif tag == "table":
            self.rows: list[list[str]] = []
            self.caption = ""
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "br":
            self.handle_data(" ")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "table":
            self.tables.setdefault(self.caption, []).extend(self.rows)

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.texts.append(data)
        if self.headings and any(re.fullmatch("h[1-6]", tag) for tag in self.open):
            self.headings[-1][1] += data
        elif "caption" in self.open:
            self.caption += data
        elif self.open and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def under(self, heading):
        """The headings one level below a heading."""
        found, inside = [], False
        for level, text in self.headings:
            if inside and level <= inside:
                inside = False
            if inside and level == inside + 1:
                found.append(" ".join(text.split()))
            if text == heading:
                inside = level
        return found


@pytest.fixture
def story(inspector_backend, client):
    """A run over two assessed instances, one of which is worse off, and one that was left out."""
    inspector_backend.add_instance(
        "i-0web",
        tags={"Name": "web", "Stage": "live"},
        hostname="web.example.com",
        ami_id="ami-0abc",
        auto_scaling_group="webs",
        operating_system="Ubuntu 18.04.1 LTS",
        agent_version="1.1.1098.0",
        network_interfaces=[{"networkInterfaceId": "eni-0a", "privateIpAddress": "10.0.0.7", "publicIp": "34.1.2.3"}],
        findings=[
            cve("CVE-2016-2177", severity="High", package="openssl-1:1.0.1k-14.91"),
            cve("CVE-2018-14618", severity="High", package="curl-0:7.58.0"),
            best_practice("Disable root login over SSH"),
        ],
    )
    inspector_backend.add_instance("i-0db", tags={"Stage": "live"}, findings=[cve("CVE-2016-2177", severity="High")])
    inspector_backend.add_instance("i-0ill", tags={"Stage": "live"}, agent_health="UNHEALTHY")
    target = a_target(client, "live", a_group(client, Stage="live"))
    template = a_template(
        client, target, "hourly", duration=3600, packages=(CVE, BEST_PRACTICES), attributes={"team": "blue"}
    )
    return an_ended_run(inspector_backend, client, template, "Monday's run")


# Getting hold of one


@BOTH_TYPES
@BOTH_FORMATS
def test_a_report_is_a_file_behind_a_url(client, story, file_format, report_type, inspector_backend):
    url = url_of(client, story, file_format, report_type)
    with urllib.request.urlopen(url) as response:
        content = response.read()
    assert response.status == 200
    assert (
        response.headers["Content-Type"] == {"HTML": "text/html; charset=utf-8", "PDF": "application/pdf"}[file_format]
    )
    name = f"assessment-report-{report_type.lower()}-{story[-10:]}.{file_format.lower()}"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.headers["Date"] == inspector_backend.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert content.startswith({"HTML": b"<!DOCTYPE html>", "PDF": b"%PDF-"}[file_format])


def by_urllib(url):
    return fetched(url)


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
    thread = threading.Thread(target=lambda: got.append(fetched(url)))
    thread.start()
    thread.join()
    return got[0]


def by_a_loop(url):
    async def fetch():
        return await asyncio.to_thread(fetched, url)

    return asyncio.run(fetch())


CLIENTS = [by_urllib, by_requests, by_a_session, by_http_client, by_another_process, by_another_thread, by_a_loop]


@pytest.mark.parametrize("fetch", CLIENTS)
def test_any_http_client_fetches_it(client, story, fetch):
    assert b"Monday&#39;s run" in fetch(url_of(client, story))


def test_a_head_tells_its_size(client, story):
    url = url_of(client, story, "PDF")
    with urllib.request.urlopen(urllib.request.Request(url, method="HEAD")) as response:
        assert response.read() == b""
    assert int(response.headers["Content-Length"]) == len(fetched(url))


def test_the_url_has_the_form_of_a_pre_signed_one(client, story):
    parts = urlsplit(url_of(client, story, "PDF", "FULL"))
    assert len(urlunsplit(parts)) <= 2048
    assert re.fullmatch(
        rf"/inspector-reports-us-west-2/{ACCOUNT}/.*/{story[-10:]}/assessment-report-full.pdf", parts.path
    )
    query = {name: value for name, [value] in parse_qs(parts.query).items()}
    assert list(query) == [
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"
    ]  # fmt: skip
    assert query["X-Amz-Expires"] == "900"
    assert re.fullmatch("[0-9a-f]{64}", query["X-Amz-Signature"])


@pytest.mark.parametrize("state", ["FAILED", "ERROR"])
def test_a_run_that_failed_has_no_report(client, inspector_backend, state):
    run = a_run(client)
    inspector_backend.set_run_state(run, state)
    wanted = {"assessmentRunArn": run, "reportFileFormat": "PDF", "reportType": "FULL"}
    assert client.get_assessment_report(**wanted)["status"] == "WORK_IN_PROGRESS"
    inspector_backend.clock.tick(5)
    answer = client.get_assessment_report(**wanted)
    assert (answer["status"], "url" in answer) == ("FAILED", False)


def test_a_run_in_progress_has_none_yet(client, inspector_backend):
    with refused("AssessmentRunInProgressException"):
        client.get_assessment_report(assessmentRunArn=a_run(client), reportFileFormat="PDF", reportType="FULL")


# How long it lives


def test_a_url_is_good_for_15_minutes_of_the_mocks_time(client, story, inspector_backend):
    url = url_of(client, story)
    inspector_backend.clock.tick(900)
    assert fetched(url)
    inspector_backend.clock.tick(0.001)
    status, body = refusal(url)
    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in body
    assert fetched(url_of(client, story))


def test_urls_of_one_second_live_as_long_as_the_last_of_them(client, story, inspector_backend):
    inspector_backend.clock.move_to(inspector_backend.clock.now().replace(microsecond=0).timestamp() + 60)
    url_of(client, story)
    inspector_backend.clock.tick(0.5)
    url = url_of(client, story)
    inspector_backend.clock.tick(900)
    assert fetched(url)


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
def test_a_url_that_was_tampered_with_is_refused(client, story, change):
    status, body = refusal(changed(url_of(client, story), **change))
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


def test_a_url_without_its_signature_is_refused(client, story):
    status, body = refusal(url_of(client, story).partition("?")[0])
    assert (status, "<Code>AccessDenied</Code>" in body) == (403, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("assessment-report-finding.html", "assessment-report-full.html"),  # was not asked for
        ("assessment-report-finding.html", "<script>&.html"),
        (ACCOUNT, "999999999999"),
        ("inspector-reports-us-west-2", "inspector-reports-us-east-1"),
        ("inspector-reports-us-west-2", "bucket"),
    ],
)
def test_other_paths_lead_nowhere(client, story, inspector_backend, old, new):
    inspector_backend.for_region("us-east-1")
    status, body = refusal(url_of(client, story).replace(old, new))
    assert (status, "<Code>NoSuchKey</Code>" in body, "<script>" in body) == (404, True, False)


def test_only_reading_is_allowed(client, story):
    assert refusal(url_of(client, story), method="DELETE")[0] == 405


@pytest.mark.parametrize("what", ["run", "template", "target"])
def test_a_report_goes_with_its_run(client, story, inspector_backend, what):
    url = url_of(client, story)
    arn = {"run": story, "template": story.rpartition("/run/")[0], "target": story.partition("/template/")[0]}[what]
    getattr(client, f"delete_assessment_{what}")(**{f"assessment{what.title()}Arn": arn})
    assert refusal(url)[0] == 404


def test_a_reset_takes_reports_too(client, story, inspector_backend):
    url = url_of(client, story)
    inspector_backend.reset()
    assert refusal(url)[0] == 404


def test_each_account_and_region_has_its_own(session, inspector_backend):
    pages = {}
    for account, region in (
        ("111111111111", "us-east-1"),
        ("222222222222", "us-east-1"),
        ("111111111111", "eu-west-1"),
    ):
        client = boto3.client("inspector", region, aws_access_key_id=account, aws_secret_access_key="x")
        target = client.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        template = client.create_assessment_template(
            assessmentTargetArn=target, assessmentTemplateName="t", durationInSeconds=180, rulesPackageArns=[]
        )["assessmentTemplateArn"]
        run = an_ended_run(inspector_backend.for_account(account).for_region(region), client, template)
        pages[account, region] = page_of(client, run).text
    for (account, region), text in pages.items():
        assert f"Account {account} Region {region}" in text


def test_what_is_put_in_later_is_in_it_later(client, story, inspector_backend):
    url = url_of(client, story)
    assert "Put in by hand" not in fetched(url).decode()
    arn = inspector_backend.add_finding(story, {"title": "Put in by hand"})
    assert "Put in by hand" in fetched(url).decode()
    client.add_attributes_to_findings(findingArns=[arn], attributes=[{"key": "ticket", "value": "SEC-1"}])
    assert "SEC-1" in fetched(url).decode()


def test_a_report_is_rendered_once(client, story, monkeypatch):
    times = []
    render = html.as_html

    def counted(report):
        times.append(report)
        return render(report)

    monkeypatch.setattr(html, "as_html", counted)
    url = url_of(client, story)
    assert times == []
    assert fetched(url) == fetched(url) == fetched(url_of(client, story))
    assert len(times) == 1


# What it says


def test_the_summary_says_what_was_assessed_and_what_came_of_it(client, story):
    page = page_of(client, story)
    assert page.headings[0] == [1, "Assessment findings report"]
    for said in (
        "Monday's run",
        "4 findings on 2 instances, 3 of high severity.",
        f"Account {ACCOUNT}",
        "Region us-west-2",
        "Assessment target live",
        "Instances of the target Stage=live",
        "Assessment template hourly",
        "Run state Completed",
        "Duration 1 h (the run took 1 h 1 min 2 s)",
        "Attributes for findings team=blue",
        story,
    ):
        assert said in page.text
    assert re.search(r"Started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC Completed \d{4}-", page.text)
    assert page.tables["Findings by severity"][1:] == [
        ["High", "", "3", "2"],
        ["Medium", "", "1", "1"],
        ["Low", "", "0", "0"],
        ["Informational", "", "0", "0"],
        ["Undefined", "", "0", "0"],
        ["All", "", "4", ""],
    ]
    assert page.tables["Findings by rules package"][1:] == [
        ["Common Vulnerabilities and Exposures", "3", "0", "0", "0", "0", "3"],
        ["Security Best Practices", "0", "1", "0", "0", "0", "1"],
    ]
    assert page.tables["Findings by instance"][1:] == [
        ["i-0web", "web.example.com", "2", "1", "0", "0", "0", "3"],
        ["i-0db", "-", "1", "0", "0", "0", "0", "1"],
    ]


def test_findings_come_by_severity_and_then_by_instance(client, story):
    page = page_of(client, story)
    assert page.under("Findings") == ["High 3 findings", "Medium 1 finding"]
    assert page.under("High 3 findings") == ["i-0web 2 of high severity", "i-0db 1 of high severity"]
    assert page.under("i-0web 2 of high severity") == [
        "Instance i-0web is vulnerable to CVE-2016-2177",
        "Instance i-0web is vulnerable to CVE-2018-14618",
    ]


def test_a_finding_says_all_that_is_known_of_it(client, story):
    listed = client.list_findings(assessmentRunArns=[story])["findingArns"]
    page = page_of(client, story)
    for finding in client.describe_findings(findingArns=listed)["findings"]:
        assert ("article", "id", f"finding-{finding['arn'][-10:]}") in page.attributes
        for member in ("title", "description", "recommendation", "id"):
            assert " ".join(finding[member].split()) in page.text
        for entry in finding["attributes"]:
            assert [entry["key"], entry["value"]] in page.tables["Attributes"]
    assert page.tables["User attributes"] == [["team", "blue"]] * 4
    for said in ("Hostname web.example.com", "AMI ami-0abc", "Auto Scaling group webs", "Addresses 10.0.0.7, 34.1.2.3"):
        assert said in page.text


def test_exclusions_are_told(client, story):
    page = page_of(client, story)
    assert page.under("Exclusions") == ["Agent is unhealthy"]
    assert ["INSTANCE_ID", "i-0ill"] in page.tables["Scope"]


def test_a_full_report_adds_packages_instances_and_telemetry(client, story):
    finding, full = page_of(client, story), page_of(client, story, "FULL")
    sections = ["Executive summary", "Findings", "Exclusions"]
    assert finding.under("Assessment findings report") == sections
    assert full.under("Full assessment report") == [*sections, "Rules packages", "Instances", "Telemetry"]
    assert full.under("Rules packages") == [
        "Common Vulnerabilities and Exposures 3 findings",
        "Security Best Practices 1 finding",
    ]
    instances = full.tables["Instances of the target when the run started"][1:]
    assert [(row[0], row[1].split()[0], row[3]) for row in instances] == [
        ("i-0web", "Healthy", "3"),
        ("i-0db", "Healthy", "1"),
        ("i-0ill", "Unhealthy", "0"),
    ]
    assert "Operating system Ubuntu 18.04.1 LTS" in full.text
    total = next(
        entry
        for entry in client.get_telemetry_metadata(assessmentRunArn=story)["telemetryMetadata"]
        if entry["messageType"] == "Total"
    )
    sent = full.tables["What the agents sent, by type of message"]
    assert sent[-1] == ["Total", f"{total['count']:,}", f"{total['dataSize']:,}"]


def test_a_rules_package_without_findings_has_passed(client, inspector_backend):
    inspector_backend.add_instance("i-0fine")
    page = page_of(client, an_ended_run(inspector_backend, client), "FULL")
    assert "No potential security issues were found." in page.text
    assert page.under("Rules packages") == ["Common Vulnerabilities and Exposures Passed"]
    assert page.under("Informational 1 finding") == ["No particular instance 1 of informational severity"]


def test_a_canceled_run_has_nothing_to_tell(client, inspector_backend):
    run = a_run(client)
    inspector_backend.clock.tick(60)
    client.stop_assessment_run(assessmentRunArn=run, stopAction="SKIP_EVALUATION")
    page = page_of(client, run, "FULL")
    assert "The run was canceled before its rules were evaluated." in page.text
    assert "This run reported no findings." in page.text
    assert page.under("Rules packages") == ["Common Vulnerabilities and Exposures No findings"]


@BOTH_TYPES
def test_a_pdf_says_the_same(client, story, report_type):
    pages = pdf_pages(fetched(url_of(client, story, "PDF", report_type)))
    text = " ".join(pages)
    for said in (
        "Full assessment report" if report_type == "FULL" else "Assessment findings report",
        "Monday's run",
        "4 findings on 2 instances, 3 of high severity.",
        "High 3 2",
        "Medium 1 1",
        "All 4",
        "High: 3 findings",
        "Instance i-0web is vulnerable to CVE-2016-2177",
        "openssl-1:1.0.1k-14.91",
        "team blue",
        "Agent is unhealthy",
        f"Page 1 of {len(pages)}",
    ):
        assert said in text
    assert text.count("Recommendation:") == 4 + 1
    assert ("Ubuntu 18.04.1 LTS" in text, "InspectorTerminal" in text) == (report_type == "FULL",) * 2


def test_a_pdf_has_an_outline_and_a_title(client, story):
    reader: Any = pypdf.PdfReader(io.BytesIO(fetched(url_of(client, story, "PDF"))))
    names = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert names == ["Executive summary", "Findings", "Exclusions"]
    assert [entry.title for entry in reader.outline[2]] == ["High (3)", "Medium (1)"]
    assert reader.metadata.title == "Assessment findings report: Monday's run"


# How it is made


@BOTH_TYPES
def test_a_page_needs_nothing_else(client, story, report_type):
    page = page_of(client, story, report_type)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(page.tags)
    targets = [value for _, name, value in page.attributes if name in ("src", "href")]
    anchors = {value for _, name, value in page.attributes if name == "id"}
    assert targets
    assert {target[1:] for target in targets} <= anchors
    assert all(target.startswith("#") for target in targets)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)


@BOTH_TYPES
def test_a_page_can_be_found_ones_way_in_without_seeing_it(client, story, report_type):
    page = page_of(client, story, report_type)
    levels = [level for level, _ in page.headings]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert "" not in page.tables
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("th") == sum(tag == "th" and name == "scope" for tag, name, _ in page.attributes)
    assert page.tags.count("svg") == sum(tag == "svg" and name == "aria-hidden" for tag, name, _ in page.attributes)


HOSTILE = (
    "<script>alert(1)</script>\" onload='x' & {{ 7 }} \u202elive\u202c \x00\x1b[31m \u540d\u524d \u2713 \U0001f389"
)


def hostile_report(text, file_format):
    """A FULL report of a run that shows ``text`` wherever it can be put."""
    with mock_inspector(region="us-west-2") as backend:
        client = boto3.client("inspector", "us-west-2", aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
        short = text[:50]
        backend.add_instance("i-0a", hostname=short, tags={short: text[:200]}, operating_system=f"Ubuntu {short}")
        package = backend.add_rules_package(short, description=text)
        target = a_target(client, short)
        template = a_template(client, target, short, packages=(package,), attributes={short: short})
        run = an_ended_run(backend, client, template, short)
        pairs = [{"key": short, "value": text[:200]}]
        asset = {"schemaVersion": 1, "agentId": "i-0a", "hostname": short, "tags": pairs}
        says = {"title": text, "description": text, "recommendation": text, "id": text[:100], "attributes": pairs}
        backend.add_finding(run, {**says, "assetAttributes": asset, "severity": "Low"})
        backend.add_exclusion(run, {"title": text, "description": text, "recommendation": text, "attributes": pairs})
        return fetched(url_of(client, run, file_format, "FULL"))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).filter(str.strip)


@settings(max_examples=25, deadline=None)
@example(HOSTILE)
@example("x" * 10_000)
@example("a\r\nb\tc " + "\u05d0" * 500)
@given(texts)
def test_no_text_breaks_out_of_the_page(text):
    page = Page(hostile_report(text, "HTML").decode())
    assert {"script", "b"}.isdisjoint(page.tags)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert any(data == visible(text) for data in page.texts)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "".join(page.texts))


@settings(max_examples=25, deadline=None)
@example(HOSTILE)
@example("x" * 10_000)
@example("a\r\nb\tc " + "\u05d0" * 500)
@given(texts)
def test_no_text_breaks_a_pdf(text):
    words = "".join(pdf_pages(hostile_report(text, "PDF")))
    assert "Recommendation:" in words
    assert "".join(western(visible(text[:20])).split()) in "".join(words.split())


def test_what_cannot_be_seen_is_written_out():
    assert visible("a\u202eb\x00\ud800\ufeff") == "a\\u202eb\\x00\\ud800\\ufeff"
    assert (
        western("Gr\u00f6\u00dfe \u2013 \u20ac \u540d \U0001f389")
        == "Gr\u00f6\u00dfe \u2013 \u20ac \\u540d \\U0001f389"
    )
    assert western("Gro\u0308\u00dfe") == "Gr\u00f6\u00dfe"


def test_ten_thousand_findings_are_all_there(client, inspector_backend):
    run = an_ended_run(inspector_backend, client)
    severities = ["High", "Medium", "Medium", "Low"]
    for place in range(10_000):
        asset = {"schemaVersion": 1, "agentId": f"i-{place % 500:05x}"}
        says = {"title": f"Weakness {place}", "description": "It is weak. " * 20, "severity": severities[place % 4]}
        inspector_backend.add_finding(run, {**says, "assetAttributes": asset})
    source = fetched(url_of(client, run)).decode()
    page = Page(source)
    assert "10,000 findings on 500 instances, 2,500 of high severity." in page.text
    assert [row[2:] for row in page.tables["Findings by severity"][1:4]] == [
        ["2,500", "125"],
        ["5,000", "250"],
        ["2,500", "125"],
    ]
    assert source.count('<article id="finding-') == 10_001  # and that of the clean rules package
    titles = {text for level, text in page.headings if level == 5}
    assert titles >= {f"Weakness {place}" for place in range(10_000)}

    reader = pypdf.PdfReader(io.BytesIO(fetched(url_of(client, run, "PDF"))))
    first = re.sub(r"\s+", " ", reader.pages[0].extract_text())
    assert "High 2,500 125 Medium 5,000 250 Low 2,500 125" in first
    assert len(reader.pages) > 1000
    assert f"Page 1 of {len(reader.pages)}" in first


# What is left of it, and what gets in its way


def ours():
    return [thread for thread in threading.enumerate() if thread.name.startswith("mock_inspector")]


def test_nothing_is_left_behind_and_the_next_mock_has_its_own():
    urls = []
    for _ in range(3):
        with mock_inspector(region="us-west-2") as backend:
            client = boto3.client("inspector")
            run = an_ended_run(backend, client)
            assert ours() == []
            urls.append(url_of(client, run))
            assert fetched(urls[-1])
            assert len(ours()) >= 1
        assert ours() == []
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(urls[-1]).port)) != 0


def test_connections_that_say_nothing_are_closed_with_the_mock():
    with contextlib.ExitStack() as stack:
        with mock_inspector(region="us-west-2") as backend:
            client = boto3.client("inspector")
            url = url_of(client, an_ended_run(backend, client))
            idle = [stack.enter_context(socket.create_connection(("127.0.0.1", urlsplit(url).port))) for _ in range(3)]
            assert fetched(url)
        assert [connection.recv(1) for connection in idle] == [b""] * 3
        assert ours() == []


def test_it_works_in_running_time():
    with mock_inspector(region="us-west-2", freeze=False) as backend:
        client = boto3.client("inspector")
        run = an_ended_run(backend, client)
        wanted = {"assessmentRunArn": run, "reportFileFormat": "HTML", "reportType": "FULL"}
        client.get_assessment_report(**wanted)
        backend.clock.tick(5)
        url = client.get_assessment_report(**wanted)["url"]
        assert fetched(url)
        backend.clock.tick(901)
        assert refusal(url)[0] == 403


def test_a_proxy_of_the_environment_is_not_asked(client, story, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # accepts, and never answers
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "internal")
        monkeypatch.delenv("no_proxy", raising=False)
        assert b"Monday" in by_urllib(url_of(client, story))
        assert b"Monday" in by_requests(url_of(client, story))


def test_the_exception_from_proxies_ends_with_the_mock(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    for before in (None, "internal"):
        if before is None:
            monkeypatch.delenv("no_proxy", raising=False)
        else:
            monkeypatch.setenv("no_proxy", before)
        with mock_inspector(region="us-west-2") as backend:
            client = boto3.client("inspector")
            url_of(client, an_ended_run(backend, client))
            assert os.environ["no_proxy"].split(",")[-1] == "127.0.0.1"
        assert os.environ.get("no_proxy") == before


def test_a_responses_mock_lets_it_pass(client, story):
    url = url_of(client, story)
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
def test_a_responses_mock_that_came_first_lets_it_pass_while_the_mock_is_active():
    with mock_inspector(region="us-west-2") as backend:
        client = boto3.client("inspector")
        url = url_of(client, an_ended_run(backend, client))
        assert by_requests(url)
        responses.add(responses.GET, url.partition("?")[0], body="a test's own")
        assert by_requests(url) == b"a test's own"
    with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
        by_requests(url.replace("inspector-reports", "other"))


def test_moto_lets_it_pass(client, story):
    with mock_aws():
        url = url_of(client, story)
        assert by_requests(url)
        assert by_urllib(url)


def test_a_loop_waits_for_a_report_in_the_making(client, story, monkeypatch, inspector_backend):
    def slow(report):
        threading.Event().wait(0.7)  # what is the threading module's own takes real time
        return b"slow"

    monkeypatch.setattr(html, "as_html", slow)
    url = urlsplit(url_of(client, story))

    async def fetch():
        reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
        writer.write(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        try:
            return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()

    async def impatient():
        return await asyncio.wait_for(fetch(), timeout=300)

    before = inspector_backend.clock.now()
    assert asyncio.run(impatient()).endswith(b"slow")
    assert (inspector_backend.clock.now() - before).total_seconds() < 300


@pytest.mark.parametrize(("file_format", "module", "package"), [("HTML", "jinja2", "Jinja2"), ("PDF", "fpdf", "fpdf2")])
def test_without_the_extra_the_fetch_says_what_to_install(client, story, monkeypatch, file_format, module, package):
    html._template.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("pdf", "sheet"):
        monkeypatch.delitem(sys.modules, f"mock_inspector.reporting.{name}", raising=False)
    url = url_of(client, story, file_format)
    with pytest.raises(requests.HTTPError, match=re.escape("pip install 'mock-inspector[report]'")) as caught:
        by_requests(url)
    answer: Any = caught.value.response
    assert (answer.status_code, package in answer.text) == (501, True)
    with pytest.raises(urllib.error.HTTPError, match=re.escape("pip install 'mock-inspector[report]'")) as raised:
        by_urllib(url)
    raised.value.close()


def test_a_fault_of_the_renderer_is_told(client, story, monkeypatch):
    def broken(*anything):
        raise RuntimeError("ouch")

    monkeypatch.setattr(site.ReportSite, "_render", broken)
    status, body = refusal(url_of(client, story))
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

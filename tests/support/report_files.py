"""Reports as files: fetching them, and reading their pages."""

import re
import urllib.error
import urllib.request
from html.parser import HTMLParser
from typing import Any

import boto3

from mock_inspector import mock_inspector

from .aws import ACCOUNT, create_target, create_template, start_and_finish_run

VOID = {"meta", "link", "br", "img", "input", "hr", "rect"}


def report_url(client, run, file_format="HTML", report_type="FINDING"):
    """Ask for a report as clients do: again and again until it is there."""
    params = {"assessmentRunArn": run, "reportFileFormat": file_format, "reportType": report_type}
    while (answer := client.get_assessment_report(**params))["status"] == "WORK_IN_PROGRESS":
        assert "url" not in answer
    assert answer["status"] == "COMPLETED"
    return answer["url"]


def report_url_by_tick(backend, client, run):
    """The URL of a FULL report as HTML, also where time runs: the mock's clock moves to when it is there."""
    params = {"assessmentRunArn": run, "reportFileFormat": "HTML", "reportType": "FULL"}
    client.get_assessment_report(**params)
    backend.clock.tick(60)
    return client.get_assessment_report(**params)["url"]


def download(url):
    with urllib.request.urlopen(url) as response:
        return response.read()


def report_page(client, run, report_type="FINDING"):
    return HtmlPage(download(report_url(client, run, "HTML", report_type)).decode())


class HtmlPage(HTMLParser):
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


HOSTILE_TEXT = (
    "<script>alert(1)</script>\" onload='x' & {{ 7 }} \u202elive\u202c \x00\x1b[31m \u540d\u524d \u2713 \U0001f389"
)


def hostile_report(text, file_format):
    """A FULL report of a run that shows ``text`` wherever it can be put."""
    with mock_inspector(region="us-west-2") as backend:
        client = boto3.client("inspector", "us-west-2", aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
        short = text[:50]
        backend.add_instance("i-0a", hostname=short, tags={short: text[:200]}, operating_system=f"Ubuntu {short}")
        package = backend.add_rules_package(short, description=text)
        target = create_target(client, short)
        template = create_template(client, target, short, packages=(package,), attributes={short: short})
        run = start_and_finish_run(backend, client, template, short)
        pairs = [{"key": short, "value": text[:200]}]
        asset = {"schemaVersion": 1, "agentId": "i-0a", "hostname": short, "tags": pairs}
        says = {"title": text, "description": text, "recommendation": text, "id": text[:100], "attributes": pairs}
        backend.add_finding(run, {**says, "assetAttributes": asset, "severity": "Low"})
        backend.add_exclusion(run, {"title": text, "description": text, "recommendation": text, "attributes": pairs})
        return download(report_url(client, run, file_format, "FULL"))

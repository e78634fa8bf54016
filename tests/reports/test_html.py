"""Reports as HTML pages."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_inspector.assessment_reports.escaping import escape_invisible

from ..support.fast_subset import max_examples
from ..support.report_files import HOSTILE_TEXT, HtmlPage, download, hostile_report, report_page, report_url

BOTH_TYPES = pytest.mark.parametrize("report_type", ["FINDING", "FULL"])


# How it is made


@BOTH_TYPES
def test_an_html_report_loads_nothing_else(client, assessed_run, report_type):
    page = report_page(client, assessed_run, report_type)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(page.tags)
    targets = [value for _, name, value in page.attributes if name in ("src", "href")]
    anchors = {value for _, name, value in page.attributes if name == "id"}
    assert targets
    assert {target[1:] for target in targets} <= anchors
    assert all(target.startswith("#") for target in targets)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)


@BOTH_TYPES
def test_an_html_report_is_accessible(client, assessed_run, report_type):
    page = report_page(client, assessed_run, report_type)
    levels = [level for level, _ in page.headings]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert "" not in page.tables
    assert ("html", "lang", "en") in page.attributes
    assert page.tags.count("th") == sum(tag == "th" and name == "scope" for tag, name, _ in page.attributes)
    assert page.tags.count("svg") == sum(tag == "svg" and name == "aria-hidden" for tag, name, _ in page.attributes)


def test_an_html_report_filters_severities_without_a_script(client, assessed_run):
    page = report_page(client, assessed_run)
    boxes = [value for tag, name, value in page.attributes if (tag, name) == ("input", "id")]
    assert boxes == ["show-high", "show-medium"]
    assert page.tags.count("input") == sum(name == "checked" for _, name, _ in page.attributes)
    style = download(report_url(client, assessed_run)).decode().partition("<style>")[2].partition("</style>")[0]
    for severity in ("high", "medium", "low", "informational", "undefined"):
        assert f"#findings:has(#show-{severity}:not(:checked)) > .{severity}" in style


def test_an_html_report_is_dark_on_a_dark_screen_only(client, assessed_run):
    style = download(report_url(client, assessed_run)).decode()
    assert "@media screen and (prefers-color-scheme: dark)" in style
    assert style.count("prefers-color-scheme") == 1


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).filter(str.strip)


@pytest.mark.slow
@settings(max_examples=max_examples(25), deadline=None)
@example(HOSTILE_TEXT)
@example("x" * 10_000)
@example("a\r\nb\tc " + "\u05d0" * 500)
@given(texts)
def test_no_text_breaks_out_of_an_html_report(text):
    page = HtmlPage(hostile_report(text, "HTML").decode())
    assert {"script", "b"}.isdisjoint(page.tags)
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert any(data == escape_invisible(text) for data in page.texts)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "".join(page.texts))

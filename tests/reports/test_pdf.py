"""Reports as PDF files."""

import io
import re
from typing import Any

import pypdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_inspector.assessment_reports.escaping import escape_invisible, to_cp1252
from mock_inspector.assessment_reports.pdf_document import ReportPdf

from ..support.aws import start_and_finish_run
from ..support.fast_subset import max_examples
from ..support.report_files import HOSTILE_TEXT, download, hostile_report, report_url

BOTH_TYPES = pytest.mark.parametrize("report_type", ["FINDING", "FULL"])


def pdf_pages(content):
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]


@BOTH_TYPES
def test_a_pdf_report_says_the_same_as_html(client, assessed_run, report_type):
    pages = pdf_pages(download(report_url(client, assessed_run, "PDF", report_type)))
    text = " ".join(pages)
    for words in (
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
        assert words in text
    assert text.count("Recommendation:") == 4 + 1
    assert ("Ubuntu 18.04.1 LTS" in text, "InspectorTerminal" in text) == (report_type == "FULL",) * 2


def test_a_pdf_has_an_outline_and_a_title(client, assessed_run):
    reader: Any = pypdf.PdfReader(io.BytesIO(download(report_url(client, assessed_run, "PDF"))))
    names = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert names == ["Executive summary", "Findings", "Exclusions"]
    assert [entry.title for entry in reader.outline[2]] == ["High (3)", "Medium (1)"]
    assert reader.metadata.title == "Assessment findings report: Monday's run"


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).filter(str.strip)


@pytest.mark.slow
@settings(max_examples=max_examples(25), deadline=None)
@example(HOSTILE_TEXT)
@example("x" * 10_000)
@example("a\r\nb\tc " + "\u05d0" * 500)
@given(texts)
def test_no_text_breaks_a_pdf(text):
    words = "".join(pdf_pages(hostile_report(text, "PDF")))
    assert "Recommendation:" in words
    assert "".join(to_cp1252(escape_invisible(text[:20])).split()) in "".join(words.split())


@pytest.mark.slow
def test_a_long_pdf_is_complete_and_its_pages_break_well(client, five_hundred):
    reader = pypdf.PdfReader(io.BytesIO(download(report_url(client, five_hundred, "PDF"))))
    texts = [page.extract_text() for page in reader.pages]
    pages = [re.sub(r"\s+", " ", text) for text in texts]
    assert "High 125 125 Medium 250 250 Low 125 125" in pages[0]
    assert set(re.findall(r"Finding \d+", " ".join(pages))) == {f"Finding {index}" for index in range(500)}
    assert len(pages) > 50
    assert all(page.endswith(f"Page {number} of {len(pages)}") for number, page in enumerate(pages, 1))

    heading = re.compile(r"Finding \d+|i-\w+|Attributes|Common.*|(High|Medium|Low|Informational): .*|Findings.*")
    last_lines = [text.split("\n")[-2] for text in texts]
    assert [line for line in last_lines if heading.fullmatch(line.strip())] == []

    head = "Instance High Medium Low Informational Undefined Total"
    last = next(number for number, page in enumerate(pages) if "No particular instance" in page)
    assert last >= 2
    assert [page.count(head) for page in pages[: last + 2]] == [1] * (last + 1) + [0]


def list_texts(page):
    """The texts of a page, each with its position, font and size."""
    texts = []

    def add(text, _, matrix, font, size):
        if text.strip():
            texts.append((round(matrix[5]), matrix[4], font["/BaseFont"], size, text.strip()))

    page.extract_text(visitor_text=add)
    return texts


@pytest.mark.slow
@BOTH_TYPES
def test_no_heading_is_alone_at_the_foot_of_a_page(client, three_hundred, report_type):
    reader = pypdf.PdfReader(io.BytesIO(download(report_url(client, three_hundred, "PDF", report_type))))
    assert len(reader.pages) > 60
    right_edges = set()
    measuring = ReportPdf()
    for page in reader.pages:
        *body, footer = list_texts(page)
        assert footer[4].startswith("Page ")
        measuring.set_font("Helvetica", size=8)
        right_edges.add(round(footer[1] + measuring.get_string_width(footer[4]) * measuring.k, 1))
        lowest = min(top for top, *_ in body if top > 45)
        _, _, font, _, last = [text for text in body if text[0] == lowest][-1]
        # The totals of tables are bold; so are headings, but for what is below an instance's name and a finding's title.
        assert font == "/Helvetica" or last.isdigit(), last
        assert not re.match(r"Hostname: |.* \xb7 (Common|CIS|Security|Network)", last)
    assert right_edges == {round(measuring.k * (210 - 16), 1)}


@pytest.mark.slow
def test_a_pdf_cuts_values_for_which_no_page_has_room(client, inspector_backend):
    long = "\u540d" * 128
    inspector_backend.add_instance(
        "i-0a", hostname=long, auto_scaling_group=long, operating_system=long, kernel_version=long
    )
    run = start_and_finish_run(inspector_backend, client)
    text = "".join(pdf_pages(download(report_url(client, run, "PDF", "FULL")))).replace(" ", "")
    for name in ("Hostname", "Operatingsystem", "Kernel", "AutoScalinggroup"):
        assert rf"{name}:\u540d\u540d" in text
    assert "\u2026" in text

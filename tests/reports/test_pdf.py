"""Reports as PDF files."""

import io
import re
from typing import Any

import pypdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_inspector.reporting.text import visible, western

from ..support.fast_subset import max_examples
from ..support.report_files import HOSTILE, fetched, hostile_report, url_of

BOTH_TYPES = pytest.mark.parametrize("report_type", ["FINDING", "FULL"])


def pdf_pages(content):
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]


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


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).filter(str.strip)


@settings(max_examples=max_examples(25), deadline=None)
@example(HOSTILE)
@example("x" * 10_000)
@example("a\r\nb\tc " + "\u05d0" * 500)
@given(texts)
def test_no_text_breaks_a_pdf(text):
    words = "".join(pdf_pages(hostile_report(text, "PDF")))
    assert "Recommendation:" in words
    assert "".join(western(visible(text[:20])).split()) in "".join(words.split())

"""Renders a report as one self-contained HTML page, for screens and for paper."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..state.findings import SEVERITIES
from .content import ReportContent

if TYPE_CHECKING:
    from jinja2 import Template


@lru_cache(maxsize=1)
def _template() -> Template:
    from ..html_templates import create_environment

    return create_environment("mock_inspector.assessment_reports").get_template("report.html")


def render_html(report: ReportContent) -> bytes:
    """The report as an HTML page in UTF-8. ImportError without Jinja2."""
    maximum = max((severity.count for severity in report.severities), default=0)
    return _template().render(report=report, severities=SEVERITIES, maximum=maximum).encode("utf-8")

"""Answers requests for the URLs of reports, as Amazon S3 does."""

from __future__ import annotations

import hashlib
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from ..state.report_links import ReportFile, ReportRefusedError, find_report
from ..wire.http import Request, Response
from .build_content import build_content
from .content import ReportContent

if TYPE_CHECKING:
    from ..state.service import FakeService

CONTENT_TYPES = {"HTML": "text/html; charset=utf-8", "PDF": "application/pdf"}

MAX_CACHED_REPORTS = 8
"""How many rendered reports are kept. A large one takes megabytes."""

_PACKAGES = {"jinja2": "Jinja2", "fpdf": "fpdf2"}


class ReportDownloads:
    """Renders reports when they are downloaded, from what their runs hold by then."""

    def __init__(self, service: FakeService) -> None:
        self._service = service
        # A cache for each mock, so that no test meets what another has rendered.
        self._render = lru_cache(maxsize=MAX_CACHED_REPORTS)(render)

    def handle(self, request: Request) -> Response:
        """Answer a GET or HEAD request. The lock is held while the state is read, but not while it is rendered."""
        url = urlsplit(request.url)
        with self._service.at_now as now:
            request_number = next(self._service.request_numbers)
            try:
                if request.method not in ("GET", "HEAD"):
                    raise ReportRefusedError(
                        405, "MethodNotAllowed", "The specified method is not allowed against this resource."
                    )
                file = find_report(self._service.stores(), unquote(url.path), url.query, now)
                content = build_content(file, now)
            except ReportRefusedError as error:
                body = _error_body(error, request_number)
                return _response(now, request_number, error.status, "application/xml", body)
        try:
            body = self._render(content, file.format)
        except ImportError as error:
            reason = describe_missing_package(error)
            body = f"{reason}\n".encode()
            return _response(now, request_number, 501, "text/plain; charset=utf-8", body, reason)
        response = _response(now, request_number, 200, CONTENT_TYPES[file.format], body)
        response.headers.update(_file_headers(file, content, body))
        return response

    def refuse(self, status: int, code: str, message: str) -> Response:
        """Refuse a request in the form of Amazon S3."""
        with self._service.at_now as now:
            request_number = next(self._service.request_numbers)
        body = _error_body(ReportRefusedError(status, code, message), request_number)
        return _response(now, request_number, status, "application/xml", body)


def render(content: ReportContent, file_format: str) -> bytes:
    """A report as HTML or PDF. ImportError without the package that renders it."""
    if file_format == "HTML":
        from .html import render_html

        return render_html(content)
    from .pdf import render_pdf

    return render_pdf(content)


def describe_missing_package(error: ImportError) -> str:
    """The reason phrase of status 501: HTTP clients put it into the exceptions that they raise."""
    package = _PACKAGES.get(error.name or "", str(error))
    return f"Reports need {package}, which is not installed. Run: pip install 'mock-inspector[report]'"


def _response(now: int, request_number: int, status: int, content_type: str, body: bytes, reason: str = "") -> Response:
    headers = {
        "x-amz-request-id": f"{request_number:016X}",
        "Date": formatdate(now // 1000, usegmt=True),
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Server": "AmazonS3",
        "Connection": "close",
    }
    return Response(status, headers, body, reason)


def _file_headers(file: ReportFile, content: ReportContent, body: bytes) -> dict[str, str]:
    return {
        "Last-Modified": formatdate(content.created // 1000, usegmt=True),
        "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }


def _error_body(error: ReportRefusedError, request_number: int) -> bytes:
    members = {"Code": error.code, "Message": error.message, **error.details, "RequestId": f"{request_number:016X}"}
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'.encode("utf-8", "backslashreplace")

"""What answers for the URL of a report, in the way of Amazon S3."""

from __future__ import annotations

import hashlib
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from ..model.reports import ReportFile, ReportRefusedError, report_file
from .content import ReportContent, build_content

if TYPE_CHECKING:
    from ..door import Request
    from ..model.world import World

_CONTENT_TYPES = {"HTML": "text/html; charset=utf-8", "PDF": "application/pdf"}

_KEPT = 8
"""How many rendered reports are kept; large ones take megabytes."""

MISSING_EXTRA = "Reports are rendered with {package}, which is not installed: pip install 'mock-inspector[report]'"
"""The reason phrase of the answer 501: HTTP clients put it into the exceptions that they raise."""


class ReportAnswer:
    """An HTTP response with a reason of its own."""

    def __init__(self, status: int, reason: str, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body


class ReportDownloads:
    """Answers for the reports of one world.

    A report is rendered when it is fetched, of what its run holds at that moment, and kept for as long as that stays
    the same.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._rendered: dict[tuple[str, str, str], tuple[ReportContent, bytes]] = {}

    def handle(self, request: Request) -> ReportAnswer:
        """Answer a GET or HEAD of a report's URL. The state is read under the world's lock, and rendered without."""
        url = urlsplit(request.url)
        with self._world.lock:
            now = self._world.look()
            number = next(self._world.requests)
            try:
                if request.method not in ("GET", "HEAD"):
                    raise ReportRefusedError(
                        405, "MethodNotAllowed", "The specified method is not allowed against this resource."
                    )
                file = report_file(self._world, unquote(url.path), url.query)
                says = build_content(file, now)
            except ReportRefusedError as error:
                return _answer(now, number, error.status, "", "application/xml", _refusal(error, number))
        try:
            body = self._render(file, says)
        except ImportError as error:
            package = {"jinja2": "Jinja2", "fpdf": "fpdf2"}.get(error.name or "", str(error))
            text = MISSING_EXTRA.format(package=package)
            return _answer(now, number, 501, text, "text/plain; charset=utf-8", f"{text}\n".encode())
        return _answer(now, number, 200, "", _CONTENT_TYPES[file.format], body, file)

    def _render(self, file: ReportFile, says: ReportContent) -> bytes:
        key = (file.run.arn, file.type, file.format)
        known = self._rendered.get(key)
        if known is not None and known[0] == says:
            return known[1]
        if file.format == "HTML":
            from .html import render_html

            body = render_html(says)
        else:
            from .pdf import render_pdf

            body = render_pdf(says)
        self._rendered.pop(key, None)
        self._rendered[key] = (says, body)
        for outdated in list(self._rendered)[:-_KEPT]:
            self._rendered.pop(outdated, None)
        return body


def _answer(
    now: int, number: int, status: int, reason: str, content_type: str, body: bytes, file: ReportFile | None = None
) -> ReportAnswer:
    headers = {
        "x-amz-request-id": f"{number:016X}",
        "Date": formatdate(now // 1000, usegmt=True),
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Server": "AmazonS3",
        "Connection": "close",
    }
    if file is not None:
        made = file.run.reports[file.format, file.type]
        headers["Last-Modified"] = formatdate(made // 1000, usegmt=True)
        headers["ETag"] = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return ReportAnswer(status, reason, headers, body)


def _refusal(error: ReportRefusedError, number: int) -> bytes:
    members = {"Code": error.code, "Message": error.message, **error.details, "RequestId": f"{number:016X}"}
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'.encode("utf-8", "backslashreplace")

"""The files that the page offers: reports of runs, and the whole state. Downloading one changes nothing."""

from __future__ import annotations

import hashlib
import json
from email.utils import formatdate
from typing import TYPE_CHECKING

from ...assessment_reports.build_content import build_content
from ...assessment_reports.download import CONTENT_TYPES, describe_missing_package, render
from ...snapshots import check_json, snapshot
from ...state.report_links import ReportFile
from ...wire.http import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...state.service import FakeService
    from ...state.store import Store

STATE_FILE = "mock-inspector-state.json"

_FORMATS, _TYPES = ("HTML", "PDF"), ("FINDING", "FULL")


def download(service: FakeService, store: Store, params: Mapping[str, str]) -> Response:
    """The file that a query names: ``download=state``, or ``download=report&run=<ARN>&format=HTML&type=FINDING``."""
    if params["download"] == "state":
        return _download_state(service)
    if params["download"] == "report":
        return _download_report(service, store, params)
    return _refuse(service, 404, "There is no such download.")


def _download_state(service: FakeService) -> Response:
    try:
        with service.at_now:
            state = snapshot(service)
        check_json(state)
    except ValueError as error:  # A fault that only lives in the process.
        return _refuse(service, 409, f"The state cannot be saved: {error}")
    body = json.dumps(state, indent=1).encode("ascii")
    return _respond(service, 200, "application/json", body, f'attachment; filename="{STATE_FILE}"')


def _download_report(service: FakeService, store: Store, params: Mapping[str, str]) -> Response:
    file_format, report_type = params.get("format", "HTML"), params.get("type", "FINDING")
    with service.at_now as now:
        run = store.runs.get(params.get("run", ""))
        if run is None or run.in_progress(now) or file_format not in _FORMATS or report_type not in _TYPES:
            return _refuse(service, 404, "There is no such report. A run has reports when it has ended.")
        file = ReportFile(store, run, report_type, file_format)
        content = build_content(file, now)
    try:
        body = render(content, file_format)
    except ImportError as error:
        return _refuse(service, 501, describe_missing_package(error))
    return _respond(service, 200, CONTENT_TYPES[file_format], body, f'inline; filename="{file.name}"')


def _refuse(service: FakeService, status: int, text: str) -> Response:
    return _respond(service, status, "text/plain; charset=utf-8", f"{text}\n".encode(), "inline")


def _respond(service: FakeService, status: int, content_type: str, body: bytes, disposition: str) -> Response:
    headers = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Date": formatdate(service.clock.read() // 1000, usegmt=True),
        "ETag": f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"',
    }
    return Response(status, headers, body)

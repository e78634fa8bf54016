"""Assessment reports: when there is one, and where it lies (user guide, section "Assessment reports").

A report lies behind a pre-signed URL in the form that Amazon S3 gives them. The URL says everything itself; only the
moment of its issue is kept, since the form holds no more than whole seconds of it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from ..clock.clock import iso, milliseconds
from .runs import REPORT_DURATION_MS

if TYPE_CHECKING:
    from .runs import Run
    from .service import FakeService
    from .store import Store

FIRST_REPORTED = milliseconds(datetime(2017, 4, 25, tzinfo=timezone.utc))
"""Runs before this moment have no reports."""

URL_LIFETIME_SECONDS = 900
"""Seconds for which a report's URL is good."""

WITHOUT_REPORT = frozenset({"FAILED", "ERROR"})
"""The end states of a run that was not evaluated: there is nothing to report."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_PATH = re.compile(
    r"/inspector-reports-(?P<region>[a-z0-9-]+)/(?P<account>[0-9]{12})/(?P<target>[^/]+)/(?P<template>[^/]+)/"
    r"(?P<run>[^/]+)/assessment-report-(?P<type>finding|full)\.(?P<format>html|pdf)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report that can be fetched."""

    store: Store
    run: Run
    type: str
    format: str

    @property
    def name(self) -> str:
        """The name under which it is saved."""
        run_id = self.run.arn.rsplit("/", 1)[1]
        return f"assessment-report-{self.type.lower()}-{run_id}.{self.format.lower()}"


class ReportRefusedError(Exception):
    """A URL that leads to no report, in the words of Amazon S3; ``details`` are further elements of its answer."""

    def __init__(self, status: int, code: str, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def report_ready(run: Run, file_format: str, report_type: str, moment: int) -> bool:
    """Whether a report that was asked for has been made at ``moment``."""
    begun = run.reports.get((file_format, report_type))
    return (
        begun is not None
        and moment >= begun + REPORT_DURATION_MS
        and not run.in_progress(moment)
        and run.state(moment) not in WITHOUT_REPORT
    )


def report_url(store: Store, run: Run, file_format: str, report_type: str) -> str:
    """The URL of a report: pre-signed in form, good for 15 minutes from now."""
    _, target, _, template, _, run_id = run.arn.rsplit(":", 1)[1].split("/")
    path = (
        f"/inspector-reports-{store.region}/{store.account_id}/{target}/{template}/{run_id}"
        f"/assessment-report-{report_type.lower()}.{file_format.lower()}"
    )
    signed = (_EPOCH + timedelta(milliseconds=store.now)).strftime("%Y%m%dT%H%M%SZ")
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"AKIAINSPECTORREPORTS/{signed[:8]}/{store.region}/s3/aws4_request",
        "X-Amz-Date": signed,
        "X-Amz-Expires": str(URL_LIFETIME_SECONDS),
        "X-Amz-SignedHeaders": "host",
    }
    signature = _signature(store.service, path, query)
    lives = URL_LIFETIME_SECONDS * 1000
    run.report_urls = {known: issued for known, issued in run.report_urls.items() if issued + lives >= store.now}
    run.report_urls[signature] = store.now
    return f"{store.service.report_origin()}{path}?{urlencode({**query, 'X-Amz-Signature': signature})}"


def report_file(service: FakeService, path: str, query: str) -> ReportFile:
    """The report that a URL leads to. ReportRefusedError for a path without a report, and for what was not signed so.

    Under the service's lock, after a look at the clock.
    """
    found = _find(service, path)
    if found is None:
        raise ReportRefusedError(404, "NoSuchKey", "The specified key does not exist.", Key=path.lstrip("/"))
    given = dict(parse_qsl(query, keep_blank_values=True))
    signature = given.pop("X-Amz-Signature", None)
    if signature is None:
        raise ReportRefusedError(403, "AccessDenied", "Access Denied")
    if not hmac.compare_digest(signature.encode(), _signature(service, path, given).encode()):
        raise ReportRefusedError(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    issued = found.run.report_urls.get(signature, 0)
    expires = issued + URL_LIFETIME_SECONDS * 1000
    if service.now > expires:
        raise ReportRefusedError(
            403,
            "AccessDenied",
            "Request has expired",
            **{
                "X-Amz-Expires": str(URL_LIFETIME_SECONDS),
                "Expires": _instant(expires),
                "ServerTime": _instant(service.now),
            },
        )
    return found


def _find(service: FakeService, path: str) -> ReportFile | None:
    parts = _PATH.fullmatch(path)
    if parts is None:
        return None
    store = next((r for r in service.stores() if (r.account_id, r.region) == (parts["account"], parts["region"])), None)
    if store is None:
        return None
    names = f"target/{parts['target']}/template/{parts['template']}/run/{parts['run']}"
    run = store.runs.get(f"arn:{store.partition}:inspector:{store.region}:{store.account_id}:{names}")
    file_format, report_type = parts["format"].upper(), parts["type"].upper()
    if run is None or not report_ready(run, file_format, report_type, service.now):
        return None
    return ReportFile(store, run, report_type, file_format)


def _signature(service: FakeService, path: str, query: dict[str, str]) -> str:
    signed = f"GET\n{path}\n{urlencode(sorted(query.items()))}"
    return hmac.new(
        service.id_seed.encode("utf-8", "surrogatepass"), signed.encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hexdigest()


def _instant(moment: int) -> str:
    return f"{iso(moment)[:19]}Z"

"""Assessment reports: when there is one, and its URL (user guide, section "Assessment reports").

A URL has the form of Amazon S3's presigned URLs and says everything itself. The store only keeps when it was issued,
since the form has no more than whole seconds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode

from ..api.identifiers import ACCOUNT_PATTERN
from ..clock.moments import EPOCH, EpochMs, format_iso, to_epoch_ms
from .runs import REPORT_DURATION_MS, Run
from .store import Store

FIRST_REPORT = to_epoch_ms(datetime(2017, 4, 25, tzinfo=timezone.utc))
"""Runs before this moment have no reports."""

URL_LIFETIME_SECONDS = 900

STATES_WITHOUT_REPORT = frozenset({"FAILED", "ERROR"})
"""The end states of a run that was not evaluated."""

PATH_PREFIX = "/inspector-reports-"
"""How the path of a report's URL begins; the region follows."""

ACCESS_KEY = "AKIAINSPECTORREPORTS"
"""The access key in the URL of a report."""

_DATE_FORMAT = "%Y%m%dT%H%M%SZ"

_PATH = re.compile(
    rf"{PATH_PREFIX}(?P<region>[a-z0-9-]+)/(?P<account>{ACCOUNT_PATTERN})/(?P<target>[^/]+)/(?P<template>[^/]+)/"
    r"(?P<run>[^/]+)/assessment-report-(?P<type>finding|full)\.(?P<format>html|pdf)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report that can be downloaded."""

    store: Store
    run: Run
    type: str
    format: str

    @property
    def name(self) -> str:
        """The file name."""
        run_id = self.run.arn.rsplit("/", 1)[1]
        return f"assessment-report-{self.type.lower()}-{run_id}.{self.format.lower()}"


class ReportRefusedError(Exception):
    """A URL that leads to no report, in the words of Amazon S3. ``details`` are further elements of its answer."""

    def __init__(self, status: int, code: str, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def is_report_ready(run: Run, file_format: str, report_type: str, moment: EpochMs) -> bool:
    """Whether a report that was requested is generated at ``moment``."""
    begun = run.reports.get((file_format, report_type))
    return (
        begun is not None
        and moment >= begun + REPORT_DURATION_MS
        and not run.in_progress(moment)
        and run.state(moment) not in STATES_WITHOUT_REPORT
    )


def issue_report_url(store: Store, run: Run, file_format: str, report_type: str) -> str:
    """Return a URL of a report that is valid for 15 minutes from now."""
    _, target, _, template, _, run_id = run.arn.rsplit(":", 1)[1].split("/")
    path = (
        f"{PATH_PREFIX}{store.region}/{store.account_id}/{target}/{template}/{run_id}"
        f"/assessment-report-{report_type.lower()}.{file_format.lower()}"
    )
    date = (EPOCH + timedelta(milliseconds=store.now)).strftime(_DATE_FORMAT)
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{ACCESS_KEY}/{date[:8]}/{store.region}/s3/aws4_request",
        "X-Amz-Date": date,
        "X-Amz-Expires": str(URL_LIFETIME_SECONDS),
        "X-Amz-SignedHeaders": "host",
    }
    signature = _sign(store, path, query)
    lifetime_ms = URL_LIFETIME_SECONDS * 1000
    run.report_urls = {key: issued for key, issued in run.report_urls.items() if issued + lifetime_ms >= store.now}
    run.report_urls[signature] = store.now
    return f"{store.context.report_origin()}{path}?{urlencode({**query, 'X-Amz-Signature': signature})}"


def find_report(stores: Iterable[Store], path: str, query: str, now: EpochMs) -> ReportFile:
    """Return the report of a URL. ReportRefusedError for a path without a report, and for an invalid signature."""
    report = _find(stores, path, now)
    if report is None:
        raise ReportRefusedError(404, "NoSuchKey", "The specified key does not exist.", Key=path.lstrip("/"))
    params = dict(parse_qsl(query, keep_blank_values=True))
    signature = params.pop("X-Amz-Signature", None)
    if signature is None:
        raise ReportRefusedError(403, "AccessDenied", "Access Denied")
    if not hmac.compare_digest(signature.encode(), _sign(report.store, path, params).encode()):
        raise ReportRefusedError(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    issued = report.run.report_urls.get(signature)
    # The store forgets a URL that has expired; its date tells the second.
    expires = (_parse_date(params["X-Amz-Date"]) if issued is None else issued) + URL_LIFETIME_SECONDS * 1000
    if issued is None or now > expires:
        times = {"Expires": _format_time(expires), "ServerTime": _format_time(now)}
        details = {"X-Amz-Expires": str(URL_LIFETIME_SECONDS), **times}
        raise ReportRefusedError(403, "AccessDenied", "Request has expired", **details)
    return report


def _find(stores: Iterable[Store], path: str, now: EpochMs) -> ReportFile | None:
    parts = _PATH.fullmatch(path)
    if parts is None:
        return None
    key = (parts["account"], parts["region"])
    store = next((store for store in stores if (store.account_id, store.region) == key), None)
    if store is None:
        return None
    names = f"target/{parts['target']}/template/{parts['template']}/run/{parts['run']}"
    run = store.runs.get(f"arn:{store.partition}:inspector:{store.region}:{store.account_id}:{names}")
    file_format, report_type = parts["format"].upper(), parts["type"].upper()
    if run is None or not is_report_ready(run, file_format, report_type, now):
        return None
    return ReportFile(store, run, report_type, file_format)


def _sign(store: Store, path: str, query: dict[str, str]) -> str:
    text = f"GET\n{path}\n{urlencode(sorted(query.items()))}"
    key = store.context.id_seed.encode("utf-8", "surrogatepass")
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _parse_date(text: str) -> EpochMs:
    return to_epoch_ms(datetime.strptime(text, _DATE_FORMAT).replace(tzinfo=timezone.utc))


def _format_time(moment: int) -> str:
    return f"{format_iso(moment)[:19]}Z"

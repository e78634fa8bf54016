"""Assessment reports: when there is one, and where it lies (user guide, section "Assessment reports")."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .clock import milliseconds

if TYPE_CHECKING:
    from .region import Region
    from .runs import Run

FIRST_REPORTED = milliseconds(datetime(2017, 4, 25, tzinfo=timezone.utc))
"""Runs before this moment have no reports."""

URL_LIVES = 900
"""Seconds for which a report's URL is good."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def report_url(region: Region, run: Run, file_format: str, report_type: str) -> str:
    """The URL of a report: pre-signed in form, good for 15 minutes from now."""
    signed = (_EPOCH + timedelta(milliseconds=region.now)).strftime("%Y%m%dT%H%M%SZ")
    run_id = run.arn.rsplit("/", 1)[1]
    path = f"/{region.account_id}/{run_id}/assessment-report-{report_type.lower()}.{file_format.lower()}"
    scope = f"AKIAINSPECTORREPORTS/{signed[:8]}/{region.region}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": scope,
        "X-Amz-Date": signed,
        "X-Amz-Expires": str(URL_LIVES),
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": hashlib.sha256(f"{run.arn} {path} {signed}".encode()).hexdigest(),
    }
    suffix = "amazonaws.com.cn" if region.partition == "aws-cn" else "amazonaws.com"
    return f"https://inspector-reports-{region.region}.s3.{region.region}.{suffix}{path}?{urlencode(query)}"

"""Host names: which are Inspector's, and which lead to this machine. Read by patches, server and external services."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_DOMAINS = (
    "amazonaws.com api.aws amazonaws.com.cn api.amazonwebservices.com.cn amazonaws.eu api.amazonwebservices.eu "
    "c2s.ic.gov api.aws.ic.gov sc2s.sgov.gov api.aws.scloud cloud.adc-e.uk api.cloud-aws.adc-e.uk csp.hci.ic.gov "
    "api.aws.hci.ic.gov"
)
"""The domains of all partitions, as in botocore's ``partitions.json``. The second of each pair serves dual-stack hosts."""

_DOMAIN = "|".join(map(re.escape, _DOMAINS.split()))
_NAME = r"inspector(?:-fips)?\.[a-z]{2,}(?:-[a-z0-9]+)+"
_HOST = rf"(?:{_NAME}|[a-z0-9-]+\.{_NAME}\.vpce)\.(?:{_DOMAIN})\.?"
_AWS_HOST = re.compile(rf"(?:[a-z0-9_-]+\.)+(?:{_DOMAIN})\.?", re.IGNORECASE)
_WEBSITE = re.compile(r"\.s3-website[.-]", re.IGNORECASE)
_INSPECTOR_HOST = re.compile(_HOST, re.IGNORECASE)
_INSPECTOR_URL = re.compile(rf"https?://(?:[^/?#@]*@)?{_HOST}(?::[0-9]*)?(?:[/?#]|$)", re.IGNORECASE)


def is_inspector_host(host: str) -> bool:
    """Whether a host is Inspector's, in any region and partition: plain, FIPS, dual-stack or a VPC endpoint."""
    return _INSPECTOR_HOST.fullmatch(host) is not None


def is_aws_host(host: str) -> bool:
    """Whether a host is one of AWS's services, in any region and partition. S3's web sites have pages of anybody."""
    return _AWS_HOST.fullmatch(host) is not None and _WEBSITE.search(host) is None


def is_inspector_url(url: str) -> bool:
    """Whether the host of a URL is Inspector's."""
    return _INSPECTOR_URL.match(url) is not None


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine's loopback range. ValueError if its host is malformed."""
    host = urlsplit(url).hostname or ""
    address = _ip_address(host)
    return _is_localhost(host) if address is None else address.is_loopback


def is_local_host(host: str) -> bool:
    """Whether a connection to this host reaches this machine: loopback, or an address like 0.0.0.0 of a listener."""
    address = _ip_address(host)
    return _is_localhost(host) if address is None else address.is_loopback or address.is_unspecified


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None

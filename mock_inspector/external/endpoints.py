"""At which endpoints the environment says that other services answer."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import freezegun.api

from ..api.hosts import is_local_host

_SLOW_FAILURE_SECONDS = 0.9
"""A failure that took longer is not repeated. It is a bit less than the connect timeout."""

_SILENCE_SECONDS = 60.0
"""How long, in real time, an endpoint is not contacted after such a failure."""


class Endpoints:
    """The endpoints that the environment names (``AWS_ENDPOINT_URL_<SERVICE>``, ``AWS_ENDPOINT_URL``)."""

    def __init__(self) -> None:
        self.own_urls: set[str] = set()
        """Where this mock is served. It offers no other service, and waits for the request that would ask."""
        self._silent_until: dict[str, float] = {}
        """Until when endpoints are not contacted, on the real monotonic clock."""

    def find_url(self, service: str) -> str | None:
        """Return the URL of a service. None when the environment names none, or one of the mock's own."""
        if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
            return None
        url = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
        return None if not url or self._is_own(url) else url

    def _is_own(self, url: str) -> bool:
        origin = _origin(url)
        return any(_origin(own) == origin for own in self.own_urls)

    def is_silent(self, service: str, url: str) -> bool:
        """Whether a request to this endpoint timed out within the last minute."""
        now = freezegun.api.real_monotonic()
        return any(self._silent_until.get(key, 0) > now for key in (_origin(url), f"{_origin(url)} {service}"))

    def record_failure(self, service: str, url: str, duration_seconds: float, *, connected: bool) -> None:
        """Record a request that failed. One that ``connected`` concerns its service, another the whole endpoint."""
        if duration_seconds > _SLOW_FAILURE_SECONDS:
            key = f"{_origin(url)} {service}" if connected else _origin(url)
            self._silent_until[key] = freezegun.api.real_monotonic() + _SILENCE_SECONDS


def _origin(url: str) -> str:
    """Host and port of a URL; all names of this machine's loopback range count as one host."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return url
    host = parts.hostname or ""
    return f"{'localhost' if is_local_host(host) else host}:{port}"

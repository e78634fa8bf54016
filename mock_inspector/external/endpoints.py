"""Where the environment says that a external service is reached over HTTP, and whether asking there is worth the while."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import freezegun.api

from ..api.hosts import is_local_host

_PATIENCE = 0.9
"""Seconds: a failure that took longer is one to be spared. A bit less than the connect timeout."""

_SILENCE = 60.0
"""Seconds of real time for which an endpoint is left alone after such a failure."""

_left_alone: dict[str, float] = {}
"""Until when, on the real monotonic clock; of the whole process, since tests come one after the other."""


class Endpoints:
    """The endpoints that the environment names (``AWS_ENDPOINT_URL_<SERVICE>``, ``AWS_ENDPOINT_URL``)."""

    def __init__(self) -> None:
        self.own_urls: set[str] = set()
        """Where this mock itself is served (such as ``http://127.0.0.1:5001``). It has no external services to offer, and
        waits for the very request on whose behalf it would be asked."""

    def named(self, service: str) -> str | None:
        """The URL for a service; None when the environment names none, or one of the mock's own."""
        if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
            return None
        url = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
        return None if not url or self._is_own(url) else url

    def _is_own(self, url: str) -> bool:
        asked = _origin(url)
        return any(_origin(own) == asked for own in self.own_urls)

    def is_silent(self, service: str, url: str) -> bool:
        """Whether an endpoint let somebody wait in vain less than a minute ago."""
        now = freezegun.api.real_monotonic()
        return any(_left_alone.get(place, 0) > now for place in (_origin(url), f"{_origin(url)} {service}"))

    def failed(self, service: str, url: str, took: float, *, connected: bool) -> None:
        """A request took so many seconds of real time, and failed all the same.

        One that was ``connected`` speaks for its service alone, another for all at that place.
        """
        if took > _PATIENCE:
            place = f"{_origin(url)} {service}" if connected else _origin(url)
            _left_alone[place] = freezegun.api.real_monotonic() + _SILENCE


def _origin(url: str) -> str:
    """Host and port of a URL, the same for all names of this machine's loopback range."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return url
    host = parts.hostname or ""
    return f"{'localhost' if is_local_host(host) else host}:{port}"

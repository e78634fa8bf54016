"""Network failures, by names that mean the same to every client library and can be saved as JSON.

A lost request, or one whose answer never comes, ends in botocore's exception. A damaged answer is one that the service
gave: the request was carried out, and each client library handles the damage in its own way.
"""

from __future__ import annotations

import botocore.exceptions

LOST = ("ConnectTimeoutError", "EndpointConnectionError", "SSLError", "ConnectionClosedError", "ReadTimeoutError")
"""Failures without an answer: botocore's exceptions of these names. The request is not carried out."""

TRUNCATED = "TruncatedBody"
GARBLED = "GarbledBody"

DAMAGED = {
    TRUNCATED: "The connection was closed in the middle of the answer's body.",
    GARBLED: "The answer's body is not JSON.",
}
"""Failures of an answer, and their messages. The request is carried out."""


class NetworkFailure(Exception):  # noqa: N818  it stands for another exception
    """Stands for the failure ``name`` (one of :data:`LOST` or :data:`DAMAGED`) until a request triggers it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def to_exception(self, url: str) -> Exception:
        """Return what botocore raises when a request to ``url`` is lost like this."""
        exception: Exception = getattr(botocore.exceptions, self.name)(endpoint_url=url, error="an injected fault")
        return exception

    def damage(self, body: bytes) -> tuple[bytes, int]:
        """Return what arrives of an answer's ``body``, and the Content-Length."""
        body = body or b"{}"  # An empty body cannot be damaged.
        return (body[: len(body) // 2] if self.name == TRUNCATED else body[::-1]), len(body)

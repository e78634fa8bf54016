"""The network's own failures, by names that mean the same to every client library, and can be written in JSON.

A request that is lost on its way, or whose answer never comes, ends in the exception that botocore raises for it. An
answer that arrives damaged is one that the service did give: the request was carried out, and what the client makes of
the damage is its own business (botocore takes either damage for an answer without members; aiohttp notices a missing
end).
"""

from __future__ import annotations

import botocore.exceptions

LOST = ("ConnectTimeoutError", "EndpointConnectionError", "SSLError", "ConnectionClosedError", "ReadTimeoutError")
"""Failures without an answer: botocore's exceptions of these names. The request is not carried out."""

TRUNCATED = "TruncatedBody"
GARBLED = "GarbledBody"

DAMAGED = {
    TRUNCATED: "The body of the answer ends in its middle: the connection was closed before all of it had arrived.",
    GARBLED: "The body of the answer is no JSON.",
}
"""Failures of an answer that was given, and what they say. The request is carried out."""


class NetworkFailure(Exception):  # noqa: N818  named for what it stands for; the client gets another one
    """Stands for the failure ``name`` (one of :data:`LOST` or :data:`DAMAGED`) until a request meets it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def exception(self, url: str) -> Exception:
        """What botocore raises when a request to ``url`` is lost like this."""
        raised: Exception = getattr(botocore.exceptions, self.name)(endpoint_url=url, error="a fault that was injected")
        return raised

    def damaged(self, body: bytes) -> tuple[bytes, int]:
        """What arrives of an answer's ``body``, and how many bytes were announced."""
        body = body or b"{}"  # an empty one could not be damaged
        return (body[: len(body) // 2] if self.name == TRUNCATED else body[::-1]), len(body)

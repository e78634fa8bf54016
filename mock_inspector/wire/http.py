"""The HTTP request and response that every client library and the server exchange with the dispatcher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Request:
    """An HTTP request as a client library is about to send it."""

    method: str
    url: str
    headers: Mapping[str, str | bytes]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header. ``name`` is in lower case; the request may spell it in any way."""
        value: str | bytes | None
        try:
            value = self.headers[name]
        except KeyError:
            value = next((value for key, value in self.headers.items() if key.lower() == name), None)
        return value.decode("latin-1") if isinstance(value, bytes) else value


@dataclass(slots=True)
class Response:
    """An HTTP response. An empty ``reason`` stands for the usual phrase of the status."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""

    @property
    def truncated(self) -> bool:
        """Whether the body is shorter than its Content-Length: the connection was closed before its end."""
        return len(self.body) < int(self.headers.get("Content-Length", 0))

"""Who may talk to the server: programs of this machine, and pages that it served itself; no page of another origin.

A browser runs the scripts of any page that somebody visits, and those reach loopback ports. They give themselves away
by headers that scripts cannot set: ``Origin``, ``Sec-Fetch-Site`` and, where a foreign name was made to lead here (DNS
rebinding), ``Host``.
"""

from __future__ import annotations

from typing import Any

from ..api.hosts import is_loopback
from ..errors import short_repr

_OWN = (None, "same-origin", "none")
"""What ``Sec-Fetch-Site`` says of a program, of a page of this server, and of what somebody typed."""


def refusal(environ: dict[str, Any], *, loopback: bool) -> str | None:
    """Why a request is refused, or None. ``loopback`` tells whether the server listens on this machine only."""
    host = environ.get("HTTP_HOST")
    if loopback and host is not None and not _leads_here(host):
        return (
            f"Host: this server listens on the loopback interface and answers under its names only (127.0.0.1, [::1], "
            f"localhost), not under {short_repr(host)}"
        )
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return f"Origin: pages of other origins are refused, and {short_repr(origin)} is not http://{short_repr(host)[1:-1]}"
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site not in _OWN and not _followed_link(environ):
        return f"Sec-Fetch-Site: pages of other origins are refused, got {short_repr(site)}"
    return None


def _leads_here(host: str) -> bool:
    try:
        return is_loopback(f"http://{host}")
    except ValueError:
        return False


def _followed_link(environ: dict[str, Any]) -> bool:
    """Whether somebody followed a link to here: the page that had it sees nothing of the answer."""
    how = (environ["REQUEST_METHOD"], environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST"))
    return how == ("GET", "navigate", "document")

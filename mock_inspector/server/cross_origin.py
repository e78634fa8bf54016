"""Refuses requests that a web page of another origin makes; programs and the server's own page are answered.

A browser runs the scripts of any page that somebody visits, and those scripts reach loopback ports. Headers that
scripts cannot set give them away: ``Origin``, ``Sec-Fetch-Site`` and, when a foreign name resolves to this machine (DNS
rebinding), ``Host``. Nobody but AWS can make its own host names lead to another machine, so they are no danger.
"""

from __future__ import annotations

from typing import Any

from ..api.hosts import is_aws_host, is_inspector_host, is_loopback
from ..errors import short_repr

_ALLOWED_SITES = (None, "same-origin", "none")
"""``Sec-Fetch-Site`` of a program, of the server's own page, and of an address that somebody typed."""


def reason_to_refuse(environ: dict[str, Any], *, loopback: bool, all_services: bool = False) -> str | None:
    """Why to refuse a request, or None.

    ``loopback``: whether the server listens on this machine only. ``all_services``: whether it answers for all of AWS.
    """
    host = environ.get("HTTP_HOST")
    if loopback and host is not None and not (_is_loopback_host(host) or _names_service(host, all_services)):
        return (
            f"Host must be a name of the loopback interface, on which this server listens (127.0.0.1, [::1], localhost), "
            f"or one of {'AWS' if all_services else 'Inspector'}'s own; got {short_repr(host)}"
        )
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return f"Origin must be http://{short_repr(host)[1:-1]}, since pages of other origins are refused; got {short_repr(origin)}"
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site not in _ALLOWED_SITES and not _is_followed_link(environ):
        return f"Sec-Fetch-Site must be same-origin, since pages of other origins are refused; got {short_repr(site)}"
    return None


def names_inspector(host: str) -> bool:
    """Whether a ``Host`` is AWS's own for Inspector: a proxy or a redirected transport leads here. No page has it."""
    return is_inspector_host(_remove_port(host))


def _names_service(host: str, all_services: bool) -> bool:
    return is_aws_host(_remove_port(host)) if all_services else names_inspector(host)


def _remove_port(host: str) -> str:
    return host.removesuffix(":443").removesuffix(":80")


def _is_loopback_host(host: str) -> bool:
    try:
        return is_loopback(f"http://{host}")
    except ValueError:
        return False


def _is_followed_link(environ: dict[str, Any]) -> bool:
    """Whether somebody followed a link on another page, which is harmless: that page cannot read the response."""
    request = (environ["REQUEST_METHOD"], environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST"))
    return request == ("GET", "navigate", "document")

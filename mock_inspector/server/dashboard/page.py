"""Renders the page at the server's root.

The page is complete without its script, which only keeps it up to date. Style and script are part of the document. Its
content security policy names them by their hashes, so a browser runs nothing else, whatever an instance is called.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ...html_templates import create_environment
from ...state.findings import SEVERITIES
from ...wire.http import Response
from . import formatting
from .overview import build_overview, count_resources

if TYPE_CHECKING:
    from jinja2 import Environment

    from ...state.service import FakeService
    from ...state.store import Store


_FILTERS = (
    "describe_progress",
    "find_next_change",
    "find_phase",
    "format_count",
    "format_number",
    "format_span",
    "format_time",
    "summarize",
    "to_percent",
)


@lru_cache(maxsize=1)
def _create_environment() -> Environment:
    environment = create_environment("mock_inspector.server.dashboard")
    for name in _FILTERS:
        environment.filters[name] = getattr(formatting, name)
    environment.tests["empty"] = formatting.is_empty
    environment.globals["severities"] = SEVERITIES
    return environment


@lru_cache(maxsize=1)
def _build_security_policy() -> str:
    policy = ["default-src 'none'", "connect-src 'self'", "img-src data:"]
    for directive, name in (("style-src", "page.css"), ("script-src", "page.js")):
        digest = hashlib.sha256(_create_environment().get_template(name).render().encode("utf-8")).digest()
        policy.append(f"{directive} 'sha256-{base64.b64encode(digest).decode('ascii')}'")
    return "; ".join([*policy, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"])


def render_page(service: FakeService, default: Store, query: str, origin: str) -> Response:
    """The page as it is now.

    ``query`` names the account and region to show (``account_id=...&region=...``). Without it the page shows
    ``default``, or if that is empty the first account and region that is not. ``origin`` is where the browser found
    the server.
    """
    with service.at_now():
        data = build_overview(service, _choose_region(service, default, dict(parse_qsl(query))))
    (region,) = (entry for entry in data["regions"] if "newest" in entry["runs"])
    html = _create_environment().get_template("page.html").render(overview=data, region=region, origin=origin)
    body = html.encode("utf-8", "replace")
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(body)),
        "Content-Security-Policy": _build_security_policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "ETag": f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"',
    }
    return Response(200, headers, body)


def _choose_region(service: FakeService, default: Store, params: Mapping[str, str]) -> Store:
    regions = service.stores()
    requested = (params.get("account_id", default.account_id), params.get("region", default.region))
    for region in regions:
        if params and (region.account_id, region.region) == requested:
            return region
    return next((region for region in [default, *regions] if not formatting.is_empty(count_resources(region))), default)

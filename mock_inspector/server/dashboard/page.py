"""Renders the page at the server's root.

The page is complete without its script, which keeps it up to date, copies ARNs and makes control calls. What is shown,
filtered and open is in the address. Style and script are part of the document. Its content security policy names them by
their hashes, so a browser runs nothing else, whatever an instance is called.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ...html_templates import create_environment
from ...state.findings import SEVERITIES
from ...wire.http import Response
from . import formatting, listings
from .downloads import download
from .overview import build_overview, count_resources
from .selection import MAX_SHOWN, Selection

if TYPE_CHECKING:
    from jinja2 import Environment

    from ...state.service import FakeService
    from ...state.store import Store


_FILTERS = (
    "describe_progress",
    "find_next_change",
    "find_phase",
    "format_arn",
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
    environment.globals.update(severities=SEVERITIES, max_shown=MAX_SHOWN)
    return environment


@lru_cache(maxsize=1)
def _build_security_policy() -> str:
    policy = ["default-src 'none'", "connect-src 'self'", "img-src data:"]
    for directive, name in (("style-src", "page.css"), ("script-src", "page.js")):
        digest = hashlib.sha256(_create_environment().get_template(name).render().encode("utf-8")).digest()
        policy.append(f"{directive} 'sha256-{base64.b64encode(digest).decode('ascii')}'")
    return "; ".join([*policy, "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"])


def render_page(service: FakeService, default: Store, query: str, origin: str) -> Response:
    """The page as it is now, or the file that ``query`` asks for (see :mod:`.downloads`).

    ``query`` names the account and region to show (``account_id=...&region=...``), and more (see :class:`.Selection`).
    Without an account and region the page shows ``default``, or if that is empty the first that is not. ``origin`` is
    where the browser found the server.
    """
    params = dict(parse_qsl(query))
    selection = Selection.parse(query)
    if "download" in params:
        return download(service, _choose_store(service, default, selection), params)
    with service.at_now:
        store = _choose_store(service, default, selection)
        data = build_overview(service, store)
        (region,) = (entry for entry in data["regions"] if "newest" in entry["runs"])
        selection = replace(selection, account_id=store.account_id, region=store.region)
        lists = {
            "findings": listings.list_findings(store, selection),
            "exclusions": listings.list_exclusions(store, region["exclusions"]["newest"], selection),
            "calls": listings.list_calls(service, selection),
            "messages": listings.list_messages(service, selection),
            "run_names": listings.list_run_names(store, region["runs"]["newest"], selection),
            "rules_packages": [(package.arn, package.name) for package in store.rules_packages],
        }
    template = _create_environment().get_template("page.html")
    html = template.render(overview=data, region=region, origin=origin, selection=selection, lists=lists)
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


def _choose_store(service: FakeService, default: Store, selection: Selection) -> Store:
    stores = service.stores()
    if selection.account_id or selection.region:
        requested = (selection.account_id or default.account_id, selection.region or default.region)
        for store in stores:
            if (store.account_id, store.region) == requested:
                return store
    return next((store for store in [default, *stores] if not formatting.is_empty(count_resources(store))), default)

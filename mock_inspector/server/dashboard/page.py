"""The page at the server's root: one document that needs nothing but this server.

It is put together from the files in ``static``. Its style and script are in it, and its policy names them by their
hashes, so that a browser runs nothing else, whatever an instance is called.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def page() -> tuple[dict[str, str], bytes]:
    """The headers and the body of the page, the same for everybody."""
    folder = files("mock_inspector.server.dashboard").joinpath("static")
    body = folder.joinpath("page.html").read_text("utf-8")
    policy = ["default-src 'none'", "connect-src 'self'", "img-src data:"]
    for name, directive in (("page.css", "style-src"), ("page.js", "script-src")):
        text = folder.joinpath(name).read_text("utf-8")
        body = body.replace(f"{{{name}}}", text)
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        policy.append(f"{directive} 'sha256-{digest}'")
    policy += ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    sent = body.encode("utf-8")
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(sent)),
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }, sent

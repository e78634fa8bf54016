"""responses: its mocks let pass what the mock answers itself.

An active ``responses`` mock, moto's included, refuses every request that has no registered response. The patch lets
requests to Inspector hosts through, which ``urllib3.py`` answers, and requests to the URLs of reports and of the server.
What a test has registered for such a URL comes first, and a mock records its own calls only.

``responses`` is imported when the mock starts if requests is loaded by then. A later import is noticed.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from ..api.hosts import is_inspector_url
from ..attribute_patch import AttributePatch
from .base import LateImportPatch, PatchContext


class ResponsesPatch(LateImportPatch):
    """Patches the class of all mocks: how they find a registered response, and what they do if there is none."""

    module_name, class_name = "responses", "RequestsMock"

    def __init__(self) -> None:
        super().__init__()
        self._url_prefixes: tuple[str, ...] = ()

    def install(self, context: PatchContext) -> None:
        """Import ``responses`` if requests is loaded, and replace the attributes."""
        if "requests" in sys.modules and self.module_name not in sys.modules:
            importlib.import_module(self.module_name)
        super().install(context)

    def uninstall(self) -> None:
        """Let no URL through any more."""
        self._url_prefixes = ()
        super().uninstall()

    def pass_through(self, url_prefix: str) -> None:
        """Let requests through whose URL begins with this, until the mock ends."""
        self._url_prefixes = (*self._url_prefixes, url_prefix)

    def attributes_of(self, owner: type[Any]) -> tuple[AttributePatch, ...]:
        """``_find_match`` finds that a request is ours. ``_on_request``, which calls it, sends the request on."""
        return (
            AttributePatch(owner, "_find_match", self._wrap_find_match),
            AttributePatch(owner, "_on_request", self._wrap_on_request),
        )

    def _wrap_find_match(self, original: Any) -> Any:
        def _find_match(mock: Any, request: Any) -> Any:
            match, reasons = original(mock, request)
            # moto has a response for every AWS host, if only that it does not know the service.
            is_registered = match is not None and not type(match).__module__.startswith("moto.")
            if not is_registered and self._passes(str(request.url)):
                raise _NotRegistered
            return match, reasons

        return _find_match

    def _wrap_on_request(self, original: Any) -> Any:
        def _on_request(mock: Any, adapter: Any, request: Any, *, retries: Any = None, **kwargs: Any) -> Any:
            try:
                return original(mock, adapter, request, retries=retries, **kwargs)
            except _NotRegistered:
                # Before responses 0.24, this is a function of the module only.
                owner = mock if hasattr(mock, "_real_send") else sys.modules[self.module_name]
                return owner._real_send(adapter, request, **kwargs)

        return _on_request

    def _passes(self, url: str) -> bool:
        return self.context is not None and (is_inspector_url(url) or url.startswith(self._url_prefixes))


class _NotRegistered(Exception):  # noqa: N818  not an error: the request is sent on
    """A request that the mock answers has no registered response."""

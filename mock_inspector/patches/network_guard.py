"""The guard: while the mock is active, no botocore request that nothing answers leaves the machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.endpoint import Endpoint
from botocore.utils import InstanceMetadataFetcher


class UnmockedRequestError(RuntimeError):
    """A request would have left the machine because nothing mocks its service."""


class GuardPatch:
    """Patches ``Endpoint._send``, where requests arrive that no handler of ``before-send`` has answered."""

    def __init__(self) -> None:
        self._original: Any = None
        self._patched: Any = None
        self._metadata: Any = None
        self._no_metadata: Any = None
        self._on = False
        self._operation: Callable[[], str] = lambda: "A request"

    def start(self, operation: Callable[[], str]) -> None:
        """Stop requests from now on; ``operation`` tells which one is being made."""
        self._on = True
        self._operation = operation
        # What is ours already was put back by somebody who had patched after us: it is active again.
        if Endpoint._send is not self._patched:
            self._patch_send()
        if InstanceMetadataFetcher.retrieve_iam_role_credentials is not self._no_metadata:
            self._patch_metadata()

    def _patch_send(self) -> None:
        original = Endpoint._send
        patch = self

        def _send(self: Any, request: Any) -> Any:
            patch.check(self, request.url)
            return original(self, request)

        self._original, self._patched = original, _send
        Endpoint._send = _send

    def _patch_metadata(self) -> None:
        original = InstanceMetadataFetcher.retrieve_iam_role_credentials
        patch = self

        def retrieve_iam_role_credentials(self: Any) -> Any:
            # Credentials of the machine would be asked of the network; without any, requests are signed all the same.
            return {} if patch._on else original(self)

        self._metadata, self._no_metadata = original, retrieve_iam_role_credentials
        InstanceMetadataFetcher.retrieve_iam_role_credentials = retrieve_iam_role_credentials

    def check(self, endpoint: Any, url: str) -> None:
        """UnmockedRequestError for a request that would leave the machine."""
        if self._on and not is_loopback(url):
            raise UnmockedRequestError(
                f"{self._operation()} would go to {url.partition('?')[0]}: nothing mocks {endpoint._endpoint_prefix}. "
                "Mock it (with moto, for example), or let requests out with mock_inspector(allow_network=True)."
            )

    def stop(self) -> None:
        """Let requests through again."""
        self._on = False
        if Endpoint._send is self._patched:
            Endpoint._send = self._original
            self._original = self._patched = None
        if InstanceMetadataFetcher.retrieve_iam_role_credentials is self._no_metadata:
            InstanceMetadataFetcher.retrieve_iam_role_credentials = self._metadata


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine's loopback range."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

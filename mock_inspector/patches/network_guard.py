"""Stops botocore requests that nothing mocks and that would leave this machine.

Such requests arrive at ``Endpoint._send``: no handler of the event ``before-send`` has answered them.
"""

from __future__ import annotations

from typing import Any

from botocore.endpoint import Endpoint
from botocore.utils import InstanceMetadataFetcher

from ..api.hosts import is_loopback
from ..attribute_patch import AttributePatch
from ..errors import UnmockedRequestError
from .base import CURRENT_OPERATION, Patch, PatchContext


class NetworkGuardPatch(Patch):
    """Raises UnmockedRequestError instead of sending, unless the mock allows the network."""

    def __init__(self) -> None:
        super().__init__(
            AttributePatch(Endpoint, "_send", self._wrap_send),
            AttributePatch(InstanceMetadataFetcher, "retrieve_iam_role_credentials", self._wrap_retrieve),
        )

    def install(self, context: PatchContext) -> None:
        """Stop requests from now on."""
        if not context.allow_network:
            super().install(context)

    def _wrap_send(self, original: Any) -> Any:
        def _send(endpoint: Any, request: Any) -> Any:
            if self.context is not None:
                check_is_local(endpoint, request.url)
            return original(endpoint, request)

        return _send

    def _wrap_retrieve(self, original: Any) -> Any:
        def retrieve_iam_role_credentials(fetcher: Any) -> Any:
            # The machine's role would come from the network. Inspector requests need no credentials.
            return original(fetcher) if self.context is None else {}

        return retrieve_iam_role_credentials


def check_is_local(endpoint: Any, url: str) -> None:
    """UnmockedRequestError if a request of a botocore endpoint to this URL would leave the machine."""
    if is_loopback(url):
        return
    operation = CURRENT_OPERATION.get()
    service = endpoint._endpoint_prefix if operation is None else operation.service_model.service_name
    request = "a request" if operation is None else f"{service}:{operation.name}"
    raise UnmockedRequestError(
        f"Blocked {request} to {url.partition('?')[0]}: nothing mocks {service}. "
        "Mock it, for example with moto, or pass allow_network=True."
    )

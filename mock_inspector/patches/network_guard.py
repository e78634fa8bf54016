"""Stops botocore requests that nothing mocks and that would leave this machine.

Such requests arrive at ``Endpoint._send``: no handler of the event ``before-send`` has answered them. They are stopped
where botocore's own HTTP session takes a connection, since a test may have replaced the session, or its ``send``.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from botocore.endpoint import Endpoint
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import InstanceMetadataFetcher

from ..api.hosts import is_loopback
from ..attribute_patch import AttributePatch
from ..errors import UnmockedRequestError
from .base import CURRENT_OPERATION, Patch, PatchContext

_SENDING_ENDPOINT: ContextVar[Any] = ContextVar("_SENDING_ENDPOINT", default=None)
"""The endpoint that sends a request in this thread or task, or None."""


class NetworkGuardPatch(Patch):
    """Raises UnmockedRequestError instead of sending, unless the mock allows the network."""

    def __init__(self) -> None:
        super().__init__(
            AttributePatch(Endpoint, "_send", self._wrap_send),
            AttributePatch(URLLib3Session, "_get_connection_manager", self._wrap_get_connection_manager),
            AttributePatch(InstanceMetadataFetcher, "retrieve_iam_role_credentials", self._wrap_retrieve),
        )

    def install(self, context: PatchContext) -> None:
        """Stop requests from now on."""
        if not context.allow_network:
            super().install(context)

    def _wrap_send(self, original: Any) -> Any:
        def _send(endpoint: Any, request: Any) -> Any:
            token = _SENDING_ENDPOINT.set(endpoint)
            try:
                return original(endpoint, request)
            except HTTPClientError as error:
                blocked = error.kwargs.get("error")  # what came out of the session's `send`
                if isinstance(blocked, UnmockedRequestError):
                    raise blocked from None
                raise
            finally:
                _SENDING_ENDPOINT.reset(token)

        return _send

    def _wrap_get_connection_manager(self, original: Any) -> Any:
        def _get_connection_manager(session: Any, url: str, *args: Any, **kwargs: Any) -> Any:
            endpoint = _SENDING_ENDPOINT.get()
            if self.context is not None and endpoint is not None:
                check_is_local(endpoint, url)
            return original(session, url, *args, **kwargs)

        return _get_connection_manager

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

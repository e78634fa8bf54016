"""Stops botocore requests that nothing mocks and that would leave this machine.

Such requests arrive at ``Endpoint._send``: no handler of the event ``before-send`` has answered them. They are stopped
where botocore's own HTTP session takes a connection, since a test may have replaced the session, or its ``send``.

Nor is a metadata service, an EC2 instance's (IMDS) or a container's, asked for credentials or a region: clients find
none there. aiobotocore inherits all that is patched to that end.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from botocore.credentials import ContainerProvider
from botocore.endpoint import Endpoint
from botocore.exceptions import HTTPClientError, MetadataRetrievalError
from botocore.httpsession import URLLib3Session, mask_proxy_url
from botocore.utils import ContainerMetadataFetcher, IMDSFetcher

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
            AttributePatch(IMDSFetcher, "_assert_enabled", self._wrap_assert_enabled),
            AttributePatch(ContainerMetadataFetcher, "_validate_allowed_url", self._wrap_validate_allowed_url),
            *(AttributePatch(ContainerProvider, name, _hide_variable) for name in ("ENV_VAR", "ENV_VAR_FULL")),
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
        def _get_connection_manager(session: Any, url: str, proxy_url: str | None = None) -> Any:
            endpoint = _SENDING_ENDPOINT.get()
            if self.context is not None and endpoint is not None:
                check_is_local(endpoint, url, proxy_url)
            return original(session, url, proxy_url)

        return _get_connection_manager

    def _wrap_assert_enabled(self, original: Any) -> Any:
        def _assert_enabled(fetcher: Any) -> None:
            if self.context is not None:  # as where no metadata service answers
                raise fetcher._RETRIES_EXCEEDED_ERROR_CLS
            original(fetcher)

        return _assert_enabled

    def _wrap_validate_allowed_url(self, original: Any) -> Any:
        def _validate_allowed_url(fetcher: Any, url: str) -> None:
            if self.context is not None:  # A client that has credentials from there would refresh them.
                raise MetadataRetrievalError(error_msg=f"Blocked a request for credentials to {url}.")
            original(fetcher, url)

        return _validate_allowed_url


def _hide_variable(_: str) -> str:
    """The name of no environment variable, in the place of the one that has the URL of a container's credentials."""
    return ""


def check_is_local(endpoint: Any, url: str, proxy_url: str | None) -> None:
    """UnmockedRequestError if a request of a botocore endpoint to this URL, by this proxy, would leave the machine."""
    operation = CURRENT_OPERATION.get()
    service = endpoint._endpoint_prefix if operation is None else operation.service_model.service_name
    if not is_loopback(url):
        reason = f"nothing mocks {service}. Mock it, for example with moto"
    elif proxy_url is not None and not is_loopback(proxy_url):
        reason = f"the proxy {mask_proxy_url(proxy_url)} is not on this machine. Use none, by NO_PROXY or Config(proxies={{}})"
    else:
        return
    request = "a request" if operation is None else f"{service}:{operation.name}"
    raise UnmockedRequestError(f"Blocked {request} to {url.partition('?')[0]}: {reason}, or pass allow_network=True.")

"""Calls to other AWS services: whether one may answer, through which client, and what its answer means.

A service may answer at an endpoint that the environment names, or by a handler of botocore's event ``before-send`` that
every new session has: importing moto registers one. Whether one does answer is found out by calling it, through a
client that sends nothing itself. No handler, and no state of one, is ever inspected.

This has a price. With an idle handler, a client of EC2 costs some 0.2 s once in a process, and a call 0.4 ms. An active
moto builds each service that is called: for EC2 over a second once in a process, then 50 to 100 ms for each region in
each test. Hence only StartAssessmentRun, PreviewAgents and CreateExclusionsPreview ask for EC2, and a run that has EC2
instances, when its data collection begins and ends. There is no cheaper way: instances may have been launched before the mock started, or by other services. For the same reason no answer is
cached. A test avoids the cost with ``mock_aws(config={"core": {"service_whitelist": ["sns", "sqs"]}})``.

No AWS API tells which access key stands for an account. The account is named in the header that moto takes for it.
"""

from __future__ import annotations

import os
from typing import Any

import freezegun.api
from botocore import credentials as botocore_credentials
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.parsers import ResponseParserError
from botocore.session import Session

from ..state.external import Caller, Credentials
from .endpoints import Endpoints

USER_AGENT = "mock_inspector-external"
"""The end of the User-Agent header of every request to another service."""

_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS = 1, 5
_PLACEHOLDER = "MOCKINSPECTOR"


class NotAvailable(Exception):  # noqa: N818  not an error: most tests have no other services
    """No service answers."""


class ServiceError(Exception):
    """The service answered with an error. ``code`` is AWS's, or empty when the answer makes no sense."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Clients:
    """botocore clients, made once in a process: the first client of EC2 takes a good part of a second."""

    def __init__(self) -> None:
        self.credentials = botocore_credentials.Credentials(_PLACEHOLDER, _PLACEHOLDER)
        self._session: Session | None = None
        self._handlers: list[Any] = []
        self._clients: dict[tuple[str, str, str | None], BaseClient] = {}

    def get(self, service: str, region: str, url: str | None) -> BaseClient:
        """Return the client of a service in a region. Without a ``url`` it never sends anything itself."""
        handlers = _find_handlers("*")
        if handlers != self._handlers:  # A session has the handlers that existed when it was made.
            self._session, self._handlers = None, handlers
            self._clients.clear()
        client = self._clients.get((service, region, url))
        if client is None:
            client = self._clients[service, region, url] = self._make(service, region, url)
        return client

    def _make(self, service: str, region: str, url: str | None) -> BaseClient:
        if self._session is None:
            # The user's configuration is not ours: a missing profile, for example, must not matter here.
            variables: dict[str, Any] = {"profile": (None, None, None, None)}
            variables |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
            self._session = Session(session_vars=variables)
            self._session.register_component("credential_provider", self)
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=url,
            config=Config(
                connect_timeout=_CONNECT_TIMEOUT_SECONDS,
                read_timeout=_READ_TIMEOUT_SECONDS,
                user_agent_extra=USER_AGENT,
                retries={"total_max_attempts": 1, "mode": "standard"},
                ignore_configured_endpoint_urls=True,
            ),
        )
        if url is None:
            client._endpoint._send = _send_nothing
        return client

    def load_credentials(self) -> botocore_credentials.Credentials:
        """Return the credentials of all clients, which each call sets. botocore calls this."""
        return self.credentials

    def close(self) -> None:
        """Drop the clients that may have sent anything, with their connections."""
        for key in [key for key in self._clients if key[2] is not None]:
            self._clients.pop(key).close()


def _send_nothing(_: Any) -> Any:
    raise NotAvailable


_clients = _Clients()


class ExternalClient:
    """Calls of one mock to other services, one at a time, under the service's lock."""

    def __init__(self) -> None:
        self.endpoints = Endpoints()

    def call(
        self, service: str, caller: Caller, operation: str, *, credentials: Credentials | None = None, **params: Any
    ) -> Any:
        """Return what the service answers. NotAvailable when none does, ServiceError when it answers with an error.

        The call is signed with ``credentials``, or else for the account of ``caller``.
        """
        url = self.endpoints.find_url(service)
        started = None
        try:
            method = getattr(self._get_client(service, caller, credentials, url), operation)
            started = freezegun.api.real_monotonic()
            return method(**params)
        except Exception as error:  # noqa: BLE001  the failures of other services must not break this one
            if url is not None and started is not None and not isinstance(error, ClientError):
                duration = freezegun.api.real_monotonic() - started
                self.endpoints.record_failure(service, url, duration, connected=isinstance(error, ReadTimeoutError))
            raise _translate(error) from None

    def _get_client(self, service: str, caller: Caller, credentials: Credentials | None, url: str | None) -> BaseClient:
        """Return a client that signs for this call. NotAvailable when no service could answer."""
        unreachable = not _find_handlers(service) if url is None else self.endpoints.is_silent(service, url)
        if unreachable:
            raise NotAvailable
        client = _clients.get(service, caller.region, url)
        own_key = caller.account_id or os.environ.get("AWS_ACCESS_KEY_ID") or _PLACEHOLDER
        _clients.credentials.access_key, _clients.credentials.token = credentials or Credentials(own_key)
        client.meta.events.unregister("before-call", unique_id=_PLACEHOLDER)
        if caller.account_id is not None:

            def name_account(params: dict[str, Any], **_: Any) -> None:
                params["headers"]["x-moto-account-id"] = caller.account_id

            client.meta.events.register("before-call", name_account, unique_id=_PLACEHOLDER)
        return client

    def close(self) -> None:
        """Close the connections that calls left open."""
        _clients.close()


def _translate(error: Exception) -> Exception:
    if isinstance(error, ClientError):
        return ServiceError(error.response.get("Error", {}).get("Code", ""))
    if isinstance(error, ResponseParserError) or (
        isinstance(error, HTTPClientError) and not isinstance(error, ConnectTimeoutError)
    ):
        return ServiceError("")
    return NotAvailable()


def _find_handlers(service: str) -> list[Any]:
    """The handlers of ``before-send`` for a service (``*``: for any) that every new session of botocore has."""
    found = [(event.split("."), handler) for event, handler, *_ in BUILTIN_HANDLERS if event.startswith("before-send")]
    return [handler for parts, handler in found if service == "*" or parts[1:2] in ([], ["*"], [service])]

"""Calling a external service: whether one may answer, with what client, and what its answer means.

Somebody may answer where the environment names an endpoint, or where a handler is registered for botocore's event
``before-send`` in every new session, as importing moto does. Whether somebody does is found out by asking, through a
client that sends nothing itself; what a handler is, and what state it is in, is never looked at.

That has a price. With a handler that is idle: a client of EC2, some 0.2 s once in a process, and 0.4 ms for each question.
With an active moto: it builds each service that it is asked for, and for EC2 that is over a second once in a process,
then in each test 50 to 100 ms for each region concerned, and some 50 ms when it is taken down. Hence nothing asks for EC2 but
what needs the fleet: StartAssessmentRun, PreviewAgents and CreateExclusionsPreview. There is no cheaper way that is
right: instances may have been launched before the mock began, by other services, or by no botocore client at all, so
that watching requests does not tell. For the same reason no answer is kept, not even while time stands still. A test
that wants none of it tells moto what to mock: ``mock_aws(config={"core": {"service_whitelist": ["sns", "sqs"]}})``.

There is one thing that no AWS API can tell: which access key stands for an account. Where none is known, the account is
named in the header that moto takes for it.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import freezegun.api
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.parsers import ResponseParserError
from botocore.session import Session

from .endpoints import Endpoints

USER_AGENT = "mock_inspector-external service"
"""At the end of the User-Agent header of every request to a external service: whoever serves this package knows its own."""

_CONNECT_TIMEOUT, _READ_TIMEOUT = 1, 5
"""Seconds."""

_MADE_UP = "MOCKINSPECTOR"


class NotAvailable(Exception):  # noqa: N818  it is no error: most tests have no external services
    """Nobody answers."""


class ServiceError(Exception):  # noqa: N818  what it means depends on the call
    """The external service answered with an error; ``code`` is AWS's, or empty when it answered with nonsense."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Caller(NamedTuple):
    """Who calls a external service, and in which region.

    Without an access key it is the test itself: with the environment's key, or for ``account_id``.
    """

    region: str
    access_key: str | None = None
    token: str | None = None
    account_id: str | None = None


class _Clients:
    """botocore clients, made once in a process: making the first one of EC2 takes a good part of a second."""

    def __init__(self) -> None:
        self.credentials = Credentials(_MADE_UP, _MADE_UP)
        self._session: Session | None = None
        self._handlers: list[Any] = []
        self._made: dict[tuple[str, str, str | None], BaseClient] = {}

    def get(self, service: str, region: str, url: str | None) -> BaseClient:
        """The client of a service in a region; without a ``url``, one that never sends anything itself."""
        handlers = _handlers("*")
        if handlers != self._handlers:  # sessions know the handlers that there were when they were made
            self._session, self._handlers = None, handlers
            self._made.clear()
        client = self._made.get((service, region, url))
        if client is None:
            client = self._made[service, region, url] = self._make(service, region, url)
        return client

    def _make(self, service: str, region: str, url: str | None) -> BaseClient:
        if self._session is None:
            # The user's configuration is the user's: a missing profile, say, is none of our business.
            nothing: dict[str, Any] = {"profile": (None, None, None, None)}
            nothing |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
            self._session = Session(session_vars=nothing)
            self._session.register_component("credential_provider", self)
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=url,
            config=Config(
                connect_timeout=_CONNECT_TIMEOUT,
                read_timeout=_READ_TIMEOUT,
                user_agent_extra=USER_AGENT,
                retries={"total_max_attempts": 1, "mode": "standard"},
                ignore_configured_endpoint_urls=True,
            ),
        )
        if url is None:
            client._endpoint._send = _send_nothing
        return client

    def load_credentials(self) -> Credentials:
        """The credentials of all clients, which are set anew for each call (botocore asks its session for them)."""
        return self.credentials

    def close(self) -> None:
        """Drop the clients that may have sent anything, with their connections."""
        for key in [key for key in self._made if key[2] is not None]:
            self._made.pop(key).close()


def _send_nothing(_: Any) -> Any:
    raise NotAvailable


_clients = _Clients()


class Calls:
    """Calls of one mock to its external services. They are made one at a time, under the service's lock."""

    def __init__(self) -> None:
        self.endpoints = Endpoints()

    def call(self, service: str, caller: Caller, operation: str, **params: Any) -> Any:
        """What the service answers. NoNeighbour when nobody does, Refusal when it answers with an error."""
        url = self.endpoints.named(service)
        begun = None
        try:
            ask = getattr(self._client(service, caller, url), operation)
            begun = freezegun.api.real_monotonic()
            return ask(**params)
        except Exception as error:  # noqa: BLE001  a external service's failures are its own
            if url is not None and begun is not None and not isinstance(error, ClientError):
                took = freezegun.api.real_monotonic() - begun
                self.endpoints.failed(service, url, took, connected=isinstance(error, ReadTimeoutError))
            raise _meaning(error) from None

    def _client(self, service: str, caller: Caller, url: str | None) -> BaseClient:
        """A client that signs as ``caller`` until the next one is asked for. NoNeighbour when nobody could answer."""
        hopeless = not _handlers(service) if url is None else self.endpoints.is_silent(service, url)
        if hopeless:
            raise NotAvailable
        client = _clients.get(service, caller.region, url)
        own = caller.account_id or os.environ.get("AWS_ACCESS_KEY_ID") or _MADE_UP
        _clients.credentials.access_key = caller.access_key or own
        _clients.credentials.token = caller.token
        client.meta.events.unregister("before-call", unique_id=_MADE_UP)
        if caller.account_id is not None:
            # No key is known to stand for this account; moto takes an account's id in a header.
            def name_account(params: dict[str, Any], **_: Any) -> None:
                params["headers"]["x-moto-account-id"] = caller.account_id

            client.meta.events.register("before-call", name_account, unique_id=_MADE_UP)
        return client

    def close(self) -> None:
        """Close the connections that calls have left open."""
        _clients.close()


def _meaning(error: Exception) -> Exception:
    """What a failed call means: NoNeighbour or Refusal."""
    if isinstance(error, ClientError):
        return ServiceError(error.response.get("Error", {}).get("Code", ""))
    if isinstance(error, ResponseParserError) or (
        isinstance(error, HTTPClientError) and not isinstance(error, ConnectTimeoutError)
    ):
        return ServiceError("")
    return NotAvailable()


def _handlers(service: str) -> list[Any]:
    """The handlers of ``before-send`` for a service that every new session of botocore has (``*``: for any service)."""
    found = [(event.split("."), handler) for event, handler, *_ in BUILTIN_HANDLERS if event.startswith("before-send")]
    return [handler for parts, handler in found if service == "*" or parts[1:2] in ([], ["*"], [service])]

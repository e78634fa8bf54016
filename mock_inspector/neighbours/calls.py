"""Calling a neighbour: whether one may answer, with what client, and what its answer means."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.parsers import ResponseParserError
from botocore.session import Session

_MADE_UP = "MOCKINSPECTOR"


class NoNeighbour(Exception):  # noqa: N818  it is no error: most tests have no neighbours
    """Nobody answers."""


class Refusal(Exception):  # noqa: N818  what it means depends on the call
    """The neighbour answered with an error; ``code`` is AWS's, or empty when it answered with nonsense."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Caller(NamedTuple):
    """Who calls a neighbour, and in which region.

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
        handlers = [entry[1] for entry in BUILTIN_HANDLERS if entry[0].startswith("before-send")]
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
                connect_timeout=1,
                read_timeout=5,
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
    raise NoNeighbour


_clients = _Clients()


class Calls:
    """Calls of one mock to its neighbours. They are made one at a time, under the world's lock."""

    def __init__(self) -> None:
        self._silent: set[str] = set()

    def call(self, service: str, caller: Caller, operation: str, **params: Any) -> Any:
        """What the service answers. NoNeighbour when nobody does, Refusal when it answers with an error."""
        try:
            return getattr(self.client(service, caller), operation)(**params)
        except Exception as error:  # noqa: BLE001  a neighbour's failures are its own
            raise self.meaning(service, error) from None

    def client(self, service: str, caller: Caller) -> BaseClient:
        """A client that signs as ``caller`` until the next one is asked for. NoNeighbour when nobody could answer."""
        url = _override(service)
        if service in self._silent or (url is None and not any(_handlers(service))):
            raise NoNeighbour
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

    def meaning(self, service: str, error: Exception) -> Exception:
        """What a failed call means: NoNeighbour or Refusal."""
        if isinstance(error, ClientError):
            return Refusal(error.response.get("Error", {}).get("Code", ""))
        if isinstance(error, (ConnectTimeoutError, ReadTimeoutError)):
            self._silent.add(service)  # to wait for it once is enough
        if isinstance(error, ResponseParserError) or (
            isinstance(error, HTTPClientError) and not isinstance(error, ConnectTimeoutError)
        ):
            return Refusal("")
        return NoNeighbour()

    def close(self) -> None:
        """Close the connections that calls have left open."""
        _clients.close()


def _override(service: str) -> str | None:
    """The endpoint that the environment names for a service."""
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")


def _handlers(service: str) -> Iterator[Any]:
    """The handlers that answer in the place of services: what moto puts into every client, if it is on."""
    for event, handler, *_ in BUILTIN_HANDLERS:
        if event in ("before-send", f"before-send.{service}") and getattr(handler, "enabled", True):
            yield handler


def loaded(service: str) -> bool:
    """Whether a service's resources can exist next door.

    moto loads its services on first use, and makes much of an empty EC2: there is nothing in one that is not loaded.
    """
    if _override(service) is not None:
        return True
    foreign = any(not type(handler).__module__.startswith("moto.") for handler in _handlers(service))
    return foreign or f"moto.{service}.models" in sys.modules

"""Calls to other AWS services: whether one may answer, through which client, and what its answer means.

A service may answer at an endpoint that the environment names, or by a handler of botocore's event ``before-send`` that
every new session has: importing moto registers one. Whether one does answer is found out by calling it, through a
client that sends nothing itself. No handler, and no state of one, is ever inspected. Where the mock serves moto, that
is called, in this process: a call by HTTP to the mock's own port could wait for the thread that makes it.

This has a price. With an idle handler, a client of EC2 costs some 0.2 s once in a process, and a call 0.4 ms. An active
moto builds each service that is called: for EC2 over a second once in a process, then 50 to 100 ms for each region in
each test. Hence only those ask for EC2 who need the fleet: StartAssessmentRun, PreviewAgents and
CreateExclusionsPreview, ``backend.instances``, the dashboard's overview, and a run that has EC2 instances, when its data
collection begins and ends. There is no cheaper way: instances may have been launched before the mock started, or by
other services. For the same reason no answer is cached. A test avoids the cost with
``mock_aws(config={"core": {"service_whitelist": ["sns", "sqs"]}})``.

No AWS API tells which access key stands for an account. The account is named in the header that moto takes for it.

Besides public names of botocore it uses ``Endpoint._send`` of its own clients: a client that sends nothing itself has
another function there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import freezegun.api
from botocore import credentials as botocore_credentials
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.parsers import ResponseParserError
from botocore.session import Session

from ..clock.mutex import Mutex
from ..state.external import Caller, Credentials
from .endpoints import Endpoints
from .moto_server import MotoServer

USER_AGENT = "mock_inspector-external"
"""The end of the User-Agent header of every request to another service."""

_CONNECT_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS = 1, 5
_PLACEHOLDER = "MOCKINSPECTOR"

Send = Callable[[AWSPreparedRequest], AWSResponse]
"""Answers a request that no handler has answered."""


class NotAvailable(Exception):  # noqa: N818  not an error: most tests have no other services
    """No service answers."""


class ServiceError(Exception):
    """The service answered with an error. ``code`` is AWS's, or empty when the answer makes no sense."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _CallCredentials(botocore_credentials.Credentials):  # type: ignore[misc]
    """The credentials of all clients: those of the call that this thread makes.

    Calls run at the same time, and within each other: whoever answers one may call Inspector, which calls others.
    """

    def __init__(self) -> None:
        self._call = threading.local()

    @contextmanager
    def use(self, credentials: Credentials, account_id: str | None) -> Iterator[None]:
        """Sign with ``credentials`` in this thread, and name the account (None: that of the credentials)."""
        call = self._call
        outer = vars(call).copy()
        call.credentials, call.account_id = credentials, account_id
        try:
            yield
        finally:
            vars(call).clear()
            vars(call).update(outer)

    def get_frozen_credentials(self) -> botocore_credentials.ReadOnlyCredentials:
        """Return the credentials of this thread's call. botocore signs with them."""
        credentials = getattr(self._call, "credentials", Credentials(_PLACEHOLDER))
        return botocore_credentials.ReadOnlyCredentials(credentials.access_key, _PLACEHOLDER, credentials.token)

    def name_account(self, params: dict[str, Any], **_: Any) -> None:
        """Name the account in a request. botocore calls this before each."""
        account_id = getattr(self._call, "account_id", None)
        if account_id is not None:
            params["headers"]["x-moto-account-id"] = account_id


class _Clients:
    """botocore clients, made once in a process: the first client of EC2 takes a good part of a second."""

    def __init__(self) -> None:
        self.credentials = _CallCredentials()
        self._lock = Mutex()
        self._session: Session | None = None
        self._handlers: list[Any] = []
        self._clients: dict[tuple[str, str, str | Send], BaseClient] = {}

    def get(self, service: str, region: str, target: str | Send) -> BaseClient:
        """Return the client of a service in a region.

        ``target`` is the URL that it sends to, or what answers in this process where no handler does.
        """
        with self._lock:  # botocore makes clients in one thread at a time. Nothing is called meanwhile.
            return self._get(service, region, target)

    def _get(self, service: str, region: str, target: str | Send) -> BaseClient:
        handlers = _find_handlers("*")
        if handlers != self._handlers:  # A session has the handlers that existed when it was made.
            self._session, self._handlers = None, handlers
            self._clients.clear()
        client = self._clients.get((service, region, target))
        if client is None:
            client = self._clients[service, region, target] = self._make(service, region, target)
        return client

    def _make(self, service: str, region: str, target: str | Send) -> BaseClient:
        if self._session is None:
            # The user's configuration is not ours: a missing profile, for example, must not matter here.
            variables: dict[str, Any] = {"profile": (None, None, None, None)}
            variables |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
            self._session = Session(session_vars=variables)
            self._session.register_component("credential_provider", self)
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=target if isinstance(target, str) else None,
            config=Config(
                connect_timeout=_CONNECT_TIMEOUT_SECONDS,
                read_timeout=_READ_TIMEOUT_SECONDS,
                user_agent_extra=USER_AGENT,
                retries={"total_max_attempts": 1, "mode": "standard"},
                ignore_configured_endpoint_urls=True,
            ),
        )
        client.meta.events.register("before-call", self.credentials.name_account)
        if not isinstance(target, str):
            client._endpoint._send = target
        return client

    def load_credentials(self) -> botocore_credentials.Credentials:
        """Return the credentials of all clients. botocore calls this."""
        return self.credentials

    def close(self) -> None:
        """Drop the clients that may have sent anything, with their connections."""
        with self._lock:
            closed = [self._clients.pop(key) for key in list(self._clients) if isinstance(key[2], str)]
        for client in closed:
            client.close()


def _send_nothing(_: AWSPreparedRequest) -> AWSResponse:
    raise NotAvailable


_clients = _Clients()


class ExternalClient:
    """Calls of one mock to other services, from any thread. The service's lock is not held meanwhile."""

    def __init__(self) -> None:
        self.endpoints = Endpoints()
        self.moto: MotoServer | None = None
        """The moto that is served with the mock. It is then all other services, whatever the environment names."""
        self.default_account: str | None = None
        """The account that stands for that of the environment; None: whatever the service takes its access key for."""

    def call(
        self, service: str, caller: Caller, operation: str, *, credentials: Credentials | None = None, **params: Any
    ) -> Any:
        """Return what the service answers. NotAvailable when none does, ServiceError when it answers with an error.

        The call is signed with ``credentials``, or else for the account of ``caller``.
        """
        url = self.endpoints.find_url(service) if self.moto is None else None
        started = None
        try:
            method = getattr(self._get_client(service, caller.region, url), operation)
            account = caller.account_id or (self.default_account if credentials is None else None)
            own_key = account or os.environ.get("AWS_ACCESS_KEY_ID") or _PLACEHOLDER
            started = freezegun.api.real_monotonic()
            with _clients.credentials.use(credentials or Credentials(own_key), account):
                return method(**params)
        except Exception as error:  # noqa: BLE001  the failures of other services must not break this one
            if url is not None and started is not None and not isinstance(error, ClientError):
                duration = freezegun.api.real_monotonic() - started
                self.endpoints.record_failure(service, url, duration, connected=isinstance(error, ReadTimeoutError))
            raise _translate(error) from None

    def _get_client(self, service: str, region: str, url: str | None) -> BaseClient:
        """Return a client of a service. NotAvailable when no service could answer."""
        if self.moto is not None:
            return _clients.get(service, region, self.moto.send)
        unreachable = not _find_handlers(service) if url is None else self.endpoints.is_silent(service, url)
        if unreachable:
            raise NotAvailable
        return _clients.get(service, region, _send_nothing if url is None else url)

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

"""The HTTP server of a mock: its address, its start and its stop."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import short_repr

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..backend import InspectorBackend
    from ..external.moto_server import MotoServer
    from .app import Application

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_INSPECTOR"
"""The environment variable from which the AWS SDKs and the AWS CLI take the service's endpoint."""

ALL_SERVICES_VARIABLE = "AWS_ENDPOINT_URL"
"""The same for all services."""

MISSING_EXTRA = "The server needs waitress, which is not installed: pip install 'mock-inspector[{extra}]'"

_THREADS_WITH_MOTO = 32
"""More than a tool has that wait for messages of Amazon SQS at the same time: each of these requests takes a thread."""

_MAX_PORT = 65_535

_LOOPBACK = {4: ipaddress.ip_address("127.0.0.1"), 6: ipaddress.ip_address("::1")}


class InspectorServer:
    """Serves the active mock on an HTTP port, from :meth:`start` to :meth:`stop` or as a context manager.

    The server answers for every account and region; the signature of a request chooses. Control calls act on
    ``backend`` unless they name another. ``host`` is the address to listen on. Port 0 is any free port. ``url`` is known
    after the start.

    With ``moto`` the port answers for all of AWS: requests of other services are answered by moto, which is also
    the EC2, SNS, IAM and STS of the mock. moto has one state in a process. It is emptied at the start and at the stop,
    unless ``mock_aws`` is active then.
    """

    def __init__(
        self, backend: InspectorBackend, *, host: str = "127.0.0.1", port: int = 0, moto: bool = False
    ) -> None:
        if not isinstance(host, str):
            raise TypeError(f"host must be the address to listen on, such as '127.0.0.1'; got {short_repr(host)}")
        if type(port) is not int or not 0 <= port <= _MAX_PORT:
            raise ValueError(f"port must be 0 to {_MAX_PORT}; got {short_repr(port)}")
        self.backend = backend
        self.url = ""
        self.moto: MotoServer | None = None
        """The moto that is served beside the mock, from the start on."""
        self._with_moto = moto
        self.loopback = True
        """Whether the server listens on this machine's loopback interface only."""
        self._address = (host, port)
        self._application: Application | None = None
        self._stop = ExitStack()

    def start(self) -> None:
        """Open the port.

        OSError when that is impossible, RuntimeError when the backend's mock is not active or the server has started
        already. ModuleNotFoundError, with the command that installs it, when waitress or moto is missing.
        """
        if self._application is not None:
            raise RuntimeError(
                f"The server has started already, at {self.url}. Stop it before it starts again, or make another "
                "InspectorServer for another port."
            )
        try:
            from .waitress_runner import WORKER_THREADS, ClientDisconnected, WaitressRunner
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "waitress":
                raise
            extra = "moto" if self._with_moto else "server"
            raise ModuleNotFoundError(MISSING_EXTRA.format(extra=extra), name="waitress") from None
        from ..activation import active
        from ..assessment_reports.local_server import ProxyBypass
        from ..external.moto_server import load_moto
        from .app import Application

        activation = active()
        if activation is None or activation.service is not self.backend._any_service:
            raise RuntimeError("The mock of this backend is not active. Start the server within mock_inspector().")
        moto = load_moto() if self._with_moto else None
        listening = _listen(*self._address)
        host, port = listening.getsockname()[:2]
        address = ipaddress.ip_address(host.partition("%")[0])
        self.loopback = address.is_loopback
        if address.is_unspecified:  # the server listens on all addresses, so on loopback too
            address = _LOOPBACK[address.version]
        self.url = f"http://[{address}]:{port}" if ":" in str(address) else f"http://{address}:{port}"
        if moto is not None:
            moto.empty()
            self._stop.callback(moto.empty)
        self.moto = moto
        application = Application(
            activation.service, self.backend, moto, loopback=self.loopback, disconnect=ClientDisconnected
        )
        threads = WORKER_THREADS if moto is None else _THREADS_WITH_MOTO
        self._stop.callback(WaitressRunner(listening, application, threads=threads).stop)
        self._stop.callback(ProxyBypass().undo)
        self._application = application
        activation.attach(self)
        self._stop.callback(activation.detach, self)

    def stop(self) -> None:
        """Finish the responses that are being made, close the port and end the threads. A second stop does nothing."""
        self._stop.close()
        self._application = None

    def origin(self) -> str:
        """The URL of the server, by the name that the client of the current request used."""
        return (self._application and self._application.origin()) or self.url

    @property
    def environ(self) -> dict[str, str]:
        """The environment for a subprocess that uses the server: this process's with the endpoint added.

        Region and credentials are those of ``backend`` if this process has none.
        """
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or self.backend.region
        added = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        if not any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")):
            added |= {"AWS_ACCESS_KEY_ID": self.backend.account_id, "AWS_SECRET_ACCESS_KEY": "mock"}
        missing = {name: value for name, value in added.items() if not os.environ.get(name)}
        environ = {**os.environ, **missing, **self.variables}
        return {name: value for name, value in environ.items() if value is not None}

    @property
    def variables(self) -> Mapping[str, str | None]:
        """The environment variables that lead to the server; None for those that would lead past it."""
        if not self._with_moto:
            return {ENDPOINT_VARIABLE: self.url}
        # moto sends requests to itself for some services (AWS Lambda, AWS Step Functions), at the port that it finds here.
        return {ALL_SERVICES_VARIABLE: self.url, ENDPOINT_VARIABLE: None, "MOTO_PORT": str(urlsplit(self.url).port)}

    @contextmanager
    def set_environment(self) -> Iterator[None]:
        """Let this process's environment, and so that of subprocesses, lead to the server."""
        previous = {name: os.environ.get(name) for name in self.variables}
        _update_environment(self.variables)
        try:
            yield
        finally:
            _update_environment(previous)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<InspectorServer {self.url or 'not started'} of {self.backend!r}>"


def _update_environment(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family)

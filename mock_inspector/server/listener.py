"""The HTTP server of a mock: where it listens, and how it is started and stopped."""

from __future__ import annotations

import ipaddress
import os
import socket
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..backend import InspectorBackend
    from .app import Application

ENDPOINT = "AWS_ENDPOINT_URL_INSPECTOR"
"""The environment variable from which AWS's SDKs and its CLI take the service's endpoint."""

MISSING_EXTRA = "The server runs on waitress, which is not installed: pip install 'mock-inspector[server]'"

_LOOPBACK = {4: ipaddress.ip_address("127.0.0.1"), 6: ipaddress.ip_address("::1")}


class InspectorServer:
    """The mock that is active, behind an HTTP port, from :meth:`start` to :meth:`stop`; or as a context manager.

    It answers every account and region, as the requests are signed; control calls act on ``backend`` when they name no
    other. ``host`` is what to listen on, port 0 any that is free. ``url`` is known once it has started.
    """

    def __init__(self, backend: InspectorBackend, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.backend = backend
        self.url = ""
        self.loopback = True
        """Whether it listens on this machine's loopback interface only."""
        self._address = (host, port)
        self._application: Application | None = None
        self._stop = ExitStack()

    def start(self) -> None:
        """Open the port.

        OSError when that is impossible, RuntimeError when the backend's mock is not active, ModuleNotFoundError, with
        what to install, when waitress is not there.
        """
        try:
            from .threads import HangUp, HttpThreads
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "waitress":
                raise
            raise ModuleNotFoundError(MISSING_EXTRA, name="waitress") from None
        from ..activation import active
        from ..assessment_reports.local_server import ProxyBypass
        from .app import Application

        activation = active()
        if activation is None or activation.world is not self.backend._world:
            raise RuntimeError("The mock of this backend is not active: start the server within mock_inspector().")
        listening = _listen(*self._address)
        host, port = listening.getsockname()[:2]
        address = ipaddress.ip_address(host.partition("%")[0])
        self.loopback = address.is_loopback
        if address.is_unspecified:  # it listens everywhere, so here too
            address = _LOOPBACK[address.version]
        self.url = f"http://[{address}]:{port}" if ":" in str(address) else f"http://{address}:{port}"
        self._application = Application(activation.world, self.backend, loopback=self.loopback, hang_up=HangUp)
        self._stop.callback(HttpThreads(listening, self._application).stop)
        self._stop.callback(ProxyBypass().undo)
        own_origins = activation.world.neighbours.own_origins
        own_origins.add(self.url)
        self._stop.callback(own_origins.discard, self.url)
        activation.attach(self)
        self._stop.callback(activation.detach, self)

    def stop(self) -> None:
        """Finish what is being answered, close the port and end the threads. Nothing to do when it has stopped."""
        self._stop.close()

    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._application is not None and self._application.busy()

    def origin(self) -> str:
        """Where clients reach the server: under the name by which the one that is being answered found it."""
        return (self._application and self._application.origin()) or self.url

    @property
    def environ(self) -> dict[str, str]:
        """The environment for a process that is to use the server: this process's, with what an SDK needs added.

        That is the endpoint and, where nothing else is set, a region and credentials: those of ``backend``.
        """
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or self.backend.region
        wanted = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        if not any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")):
            wanted |= {"AWS_ACCESS_KEY_ID": self.backend.account_id, "AWS_SECRET_ACCESS_KEY": "mock"}
        missing = {name: value for name, value in wanted.items() if not os.environ.get(name)}
        return {**os.environ, **missing, ENDPOINT: self.url}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<InspectorServer {self.url or 'not started'} of {self.backend!r}>"


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family)

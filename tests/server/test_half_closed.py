"""Clients that close their sending side after the request, as ``nc -N`` and many proxies do, get their answer."""

import re
import socket
from urllib.parse import urlsplit

import pytest

from mock_inspector import InspectorServer, mock_inspector
from mock_inspector.server import waitress_runner

from ..support.raw_http import signed_headers
from ..support.subprocesses import in_subprocess

TRIES = 30
MIB = 1024 * 1024


def request(path="/", *, body=b"{}", length=None, headers=()):
    """A request's bytes: its head and its body."""
    lines = [f"{name}: {value}" for name, value in {**signed_headers("ListFindings"), **dict(headers)}.items()]
    head = [f"POST {path} HTTP/1.1", "Host: localhost", *lines, f"Content-Length: {length or len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


REQUESTS = {
    "an operation": ([request()], [200]),
    "in pieces": ([request()[:30], request()[30:-1], request()[-1:]], [200]),
    "the last of the connection": ([request(headers=[("Connection", "close")])], [200]),
    "several": ([request() * 3], [200] * 3),
    "more than is read at once": ([request(headers=[("X-Long", "x" * 100_000)]) * 2], [200] * 2),
    "a long body": ([request(body=b" " * MIB)], [400]),
    "a body that is too long": ([request(body=b" " * (MIB + 1))], [413]),
    "a body that nobody reads": ([request(body=b" " * (81 * MIB))], [413]),
    "a head that is too long": ([request(headers=[("X-Long", "x" * 300_000)])], [431]),
    "what is no HTTP": ([b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n" + b"x" * MIB], [400]),
    "a control call": ([request("/_mock_inspector/reset")], [200]),
    "a refused one": ([request(headers=[("Origin", "https://evil.example")])], [403]),
    "a page": ([b"GET / HTTP/1.0\r\n\r\n"], [200]),
}


def exchange(server, parts):
    """What comes back until the server closes the connection, too."""
    url, received = urlsplit(server.url), b""
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=60) as opened:
        for part in parts:
            opened.sendall(part)
        opened.shutdown(socket.SHUT_WR)
        while data := opened.recv(MIB):
            received += data
    return received


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [True, False])
@in_subprocess
def test_a_client_that_closes_its_sending_side_gets_its_answer(freeze):
    waitress_runner._MAX_BODY_BYTES = 80 * MIB  # a body longer than the real limit would take long
    with mock_inspector(region="us-west-2", freeze=freeze) as backend, InspectorServer(backend) as server:
        for name, (parts, statuses) in REQUESTS.items():
            for _ in range(3 if sum(map(len, parts)) > 10 * MIB else TRIES):
                answer = exchange(server, parts)
                found = re.findall(rb"(?:^|\}|\r\n\r\n)HTTP/1\.[01] (\d\d\d) ", answer)
                assert [int(status) for status in found] == statuses, (name, answer[:200])

"""Plain HTTP, as clients of other languages speak it, for tests of the server; and the server as a process."""

import http.client
import json
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .aws import ACCOUNT

REGION = "us-west-2"


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)


def connection(server):
    url = urlsplit(server if isinstance(server, str) else server.url)
    return http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)


def exchange(open_connection, method, path, body=None, headers=None):
    """One request on a connection that stays open."""
    sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    open_connection.request(method, path, sent, headers or {})
    response = open_connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def ask(server, method, path, body=None, headers=None):
    """One request on a connection of its own."""
    with closing(connection(server)) as opened:
        return exchange(opened, method, path, body, headers)


def signed(operation, account=ACCOUNT, region=REGION):
    """The headers of a request of the service, signed as far as the mock looks at that."""
    scope = f"{account}/20160216/{region}/inspector/aws4_request"
    return {
        "X-Amz-Target": f"InspectorService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
    }


def call(server, operation, **members):
    """One request of the service; the connection is its own."""
    return ask(server, "POST", "/", members, signed(operation))


def control(server, member, query="", **arguments):
    """One control call that has to go well; its value."""
    answer = ask(server, "POST", f"/_mock_inspector/{member}{query}", arguments)
    assert answer.status == 200, answer
    return answer.value


def read(server, member, query=""):
    """One property, by a control call; its value."""
    answer = ask(server, "GET", f"/_mock_inspector/{member}{query}")
    assert answer.status == 200, answer
    return answer.value


SERVE = (sys.executable, "-c", "import sys; from mock_inspector.cli import main; sys.exit(main())", "serve")


@contextmanager
def serving(*arguments):
    """The process and its URL; whoever has not ended it by then fails if it prints anything more."""
    process = subprocess.Popen(
        [*SERVE, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().rstrip("\n")
        assert urlsplit(url).port, process.communicate()
        yield process, url
    finally:
        process.kill()
        process.communicate()

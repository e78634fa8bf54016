"""Plain HTTP to the mock's server, as clients of other languages send it."""

import http.client
import json
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .aws import ACCOUNT

REGION = "us-west-2"


class HttpAnswer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)


def connect(server):
    url = urlsplit(server if isinstance(server, str) else server.url)
    return http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)


def send_on(open_connection, method, path, body=None, headers=None):
    """One request on a connection that stays open."""
    sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    open_connection.request(method, path, sent, headers or {})
    response = open_connection.getresponse()
    return HttpAnswer(response.status, response.headers, response.read())


def send(server, method, path, body=None, headers=None):
    """One request on a connection of its own."""
    with closing(connect(server)) as opened:
        return send_on(opened, method, path, body, headers)


def signed_headers(operation, account=ACCOUNT, region=REGION):
    """The headers of a request of the service, signed as far as the mock looks at that."""
    scope = f"{account}/20160216/{region}/inspector/aws4_request"
    return {
        "X-Amz-Target": f"InspectorService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
    }


def call_action(server, operation, **members):
    """One request of the service; the connection is its own."""
    return send(server, "POST", "/", members, signed_headers(operation))


def control_call(server, member, query="", **arguments):
    """One control call that has to go well; its value."""
    answer = send(server, "POST", f"/_mock_inspector/{member}{query}", arguments)
    assert answer.status == 200, answer
    return answer.value


def read_property(server, member, query=""):
    """One property, by a control call; its value."""
    answer = send(server, "GET", f"/_mock_inspector/{member}{query}")
    assert answer.status == 200, answer
    return answer.value

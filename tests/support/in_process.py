"""HTTP requests handed to the mock in this process, without a client and without a socket."""

import json
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest
from botocore import xform_name

from mock_inspector.wire import dispatcher
from mock_inspector.wire.http import Request, Response

from .fake_service import fake_service
from .service_model import MODEL

URL = "https://inspector.us-west-2.amazonaws.com/"


SCOPE = "AKIAEXAMPLE/20160315/us-west-2/inspector/aws4_request"


AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0123abcd"


LIST_TARGETS = "InspectorService.ListAssessmentTargets"


SIGNED_HEADERS = {"X-Amz-Target": LIST_TARGETS, "Authorization": AUTHORIZATION}


class HttpAnswer(NamedTuple):
    """A response of the mock. Its body is JSON, or None when it is empty."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self):
        return self.body["__type"]


def send_http(backend, body=b"{}", headers=SIGNED_HEADERS, *, method="POST", url=URL):
    """Send a request. Its response is correct in form, whatever the request."""
    response = dispatcher.handle(fake_service(backend), Request(method, url, headers, body))
    headers = response.headers
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", headers["x-amzn-RequestId"]
    )
    assert parsedate_to_datetime(headers["Date"]).timestamp() == pytest.approx(backend.clock.now().timestamp(), abs=2)
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["Content-Length"] == str(len(response.body))
    answer = HttpAnswer(response.status, headers, json.loads(response.body) if response.body else None)
    if answer.status != HTTPStatus.OK:
        assert 400 <= answer.status < 500
        assert isinstance(answer.code, str)
        assert isinstance(answer.body["message"], str)
        assert 0 < len(answer.body["message"]) <= MODEL.shape_for("ErrorMessage").metadata["max"]
    return answer


def headers_for(operation):
    return {**SIGNED_HEADERS, "X-Amz-Target": f"InspectorService.{operation}"}


def authorization(scope=SCOPE, *, rest=", SignedHeaders=host, Signature=00"):
    return f"AWS4-HMAC-SHA256 Credential={scope}{rest}"


def send_body(client: Any, operation: str, body: Any) -> Any:
    """Call an operation with exactly this JSON as the body, whether or not the client could serialise it."""

    def replace(params: dict[str, Any], **_: Any) -> None:
        params["body"] = json.dumps(body).encode()

    event = f"before-call.inspector.{operation}"
    client.meta.events.register(event, replace)
    try:
        return getattr(client, xform_name(operation))()
    finally:
        client.meta.events.unregister(event, replace)


def send_raw(backend: Any, operation: str, body: Any) -> Response:
    """Send a request signed by hand, and return the bare HTTP response."""
    headers = {
        "X-Amz-Target": f"InspectorService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={backend.account_id}/20160216/{backend.region}/inspector/"
        "aws4_request, SignedHeaders=host, Signature=none",
    }
    url = f"https://inspector.{backend.region}.amazonaws.com/"
    return dispatcher.handle(fake_service(backend), Request("POST", url, headers, json.dumps(body).encode()))

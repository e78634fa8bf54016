"""HTTP requests handed to the mock in this process, without a client and without a socket."""

import json
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest

from mock_inspector.wire import dispatcher
from mock_inspector.wire.http import Request

from .fake_service import fake_service
from .requests import MODEL

URL = "https://inspector.us-west-2.amazonaws.com/"


SCOPE = "AKIAEXAMPLE/20160315/us-west-2/inspector/aws4_request"


SIGNED = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0123abcd"


LISTING = "InspectorService.ListAssessmentTargets"


BOTH = {"X-Amz-Target": LISTING, "Authorization": SIGNED}


class Answer(NamedTuple):
    """An answer of the door: its body is JSON, or None when it is empty."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self):
        return self.body["__type"]


def knock(backend, body=b"{}", headers=BOTH, *, method="POST", url=URL):
    """The door's answer, which is sound whatever the request."""
    response = dispatcher.handle(fake_service(backend), Request(method, url, headers, body))
    headers = response.headers
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", headers["x-amzn-RequestId"]
    )
    assert parsedate_to_datetime(headers["Date"]).timestamp() == pytest.approx(backend.clock.now().timestamp(), abs=2)
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["Content-Length"] == str(len(response.body))
    answer = Answer(response.status, headers, json.loads(response.body) if response.body else None)
    if answer.status != HTTPStatus.OK:
        assert 400 <= answer.status < 500
        assert isinstance(answer.code, str)
        assert isinstance(answer.body["message"], str)
        assert 0 < len(answer.body["message"]) <= MODEL.shape_for("ErrorMessage").metadata["max"]
    return answer


def asking(operation):
    return {**BOTH, "X-Amz-Target": f"InspectorService.{operation}"}


def signed(scope=SCOPE, *, rest=", SignedHeaders=host, Signature=00"):
    return f"AWS4-HMAC-SHA256 Credential={scope}{rest}"

"""Requests to an endpoint that answers for all of AWS: which are Inspector's, and which account the others are for."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from ..api.hosts import is_aws_host
from ..state.external import Credentials
from ..wire.dispatcher import TARGET_PREFIX
from .cross_origin import names_inspector
from .waitress_runner import METADATA_NAMES

if TYPE_CHECKING:
    from ..external.moto_server import MotoServer
    from ..state.service import FakeService

_SERVICE = "inspector"
_CREDENTIAL = re.compile(r"(?P<key>[^/\s,=]+)/[0-9]{8}/(?P<region>[^/\s,]+)/(?P<service>[^/\s,]+)/aws4_request")
_ACCOUNT_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"
_MOTO_NAMES = "moto.preserved_header_names"
"""Where moto's own server keeps the names of headers that have an underscore."""

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers that are the server library's. moto's own server takes them from an application."""

_FORM = "application/x-www-form-urlencoded"
_XML_ERRORS = {"ec2": "<Response><Errors>{}</Errors></Response>", "s3": "{}"}
"""How errors are written where it is neither JSON nor as in services that take forms."""

_log = logging.getLogger("mock_inspector.server")


def is_for_inspector(environ: dict[str, Any]) -> bool:
    """Whether a request is Inspector's, by what it says: its target, else its signature, else its host."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target is not None:
        return str(target).startswith(TARGET_PREFIX)
    credential = _find_credential(environ)
    if credential is not None:
        return credential["service"] == _SERVICE
    return names_inspector(environ.get("HTTP_HOST", ""))


def is_from_browser(environ: dict[str, Any]) -> bool:
    """Whether a GET request of the root is for the dashboard: it is signed for no service and names none."""
    host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
    names_bucket = host.endswith(".localhost") or is_aws_host(host)
    return not (names_bucket or environ.get("HTTP_AUTHORIZATION") or environ["QUERY_STRING"].startswith("Action="))


def _find_credential(environ: dict[str, Any]) -> re.Match[str] | None:
    """The key, region and service that a request is signed for, in its header or its query."""
    header: str | None = environ.get("HTTP_AUTHORIZATION")
    text = dict(parse_qsl(environ["QUERY_STRING"])).get("X-Amz-Credential", "") if header is None else header
    return _CREDENTIAL.search(text)


def _to_key(header: str) -> str:
    """The key of a header in a WSGI environment."""
    return f"HTTP_{header.upper().replace('-', '_')}"


def _build_error(environ: dict[str, Any], code: str, message: str) -> tuple[str, bytes]:
    """The content type and the body of an error, in the form that the clients of the service read."""
    credential = _find_credential(environ)
    service = "" if credential is None else credential["service"]
    if service not in _XML_ERRORS and not environ.get("CONTENT_TYPE", "").startswith(_FORM):
        return "application/json", json.dumps({"__type": code, "message": message}).encode("ascii")
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    body = _XML_ERRORS.get(service, "<ErrorResponse>{}</ErrorResponse>").format(error)
    return "text/xml", body.encode("utf-8", "backslashreplace")


class OtherServices:
    """Hands requests of other services to moto, for the account that Inspector would answer them for."""

    def __init__(self, service: FakeService, moto: MotoServer) -> None:
        self._service = service
        self._moto = moto

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request. The lock is not held."""
        account = self._find_account(environ)
        if account is not None:  # else moto's, which knows the access keys that it has given out
            environ.setdefault(_ACCOUNT_HEADER, account)
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")  # moto tells an encoded slash in a key of S3 by it
        names = environ.pop(_to_key(METADATA_NAMES), "")
        environ[_MOTO_NAMES] = {_to_key(name): name for name in names.split(",") if name}

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
            return start_response(status, kept, *more)

        try:
            return self._moto(environ, start)
        except NotImplementedError as error:
            status, code, text = 501, "NotImplemented", f"moto does not have this: {error}"
        except Exception as error:  # noqa: BLE001  what moto does not expect must not end the connection
            _log.exception("moto did not answer a request")
            status, code = 500, "InternalFailure"
            text = f"moto failed, see the log of the mock's server: {type(error).__name__}: {error}"
        content_type, body = _build_error(environ, code, text)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("x-amzn-ErrorType", code)]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    def _find_account(self, environ: dict[str, Any]) -> str | None:
        """The account of a request; None for the one that moto finds."""
        credential = _find_credential(environ)
        if credential is None:
            return self._service.context.account_id
        if self._service.context.account_id == self._moto.default_account:
            return self._service.account_for(credential["key"])
        credentials = Credentials(credential["key"], environ.get("HTTP_X_AMZ_SECURITY_TOKEN"))
        return self._service.account_of(credentials, credential["region"])

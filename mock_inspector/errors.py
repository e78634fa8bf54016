"""Public: the errors that the service answers with, and the mock's own exceptions.

Modelled errors follow the chapter "Actions" of the API reference (section "Errors" of each action) and the exception
shapes of botocore's model. The others follow the chapter "Common Errors" and what AWS JSON services send.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

MAX_MESSAGE_LENGTH = 1000
"""The model's bound of ``ErrorMessage``, in characters."""


class UnmockedRequestError(RuntimeError):
    """A request would have left the machine, because nothing mocks its service."""


class EndlessPollError(RuntimeError):
    """Code under test waits for something that will not happen."""


class MockEndedError(RuntimeError):
    """A test uses the backend of a mock that has ended."""


class UnusedFaultError(AssertionError):
    """A test passed although a fault that it injected was never triggered."""


class ApiError(Exception):
    """An error response of the service.

    The body has ``code`` as ``__type``, ``message`` and the modelled ``members`` (``errorCode``, ``canRetry``, ...).
    ``status`` is the HTTP status. Members that are not given take the class's ``defaults``. In an injected error the
    others (``errorCode``, ``agents``, ``assessmentRunArns``), and names in braces in the class's ``text``, follow the
    request.
    """

    status: ClassVar[int] = 400
    defaults: ClassVar[dict[str, Any]] = {"canRetry": False}
    text: ClassVar[str] = "The request was rejected."

    def __init__(self, message: str | None = None, **members: Any) -> None:
        self.message = self.text if message is None else message
        self.members = {**self.defaults, **members}
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The error's name, as clients see it in ``Error.Code``."""
        return type(self).__name__

    @property
    def http_status(self) -> int:
        """The HTTP status of the response."""
        return self.status

    def body(self) -> dict[str, Any]:
        """The JSON body of the response. A longer message is cut."""
        return {"__type": self.code, "message": self.message[:MAX_MESSAGE_LENGTH], **self.members}


class InvalidInputException(ApiError):
    """An invalid or out-of-range value; ``errorCode`` is an ``InvalidInputErrorCode``."""

    text = "The request has an invalid or out-of-range value."


class NoSuchEntityException(ApiError):
    """The request names something that does not exist; ``errorCode`` is a ``NoSuchEntityErrorCode``."""

    text = "The request names an entity that does not exist."


class AccessDeniedException(ApiError):
    """The caller may not use the resource; ``errorCode`` is an ``AccessDeniedErrorCode``."""

    text = "User: arn:{partition}:iam::{account}:user/someone is not authorized to perform: inspector:{operation}"


class LimitExceededException(ApiError):
    """A quota of the account is used up; ``errorCode`` is a ``LimitExceededErrorCode``."""

    text = "The request exceeds a limit of the account."


class InvalidCrossAccountRoleException(ApiError):
    """Inspector cannot use the role; ``errorCode`` is an ``InvalidCrossAccountRoleErrorCode``."""

    text = "Account {account} does not have a cross-account access role"


class AgentsAlreadyRunningAssessmentException(ApiError):
    """Instances of the target take part in another run; ``agents`` names 1 to 10 of them."""

    defaults = {"agentsTruncated": False, "canRetry": True}
    text = "An instance of the assessment target is already participating in another assessment run."


class AssessmentRunInProgressException(ApiError):
    """Not while a run is in progress; ``assessmentRunArns`` names 1 to 10 of them."""

    defaults = {"assessmentRunArnsTruncated": False, "canRetry": True}
    text = "An assessment run is in progress."


class PreviewGenerationInProgressException(ApiError):
    """The template's exclusions preview is still being generated."""

    defaults = {}
    text = "The assessment template is generating an exclusions preview."


class UnsupportedFeatureException(ApiError):
    """The run is older than assessment reports are (GetAssessmentReport only)."""

    text = "Reports are not available for this assessment run."


class ServiceTemporarilyUnavailableException(ApiError):
    """The service is temporarily unavailable."""

    defaults = {"canRetry": True}
    text = "The service is temporarily unavailable."


class InternalException(ApiError):
    """Internal server error (HTTP 500)."""

    status = 500
    defaults = {"canRetry": True}
    text = "Internal server error."


MODELLED: dict[str, type[ApiError]] = {
    error.__name__: error
    for error in (
        AccessDeniedException,
        AgentsAlreadyRunningAssessmentException,
        AssessmentRunInProgressException,
        InternalException,
        InvalidCrossAccountRoleException,
        InvalidInputException,
        LimitExceededException,
        NoSuchEntityException,
        PreviewGenerationInProgressException,
        ServiceTemporarilyUnavailableException,
        UnsupportedFeatureException,
    )
}
"""The exceptions of botocore's model, by name."""


class CommonError(ApiError):
    """An error that every AWS action can return; ``code`` is one of :data:`COMMON`."""

    defaults = {}

    def __init__(self, code: str, message: str | None = None) -> None:
        status, text = COMMON[code]
        super().__init__(text if message is None else message)
        self._code = code
        self._status = status

    @property
    def code(self) -> str:
        return self._code

    @property
    def http_status(self) -> int:
        return self._status


COMMON: dict[str, tuple[int, str]] = {
    # The reference's last chapter.
    "IncompleteSignature": (400, "The request signature does not conform to AWS standards."),
    "InternalFailure": (500, "The request failed because of an unknown error."),
    "InvalidAction": (400, "The requested action is invalid."),
    "InvalidClientTokenId": (403, "The security token included in the request is invalid."),
    "InvalidParameterCombination": (400, "Parameters that must not be used together were used together."),
    "InvalidParameterValue": (400, "A parameter has an invalid or out-of-range value."),
    "InvalidQueryParameter": (400, "The query string is malformed."),
    "MalformedQueryString": (404, "The query string contains a syntax error."),
    "MissingAction": (400, "The request names no action."),
    "MissingAuthenticationToken": (403, "Missing Authentication Token"),
    "MissingParameter": (400, "A required parameter is missing."),
    "OptInRequired": (403, "The access key needs a subscription for the service."),
    "RequestExpired": (400, "The request reached the service more than 15 minutes after its date stamp."),
    "ServiceUnavailable": (503, "The service is temporarily unavailable."),
    "Throttling": (400, "Rate exceeded"),
    "ValidationError": (400, "The input fails to satisfy the constraints of the service."),
    # What AWS JSON services send instead, and others that clients retry.
    "AccessDenied": (403, "Access Denied"),
    "ExpiredToken": (400, "The provided token has expired."),
    "ExpiredTokenException": (400, "The security token included in the request is expired"),
    "IncompleteSignatureException": (400, "Authorization header is incomplete."),
    "InternalServerError": (500, "The request failed because of an unknown error."),
    "InvalidSignatureException": (400, "The request signature does not match the signature that was calculated."),
    "MissingAuthenticationTokenException": (403, "Missing Authentication Token"),
    "RequestLimitExceeded": (400, "Request limit exceeded."),
    "RequestTimeout": (400, "The request was not received in time."),
    "SerializationException": (400, "The request body could not be read."),
    "ServiceUnavailableException": (503, "The service is temporarily unavailable."),
    "ThrottlingException": (400, "Rate exceeded"),
    "TooManyRequestsException": (429, "Too Many Requests"),
    "UnknownOperationException": (400, "The operation is unknown."),
    "UnrecognizedClientException": (400, "The security token included in the request is invalid."),
    "ValidationException": (400, "The input fails to satisfy the constraints of the service."),
}
"""Code: HTTP status and default message."""


def failed_item(reason: str) -> dict[str, Any]:
    """Return the data type FailedItemDetails. Only an internal error is retryable."""
    return {"failureCode": reason, "retryable": reason == "INTERNAL_ERROR"}


_short = reprlib.Repr()
_short.maxlevel = 3
_short.maxdict = _short.maxlist = 4
_short.maxstring = _short.maxother = _short.maxlong = 60

_MAX_REPR_LENGTH = 300
"""The maximum length of what :func:`short_repr` returns for anything but a string."""


def short_repr(value: object, limit: int = 100) -> str:
    """Return the ``repr`` of ``value`` for a message, cut where it is long, wide or deep.

    That of a string shows at most ``limit`` characters, in which an escaped one counts as long as its escape.
    """
    if isinstance(value, str):
        shown = value[:limit]
        while len(repr(shown)) > limit + len("''"):
            shown = shown[: len(shown) * limit // len(repr(shown))]
        return repr(value) if shown == value else f"{shown!r}... ({len(value)} characters)"
    try:
        text = _short.repr(value)
    except ValueError:  # Python refuses to format integers with thousands of digits.
        return f"{type(value).__name__} that is too large to show"
    return text if len(text) <= _MAX_REPR_LENGTH else f"{text[:_MAX_REPR_LENGTH]}..."


def describe_choice(choices: Iterable[str], value: object) -> str:
    """What a message says where ``value`` is not among the ``choices``: all of them, the value, and one that is similar."""
    known = list(choices)
    return f"be one of {', '.join(known)}; got {short_repr(value)}{suggest(value, known)}"


def suggest(name: object, names: Iterable[str]) -> str:
    """Return ``; did you mean 'region'?`` when a name is similar to one of ``names``, else nothing.

    Case, hyphens and underscores do not count: a name in snake case suggests the same one in another case. A function
    counts by its name, a list of one item by that item.
    """
    text = name[0] if isinstance(name, (list, tuple)) and len(name) == 1 else getattr(name, "__name__", name)
    if not isinstance(text, str):
        return ""
    by_letters = {_letters(each): each for each in names}
    similar = difflib.get_close_matches(_letters(text), by_letters, 1)
    return f"; did you mean {by_letters[similar[0]]!r}?" if similar else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def suggest_call(value: object) -> str:
    """Return ``; did you mean snapshot()?`` when a function or class was given instead of what it returns."""
    name = getattr(value, "__name__", None)
    return f"; did you mean {name}()?" if callable(value) and name is not None else ""


_MAX_PART_DEPTH = 4


def suggest_part(value: object, is_right: Callable[[str], bool]) -> str:
    """Return ``; did you mean its ['findingArns'][0]?`` when a response was given instead of the text in it."""
    path = None if isinstance(value, str) else _find_part(value, is_right, _MAX_PART_DEPTH)
    return f"; did you mean its {path}?" if path else ""


def _find_part(value: object, is_right: Callable[[str], bool], depth: int) -> str | None:
    if isinstance(value, str):
        return "" if is_right(value) else None
    if isinstance(value, Mapping):
        entries: list[tuple[object, object]] = list(value.items())
    elif isinstance(value, (list, tuple)):
        entries = list(enumerate(value))
    else:
        return None
    for key, entry in entries if depth else ():
        path = _find_part(entry, is_right, depth - 1)
        if path is not None:
            return f"[{key!r}]{path}"
    return None

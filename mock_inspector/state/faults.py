"""Faults that a test injects: errors instead of answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..api.identifiers import DEFAULT_ACCOUNT
from ..api.operations import operation_names, suggest_operation
from ..api.service_model import enum, service_model
from ..api.validation import validate
from ..errors import COMMON, MODELLED, ApiError, CommonError, failed_item, short_repr, suggest, suggest_call
from .injected_errors import complete
from .network_failures import DAMAGED, LOST, NetworkFailure

ERROR_CODE_ENUMS = {
    "InvalidInputException": "InvalidInputErrorCode",
    "NoSuchEntityException": "NoSuchEntityErrorCode",
    "AccessDeniedException": "AccessDeniedErrorCode",
    "LimitExceededException": "LimitExceededErrorCode",
    "InvalidCrossAccountRoleException": "InvalidCrossAccountRoleErrorCode",
}
"""The exceptions that have an errorCode, and the enum of its values."""

_FAILED_ITEM_ENUM = "FailedItemErrorCode"

ANY_OPERATION = "*"


class FailedItems(Exception):  # noqa: N818  not an error: the response is a 200 whose items have all failed
    """Every item of a batch fails with ``code`` (a ``FailedItemErrorCode``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ParametersAre:
    """A ``when`` that can be saved as JSON: the request has these parameter values."""

    values: dict[str, Any]

    def __call__(self, params: dict[str, Any]) -> bool:
        return all(name in params and params[name] == value for name, value in self.values.items())


@dataclass(slots=True, eq=False)
class Fault:
    """An injected fault: which calls it applies to, and what it does to them."""

    operation: str
    error: BaseException
    times: int | None
    after: int
    when: Callable[[dict[str, Any]], object] | None
    where: str = ""
    """The line or the control call that injected it."""
    hits: int = 0
    """How many calls it was applied to."""

    @property
    def is_spent(self) -> bool:
        """Whether no further call can trigger it."""
        return self.times == 0

    def may_apply(self, operation: str, params: Any) -> bool:
        """Whether the fault applies to a call if its ``when``, which is the test's own code, accepts it."""
        if self.operation not in (ANY_OPERATION, operation) or self.is_spent:
            return False
        return self.when is None or isinstance(params, dict)

    def try_consume(self) -> bool:
        """Count a call that it may apply to, and that ``when`` accepts. Returns whether the fault applies."""
        if self.is_spent:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.hits += 1
        return True

    @property
    def summary(self) -> str:
        """What the fault does to which calls, and where it was injected."""
        error = self.error
        if isinstance(error, ApiError):
            name = f"{error.code} ({error.members['errorCode']})" if "errorCode" in error.members else error.code
        else:
            name = str(error) if isinstance(error, (FailedItems, NetworkFailure)) else type(error).__name__
        after = f", after {self.after} more" if self.after else ""
        when = "" if self.when is None else f", when {getattr(self.when, '__name__', self.when)}"
        return f"{self.operation}: {name}{after}{when}{f' ({self.where})' if self.where else ''}"


def build_fault(
    operation: Any,
    error: str | Mapping[str, Any] | BaseException,
    times: int | None,
    after: int,
    when: Callable[[dict[str, Any]], object] | None,
    where: str = "",
) -> Fault:
    """Return a validated fault that the line ``where`` injects. ValueError or TypeError, saying what is allowed."""
    check_operation(operation)
    for name, value, minimum in (("times", times, 1), ("after", after, 0)):
        if name == "times" and value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise ValueError(f"{name} must be a whole number of at least {minimum}; got {short_repr(value)}")
    if when is not None and not callable(when):
        raise TypeError(f"when must be a function of the call's parameters; got {short_repr(when)}")
    return Fault(operation, _build_error(operation, error), times, after, when, where)


def check_operation(operation: object) -> None:
    """ValueError for anything but an operation's name or ``*``."""
    if not isinstance(operation, str) or (operation != ANY_OPERATION and operation not in operation_names()):
        is_error = isinstance(operation, str) and operation in (*MODELLED, *COMMON, *LOST, *DAMAGED)
        suggestion = ", which is an error: the operation comes first" if is_error else suggest_operation(operation)
        raise ValueError(
            "operation must be an operation of the API, such as 'ListFindings', or '*'; "
            f"got {short_repr(operation)}{suggestion}"
        )


_caller_name: ContextVar[str] = ContextVar("caller_name", default="")


@contextmanager
def name_caller(name: str) -> Iterator[None]:
    """Let :func:`find_caller` return ``name``, for a call that no line of the test's code makes."""
    token = _caller_name.set(name)
    try:
        yield
    finally:
        _caller_name.reset(token)


def find_caller() -> str:
    """Return the line that called into this package, or the name that the caller was given."""
    if _caller_name.get():
        return _caller_name.get()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        frame = frame.f_back
    if frame is None:
        return ""
    path = frame.f_code.co_filename
    with suppress(OSError, ValueError):  # The working directory may be gone, or on another drive.
        path = min(path, os.path.relpath(path), key=len)
    return f"{path}:{frame.f_lineno}"


def _build_error(operation: str, error: str | Mapping[str, Any] | BaseException) -> BaseException:
    if isinstance(error, BaseException):
        return error
    if isinstance(error, str):
        return _from_code(operation, error, {})
    if isinstance(error, Mapping):
        members = dict(error)
        code = members.pop("__type", members.pop("code", None)) or members.get("errorCode")
        if isinstance(code, str):
            return _from_code(operation, code, members)
    raise TypeError(
        "error must be an error's code ('ThrottlingException', 'NoSuchEntityException', 'ACCESS_DENIED_TO_FINDING'), a "
        f"mapping with 'code' and the error's members, or an exception instance; got {short_repr(error)}{_suggest_error(error)}"
    )


def _suggest_error(error: object) -> str:
    """What a test may have meant by an exception's class, or by the response that botocore's ClientError has."""
    if isinstance(error, Mapping):
        members = error.get("Error", error)
        code = members.get("Code") if isinstance(members, Mapping) else None
        return f"; did you mean {{'code': {code!r}}}?" if isinstance(code, str) else ""
    return suggest_call(error)


def _from_code(operation: str, code: str, members: dict[str, Any]) -> BaseException:
    if code in MODELLED:
        return _modelled(code, members)
    if code in LOST or code in DAMAGED:
        if members:
            raise ValueError(f"error: {code} simulates a network failure and has no members; got {short_repr(members)}")
        return NetworkFailure(code)
    if code in COMMON:
        message = members.pop("message", None)
        if members or not isinstance(message, (str, type(None))):
            got = {**members, "message": message}
            raise ValueError(f"error: {code} has no member but message, a string; got {short_repr(got)}")
        return CommonError(code, message)
    for exception, codes in ERROR_CODE_ENUMS.items():
        if code in enum(codes):
            return _modelled(exception, {**members, "errorCode": code})
    if code in enum(_FAILED_ITEM_ENUM) and not members:
        batches = [name for name in sorted(operation_names()) if has_failed_items(name)]
        if operation not in batches:
            raise ValueError(f"error: {code} is for the items of {', '.join(batches)}; got operation {operation!r}")
        return FailedItems(code)
    error_codes = [value for values in ERROR_CODE_ENUMS.values() for value in enum(values)]
    raise ValueError(
        f"error must be one of {', '.join([*MODELLED, *COMMON])}, one of the model's error codes, or for a network "
        f"failure one of {', '.join([*LOST, *DAMAGED])}; got {short_repr(code)}"
        f"{suggest(code, [*MODELLED, *COMMON, *LOST, *DAMAGED, *error_codes])}"
    )


def _modelled(name: str, members: dict[str, Any]) -> ApiError:
    error = MODELLED[name](**members)
    completed = complete(error, "ListFindings", {}, partition="aws", region="us-east-1", account_id=DEFAULT_ACCOUNT)
    validate(name, {"message": error.message, **completed.members}, "error")
    return error


def has_failed_items(operation: str) -> bool:
    """Whether an operation reports bad items in ``failedItems``."""
    output = service_model().operation_model(operation).output_shape
    return output is not None and "failedItems" in output.members


def fail_all_items(operation: str, params: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the response of a batch operation whose items have all failed with ``code``."""
    model = service_model().operation_model(operation)
    arns = next(value for name, value in params.items() if name.endswith("Arns"))
    empty: dict[str, Any] = {
        name: {} if shape.type_name == "map" else [] for name, shape in model.output_shape.members.items()
    }
    return {**empty, "failedItems": {arn: failed_item(code) for arn in arns}}

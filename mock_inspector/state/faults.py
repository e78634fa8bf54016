"""Faults that a test injects: errors in place of answers."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..api.operations import names
from ..api.service_model import enum, service_model
from ..errors import COMMON, MODELLED, ApiError, CommonError, failed_item, short_repr
from .authored import validate
from .network_failures import DAMAGED, LOST, NetworkFailure

_CODED = {
    "InvalidInputException": "InvalidInputErrorCode",
    "NoSuchEntityException": "NoSuchEntityErrorCode",
    "AccessDeniedException": "AccessDeniedErrorCode",
    "LimitExceededException": "LimitExceededErrorCode",
    "InvalidCrossAccountRoleException": "InvalidCrossAccountRoleErrorCode",
}
"""The exceptions that carry an errorCode, and the enum it is from."""

FAILED_ITEM_CODES = "FailedItemErrorCode"

ANY_OPERATION = "*"


class FailedItems(Exception):  # noqa: N818  it is no error: the answer is a 200 whose items have all failed
    """Answer that every item of a batch failed, with ``code`` (a ``FailedItemErrorCode``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ParametersAre:
    """A ``when`` that JSON can tell: these parameters have these values."""

    wanted: dict[str, Any]

    def __call__(self, params: dict[str, Any]) -> bool:
        return all(name in params and params[name] == value for name, value in self.wanted.items())


@dataclass(slots=True)
class Fault:
    """An injected fault: which calls it meets, and what it does to them."""

    operation: str
    error: BaseException
    times: int | None
    after: int
    when: Callable[[dict[str, Any]], object] | None
    where: str = ""
    """The line that injected it."""
    met: int = 0

    def meets(self, operation: str, params: Any) -> bool:
        """Whether this call is the fault's; counts it when it is."""
        if self.operation not in (ANY_OPERATION, operation) or self.times == 0:
            return False
        if self.when is not None and not (isinstance(params, dict) and self.when(params)):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.met += 1
        return True

    @property
    def shown(self) -> str:
        """The fault in short: what it does to which calls, and where it was injected."""
        error = self.error
        if isinstance(error, ApiError):
            name = f"{error.code} ({error.members['errorCode']})" if "errorCode" in error.members else error.code
        else:
            name = str(error) if isinstance(error, (FailedItems, NetworkFailure)) else type(error).__name__
        spared = f", after {self.after} more" if self.after else ""
        chosen = "" if self.when is None else f", when {getattr(self.when, '__name__', self.when)}"
        return f"{self.operation}: {name}{spared}{chosen}{f' ({self.where})' if self.where else ''}"


def fault(
    operation: Any,
    error: str | Mapping[str, Any] | BaseException,
    times: int | None,
    after: int,
    when: Callable[[dict[str, Any]], object] | None,
    where: str = "",
) -> Fault:
    """A checked fault, injected at the line ``where``. ValueError or TypeError, saying what is allowed, for what cannot be injected."""
    if not isinstance(operation, str) or (operation != ANY_OPERATION and operation not in names()):
        near = difflib.get_close_matches(str(operation).title().replace("_", ""), names(), 1) or ["ListFindings"]
        raise ValueError(
            f"operation: takes one of the API's operations, such as {near[0]!r}, or '*', got {short_repr(operation)}"
        )
    for name, value, least in (("times", times, 1), ("after", after, 0)):
        if name == "times" and value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name}: takes a whole number from {least} up, got {value!r}")
    if when is not None and not callable(when):
        raise TypeError(f"when: takes a function of the call's parameters, got {when!r}")
    return Fault(operation, _error(operation, error), times, after, when, where)


def caller() -> str:
    """The line that called into this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        frame = frame.f_back
    if frame is None:
        return ""
    path = frame.f_code.co_filename
    with suppress(OSError, ValueError):  # no working directory any more, or one on another drive
        path = min(path, os.path.relpath(path), key=len)
    return f"{path}:{frame.f_lineno}"


def _error(operation: str, error: str | Mapping[str, Any] | BaseException) -> BaseException:
    if isinstance(error, BaseException):
        return error
    if isinstance(error, str):
        return _by_code(operation, error, {})
    if isinstance(error, Mapping):
        members = dict(error)
        code = members.pop("__type", members.pop("code", None)) or members.get("errorCode")
        if isinstance(code, str):
            return _by_code(operation, code, members)
    raise TypeError(
        "error: takes an error's code ('ThrottlingException', 'NoSuchEntityException', 'ACCESS_DENIED_TO_FINDING'), a "
        f"mapping with 'code' and the error's members, or an exception instance, got {short_repr(error)}"
    )


def _by_code(operation: str, code: str, members: dict[str, Any]) -> BaseException:
    if code in MODELLED:
        return _modelled(code, members)
    if code in LOST or code in DAMAGED:
        if members:
            raise ValueError(f"error: {code} is the network's, and has no members, got {short_repr(members)}")
        return NetworkFailure(code)
    if code in COMMON:
        message = members.pop("message", None)
        if members or not isinstance(message, (str, type(None))):
            raise ValueError(
                f"error: {code} has no member but message, a string, got {short_repr({**members, 'message': message})}"
            )
        return CommonError(code, message)
    for exception, codes in _CODED.items():
        if code in enum(codes):
            return _modelled(exception, {**members, "errorCode": code})
    if code in enum(FAILED_ITEM_CODES) and not members:
        batches = [name for name in sorted(names()) if has_failed_items(name)]
        if operation not in batches:
            raise ValueError(f"error: {code} is for the items of {', '.join(batches)}, not for {operation}")
        return FailedItems(code)
    raise ValueError(
        f"error: {short_repr(code)} is no error of this service; it answers with one of "
        f"{', '.join([*MODELLED, *COMMON])}, or with one of the model's error codes; the network fails with "
        f"{', '.join([*LOST, *DAMAGED])}"
    )


def _modelled(name: str, members: dict[str, Any]) -> ApiError:
    error = MODELLED[name](**members)
    validate(name, {"message": error.message, **error.members}, "error")
    return error


def has_failed_items(operation: str) -> bool:
    """Whether an operation reports its bad items in ``failedItems``."""
    output = service_model().operation_model(operation).output_shape
    return output is not None and "failedItems" in output.members


def all_failed(operation: str, params: dict[str, Any], code: str) -> dict[str, Any]:
    """The answer of a batch operation whose items have all failed with ``code``."""
    model = service_model().operation_model(operation)
    arns = next(value for name, value in params.items() if name.endswith("Arns"))
    empty: dict[str, Any] = {
        name: {} if shape.type_name == "map" else [] for name, shape in model.output_shape.members.items()
    }
    return {**empty, "failedItems": {arn: failed_item(code) for arn in arns}}

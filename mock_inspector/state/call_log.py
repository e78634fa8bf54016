"""The log of the calls that clients made."""

from __future__ import annotations

import datetime
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, SupportsIndex, overload

from .._signatures import explain_arguments, explain_attributes
from ..api.identifiers import validate_account_id, validate_region
from ..api.literals import InjectedError, OperationName
from ..api.operations import is_read, operation_names, suggest_operation
from ..clock.moments import EpochMs, to_datetime
from ..errors import short_repr, suggest

MAX_LEVELS = 100
"""How deep members may be nested that are shown. Deeper ones could not be copied or sent everywhere."""


@explain_attributes("a call")
@dataclass(slots=True, eq=False)
class Call:
    """One request of a client and its answer.

    Bodies are kept as bytes. :attr:`parameters` and :attr:`response` parse them each time, so that changes to the
    result change neither the log nor the mock.
    """

    moment: EpochMs
    request: bytes
    operation: str = ""
    """The operation's name (``ListFindings``); empty when the request named no known operation."""
    account: str = ""
    """The account of the request. It is empty, as are the next two, when the request was not signed."""
    region: str = ""
    access_key: str = ""
    answer: bytes = b""
    error: str | None = None
    """The code of the error (``ThrottlingException``), or the name of the exception that was raised instead
    (``ReadTimeoutError``); None for a successful call."""
    message: str | None = None
    """The error's message."""

    @property
    def time(self) -> datetime.datetime:
        """The time of the call by the mock's clock: an aware ``datetime`` in UTC."""
        return to_datetime(self.moment / 1000)

    @property
    def parameters(self) -> dict[str, Any]:
        """The request's members; empty when its body is not a JSON object, or has more than MAX_LEVELS levels."""
        return _members(self.request)

    @property
    def response(self) -> dict[str, Any] | None:
        """The members of the answer, also of an error. They are empty for a void action; None when no answer came."""
        return None if self.error is not None and not self.answer else _members(self.answer)

    def to_json(self) -> dict[str, Any]:
        """The call as JSON values, the time as ISO 8601 text."""
        return {
            "operation": self.operation,
            "parameters": self.parameters,
            "response": self.response,
            "error": self.error,
            "message": self.message,
            "time": self.time.isoformat(timespec="milliseconds"),
            "account": self.account,
            "region": self.region,
            "access_key": self.access_key,
        }

    def __repr__(self) -> str:
        outcome = "" if self.error is None else f" -> {self.error}"
        return f"<Call {self.operation or '(no operation)'} {self.parameters}{outcome}>"


def repeat_key(call: Call) -> tuple[object, ...] | None:
    """What a call has in common with its repeats, which lists of calls show as one; None for one that changed something.

    Reads and failed calls change nothing.
    """
    if call.error is None and not is_read(call.operation):
        return None
    return call.operation, call.request, call.account, call.region, call.error, call.message


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(members, dict) or (
        body.count(b"{") + body.count(b"[") > MAX_LEVELS and _has_more_levels(members)
    ):
        return {}
    return members


def _has_more_levels(value: Any) -> bool:
    """Whether objects and lists are in one another deeper than MAX_LEVELS."""
    values = [value]
    for _ in range(MAX_LEVELS):
        inner = (v.values() if isinstance(v, dict) else v for v in values if isinstance(v, (dict, list)))
        values = [entry for entries in inner for entry in entries]
    return any(isinstance(value, (dict, list)) for value in values)


class CallRecorder:
    """Keeps the last ``max_calls`` (None: all), and counts all."""

    __slots__ = ("kept", "made")

    def __init__(self, max_calls: int | None = None) -> None:
        self.kept: deque[Call] = deque(maxlen=max_calls)
        self.made = 0

    def add(self, call: Call) -> None:
        """Record a call."""
        self.kept.append(call)
        self.made += 1

    def clear(self) -> None:
        """Forget all calls."""
        self.kept.clear()
        self.made = 0


@explain_attributes("calls")
class CallLog(Sequence[Call]):
    """The calls of clients, oldest first: a sequence that grows with each call.

    It keeps the last of them; :attr:`dropped` counts the older ones.
    """

    def __init__(self, recorder: CallRecorder) -> None:
        self._recorder = recorder

    def clear(self) -> None:
        """Remove all calls."""
        self._recorder.clear()

    @property
    def made(self) -> int:
        """How many calls were made, the dropped ones included."""
        return self._recorder.made

    @property
    def dropped(self) -> int:
        """How many calls were made before the oldest in the log."""
        return self.made - len(self)

    @explain_arguments("calls.of")
    def of(
        self,
        *operations: OperationName,
        account: str | None = None,
        region: str | None = None,
        access_key: str | None = None,
        error: InjectedError | str | bool | None = None,
    ) -> list[Call]:
        """Return the calls of these operations (none given: of any) that match all other arguments.

        ``error`` is an error's code, True for any error, False for none. ValueError for an unknown operation.
        """
        for operation in operations:
            _check_operation(operation)
        if account is not None:
            validate_account_id(account, "account")
        if region is not None:
            validate_region(region)
        if access_key is not None and not isinstance(access_key, str):
            raise ValueError(f"access_key must be the id of an access key; got {short_repr(access_key)}")
        if not isinstance(error, (str, bool, type(None))):
            raise ValueError(
                f"error must be an error's code, True or False; got {short_repr(error)}"
                f"{suggest(error, [getattr(error, '__name__', '')])}"
            )
        expected = {"account": account, "region": region, "access_key": access_key}
        return [
            call
            for call in list(self._recorder.kept)
            if (not operations or call.operation in operations)
            and (error is None or (call.error is not None if error is True else (call.error or False) == error))
            and all(value is None or getattr(call, name) == value for name, value in expected.items())
        ]

    def __len__(self) -> int:
        return len(self._recorder.kept)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Call: ...

    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Call | list[Call]:
        if isinstance(index, slice):
            return list(self._recorder.kept)[index]
        if not hasattr(index, "__index__"):
            raise TypeError(
                f"calls[...] must be given an index or a slice; got {short_repr(index)}{_suggest_of(index)}"
            )
        try:
            return self._recorder.kept[index]
        except IndexError:
            raise IndexError(f"calls has {len(self)} calls; got the index {index!r}") from None

    @explain_arguments("calls.last")
    def last(self, maximum: int) -> list[Call]:
        """Return at most ``maximum`` of the last calls, oldest first. ``calls[-1]`` is the last one.

        ValueError for anything but a whole number of at least 0.
        """
        if not _is_count(maximum):
            raise ValueError(
                f"maximum must be a whole number of at least 0; got {short_repr(maximum)}{_suggest_of(maximum, '[-1]')}"
            )
        kept = self._recorder.kept.copy()
        return list(islice(kept, max(0, len(kept) - maximum), None))

    def __repr__(self) -> str:
        return f"<CallLog: {len(self)} kept, {self.dropped} dropped>"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_operation(operation: object) -> None:
    if not isinstance(operation, str) or operation not in operation_names():
        raise ValueError(
            f"calls.of() must be given operations of the API; got {short_repr(operation)}"
            f"{_suggest_of(operation) if isinstance(operation, (list, tuple, set)) else suggest_operation(operation)}"
        )


def _suggest_of(value: object, index: str = "") -> str:
    """The call of :meth:`CallLog.of` that a test may have meant by ``value``: operations, in whatever case."""
    names: list[str] = []
    for entry in value if isinstance(value, (list, tuple, set)) else [value]:
        found = suggest_operation(entry)
        if not found:
            return ""
        names.append(found.removeprefix("; did you mean ").removesuffix("?"))
    return f"; did you mean calls.of({', '.join(names)}){index}?" if names else ""

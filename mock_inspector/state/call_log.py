"""The log of what clients called."""

from __future__ import annotations

import datetime
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, overload

from ..clock.clock import as_datetime


@dataclass(slots=True, eq=False)
class Call:
    """One request of a client and what came of it.

    What was sent and answered is kept as the bytes that it was. :attr:`parameters` and :attr:`response` read them
    anew each time, so that whatever is done to them changes neither the log nor the mock.
    """

    moment: int
    request: bytes
    operation: str = ""
    """The operation's name (``ListFindings``); empty when the request named none that there is."""
    account: str = ""
    """The account that the request acted for; empty, as are the next two, when it was not signed."""
    region: str = ""
    access_key: str = ""
    answer: bytes = b""
    error: str | None = None
    """The code of the error that was answered (``ThrottlingException``), or the name of the exception that was raised
    in its place (``ReadTimeoutError``); None when all went well."""
    message: str | None = None
    """What the error said."""

    @property
    def time(self) -> datetime.datetime:
        """When it was, by the mock's clock: an aware ``datetime`` in UTC."""
        return as_datetime(self.moment / 1000)

    @property
    def parameters(self) -> dict[str, Any]:
        """The request's members; none when its body was no JSON object."""
        return _members(self.request)

    @property
    def response(self) -> dict[str, Any] | None:
        """The members of the answer, of an error too; none of a void action; None when no answer came."""
        return None if self.error is not None and not self.answer else _members(self.answer)

    def members(self) -> dict[str, Any]:
        """The call as one mapping of JSON values, the time as ISO 8601 text."""
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


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


class Calls(Sequence[Call]):
    """What clients have called, oldest first: a sequence that grows with each call.

    It keeps the last ``most`` calls (None: all); :attr:`dropped` counts those before.
    """

    def __init__(self, most: int | None = None) -> None:
        self._kept: deque[Call] = deque(maxlen=most)
        self._made = 0

    def add(self, call: Call) -> None:
        """Log a call."""
        self._kept.append(call)
        self._made += 1

    def clear(self) -> None:
        """Forget all calls."""
        self._kept.clear()
        self._made = 0

    @property
    def made(self) -> int:
        """How many calls were made, those that are kept and those before."""
        return self._made

    @property
    def dropped(self) -> int:
        """How many calls were made before the oldest that is kept."""
        return self._made - len(self._kept)

    def of(
        self,
        *operations: str,
        account: str | None = None,
        region: str | None = None,
        access_key: str | None = None,
        error: str | bool | None = None,
    ) -> list[Call]:
        """The calls of these operations (none given: of any), as far as they match all the rest.

        ``error`` is an error's code, True for calls that ended in any error, False for those that did not.
        ValueError for a name that is no operation of the API.
        """
        for operation in operations:
            _check_operation(operation)
        wanted = {"account": account, "region": region, "access_key": access_key}
        return [
            call
            for call in list(self._kept)
            if (not operations or call.operation in operations)
            and (error is None or (call.error is not None if error is True else (call.error or False) == error))
            and all(value is None or getattr(call, name) == value for name, value in wanted.items())
        ]

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> Call: ...

    @overload
    def __getitem__(self, place: slice) -> list[Call]: ...

    def __getitem__(self, place: int | slice) -> Call | list[Call]:
        if isinstance(place, slice):
            return list(self._kept)[place]
        return self._kept[place]

    def last(self, most: int) -> list[Call]:
        """The last calls, ``most`` of them at most."""
        kept = self._kept.copy()
        return list(islice(kept, max(0, len(kept) - most), None))

    def __repr__(self) -> str:
        return f"<Calls: {len(self)} kept, {self.dropped} dropped>"


def _check_operation(name: str) -> None:
    """ValueError for a name that no operation has: asking after it would always find nothing."""
    import difflib

    from ..api.operations import names

    if name not in names():
        near = difflib.get_close_matches(str(name), names(), 1)
        raise ValueError(f"calls.of: {name!r} is no operation{f'; did you mean {near[0]}?' if near else ''}")

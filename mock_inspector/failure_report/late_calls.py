"""Calls that a client sent to the real endpoint, because its mock had ended. The traceback of their failure shows them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from ..wire.dispatcher import is_request_id

_CLIENTS = frozenset({"aiobotocore.client", "botocore.client"})
_SENDERS = frozenset({"aiobotocore.endpoint", "botocore.endpoint"})


class LateCall(NamedTuple):
    """A call that no mock has answered."""

    operation: str
    url: str


def find_late_call(error: BaseException | None) -> LateCall | None:
    """The call of Inspector that an exception, or what led to it, came from, if it was sent and no mock was active."""
    for each in _chain(error):
        frames = [frame for frame, _ in traceback.walk_tb(each.__traceback__)]
        modules = [str(frame.f_globals.get("__name__")) for frame in frames]
        client = next(filter(_is_call, frames), None)
        if client is None or any(name.startswith("mock_inspector.patches.") for name in modules):
            continue
        if isinstance(each, ClientError):
            is_late = not is_request_id(each.response.get("ResponseMetadata", {}).get("RequestId", ""))
        else:
            is_late = not _SENDERS.isdisjoint(modules)
        if is_late:
            return LateCall(client.f_locals["operation_name"], client.f_locals["self"].meta.endpoint_url)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that it was raised from or while handling."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__]


def _is_call(frame: FrameType) -> bool:
    client: Any = frame.f_locals.get("self")
    return (
        frame.f_code.co_name == "_make_api_call"
        and frame.f_globals.get("__name__") in _CLIENTS
        and client.meta.service_model.service_name == "inspector"
    )

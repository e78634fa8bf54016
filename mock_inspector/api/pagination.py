"""Pages of lists, and the tokens that lead from one page to the next."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol, TypedDict, TypeVar

from ..errors import InvalidInputException, short_repr

MAX_RESULTS = 500
"""The documented maximum of ``maxResults``. A higher value counts as this one, as it did in production."""

DEFAULT_RESULTS = 10


class Numbered(Protocol):
    """An item with a creation number; newer items have higher numbers."""

    @property
    def number(self) -> int: ...


T = TypeVar("T", bound=Numbered)


class NextToken(TypedDict, total=False):
    """What a response has when more pages follow."""

    nextToken: str


class Pager:
    """One page of a list: which items it starts after, how many it holds, and the token of the next page.

    A token holds the number of the last item shown, so it survives inserts and deletes, and a digest of the ``request``:
    the operation, the account and region, and the other parameters. ``max_page_size`` makes pages shorter than the
    request allows, as the service was free to do.

    Raises InvalidInputException: INVALID_MAX_RESULTS below 1, INVALID_PAGINATION_TOKEN for a token of another request.
    """

    def __init__(
        self, request: tuple[Any, ...], token: str | None, max_results: int, max_page_size: int | None = None
    ) -> None:
        self._request = request
        self._size = min(max_results, MAX_RESULTS, max_page_size or MAX_RESULTS)
        if max_results < 1:
            raise InvalidInputException(
                f"maxResults must be 1 to {MAX_RESULTS}; got {short_repr(max_results)}.",
                errorCode="INVALID_MAX_RESULTS",
            )
        self.after = -1 if token is None else self._read(token)

    def page(self, candidates: Iterable[T], maximum: int) -> tuple[list[T], NextToken]:
        """Return the page made of the first ``candidates``, and ``{"nextToken": ...}`` when there are more.

        ``candidates`` start after number :attr:`after`. The page holds at most ``maximum`` of them, the model's bound
        of the response's list.
        """
        size = min(self._size, maximum)
        items = list(islice(candidates, size + 1))
        if len(items) <= size:
            return items, {}
        return items[:size], {"nextToken": self._token(items[size - 1].number)}

    def _token(self, number: int) -> str:
        """The token of a number: base64 of the number and a digest of it and the request."""
        request = json.dumps([_without_empty(value) for value in self._request], sort_keys=True)
        digest = hashlib.blake2b(f"{number} {request}".encode(), digest_size=13).digest()
        return base64.urlsafe_b64encode(number.to_bytes(8, "big") + digest).decode()

    def _read(self, token: str) -> int:
        try:
            number = int.from_bytes(base64.urlsafe_b64decode(token.encode("ascii"))[:8], "big")
        except (binascii.Error, ValueError):
            number = -1
        # A token has one spelling: the one that is made here.
        if number < 0 or self._token(number) != token:
            raise InvalidInputException(
                f"nextToken {short_repr(token)} is not valid for this request. Pass the nextToken of the previous "
                "response together with the same parameters.",
                errorCode="INVALID_PAGINATION_TOKEN",
            )
        return number


def _without_empty(value: Any) -> Any:
    """A parameter without its empty parts: an empty filter or list counts as none."""
    if isinstance(value, dict):
        parts = {name: part for name, entry in value.items() if (part := _without_empty(entry)) is not None}
        return parts or None
    return None if value in ("", []) else value

"""Pages of lists, and the opaque tokens that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from ..errors import InvalidInputException, short_repr
from ..state.collections import Numbered

MAX_RESULTS = 500
"""The documented maximum of ``maxResults``; more is taken as this (public clients ask for 5,000)."""

DEFAULT_RESULTS = 10

T = TypeVar("T", bound=Numbered)


class Pager:
    """One question for a list: which page is asked for, and the way to the next.

    A token holds the number of the last item shown, so it survives inserts and deletes, and a seal that ties it to the
    operation, the account and region (``owner``) and what was ``asked``. Raises InvalidInputException: INVALID_MAX_RESULTS below
    1, INVALID_PAGINATION_TOKEN for a token that another question got.
    """

    def __init__(
        self,
        operation: str,
        owner: str,
        token: str | None,
        max_results: int | None,
        *asked: Any,
        default: int = DEFAULT_RESULTS,
    ) -> None:
        self._identity = (operation, owner, asked)
        self._size = min(default if max_results is None else max_results, MAX_RESULTS)
        if self._size < 1:
            raise InvalidInputException(
                f"maxResults: got {short_repr(max_results)}, takes 1 to {MAX_RESULTS}.", errorCode="INVALID_MAX_RESULTS"
            )
        self.after = -1 if token is None else self._position(token)

    def page(self, candidates: Iterable[T], bound: int) -> tuple[list[T], dict[str, str]]:
        """The page made of the first ``candidates``, and ``{"nextToken": ...}`` when there are more (else nothing).

        ``candidates`` begin after number :attr:`after`; the page holds at most ``bound`` of them, the model's bound
        of the answer's list.
        """
        size = min(self._size, bound)
        items = list(islice(candidates, size + 1))
        if len(items) <= size:
            return items, {}
        number = self._masked(items[size - 1].number).to_bytes(8, "big")
        return items[:size], {"nextToken": base64.urlsafe_b64encode(number + self._seal(number)).decode()}

    def _position(self, token: str) -> int:
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not raw or raw[8:] != self._seal(raw[:8]):
            raise InvalidInputException(
                f"nextToken: {short_repr(token)} is no token of this operation with these parameters; pass the nextToken of "
                "the answer before, and the same parameters.",
                errorCode="INVALID_PAGINATION_TOKEN",
            )
        return self._masked(int.from_bytes(raw[:8], "big"))

    @cached_property
    def _question(self) -> bytes:
        operation, owner, asked = self._identity
        return json.dumps([operation, owner, [_said(value) for value in asked]], sort_keys=True).encode()

    def _seal(self, number: bytes) -> bytes:
        # 13 bytes, so that a token is 21: base64 of a multiple of 3 has only one spelling.
        return hashlib.blake2b(number + self._question, digest_size=13).digest()

    def _masked(self, number: int) -> int:
        """The number under a mask (and out of it again), so that tokens do not invite arithmetic."""
        return number ^ int.from_bytes(hashlib.blake2b(self._question, digest_size=8).digest(), "big")


def _said(asked: Any) -> Any:
    """What a parameter says, so that an empty filter or list counts as none."""
    if isinstance(asked, dict):
        return {name: said for name, value in asked.items() if (said := _said(value)) is not None} or None
    return asked or None

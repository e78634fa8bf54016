"""requests, where the package ``responses`` answers for it: the URLs of reports pass.

An active ``responses`` mock refuses what it has no answer for. The prefixes that a mock lets pass are an attribute of
it; here that attribute gets one more, in all of them, those to come included. What a test has registered itself for a
report's URL still comes first.
"""

from __future__ import annotations

import sys
from typing import Any

_ATTRIBUTE = "passthru_prefixes"


class PassthroughPatch:
    """Lets URLs that begin with a prefix pass through every ``responses`` mock."""

    def __init__(self) -> None:
        self._class: Any = None

    def start(self, prefix: str) -> None:
        """Let such URLs pass from now on, if ``responses`` is loaded. May be called again, when it was not."""
        responses = sys.modules.get("responses")
        if responses is None or self._class is not None:
            return
        prefixes = _Prefixes(prefix)
        self._class = responses.RequestsMock
        setattr(self._class, _ATTRIBUTE, prefixes)

    def stop(self) -> None:
        """Let every mock have its own prefixes again."""
        if self._class is not None:
            delattr(self._class, _ATTRIBUTE)
            self._class = None


class _Prefixes:
    """The attribute of a mock with one prefix more; the mock itself keeps its own ones only."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __get__(self, mock: Any, owner: Any = None) -> Any:
        if mock is None:
            return self
        return (*vars(mock).get(_ATTRIBUTE, ()), self._prefix)

    def __set__(self, mock: Any, prefixes: Any) -> None:
        vars(mock)[_ATTRIBUTE] = tuple(prefix for prefix in prefixes if prefix != self._prefix)

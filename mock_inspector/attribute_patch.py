"""AttributePatch: replaces one attribute of a class or module, and restores it safely. All other patches are made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class AttributePatch:
    """Replaces one attribute of a class or module.

    Others may patch the same attribute later, and leave in any order. Hence :meth:`uninstall` restores only a
    replacement of ours, and :meth:`install` does not patch twice what somebody has put back. A replacement may stay in
    somebody else's chain of calls; it has to call the original while its patch is not installed.
    """

    def __init__(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """``wrap`` makes the replacement from the attribute's current value. The ``owner`` has to define the attribute."""
        self._owner, self._name, self._wrap = owner, name, wrap
        self._original: Any = None
        self._replacement: Any = None

    def install(self) -> None:
        """Replace the attribute."""
        current = vars(self._owner)[self._name]
        if current is self._replacement:
            return
        if current is not self._original or self._replacement is None:  # else the last replacement will do
            self._replacement = None  # until it is made: an interrupt may come in between
            self._original = current
            self._replacement = self._wrap(current)
        setattr(self._owner, self._name, self._replacement)

    def uninstall(self) -> None:
        """Restore the attribute, unless somebody else has replaced it since."""
        if self._replacement is not None and vars(self._owner).get(self._name) is self._replacement:
            setattr(self._owner, self._name, self._original)

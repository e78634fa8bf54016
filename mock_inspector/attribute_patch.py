"""AttributePatch: replaces one attribute of a class or module, and restores it safely. All other patches are made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_NOTHING: Any = object()
"""What a patch has replaced before it was installed the first time."""


class AttributePatch:
    """Replaces one attribute of a class or module.

    Others may patch the same attribute later, and leave in any order. Hence :meth:`uninstall` restores only a
    replacement of ours, and :meth:`install` does not patch twice what somebody has put back. A replacement may stay in
    somebody else's chain of calls; it has to call the original while its patch is not installed.
    """

    def __init__(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """``wrap`` makes the replacement from the attribute's current value. The ``owner`` has to define the attribute."""
        self._owner, self._name, self._wrap = owner, name, wrap
        self._members = vars(owner)
        self._original = self._replacement = _NOTHING

    def install(self) -> None:
        """Replace the attribute."""
        current = self._members[self._name]
        if current is not self._original:  # else the last replacement will do
            if current is self._replacement:
                return
            self._replacement = self._wrap(current)
            self._original = current  # not before: an interrupt may come in between
        setattr(self._owner, self._name, self._replacement)

    def uninstall(self) -> None:
        """Restore the attribute, unless somebody else has replaced it since."""
        if self._members.get(self._name) is self._replacement:
            setattr(self._owner, self._name, self._original)

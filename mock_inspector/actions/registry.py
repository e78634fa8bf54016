"""What each action declares of itself: its name, what it follows, and what it only approximates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

Answer = dict[str, Any]
"""A response: JSON values, moments as epoch seconds. Void actions return an empty one."""

F = TypeVar("F", bound=Callable[..., Answer])


class Action(NamedTuple):
    """An action: the function that carries it out, and how faithful it is.

    ``follows`` names the sources by which it answers; ``approximates`` what no source tells and was chosen here.
    """

    function: Callable[..., Answer]
    follows: str
    approximates: str


ACTIONS: dict[str, Action] = {}
"""All actions by their snake-case names."""


def action(*, follows: str, approximates: str = "") -> Callable[[F], F]:
    """Declare a function as the action of its name (see :class:`Action`)."""

    def declare(function: F) -> F:
        ACTIONS[function.__name__] = Action(function, follows, approximates)
        return function

    return declare

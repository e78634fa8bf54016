"""What each action declares: its name, what it follows, what it approximates, and whether time changes its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

ResponseBody = dict[str, Any]
"""A response as JSON values, moments as epoch seconds. That of a void action is empty."""

F = TypeVar("F", bound=Callable[..., Mapping[str, Any]])


@dataclass(frozen=True, slots=True)
class Action:
    """An action: its function, and how faithful it is.

    ``follows`` names its sources, ``approximates`` what no source tells. ``changes_with_time`` marks a read whose
    answer time alone can change; only those are polled.
    """

    function: Callable[..., Any]
    follows: str
    approximates: str
    changes_with_time: bool


ACTIONS: dict[str, Action] = {}
"""All actions by their snake-case names."""


def action(*, follows: str, approximates: str = "", changes_with_time: bool = False) -> Callable[[F], F]:
    """Declare a function as the action of its name (see :class:`Action`)."""

    def declare(function: F) -> F:
        ACTIONS[function.__name__] = Action(function, follows, approximates, changes_with_time)
        return function

    return declare

"""The keywords of ``mock_inspector(...)`` and of the marker: their defaults, and what they take."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from . import _plugin_state
from .api.identifiers import DEFAULT_ACCOUNT, QUOTAS, validate_account_id, validate_region

DEFAULT_REGION = "us-east-1"
CHOSEN_BY_INNER = frozenset({"account_id", "region"})
"""What a nested use may choose for the backend it yields; the rest is the outermost's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a mock.

    :param account_id: the account of any access key that is not registered otherwise.
    :param region: the region of the yielded backend; None: ``AWS_DEFAULT_REGION``, else us-east-1.
    :param freeze: how to freeze time at the start: ``True`` or ``"freezegun"``, or ``"time-machine"`` where that is
        installed (the types of ``datetime`` stay real); ``False``: follow the clock as it is.
    :param at: the moment to freeze at: a ``datetime`` (naive ones are UTC), ISO 8601 text or epoch seconds; None: now.
    :param sleep: whether, while time is frozen, sleeping moves the clock instead of waiting.
    :param allow_network: whether botocore requests that nothing mocks may leave the machine.
    :param allow_unused_faults: whether a fault that was injected and never met a call is all right; otherwise the end of
        the mock raises an ``AssertionError`` that tells of it, unless the test has failed anyway.
    :param limits: overrides of the service's quotas, by name; None as a value lifts the quota.
    :param max_calls: how many of the last calls are kept in ``backend.calls``; None: all of them.
    :param id_seed: what minted ids depend on; None: the running test's node id (that of the class, module or session in
        a fixture of such a scope), else a constant. A ``state`` brings its own.
    :param state: the state to begin with: what ``backend.snapshot()`` returned, or the path of a JSON file of that.
        Time begins at its moment, or at ``at``, which cannot lie before it.
    """

    account_id: str = DEFAULT_ACCOUNT
    region: str | None = None
    freeze: bool | Literal["freezegun", "time-machine"] = True
    at: datetime.datetime | str | float | None = None
    sleep: bool = True
    allow_network: bool = False
    allow_unused_faults: bool = False
    limits: Mapping[str, int | None] = field(default_factory=dict)
    max_calls: int | None = 10_000
    id_seed: str | None = None
    state: Mapping[str, Any] | str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        validate_account_id(self.account_id)
        if self.region is not None:
            validate_region(self.region)
        self._check_freeze()
        for name in ("sleep", "allow_network", "allow_unused_faults"):
            flag = getattr(self, name)
            if not isinstance(flag, bool):
                raise TypeError(f"{name}: takes True or False, got {flag!r}")
        if self.at is not None:
            from .clock.clock import as_datetime

            as_datetime(self.at, "at")
            if not self.freeze:
                raise ValueError("at: cannot be used with freeze=False")
        self._check_limits()
        if not _is_most(self.max_calls):
            raise ValueError(f"max_calls: takes a whole number from 0 up, or None, got {self.max_calls!r}")
        if self.id_seed is not None and not isinstance(self.id_seed, str):
            raise TypeError(f"id_seed: takes a string, got {self.id_seed!r}")
        named = os.fspath(self.state) if isinstance(self.state, os.PathLike) else self.state
        if named is not None and not isinstance(named, (Mapping, str)):
            raise TypeError(f"state: takes a snapshot or the path of its JSON file, got {self.state!r}")

    @property
    def freezer(self) -> Literal["freezegun", "time-machine"] | None:
        """What freezes time at the start, if anything."""
        return "freezegun" if self.freeze is True else self.freeze or None

    def _check_freeze(self) -> None:
        freeze: object = self.freeze
        if not isinstance(freeze, bool) and freeze not in ("freezegun", "time-machine"):
            error = ValueError if isinstance(freeze, str) else TypeError
            raise error(f'freeze: must be True, False, "freezegun" or "time-machine"; got {freeze!r}')
        if self.freeze == "time-machine" and "time_machine" not in sys.modules and find_spec("time_machine") is None:
            raise ValueError('freeze: "time-machine" needs the package time-machine: pip install time-machine')

    def _check_limits(self) -> None:
        if not isinstance(self.limits, Mapping):
            raise TypeError(f"limits: takes a mapping such as {{'assessment_targets': 2}}, got {self.limits!r}")
        for name, quota in self.limits.items():
            if name not in QUOTAS:
                raise ValueError(f"limits: takes {', '.join(QUOTAS)}, got {name!r}")
            if not _is_most(quota):
                raise ValueError(f"limits: {name} takes a whole number from 0 up, or None, got {quota!r}")

    def effective(self, name: str) -> Any:
        """An option's value in a form in which equal ones are equal, however they were given."""
        if name == "at" and self.at is not None:
            from .clock.clock import as_datetime

            return as_datetime(self.at, "at")
        if name == "freeze":
            return self.freezer
        if name == "state" and isinstance(self.state, (str, os.PathLike)):
            return Path(self.state).absolute()
        return {**QUOTAS, **self.limits} if name == "limits" else getattr(self, name)

    @property
    def effective_region(self) -> str:
        """The region of the default backend. ValueError when the environment names none that could be one."""
        return self.region or validate_region(
            os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION, "region (from AWS_DEFAULT_REGION)"
        )

    @property
    def effective_seed(self) -> str:
        """What ids depend on: the seed given, the node id of what the mock is for under pytest, or a constant.

        That is the running test, or the class, module or session that a fixture is being set up for.
        """
        if self.id_seed is not None:
            return self.id_seed
        if _plugin_state.scope is not None:
            return _plugin_state.scope
        running = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        return _plugin_state.renamed.get(running, running) or "mock_inspector"


_KNOWN = tuple(entry.name for entry in fields(Options))


def _is_most(value: Any) -> bool:
    """Whether a value says how many there may be: a whole number from 0 up, or None for any."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def parse_options(keywords: Mapping[str, Any]) -> Options:
    """The options that ``keywords`` say. TypeError for an unknown keyword, naming those there are."""
    unknown = [name for name in keywords if name not in _KNOWN]
    if unknown:
        raise TypeError(
            f"mock_inspector: unknown keyword {', '.join(map(repr, unknown))}; it takes {', '.join(_KNOWN)}"
        )
    return Options(**keywords)

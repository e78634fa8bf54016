"""The keywords of ``mock_inspector(...)`` and of the marker: their defaults, and what they allow."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypedDict

from ._plugin_state import INI_OPTIONS, INI_PREFIX, plugin_state
from ._signatures import check_keywords
from .api.identifiers import DEFAULT_ACCOUNT, validate_account_id, validate_region
from .errors import describe_choice, short_repr, suggest, suggest_call
from .state.quotas import QUOTAS

Freezer = Literal["freezegun", "time-machine"]

DEFAULT_REGION = "us-east-1"
CHOSEN_BY_INNER = frozenset({"account_id", "region"})
"""What a nested use may choose for the backend that it yields. Everything else is the outermost's."""


class MockKeywords(TypedDict, total=False):
    """The keywords of ``mock_inspector(...)``; see :class:`Options`."""

    account_id: str
    region: str | None
    freeze: bool | Freezer
    at: datetime.datetime | str | float | None
    sleep: bool
    allow_network: bool
    allow_unused_faults: bool
    limits: Mapping[str, int | None]
    max_calls: int | None
    max_page_size: int | None
    id_seed: str | None
    state: Mapping[str, Any] | str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a mock.

    :param account_id: the account of any access key that is not registered otherwise.
    :param region: the region of the yielded backend; None: ``AWS_DEFAULT_REGION``, else us-east-1.
    :param freeze: how to freeze time at the start: ``True`` or ``"freezegun"``, or ``"time-machine"`` where that is
        installed (the types of ``datetime`` stay real); ``False``: follow the clock as it is.
    :param at: the moment to freeze at: a ``datetime`` (naive ones are UTC), ISO 8601 text or epoch seconds; None: now.
    :param sleep: whether sleeping moves the frozen clock instead of taking real time.
    :param allow_network: whether botocore requests that nothing mocks may leave the machine.
    :param allow_unused_faults: do not fail the test when an injected fault was never triggered.
    :param limits: overrides of the service's quotas, by name; None as a value lifts the quota.
    :param max_calls: how many of the last calls ``backend.calls`` keeps; None: all of them.
    :param max_page_size: how many items a page of a list holds at most, also where the request allows more; None: as many
        as the request and the API allow. Code that expects whole pages, and not the token, fails with it.
    :param id_seed: what generated ids depend on; None: the running test's node id (that of the class, module or session
        in a fixture of such a scope), else a constant. A ``state`` has its own.
    :param state: the state to start with: what ``backend.snapshot()`` returned, or the path of a JSON file of that.
        Time starts at its moment, or at ``at``, which must not be before it.
    """

    account_id: str = DEFAULT_ACCOUNT
    region: str | None = None
    freeze: bool | Freezer = True
    at: datetime.datetime | str | float | None = None
    sleep: bool = True
    allow_network: bool = False
    allow_unused_faults: bool = False
    limits: Mapping[str, int | None] = field(default_factory=dict)
    max_calls: int | None = 10_000
    max_page_size: int | None = None
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
                raise TypeError(f"{name} must be True or False; got {short_repr(flag)}")
        if self.at is not None:
            from .clock.moments import to_datetime

            to_datetime(self.at, "at")
            if not self.freeze:
                raise ValueError(f"at must not be given with freeze=False; got {short_repr(self.at)}")
        self._check_limits()
        self._check_maxima()
        if self.id_seed is not None and not isinstance(self.id_seed, str):
            raise TypeError(f"id_seed must be a string; got {short_repr(self.id_seed)}")
        source = os.fspath(self.state) if isinstance(self.state, os.PathLike) else self.state
        if source is not None and not isinstance(source, (Mapping, str)):
            suggestion = suggest_call(self.state)
            raise TypeError(
                f"state must be a snapshot or the path of its JSON file; got {short_repr(self.state)}{suggestion}"
            )

    @property
    def freezer(self) -> Freezer | None:
        """What freezes time at the start, or None."""
        return "freezegun" if self.freeze is True else self.freeze or None

    def _check_freeze(self) -> None:
        freeze: object = self.freeze
        if not isinstance(freeze, bool) and freeze not in ("freezegun", "time-machine"):
            error = ValueError if isinstance(freeze, str) else TypeError
            suggestion = suggest(freeze, ("freezegun", "time-machine"))
            raise error(
                f'freeze must be True, False, "freezegun" or "time-machine"; got {short_repr(freeze)}{suggestion}'
            )
        if freeze == "time-machine" and "time_machine" not in sys.modules and find_spec("time_machine") is None:
            raise ValueError('freeze="time-machine" needs the package time-machine: pip install time-machine')

    def _check_limits(self) -> None:
        if not isinstance(self.limits, Mapping):
            raise TypeError(
                f"limits must be a mapping such as {{'assessment_targets': 2}}; got {short_repr(self.limits)}"
            )
        for name, quota in self.limits.items():
            if name not in QUOTAS:
                raise ValueError(f"limits may name {', '.join(QUOTAS)}; got {name!r}{suggest(name, QUOTAS)}")
            if not _is_limit(quota):
                raise ValueError(
                    f"limits: {name} must be a whole number of at least 0, or None; got {short_repr(quota)}"
                )

    def _check_maxima(self) -> None:
        if not _is_limit(self.max_calls):
            raise ValueError(
                f"max_calls must be a whole number of at least 0, or None; got {short_repr(self.max_calls)}"
            )
        if self.max_calls is not None and self.max_calls > sys.maxsize:
            raise ValueError(
                f"max_calls must be at most {sys.maxsize}, or None for all calls; got {short_repr(self.max_calls)}"
            )
        if self.max_page_size is not None and not (_is_limit(self.max_page_size) and self.max_page_size):
            raise ValueError(
                f"max_page_size must be a whole number of at least 1, or None; got {short_repr(self.max_page_size)}"
            )

    def normalize(self, name: str) -> Any:
        """Return an option's value in a form in which equal ones are equal, however they were given."""
        if name == "at" and self.at is not None:
            from .clock.moments import to_datetime

            return to_datetime(self.at, "at")
        if name == "freeze":
            return self.freezer
        if name == "state" and isinstance(self.state, (str, os.PathLike)):
            return Path(self.state).absolute()
        return {**QUOTAS, **self.limits} if name == "limits" else getattr(self, name)

    @property
    def effective_region(self) -> str:
        """The region of the default backend. ValueError when the environment names an invalid one."""
        return self.region or validate_region(
            os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION, "region (from AWS_DEFAULT_REGION)"
        )

    @property
    def effective_seed(self) -> str:
        """The seed of ids: ``id_seed``, or under pytest the node id of what the mock is for, or a constant."""
        if self.id_seed is not None:
            return self.id_seed
        if plugin_state.scope is not None:
            return plugin_state.scope
        running = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        return plugin_state.renamed.get(running, running) or "mock_inspector"


DEFAULTS: dict[str, Any] = {entry.name: {} if entry.name == "limits" else entry.default for entry in fields(Options)}
"""The defaults of the keywords."""


def _is_limit(value: Any) -> bool:
    """Whether a value is a maximum: a whole number of at least 0, or None for none."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def parse_options(keywords: Mapping[str, Any]) -> Options:
    """Return the options of ``keywords``. TypeError for an unknown keyword, naming those that exist."""
    check_keywords("mock_inspector", keywords, DEFAULTS)
    return Options(**keywords)


def suggest_keyword(value: Any) -> str:
    """Return ``; did you mean region='us-east-1'?`` for a value that was given by position, else nothing."""
    for name in ("account_id", "region", "freeze", "at") if isinstance(value, (str, bool, datetime.datetime)) else ():
        with suppress(TypeError, ValueError):
            Options(**{name: value})
            return f"; did you mean {name}={short_repr(value)}?"
    return "; did you mean **{...}?" if isinstance(value, Mapping) and value.keys() <= DEFAULTS.keys() else ""


def add_ini_options(options: Options, keywords: Mapping[str, Any]) -> Options:
    """Return the options of ``keywords`` with those of the ini file for what ``keywords`` leaves open.

    ValueError where they contradict each other.
    """
    added = {name: value for name, value in plugin_state.ini_keywords.items() if name not in keywords}
    try:
        return replace(options, **added) if added else options
    except ValueError as error:
        given = ", ".join(f"{INI_PREFIX}{name}" for name in added)
        raise ValueError(f"{error} (the ini file sets {given})") from None


_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
"""How ini files spell true and false, as pytest reads them."""


def parse_ini_options(values: Mapping[str, Any], unknown: Iterable[str] = ()) -> dict[str, Any]:
    """Return the keywords that ini options set. ``values`` has the options' values by the names of the keywords.

    ValueError, which names the ini option and what it allows, for an invalid one, and for an ``unknown`` one.
    """
    options = [f"{INI_PREFIX}{name}" for name in INI_OPTIONS]
    for name in unknown:
        raise ValueError(f"ini options must {describe_choice(options, name)}")
    keywords = {name: _parse_ini_value(name, value) for name, value in values.items()}
    for name, value in keywords.items():
        try:
            Options(**{name: value})
        except (TypeError, ValueError) as error:
            # Each message begins with the keyword's name.
            raise ValueError(f"ini option {INI_PREFIX}{error}") from None
    return keywords


def _parse_ini_value(name: str, value: Any) -> Any:
    """Return an ini option's value, which is a text except in pytest's own TOML tables, as that of its keyword."""
    text = value.strip().lower() if isinstance(value, str) else None
    if text is None or name in {"account_id", "region"}:
        return value
    if name == "max_calls":
        return None if text == "none" else int(text) if text.isdecimal() else value
    return _FLAGS.get(text, value)

"""Entering and leaving the mock, against moto's and against freezegun alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from types import ModuleType

from freezegun import freeze_time

from mock_inspector import mock_inspector

from .measuring import Figure, Size, enter_and_exit, ratio


def entering(size: Size) -> Iterator[Figure]:
    """Entering and leaving, with and without a freeze, moto's services loaded."""
    from moto import mock_aws

    rounds = size.of(60, 2)
    for _ in range(3):  # the first freeze looks through all modules
        enter_and_exit(mock_inspector)
    measured = ratio(
        lambda: enter_and_exit(lambda: mock_inspector(freeze=False)), lambda: enter_and_exit(mock_aws), rounds
    )
    yield Figure("enter and exit, freeze=False / mock_aws()", 0.05, measured)
    yield Figure("enter and exit, frozen / freeze_time()", 0.3, _frozen(rounds))
    further = list(_further_modules(size.of(2000, 20)))
    sys.modules.update({module.__name__: module for module in further})
    try:
        measured = _frozen(rounds)
    finally:
        for module in further:
            del sys.modules[module.__name__]
    yield Figure("the same with 2,000 further modules", 0.15, measured)


def _frozen(rounds: int) -> float:
    return ratio(
        lambda: enter_and_exit(mock_inspector), lambda: enter_and_exit(lambda: freeze_time("2026-01-01")), rounds
    )


def _further_modules(count: int) -> Iterator[ModuleType]:
    """Modules of 40 names each. Every tenth holds ``datetime``."""
    for number in range(count):
        module = ModuleType(f"further_module_{number}")
        vars(module).update(
            {f"name_{name}": object() for name in range(39)}, datetime=None if number % 10 else datetime
        )
        yield module

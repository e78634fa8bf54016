"""Entering and leaving the mock, against moto's and against freezegun alone."""

from __future__ import annotations

from collections.abc import Iterator

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
    measured = ratio(
        lambda: enter_and_exit(mock_inspector), lambda: enter_and_exit(lambda: freeze_time("2026-01-01")), rounds
    )
    yield Figure("enter and exit, frozen / freeze_time()", 1.1, measured)

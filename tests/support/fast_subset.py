"""What makes the fast subset, ``pytest -m "not slow"``, fast: samples of what the whole suite runs in full."""

from collections.abc import Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet

EXAMPLES_DIVISOR = 12


class FastSubset:
    """Whether slow tests are deselected. ``conftest.py`` sets it before any test module is imported."""

    selected = False


def max_examples(count: int) -> int:
    """How many random examples to try: ``count``, or a small part of them in the fast subset."""
    return max(3, count // EXAMPLES_DIVISOR) if FastSubset.selected else count


def sample(every: int, cases: Iterable[Any]) -> list[Any]:
    """The cases of a parametrized test, marked slow but for each ``every``-th one."""
    return [case if number % every == 0 else slow(case) for number, case in enumerate(cases)]


def slow(case: Any) -> Any:
    """A case of a parametrized test that the fast subset leaves out."""
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, id=case.id, marks=[*case.marks, pytest.mark.slow])
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)

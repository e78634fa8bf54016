"""The benchmarks work; what they find is not for tests, whose machine may be busy."""

import pytest

from ..benchmarks.__main__ import ROWS, main

IN_PROCESS = sorted(ROWS.keys() - {"collecting", "serving"})
"""The others start processes, which takes its time."""


@pytest.mark.slow
@pytest.mark.parametrize("row", IN_PROCESS)
def test_a_benchmark_measures(row, capsys):
    assert main(["--quick", "--only", row]) in (0, 1)
    _, *figures = capsys.readouterr().out.splitlines()
    assert figures
    assert all(line.endswith("ok") or "OVER" in line for line in figures)
    assert all(len(line) <= 100 for line in figures)

"""The command: measures, prints the table of the budgets, ends with status 1 when one is exceeded."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

from .calls import calls
from .collecting import collecting
from .cycles import cycles
from .entering import entering
from .growth import growth, loading
from .large import findings, runs
from .measuring import Figure, Size
from .serving import serving
from .waiting import waiting

ROWS: dict[str, Callable[[Size], Iterator[Figure]]] = {
    measure.__name__: measure
    for measure in (calls, entering, waiting, collecting, findings, runs, growth, loading, serving, cycles)
}
_WIDTH = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what ``arguments`` choose. The status: whether anything is over its budget."""
    to_api = "; ".join(f"{name}: {measure.__doc__}" for name, measure in ROWS.items())
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__, epilog=to_api)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="a small part of it, to see that all works")
    chosen = parser.parse_args(arguments)
    exceeded = False
    print(f"{'':{_WIDTH}} {'measured':>12} {'budget':>8}")
    for name in chosen.only:
        for figure in ROWS[name](Size(full=not chosen.quick)):
            print(_line(figure), flush=True)
            exceeded = exceeded or figure.over
    return int(exceeded)


def _line(figure: Figure) -> str:
    if figure.measured is None:
        return f"{figure.what:{_WIDTH}} {figure.note}"
    verdict = f"OVER {figure.note}" if figure.over else "ok"
    measured = f"{figure.measured:.3g} {figure.unit:5}" if figure.unit else f"{figure.measured:<4g}  "
    return f"{figure.what:{_WIDTH}} {measured:>12} {figure.budget:>8g}  {verdict}".rstrip()


if __name__ == "__main__":
    sys.exit(main())

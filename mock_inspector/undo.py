"""Steps that undo what was done. All of them run, whatever fails, and any of them may run again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Step = Callable[[], object]


class UndoSteps:
    """What has to be undone, the last first.

    Add a step before you do what it undoes: an interrupt may come in between. Hence a step has to do nothing where
    nothing was done, and may run more than once.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def add(self, step: Step) -> None:
        """Add a step. It runs before all that were added so far."""
        self._steps.append(step)

    def run(self) -> None:
        """Run all steps and raise the first error.

        A step that fails runs once more, since an interrupt may have ended it. It is dropped after that, so that a call
        after an interrupt in this method goes on with the steps that are left.
        """
        first: BaseException | None = None
        while self._steps:
            for _ in range(2):
                try:
                    self._steps[-1]()
                    break
                except BaseException as error:  # noqa: BLE001  it is raised below
                    first = first or error
            self._steps.pop()
        if first is not None:
            raise first


def run_all(steps: Iterable[Step]) -> None:
    """Run all steps, in their order, and raise the first error."""
    first: BaseException | None = None
    for step in steps:
        try:
            step()
        except BaseException as error:  # noqa: BLE001  it is raised below
            first = first or error
    if first is not None:
        raise first

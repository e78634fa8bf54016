"""Time that passes without being waited for: sleeping and event loops, while time is frozen.

Both move the mock's clock, and only in the thread that entered the mock; other threads really wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from .clock import is_frozen
from .event_loop import LoopPatch
from .sleep import SleepPatch

if TYPE_CHECKING:
    from ..state.service import FakeService

_sleep = SleepPatch()
_loops = LoopPatch()


class Waiting:
    """Lets sleeping and loop timers move the clock of ``world``, from :meth:`start` to :meth:`stop`.

    ``followed`` tells whether time was frozen before the mock came, and stays so when it goes; ``busy`` whether the
    mock itself is at work for a client that waits.
    """

    def __init__(self, service: FakeService, *, followed: bool, busy: Callable[[], bool] = lambda: False) -> None:
        self._service = service
        self._followed = followed
        self._busy = busy
        self._thread = threading.get_ident()
        self.started = False

    def start(self) -> None:
        """Patch ``time.sleep``, wherever it is bound, and asyncio's event loops."""
        self.started = True
        _sleep.start(self._service.sleep, self.applies)
        _loops.start(self._service.clock, self._service.sleep, self.applies, self._busy, followed=self._followed)

    def stop(self) -> None:
        """Undo the patches."""
        if self.started:
            self.started = False
            _loops.stop()
            _sleep.stop()

    def applies(self) -> bool:
        """Whether waiting moves the clock here and now: in the mock's own thread, while time is frozen."""
        return self.own_thread() and is_frozen()

    def own_thread(self) -> bool:
        """Whether this is the thread that entered the mock."""
        return threading.get_ident() == self._thread

"""The mock's own freeze: freezegun's, that ends in any order with those of others."""

from __future__ import annotations

import datetime
from typing import Any

from freezegun import api

_REAL_TIME = ["_pytest.timing", "subprocess"]
"""Modules that go on seeing the real time: pytest's durations, and the timeouts of processes."""

_STACKS = ("freeze_factories", "ignore_lists", "tz_offsets", "tick_flags")
_UNDOING = ("undo_changes", "modules_at_start", "fake_names", "reals")


class Freeze:
    """Freezes time at ``moment`` until :meth:`stop`."""

    def __init__(self, moment: datetime.datetime) -> None:
        self._freezer: Any = api.freeze_time(moment, ignore=_REAL_TIME)
        self._factory = self._freezer.start()

    def stop(self) -> None:
        """End the freeze. One that somebody began in it, and has not ended, goes on until they do."""
        factories: list[Any] = api.freeze_factories
        if factories[-1] is self._factory:
            self._freezer.stop()
            return
        place = next(place for place, factory in enumerate(factories) if factory is self._factory)
        for stack in _STACKS:
            del getattr(api, stack)[place]
        self._hand_over()

    def _hand_over(self) -> None:
        """Let the last freeze that ends undo what this one, the first, has changed."""
        freeze_class: Any = api._freeze_time
        original, own = freeze_class.stop, self._freezer

        def stop(freezer: Any) -> None:
            if len(api.freeze_factories) == 1:
                freeze_class.stop = original
                for name in _UNDOING:
                    setattr(freezer, name, getattr(own, name))
            original(freezer)

        freeze_class.stop = stop

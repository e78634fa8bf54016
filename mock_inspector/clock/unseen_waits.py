"""Waits that cannot be intercepted (gevent, uvloop, extension modules): they show in the real time between two requests."""

from __future__ import annotations

import threading
import time

from freezegun import api as freezegun_api

MIN_UNSEEN_SECONDS = 0.02
"""Real seconds from which on a thread that did nothing between two requests has waited."""

MIN_IDLE_RATIO = 10
"""How many times as long as it worked a thread must have done nothing: more than a busy machine makes it do."""


class UnseenWaits:
    """For how long each thread has done nothing since its last request was answered, apart from the waits that were seen."""

    def __init__(self) -> None:
        self._seen_seconds: dict[int, float] = {}
        self._at_answer: dict[int, tuple[float, float]] = {}

    def subtract(self, seconds: float) -> None:
        """Count real ``seconds`` of this thread, in a wait that was seen, as no unseen one."""
        thread_id = threading.get_ident()
        self._seen_seconds[thread_id] = self._seen_seconds.get(thread_id, 0.0) + seconds

    def begin(self) -> None:
        """A request of this thread was answered."""
        self._at_answer[threading.get_ident()] = self._idle_seconds(), time.thread_time()

    def seconds(self) -> float:
        """The length of the wait between that answer and now; 0 when there was none."""
        at_answer = self._at_answer.get(threading.get_ident())
        if at_answer is None:
            return 0.0
        idle_before, cpu_before = at_answer
        idle = self._idle_seconds() - idle_before
        worked = time.thread_time() - cpu_before
        return idle if idle >= max(MIN_UNSEEN_SECONDS, MIN_IDLE_RATIO * worked) else 0.0

    def _idle_seconds(self) -> float:
        """The real time less what this thread has used of the CPU: it grows while the thread waits."""
        seen = self._seen_seconds.get(threading.get_ident(), 0.0)
        return freezegun_api.real_monotonic() - time.thread_time() - seen

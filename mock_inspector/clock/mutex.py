"""A lock that waiting itself uses: it is never among what is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable

real_acquire: Callable[..., bool] = type(threading.Lock()).acquire
real_release: Callable[..., None] = type(threading.Lock()).release
"""What the methods of locks do when they are not patched."""


_depths: dict[int, int] = {}
"""How many mutexes each thread holds, or is about to take."""


class Mutex:
    """A lock whose waiting takes no part in time.

    What runs while a thread holds one may be interrupted by code of others: trace functions, finalizers. Their waiting
    takes no part either, as :func:`holds_mutex` tells.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        thread_id = threading.get_ident()
        _depths[thread_id] = _depths.get(thread_id, 0) + 1
        real_acquire(self._lock)

    def __exit__(self, *_: object) -> None:
        real_release(self._lock)
        thread_id = threading.get_ident()
        depth = _depths[thread_id] - 1
        if depth:
            _depths[thread_id] = depth
        else:
            del _depths[thread_id]


def holds_mutex() -> bool:
    """Whether this thread holds a mutex."""
    return threading.get_ident() in _depths

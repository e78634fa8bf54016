"""A lock that waiting itself uses: it is never among what is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable

real_acquire: Callable[..., bool] = type(threading.Lock()).acquire
real_release: Callable[..., None] = type(threading.Lock()).release
"""What the methods of locks do when they are not patched."""


class Mutex:
    """A lock whose waiting takes no part in time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        real_acquire(self._lock)

    def __exit__(self, *_: object) -> None:
        real_release(self._lock)

"""A lock that waiting itself uses: it is never among what is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

real_acquire: Callable[..., bool] = type(threading.Lock()).acquire
real_release: Callable[..., None] = type(threading.Lock()).release
"""What the methods of locks do when they are not patched."""

_RLock: Any = type(threading.RLock())


class Mutex(_RLock):  # type: ignore[misc]
    """A lock whose waiting takes no part in time. The same thread may take it again.

    Its methods are Python's own, written in C: no interrupt comes between getting the lock and the block that releases it.
    """

    acquire = _RLock.acquire
    __enter__ = _RLock.__enter__

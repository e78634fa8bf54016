"""A lock of the package's own: waiting for it is no wait for the mock's clock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

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

    def __init__(self) -> None:
        super().__init__()
        _mutexes.add(self)

    def is_held(self) -> bool:
        """Whether this thread holds it. Code of others may run then: trace functions, finalizers."""
        return bool(self._is_owned())


_mutexes: WeakSet[Mutex] = WeakSet()


def renew(lock: Any) -> bool:
    """Let go of an RLock in a process that was forked, unless this thread holds it. Returns whether nobody holds it."""
    if lock._is_owned():
        return False
    if hasattr(lock, "_at_fork_reinit"):
        lock._at_fork_reinit()
    return True


def _renew_all() -> None:
    for mutex in list(_mutexes):
        renew(mutex)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)

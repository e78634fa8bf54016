"""botocore's waiting between retries: free of charge for Inspector's requests, whatever the retry mode."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import botocore.endpoint
from botocore.retries.bucket import TokenBucket


class _Inside(threading.local):
    free = False


class BackoffPatch:
    """Replaces the two places in which botocore waits: ``endpoint``'s sleep and the adaptive mode's token bucket.

    Only requests made through :meth:`free` go without waiting; those of other services wait as ever.
    """

    def __init__(self) -> None:
        self._wait: Callable[[float], None] | None = None
        self._inside = _Inside()
        self._original_time: Any = None
        self._original_acquire: Any = None
        self._patched: tuple[Any, Any] = (None, None)

    def start(self, wait: Callable[[float], None]) -> None:
        """Let back-off call ``wait`` (seconds)."""
        self._wait = wait
        self._original_time = botocore.endpoint.time
        original = self._original_acquire = TokenBucket._acquire
        patch = self

        def _acquire(self: Any, amount: float, block: bool) -> Any:
            if block and patch.is_free():
                self._refill()
                # A client may be used in frozen times that lie far apart, which must not empty its bucket.
                self._current_capacity = max(self._current_capacity, 0)
                missing = self._sleep_amount(amount) if self._fill_rate else 0
                if missing > 0:
                    patch.wait(missing)
                    # A bucket that counts by a clock which stands still, or by another thread's, would never fill.
                    self._refill()
                    self._current_capacity = max(self._current_capacity, amount)
            return original(self, amount, block)

        self._patched = (_EndpointTime(self, self._original_time), _acquire)
        botocore.endpoint.time, TokenBucket._acquire = self._patched

    def stop(self) -> None:
        """Let botocore wait again."""
        self._wait = None
        if botocore.endpoint.time is self._patched[0]:
            botocore.endpoint.time = self._original_time
        if TokenBucket._acquire is self._patched[1]:
            TokenBucket._acquire = self._original_acquire

    def free(self, send: Callable[..., Any], *args: Any) -> Any:
        """``send(*args)``, and no retry in there waits."""
        inside = self._inside
        before, inside.free = inside.free, True
        try:
            return send(*args)
        finally:
            inside.free = before

    def is_free(self) -> bool:
        """Whether this thread is making a request that does not wait."""
        return self._wait is not None and self._inside.free

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of back-off pass."""
        if self._wait is not None:
            self._wait(seconds)


class _EndpointTime:
    """The module ``time`` as ``botocore.endpoint`` sees it."""

    def __init__(self, patch: BackoffPatch, original: Any) -> None:
        self._patch = patch
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def sleep(self, seconds: float) -> None:
        if self._patch.is_free():
            self._patch.wait(seconds)
        else:
            self._original.sleep(seconds)

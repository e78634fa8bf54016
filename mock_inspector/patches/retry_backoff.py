"""Makes botocore's back-off between retries take no real time for Inspector requests, in every retry mode.

Two attributes are patched: the module ``time`` as ``botocore.endpoint`` sees it, and what the retry mode ``adaptive``
waits for, ``TokenBucket._acquire``. Requests to other services wait as usual.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.endpoint
from botocore.retries.bucket import TokenBucket

from .attribute import AttributePatch
from .base import Patch, is_sending_inspector_request


class RetryBackoffPatch(Patch):
    """Calls the mock's ``wait`` where botocore waits before it sends an Inspector request again."""

    def __init__(self) -> None:
        super().__init__(
            AttributePatch(botocore.endpoint, "time", lambda original: _EndpointTime(self, original)),
            AttributePatch(TokenBucket, "_acquire", self._wrap_acquire),
        )

    def current_wait(self) -> Callable[[float], None] | None:
        """The mock's ``wait`` if this thread is sending an Inspector request, else None."""
        context = self.context
        return context.wait if context is not None and is_sending_inspector_request() else None

    def _wrap_acquire(self, original: Any) -> Any:
        def _acquire(bucket: Any, amount: float, block: bool) -> Any:
            wait = self.current_wait() if block else None
            if wait is not None:
                bucket._refill()
                # Tests may use a client at frozen times that lie far apart. This must not empty its bucket.
                bucket._current_capacity = max(bucket._current_capacity, 0)
                missing = bucket._sleep_amount(amount) if bucket._fill_rate else 0
                if missing > 0:
                    wait(missing)
                    # The bucket's clock may stand still, or another thread may own it: then the bucket would never fill.
                    bucket._refill()
                    bucket._current_capacity = max(bucket._current_capacity, amount)
            return original(bucket, amount, block)

        return _acquire


class _EndpointTime:
    """The module ``time`` as ``botocore.endpoint`` sees it while the patch is installed."""

    def __init__(self, patch: RetryBackoffPatch, original: Any) -> None:
        self._patch = patch
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def sleep(self, seconds: float) -> None:
        wait = self._patch.current_wait() or self._original.sleep
        wait(seconds)

"""Makes botocore's back-off between retries take no real time for Inspector requests, in every retry mode.

Two attributes are patched: the module ``time`` as ``botocore.endpoint`` sees it, and what the retry mode ``adaptive``
waits for, ``TokenBucket._acquire``. Two more keep the back-off the same from run to run, without its jitter: where the
mode ``legacy`` takes its random numbers from, and ``ExponentialBackoff.delay_amount`` of the other modes. aiobotocore
uses those two as well. Requests to other services wait as usual.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import botocore.endpoint
import botocore.retryhandler
from botocore.retries.bucket import TokenBucket
from botocore.retries.standard import ExponentialBackoff

from ..attribute_patch import AttributePatch
from .base import Patch, is_sending_inspector_request


class RetryBackoffPatch(Patch):
    """Calls the mock's ``wait`` where botocore waits before it sends an Inspector request again."""

    def __init__(self) -> None:
        super().__init__(
            AttributePatch(botocore.endpoint, "time", lambda original: _EndpointTime(self, original)),
            AttributePatch(TokenBucket, "_acquire", self._wrap_acquire),
            AttributePatch(botocore.retryhandler, "random", lambda original: _RetryRandom(self, original)),
            AttributePatch(ExponentialBackoff, "delay_amount", self._wrap_delay_amount),
        )

    def current_wait(self) -> Callable[[float], None] | None:
        """The mock's ``wait`` if this thread is sending an Inspector request, else None."""
        context = self.context
        return context.wait if context is not None and is_sending_inspector_request() else None

    def has_jitter(self) -> bool:
        """Whether this thread or task is sending a request whose back-off is botocore's own."""
        return self.context is None or not is_sending_inspector_request()

    def _wrap_delay_amount(self, original: Any) -> Any:
        def delay_amount(backoff: Any, context: Any) -> Any:
            if not self.has_jitter():
                backoff = copy.copy(backoff)
                backoff._random = _no_jitter
            return original(backoff, context)

        return delay_amount

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


def _no_jitter() -> float:
    """The factor of the longest back-off: botocore multiplies it by a random number from 0 to 1."""
    return 1.0


class _RetryRandom:
    """The module ``random`` as ``botocore.retryhandler`` sees it while the patch is installed."""

    def __init__(self, patch: RetryBackoffPatch, original: Any) -> None:
        self._patch = patch
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def random(self) -> float:
        number: float = self._original.random() if self._patch.has_jitter() else _no_jitter()
        return number


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

"""The one place where tests reach behind a backend, for what no public member shows."""

from typing import Any


def fake_service(backend: Any) -> Any:
    """All accounts and regions of the mock that a backend belongs to."""
    return backend._service


def fake_store(backend: Any) -> Any:
    """What the backend's account has in its region."""
    return backend._store

"""Account ids, region names and quotas: what can be checked without botocore."""

from __future__ import annotations

import re

DEFAULT_ACCOUNT = "123456789012"

QUOTAS: dict[str, int | None] = {
    "assessment_targets": 50,
    "assessment_templates": 500,
    "assessment_runs": 50_000,
    "agents": 500,
    "resource_groups": None,
    "event_subscriptions": None,
}
"""The service's quotas per account and region (user guide, section "Limits"); None where only an error code is known."""

_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")


def is_account_id(text: str) -> bool:
    """Whether ``text`` has the form of an account id."""
    return _ACCOUNT.fullmatch(text) is not None


def validate_account_id(value: object, name: str = "account_id") -> str:
    """An account id. ValueError, naming ``name``, for what is none."""
    if not isinstance(value, str) or not _ACCOUNT.fullmatch(value):
        raise ValueError(f"{name}: takes a string of 12 digits, got {value!r}")
    return value


def is_region(text: str) -> bool:
    """Whether ``text`` has the form of a region's name."""
    return _REGION.fullmatch(text) is not None


def validate_region(value: object, name: str = "region") -> str:
    """A region's name. ValueError, naming ``name``, for what is none."""
    if not isinstance(value, str) or not is_region(value):
        raise ValueError(f"{name}: takes a region's name such as 'us-east-1', got {value!r}")
    return value

"""The forms of account ids, region names and resource ids. Options are checked by them, without botocore."""

from __future__ import annotations

import re
from functools import lru_cache

from ..errors import short_repr

DEFAULT_ACCOUNT = "123456789012"

ACCOUNT_PATTERN = r"[0-9]{12}"
_ACCOUNT = re.compile(ACCOUNT_PATTERN)
REGION_PATTERN = r"[a-z]{2,}(-[a-z]+)+-[0-9]+"
_REGION = re.compile(REGION_PATTERN)

UNPREFIXED_ID_PATTERN = r"[A-Za-z0-9]{8}"
"""The id of a resource, as in its ARN, without the ``0-`` that all begin with."""
ID_PATTERN = rf"0-{UNPREFIXED_ID_PATTERN}"


@lru_cache(maxsize=256)
def is_account_id(text: str) -> bool:
    """Whether ``text`` has the form of an account id."""
    return _ACCOUNT.fullmatch(text) is not None


def validate_account_id(value: object, name: str = "account_id") -> str:
    """Return an account id. Raises ValueError, which names ``name``, for any other value."""
    if not isinstance(value, str) or not is_account_id(value):
        text = str(value).replace("-", "")
        suggestion = f"; did you mean {text!r}?" if is_account_id(text) else ""
        raise ValueError(f"{name} must be a string of 12 digits; got {short_repr(value)}{suggestion}")
    return value


@lru_cache(maxsize=256)
def is_region_name(text: str) -> bool:
    """Whether ``text`` has the form of a region's name."""
    return _REGION.fullmatch(text) is not None


def validate_region(value: object, name: str = "region") -> str:
    """Return a region's name. Raises ValueError, which names ``name``, for any other value."""
    if not isinstance(value, str) or not is_region_name(value):
        raise ValueError(
            f"{name} must be the name of a region such as 'us-east-1'; got {short_repr(value)}{_suggest_region(value)}"
        )
    return value


def _suggest_region(value: object) -> str:
    """The region of another spelling, or of an availability zone."""
    text = str(value).strip().lower().replace("_", "-")
    for candidate in (text, text[:-1]):
        if is_region_name(candidate):
            return f"; did you mean {candidate!r}?"
    return ""

"""Points in time: datetimes, text, seconds and milliseconds.

Moments are kept as whole milliseconds since 1970, the service's precision. A ``datetime`` would be freezegun's own
class and outlive the freeze.
"""

from __future__ import annotations

import datetime
from typing import NewType

from dateutil.parser import isoparse

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = datetime.timedelta(milliseconds=1)
MAX_DATETIME = datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

Moment = datetime.datetime | str | int | float
"""A point in time: a ``datetime`` (naive ones are UTC), ISO 8601 text, or epoch seconds."""

EpochMs = NewType("EpochMs", int)
"""Whole milliseconds since 1970."""


def to_datetime(moment: Moment, name: str = "moment") -> datetime.datetime:
    """Return ``moment`` as an aware ``datetime`` in UTC. TypeError or ValueError, naming ``name``, for anything else."""
    expected = f"{name} must be a datetime, ISO 8601 text or epoch seconds"
    if isinstance(moment, bool) or not isinstance(moment, (datetime.datetime, str, int, float)):
        raise TypeError(f"{expected}; got {moment!r}")
    try:
        if isinstance(moment, (int, float)):
            return EPOCH + datetime.timedelta(microseconds=round(moment * 1_000_000))
        parsed: datetime.datetime = isoparse(moment) if isinstance(moment, str) else moment
        aware = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return EPOCH + (aware - EPOCH)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{expected} from year 1 to 9999; got {moment!r}") from error


def to_epoch_ms(moment: datetime.datetime) -> EpochMs:
    """Return whole milliseconds since 1970."""
    return EpochMs((moment - EPOCH) // MILLISECOND)


def to_seconds(moment: EpochMs) -> float:
    """Return a moment as the API sends it: epoch seconds with milliseconds."""
    return moment / 1000


def format_iso(moment: int) -> str:
    """Return milliseconds since 1970 as ISO 8601 text."""
    return (EPOCH + datetime.timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")


def format_zulu(moment: int) -> str:
    """Return milliseconds since 1970 as ISO 8601 text that ends in ``Z``."""
    return format_iso(moment).replace("+00:00", "Z")

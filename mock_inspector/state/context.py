"""What all stores of a mock share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..clock.moments import EpochMs
from .external import ExternalServices
from .messages import PublishedMessage
from .outbox import ExternalAnswers, Outbox
from .schedule import Schedule


@dataclass(slots=True, kw_only=True)
class Context:
    """The time, the limits, other services and the schedule."""

    account_id: str
    """The account of unregistered access keys."""
    limits: Mapping[str, int | None]
    max_page_size: int | None = None
    """How many items a page of a list holds at most, whatever the request allows; None: the API's own maximum."""
    id_seed: str
    external: ExternalServices
    """Called without the service's lock only; actions and events use ``external_answers``."""
    report_origin: Callable[[], str]
    """Returns the origin under which reports are downloaded."""
    now: EpochMs
    """The time of the request that is being answered."""
    started: EpochMs
    """When the mock started."""
    schedule: Schedule = field(default_factory=Schedule)
    published: list[PublishedMessage] = field(default_factory=list)
    outbox: Outbox = field(default_factory=Outbox)
    external_answers: ExternalAnswers = field(init=False)

    def __post_init__(self) -> None:
        self.external_answers = ExternalAnswers(self.external)

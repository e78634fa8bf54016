"""How things are measured: two of them in turns, so that a machine which is busy now and then is so for both."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from statistics import median
from typing import Any, NamedTuple

import boto3

CLOCK = (time.perf_counter,)
"""Real time, in a tuple, where freezegun does not find it."""

KEYS: dict[str, Any] = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}


class Size(NamedTuple):
    """How much is measured: ``full`` for figures to rely on, else a small part of it, to see that all works."""

    full: bool = True

    def of(self, full: int, quick: int) -> int:
        return full if self.full else quick


class Figure(NamedTuple):
    """What was measured; ``measured`` is None when it could not be, for the reason in ``note``."""

    what: str
    budget: float
    measured: float | None
    unit: str = "x"
    note: str = ""

    @property
    def over(self) -> bool:
        return self.measured is not None and self.measured > self.budget


def client_of(service: str, region: str = "us-west-2") -> Any:
    """A boto3 client that can sign, of a session of its own: moto reaches those that were made after its import."""
    return boto3.Session(region_name=region, **KEYS).client(service)


def seconds(call: Callable[[], object]) -> float:
    """The real time that one call takes."""
    now = CLOCK[0]
    begun = now()
    call()
    return now() - begun


def typical(call: Callable[[], object], times: int, *, warm: int = 2) -> float:
    """The median real time of so many calls, after some to warm up."""
    for _ in range(warm):
        call()
    return median(seconds(call) for _ in range(times))


def inside(use: Callable[[], AbstractContextManager[Any]], call: Callable[[], object], times: int) -> float:
    """The median real time of calls inside a context."""
    with use():
        return typical(call, times)


def enter_and_exit(use: Callable[[], AbstractContextManager[Any]], times: int = 10) -> float:
    """The median real time that entering and leaving a context takes, so many times running."""

    def once() -> None:
        with use():
            pass

    return typical(once, times)


def ratio(one: Callable[[], float], other: Callable[[], float], rounds: int) -> float:
    """The median, over so many rounds, of what ``one`` measures by what ``other`` does, each first in turn."""
    quotients = []
    for number in range(rounds):
        if number % 2:
            own, its = one(), other()
        else:
            its, own = other(), one()
        quotients.append(own / its)
    return median(quotients)

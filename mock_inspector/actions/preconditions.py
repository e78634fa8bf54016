"""What several actions refuse, beyond what the model's shapes say."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.service_model import list_bound
from ..errors import AssessmentRunInProgressException, InvalidInputException, short_repr
from ..state.runs import Run
from ..state.store import Store


def check_none_in_progress(store: Store, runs: Iterable[Run]) -> None:
    """AssessmentRunInProgressException, naming up to 10, when any of ``runs`` is in progress."""
    busy = [run for run in runs if run.in_progress(store.now)]
    if busy:
        most = list_bound("AssessmentRunInProgressArnList")
        raise AssessmentRunInProgressException(
            f"{len(busy)} assessment run(s) in progress, among them {busy[0].arn} ({busy[0].state(store.now)}); "
            "stop them or let them end first.",
            assessmentRunArns=[run.arn for run in busy[:most]],
            assessmentRunArnsTruncated=len(busy) > most,
        )


def check_unique_keys(pairs: Iterable[dict[str, str]], member: str, code: str) -> None:
    """InvalidInputException with ``code`` when a key comes twice among key and value pairs."""
    keys = [pair["key"] for pair in pairs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise InvalidInputException(f"{member}: the key {short_repr(twice)} is given more than once.", errorCode=code)

"""What several actions refuse, beyond what the model's shapes say."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.service_model import max_length
from ..errors import AssessmentRunInProgressException
from ..state.runs import Run
from ..state.store import Store


def check_none_in_progress(store: Store, runs: Iterable[Run]) -> None:
    """AssessmentRunInProgressException, naming up to 10 runs, when any of ``runs`` is in progress."""
    in_progress = [run for run in runs if run.in_progress(store.now)]
    if in_progress:
        first, maximum = in_progress[0], max_length("AssessmentRunInProgressArnList")
        raise AssessmentRunInProgressException(
            f"{len(in_progress)} assessment run(s) in progress, among them {first.arn} ({first.state(store.now)}); "
            "stop them or let them end first.",
            assessmentRunArns=[run.arn for run in in_progress[:maximum]],
            assessmentRunArnsTruncated=len(in_progress) > maximum,
        )

"""What several actions refuse, beyond what the model's shapes say."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.service_model import max_length
from ..errors import AssessmentRunInProgressException, InvalidInputException, short_repr
from ..state.runs import Run
from ..state.store import Store
from ..state.targets import Template


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


def check_has_rules_packages(template: Template) -> None:
    """InvalidInputException for a template without rules packages: it can be created, but a run needs one."""
    if not template.packages:
        raise InvalidInputException(
            f"assessmentTemplateArn must name a template with 1 or more rules packages; got {template.arn}, which has "
            "none.",
            errorCode="INVALID_NUMBER_OF_RULES_PACKAGE_ARNS",
        )


def check_unique_keys(pairs: Iterable[dict[str, str]], member: str, code: str) -> None:
    """InvalidInputException with ``code`` when two key and value pairs have the same key."""
    keys = [pair["key"] for pair in pairs]
    repeated = next((key for key in keys if keys.count(key) > 1), None)
    if repeated is not None:
        raise InvalidInputException(
            f"{member} must have each key once; got {short_repr(repeated)} more than once.", errorCode=code
        )

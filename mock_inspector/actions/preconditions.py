"""What several actions refuse, beyond what the model's shapes say."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.service_model import max_length
from ..errors import AssessmentRunInProgressException, InvalidCrossAccountRoleException, InvalidInputException
from ..state.runs import Run
from ..state.store import Store
from ..state.targets import Template

_ROLE_MESSAGES = {
    "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP": (
        "There is no role {}, or its trust policy does not let inspector.amazonaws.com assume it."
    ),
    "ROLE_DOES_NOT_HAVE_CORRECT_POLICY": "No policy of {} allows ec2:DescribeInstances.",
}


def check_role(store: Store, arn: str) -> None:
    """InvalidCrossAccountRoleException when an IAM in the same test does not let Inspector use the role."""
    code = store.context.external_answers.check_role(store.caller, arn)
    if code is not None:
        raise InvalidCrossAccountRoleException(_ROLE_MESSAGES[code].format(arn), errorCode=code)


def check_registered_role(store: Store) -> None:
    """Like :func:`check_role` for the registered role, which may have been deleted or changed since.

    The service-linked role, which there is without a registered one, is always valid.
    """
    if store.role is not None:
        check_role(store, store.role.arn)


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

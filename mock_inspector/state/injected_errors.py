"""What an injected error says of the request that it answers: members that the test did not give."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from ..api import arns
from ..api.error_codes import error_code
from ..api.service_model import enum, service_model
from ..errors import (
    MODELLED,
    AccessDeniedException,
    AgentsAlreadyRunningAssessmentException,
    ApiError,
    AssessmentRunInProgressException,
    InvalidCrossAccountRoleException,
    InvalidInputException,
    LimitExceededException,
    NoSuchEntityException,
)

_ID = "0-00000000"
_AGENT_ID = "i-00000000"

_OWN_ENTITIES = {
    "CreateAssessmentTarget": "ASSESSMENT_TARGET",
    "CreateResourceGroup": "RESOURCE_GROUP",
    "DescribeCrossAccountAccessRole": "IAM_ROLE",
    "ListAssessmentRuns": "ASSESSMENT_RUN",
    "ListAssessmentTargets": "ASSESSMENT_TARGET",
    "ListAssessmentTemplates": "ASSESSMENT_TEMPLATE",
    "ListEventSubscriptions": "ASSESSMENT_TEMPLATE",
    "ListFindings": "FINDING",
    "ListRulesPackages": "RULES_PACKAGE",
    "RegisterCrossAccountAccessRole": "IAM_ROLE",
}
"""What operations are about that need not name it by an ARN of Inspector."""

_LIMITS = {
    "CreateAssessmentTarget": "ASSESSMENT_TARGET",
    "CreateAssessmentTemplate": "ASSESSMENT_TEMPLATE",
    "StartAssessmentRun": "ASSESSMENT_RUN",
    "SubscribeToEvent": "EVENT_SUBSCRIPTION",
}
"""What operations create. The limit of another operation is that of what it is about, or of what that belongs to."""

_LIMITED = {"FINDING": "ASSESSMENT_RUN", "RULES_PACKAGE": "ASSESSMENT_TEMPLATE", "IAM_ROLE": "ASSESSMENT_TARGET"}


def complete(error: ApiError, operation: str, params: Any, *, partition: str, region: str, account_id: str) -> ApiError:
    """Return an injected error as the response to a request: what the test left open follows the request.

    ``errorCode`` names the entity or the limit that the operation is about. ARNs are those that the request names, or
    made up for the account and region.
    """
    if type(error) is not MODELLED.get(error.code):
        return error
    given = params if isinstance(params, dict) else {}
    names = {"partition": partition, "account": account_id, "operation": operation}
    members: dict[str, Any] = {}
    if isinstance(error, AgentsAlreadyRunningAssessmentException):
        run_arn = _find_run_arn(given, f"arn:{partition}:inspector:{region}:{account_id}")
        members = {"agents": [{"agentId": _AGENT_ID, "assessmentRunArn": run_arn}]}
    elif isinstance(error, AssessmentRunInProgressException):
        members = {"assessmentRunArns": [_find_run_arn(given, f"arn:{partition}:inspector:{region}:{account_id}")]}
    elif (code := _find_error_code(error, operation, given)) is not None:
        members = {"errorCode": code}
    completed = copy.copy(error)
    completed.members = {**members, **error.members}
    if error.message is error.text:
        for name, value in names.items():
            completed.message = completed.message.replace(f"{{{name}}}", value)
    return completed


def _find_error_code(error: ApiError, operation: str, params: dict[str, Any]) -> str | None:
    if isinstance(error, InvalidInputException):
        return _find_invalid_input_code(operation, params)
    if isinstance(error, NoSuchEntityException):
        return f"{_find_entity(operation, params, optional=True)}_DOES_NOT_EXIST"
    if isinstance(error, AccessDeniedException):
        return f"ACCESS_DENIED_TO_{_find_entity(operation, params, optional=False)}"
    if isinstance(error, LimitExceededException):
        entity = _LIMITS.get(operation) or _find_entity(operation, params, optional=False)
        return f"{_LIMITED.get(entity, entity)}_LIMIT_EXCEEDED"
    if isinstance(error, InvalidCrossAccountRoleException):
        return enum("InvalidCrossAccountRoleErrorCode")[0]
    return None


def _find_invalid_input_code(operation: str, params: dict[str, Any]) -> str:
    """The code of the first member that the request has, of one that it must have, or of the operation's first."""
    shape = service_model().operation_model(operation).input_shape
    members = [] if shape is None else [*(name for name in shape.members if name in params), *shape.required_members]
    first = next(iter([*members, *(shape.members if shape is not None else ())]), "roleArn")
    return error_code(operation, f"{first}[]" if first in arns.MEMBER_TYPES and first.endswith("s") else first)


def _find_entity(operation: str, params: dict[str, Any], *, optional: bool) -> str:
    """The entity that the request names first, as error codes spell it.

    A request that names none is about what it has to name, or with ``optional`` may name, or else about what the
    operation lists or creates.
    """
    shape = service_model().operation_model(operation).input_shape
    names = [name for name in (shape.members if shape is not None else ()) if name in arns.MEMBER_TYPES]
    present = [name for name in names if params.get(name)]
    required = [name for name in names if optional or (shape is not None and name in shape.required_members)]
    if not present and not required:
        return _OWN_ENTITIES[operation]
    name = (present or required)[0]
    types = arns.MEMBER_TYPES[name]
    parts = next((parts for arn in _texts(params.get(name)) if (parts := arns.parse(arn)) is not None), None)
    found = next((entry for entry in types if parts is not None and entry.name == parts.type_name), types[0])
    return "FINDING" if found is arns.EXCLUSION else found.code  # The enums have no code for exclusions.


def _find_run_arn(params: dict[str, Any], prefix: str) -> str:
    """The run that the request names, or one that what it names could have."""
    for name, value in params.items():
        for arn in _texts(value) if name in arns.MEMBER_TYPES else ():
            parts = arns.parse(arn)
            if parts is None:
                continue
            if parts.type_name in {arns.FINDING.name, arns.EXCLUSION.name}:
                return arn.rsplit("/", 2)[0]
            if parts.type_name == arns.RUN.name:
                return arn
            if parts.type_name == arns.TEMPLATE.name:
                return f"{arn}/run/{_ID}"
            if parts.type_name == arns.TARGET.name:
                return f"{arn}/template/{_ID}/run/{_ID}"
    return f"{prefix}:target/{_ID}/template/{_ID}/run/{_ID}"


def _texts(value: Any) -> Iterator[str]:
    """The strings of a member, which may hold one ARN or a list of them."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry

"""Every constraint of the model, broken one at a time: which error answers it, and which member it names."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from ..support.aws import create_resources
from ..support.fast_subset import sample
from ..support.in_process import send_body
from ..support.requests import MAX_TIMESTAMP, MIN_TIMESTAMP, complete_requests, only_required
from ..support.service_model import MODEL, OPERATIONS

pytestmark = pytest.mark.mock_inspector(freeze=False)

INPUT_CODES = frozenset(MODEL.shape_for("InvalidInputErrorCode").enum)

# What a member is called in the error codes, where that is not its own name.
NAME_IN_CODES = {
    "AddAttributesToFindings.attributes": "userAttributes",
    "ListAssessmentRuns.durationRange": "assessmentRunDurationRange",
    "ListAssessmentTemplates.durationRange": "assessmentTemplateDurationRange",
    "attributeKeys": "userAttributes",
    "attributeKeys[]": "userAttributeKeys",
    "completionTimeRange": "assessmentRunCompletionTimeRange",
    "durationInSeconds": "assessmentTemplateDuration",
    "nextToken": "paginationToken",
    "previewAgentsArn": "assessmentTargetArn",
    "roleArn": "iamRoleArn",
    "startTimeRange": "assessmentRunStartTimeRange",
    "stateChangeTimeRange": "assessmentRunStateChangeTimeRange",
    "states": "assessmentRunStates",
    "topicArn": "snsTopicArn",
    "userAttributesForFindings": "userAttributes",
    # Those that the codes do not know, and the one that comes nearest.
    "agentHealthCodes": "agentIds",
    "agentHealths": "agentIds",
    "assessmentRunName": "assessmentTemplateName",
    "creationTimeRange": "assessmentRunCompletionTimeRange",
    "exclusionArns": "findingArns",
    "namePattern": "assessmentTemplateNamePattern",
    "previewToken": "paginationToken",
    "reportFileFormat": "attribute",
    "reportType": "attribute",
    "stopAction": "assessmentRunState",
}

# Production took more than the model says.
MAX_ITEMS = {("DescribeFindings", "findingArns"): 100}

# What botocore's model calls these types, and what is not of the type.
WRONG_TYPES: dict[str, dict[str, Any]] = {
    "string": {"number": 7, "list": ["text"]},
    "integer": {"text": "7", "fraction": 7.5, "boolean": True},
    "timestamp": {"text": "yesterday", "boolean": True},
    "list": {"text": "text", "object": {"0": "text"}},
    "structure": {"text": "text", "list": ["text"]},
}

NO_OBJECTS: tuple[Any, ...] = ([], "text", 7, True)

REPORTING = re.compile("Describe|AddAttributes|RemoveAttributes")
ABSENT = object()

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """One member of one operation, and what to make of its value."""

    operation: str
    path: str
    what: str
    change: Change
    error: str = "InvalidInputException"

    @property
    def id(self) -> str:
        return f"{self.operation}-{self.path}-{self.what}"


def _members(shape: Any, path: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Every member below a shape: its path (``filter.tags[].key``), its shape, whether it is required."""
    if shape is not None and shape.type_name == "structure":
        for name, member in shape.members.items():
            own = f"{path}.{name}" if path else name
            yield own, member, name in shape.required_members
            yield from _members(member, own)
    elif shape is not None and shape.type_name == "list":
        yield f"{path}[]", shape.member, True
        yield from _members(shape.member, f"{path}[]")


def _all_members() -> Iterator[tuple[str, str, Any, bool]]:
    for operation in OPERATIONS:
        for path, shape, required in _members(MODEL.operation_model(operation).input_shape):
            yield operation, path, shape, required


def _becomes(value: Any) -> Change:
    return lambda given: value


def _filled(length: int) -> Change:
    """A list of that length, of different pairs where it holds pairs."""

    def fill(given: list[Any]) -> list[Any]:
        item = given[0]
        return [{**item, "key": f"key {n}"} if isinstance(item, dict) else item for n in range(length)]

    return fill


SIZED: dict[str, Callable[[int], Change]] = {
    "string": lambda length: _becomes("x" * length),
    "list": _filled,
    "integer": _becomes,
    "timestamp": _becomes,
}

BEYOND = {
    "string": ("too_short", "too_long"),
    "list": ("too_few", "too_many"),
    "integer": ("too_small", "too_large"),
    "timestamp": ("too_early", "too_late"),
}


def _bounds(operation: str, path: str, shape: Any) -> tuple[int | None, int | None]:
    """The least and the most that a member takes."""
    if path == "maxResults":
        return 1, None
    if shape.type_name == "timestamp":
        return MIN_TIMESTAMP, MAX_TIMESTAMP
    return shape.metadata.get("min"), MAX_ITEMS.get((operation, path), shape.metadata.get("max"))


def _names_something(path: str) -> bool:
    """Whether a member takes only what names a thing that is there, however long."""
    return re.search(r"(Arn|Arns\[\]|Token)$", path) is not None


def _refused() -> Iterator[Case]:
    for operation, path, shape, required in _all_members():
        if required:
            yield Case(operation, path, "null", _becomes(None), "ValidationException")
            if not path.endswith("[]"):
                yield Case(operation, path, "missing", _becomes(ABSENT), "ValidationException")
        for what, value in WRONG_TYPES[shape.type_name].items():
            yield Case(operation, path, f"is_{what}", _becomes(value), "SerializationException")
        minimum, maximum = _bounds(operation, path, shape)
        if minimum:
            yield Case(operation, path, BEYOND[shape.type_name][0], SIZED[shape.type_name](minimum - 1))
        if maximum is not None:
            yield Case(operation, path, BEYOND[shape.type_name][1], SIZED[shape.type_name](maximum + 1))
        if "enum" in shape.metadata:
            yield Case(operation, path, "not_in_enum", _becomes("NO_SUCH_CHOICE"))
            yield Case(operation, path, "in_other_case", str.swapcase)
        if "pattern" in shape.metadata:
            yield Case(operation, path, "not_of_pattern", str.upper)
            yield Case(operation, path, "pattern_and_more", lambda given: f"{given}\n")
        if path.endswith(("Arn", "Arns[]")) and not (REPORTING.match(operation) and path.endswith("[]")):
            yield Case(operation, path, "not_an_arn", _becomes("arn:aws:inspector:here"))


def _accepted() -> Iterator[Case]:
    for operation, path, shape, required in _all_members():
        for bound, what in zip(_bounds(operation, path, shape), ("least", "most"), strict=True):
            if bound is not None and not _names_something(path):
                yield Case(operation, path, what, SIZED[shape.type_name](bound))
        for choice in shape.metadata.get("enum", ()):
            yield Case(operation, path, choice, _becomes(choice))
        if not required:
            yield Case(operation, path, "null", _becomes(None))
            yield Case(operation, path, "missing", _becomes(ABSENT))


def _expected_code(operation: str, path: str) -> str:
    """The model's code that the names say.

    ``filter.severities`` is INVALID_NUMBER_OF_SEVERITIES, one of them INVALID_SEVERITY, ``tags[].key`` INVALID_TAG_KEY;
    what has no code of its own has that of what it is in.
    """
    member, *inner = path.removeprefix("filter.").split(".")
    name = member.removesuffix("[]")
    aliases = (NAME_IN_CODES.get(known) for known in (f"{operation}.{name}", member, name))
    words = xform_name(next(filter(None, aliases), name)).upper()
    if member.endswith("[]"):
        words = re.sub("IE$", "Y", words.removesuffix("S"))
    own = "_".join([words, *map(str.upper, inner)])
    return next(
        code for code in (f"INVALID_NUMBER_OF_{own}", f"INVALID_{own}", f"INVALID_{words}") if code in INPUT_CODES
    )


def _changed(request: dict[str, Any], path: str, change: Change) -> tuple[dict[str, Any], str]:
    """The request with the value at ``path`` changed (in a list, the last item), and the path as a message has it."""
    *way, last = path.replace("[]", ".[]").split(".")
    container: Any = request
    for step in way:
        container = container[-1] if step == "[]" else container[step]
        path = path.replace("[]", f"[{len(container) - 1}]", 1) if isinstance(container, list) else path
    if last == "[]":
        container[-1] = change(container[-1])
    elif (value := change(container.get(last))) is not ABSENT:
        container[last] = value
    else:
        container.pop(last, None)
    return request, path


def _refusal(client: Any, operation: str, body: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        send_body(client, operation, body)
    response: dict[str, Any] = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response


@pytest.fixture
def valid_requests(inspector_backend):
    return complete_requests(create_resources(inspector_backend))


@pytest.mark.slow
@pytest.mark.parametrize("case", sample(25, _refused()), ids=lambda case: case.id)
def test_a_broken_constraint_is_refused(case, valid_requests, unchecked_client):
    body, member = _changed(valid_requests[case.operation], case.path, case.change)
    refusal = _refusal(unchecked_client, case.operation, body)
    assert refusal["Error"]["Code"] == case.error
    if case.what == "not_an_arn":
        member = case.path.removesuffix("[]")
    assert member in refusal["Error"]["Message"]
    if case.error == "InvalidInputException":
        assert refusal["errorCode"] == _expected_code(case.operation, case.path)
        assert refusal["canRetry"] is False


@pytest.mark.parametrize("case", sample(25, _accepted()), ids=lambda case: case.id)
def test_a_request_within_the_constraints_is_accepted(case, valid_requests, unchecked_client):
    body, _ = _changed(valid_requests[case.operation], case.path, case.change)
    assert send_body(unchecked_client, case.operation, body)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("operation", sample(3, OPERATIONS))
def test_a_request_needs_its_required_members_only(operation, valid_requests, unchecked_client):
    body = only_required(MODEL.operation_model(operation).input_shape, valid_requests[operation])
    assert send_body(unchecked_client, operation, body)["ResponseMetadata"]["HTTPStatusCode"] == 200


INTEGERS = [(operation, path) for operation, path, shape, _ in _all_members() if shape.type_name == "integer"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 10**30])
@pytest.mark.parametrize(("operation", "path"), INTEGERS)
def test_an_integer_of_more_than_32_bits_is_of_another_type(operation, path, number, valid_requests, unchecked_client):
    body, _ = _changed(valid_requests[operation], path, _becomes(number))
    assert _refusal(unchecked_client, operation, body)["Error"]["Code"] == "SerializationException"


def test_there_are_integers_in_many_requests():
    assert {"ListFindings", "CreateAssessmentTemplate", "ListAssessmentRuns"} <= {
        operation for operation, _ in INTEGERS
    }


@pytest.mark.parametrize(
    "operation",
    [name for name in OPERATIONS if "filter" in getattr(MODEL.operation_model(name).input_shape, "members", ())],
)
def test_a_filter_without_known_members_filters_nothing(operation, valid_requests, unchecked_client):
    members = MODEL.operation_model(operation).input_shape.members["filter"].members
    body = only_required(MODEL.operation_model(operation).input_shape, valid_requests[operation])

    def answer(**filter):
        shown = send_body(unchecked_client, operation, {**body, **filter})
        del shown["ResponseMetadata"]
        return shown

    everything = answer()
    for empty in ({}, None, dict.fromkeys(members), {"unknown": 1}, {**dict.fromkeys(members), "unknown": [1]}):
        assert answer(filter=empty) == everything, empty


def test_a_filter_of_agents_with_one_of_its_members_needs_the_other(valid_requests, unchecked_client):
    for given in ("agentHealths", "agentHealthCodes"):
        body = {**valid_requests["ListAssessmentRunAgents"], "filter": {given: []}}
        error = _refusal(unchecked_client, "ListAssessmentRunAgents", body)["Error"]
        assert error["Code"] == "ValidationException"


@pytest.mark.parametrize("operation", sample(3, OPERATIONS))
def test_an_unknown_member_is_ignored(operation, valid_requests, unchecked_client):
    body = {**valid_requests[operation], "noSuchMember": 1}
    assert send_body(unchecked_client, operation, body)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.slow
@pytest.mark.parametrize("operation", [name for name in OPERATIONS if MODEL.operation_model(name).input_shape])
def test_a_body_that_is_not_an_object_is_refused(operation, inspector_backend, unchecked_client):
    for body in NO_OBJECTS:
        assert _refusal(unchecked_client, operation, body)["Error"]["Code"] == "SerializationException"

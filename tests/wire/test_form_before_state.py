"""What is wrong in form is InvalidInputException, whatever else is missing: form is checked before anything is looked up."""

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..support.aws import create_resources
from ..support.fast_subset import sample
from ..support.in_process import send_body
from ..support.requests import complete_requests
from ..support.service_model import MODEL, OPERATIONS
from .test_arns import OTHER_ACCOUNT, THROWING, Member

pytestmark = pytest.mark.mock_inspector(freeze=False)


@dataclass(frozen=True)
class Fault:
    """A member of an operation's request, a value of it that is wrong in form, and the code that it gets."""

    operation: str
    path: tuple[str, ...]
    value: Any
    code: str

    def __str__(self):
        return ".".join([self.operation, *self.path])


def arn_faults(member: Member) -> list[Fault]:
    values = ["fake-arn", "arn:aws:inspector:us-west-2:123456789012:rulespackage/0-absent00"]
    if member.noun == "RULES_PACKAGE":
        values[1] = "arn:aws:inspector:us-west-2:123456789012:target/0-absent00"
    return [Fault(member.operation, member.path, [v] if member.many else v, member.invalid) for v in values]


def other_faults(operation: str) -> list[Fault]:
    shape = MODEL.operation_model(operation).input_shape
    members = {} if shape is None else shape.members
    criteria = members["filter"].members if "filter" in members else {}
    faults = []
    if "nextToken" in members:
        faults.append(Fault(operation, ("nextToken",), "nonsense", "INVALID_PAGINATION_TOKEN"))
        faults.append(Fault(operation, ("maxResults",), 0, "INVALID_MAX_RESULTS"))
    if "topicArn" in members:
        faults.append(Fault(operation, ("topicArn",), "fake-arn", "INVALID_SNS_TOPIC_ARN"))
    codes = {
        "ListAssessmentRuns": "INVALID_ASSESSMENT_RUN",
        "ListAssessmentTemplates": "INVALID_ASSESSMENT_TEMPLATE",
    }
    for name in criteria:
        if name == "durationRange":
            swapped = {"minSeconds": 300, "maxSeconds": 200}
            faults.append(Fault(operation, ("filter", name), swapped, f"{codes[operation]}_DURATION_RANGE"))
        elif name.endswith("Range"):
            kind = "COMPLETION" if name == "creationTimeRange" else name.removesuffix("TimeRange").upper()
            kind = "STATE_CHANGE" if kind == "STATECHANGE" else kind
            swapped = {"beginDate": 2, "endDate": 1}
            faults.append(Fault(operation, ("filter", name), swapped, f"INVALID_ASSESSMENT_RUN_{kind}_TIME_RANGE"))
    return faults


TWICE = [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]
FAULTS = [
    *(fault for member in THROWING for fault in arn_faults(member)),
    *(fault for operation in OPERATIONS for fault in other_faults(operation)),
    Fault("CreateAssessmentTemplate", ("userAttributesForFindings",), TWICE, "INVALID_USER_ATTRIBUTE"),
    Fault("SetTagsForResource", ("tags",), TWICE, "INVALID_TAG"),
    Fault("AddAttributesToFindings", ("attributes",), TWICE, "INVALID_USER_ATTRIBUTE"),
    Fault("GetAssessmentReport", ("reportType",), "ALL", "INVALID_ATTRIBUTE"),
    Fault("StopAssessmentRun", ("stopAction",), "NOW", "INVALID_ASSESSMENT_RUN_STATE"),
    Fault("CreateAssessmentTemplate", ("durationInSeconds",), 1, "INVALID_ASSESSMENT_TEMPLATE_DURATION"),
]


def absent(arn):
    return f"{arn[:-8]}absent00"


def of_another_account(arn):
    return absent(arn.replace("123456789012", OTHER_ACCOUNT).replace("758058086616", OTHER_ACCOUNT))


@pytest.mark.slow
@pytest.mark.parametrize("other", [absent, of_another_account], ids=lambda other: other.__name__)
@pytest.mark.parametrize("fault", sample(5, FAULTS), ids=str)
def test_what_is_wrong_in_form_counts_first(inspector_backend, unchecked_client, fault, other):
    """Every other ARN of the request leads to nothing."""

    def replace_arns(value):
        if isinstance(value, dict):
            return {name: replace_arns(entry) for name, entry in value.items()}
        if isinstance(value, list):
            return [replace_arns(entry) for entry in value]
        return other(value) if isinstance(value, str) and ":inspector:" in value else value

    request = replace_arns(complete_requests(create_resources(inspector_backend))[fault.operation])
    where = request
    for step in fault.path[:-1]:
        where = where[step]
    where[fault.path[-1]] = fault.value

    with pytest.raises(ClientError) as caught:
        send_body(unchecked_client, fault.operation, request)
    error = caught.value.response
    assert (error["Error"]["Code"], error["errorCode"]) == ("InvalidInputException", fault.code)
    assert fault.path[-1] in error["message"]


@pytest.mark.parametrize("member", [member for member in THROWING if member.many], ids=str)
def test_one_malformed_arn_behind_absent_ones_counts_first(inspector_backend, unchecked_client, member):
    resources = create_resources(inspector_backend)
    good: Any = complete_requests(resources)[member.operation]
    for step in member.path:
        good = good[step]

    with pytest.raises(ClientError) as caught:
        send_body(unchecked_client, member.operation, member.request(resources, absent(good[0]), "fake-arn"))
    assert caught.value.response["errorCode"] == member.invalid
    assert "[1]" in caught.value.response["message"]


def test_an_arn_member_of_a_later_model_is_checked_too():
    """Each member of the model that holds ARNs of Inspector has its type in the table of them."""
    from mock_inspector.api.arns import MEMBER_TYPES

    assert {member.name for member in THROWING} <= MEMBER_TYPES.keys()

"""Errors on the wire: the modelled exceptions, the common errors, what malformed requests get, and injected faults."""

import json
import re
from bisect import bisect_left
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_inspector import door, mock_inspector
from mock_inspector.errors import AccessDeniedException

from ..support.fast_subset import max_examples
from ..support.requests import MODEL, OPERATIONS, complete_requests, create_target, create_template, furnish

URL = "https://inspector.us-west-2.amazonaws.com/"
SCOPE = "AKIAEXAMPLE/20160315/us-west-2/inspector/aws4_request"
SIGNED = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0123abcd"
LISTING = "InspectorService.ListAssessmentTargets"
BOTH = {"X-Amz-Target": LISTING, "Authorization": SIGNED}


class Answer(NamedTuple):
    """An answer of the door: its body is JSON, or None when it is empty."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self):
        return self.body["__type"]


def knock(backend, body=b"{}", headers=BOTH, *, method="POST", url=URL):
    """The door's answer, which is sound whatever the request."""
    response = door.answer(backend._world, door.Request(method, url, headers, body))
    headers = response.headers
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", headers["x-amzn-RequestId"]
    )
    assert parsedate_to_datetime(headers["Date"]).timestamp() == pytest.approx(backend.clock.now().timestamp(), abs=2)
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["Content-Length"] == str(len(response.body))
    answer = Answer(response.status, headers, json.loads(response.body) if response.body else None)
    if answer.status != HTTPStatus.OK:
        assert 400 <= answer.status < 500
        assert isinstance(answer.code, str)
        assert isinstance(answer.body["message"], str)
        assert 0 < len(answer.body["message"]) <= MODEL.shape_for("ErrorMessage").metadata["max"]
    return answer


def asking(operation):
    return {**BOTH, "X-Amz-Target": f"InspectorService.{operation}"}


# The modelled exceptions


def ended_run(backend):
    template = create_template(backend, create_target(backend, "web"))
    run = backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    backend.finish_run(run)
    return run


def busy_agents(backend, client, *, agents=1):
    for number in range(agents):
        backend.add_instance(f"i-0{number}")
    template = create_template(backend, create_target(backend, "web"))
    client.start_assessment_run(assessmentTemplateArn=template)
    client.start_assessment_run(assessmentTemplateArn=template)


def busy_runs(backend, client, *, runs=1):
    template = create_template(backend, create_target(backend, "web"))
    for _ in range(runs):
        client.start_assessment_run(assessmentTemplateArn=template)
    client.delete_assessment_template(assessmentTemplateArn=template)


def another_accounts(backend, client):
    client.preview_agents(previewAgentsArn=create_target(backend.for_account("210987654321"), "theirs"))


def one_target_too_many(backend, client):
    for number in range(51):
        client.create_assessment_target(assessmentTargetName=f"target {number}")


def absent(backend, client):
    target = create_target(backend, "web")
    client.delete_assessment_target(assessmentTargetArn=target)
    client.delete_assessment_target(assessmentTargetArn=target)


def two_previews_at_once(backend, client):
    template = create_template(backend, create_target(backend, "web"))
    client.create_exclusions_preview(assessmentTemplateArn=template)
    client.create_exclusions_preview(assessmentTemplateArn=template)


def report_on_a_run_of_2016(backend, client):
    client.get_assessment_report(assessmentRunArn=ended_run(backend), reportFileFormat="PDF", reportType="FULL")


NATURAL = {
    "AccessDeniedException": another_accounts,
    "AgentsAlreadyRunningAssessmentException": busy_agents,
    "AssessmentRunInProgressException": busy_runs,
    "InvalidInputException": lambda backend, client: client.list_findings(maxResults=0),
    "LimitExceededException": one_target_too_many,
    "NoSuchEntityException": absent,
    "PreviewGenerationInProgressException": two_previews_at_once,
    "UnsupportedFeatureException": report_on_a_run_of_2016,
}
INJECTED = {"InternalException", "InvalidCrossAccountRoleException", "ServiceTemporarilyUnavailableException"}
"""What nobody can do wrong: the mock fails on request only, and every role serves it."""

EXCEPTIONS = {shape.name: shape for shape in MODEL.error_shapes}


def raised(client, exception):
    return pytest.raises(getattr(client.exceptions, exception))


def check_members(answer, shape):
    """All members that the model requires are there, of its types, and lists hold as many items as it asks for."""
    members = {name: answer[name] for name in shape.members if name in answer}
    assert not ParamValidator().validate(members, shape).has_errors()


def test_every_exception_of_the_model_is_reached():
    assert sorted([*NATURAL, *INJECTED]) == sorted(EXCEPTIONS)


@pytest.mark.mock_inspector(at="2016-03-15T18:00:00Z")
@pytest.mark.parametrize("exception", NATURAL)
def test_an_exception_is_thrown_with_all_its_members(unchecked_client, inspector_backend, exception):
    with raised(unchecked_client, exception) as caught:
        NATURAL[exception](inspector_backend, unchecked_client)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Message"] == answer["message"] != ""
    check_members(answer, EXCEPTIONS[exception])


@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_an_injected_exception_has_all_its_members(unchecked_client, inspector_backend, exception):
    inspector_backend.inject_fault("ListFindings", exception)
    with raised(unchecked_client, exception) as caught:
        unchecked_client.list_findings()
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == (500 if exception == "InternalException" else 400)
    assert answer["Error"]["Message"] == answer["message"] != ""
    check_members(answer, EXCEPTIONS[exception])


def test_an_injected_exception_says_what_it_is_given(unchecked_client, inspector_backend):
    members = {
        "message": "Busy.",
        "agents": [{"agentId": "i-0web", "assessmentRunArn": "arn:aws:inspector:run"}],
        "agentsTruncated": True,
        "canRetry": False,
    }
    fault = {"code": "AgentsAlreadyRunningAssessmentException", **members}
    inspector_backend.inject_fault("StartAssessmentRun", fault)
    with raised(unchecked_client, fault["code"]) as caught:
        unchecked_client.start_assessment_run(assessmentTemplateArn="any")
    assert {name: caught.value.response[name] for name in members} == members


@pytest.mark.parametrize(("agents", "truncated"), [(10, False), (11, True)])
def test_up_to_ten_busy_agents_are_named(client, inspector_backend, agents, truncated):
    with raised(client, "AgentsAlreadyRunningAssessmentException") as caught:
        busy_agents(inspector_backend, client, agents=agents)
    answer = caught.value.response
    (run,) = inspector_backend.list_assessment_runs()["assessmentRunArns"]
    assert answer["agents"] == [{"agentId": f"i-0{number}", "assessmentRunArn": run} for number in range(10)]
    assert answer["agentsTruncated"] is truncated


@pytest.mark.parametrize(("runs", "truncated"), [(10, False), (11, True)])
def test_up_to_ten_runs_in_progress_are_named(client, inspector_backend, runs, truncated):
    with raised(client, "AssessmentRunInProgressException") as caught:
        busy_runs(inspector_backend, client, runs=runs)
    answer = caught.value.response
    listed = inspector_backend.list_assessment_runs(maxResults=10)["assessmentRunArns"]
    assert answer["assessmentRunArns"] == listed
    assert answer["assessmentRunArnsTruncated"] is truncated


# The common errors

COMMON = {
    "IncompleteSignature": 400,
    "InternalFailure": 500,
    "InvalidAction": 400,
    "InvalidClientTokenId": 403,
    "InvalidParameterCombination": 400,
    "InvalidParameterValue": 400,
    "InvalidQueryParameter": 400,
    "MalformedQueryString": 404,
    "MissingAction": 400,
    "MissingAuthenticationToken": 403,
    "MissingParameter": 400,
    "OptInRequired": 403,
    "RequestExpired": 400,
    "ServiceUnavailable": 503,
    "Throttling": 400,
    "ValidationError": 400,
}
"""The last chapter of the API reference."""

THEIR_JSON_TWINS = {
    "ExpiredTokenException": 400,
    "IncompleteSignatureException": 400,
    "InvalidSignatureException": 400,
    "MissingAuthenticationTokenException": 403,
    "SerializationException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 400,
    "UnknownOperationException": 400,
    "UnrecognizedClientException": 400,
    "ValidationException": 400,
}
"""What services that speak JSON send in their place."""


@pytest.mark.parametrize(("code", "status"), [*COMMON.items(), *THEIR_JSON_TWINS.items()])
def test_a_common_error_can_be_injected(unchecked_client, inspector_backend, code, status):
    inspector_backend.inject_fault("ListFindings", code)
    with pytest.raises(ClientError) as caught:
        unchecked_client.list_findings()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


# What malformed requests get

NO_JSON = {
    "text": b"assessmentTargets",
    "an end too soon": b'{"maxResults": 1',
    "more after the end": b"{}{}",
    "blank": b" ",
    "a form": b"Action=ListAssessmentTargets&Version=2016-02-16",
    "not UTF-8": b'{"nextToken": "\xff"}',
    "UTF-16": '{"maxResults": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "NaN": b'{"maxResults": NaN}',
    "Infinity": b'{"maxResults": -Infinity}',
    "an infinite number": b'{"maxResults": 1e999}',
    "a list": b"[]",
    "a string": b'"{}"',
    "a number": b"1",
    "null": b"null",
    "nested too deep in lists": b"[" * 100_000,
    "nested too deep in objects": b'{"a":' * 100_000,
    "nested too deep, and closed": b'{"filter":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "half a surrogate pair, escaped": rb'{"nextToken": "\ud83d"}',
    "half a surrogate pair, in a name": rb'{"\udfff": 1}',
    "half a surrogate pair, encoded": b'{"nextToken": "\xed\xa0\xbd"}',
    "more digits than Python reads": b'{"maxResults": 1' + b"0" * 5000 + b"}",
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_a_body_that_is_no_json_object_cannot_be_read(inspector_backend, body):
    answer = knock(inspector_backend, body)
    assert (answer.status, answer.code) == (400, "SerializationException")


def deepest():
    """How deep a list can be nested that can still be read."""

    def unreadable(depth):
        try:
            json.loads(nested(depth))
        except RecursionError:
            return True
        return False

    return bisect_left(range(100_000), True, key=unreadable) - 1


def nested(depth):
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("body", [b"%s", b'{"maxResults": %s}', b'{"filter": {"assessmentTargetNamePattern": %s}}'])
def test_a_list_nested_almost_too_deep_is_but_a_value_of_another_type(inspector_backend, body):
    most = deepest()
    for depth in range(most - 150, most + 5):
        assert knock(inspector_backend, body % nested(depth)).code == "SerializationException"


def test_a_list_nested_almost_too_deep_is_dropped_with_its_unknown_member(inspector_backend):
    most = deepest()
    for depth in range(most - 12, most + 1):
        body = b'{"unknown": %s}' % nested(depth)
        # So often that it counts as a poll, whose parameters are looked at once more.
        statuses = [knock(inspector_backend, body, asking("ListFindings")).status for _ in range(110)]
        assert statuses in ([200] * 110, [400] * 110)
        assert depth > most - 12 or statuses[0] == 200


@pytest.mark.parametrize(
    ("operation", "body", "says"),
    [
        ("ListFindings", {"maxResults": "10"}, "maxResults"),
        ("ListFindings", {"maxResults": 10.5}, "maxResults"),
        ("ListFindings", {"maxResults": True}, "maxResults"),
        ("ListFindings", {"nextToken": 1}, "nextToken"),
        ("ListFindings", {"filter": []}, "filter"),
        ("ListFindings", {"filter": {"severities": "High"}}, "filter.severities"),
        ("ListFindings", {"filter": {"severities": {"0": "High"}}}, "filter.severities"),
        ("ListFindings", {"filter": {"attributes": ["key"]}}, "filter.attributes[0]"),
        ("ListFindings", {"filter": {"creationTimeRange": {"endDate": "2016-03-15"}}}, "filter.creationTimeRange.endDate"),
        ("CreateResourceGroup", {"resourceGroupTags": [{"key": "a"}, {"key": 7}]}, "resourceGroupTags[1].key"),
        ("DescribeFindings", {"findingArns": [["arn"]]}, "findingArns[0]"),
    ],
)  # fmt: skip
def test_a_member_of_another_type_cannot_be_read(inspector_backend, operation, body, says):
    answer = knock(inspector_backend, json.dumps(body).encode(), asking(operation))
    assert (answer.status, answer.code) == (400, "SerializationException")
    assert says in answer.body["message"]


@pytest.mark.parametrize(
    ("operation", "body", "says"),
    [
        ("DeleteAssessmentTarget", {}, "assessmentTargetArn"),
        ("DeleteAssessmentTarget", {"assessmentTargetArn": None}, "assessmentTargetArn"),
        ("DescribeFindings", {"findingArns": [None]}, "findingArns[0]"),
        ("CreateResourceGroup", {"resourceGroupTags": [{"key": "a"}, {"value": "b"}]}, "resourceGroupTags[1].key"),
        ("ListAssessmentRunAgents", {"assessmentRunArn": "a", "filter": {"agentHealths": []}}, "filter.agentHealthCodes"),
    ],
)  # fmt: skip
def test_a_missing_member_is_a_validation_error(inspector_backend, operation, body, says):
    answer = knock(inspector_backend, json.dumps(body).encode(), asking(operation))
    assert (answer.status, answer.code) == (400, "ValidationException")
    assert says in answer.body["message"]


def test_a_missing_member_comes_before_a_bad_one(inspector_backend):
    body = b'{"assessmentTargetName": "", "durationInSeconds": "long"}'
    assert knock(inspector_backend, body, asking("CreateAssessmentTemplate")).code == "ValidationException"


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "ListAssessmentTargets",
        "InspectorService",
        "InspectorService.",
        "InspectorService.ListEverything",
        "InspectorService.listAssessmentTargets",
        "InspectorService.list_assessment_targets",
        "inspectorservice.ListAssessmentTargets",
        "Inspector2.ListAssessmentTargets",
        " InspectorService.ListAssessmentTargets",
        "InspectorService.ListAssessmentTargets.ListAssessmentTargets",
        "InspectorService.Größe\udc80",
        "InspectorService." + "L" * 100_000,
        b"InspectorService.\xff",
    ],
)
def test_no_known_target_is_an_unknown_operation(inspector_backend, target):
    headers = {"Authorization": SIGNED, **({} if target is None else {"X-Amz-Target": target})}
    answer = knock(inspector_backend, headers=headers)
    assert (answer.status, answer.code) == (400, "UnknownOperationException")
    assert "X-Amz-Target" in answer.body["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", ""])
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_only_post_names_an_operation(inspector_backend, method, body):
    assert knock(inspector_backend, body, method=method).code == "UnknownOperationException"


def signed(scope=SCOPE, *, rest=", SignedHeaders=host, Signature=00"):
    return f"AWS4-HMAC-SHA256 Credential={scope}{rest}"


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 403, "MissingAuthenticationTokenException"),
        ("", 400, "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256", 400, "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 ", 400, "IncompleteSignatureException"),
        ("Basic QUtJQTpzZWNyZXQ=", 400, "IncompleteSignatureException"),
        ("Bearer token", 400, "IncompleteSignatureException"),
        (f"AWS AKIAEXAMPLE:{'0' * 27}=", 400, "IncompleteSignatureException"),
        (signed().removeprefix("AWS4-HMAC-SHA256 "), 400, "IncompleteSignatureException"),
        (signed(rest=""), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host"), 400, "IncompleteSignatureException"),
        (signed(rest=", Signature=00"), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=, Signature="), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature="), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature=00,"), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature=00 00"), 400, "IncompleteSignatureException"),
        (signed(rest=", SignedHeaders=host, Signature= 00"), 400, "IncompleteSignatureException"),
        (signed(""), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/2016-03-15/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/٢٠١٦٠٣١٥/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315/us-west-2/inspector/aws5_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315/us-west-2/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315//inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed("/20160315/us-west-2/inspector/aws4_request"), 400, "IncompleteSignatureException"),
        (signed(f"{SCOPE}/{SCOPE}"), 400, "IncompleteSignatureException"),
        (signed("AKIAEXAMPLE/20160315/mars/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (signed("AKIAEXAMPLE/20160315/../inspector/aws4_request"), 400, "InvalidSignatureException"),
        (signed("AKIAEXAMPLE/20160315/US-WEST-2/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (signed("AKIAEXAMPLE/20160315/us-west-2\x00/inspector/aws4_request"), 400, "InvalidSignatureException"),
        (b"AWS4-HMAC-SHA256 Credential=\xff\xfe", 400, "IncompleteSignatureException"),
    ],
)
def test_what_is_not_signed_is_refused(inspector_backend, authorization, status, code):
    headers = {"X-Amz-Target": LISTING, **({} if authorization is None else {"Authorization": authorization})}
    answer = knock(inspector_backend, headers=headers)
    assert (answer.status, answer.code) == (status, code)


PRESIGNED = (
    f"{URL}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE}&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (PRESIGNED.replace("X-Amz-Signature", "Signature"), "IncompleteSignatureException"),
        (PRESIGNED.replace("X-Amz-Credential", "Credential"), "IncompleteSignatureException"),
        (PRESIGNED.replace(SCOPE, ""), "IncompleteSignatureException"),
        (PRESIGNED.replace("us-west-2/", "mars/"), "InvalidSignatureException"),
        (f"{URL}?", "MissingAuthenticationTokenException"),
        (f"{URL}?AWSAccessKeyId=AKIAEXAMPLE&Signature=0", "MissingAuthenticationTokenException"),
        (f"{URL}#{PRESIGNED}", "MissingAuthenticationTokenException"),
        ("https://[inspector", "MissingAuthenticationTokenException"),
        ("", "MissingAuthenticationTokenException"),
    ],
)
def test_a_query_that_is_not_signed_is_refused(inspector_backend, url, code):
    assert knock(inspector_backend, headers={"X-Amz-Target": LISTING}, url=url).code == code


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        (BOTH, URL),
        ({name.lower(): value for name, value in BOTH.items()}, URL),
        ({name: value.encode() for name, value in BOTH.items()}, URL),
        ({**BOTH, "Authorization": SIGNED.replace(", ", ",")}, URL),
        ({**BOTH, "Content-Type": "text/plain", "Host": "localhost", "Date": "yesterday"}, "http://localhost:8080/"),
        ({"X-Amz-Target": LISTING}, PRESIGNED),
        ({"X-Amz-Target": LISTING}, PRESIGNED.replace("/2016", "%2F2016")),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b' {"unknown": [1, {}], "maxResults": null}\n'])
def test_a_signed_request_is_answered(inspector_backend, headers, url, body):
    answer = knock(inspector_backend, body, headers, url=url)
    assert (answer.status, answer.body) == (200, {"assessmentTargetArns": []})


@pytest.mark.mock_inspector(at="2016-03-15T18:00:00Z")
def test_good_and_bad_answers_are_dated_by_the_clock_and_numbered(inspector_backend):
    answers = [knock(inspector_backend), knock(inspector_backend, b"{"), knock(inspector_backend, headers={})]
    assert [answer.status for answer in answers] == [200, 400, 403]
    assert {answer.headers["Date"] for answer in answers} == {"Tue, 15 Mar 2016 18:00:00 GMT"}
    assert len({answer.headers["x-amzn-RequestId"] for answer in answers}) == len(answers)


MEMBERS = sorted({name for shape in MODEL.shape_names for name in getattr(MODEL.shape_for(shape), "members", ())})
examples = settings(
    max_examples=max_examples(300),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

texts = st.text(st.characters(), max_size=40) | st.sampled_from([SIGNED, LISTING, SCOPE, "", "*", "\x00", "1" * 400])
headers = st.dictionaries(
    st.sampled_from(["X-Amz-Target", "x-amz-target", "Authorization", "authorization", "Date"]) | texts,
    texts | st.binary(max_size=40) | texts.map("InspectorService.{}".format) | texts.map(signed),
    max_size=6,
)


@examples
@given(
    body=st.binary(max_size=200) | st.sampled_from([b"", b"{}"]),
    headers=headers | headers.map(lambda more: {**more, **BOTH}),
    method=st.sampled_from(["POST", "POST", "GET"]) | texts,
    url=texts | texts.map(f"{URL}?{{}}".format) | texts.map(f"{URL}?X-Amz-Signature=0&X-Amz-Credential={{}}".format),
)
def test_random_requests_get_sound_answers(body, headers, method, url):
    with mock_inspector(freeze=False) as backend:
        knock(backend, body, headers, method=method, url=url)


numbers = st.integers() | st.sampled_from([0, -1, 10**400, -(10**400), 253402300800, 1e308, -62135596801, 0.1])
junk = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS) | texts, inner, max_size=3),
    max_leaves=6,
)


@examples
@given(operation=st.sampled_from(OPERATIONS), data=st.data())
def test_random_members_get_sound_answers(operation, data):
    with mock_inspector(freeze=False) as backend:
        request = complete_requests(furnish(backend))[operation]
        replace_one(request, data)
        knock(backend, json.dumps(request).encode(), asking(operation))


def replace_one(place, data):
    """Put junk in the place of one value, at any depth."""
    names = [*place, "unknown"] if isinstance(place, dict) else range(len(place))
    name = data.draw(st.sampled_from(names))
    if isinstance(place, dict) and name not in place:
        place[name] = data.draw(junk)
    elif isinstance(place[name], (dict, list)) and place[name] and data.draw(st.booleans()):
        replace_one(place[name], data)
    else:
        place[name] = data.draw(junk)


# Faults


def outcome(call, **params):
    """The code of the error that a call is answered with, or "served"."""
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "served"


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ({}, "fails served served served"),
        ({"times": 2}, "fails fails served served"),
        ({"times": None}, "fails fails fails fails"),
        ({"after": 2}, "served served fails served"),
        ({"after": 1, "times": 2}, "served fails fails served"),
        ({"after": 3, "times": None}, "served served served fails"),
    ],
)
def test_a_fault_spares_calls_and_then_meets_them(unchecked_client, inspector_backend, fault, outcomes):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException", **fault)
    found = [outcome(unchecked_client.list_findings) for _ in range(4)]
    assert found == outcomes.replace("fails", "ThrottlingException").split()


def test_a_fault_meets_its_operation_only(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")
    assert outcome(unchecked_client.list_assessment_runs) == "served"
    assert outcome(unchecked_client.list_findings) == "ThrottlingException"


def test_a_fault_of_any_operation_counts_them_all(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("*", "ThrottlingException", after=1, times=2)
    calls = ["list_findings", "list_assessment_runs", "list_findings", "list_assessment_targets"]
    outcomes = [outcome(getattr(unchecked_client, call)) for call in calls]
    assert outcomes == ["served", "ThrottlingException", "ThrottlingException", "served"]


def test_a_fault_counts_only_the_calls_whose_parameters_it_is_for(unchecked_client, inspector_backend):
    def wanted(params):
        return params.get("maxResults", 0) > 1

    inspector_backend.inject_fault("ListFindings", "ThrottlingException", after=1, when=wanted)
    outcomes = [outcome(unchecked_client.list_findings, maxResults=size) for size in (1, 2, 1, 2, 2)]
    assert outcomes == ["served", "served", "served", "ThrottlingException", "served"]


def test_faults_of_one_operation_follow_each_other(unchecked_client, inspector_backend):
    for code in ("ThrottlingException", "InternalException"):
        inspector_backend.inject_fault("ListFindings", code)
    outcomes = [outcome(unchecked_client.list_findings) for _ in range(3)]
    assert outcomes == ["ThrottlingException", "InternalException", "served"]


def test_what_a_fault_meets_is_not_carried_out(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("CreateAssessmentTarget", "ServiceTemporarilyUnavailableException")
    call = unchecked_client.create_assessment_target
    assert outcome(call, assessmentTargetName="web") == "ServiceTemporarilyUnavailableException"
    assert inspector_backend.list_assessment_targets()["assessmentTargetArns"] == []
    assert outcome(call, assessmentTargetName="web") == "served"


def test_faults_leave_the_methods_of_the_backend_alone(unchecked_client, inspector_backend):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")
    assert inspector_backend.list_findings() == {"findingArns": []}
    assert outcome(unchecked_client.list_findings) == "ThrottlingException"


@pytest.mark.parametrize(
    "fault",
    [
        "ACCESS_DENIED_TO_RULES_PACKAGE",
        {"errorCode": "ACCESS_DENIED_TO_RULES_PACKAGE"},
        {"code": "AccessDeniedException", "errorCode": "ACCESS_DENIED_TO_RULES_PACKAGE"},
        {"__type": "AccessDeniedException", "errorCode": "ACCESS_DENIED_TO_RULES_PACKAGE"},
        AccessDeniedException(errorCode="ACCESS_DENIED_TO_RULES_PACKAGE"),
    ],
    ids=repr,
)
def test_an_error_code_can_be_injected_by_itself_or_with_its_exception(unchecked_client, inspector_backend, fault):
    inspector_backend.inject_fault("ListRulesPackages", fault)
    with raised(unchecked_client, "AccessDeniedException") as caught:
        unchecked_client.list_rules_packages()
    assert caught.value.response["errorCode"] == "ACCESS_DENIED_TO_RULES_PACKAGE"


def test_all_items_of_a_batch_can_fail(unchecked_client, inspector_backend):
    found = [furnish(inspector_backend).finding, "fake-arn"]
    inspector_backend.inject_fault("DescribeFindings", "INTERNAL_ERROR")
    answer = unchecked_client.describe_findings(findingArns=found)
    assert answer["findings"] == []
    assert answer["failedItems"] == {arn: {"failureCode": "INTERNAL_ERROR", "retryable": True} for arn in found}


@pytest.fixture(scope="module")
def retrying_client(session):
    """A client that tries everything three times."""
    return session.client("inspector", config=Config(retries={"total_max_attempts": 3}))


NETWORK = [ReadTimeoutError(endpoint_url=URL), EndpointConnectionError(endpoint_url=URL)]


@pytest.mark.parametrize("error", NETWORK, ids=lambda error: type(error).__name__)
def test_a_network_error_surfaces_when_no_try_is_left(retrying_client, inspector_backend, error):
    inspector_backend.inject_fault("ListFindings", error, times=3)
    with pytest.raises(type(error), match=re.escape(URL)):
        retrying_client.list_findings()
    assert retrying_client.list_findings()["findingArns"] == []


@pytest.mark.parametrize(
    "error", [*NETWORK, "ThrottlingException", "ServiceUnavailable", "InternalException"], ids=repr
)
def test_retries_get_over_a_passing_fault(retrying_client, inspector_backend, error):
    inspector_backend.inject_fault("ListFindings", error, times=2)
    answer = retrying_client.list_findings()
    assert answer["findingArns"] == []
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


@pytest.mark.parametrize(
    ("operation", "error", "says"),
    [
        ("ListEverything", "ThrottlingException", "operation"),
        ("list_findings", "ThrottlingException", "operation"),
        ("", "ThrottlingException", "operation"),
        (None, "ThrottlingException", "operation"),
        (["ListFindings"], "ThrottlingException", "operation"),
        ("ListFindings", "TeapotException", "error.*ThrottlingException"),
        ("ListFindings", "", "error.*ThrottlingException"),
        ("ListFindings", None, "error.*ThrottlingException"),
        ("ListFindings", 400, "error.*ThrottlingException"),
        ("ListFindings", ReadTimeoutError, "error.*exception instance"),
        ("ListFindings", {}, "error.*'code'"),
        ("ListFindings", {"code": 400}, "error.*'code'"),
        ("ListFindings", {"code": "TeapotException"}, "error.*ThrottlingException"),
        ("ListFindings", {"code": "ThrottlingException", "errorCode": "SLOW"}, "errorCode"),
        ("ListFindings", {"code": "InternalException", "errorCode": "SLOW"}, "errorCode.*message, canRetry"),
        ("ListFindings", {"code": "InvalidInputException", "errorCode": "SLOW"}, "SLOW.*INVALID_SEVERITY"),
        ("ListFindings", {"code": "InvalidInputException", "canRetry": "maybe"}, "canRetry"),
        ("ListFindings", {"code": "InvalidInputException", "message": b"text"}, "message"),
        ("StartAssessmentRun", {"code": "AgentsAlreadyRunningAssessmentException", "agents": "all"}, "agents"),
        ("ListFindings", "INTERNAL_ERROR", "DescribeFindings"),
        ("*", "INTERNAL_ERROR", "DescribeFindings"),
    ],
)
def test_what_is_no_fault_is_refused(client, inspector_backend, operation, error, says):
    with pytest.raises((ValueError, TypeError), match=f"(?s){says}"):
        inspector_backend.inject_fault(operation, error)
    client.list_findings()


@pytest.mark.parametrize(
    ("keyword", "value", "says"),
    [
        ("times", 0, "from 1"),
        ("times", -1, "from 1"),
        ("times", 1.5, "whole number"),
        ("times", "1", "whole number"),
        ("times", True, "whole number"),
        ("after", -1, "from 0"),
        ("after", None, "whole number"),
        ("after", 0.0, "whole number"),
        ("when", "maxResults", "function"),
        ("when", {"maxResults": 1}, "function"),
    ],
)
def test_what_is_no_fit_keyword_of_a_fault_is_refused(client, inspector_backend, keyword, value, says):
    with pytest.raises((ValueError, TypeError), match=f"{keyword}: takes.*{says}"):
        inspector_backend.inject_fault("ListFindings", "ThrottlingException", **{keyword: value})
    client.list_findings()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDeniedException", r"User: arn:.*123456789012.* is not authorized to perform: inspector:"),
        ("InvalidCrossAccountRoleException", "Account 123456789012 does not have a cross-account"),
    ],
)
def test_an_injected_error_has_the_text_of_the_real_service_where_it_is_known(inspector_backend, code, told):
    inspector_backend.inject_fault("*", code, times=2)
    client = boto3.client("inspector")
    for attempt in (
        client.list_findings,
        lambda: client.create_assessment_target(assessmentTargetName="t"),
    ):
        with pytest.raises(ClientError, match=told) as caught:
            attempt()
        if code == "AccessDeniedException":
            assert str(caught.value).endswith(f"inspector:{caught.value.operation_name}")

"""Bodies that cannot be read, and members that are missing or of another type."""

import json
from bisect import bisect_left

import pytest

from mock_inspector.wire import dispatcher, json_bodies

from ..support.in_process import headers_for, send_http

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


@pytest.mark.slow
@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_a_body_that_is_not_a_json_object_cannot_be_read(inspector_backend, body):
    answer = send_http(inspector_backend, body)
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
    maximum = deepest()
    for depth in range(maximum - 150, maximum + 5):
        assert send_http(inspector_backend, body % nested(depth)).code == "SerializationException"


@pytest.mark.slow
def test_a_list_nested_almost_too_deep_is_dropped_with_its_unknown_member(inspector_backend):
    maximum = deepest()
    for depth in range(maximum - 12, maximum + 1):
        body = b'{"unknown": %s}' % nested(depth)
        # So often that it counts as a poll, whose parameters are looked at once more.
        statuses = [send_http(inspector_backend, body, headers_for("ListFindings")).status for _ in range(110)]
        assert statuses in ([200] * 110, [400] * 110)
        assert depth > maximum - 12 or statuses[0] == 200


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
    answer = send_http(inspector_backend, json.dumps(body).encode(), headers_for(operation))
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
    answer = send_http(inspector_backend, json.dumps(body).encode(), headers_for(operation))
    assert (answer.status, answer.code) == (400, "ValidationException")
    assert says in answer.body["message"]


def test_a_missing_member_comes_before_a_bad_one(inspector_backend):
    body = b'{"assessmentTargetName": "", "durationInSeconds": "long"}'
    assert send_http(inspector_backend, body, headers_for("CreateAssessmentTemplate")).code == "ValidationException"


def _takes_other_arguments(*_):
    raise TypeError


@pytest.mark.parametrize("encoder", [None, _takes_other_arguments])
def test_bodies_are_the_same_where_python_has_no_encoder_in_c(inspector_backend, client, monkeypatch, encoder):
    client.create_assessment_target(assessmentTargetName='A "b" \\ \u00fc \U0001f600 \x7f')

    def describe():
        client.describe_assessment_targets(
            assessmentTargetArns=client.list_assessment_targets()["assessmentTargetArns"]
        )
        call = inspector_backend.calls[-1]
        assert call.error is None
        return call.answer

    before = describe()
    with monkeypatch.context() as patch:
        patch.setattr(json.encoder, "c_make_encoder", encoder)
        encode = json_bodies._make_encoder()
    monkeypatch.setattr(dispatcher, "encode_body", encode)
    assert describe() == before
    assert json.loads(before)["assessmentTargets"][0]["name"] == 'A "b" \\ \u00fc \U0001f600 \x7f'


@pytest.mark.parametrize(("body", "operation"), [(b"{", "ListFindings"), (b"{}", "Nope")])
def test_a_signed_request_that_cannot_be_read_is_a_call_of_its_account(inspector_backend, body, operation):
    send_http(inspector_backend, body, headers_for(operation))
    (call,) = inspector_backend.calls.of(account=inspector_backend.account_id, region=inspector_backend.region)
    assert call.error == ("SerializationException" if body == b"{" else "UnknownOperationException")

"""Damaged requests get a correct response: never an exception, and never a status of 500 or more.

Most begin as a valid request with the ARNs and tokens of an account that has every resource, and are damaged at one to
three places, which gets deeper than noise does. There are 230 requests of each operation, 400 of each of four kinds of
damaged HTTP, and 40 sequences of up to 12 requests; the fast subset takes a part of them."""

import json
import re
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_inspector.backend import InspectorBackend, get_backend
from mock_inspector.clock.moments import EPOCH
from mock_inspector.errors import COMMON, MODELLED
from mock_inspector.state.service import FakeService
from mock_inspector.wire.dispatcher import handle
from mock_inspector.wire.http import Request, Response

from ..support.aws import create_resources
from ..support.fake_service import fake_service
from ..support.fast_subset import max_examples
from ..support.requests import FOREIGN_ACCOUNT, complete_requests
from ..support.response_shapes import check_response, problems
from ..support.service_model import MODEL, OPERATIONS

ACCOUNT, REGION = "123456789012", "us-west-2"
URL = f"https://inspector.{REGION}.amazonaws.com/"
SCOPE = f"AKIAEXAMPLE/20160315/{REGION}/inspector/aws4_request"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0123abcd"
PRESIGNED = (
    f"{URL}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE}&X-Amz-Date=20160315T184622Z"
    "&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
)
LISTING = [
    name for name in OPERATIONS if "maxResults" in getattr(MODEL.operation_model(name).input_shape, "members", ())
]
READS = [name for name in OPERATIONS if name.startswith(("Describe", "Get", "List", "Preview"))]
MEMBERS = sorted({member for shape in MODEL.shape_names for member in getattr(MODEL.shape_for(shape), "members", ())})


def examples(count):
    return settings(
        max_examples=max_examples(count),
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


# The account that gets the requests, and what is valid in it


def new_account():
    """An account with every resource: always the same ids, at the current time."""
    service = FakeService(account_id=ACCOUNT, id_seed="fuzz", max_calls=10)
    backend = get_backend(service, ACCOUNT, REGION, {})
    return backend, create_resources(backend)


@cache
def valid_requests() -> dict[str, dict[str, Any]]:
    """A valid request of each operation."""
    return complete_requests(new_account()[1])


@cache
def strings() -> list[str]:
    """The ARNs of the account, those of no kind, of another kind, account or region, and its pagination tokens."""
    backend, resources = new_account()
    arns = [arn for arn in vars(resources).values() if arn.startswith("arn:")]
    absent = [re.sub(r"[^/]{8}$", "00000000", arn) for arn in arns]
    foreign = [arn.replace(ACCOUNT, FOREIGN_ACCOUNT) for arn in arns]
    elsewhere = [arn.replace(REGION, "eu-west-1") for arn in arns]
    elsewhere += [arn.replace("arn:aws:", f"arn:{other}:") for arn in arns for other in ("aws-cn", "aws-us-gov", "")]
    answers = [exchange(backend, sent(name, {**valid_requests()[name], "maxResults": 1})) for name in LISTING]
    tokens = [text for body in map(json.loads, (got.body for got in answers)) if (text := body.get("nextToken"))]
    return [*arns, *absent, *foreign, *elsewhere, *tokens, resources.preview]


STILL = datetime(2026, 2, 16, tzinfo=timezone.utc)
"""The moment that it always is. (A freeze is shared: the clock of one mock moves all.)"""


@pytest.fixture(scope="module", autouse=True)
def frozen_time():
    """Every mock begins at the same moment, and its clock moves only when it is moved."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mock_inspector.clock.clock._since_1970", lambda: STILL - EPOCH)
        assert FakeService(account_id=ACCOUNT).clock.read() == STILL.timestamp() * 1000
        yield


@pytest.fixture(scope="module")
def account(frozen_time):
    """The account, made anew after each request that changed it."""

    class Account:
        def __init__(self):
            self.renew()

        def renew(self):
            self.backend: InspectorBackend = new_account()[0]

        def check(self, request):
            response = exchange(self.backend, request)
            call = self.backend.calls[-1]
            changed = response.status == 200 and call.operation not in READS
            if changed or call.operation == "GetAssessmentReport" or len(fake_service(self.backend).stores()) > 1:
                self.renew()

    return Account()


# What is sent


RAW = [
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 5_000 + "1" + "}" * 5_000,
    "1e400",
    "-1e400",
    "1" * 400,
    "1" * 5_000,
    "1e-400",
    "-0",
    "10.0",
    "NaN",
    "Infinity",
    "-Infinity",
    "01",
    "nul",
    "",
    "[1,]",
    "'x'",
    '"\t"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\\x"',
    '{"key":"a","key":"b"}',
    '{"":null}',
]
"""JSON, or almost, that no Python value is written as. It stands in a request as the string ``raw:<place>``."""

LITERALS: list[Any] = [
    None, True, False, 0, 1, -1, 9, 10, 11, 179, 180, 500, 501, 5_000, 86_401, 2**31, 2**63, -(2**63), 10**400, 0.1,
    -0.0, 1e308, -62135596800, -62135596801, 253402300799.999, 253402300800, "", " ", "*", "?", "[", "\x00", "0", "null",
    "EN_US", "COMPLETED", "\ud800", "中文 ✓ 𐍈", "a" * 140, "a" * 301, "a" * 5_000, [], {}, [[]], [None], [{}], [""],
    {"key": None}, {"key": "k"}, {"key": "k", "value": ""}, {"beginDate": 1, "endDate": 0}, {"minSeconds": -1},
]  # fmt: skip


TEXTS = st.text(st.characters(), max_size=20)


@cache
def values():
    return (
        st.sampled_from(LITERALS)
        | st.sampled_from(range(len(RAW))).map("raw:{}".format)
        | st.sampled_from(strings())
        | TEXTS
        | st.integers()
        | st.floats()
        | st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(LITERALS), max_size=3)
    )


def paths_in(value, path=()):
    """The paths of all values within a value, its own first."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, entry in entries:
        yield from paths_in(entry, (*path, name))


WAYS = st.sampled_from(["replace", "replace", "drop", "wrap", "rename", "repeat", "tweak", "tweak"])
COUNTS = st.sampled_from([0, 1, 1, 1, 2, 3])
REPEATS = [2, 10, 11, 50, 51, 100, 101, 501]


@st.composite
def damaged(draw, value):
    """A JSON value with one place damaged, at any depth."""
    paths = list(paths_in(value))
    path = paths[draw(st.integers(0, len(paths) - 1))]
    if not path:
        return draw(values() | st.just({**value, draw(st.sampled_from(MEMBERS)): draw(values())}))
    copied = json.loads(json.dumps(value))
    around = copied
    for name in path[:-1]:
        around = around[name]
    name, found = path[-1], around[path[-1]]
    way = draw(WAYS)
    if way == "drop":
        del around[name]
    elif way == "wrap":
        around[name] = draw(st.sampled_from([[found], {"key": found}, json.dumps(found), [found, found]]))
    elif way == "rename" and isinstance(around, dict):
        around[draw(st.sampled_from([name.upper(), f"{name}s", *MEMBERS]))] = around.pop(name)
    elif way == "repeat" and isinstance(found, list) and len(found) <= 2:
        around[name] = found * draw(st.sampled_from(REPEATS))
    elif way == "tweak" and isinstance(found, str):
        cut = draw(st.integers(0, len(found)))
        around[name] = found[:cut] + draw(TEXTS | st.sampled_from(strings())) + found[cut + draw(st.integers(0, 3)) :]
    elif way == "tweak" and isinstance(found, (int, float)):
        around[name] = found + draw(st.sampled_from([-1, 1, -found, found, 10**12, 10**20]))
    else:
        around[name] = draw(values())
    return copied


ANY = st.sampled_from(OPERATIONS)


@st.composite
def requests(draw, operations=ANY):
    """A request of one of the operations, damaged in up to three places."""
    operation = draw(operations)
    value = valid_requests()[operation]
    for _ in range(draw(COUNTS)):
        if not isinstance(value, dict):
            break
        value = draw(damaged(value))
    return sent(operation, value)


def sent(operation: str, value: Any) -> Request:
    return Request("POST", URL, headers_of(operation), encoded(value))


def headers_of(operation: str) -> dict[str, str | bytes]:
    return {"X-Amz-Target": f"InspectorService.{operation}", "Authorization": AUTHORIZATION}


def encoded(value: Any) -> bytes:
    return re.sub(r'"raw:(\d+)"', lambda found: RAW[int(found[1])], json.dumps(value)).encode()


def spliced(text, pieces):
    """A text or bytes with a piece of it, anywhere, replaced by another."""

    def splice(drawn):
        begin, length, piece = drawn
        return text[:begin] + piece + text[begin + length :]

    return st.tuples(st.integers(0, len(text)), st.integers(0, 8) | st.just(len(text)), pieces).map(splice)


ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7", "latin-1", "cp037"]


@st.composite
def bad_bodies(draw):
    request = draw(requests())
    body = request.body
    if len(body) > 10_000:
        return request
    bodies = (
        st.binary(max_size=200)
        | spliced(
            body, st.binary(max_size=8) | st.sampled_from([b"\xff", b"\\", b'"', b"}", b"\\ud83d", b"NaN", b"\x00"])
        )
        | st.sampled_from(ENCODINGS).map(lambda encoding: body.decode().encode(encoding))
        | st.sampled_from([body + body, b" \n" + body + b"\t ", b"[" + body + b"]", body + b"\x00", b"\x1f\x8b" + body])
        | st.sampled_from(MEMBERS).map(lambda member: b'{"%s":null,' % member.encode() + body[1:])
        | st.sampled_from(MEMBERS).map(lambda member: body[:-1] + b',"%s":[{}]}' % member.encode())
    )
    return replace(request, body=draw(bodies))


@st.composite
def bad_headers(draw):
    operation = draw(st.sampled_from(OPERATIONS))
    wire_text = st.text(st.characters(max_codepoint=255), max_size=12)
    target = f"InspectorService.{operation}"
    keys = ["AKIAEXAMPLE", FOREIGN_ACCOUNT, "", "a,b", "é", "1" * 5_000]
    regions = [REGION, "us-gov-west-1", "cn-north-1", "nowhere", "", "us-west-2 ", "../x", "US-WEST-2"]
    scopes = st.tuples(st.sampled_from(keys), st.sampled_from(regions)).map(
        lambda drawn: AUTHORIZATION.replace("AKIAEXAMPLE", drawn[0]).replace(REGION, drawn[1])
    )
    targets = st.sampled_from([
        target, operation, target.lower(), f"{target} ", f"Inspector2.{operation}", f"{target}.{operation}", "InspectorService."
    ])  # fmt: skip
    sent_targets = targets | spliced(target, wire_text) | wire_text
    sent_scopes = scopes | spliced(AUTHORIZATION, wire_text | st.sampled_from([",", "Signature=", SCOPE])) | wire_text
    headers: dict[str, str | bytes] = {}
    for name, plain, bad in (("X-Amz-Target", target, sent_targets), ("Authorization", AUTHORIZATION, sent_scopes)):
        if draw(st.integers(0, 9)):
            spelled = draw(st.sampled_from([name, name.lower(), name.upper()]))
            text = draw(st.just(plain) | bad)
            headers[spelled] = text.encode("latin-1") if draw(st.booleans()) else text
    headers.update(draw(st.dictionaries(wire_text, wire_text | st.binary(max_size=8), max_size=2)))
    return Request("POST", URL, headers, encoded(valid_requests()[operation]))


@st.composite
def bad_lines(draw):
    """Requests with another method, or another URL, which may hold the signature."""
    request = draw(requests())
    urls = st.sampled_from(
        [URL, PRESIGNED, "", "/", "http://[::1", "http://[", f"{URL}?{'a=b&' * 3_000}", f"{PRESIGNED}%"]
    )
    urls |= spliced(PRESIGNED, TEXTS) | TEXTS.map(lambda text: f"{PRESIGNED}&X-Amz-Security-Token={text}")
    headers = dict(request.headers)
    if draw(st.booleans()):
        del headers["Authorization"]
    method = draw(st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "OPTIONS", "post", ""]) | TEXTS)
    return replace(request, method=method, url=draw(urls), headers=headers)


# What is answered


DECLARED = {name: {shape.name for shape in MODEL.operation_model(name).error_shapes} for name in OPERATIONS}
PARSER = create_parser("json")


def exchange(backend: InspectorBackend, request: Request) -> Response:
    """Send a request. The response is correct in form, whatever the request."""
    response = handle(fake_service(backend), request, may_move_clock=lambda: False)
    assert set(response.headers) == {"x-amzn-RequestId", "Content-Type", "Content-Length", "Date"}
    assert response.headers["Content-Length"] == str(len(response.body))
    call = backend.calls[-1]
    answered: Any = None
    if response.body:
        text = response.body.decode("ascii")
        answered = json.loads(text, parse_float=Decimal, parse_constant=pytest.fail)
        assert json.dumps(json.loads(text), separators=(",", ":")) == text
    output = MODEL.operation_model(call.operation).output_shape if call.operation else None
    parsed = PARSER.parse({"status_code": response.status, "headers": response.headers, "body": response.body}, output)
    if response.status == 200:
        assert call.error is None
        if output is None:
            assert answered is None
        else:
            check_response(call.operation, answered)
            assert set(answered) <= set(parsed)
        return response
    assert response.status in {400, 403, 404, 429}
    code = answered.pop("__type")
    assert parsed["Error"]["Code"] == call.error == code
    assert answered["message"]
    if code in MODELLED:
        assert code in DECLARED[call.operation]
        assert list(problems(MODEL.shape_for(code), answered)) == []
    else:
        assert code in COMMON
        assert list(answered) == ["message"]
        assert len(answered["message"]) <= 1_000
    return response


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_damaged_requests_of_every_operation_get_sound_responses(account, operation):
    examples(230)(given(requests(st.just(operation)))(account.check))()


@pytest.mark.parametrize("damage", [bad_bodies, bad_headers, bad_lines, requests])
def test_damaged_http_gets_sound_responses(account, damage):
    examples(400)(given(damage())(account.check))()


# What is left of the account


def all_that_shows(backend):
    """What the account's lists and descriptions say, each of them sound."""

    def call(operation, **members):
        body = json.loads(exchange(backend, sent(operation, members)).body)
        assert "__type" not in body, body
        return body

    def all_of(operation, **members):
        found = []
        page = call(operation, maxResults=500, **members)
        while True:
            found += next(value for value in page.values() if isinstance(value, list))
            if "nextToken" not in page:
                return found
            page = call(operation, maxResults=500, nextToken=page["nextToken"], **members)

    def to_api(operation, member, arns):
        answers = [call(operation, **{member: arns[first : first + 10]}) for first in range(0, len(arns), 10)]
        assert not any(body["failedItems"] for body in answers)
        return answers

    targets, templates, runs, findings, packages = (
        all_of(f"List{kind}")
        for kind in ("AssessmentTargets", "AssessmentTemplates", "AssessmentRuns", "Findings", "RulesPackages")
    )
    shown = [
        to_api("DescribeAssessmentTargets", "assessmentTargetArns", targets),
        to_api("DescribeAssessmentTemplates", "assessmentTemplateArns", templates),
        to_api("DescribeAssessmentRuns", "assessmentRunArns", runs),
        to_api("DescribeFindings", "findingArns", findings),
        to_api("DescribeRulesPackages", "rulesPackageArns", packages),
        [call("DescribeCrossAccountAccessRole"), all_of("ListEventSubscriptions")],
    ]
    for template in templates:
        shown += [call("ListTagsForResource", resourceArn=template), all_of("PreviewAgents", previewAgentsArn=template)]
    for run in runs:
        exclusions = all_of("ListExclusions", assessmentRunArn=run)
        shown += to_api("DescribeExclusions", "exclusionArns", exclusions)
        shown += [
            all_of("ListAssessmentRunAgents", assessmentRunArn=run),
            call("GetTelemetryMetadata", assessmentRunArn=run),
        ]
    return shown


@examples(40)
@given(data=st.data())
def test_after_any_requests_the_account_can_be_read_and_errors_have_changed_nothing(data):
    backend = new_account()[0]
    shown = all_that_shows(backend)
    for request in data.draw(st.lists(requests() | requests() | bad_bodies() | bad_headers(), min_size=4, max_size=12)):
        if data.draw(st.booleans()):
            backend.clock.tick(data.draw(st.sampled_from([0.05, 5, 70, 3600, 90_000])))
            shown = all_that_shows(backend)
        before, response = shown, exchange(backend, request)
        shown = all_that_shows(backend)
        if response.status != 200:
            assert shown == before
    backend.clock.tick(200_000)
    all_that_shows(backend)

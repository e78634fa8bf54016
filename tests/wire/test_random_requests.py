"""Requests at random, which the mock always answers."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_inspector import mock_inspector

from ..support.aws import create_resources
from ..support.fast_subset import max_examples
from ..support.in_process import (
    AUTHORIZATION,
    LIST_TARGETS,
    SCOPE,
    SIGNED_HEADERS,
    URL,
    authorization,
    headers_for,
    send_http,
)
from ..support.requests import complete_requests
from ..support.service_model import MODEL, OPERATIONS

MEMBERS = sorted({name for shape in MODEL.shape_names for name in getattr(MODEL.shape_for(shape), "members", ())})


examples = settings(
    max_examples=max_examples(300),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


texts = st.text(st.characters(), max_size=40) | st.sampled_from(
    [AUTHORIZATION, LIST_TARGETS, SCOPE, "", "*", "\x00", "1" * 400]
)


headers = st.dictionaries(
    st.sampled_from(["X-Amz-Target", "x-amz-target", "Authorization", "authorization", "Date"]) | texts,
    texts | st.binary(max_size=40) | texts.map("InspectorService.{}".format) | texts.map(authorization),
    max_size=6,
)


@examples
@given(
    body=st.binary(max_size=200) | st.sampled_from([b"", b"{}"]),
    headers=headers | headers.map(lambda more: {**more, **SIGNED_HEADERS}),
    method=st.sampled_from(["POST", "POST", "GET"]) | texts,
    url=texts | texts.map(f"{URL}?{{}}".format) | texts.map(f"{URL}?X-Amz-Signature=0&X-Amz-Credential={{}}".format),
)
def test_random_requests_get_sound_responses(body, headers, method, url):
    with mock_inspector(freeze=False) as backend:
        send_http(backend, body, headers, method=method, url=url)


numbers = st.integers() | st.sampled_from([0, -1, 10**400, -(10**400), 253402300800, 1e308, -62135596801, 0.1])


junk = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS) | texts, inner, max_size=3),
    max_leaves=6,
)


@examples
@given(operation=st.sampled_from(OPERATIONS), data=st.data())
def test_random_members_get_sound_responses(operation, data):
    with mock_inspector(freeze=False) as backend:
        request = complete_requests(create_resources(backend))[operation]
        replace_one(request, data)
        send_http(backend, json.dumps(request).encode(), headers_for(operation))


def replace_one(container, data):
    """Put junk in the place of one value, at any depth."""
    names = [*container, "unknown"] if isinstance(container, dict) else range(len(container))
    name = data.draw(st.sampled_from(names))
    if isinstance(container, dict) and name not in container:
        container[name] = data.draw(junk)
    elif isinstance(container[name], (dict, list)) and container[name] and data.draw(st.booleans()):
        replace_one(container[name], data)
    else:
        container[name] = data.draw(junk)

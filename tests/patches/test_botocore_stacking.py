"""Beside everything that users put around botocore: in any order, each case in a process of its own."""

import contextlib
import importlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest

from ..support.fast_subset import slow
from ..support.subprocesses import in_subprocess

URL = "https://inspector.us-west-2.amazonaws.com/"
ARN = "arn:aws:inspector:us-west-2:123456789012:target/0-0nvgVhax"


def mock(**keywords):
    """The mock, imported no earlier than a test uses it."""
    from mock_inspector import mock_inspector

    return mock_inspector(region="us-west-2", **keywords)


def targets(client):
    return client.list_assessment_targets()["assessmentTargetArns"]


def create(client, name):
    return client.create_assessment_target(assessmentTargetName=name)["assessmentTargetArn"]


def mocked(client):
    """Whether the mock answers a client that reaches nothing else."""
    from botocore.exceptions import EndpointConnectionError, HTTPClientError

    try:
        targets(client)
    except (EndpointConnectionError, HTTPClientError):  # the latter where a cassette says so
        return False
    return True


def unreachable_client():
    """A client that gets an answer from nobody but the mock."""
    from botocore.config import Config

    return boto3.client("inspector", endpoint_url="http://127.0.0.1:1", config=Config(retries={"max_attempts": 0}))


# What a process is like


def everything():
    """What all names in all modules, and in the classes there, are bound to; and what else a mock may change."""
    bound: dict[tuple[str, str], Any] = {}
    for name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            bound[name, attribute] = value
            if isinstance(value, type) and value.__module__ == name:
                members = vars(value).items()
                bound.update({(f"{name}.{attribute}", member): held for member, held in list(members)})
    return bound


def changed(before):
    """The names that are bound to something else now."""
    now = everything()
    modules = {module for module, _ in before}
    names = before.keys() | {(module, name) for module, name in now if module in modules}
    # What a module counts in a variable of its own is no patch, nor are the warnings that Python has noted for it.
    return {
        name
        for name in names
        if before.get(name) is not now.get(name)
        and not isinstance(before.get(name), (int, float, str, tuple))
        and name[1] != "__warningregistry__"
    }


def surroundings():
    """What is not bound to a name, but would be noticed."""
    import logging
    import signal
    import warnings

    import botocore.handlers

    return {
        "environment": dict(os.environ),
        "default session": boto3.DEFAULT_SESSION,
        "imports": list(sys.meta_path),
        "threads": threading.enumerate(),
        "signals": signal.getsignal(signal.SIGINT),
        "warnings": list(warnings.filters),
        "logging": list(logging.getLogger().handlers),
        "builtin handlers": list(botocore.handlers.BUILTIN_HANDLERS),
    }


def handlers(client):
    """All event handlers of a client, and for which events."""

    def walk(node, path):
        for position, found in enumerate(node["values"] or ()):
            yield from ((path, position, handler) for handler in found)
        for chunk, child in node["children"].items():
            yield from walk(child, (*path, chunk))

    emitter = client.meta.events
    return list(walk(getattr(emitter, "_emitter", emitter)._handlers._root, ()))


def credentials(client):
    held = client._request_signer._credentials
    return held and (held.access_key, held.secret_key, held.token)


def end_well():
    pass


def fail():
    raise ZeroDivisionError


def interrupt():
    raise KeyboardInterrupt


def exit_early():
    raise SystemExit(3)


def use(client, bare):
    """Make the mock do all that it does lazily."""
    import asyncio
    import time

    import requests

    create(client, f"target {len(targets(bare))}")
    time.sleep(1)
    asyncio.run(asyncio.sleep(1))
    assert requests.post(URL, timeout=5).status_code in {400, 403}


def without_credentials():
    from botocore.session import Session

    session = Session()
    session.register_component("credential_provider", NoCredentials())
    return session.create_client("inspector", region_name="us-west-2", endpoint_url="http://127.0.0.1:1")


class NoCredentials:
    def load_credentials(self):
        return None


@pytest.mark.slow
@in_subprocess
def test_no_patch_is_left_behind_however_the_mock_ends():
    import requests  # noqa: F401  the mock imports responses when requests is loaded
    from botocore.exceptions import NoCredentialsError

    client, bare = clients = [unreachable_client(), without_credentials()]
    registered, keys = [*map(handlers, clients)], [*map(credentials, clients)]
    with mock():
        use(client, bare)  # what is imported and cached at first is no concern of this test
    before, around = everything(), surroundings()
    for how in (end_well, fail, interrupt, exit_early):
        with contextlib.suppress(BaseException), mock():
            use(client, bare)
            assert handlers(client) != registered[0], "the comparison sees what is registered"
            assert changed(before), "the comparison sees what is patched"
            how()
        assert not (left := changed(before)), left
        assert surroundings() == around
        assert [*map(handlers, clients)] == registered
        assert [*map(credentials, clients)] == keys
        assert not mocked(client)
        with pytest.raises(NoCredentialsError):
            targets(bare)


@pytest.mark.slow
@in_subprocess
def test_no_handler_is_left_on_a_client_whatever_its_first_call_was():
    client = unreachable_client()
    fresh = handlers(client)
    for _ in range(3):
        with mock() as backend:
            backend.inject_fault("ListAssessmentTargets", "AccessDeniedException")
            with pytest.raises(client.exceptions.AccessDeniedException):
                targets(client)
        assert handlers(client) == fresh


@pytest.mark.slow
@in_subprocess
def test_endpoints_are_not_kept_alive():
    import gc
    import weakref

    with mock():
        client = boto3.client("inspector")
        targets(client)
        endpoint = weakref.ref(client._endpoint)
        del client
        gc.collect()
        assert endpoint() is None


# Other mocks that begin and end in any order


def moto():
    from moto import mock_aws

    return mock_aws()


def responses():
    from responses import RequestsMock

    return RequestsMock()


def freezegun():
    from freezegun import freeze_time

    return freeze_time("2020-01-01")


def vcrpy():
    vcr = pytest.importorskip("vcr")
    return vcr.use_cassette("cassette that nobody writes.yaml", record_mode="none")


@contextlib.contextmanager
def tracer():
    """What X-Ray and its like do: wrap the call of every client."""
    from botocore.client import BaseClient

    original = BaseClient._make_api_call

    def _make_api_call(self, operation_name, api_params):
        return original(self, operation_name, api_params)

    BaseClient._make_api_call = _make_api_call
    try:
        yield
    finally:
        BaseClient._make_api_call = original


OTHER_MOCKS = {case.__name__: case for case in (moto, responses, freezegun, vcrpy, tracer)}
ORDERS = [
    ("+ours", "+theirs", "-theirs", "-ours"),
    ("+ours", "+theirs", "-ours", "-theirs"),
    ("+theirs", "+ours", "-ours", "-theirs"),
    ("+theirs", "+ours", "-theirs", "-ours"),
]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name if name == "freezegun" else slow(name) for name in OTHER_MOCKS])
@in_subprocess
def test_mocks_end_in_any_order_and_leave_nothing_behind(name):
    client, bare = unreachable_client(), without_credentials()
    registered = [handlers(client), handlers(bare)]
    make = {"ours": mock, "theirs": OTHER_MOCKS[name]}
    for order in ORDERS[::2]:  # what is imported and cached at first is no concern of this test
        begin_and_end(order, make, client, bare)
    before, around = everything(), surroundings()
    for order in ORDERS:
        if name == "freezegun" and order[-1] == "-theirs" and order[0] == "+ours":
            continue  # a freeze that outlasts the mock is refused
        begin_and_end(order, make, client, bare)
        assert (order, changed(before)) == (order, set())
        assert surroundings() == around
        assert [handlers(client), handlers(bare)] == registered


def begin_and_end(order, make, client, bare):
    begun = {}
    active = False
    for step in order:
        sign, which = step[0], step[1:]
        if sign == "+":
            begun[which] = make[which]()
            begun[which].__enter__()
        else:
            begun.pop(which).__exit__(None, None, None)
        if which == "ours":
            active = sign == "+"
        if active:
            use(client, bare)
        assert mocked(client) is active


# Moto


STACKS = [["ours", "moto"], ["moto", "ours"], ["ours", "moto", "ours"], ["moto", "ours", "moto"]]


@pytest.mark.slow
@pytest.mark.parametrize("first", ["mock_inspector", slow("moto")])
@in_subprocess
def test_moto_and_the_mock_answer_each_for_their_own(first):
    importlib.import_module(first)
    early, late = boto3.client("inspector"), []
    for names in STACKS:
        with contextlib.ExitStack() as stack:
            for number, name in enumerate(names):
                stack.enter_context(mock() if name == "ours" else moto())
                late.append(boto3.client("inspector"))
                if "ours" in names[: number + 1]:
                    create(early, f"early {number}")
                    create(late[-1], f"late {number}")
            assert all(len(targets(client)) == 2 * (len(names) - names.index("ours")) for client in (early, *late))
            assert boto3.client("sqs").create_queue(QueueName="web")["QueueUrl"].endswith("/123456789012/web")


# Botocore's own stubber


@pytest.mark.parametrize("order", ["stubber ours", slow("ours stubber")])
@in_subprocess
def test_a_stubber_answers_for_its_client_and_nobody_else(order):
    from botocore.stub import Stubber

    stubbed, other = unreachable_client(), unreachable_client()
    stubber = Stubber(stubbed)
    stubber.add_response("list_assessment_targets", {"assessmentTargetArns": [ARN]})
    stubber.add_client_error("list_findings", "AccessDeniedException")
    with contextlib.ExitStack() as stack:
        for name in order.split():
            stack.enter_context(stubber if name == "stubber" else mock())
        create(other, "web")
        assert targets(stubbed) == [ARN]
        with pytest.raises(stubbed.exceptions.ClientError):
            stubbed.list_findings()
        stubber.assert_no_pending_responses()
        assert len(targets(other)) == 1
        stubber.deactivate()
        assert targets(stubbed) == targets(other)
    assert not mocked(stubbed)


# Recorders


@pytest.mark.slow
@in_subprocess
def test_placebo_plays_back_in_the_mock_and_records_what_the_mock_says(tmp_path):
    placebo = pytest.importorskip("placebo")
    session = boto3.Session()
    pill = placebo.attach(session, data_path=tmp_path)
    client, other = session.client("inspector"), unreachable_client()
    with mock():
        pill.record()
        arn = create(client, "recorded")
        assert targets(client) == [arn]
        pill.stop()
    assert len(list(Path(tmp_path).iterdir())) == 2
    pill.playback()
    assert targets(client) == [arn]
    with mock():
        assert targets(client) == [arn]
        assert targets(other) == []
        pill.stop()
        assert targets(client) == []


CASSETTE = f"""
version: 1
interactions:
- request: {{body: "{{}}", headers: {{}}, method: POST, uri: "{URL}"}}
  response:
    body: {{string: '{{"assessmentTargetArns":["{ARN}"]}}'}}
    headers: {{}}
    status: {{code: 200, message: OK}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("order", ["vcr ours", "ours vcr"])
@in_subprocess
def test_vcrpy_records_nothing_and_plays_nothing(order, tmp_path):
    vcr = pytest.importorskip("vcr")
    import requests

    client = boto3.client("inspector")
    played = Path(tmp_path, "played.yaml")
    played.write_text(CASSETTE)
    for path, mode in ((played, "none"), (Path(tmp_path, "recorded.yaml"), "all")):
        cassette = vcr.use_cassette(str(path), record_mode=mode)
        with contextlib.ExitStack() as stack:
            entered = {name: stack.enter_context(mock() if name == "ours" else cassette) for name in order.split()}
            assert targets(client) == []
            assert requests.post(URL, data="{}", timeout=5).status_code in {400, 403}
            assert (entered["vcr"].play_count, entered["vcr"].dirty) == (0, False)
    assert played.read_text() == CASSETTE
    assert not Path(tmp_path, "recorded.yaml").exists()
    with vcr.use_cassette(str(played), record_mode="none"):
        assert targets(client) == [ARN], "the cassette would have answered"


# What wraps and replaces a client's calls


@pytest.mark.slow
@in_subprocess
def test_wrappers_of_every_call_see_the_calls_and_go_in_any_order():
    from botocore.client import BaseClient

    seen = []

    def wrapped(name):
        inner = BaseClient._make_api_call

        def _make_api_call(self, operation_name, api_params):
            answer = inner(self, operation_name, api_params)
            seen.append((name, operation_name, answer["ResponseMetadata"]["HTTPStatusCode"]))
            return answer

        BaseClient._make_api_call = _make_api_call
        return inner

    client = unreachable_client()
    original = wrapped("before")
    began = mock()
    began.__enter__()
    around = wrapped("inside")
    targets(client)
    assert seen == [("before", "ListAssessmentTargets", 200), ("inside", "ListAssessmentTargets", 200)]
    BaseClient._make_api_call = original
    create(client, "web")
    BaseClient._make_api_call = around
    began.__exit__(None, None, None)
    BaseClient._make_api_call = original
    assert len(seen) == 2
    assert not mocked(client)


@pytest.mark.slow
@in_subprocess
def test_a_hand_made_patch_of_every_call_answers_what_it_wants_to():
    from unittest.mock import patch

    from botocore.client import BaseClient

    original = BaseClient._make_api_call

    def _make_api_call(self, operation_name, api_params):
        if operation_name == "ListFindings":
            return {"findingArns": ["theirs"]}
        return original(self, operation_name, api_params)

    client = unreachable_client()
    for order in ([mock, patch], [patch, mock]):
        with contextlib.ExitStack() as stack:
            for make in order:
                stack.enter_context(
                    make() if make is mock else patch("botocore.client.BaseClient._make_api_call", new=_make_api_call)
                )
            assert client.list_findings()["findingArns"] == ["theirs"]
            assert targets(client) == []


@pytest.mark.slow
@in_subprocess
def test_others_who_patched_the_same_method_later_may_restore_it_later():
    from botocore.endpoint import Endpoint

    client = unreachable_client()
    seen = []
    for _ in range(2):
        with mock():
            ours = Endpoint.make_request

            def traced(self, *args, original=ours):
                seen.append(self)
                return original(self, *args)

            Endpoint.make_request = traced
            create(client, "web")
        assert not mocked(client)
        with mock():
            assert targets(client) == []
        Endpoint.make_request = ours
        assert not mocked(client)
    assert seen


# Events, retries, credentials


EVENTS = [
    "request-created",
    "before-sign",
    "before-send",
    "response-received",
    "needs-retry",
    "before-call",
    "after-call",
]


@pytest.mark.slow
@in_subprocess
def test_every_event_is_seen_by_handlers_of_sessions_and_clients():
    session = boto3.Session()
    seen: list[str] = []
    for event in EVENTS:
        session.events.register(event, lambda event=event, **_: seen.append(f"session {event}"))
    client = session.client("inspector")
    for event in EVENTS:
        name = f"{event}.inspector.ListFindings"
        client.meta.events.register(name, lambda event=event, **_: seen.append(f"client {event}"))
    with mock():
        client.list_findings()
        for event in EVENTS:
            assert seen.count(f"session {event}") == seen.count(f"client {event}") == 1, event
        seen.clear()
        client.list_assessment_targets()
        assert {entry.partition(" ")[0] for entry in seen} == {"session"}


@pytest.mark.slow
@in_subprocess
def test_what_a_users_handler_says_of_a_request_or_answer_counts():
    client = boto3.client("inspector")
    registered: list[Any] = []

    def add_header(request, **_):
        request.headers["X-Amz-Target"] = "InspectorService.ListRulesPackages"

    def hear(response_dict, parsed_response, **_):
        registered.append((response_dict["status_code"], response_dict["headers"]["Content-Type"], parsed_response))

    client.meta.events.register("response-received.inspector.ListFindings", hear)
    client.meta.events.register("before-send.inspector.ListAssessmentTargets", add_header)
    with mock():
        client.list_findings()
        (status, content_type, parsed), *rest = registered
        assert (status, content_type, parsed["findingArns"], rest) == (200, "application/x-amz-json-1.1", [], [])
        assert "assessmentTargetArns" not in client.list_assessment_targets(), "it was another operation's answer"


@pytest.mark.slow
@in_subprocess
def test_an_answer_of_a_users_own_handler_comes_first():
    from botocore.awsrequest import AWSResponse

    class Raw:
        def stream(self):
            yield f'{{"assessmentTargetArns": ["{ARN}"]}}'.encode()

    def theirs(request, **_):
        return AWSResponse(request.url, 200, {}, Raw())

    for event in ("before-send.inspector", "before-send.inspector.ListAssessmentTargets"):
        session = boto3.Session()
        client = session.client("inspector")
        session.events.register(event, theirs)
        other = session.client("inspector")
        with mock():
            assert targets(other) == [ARN]
            assert targets(client) == []
            client.meta.events.register(event, theirs)
            assert targets(client) == [ARN]
            client.meta.events.unregister(event, theirs)
            assert targets(client) == []


@pytest.mark.slow
@in_subprocess
def test_retries_are_botocores_own():
    from botocore.config import Config
    from botocore.exceptions import ReadTimeoutError

    client = boto3.client("inspector", config=Config(retries={"mode": "standard", "total_max_attempts": 4}))
    with mock() as backend:
        backend.inject_fault("ListFindings", ReadTimeoutError(endpoint_url=URL))
        backend.inject_fault("ListFindings", "InternalException", times=2)
        assert client.list_findings()["ResponseMetadata"]["RetryAttempts"] == 3


class Keys:
    """Credentials that expire, and how often they were refreshed."""

    def __init__(self, *lifetimes):
        self.lifetimes = list(lifetimes)
        self.refreshes = 0

    def __call__(self):
        self.refreshes += 1
        lifetime = self.lifetimes.pop(0)
        if isinstance(lifetime, Exception):
            raise lifetime
        expiry = datetime.now(timezone.utc) + timedelta(seconds=lifetime)
        return {
            "access_key": f"AKIA{self.refreshes}",
            "secret_key": "secret",
            "token": "token",
            "expiry_time": expiry.isoformat(),
        }

    def client(self):
        from botocore.credentials import RefreshableCredentials
        from botocore.session import Session

        session = Session()
        session._credentials = RefreshableCredentials.create_from_metadata(self(), self, "assume-role")
        return session.create_client("inspector", region_name="us-west-2", endpoint_url="http://127.0.0.1:1")


def account(client):
    group = client.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])["resourceGroupArn"]
    return group.split(":")[4]


@pytest.mark.slow
@in_subprocess
def test_expiring_credentials_are_refreshed_by_the_mocks_clock():
    keys = Keys(3600, 86_400)
    client = keys.client()
    with mock() as backend:
        backend.for_account("111111111111").register_access_key("AKIA1")
        backend.for_account("222222222222").register_access_key("AKIA2")
        assert account(client) == "111111111111"
        backend.clock.tick(3600)
        assert account(client) == "222222222222"
        assert keys.refreshes == 2


@pytest.mark.slow
@pytest.mark.parametrize("what", ["still expired", "not there", "unmocked"])
@in_subprocess
def test_credentials_that_cannot_be_refreshed_are_not_needed(what):
    from botocore.exceptions import CredentialRetrievalError

    def ask_sts():
        boto3.client("sts").get_caller_identity()

    keys = Keys(3600, -7200, -7200)
    client = keys.client()
    if what == "not there":
        keys.lifetimes[:] = [CredentialRetrievalError(provider="sso", error_msg="expired")] * 3
    if what == "unmocked":
        client._request_signer._credentials._refresh_using = ask_sts
    fresh = handlers(client)
    with mock(at="2040-01-01T00:00:00Z"):
        assert account(client) == "123456789012"
        assert targets(client) == []
    assert handlers(client) == fresh


ENDPOINTS: list[dict[str, Any]] = [
    {},
    {"endpoint_url": "http://localhost:1"},
    {"endpoint_url": "https://vpce-0abc-1def.inspector.us-west-2.vpce.amazonaws.com"},
    {"endpoint_url": "https://proxy.example.com/aws/inspector"},
    {"region_name": "us-gov-west-1"},
    {"region_name": "us-gov-east-1", "fips": True},
    {"region_name": "us-east-1", "fips": True},
    {"region_name": "us-east-1", "dualstack": True},
    {"region_name": "cn-north-1"},
    {"region_name": "cn-north-1", "dualstack": True},
]


@pytest.mark.slow
@in_subprocess
def test_no_endpoint_is_ever_connected_to():
    from botocore.config import Config

    clients = []
    for endpoint in ENDPOINTS:
        options = dict(endpoint)
        config = Config(
            use_fips_endpoint=options.pop("fips", False), use_dualstack_endpoint=options.pop("dualstack", False)
        )
        clients.append(boto3.client("inspector", config=config, **options))
    with mock() as backend:
        for number, client in enumerate(clients):
            region = client.meta.region_name
            assert create(client, str(number)).split(":")[3] == region
            expected = {"us-gov": "aws-us-gov", "cn-nor": "aws-cn"}.get(region[:6], "aws")
            assert backend.for_region(region).partition == expected
            backend.for_region(region).inject_fault("ListFindings", "AccessDeniedException")
            with pytest.raises(client.exceptions.AccessDeniedException):
                client.list_findings()


# When it is imported, and by how many it is used


@pytest.mark.slow
@in_subprocess
def test_clients_and_sessions_made_before_the_import_are_reached():
    client, session = unreachable_client(), boto3.Session()
    early = session.client("inspector")
    client.meta.events.register("before-send", lambda **_: None)
    assert "mock_inspector" not in sys.modules
    with mock():
        create(client, "client")
        create(early, "session's")
        create(session.client("inspector"), "late")
        assert len(targets(client)) == 3
    assert not mocked(client)


@pytest.mark.parametrize("beside", [slow(""), slow("moto")])
@in_subprocess
def test_eight_threads_use_clients_of_their_own_and_a_shared_one(beside):
    shared = boto3.client("inspector")
    fresh = handlers(shared)
    own = [boto3.client("inspector") for _ in range(8)]
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        return [
            create(client, f"{number} {name} {call}")
            for call in range(10)
            for name, client in (("shared", shared), ("own", own[number]))
        ]

    with contextlib.ExitStack() as stack:
        if beside:
            stack.enter_context(OTHER_MOCKS[beside]())
        stack.enter_context(mock(limits={"assessment_targets": None}))
        with ThreadPoolExecutor(8) as threads:
            created = [arn for arns in threads.map(work, range(8)) for arn in arns]
        assert len(set(created)) == 160
        pages = shared.get_paginator("list_assessment_targets").paginate()
        assert sorted(arn for page in pages for arn in page["assessmentTargetArns"]) == sorted(created)
    assert handlers(shared) == fresh


@pytest.mark.slow
@in_subprocess
def test_first_calls_of_a_client_at_once_in_many_threads_are_all_answered():
    start = threading.Barrier(8)

    def call(client):
        start.wait()
        return targets(client)

    clients = [unreachable_client() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for client in clients:
            with mock():
                assert list(threads.map(call, [client] * 8)) == [[]] * 8

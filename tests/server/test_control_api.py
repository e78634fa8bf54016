"""Control calls: the test author's members, by HTTP and in JSON."""

import inspect
import json
import re
import shutil
import subprocess
from contextlib import closing
from datetime import datetime
from importlib.metadata import version

import pytest
from botocore import xform_name
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_inspector import mock_inspector
from mock_inspector.backend import InspectorBackend
from mock_inspector.errors import CommonError
from mock_inspector.findings import cve, network_reachability
from mock_inspector.server import InspectorServer, app, waitress_runner
from mock_inspector.server.control_calls import CONTROL_CALLS

from ..support.aws import CVE, create_target, create_template, describe_finding, describe_run, list_findings, start_run
from ..support.fast_subset import max_examples
from ..support.raw_http import call_action, connect, control_call, read_property, send, send_on, signed_headers
from ..support.service_model import OPERATIONS

TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"


@pytest.fixture
def server(inspector_server):
    return inspector_server


def refusal(server, member, body=None, method="POST", query=""):
    answer = send(server, method, f"/_mock_inspector/{member}{query}", body)
    assert list(answer.value) == ["error"]
    return answer.status, answer.value["error"]


# Each member


def test_every_member_of_a_backend_that_is_no_action_is_offered():
    actions = {xform_name(name) for name in OPERATIONS}
    members = {name for name in dir(InspectorBackend) if not name.startswith("_")} - actions
    assert members - {"clock"} == {name for name in CONTROL_CALLS if "." not in name} - {"health", "overview"}


def test_a_snapshot_is_saved_and_restored(server, inspector_backend, client):
    control_call(server, "add_instance", instance_id="i-0web", findings=[{"network_reachability": 22}])
    control_call(server, "inject_fault", operation="ListFindings", error="ThrottlingException", when={"maxResults": 1})
    target = create_target(client, "old")
    saved = control_call(server, "snapshot")
    assert saved == json.loads(json.dumps(inspector_backend.snapshot()))
    client.delete_assessment_target(assessmentTargetArn=target)
    control_call(server, "clock.tick", delta=60)
    assert refusal(server, "restore", {"snapshot": {**saved, "stores": 7}}) == (
        400,
        "restore: snapshot: stores must be a list; got 7",
    )
    assert control_call(server, "restore", snapshot=saved) is None
    assert control_call(server, "snapshot") == saved
    assert client.list_assessment_targets()["assessmentTargetArns"] == [target]
    assert call_action(server, "ListFindings").status == 200
    assert call_action(server, "ListFindings", maxResults=1).value["__type"] == "ThrottlingException"


def test_a_snapshot_that_json_cannot_hold_is_refused(server, inspector_backend):
    inspector_backend.inject_fault("ListFindings", ValueError("of the test's own"))
    assert refusal(server, "snapshot") == (
        400,
        "snapshot: stores[0].faults[0] cannot be saved as JSON: Object of type ValueError is not JSON serializable",
    )
    inspector_backend.reset()
    assert control_call(server, "snapshot")["stores"] == []


def test_a_snapshot_may_be_longer_than_other_bodies(server, inspector_backend, client):
    run = start_run(client)
    inspector_backend.add_finding(run, {"description": "x" * 20_000})
    for number in range(80):
        inspector_backend.add_finding(run, {"description": f"{number:04}" * 5_000})
    saved = control_call(server, "snapshot")
    assert len(json.dumps(saved)) > 1_500_000
    inspector_backend.reset()
    control_call(server, "restore", snapshot=saved)
    assert inspector_backend.snapshot() == saved


def test_a_snapshot_that_is_too_long_is_refused(server, monkeypatch):
    monkeypatch.setattr(app, "MAX_SNAPSHOT_BYTES", 100)
    assert refusal(server, "restore", b" " * 101) == (
        413,
        "The request's body must be at most 100 bytes long; got 101 bytes.",
    )


def test_a_snapshot_of_a_million_findings_may_be_restored(server, inspector_backend, client):
    run = start_run(client)

    def snapshot_length():
        return len(send(server, "GET", "/_mock_inspector/snapshot").body)

    inspector_backend.add_finding(run, {"title": "like the others"})
    before = snapshot_length()
    for _ in range(500):
        inspector_backend.add_finding(run, {"title": "like the others"})
    each = (snapshot_length() - before) / 500
    assert each * 1_000_000 < app.MAX_SNAPSHOT_BYTES < waitress_runner._MAX_BODY_BYTES


def test_a_backends_account_and_region_and_those_of_others(server):
    assert [read_property(server, name) for name in ("account_id", "region", "partition")] == [
        "123456789012",
        "us-west-2",
        "aws",
    ]
    assert control_call(server, "for_region", name="us-gov-west-1") == {
        "account_id": "123456789012",
        "region": "us-gov-west-1",
        "partition": "aws-us-gov",
    }
    assert control_call(server, "for_account", account_id="999999999999")["account_id"] == "999999999999"
    query = "?account_id=999999999999&region=eu-west-1"
    assert (read_property(server, "account_id", query), read_property(server, "region", query)) == (
        "999999999999",
        "eu-west-1",
    )
    control_call(server, "add_instance", "?region=eu-west-1", instance_id="i-0there")
    control_call(server, "remove_instance", "?region=eu-west-1", instance_id="i-0there")
    control_call(server, "register_access_key", "?account_id=999999999999", access_key_id="AKIATHEIRS")
    send(server, "POST", "/", {}, signed_headers("ListFindings", "AKIATHEIRS"))
    assert server.backend.calls[-1].account == "999999999999"


def test_an_instance_is_added_with_every_attribute(server):
    attributes = {
        "instance_id": "i-0web",
        "tags": {"Name": "web"},
        "hostname": "web.example.com",
        "ami_id": "ami-0abcdef",
        "auto_scaling_group": "web",
        "ipv4_address": "10.0.0.7",
        "operating_system": "Ubuntu 18.04.1 LTS",
        "kernel_version": "4.15.0",
        "agent_version": "1.1.1098.0",
        "agent_health": "UNHEALTHY",
        "agent_health_code": "THROTTLED",
        "agent_health_details": "¿qué?",
        "network_interfaces": [{"networkInterfaceId": "eni-0a"}],
        "telemetry": [{"messageType": "Total", "count": 1, "dataSize": 2}],
    }
    answer = control_call(
        server, "add_instance", **attributes, findings=[{"cve": "CVE-2016-2177", "attributes": {"a": "b"}}]
    )
    findings = answer.pop("findings")
    assert answer == attributes
    assert (findings[0]["id"], findings[0]["severity"]) == ("CVE-2016-2177", "High")
    assert findings[0]["attributes"]["a"] == "b"
    assert read_property(server, "instances")["i-0web"]["agent_health"] == "UNHEALTHY"
    made_up = control_call(server, "add_instance")["instance_id"]
    assert made_up.startswith("i-0")
    assert control_call(server, "remove_instance", instance_id=made_up) is None


def test_findings_in_json_are_those_of_the_functions_of_that_name(server, client):
    written = [
        {"cve": "CVE-2016-2177", "severity": "Medium", "package": ["openssl-1:1.0.1k-14.91", "libssl-1:1.0"]},
        {"cis": "1.1.1 Ensure mounting of cramfs is disabled", "profile": "Level 2"},
        {"best_practice": "Disable root login over SSH"},
        {"network_reachability": 8080, "protocol": "TCP", "route": "PeeredVPC", "listener": True},
        {"runtime_behavior": "Software Without DEP", "numeric_severity": 3.5},
    ]
    control_call(server, "add_instance", instance_id="i-0written", tags={"how": "written"}, findings=written)
    server.backend.add_instance(
        "i-0called",
        tags={"how": "called"},
        findings=[
            cve("CVE-2016-2177", severity="Medium", package=["openssl-1:1.0.1k-14.91", "libssl-1:1.0"]),
            network_reachability(8080, protocol="TCP", route="PeeredVPC", listener=True),
        ],
    )
    packages = client.list_rules_packages()["rulesPackageArns"]
    run = start_run(client, create_template(client, packages=packages))
    control_call(server, "finish_run", run_arn=run)
    reported = [describe_finding(client, arn) for arn in list_findings(client, run)]
    answered = {
        instance: {
            (finding["id"], finding["severity"], finding["numericSeverity"], finding["title"].replace(instance, ""))
            for finding in reported
            if finding["assetAttributes"].get("agentId") == instance
        }
        for instance in ("i-0written", "i-0called")
    }
    assert len(answered["i-0written"]) == 5
    assert len(answered["i-0called"]) == 2
    assert answered["i-0called"] < answered["i-0written"]


def test_rules_packages_findings_exclusions_and_states_by_hand(server, client):
    package = control_call(server, "add_rules_package", name="Own rules", description="Ours.")
    assert package in client.list_rules_packages()["rulesPackageArns"]
    run = start_run(client)
    finding = control_call(server, "add_finding", run_arn=run, finding={"title": "By hand", "severity": "Low"})
    assert describe_finding(client, finding)["title"] == "By hand"
    exclusion = control_call(server, "add_exclusion", run_arn=run, exclusion={"title": "Not looked at"})
    assert client.list_exclusions(assessmentRunArn=run)["exclusionArns"] == [exclusion]
    control_call(server, "set_run_state", run_arn=run, state="FAILED")
    assert describe_run(client, run)["state"] == "FAILED"


def test_the_clock_is_read_and_moved(server):
    control_call(server, "clock.move_to", moment="2030-01-01T00:00:00Z")
    assert read_property(server, "clock.now") == control_call(server, "clock.now") == "2030-01-01T00:00:00.000+00:00"
    control_call(server, "clock.tick", delta=0.25)
    control_call(server, "clock.tick")
    assert datetime.fromisoformat(read_property(server, "clock.now")) == server.backend.clock.now()
    assert server.backend.clock.now().isoformat() == "2030-01-01T00:00:01.250000+00:00"
    control_call(server, "clock.move_to", moment=1893456002)
    assert read_property(server, "clock.now") == "2030-01-01T00:00:02.000+00:00"


@pytest.mark.mock_inspector(freeze=False)
def test_a_running_clock_can_run_faster(server):
    control_call(server, "clock.run", speed=1e9)
    begun = server.backend.clock.now()
    assert (server.backend.clock.now() - begun).total_seconds() > 0.1  # that is a tenth of a nanosecond


def test_faults_are_injected(server):
    control_call(server, "inject_fault", operation="ListFindings", error="ThrottlingException", times=2, after=1)
    assert [call_action(server, "ListFindings").status for _ in range(4)] == [200, 400, 400, 200]
    error = {"code": "AccessDeniedException", "message": "No.", "errorCode": "ACCESS_DENIED_TO_FINDING"}
    control_call(
        server, "inject_fault", operation="*", error=error, when={"maxResults": 7, "filter": {"agentIds": ["i-0"]}}
    )
    assert call_action(server, "ListFindings", maxResults=7).status == 200
    failed = call_action(server, "ListFindings", maxResults=7, filter={"agentIds": ["i-0"]}).value
    assert (failed["message"], failed["errorCode"]) == ("No.", "ACCESS_DENIED_TO_FINDING")
    control_call(server, "inject_fault", operation="ListFindings", error="GarbledBody", when=None)
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(call_action(server, "ListFindings").body)


def test_the_call_log_is_read(server):
    assert read_property(server, "calls") == []
    call_action(server, "ListFindings", maxResults=0)
    call_action(server, "ListAssessmentRuns")
    (found,) = control_call(server, "calls.of", operations=["ListFindings"], error=True)
    assert found["time"] == read_property(server, "clock.now")
    assert (found["parameters"], found["error"]) == ({"maxResults": 0}, "InvalidInputException")
    assert found["response"]["errorCode"] == "INVALID_MAX_RESULTS"
    assert [entry["operation"] for entry in read_property(server, "calls")] == ["ListFindings", "ListAssessmentRuns"]
    assert [entry["operation"] for entry in control_call(server, "calls.last", maximum=1)] == ["ListAssessmentRuns"]
    control_call(server, "calls.clear")
    assert control_call(server, "calls.of") == []


def test_published_messages_are_read(server, client):
    template = create_template(client)
    client.subscribe_to_event(resourceArn=template, event="ASSESSMENT_RUN_STARTED", topicArn=TOPIC)
    (published,) = read_property(server, "published")
    assert (published["topic_arn"], published["event"]) == (TOPIC, "ENABLE_ASSESSMENT_NOTIFICATIONS")
    assert json.loads(published["message"])["template"] == template


def test_ids_and_an_empty_state(server, client):
    control_call(server, "next_ids", ids=["0-nvgVhaxX"])
    assert create_target(client).endswith("target/0-nvgVhaxX")
    control_call(server, "reset")
    assert client.list_assessment_targets()["assessmentTargetArns"] == []


def test_the_overview_shows_the_whole_account(server, client):
    server.backend.add_instance("i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177")])
    run = start_run(client, create_template(client, name="hourly", packages=[CVE]), name="first")
    seen = read_property(server, "overview")
    assert (seen["frozen"], seen["now"], seen["account_id"]) == (
        True,
        read_property(server, "clock.now"),
        "123456789012",
    )
    (region,) = seen["regions"]
    assert (region["account_id"], region["region"]) == ("123456789012", "us-west-2")
    (instance,) = region["instances"]["newest"]
    assert (instance["instance_id"], instance["findings"]) == ("i-0web", ["CVE-2016-2177"])
    assert [region[kind]["total"] for kind in ("targets", "templates", "runs", "findings")] == [1, 1, 1, 0]
    (shown,) = region["runs"]["newest"]
    assert (shown["arn"], shown["name"], shown["template"], shown["in_progress"]) == (run, "first", "hourly", True)
    assert [step["reached"] for step in shown["timeline"]] == [True, *[False] * (len(shown["timeline"]) - 1)]
    assert shown["timeline"][-1]["state"] == "COMPLETED"
    server.backend.finish_run(run)
    region = read_property(server, "overview")["regions"][0]
    assert all(step["reached"] for step in region["runs"]["newest"][0]["timeline"])
    assert region["findings"]["by_severity"]["High"] == region["runs"]["newest"][0]["findings"]["High"] == 1
    assert region["findings"]["newest"][0]["agent_id"] == "i-0web"
    calls = read_property(server, "overview")["calls"]
    assert calls["total"] == len(calls["newest"]) == 3
    assert calls["newest"][0]["operation"] == "StartAssessmentRun"


def test_the_overview_shows_the_newest_of_many(server):
    for number in range(120):
        server.backend.add_instance(f"i-0{number}")
        call_action(server, "ListFindings")
    seen = read_property(server, "overview")
    instances = seen["regions"][0]["instances"]
    assert (instances["total"], len(instances["newest"])) == (120, 100)
    assert (instances["newest"][0]["instance_id"], instances["newest"][-1]["instance_id"]) == ("i-0119", "i-020")
    assert (seen["calls"]["total"], len(seen["calls"]["newest"])) == (120, 50)


def test_a_snapshot_is_read_saved_and_restored_as_it_is(server, inspector_backend, client, tmp_path):
    target = create_target(client, "old")
    file = tmp_path / "state.json"
    file.write_bytes(send(server, "GET", "/_mock_inspector/snapshot").body)
    assert read_property(server, "snapshot") == control_call(server, "snapshot") == json.loads(file.read_bytes())
    control_call(server, "reset")
    answer = send(server, "POST", "/_mock_inspector/restore", file.read_bytes())
    assert (answer.status, answer.value) == (200, None)
    assert client.list_assessment_targets()["assessmentTargetArns"] == [target]
    # As an editor of Windows saves it, and with the name of its schema.
    edited = json.dumps({"$schema": f"{server.url}/_mock_inspector/state-schema.json", **json.loads(file.read_bytes())})
    assert send(server, "POST", "/_mock_inspector/restore", edited.encode("utf-8-sig")).status == 200
    assert inspector_backend.snapshot() == json.loads(file.read_bytes())
    status, text = refusal(server, "restore", {"format": "moto"})
    assert (status, text.partition(", an")[0]) == (400, "restore: snapshot: must be a snapshot of mock_inspector")
    assert refusal(server, "restore", {}) == (400, "restore: snapshot is missing; it takes snapshot")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl_saves_and_restores_a_snapshot(server, client, tmp_path):
    target, file = create_target(client, "old"), tmp_path / "state.json"
    curl = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*"]
    subprocess.run([*curl, "-o", file, f"{server.url}/_mock_inspector/snapshot"], check=True)
    control_call(server, "reset")
    subprocess.run([*curl, "-d", f"@{file}", f"{server.url}/_mock_inspector/restore"], check=True)
    assert client.list_assessment_targets()["assessmentTargetArns"] == [target]


def test_health_is_read_and_changes_nothing(server):
    before = server.backend.snapshot()
    assert read_property(server, "health") == {"status": "ok", "version": version("mock-inspector")}
    answer = send(server, "HEAD", "/_mock_inspector/health")
    assert (answer.status, answer.body) == (200, b"")
    assert server.backend.snapshot() == before


# Errors


@pytest.mark.parametrize("member", ["add_instance", "snapshot", "clock.tick", "register_access_key"])
@pytest.mark.parametrize("name", ["region", "account_id"])
def test_a_region_or_account_in_the_body_is_refused_and_shown_where_it_belongs(server, member, name):
    status, text = refusal(server, member, {name: "eu-west-1"})
    assert status == 400
    assert text.startswith(
        f"{member}: {name} must be in the query and not in the body: /_mock_inspector/{member}?{name}="
    )


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (
            "add_instanc",
            "'add_instanc' is not a control call; the control calls are account_id, region",
        ),
        ("_service", "'_service' is not a control call"),
        ("clock", "'clock' is not a control call"),
        ("clock.read", "'clock.read' is not a control call"),
        ("calls.__class__", "'calls.__class__' is not a control call"),
        ("list_findings", "'list_findings' is not a control call"),
        ("", "'' is not a control call"),
        ("a/b", "'a/b' is not a control call"),
        ("%F0%9F%A6%8A%FF%00", "'ð"),
    ],
)
def test_unknown_members_are_reported_with_the_known_ones(server, member, reason):
    status, text = refusal(server, member, {})
    assert status == 404
    assert text.startswith(reason)
    assert "for_region" in text
    assert text.endswith("; did you mean 'add_instance'?") == (member == "add_instanc")


@pytest.mark.parametrize(
    ("method", "member", "allowed"),
    [
        ("GET", "add_instance", "POST"),
        ("PUT", "reset", "POST"),
        ("POST", "account_id", "GET"),
        ("DELETE", "clock.now", "GET, POST"),
        ("OPTIONS", "calls", "GET"),
    ],
)
def test_a_wrong_http_method_is_reported_with_the_right_one(server, method, member, allowed):
    answer = send(server, method, f"/_mock_inspector/{member}", b"")
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert answer.value["error"].startswith(
        f"{member} must be called with {allowed.replace(', ', ' or ')}; got {method}"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("member", "arguments", "reason"),
    [
        ("add_instance", {"tag": {}},
         "add_instance: unknown argument 'tag'; it takes instance_id, .*, findings; did you mean 'tags'?"),
        ("add_instance", {"self": {}}, "add_instance: unknown argument 'self'"),
        ("reset", {"all": True}, "reset: unknown argument 'all'; it takes none"),
        ("finish_run", {}, "finish_run: run_arn is missing; it takes run_arn"),
        ("finish_run", {"run_arn": "x"}, "finish_run: "),
        ("add_instance", {"tags": ["web"]}, "add_instance: tags must be a mapping .*; got ['web']"),
        ("add_instance", {"agent_health": "ILL"}, "add_instance: agent_health must be one of HEALTHY, .*; got 'ILL'"),
        ("add_instance", {"findings": {"cve": "CVE-2016-2177"}}, "add_instance: findings must be an array; got {"),
        ("add_instance", {"findings": ["CVE-2016-2177"]}, "add_instance: findings[0] must be an object with one of cve, "),
        ("add_instance", {"findings": [{}]}, "add_instance: findings[0] must be an object with one of cve, "),
        ("add_instance", {"findings": [{"cve": "CVE-2016-2177"}, {"cve": "2016"}]},
         "add_instance: findings[1]: cve_id must be an id such as 'CVE-2016-2177'; got '2016'"),
        ("add_instance", {"findings": [{"cve": "CVE-2016-2177", "cis": "1.1 x"}]}, "add_instance: findings[0] must be an"),
        ("add_instance", {"findings": [{"cve": "CVE-2016-2177", "sevrity": "High"}]},
         "add_instance: findings[0]: cve() takes cve_id, .*, severity, .*; got 'sevrity'; did you mean 'severity'?"),
        ("remove_instance", {"instance_id": {}}, "remove_instance: instance_id must be a string; got {}"),
        ("add_instance", {"hostname": 1}, "add_instance: hostname must be a string or null; got 1"),
        ("calls.last", {"maximum": True}, "calls.last: maximum must be an integer; got true"),
        ("add_instance", {"hostname": False}, "add_instance: hostname must be a string or null; got false"),
        ("add_instance", {"findings": None}, "add_instance: findings must be an array; got null"),
        ("calls.of", {"operations": [1]}, "calls.of() must be given operations of the API; got 1"),
        ("next_ids", {"ids": "0-nvgVhaxX"}, "next_ids: ids must be an array; got '0-nvgVhaxX'"),
        ("clock.tick", {"delta": -1}, "clock.tick: delta must not be negative, .*; got -1"),
        ("clock.tick", {"delta": None}, "clock.tick: delta must be seconds or a timedelta; got None"),
        ("clock.move_to", {"moment": "noon"}, "clock.move_to: moment must be a datetime, ISO 8601 text .*; got 'noon'"),
        ("clock.run", {"speed": 2},
         "clock.run() needs a running clock: use mock_inspector(freeze=False), or serve without --frozen"),
        ("inject_fault", {"operation": "ListFinding", "error": "ThrottlingException"}, "inject_fault: operation must be .*; got 'ListFinding'; did you mean 'ListFindings'?"),
        ("inject_fault", {"operation": "*", "error": "Oops"}, "inject_fault: error must be one of .*; got 'Oops'"),
        ("inject_fault", {"operation": "*", "error": "ThrottlingException", "when": "x"},
         "inject_fault: when must be an object with parameters and their values; got 'x'"),
        ("calls.of", {"operations": ["ListFinding"]}, "calls.of() must be given operations .*; got 'ListFinding'; did you mean 'ListFindings'?"),
        ("for_region", {"name": "Oregon"}, "for_region: region must be the name of a region .*; got 'Oregon'"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_reported_with_the_reason(server, member, arguments, reason):
    status, text = refusal(server, member, arguments)
    assert status == 400
    assert re.match(re.escape(reason).replace(r"\.\*", ".*"), text)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "is not JSON"),
        (b"[]", "must be a JSON object of arguments; got []"),
        (b'"x"', "must be a JSON object of arguments; got 'x'"),
        (b"null", "must be a JSON object of arguments; got null"),
        (b"true", "must be a JSON object of arguments; got true"),
        (b"\xff", "is not JSON"),
        (b'{"delta": NaN}', "is not JSON"),
        (b'{"delta": 1e999}', "is not JSON"),
        (b'{"delta": "\\ud800"}', "is not JSON"),
        (b'{"delta": ' + b"9" * 10_000 + b"}", "is not JSON"),
        (b'{"delta": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is not JSON"),
    ],
)
def test_bodies_that_are_not_json_objects_are_reported(server, body, reason):
    before = server.backend.clock.now()
    status, text = refusal(server, "clock.tick", body)
    assert (status, text.partition(": ")[0]) == (400, "clock.tick")
    assert reason in text
    assert server.backend.clock.now() == before


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("?region=Oregon", "region must be the name of a region such as 'us-east-1'; got 'Oregon'"),
        ("?account_id=", "account_id must be a string of 12 digits; got ''"),
        ("?acount_id=123456789012", "the query's parameters are account_id and region; got 'acount_id'"),
    ],
)
def test_unknown_backends_are_reported(server, query, reason):
    status, text = refusal(server, "region", method="GET", query=query)
    assert status == 400
    assert text in {reason, f"region: {reason}"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KNOWN = st.sampled_from(
    [
        "ListFindings",
        "*",
        "ThrottlingException",
        "CVE-2016-2177",
        "us-west-2",
        "123456789012",
        "2030-01-01",
        CVE,
        1,
        443,
    ]
)
INNER_NAMES = (
    "cve",
    "cis",
    "network_reachability",
    "listener",
    "severity",
    "attributes",
    "key",
    "value",
    "messageType",
)
VALUES = st.recursive(
    KNOWN | JSON,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(INNER_NAMES), inner, max_size=3),
    max_leaves=4,
)


def parameters(backend, member):
    """The arguments of a member, each with any value; some of them may be missing."""
    owner = backend
    for name in member.split("."):
        owner = getattr(owner, name, None)
    names = list(inspect.signature(owner).parameters) if callable(owner) else []
    return st.tuples(st.just(member), st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)))


def test_every_control_call_is_answered_in_json():
    with (
        mock_inspector(allow_unused_faults=True) as backend,
        InspectorServer(backend) as server,
        closing(connect(server)) as kept,
    ):

        @settings(max_examples=max_examples(300), deadline=None)
        @given(st.sampled_from(sorted(CONTROL_CALLS)).flatmap(lambda member: parameters(backend, member)))
        @example(("remove_instance", {"instance_id": {}}))
        @example(("add_finding", {"run_arn": [], "finding": {}}))
        @example(("next_ids", {"ids": [None]}))
        @example(("add_instance", {"findings": [{"network_reachability": [], "route": {}}]}))
        @example(("calls.last", {"maximum": "x"}))
        @example(("calls.of", {"operations": [{}]}))
        def answered(sent):
            member, arguments = sent
            for method in ("GET", "POST"):
                answer = send_on(kept, method, f"/_mock_inspector/{member}", arguments)
                assert answer.status in {200, 400, 405}, answer
                assert answer.status == 200 or list(answer.value) == ["error"]

        answered()


def test_calls_whose_bodies_are_nested_deeply_are_listed_without_their_parameters(server):
    for depth in (90, 500, 900):
        body = b'{"unknown":%s}' % (b"[" * depth + b"]" * depth)
        assert send(server, "POST", "/", body, signed_headers("ListFindings")).status == 200
    shown, *hidden = read_property(server, "calls")
    assert list(shown["parameters"]) == ["unknown"]
    assert [call["parameters"] for call in hidden] == [{}, {}]


@pytest.mark.parametrize("name", ["web \ud800", "\udfff"])
def test_whatever_a_backend_accepts_can_be_sent_back(server, inspector_backend, name):
    with pytest.raises(CommonError, match="assessmentTargetName must be a string without halves of surrogate pairs"):
        inspector_backend.create_assessment_target(assessmentTargetName=name)
    with pytest.raises(ValueError, match="halves of surrogate pairs"):
        inspector_backend.add_instance("i-0web", tags={"Name": name})
    snapshot = send(server, "GET", "/_mock_inspector/snapshot")
    assert send(server, "POST", "/_mock_inspector/restore", snapshot.value).status == 200

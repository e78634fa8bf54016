"""Snapshots: the whole state taken and restored, in process and as JSON; the keyword ``state``."""

import copy
import dataclasses
import json
import re
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from freezegun import freeze_time
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.findings import best_practice, cve, network_reachability
from mock_inspector.model import exclusions, faults, findings, fleet, region, rules_packages, runs, targets, weaknesses
from mock_inspector.snapshots import records

from ..support.aws import CVE, a_run, a_target, a_template, refused
from ..support.read_everything import survey
from ..support.requests import create_target, create_template, furnish

AT = "2024-02-29T12:00:00Z"
OTHER = ("210987654321", "eu-west-1")
SUFFERED = [cve("CVE-2016-2177"), network_reachability(22), best_practice("Enable ASLR")]


def stocked(backend):
    """Everything that there can be: runs in every state, whatever can be pending, several accounts and regions."""
    backend.add_instance(
        "i-0all", tags={"Name": "web"}, findings=SUFFERED, telemetry=[{"messageType": "a", "count": 3}]
    )
    backend.add_instance("i-0off", tags={"Name": "web"}, agent_health="UNKNOWN", findings=SUFFERED)
    has = furnish(backend)
    own = backend.add_rules_package("Own", version="2")
    backend.add_rules_package("Redefined", arn=has.package, deprecated=True)
    backend.register_cross_account_access_role(roleArn=has.role)
    backend.register_access_key("AKIAOTHER")
    backend.add_attributes_to_findings(findingArns=[has.finding], attributes=[{"key": "owner", "value": "blue"}])
    backend.get_assessment_report(assessmentRunArn=has.run, reportFileFormat="HTML", reportType="FULL")
    template = create_template(
        backend,
        create_target(backend, "of everything"),
        rulesPackageArns=[own, *backend.list_rules_packages()["rulesPackageArns"][1:4]],
        userAttributesForFindings=[{"key": "owner", "value": "red"}],
    )
    backend.finish_run(has.running)
    backend.finish_run(backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
    idle = create_template(backend, has.idle_target, "for states")
    for state in ("CREATED", "COLLECTING_DATA", "EVALUATING_RULES", "FAILED", "ERROR", "CANCELED", "COMPLETED"):
        run = backend.start_assessment_run(assessmentTemplateArn=idle)["assessmentRunArn"]
        backend.clock.tick(0.1)
        backend.set_run_state(run, state)
    run = backend.start_assessment_run(assessmentTemplateArn=idle)["assessmentRunArn"]
    backend.clock.tick(10)
    backend.stop_assessment_run(assessmentRunArn=run)
    backend.create_exclusions_preview(assessmentTemplateArn=has.template)
    backend.start_assessment_run(assessmentTemplateArn=has.template)
    backend.clock.tick(1)
    backend.remove_instance("i-0all")
    backend.next_ids("0-pinned00", "0-pinned01")
    backend.inject_fault(
        "ListFindings", {"code": "NoSuchEntityException", "errorCode": "FINDING_DOES_NOT_EXIST"}, after=5
    )
    sibling = backend.for_account(OTHER[0]).for_region(OTHER[1])
    sibling.add_instance()
    sibling.start_assessment_run(assessmentTemplateArn=create_template(sibling, create_target(sibling, "elsewhere")))
    return has


def move_on(backend, has):
    """What a test might do next; what comes of it shows whether the state is the same."""
    sibling = backend.for_account(OTHER[0]).for_region(OTHER[1])
    made = [
        create_target(backend, "made next"),
        backend.add_instance().instance_id,
        backend.create_exclusions_preview(assessmentTemplateArn=has.idle_template)["previewToken"],
        create_target(sibling, "made next"),
    ]
    surveys = []
    for seconds in (0.2, 3, 3600, 61.5, 86400):
        backend.clock.tick(seconds)
        surveys.append(survey(backend))
    made.append(backend.start_assessment_run(assessmentTemplateArn=has.template)["assessmentRunArn"])
    backend.finish_run(made[-1])
    return made, surveys, survey(backend), backend.snapshot()


@pytest.fixture(scope="module")
def stock():
    """A snapshot of everything, what was read then, and what a test did and read next."""
    with mock_inspector(region="us-west-2", at=AT, allow_unused_faults=True, id_seed="stock") as backend:
        has = stocked(backend)
        taken = json.dumps(backend.snapshot())
        return taken, has, survey(backend), move_on(backend, has)


def test_a_world_read_back_from_json_in_another_mock_answers_the_same_now_and_later(stock):
    taken, has, then, next_ = stock
    with mock_inspector(region="us-west-2", state=json.loads(taken)) as backend:
        assert survey(backend) == then
        assert backend.snapshot() == json.loads(taken)
        assert move_on(backend, has) == next_


def test_a_world_restored_in_its_own_mock_is_as_it_was(stock):
    _, _, _, next_ = stock
    with mock_inspector(region="us-west-2", at=AT, allow_unused_faults=True, id_seed="stock") as backend:
        has = stocked(backend)
        taken = backend.snapshot()
        then = survey(backend)
        assert move_on(backend, has) == next_
        backend.for_region("ap-south-1").add_instance()
        backend.restore(taken)
        assert survey(backend) == then
        assert backend.snapshot() == taken
        assert repr(backend.for_region("ap-south-1")).count(" 0 ") == 5
        assert move_on(backend, has) == next_


def test_every_attribute_of_the_model_is_in_a_snapshot_or_follows_from_one():
    follows = {
        targets.Target: {"templates"},
        targets.Template: {"target", "runs", "run_names"},
        targets.Subscription: set(),
        targets.ResourceGroup: set(),
        runs.Run: {"template", "findings_row", "counts", "plan", "events_planned", "fresh"},
        fleet.Instance: set(),
        fleet.RunAgent: {"number"},
        findings.Finding: {"run", "instance", "own_user_attributes"},
        findings.WeaknessContent: set(),
        exclusions.Exclusion: {"arn"},
        exclusions.Preview: set(),
        faults.Fault: set(),
        rules_packages.RulesPackage: set(),
        region.Role: set(),
        weaknesses.Weakness: set(),
        weaknesses.Reachability: set(),
    }
    written = {
        targets.Target: records.TargetRecord,
        targets.Template: records.TemplateRecord,
        targets.Subscription: records.SubscriptionRecord,
        targets.ResourceGroup: records.GroupRecord,
        runs.Run: records.RunRecord,
        fleet.Instance: records.InstanceRecord,
        fleet.RunAgent: records.AgentRecord,
        findings.Finding: records.FindingRecord,
        findings.WeaknessContent: records.ContentRecord,
        exclusions.Exclusion: records.ExclusionRecord,
        exclusions.Preview: records.PreviewRecord,
        faults.Fault: records.FaultRecord,
        rules_packages.RulesPackage: records.RulesPackageRecord,
        region.Role: records.RoleRecord,
        weaknesses.Weakness: records.WeaknessRecord,
        weaknesses.Reachability: records.WeaknessRecord,
    }
    for kind, kept in written.items():
        names = {entry.name for entry in dataclasses.fields(kind)}
        assert names - {entry.name for entry in dataclasses.fields(kept)} == follows[kind], kind


def test_every_attribute_of_a_region_and_of_the_mock_is_accounted_for(inspector_backend):
    region = inspector_backend._region
    no_state = {"world", "account_id", "region", "partition", "owner", "place", "backend", "signer"}
    follows = {"findings", "_open_runs"}
    written = {
        "ids",
        "next",
        "resource_groups",
        "targets",
        "templates",
        "runs",
        "rules_packages",
        "instances",
        "joined",
    }
    assert set(vars(region)) == no_state | follows | written | {"subscriptions", "role", "faults"}
    mock_wide = {
        "account_id",
        "limits",
        "neighbours",
        "calls",
        "report_origin",
        "requests",
        "patience",
        "lock",
        "clock",
    }
    follows = {"_regions_of", "_agenda", "_happening", "now"}
    assert set(vars(region.world)) == mock_wide | follows | {
        "_regions",
        "_access_keys",
        "id_seed",
        "published",
        "started",
    }


def test_a_snapshot_and_the_mock_do_not_influence_each_other(inspector_backend, client):
    furnish(inspector_backend)
    taken = inspector_backend.snapshot()
    kept = copy.deepcopy(taken)
    then = survey(inspector_backend)
    target = a_target(client)
    client.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="renamed")
    inspector_backend.restore(taken)
    client.delete_assessment_target(assessmentTargetArn=client.list_assessment_targets()["assessmentTargetArns"][1])
    assert taken == kept

    inspector_backend.restore(taken)

    def spoil(value):
        for entry in list(value.values() if isinstance(value, dict) else value):
            if isinstance(entry, (dict, list)):
                spoil(entry)
        value.clear()

    spoil(taken)
    assert survey(inspector_backend) == then


def test_pagination_tokens_handed_out_before_go_on_working(inspector_backend, client):
    made = [a_target(client) for _ in range(5)]
    page = client.list_assessment_targets(maxResults=2)
    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    a_target(client)
    inspector_backend.restore(taken)
    rest = client.list_assessment_targets(maxResults=10, nextToken=page["nextToken"])["assessmentTargetArns"]
    assert page["assessmentTargetArns"] + rest == made


def test_the_log_of_calls_is_no_state(inspector_backend, client):
    a_target(client)
    taken = inspector_backend.snapshot()
    a_target(client)
    inspector_backend.restore(taken)
    assert len(inspector_backend.calls.of("CreateAssessmentTarget")) == 2


def test_a_run_in_progress_goes_on_from_where_it_was_and_tells_its_topics_once(inspector_backend, client):
    template = a_template(client, duration=180)
    topic = f"arn:aws:sns:us-west-2:{inspector_backend.account_id}:alarms"
    for event in ("ASSESSMENT_RUN_STATE_CHANGED", "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"):
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)
    run = a_run(client, template)
    inspector_backend.clock.tick(60)
    before, taken = inspector_backend.published, inspector_backend.snapshot()
    inspector_backend.finish_run(run)
    told = inspector_backend.published
    assert len(told) > len(before)

    inspector_backend.restore(taken)
    assert inspector_backend.published == before
    time.sleep(300)
    assert inspector_backend.published == told


def test_report_urls_from_before_work_and_those_from_after_are_gone(inspector_backend, client):
    run = a_run(client)
    inspector_backend.finish_run(run)

    def url():
        while (
            answer := client.get_assessment_report(assessmentRunArn=run, reportFileFormat="HTML", reportType="FULL")
        )["status"] != "COMPLETED":
            time.sleep(5)
        return answer["url"]

    first = url()
    taken = inspector_backend.snapshot()
    time.sleep(60)
    second = url()
    inspector_backend.restore(taken)
    with urlopen(first) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError) as refusal:
        urlopen(second)
    refusal.value.close()
    assert refusal.value.code == 403


def test_instances_of_an_ec2_next_door_are_part_of_it():
    with mock_aws(), mock_inspector(region="us-west-2", at=AT) as backend:
        ec2 = boto3.client("ec2", region_name="us-west-2")
        made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2)["Instances"]
        tags = [{"Key": "Name", "Value": ""}]
        ec2.create_tags(Resources=[made[0]["InstanceId"]], Tags=tags)
        target = create_target(backend, "all")
        run = backend.start_assessment_run(assessmentTemplateArn=create_template(backend, target))["assessmentRunArn"]
        taken = json.loads(json.dumps(backend.snapshot()))
        then = survey(backend)
        backend.restore(taken)
        assert survey(backend) == then
        assert backend.snapshot() == taken
    assert len(taken["regions"][0]["joined"]) == 2
    with mock_inspector(region="us-west-2", state=taken) as backend:
        agents = backend.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
        assert {agent["agentId"] for agent in agents} == {instance["InstanceId"] for instance in made}


# Faults


@pytest.mark.parametrize(
    "error",
    [
        "ThrottlingException",
        {"code": "ServiceUnavailable", "message": "Come back later"},
        {"code": "NoSuchEntityException", "errorCode": "FINDING_DOES_NOT_EXIST", "message": "¿dónde?"},
        "ACCESS_DENIED_TO_FINDING",
        "AgentsAlreadyRunningAssessmentException",
    ],
)
def test_faults_that_json_can_tell_are_part_of_it(error, inspector_backend, unchecked_client):
    inspector_backend.inject_fault("ListFindings", error, times=2, after=1)
    unchecked_client.list_findings()

    def met():
        with pytest.raises(ClientError) as refusal:
            unchecked_client.list_findings()
        return {name: value for name, value in refusal.value.response.items() if name != "ResponseMetadata"}

    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    answers = [met(), met()]
    unchecked_client.list_findings()
    inspector_backend.restore(taken)
    assert [met(), met()] == answers
    unchecked_client.list_findings()
    assert not any("faults" in region for region in inspector_backend.snapshot()["regions"])


def test_failures_of_the_network_and_of_items_are_told_by_their_names(inspector_backend, client):
    inspector_backend.inject_fault("DescribeFindings", "ITEM_DOES_NOT_EXIST")
    inspector_backend.inject_fault("ListFindings", "ReadTimeoutError", times=None)
    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    inspector_backend.reset()
    inspector_backend.restore(taken)
    asked = f"{a_run(client)}/finding/0-00000000"
    failed = client.describe_findings(findingArns=[asked])["failedItems"]
    assert failed[asked]["failureCode"] == "ITEM_DOES_NOT_EXIST"
    with pytest.raises(ReadTimeoutError):
        client.list_findings()


def test_faults_that_json_cannot_tell_serve_in_process(inspector_backend, unchecked_client):
    error = ReadTimeoutError(endpoint_url="https://example")
    inspector_backend.inject_fault("ListFindings", error, when=lambda params: "maxResults" in params)
    taken = inspector_backend.snapshot()
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(taken)
    for _ in range(2):
        inspector_backend.restore(taken)
        unchecked_client.list_findings()
        with pytest.raises(ReadTimeoutError):
            unchecked_client.list_findings(maxResults=1)


def test_faults_of_a_state_may_go_unused_those_of_a_test_not_even_when_restored():
    kept = []

    def inject():
        with mock_inspector() as backend:
            backend.inject_fault("ListFindings", "ThrottlingException")
            kept.append(backend.snapshot())
            backend.restore(kept[0])

    with pytest.raises(AssertionError, match="no call has met"):
        inject()
    with mock_inspector(state=kept[0]):
        pass


# Time


def test_frozen_time_goes_back_with_the_state(inspector_backend):
    begun = inspector_backend.clock.now()
    taken = inspector_backend.snapshot()
    inspector_backend.clock.tick(86_400.000_123)
    assert inspector_backend.clock.now() > begun
    later = inspector_backend.snapshot()
    inspector_backend.restore(taken)
    assert inspector_backend.clock.now() == begun
    inspector_backend.restore(json.loads(json.dumps(later)))
    assert (inspector_backend.clock.now() - begun).total_seconds() == pytest.approx(86_400.000_123, abs=1e-6)
    with pytest.raises(ValueError, match="forward only"):
        inspector_backend.clock.move_to(begun)


def moment(backend):
    return backend.clock.now().isoformat().replace("+00:00", "Z")


def test_running_time_is_set_forward_only():
    with mock_inspector(freeze=False) as backend:
        now = backend.snapshot()
        backend.clock.tick(3600)
        ahead = backend.snapshot()
        backend.restore(now)
        assert moment(backend) >= ahead["moment"]
    with mock_inspector(freeze=False, state=ahead) as backend:
        assert moment(backend) >= ahead["moment"]


def test_what_lies_ahead_of_a_state_happens_while_running_time_goes_on(client):
    with mock_inspector(region="us-west-2", at="2020-01-01") as backend:
        run = a_run(client)
        taken = backend.snapshot()
    with mock_inspector(region="us-west-2", freeze=False, state=taken):
        assert client.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]["state"] == "COMPLETED"


def test_time_that_somebody_else_froze_follows_the_state():
    with mock_inspector(at=AT) as backend:
        taken = backend.snapshot()
    with freeze_time("2030-01-01") as frozen, mock_inspector(state=taken) as backend:
        assert backend.clock.now().isoformat() == "2024-02-29T12:00:00+00:00"
        assert frozen().isoformat() == "2024-02-29T12:00:00"


def test_a_state_begins_at_its_moment_or_at_a_later_one(client):
    with mock_inspector(region="us-west-2", at=AT) as backend:
        run = a_run(client)
        taken = backend.snapshot()
    with mock_inspector(region="us-west-2", state=taken) as backend:
        assert backend.clock.now().isoformat() == "2024-02-29T12:00:00+00:00"
    with mock_inspector(region="us-west-2", state=taken, at="2024-03-01T12:00:00Z") as backend:
        assert backend.clock.now().isoformat() == "2024-03-01T12:00:00+00:00"
        shown = client.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]
        assert shown["state"] == "COMPLETED"
        assert shown["createdAt"].isoformat() == "2024-02-29T12:00:00+00:00"
    with (
        pytest.raises(ValueError, match=r"^at: '2024-02-28' lies before the moment of the state, 2024-02-29T12:00"),
        mock_inspector(state=taken, at="2024-02-28"),
    ):
        pass


def test_runs_at_the_end_of_time_are_written_and_read():
    with mock_inspector(region="us-west-2", at="9999-12-31T23:59:00Z") as backend:
        backend.start_assessment_run(assessmentTemplateArn=create_template(backend, create_target(backend, "late")))
        taken = json.loads(json.dumps(backend.snapshot()))
        then = survey(backend)
    with mock_inspector(region="us-west-2", state=taken) as backend:
        assert survey(backend) == then
        assert backend.snapshot() == taken


def test_what_is_due_at_the_same_moment_happens_in_the_same_order_after_a_restore(inspector_backend, client):
    inspector_backend.add_instance(findings=SUFFERED, agent_health="UNHEALTHY")
    begun = [a_run(client, a_template(client, packages=[CVE])) for _ in range(4)]
    inspector_backend.clock.tick(60)
    for run in reversed(begun):
        client.stop_assessment_run(assessmentRunArn=run)
    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    time.sleep(3600)
    reported = inspector_backend.snapshot()["regions"]
    inspector_backend.restore(taken)
    time.sleep(3600)
    assert inspector_backend.snapshot()["regions"] == reported


# The keyword


@pytest.fixture
def world_json(tmp_path):
    """A file with a furnished world in the region of the tests."""
    with mock_inspector(region="us-west-2", at=AT) as backend:
        furnish(backend)
        path = tmp_path / "world.json"
        path.write_text(json.dumps(backend.snapshot(), indent=1), "utf-8")
    return path


@pytest.mark.parametrize("form", [str, lambda path: path, lambda path: json.loads(path.read_text("utf-8"))])
def test_state_takes_a_path_or_a_snapshot(form, world_json, client):
    @mock_inspector(region="us-west-2", state=form(world_json))
    def names():
        arns = client.list_assessment_targets()["assessmentTargetArns"]
        shown = client.describe_assessment_targets(assessmentTargetArns=arns)["assessmentTargets"]
        return [target["name"] for target in shown]

    assert names() == names() == ["web: Größe ✓", "idle"]


def test_the_marker_takes_a_state(world_json, pytester):
    pytester.makepyfile(
        f"""
        import pytest

        pytestmark = pytest.mark.mock_inspector(region="us-west-2", state={str(world_json)!r})

        @pytest.mark.parametrize("again", [1, 2])
        def test_it(inspector_backend, again):
            target, _ = inspector_backend.list_assessment_targets()["assessmentTargetArns"]
            inspector_backend.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="mine")
            made = inspector_backend.create_assessment_target(assessmentTargetName="web: Größe ✓")
            assert len(inspector_backend.list_assessment_targets()["assessmentTargetArns"]) == 3
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_a_nested_use_may_repeat_the_state_but_not_change_it(world_json, monkeypatch):
    monkeypatch.chdir(world_json.parent)
    taken = json.loads(world_json.read_text("utf-8"))
    with mock_inspector(state="world.json") as backend:
        backend.clock.tick(5)
        now = backend.clock.now()
        with mock_inspector(state=world_json) as inner:
            assert inner.clock.now() == now
        others: tuple[Any, ...] = ("other.json", taken, {})
        for other in others:
            with pytest.raises(ValueError, match=r"^state: this mock_inspector is nested"), mock_inspector(state=other):
                pass
    with mock_inspector(state=taken), mock_inspector(state=copy.deepcopy(taken)):
        pass
    with mock_inspector(), pytest.raises(ValueError, match=r"^state: .* nested"), mock_inspector(state=taken):
        pass


class PathInBytes:
    def __fspath__(self):
        return b"world.json"


@pytest.mark.parametrize("value", [3, b"world.json", ["world.json"], True, PathInBytes()])
def test_what_is_neither_path_nor_snapshot_is_refused_at_once(value):
    with pytest.raises(TypeError, match=r"^state: takes a snapshot or the path of its JSON file"):
        mock_inspector(state=value)


def test_restore_takes_a_mapping_only(inspector_backend):
    with pytest.raises(TypeError, match=r"^snapshot: takes what snapshot\(\) returned"):
        inspector_backend.restore("world.json")


# Refusals


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is not JSON: line 1, column 1"),
        (b'{"format": "mock_inspector",\n "version" 1}', "is not JSON: line 2, column 12: Expecting ':' delimiter"),
        (b'{"format": "mock_inspector", "ver', "is not JSON: line 1, column 30: Unterminated string"),
        (b'{"format": "\xff"}', "is not JSON: byte 12 is not UTF-8"),
        (b"[" * 200_000, "is not JSON of a snapshot: it is nested too deeply"),
        (b'{"format": 1' + b"0" * 10_000 + b"}", "cannot be read: Exceeds the limit"),
        (b'["mock_inspector"]', "is no snapshot of mock_inspector: takes an object whose member 'format'"),
        (
            b'{"Reservations": []}',
            "is no snapshot of mock_inspector: takes an object whose member 'format' is 'mock_inspector', got None",
        ),
        (b'{"format": "moto", "version": 1}', "is no snapshot of mock_inspector: .* got 'moto'"),
        (
            b'{"format": "mock_inspector", "version": 2}',
            "version: this mock_inspector reads version 1 of the format, got 2",
        ),
        (b'{"format": "mock_inspector", "version": true}', "version: this mock_inspector reads version 1"),
        (b'{"format": "mock_inspector", "version": 1}', "lacks the member 'moment'"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_by_name(content, text, tmp_path, client):
    path = tmp_path / "world.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^state: {re.escape(str(path))}: {text}"), mock_inspector(state=path):
        pass
    assert time.time() > 1_700_000_000
    assert "freezegun" not in type(time.time).__module__
    with mock_inspector():  # nothing was left active
        assert client.list_assessment_targets()["assessmentTargetArns"] == []


def set_at(path, value):
    def change(taken):
        *way, last = path
        for step in way:
            taken = taken[step]
        if value is DELETE:
            del taken[last]
        else:
            taken[last] = value

    return change


DELETE = object()
REGION = ("regions", 0)
RUN = (*REGION, "runs", 0)
FINDING = (*RUN, "findings", 0)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("moment",), "yesterday", "moment: takes a moment as ISO 8601 text, got 'yesterday'"),
        (("moment",), 5, "moment: takes a moment as ISO 8601 text, got 5"),
        (("regoins",), [], "has the unknown member 'regoins'; it takes format, version, "),
        (("regions",), {}, "regions: takes a list, got {}"),
        ((*REGION, "account_id"), "12", "regions[0].account_id: takes an account id of 12 digits, got '12'"),
        ((*REGION, "region"), "mars", "regions[0].region: takes a region's name such as 'us-east-1', got 'mars'"),
        ((*REGION, "region"), "us-east-1", "regions[0].resource_groups[0].arn: takes the ARN of a resource group in account"),
        ((*REGION, "next_number"), 1001, "regions[0].instances[1].number: takes a number below next_number, got 1001"),
        ((*REGION, "next_number"), -1, "regions[0].next_number: takes a whole number from 0 to"),
        ((*REGION, "next_number"), 1e3, "regions[0].next_number: takes a whole number from 0 to"),
        ((*REGION, "ids", "pinned"), ["x"], "regions[0].ids.pinned[0]: takes an id of the form '0-nvgVhaxX', got 'x'"),
        ((*REGION, "fleet", 1), 99, "regions[0].fleet[1]: takes a place in instances, which has"),
        ((*REGION, "fleet", 1), 0, "regions[0].fleet[1]: i-0web has the number 1000, not above 1000 before it"),
        ((*REGION, "instances", 0, "agent_health"), "ILL", "regions[0].instances[0].agent_health: got 'ILL', takes one of"),
        ((*REGION, "instances", 0, "tags"), {"a": 1}, "regions[0].instances[0].tags.a: takes a string, got 1"),
        ((*REGION, "instances", 0, "network_interfaces", 0, "vpcId"), 5, "network_interfaces[0].vpcId: got 5, takes a string"),
        ((*REGION, "targets", 0, "group"), "arn:x", "regions[0].targets[0].group: there is no resource group 'arn:x'"),
        ((*REGION, "targets", 0, "group"), 7, "regions[0].targets[0].group: takes a string, got 7"),
        ((*REGION, "targets", 0, "arn"), DELETE, "regions[0].targets[0]: lacks the member 'arn'"),
        ((*REGION, "targets", 0, "name"), "", "regions[0].targets[0].name: got 0 characters"),
        ((*REGION, "targets", 1, "name"), "web: Größe ✓", "regions[0].targets[1].name: 'web: Größe ✓' is there twice"),
        ((*REGION, "targets", 0), DELETE, "regions[0].templates[0].arn: there is no assessment target"),
        ((*REGION, "templates", 0, "duration"), 5, "regions[0].templates[0].duration: got 5, takes 180 to 86400"),
        ((*REGION, "templates", 0, "packages", 0), "x", "templates[0].packages[0]: there is no rules package 'x' in us-west-2"),
        ((*REGION, "templates", 0, "tags", 0), {"value": "x"}, "templates[0].tags[0].key: is missing"),
        ((*REGION, "templates", 0, "tags", 1, "key"), "team", "templates[0].tags: has a key twice"),
        ((*REGION, "templates", 0, "created"), "2024-13-01", "templates[0].created: takes a moment as ISO 8601 text"),
        ((*RUN, "timeline", 1), ["CREATED"], "regions[0].runs[0].timeline[1]: takes [state, moment], got ['CREATED']"),
        ((*RUN, "timeline", 1, 0), "DONE", "regions[0].runs[0].timeline[1][0]: got 'DONE', takes one of CREATED"),
        ((*RUN, "timeline", 0, 1), "2030-01-01", "regions[0].runs[0].timeline[1]: begins before the one before it"),
        ((*RUN, "timeline"), [], "regions[0].runs[0].timeline: takes a state change at least"),
        ((*RUN, "agents", 0, "instance"), 17, "regions[0].runs[0].agents[0].instance: takes a place in instances"),
        ((*RUN, "agents", 0, "exclusion"), "Bad mood", "agents[0].exclusion: takes the title of a documented exclusion"),
        ((*RUN, "forced"), "no", "regions[0].runs[0].forced: takes true or false, got 'no'"),
        ((*FINDING, "content"), 44, "regions[0].runs[0].findings[0].content: takes a place in contents, which has"),
        ((*FINDING, "id"), "0-1", "regions[0].runs[0].findings[0].id: takes an id of the form"),
        ((*FINDING, "user_attributes"), [{"key": "a"}] * 2, "runs[0].findings[0].user_attributes: has a key twice"),
        ((*RUN, "exclusions", 0, "members", "title"), DELETE, "runs[0].exclusions[0].members.title: is missing"),
        ((*REGION, "contents", 0, "members", "severity"), "Awful", "contents[0].members.severity: got 'Awful', takes one of"),
        ((*REGION, "contents", 0, "members", "numericSeverity"), float("nan"), "members.numericSeverity: got nan"),
        ((*REGION, "contents", 0, "members", "arn"), "x", "contents[0].members: has the unknown member 'arn'"),
        ((*REGION, "contents", 0, "members"), None, "regions[0].contents[0]: takes either 'weakness' or 'members'"),
        ((*REGION, "subscriptions", 0, "topic_arn"), "alarms", "subscriptions[0].topic_arn: takes the ARN of an SNS topic"),
        ((*REGION, "subscriptions", 0, "events"), {"DONE": AT}, "subscriptions[0].events: takes ASSESSMENT_RUN_STARTED"),
        ((*REGION, "role"), {"arn": "x", "registered": AT}, "regions[0].role.arn: takes the ARN of an IAM role, got 'x'"),
        ((*REGION, "faults"), [{"operation": "Guess", "error": "Throttling", "times": 1}], "faults[0]: operation: takes one of"),
        ((*REGION, "faults"), [{"operation": "*", "error": {"code": "InternalException", "self": 1}, "times": 1}], "faults[0]: "),
        (("access_keys",), {"AKIA": "me"}, "access_keys.AKIA: takes an account id of 12 digits, got 'me'"),
        (("published", 0, "status"), "LOST", "published[0].status: got 'LOST', takes one of SUCCESS"),
        ((*REGION, "instances", 0, "telemetry"), [{"messageType": "a", "count": 10**5000}], "count: got something of type int"),
    ],
)  # fmt: skip
def test_a_damaged_snapshot_is_refused_whole_with_the_place_that_is_wrong(path, value, text, inspector_backend):
    furnish(inspector_backend)
    taken = inspector_backend.snapshot()
    damaged = copy.deepcopy(taken)
    set_at(path, value)(damaged)
    inspector_backend.clock.tick(5)
    create_target(inspector_backend, "since then")
    now = inspector_backend.snapshot()
    with pytest.raises(ValueError, match=rf"^snapshot: .*{re.escape(text)}"):
        inspector_backend.restore(damaged)
    assert inspector_backend.snapshot() == now
    inspector_backend.restore(taken)


def test_what_is_there_twice_is_refused(inspector_backend):
    has = furnish(inspector_backend)
    inspector_backend.add_finding(has.run, {})
    taken = inspector_backend.snapshot()
    for path, text in (
        (("regions",), "regions[1]: account 123456789012, us-west-2 is there twice"),
        ((*REGION, "targets"), "regions[0].targets[2].number: takes a number above"),
        ((*REGION, "runs"), "regions[0].runs[2].number: takes a number above"),
        ((*RUN, "findings"), "regions[0]: finding arn:"),
    ):
        damaged = copy.deepcopy(taken)
        entries = damaged
        for step in path:
            entries = entries[step]
        entries.append(copy.deepcopy(entries[0]))
        with pytest.raises(ValueError, match=rf"^snapshot: {re.escape(text)}"):
            inspector_backend.restore(damaged)
    assert inspector_backend.snapshot() == taken


def test_a_mapping_that_holds_itself_is_refused(inspector_backend):
    cyclic = inspector_backend.snapshot()
    for place in (("regions",), ("access_keys",), ("moment",), ("itself",)):
        damaged = {**cyclic, place[0]: [cyclic]}
        cyclic["regions"] = [damaged]
        with pytest.raises(ValueError, match=r"^snapshot: "):
            inspector_backend.restore(damaged)


# Size


def test_what_many_findings_share_is_written_once(inspector_backend, client):
    weaknesses = [cve(f"CVE-2016-{number}", description="x" * 1000) for number in range(1000, 1050)]
    for _ in range(20):
        inspector_backend.add_instance(findings=weaknesses)
    template = a_template(client, packages=[CVE])
    for _ in range(2):
        inspector_backend.finish_run(a_run(client, template))
    taken = inspector_backend.snapshot()
    (region,) = taken["regions"]
    assert sum(len(run["findings"]) for run in region["runs"]) == 2000
    assert (len(region["weaknesses"]), len(region["contents"]), len(region["instances"])) == (50, 50, 20)
    assert len(json.dumps(taken)) < 400_000
    inspector_backend.restore(json.loads(json.dumps(taken)))
    contents = {id(finding.content) for finding in inspector_backend._region.findings.all}
    assert len(contents) == 50
    with refused("NoSuchEntityException"):
        client.delete_assessment_run(assessmentRunArn=f"{template}/run/0-00000000")

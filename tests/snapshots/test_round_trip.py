"""A snapshot, read back, is the same account in everything that shows."""

import copy
import dataclasses
import json
import time
from datetime import datetime
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from freezegun import freeze_time
from moto import mock_aws

from mock_inspector import mock_inspector
from mock_inspector.findings import cve
from mock_inspector.snapshots import schema
from mock_inspector.state import (
    agents,
    exclusions,
    faults,
    finding_specs,
    findings,
    instances,
    rules_packages,
    runs,
    store,
    targets,
)

from ..support.aws import CVE, create_resources, create_target, create_template, raises_api_error, start_run
from ..support.fake_service import fake_service, fake_store
from ..support.read_everything import read_everything
from .full_account import FINDING_SPECS, MOMENT, OTHER_ACCOUNT, create_full_account


def move_on(backend, resources):
    """What a test might do next; what comes of it shows whether the state is the same."""
    sibling = backend.for_account(OTHER_ACCOUNT[0]).for_region(OTHER_ACCOUNT[1])
    made = [
        create_target(backend, "made next"),
        backend.add_instance().instance_id,
        backend.create_exclusions_preview(assessmentTemplateArn=resources.idle_template)["previewToken"],
        create_target(sibling, "made next"),
    ]
    readings = []
    for seconds in (0.2, 3, 3600, 61.5, 86400):
        backend.clock.tick(seconds)
        readings.append(read_everything(backend))
    made.append(backend.start_assessment_run(assessmentTemplateArn=resources.template)["assessmentRunArn"])
    backend.finish_run(made[-1])
    return made, readings, read_everything(backend), backend.snapshot()


@pytest.fixture(scope="module")
def full_snapshot():
    """A snapshot of everything, what was read then, and what a test did and read next."""
    with mock_inspector(region="us-west-2", at=MOMENT, allow_unused_faults=True, id_seed="stock") as backend:
        resources = create_full_account(backend)
        taken = json.dumps(backend.snapshot())
        return taken, resources, read_everything(backend), move_on(backend, resources)


def test_a_snapshot_read_back_from_json_in_another_mock_answers_the_same_now_and_later(full_snapshot):
    taken, resources, then, next_ = full_snapshot
    with mock_inspector(region="us-west-2", state=json.loads(taken)) as backend:
        assert read_everything(backend) == then
        assert json.dumps(backend.snapshot()) == taken, "a state file changes without reason"
        assert move_on(backend, resources) == next_


def test_the_members_of_a_finding_keep_their_order(inspector_backend, client):
    """However a test orders them, and whoever sorts the file, answers and files have the order of the model."""
    resources = create_resources(inspector_backend)
    members = {
        "title": "Own",
        "severity": "High",
        "serviceAttributes": {"rulesPackageArn": resources.package, "schemaVersion": 1},
        "assetAttributes": {"tags": [{"value": "web", "key": "Name"}], "schemaVersion": 1, "agentId": "i-0web"},
        "attributes": [{"value": "i-0web", "key": "INSTANCE_ID"}],
        "id": "own",
    }
    arn = inspector_backend.add_finding(resources.run, members)
    calls = inspector_backend.calls
    client.describe_findings(findingArns=[arn])
    answer, taken = calls[-1].answer, json.dumps(inspector_backend.snapshot())
    for snapshot in (json.loads(taken), json.loads(json.dumps(json.loads(taken), sort_keys=True))):
        inspector_backend.restore(snapshot)
        client.describe_findings(findingArns=[arn])
        assert calls[-1].answer == answer
    inspector_backend.restore(json.loads(taken))
    assert json.dumps(inspector_backend.snapshot()) == taken


@pytest.mark.slow
def test_a_snapshot_restored_in_its_own_mock_is_as_it_was(full_snapshot):
    _, _, _, next_ = full_snapshot
    with mock_inspector(region="us-west-2", at=MOMENT, allow_unused_faults=True, id_seed="stock") as backend:
        resources = create_full_account(backend)
        taken = backend.snapshot()
        then = read_everything(backend)
        assert move_on(backend, resources) == next_
        backend.for_region("ap-south-1").add_instance()
        backend.restore(taken)
        assert read_everything(backend) == then
        assert backend.snapshot() == taken
        assert repr(backend.for_region("ap-south-1")).count(" 0 ") == 5
        assert move_on(backend, resources) == next_


def test_every_attribute_of_a_resource_is_in_a_snapshot_or_follows_from_one():
    follows = {
        targets.Target: set(),
        targets.Template: {"target"},
        targets.Subscription: set(),
        targets.ResourceGroup: set(),
        runs.Run: {"template"},
        instances.Instance: set(),
        agents.RunAgent: {"number"},
        findings.Finding: {"run", "instance", "own_user_attributes"},
        findings.SpecBody: set(),
        exclusions.Exclusion: {"arn"},
        exclusions.Preview: set(),
        faults.Fault: set(),
        rules_packages.RulesPackage: set(),
        store.Role: set(),
        finding_specs.FindingSpec: set(),
    }
    written = {
        targets.Target: schema.TargetRecord,
        targets.Template: schema.TemplateRecord,
        targets.Subscription: schema.SubscriptionRecord,
        targets.ResourceGroup: schema.ResourceGroupRecord,
        runs.Run: schema.RunRecord,
        instances.Instance: schema.InstanceRecord,
        agents.RunAgent: schema.AgentRecord,
        findings.Finding: schema.FindingRecord,
        findings.SpecBody: schema.BodyRecord,
        exclusions.Exclusion: schema.ExclusionRecord,
        exclusions.Preview: schema.PreviewRecord,
        faults.Fault: schema.FaultRecord,
        rules_packages.RulesPackage: schema.RulesPackageRecord,
        store.Role: schema.RoleRecord,
        finding_specs.FindingSpec: schema.FindingSpecRecord,
    }
    for kind, kept in written.items():
        names = {entry.name for entry in dataclasses.fields(kind)}
        assert names - {entry.name for entry in dataclasses.fields(kept)} == follows[kind], kind


def test_every_attribute_of_a_store_and_of_the_service_is_accounted_for(inspector_backend):
    own = fake_store(inspector_backend)
    identity = {"context", "account_id", "region", "owner", "partition"}
    follows = {"_open_runs"}
    written = {
        "ids",
        "next",
        "resource_groups",
        "targets",
        "templates",
        "previews",
        "runs",
        "findings",
        "exclusions",
        "rules_packages",
        "instances",
        "subscriptions",
        "role",
        "faults",
    }
    made_on_first_use = {name for name, value in vars(store.Store).items() if isinstance(value, store._Collection)}
    assert vars(own).keys() | made_on_first_use == identity | follows | written | {"collections"}
    service = fake_service(inspector_backend)
    mock_wide = {
        "calls",
        "call_recorder",
        "_time",
        "describe_end",
        "request_numbers",
        "polls",
        "lock",
        "clock",
        "context",
        "at_now",
    }
    follows = {"_stores_by_access_key", "_depth", "_sender", "_message_moment", "_event_moment"}
    assert set(vars(service)) == mock_wide | follows | {"_stores", "_access_keys"}
    context = {entry.name for entry in dataclasses.fields(service.context)}
    assert context == {"account_id", "limits", "max_page_size", "external", "report_origin", "schedule", "now"} | {
        "external_answers",
        "outbox",
        "id_seed",
        "published",
        "started",
    }


def test_a_snapshot_and_the_mock_do_not_influence_each_other(inspector_backend, client):
    create_resources(inspector_backend)
    taken = inspector_backend.snapshot()
    kept = copy.deepcopy(taken)
    then = read_everything(inspector_backend)
    target = create_target(client)
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
    assert read_everything(inspector_backend) == then


def test_pagination_tokens_handed_out_before_go_on_working(inspector_backend, client):
    made = [create_target(client) for _ in range(5)]
    page = client.list_assessment_targets(maxResults=2)
    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    create_target(client)
    inspector_backend.restore(taken)
    rest = client.list_assessment_targets(maxResults=10, nextToken=page["nextToken"])["assessmentTargetArns"]
    assert page["assessmentTargetArns"] + rest == made


def test_the_call_log_is_not_part_of_a_snapshot(inspector_backend, client):
    create_target(client)
    taken = inspector_backend.snapshot()
    create_target(client)
    inspector_backend.restore(taken)
    assert len(inspector_backend.calls.of("CreateAssessmentTarget")) == 2


def test_a_restored_run_in_progress_goes_on_and_notifies_its_topics_once(inspector_backend, client):
    template = create_template(client, duration=180)
    topic = f"arn:aws:sns:us-west-2:{inspector_backend.account_id}:alarms"
    for event in ("ASSESSMENT_RUN_STATE_CHANGED", "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"):
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)
    run = start_run(client, template)
    inspector_backend.clock.tick(60)
    before, taken = inspector_backend.published, inspector_backend.snapshot()
    inspector_backend.finish_run(run)
    published_later = inspector_backend.published
    assert len(published_later) > len(before)

    inspector_backend.restore(taken)
    assert inspector_backend.published == before
    time.sleep(300)
    assert inspector_backend.published == published_later


def test_report_urls_from_before_a_snapshot_work_and_those_from_after_are_gone(inspector_backend, client):
    run = start_run(client)
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


@pytest.mark.slow
def test_instances_of_ec2_are_part_of_a_snapshot():
    with mock_aws(), mock_inspector(region="us-west-2", at=MOMENT) as backend:
        ec2 = boto3.client("ec2", region_name="us-west-2")
        made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=2, MaxCount=2)["Instances"]
        tags = [{"Key": "Name", "Value": ""}]
        ec2.create_tags(Resources=[made[0]["InstanceId"]], Tags=tags)
        target = create_target(backend, "all")
        run = backend.start_assessment_run(
            assessmentTemplateArn=create_template(backend, target, "daily", duration=3600)
        )["assessmentRunArn"]
        taken = json.loads(json.dumps(backend.snapshot()))
        then = read_everything(backend)
        backend.restore(taken)
        assert read_everything(backend) == then
        assert backend.snapshot() == taken
    assert len(taken["stores"][0]["instances"]) == 2
    with mock_inspector(region="us-west-2", state=taken) as backend:
        agents = backend.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
        assert {agent["agentId"] for agent in agents} == {instance["InstanceId"] for instance in made}


def test_an_instance_of_the_test_takes_part_in_what_is_restored(inspector_backend, client):
    web = inspector_backend.add_instance("i-0web", hostname="web", tags={"Name": "web"})
    db = inspector_backend.add_instance("i-0db")
    taken = inspector_backend.snapshot()
    web.hostname, web.tags = "changed", {}
    inspector_backend.remove_instance("i-0db")
    again = inspector_backend.add_instance("i-0db", hostname="another")

    inspector_backend.restore(json.loads(json.dumps(taken)))

    assert (web.hostname, web.tags) == ("web", {"Name": "web"})
    assert inspector_backend.instances["i-0web"] is web
    assert again.hostname == "another"
    assert inspector_backend.instances["i-0db"].hostname is db.hostname
    assert inspector_backend.snapshot() == taken
    web.hostname = "later"
    group = client.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])["resourceGroupArn"]
    target = client.create_assessment_target(assessmentTargetName="web", resourceGroupArn=group)
    agents = client.preview_agents(previewAgentsArn=target["assessmentTargetArn"])["agentPreviews"]
    assert [agent["hostname"] for agent in agents] == ["later"]


# Time


def test_frozen_time_goes_back_with_a_restore(inspector_backend):
    begun = inspector_backend.clock.now()
    taken = inspector_backend.snapshot()
    inspector_backend.clock.tick(86_400.000_123)
    assert inspector_backend.clock.now() > begun
    later = inspector_backend.snapshot()
    inspector_backend.restore(taken)
    assert inspector_backend.clock.now() == begun
    inspector_backend.restore(json.loads(json.dumps(later)))
    assert (inspector_backend.clock.now() - begun).total_seconds() == pytest.approx(86_400.000_123, abs=1e-6)
    with pytest.raises(ValueError, match=r"^moment must not be before the clock's "):
        inspector_backend.clock.move_to(begun)


def moment_of(taken):
    return datetime.fromisoformat(taken["moment"].replace("Z", "+00:00"))


def test_running_time_is_set_forward_only_by_a_restore():
    with mock_inspector(freeze=False) as backend:
        now = backend.snapshot()
        backend.clock.tick(3600)
        ahead = backend.snapshot()
        backend.restore(now)
        assert backend.clock.now() >= moment_of(ahead)
    with mock_inspector(freeze=False, state=ahead) as backend:
        assert backend.clock.now() >= moment_of(ahead)


def test_events_ahead_of_a_restored_state_happen_while_running_time_goes_on(client):
    with mock_inspector(region="us-west-2", at="2020-01-01") as backend:
        run = start_run(client)
        taken = backend.snapshot()
    with mock_inspector(region="us-west-2", freeze=False, state=taken):
        assert client.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]["state"] == "COMPLETED"


def test_time_that_somebody_else_froze_follows_the_state():
    with mock_inspector(at=MOMENT) as backend:
        taken = backend.snapshot()
    with freeze_time("2030-01-01") as frozen, mock_inspector(state=taken) as backend:
        assert backend.clock.now().isoformat() == "2024-02-29T12:00:00+00:00"
        assert frozen().isoformat() == "2024-02-29T12:00:00"


def test_a_state_begins_at_its_moment_or_at_a_later_one(client):
    with mock_inspector(region="us-west-2", at=MOMENT) as backend:
        run = start_run(client)
        taken = backend.snapshot()
    with mock_inspector(region="us-west-2", state=taken) as backend:
        assert backend.clock.now().isoformat() == "2024-02-29T12:00:00+00:00"
    with mock_inspector(region="us-west-2", state=taken, at="2024-03-01T12:00:00Z") as backend:
        assert backend.clock.now().isoformat() == "2024-03-01T12:00:00+00:00"
        shown = client.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]
        assert shown["state"] == "COMPLETED"
        assert shown["createdAt"].isoformat() == "2024-02-29T12:00:00+00:00"
    with (
        pytest.raises(ValueError, match=r"^at must not be before the state's 2024-02-29T12:00.*; got '2024-02-28'"),
        mock_inspector(state=taken, at="2024-02-28"),
    ):
        pass


def test_runs_at_the_end_of_time_are_written_and_read():
    with mock_inspector(region="us-west-2", at="9999-12-31T23:59:00Z") as backend:
        backend.start_assessment_run(
            assessmentTemplateArn=create_template(backend, create_target(backend, "late"), "daily", duration=3600)
        )
        taken = json.loads(json.dumps(backend.snapshot()))
        then = read_everything(backend)
    with mock_inspector(region="us-west-2", state=taken) as backend:
        assert read_everything(backend) == then
        assert backend.snapshot() == taken


def test_events_due_at_the_same_moment_happen_in_the_same_order_after_a_restore(inspector_backend, client):
    inspector_backend.add_instance(findings=FINDING_SPECS, agent_health="UNHEALTHY")
    begun = [start_run(client, create_template(client, packages=[CVE])) for _ in range(4)]
    inspector_backend.clock.tick(60)
    for run in reversed(begun):
        client.stop_assessment_run(assessmentRunArn=run)
    taken = json.loads(json.dumps(inspector_backend.snapshot()))
    time.sleep(3600)
    reported = inspector_backend.snapshot()["stores"]
    inspector_backend.restore(taken)
    time.sleep(3600)
    assert inspector_backend.snapshot()["stores"] == reported


# Size


def test_a_snapshot_holds_what_many_findings_share_once(inspector_backend, client):
    specs = [cve(f"CVE-2016-{number}", description="x" * 1000) for number in range(1000, 1050)]
    for _ in range(20):
        inspector_backend.add_instance(findings=specs)
    template = create_template(client, packages=[CVE])
    for _ in range(2):
        inspector_backend.finish_run(start_run(client, template))
    taken = inspector_backend.snapshot()
    (store_record,) = taken["stores"]
    assert sum(len(run["findings"]) for run in store_record["runs"]) == 2000
    assert (len(store_record["finding_specs"]), len(store_record["bodies"])) == (50, 50)
    assert len(store_record["instances"]) == 20 + 2 * 20  # Each run keeps a copy.
    assert len(json.dumps(taken)) < 400_000
    inspector_backend.restore(json.loads(json.dumps(taken)))
    bodies = {id(finding.body) for finding in fake_store(inspector_backend).findings.all}
    assert len(bodies) == 50
    with raises_api_error("NoSuchEntityException"):
        client.delete_assessment_run(assessmentRunArn=f"{template}/run/0-00000000")

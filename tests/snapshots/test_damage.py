"""Files and mappings that are no snapshot, or a damaged one."""

import copy
import re
import time

import pytest

from mock_inspector import mock_inspector

from ..support.aws import create_resources, create_target
from ..support.fast_subset import sample
from .full_account import MOMENT

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
    path = tmp_path / "snapshot.json"
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
    sample(
        4,
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
            ((*REGION, "subscriptions", 0, "events"), {"DONE": MOMENT}, "subscriptions[0].events: takes ASSESSMENT_RUN_STARTED"),
            ((*REGION, "role"), {"arn": "x", "registered": MOMENT}, "regions[0].role.arn: takes the ARN of an IAM role, got 'x'"),
            ((*REGION, "faults"), [{"operation": "Guess", "error": "Throttling", "times": 1}], "faults[0]: operation: takes one of"),
            ((*REGION, "faults"), [{"operation": "*", "error": {"code": "InternalException", "self": 1}, "times": 1}], "faults[0]: "),
            (("access_keys",), {"AKIA": "me"}, "access_keys.AKIA: takes an account id of 12 digits, got 'me'"),
            (("published", 0, "status"), "LOST", "published[0].status: got 'LOST', takes one of SUCCESS"),
            ((*REGION, "instances", 0, "telemetry"), [{"messageType": "a", "count": 10**5000}], "count: got something of type int"),
        ],
    ),
)  # fmt: skip
def test_a_damaged_snapshot_is_refused_whole_with_the_path_that_is_wrong(path, value, text, inspector_backend):
    create_resources(inspector_backend)
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


def test_a_snapshot_with_duplicates_is_refused(inspector_backend):
    resources = create_resources(inspector_backend)
    inspector_backend.add_finding(resources.run, {})
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


def test_a_snapshot_that_contains_itself_is_refused(inspector_backend):
    cyclic = inspector_backend.snapshot()
    for path_text in (("regions",), ("access_keys",), ("moment",), ("itself",)):
        damaged = {**cyclic, path_text[0]: [cyclic]}
        cyclic["regions"] = [damaged]
        with pytest.raises(ValueError, match=r"^snapshot: "):
            inspector_backend.restore(damaged)

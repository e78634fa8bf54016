"""Files and mappings that are not a snapshot, or a damaged one."""

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
        (b"[" * 200_000, "is not a snapshot: its JSON is nested too deeply"),
        (b'{"format": 1' + b"0" * 10_000 + b"}", "cannot be read: Exceeds the limit"),
        (
            b'["mock_inspector"]',
            "must be a snapshot of mock_inspector, an object whose 'format' is .*; got \\['mock_inspector'\\]",
        ),
        (
            b'{"Reservations": []}',
            "must be a snapshot of mock_inspector, an object whose 'format' is 'mock_inspector'; got None",
        ),
        (b'{"format": "moto", "version": 1}', "must be a snapshot of mock_inspector, .* got 'moto'"),
        (
            b'{"format": "mock_inspector", "version": 2}',
            "version must be 1, the version that is read here; got 2",
        ),
        (
            b'{"format": "mock_inspector", "version": true}',
            "version must be 1, the version that is read here; got True",
        ),
        (b'{"format": "mock_inspector", "version": 1}', "lacks the member 'moment'"),
    ],
)
def test_a_file_that_is_not_a_snapshot_is_refused_by_name(content, text, tmp_path, client):
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


STORE = ("stores", 0)


RUN = (*STORE, "runs", 0)


FINDING = (*RUN, "findings", 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "value", "text"),
    sample(
        4,
        [
            (("moment",), "yesterday", "moment must be a moment as ISO 8601 text; got 'yesterday'"),
            (("moment",), 5, "moment must be a moment as ISO 8601 text; got 5"),
            (("stoers",), [], "has the unknown member 'stoers'; the members are format, version, "),
            (("stores",), {}, "stores must be a list; got {}"),
            ((*STORE, "account_id"), "12", "stores[0].account_id must be an account id of 12 digits; got '12'"),
            ((*STORE, "region"), "mars", "stores[0].region must be the name of a region such as 'us-east-1'; got 'mars'"),
            ((*STORE, "region"), "us-east-1", "stores[0].resource_groups[0].arn must be the ARN of a resource group in account"),
            ((*STORE, "next_number"), 1001, "stores[0].instances[1].number must be at least 0 and below next_number, 1001; got 1001"),
            ((*STORE, "next_number"), 999, "stores[0].next_number must be at least 1000; got 999"),
            ((*STORE, "next_number"), -1, "stores[0].next_number must be a whole number from 0 to"),
            ((*STORE, "next_number"), 1e3, "stores[0].next_number must be a whole number from 0 to"),
            ((*STORE, "ids", "next_ids"), ["x"], "stores[0].ids.next_ids[0] must be an id of the form '0-nvgVhaxX'; got 'x'"),
            ((*STORE, "own_instances", 1), 99, "stores[0].own_instances[1] must be an index in instances, which has"),
            ((*STORE, "own_instances", 1), 0, "stores[0].own_instances[1]: 'i-0web' occurs twice, or its number is not the highest"),
            ((*STORE, "instances", 0, "agent_health"), "ILL", "stores[0].instances[0].agent_health must be one of ... got 'ILL'"),
            ((*STORE, "instances", 0, "tags"), {"a": 1}, "stores[0].instances[0].tags.a must be a string; got 1"),
            ((*STORE, "instances", 0, "network_interfaces", 0, "vpcId"), 5, "network_interfaces[0].vpcId must be a string; got 5"),
            ((*STORE, "targets", 0, "group"), "arn:x", "stores[0].targets[0].group: there is no resource group 'arn:x'"),
            ((*STORE, "targets", 0, "group"), 7, "stores[0].targets[0].group must be a string; got 7"),
            ((*STORE, "targets", 0, "arn"), DELETE, "stores[0].targets[0] lacks the member 'arn'"),
            ((*STORE, "targets", 0, "name"), "", "stores[0].targets[0].name must have 1 to 140 characters; got 0"),
            ((*STORE, "targets", 1, "name"), "web: Größe ✓", "stores[0].targets[1].name: 'web: Größe ✓' occurs twice"),
            ((*STORE, "targets", 0), DELETE, "stores[0].templates[0].arn: there is no assessment target"),
            ((*STORE, "templates", 0, "duration_seconds"), 5, "stores[0].templates[0].duration_seconds must be 180 to 86400; got 5"),
            ((*STORE, "templates", 0, "packages", 0), "x", "templates[0].packages[0]: there is no rules package 'x' in us-west-2"),
            ((*STORE, "templates", 0, "tags", 0), {"value": "x"}, "templates[0].tags[0].key is missing"),
            ((*STORE, "templates", 0, "tags", 1, "key"), "team", "templates[0].tags has a key twice"),
            ((*STORE, "templates", 0, "created"), "2024-13-01", "templates[0].created must be a moment as ISO 8601 text"),
            ((*STORE, "previews", 0, "template"), "arn:x", "previews[0].template: there is no assessment template 'arn:x'"),
            ((*RUN, "timeline", 1), ["CREATED"], "stores[0].runs[0].timeline[1] must be [state, moment]; got ['CREATED']"),
            ((*RUN, "timeline", 1, 0), "DONE", "stores[0].runs[0].timeline[1][0] must be one of CREATED, ...; got 'DONE'"),
            ((*RUN, "timeline", 0, 1), "2030-01-01", "stores[0].runs[0].timeline must be state changes from CREATED on, in the order of time and of the states; got"),
            ((*RUN, "timeline", 1, 0), "CREATED", "stores[0].runs[0].timeline must be state changes from CREATED on, in the order of time and of the states; got"),
            ((*RUN, "timeline", 0, 0), "START_DATA_COLLECTION_PENDING", "stores[0].runs[0].timeline must be state changes from CREATED on, in the order of time and of the states; got"),
            ((*RUN, "timeline"), [], "stores[0].runs[0].timeline must be state changes from CREATED on, in the order of time and of the states; got []"),
            ((*RUN, "agents", 0, "instance"), 17, "stores[0].runs[0].agents[0].instance must be an index in instances"),
            ((*RUN, "agents", 0, "exclusion"), "Bad mood", "agents[0].exclusion must be the title of a documented exclusion"),
            ((*RUN, "forced"), "no", "stores[0].runs[0].forced must be true or false; got 'no'"),
            ((*FINDING, "body"), 44, "stores[0].runs[0].findings[0].body must be an index in bodies, which has"),
            ((*FINDING, "id"), "0-1", "stores[0].runs[0].findings[0].id must be an id of the form"),
            ((*FINDING, "id"), 5, "stores[0].runs[0].findings[0].id must be an id of the form"),
            ((*FINDING, "number"), -1, "stores[0].runs[0].findings[0].number must be a whole number from 0 to"),
            ((*FINDING, "number"), True, "stores[0].runs[0].findings[0].number must be a whole number from 0 to"),
            ((*FINDING, "body"), None, "stores[0].runs[0].findings[0].body must be a whole number from 0 to"),
            ((*FINDING, "created"), "soon", "stores[0].runs[0].findings[0].created must be a moment as ISO 8601 text"),
            ((*FINDING, "created"), [], "stores[0].runs[0].findings[0].created must be a moment as ISO 8601 text"),
            ((*FINDING, "created"), DELETE, "stores[0].runs[0].findings[0] lacks the member 'created'"),
            ((*FINDING, "agent"), 99, "stores[0].runs[0].findings[0].agent must be an index in agents, which has"),
            ((*FINDING, "color"), 1, "stores[0].runs[0].findings[0] has the unknown member 'color'"),
            (FINDING, 7, "stores[0].runs[0].findings[0] must be an object with number, id, body"),
            ((*FINDING, "user_attributes"), [{"key": "a"}] * 2, "runs[0].findings[0].user_attributes has a key twice"),
            ((*RUN, "exclusions", 0, "members", "title"), DELETE, "runs[0].exclusions[0].members.title is missing"),
            ((*STORE, "bodies", 0, "members", "severity"), "Awful", "bodies[0].members.severity must be one of ... got 'Awful'"),
            ((*STORE, "bodies", 0, "members", "numericSeverity"), float("nan"), "members.numericSeverity must be ... got nan"),
            ((*STORE, "bodies", 0, "members", "arn"), "x", "bodies[0].members has the member 'arn', which belongs to the finding"),
            ((*STORE, "bodies", 0, "members"), None, "stores[0].bodies[0] must have either 'spec' or 'members'"),
            ((*STORE, "subscriptions", 0, "topic_arn"), "alarms", "subscriptions[0].topic_arn must be the ARN of an SNS topic"),
            ((*STORE, "subscriptions", 0, "events"), {"DONE": MOMENT}, "subscriptions[0].events must be an object with one or more of ASSESSMENT_RUN_STARTED"),
            ((*STORE, "role"), {"arn": "x", "registered": MOMENT}, "stores[0].role.arn must be the ARN of an IAM role; got 'x'"),
            ((*STORE, "faults"), [{"operation": "Guess", "error": "Throttling", "times": 1}], "faults[0]: operation must be an operation of the API, ... got 'Guess'"),
            ((*STORE, "faults"), [{"operation": "*", "error": {"code": "InternalException", "self": 1}, "times": 1}], "faults[0]: "),
            (("access_keys",), {"AKIA": "me"}, "access_keys.AKIA must be an account id of 12 digits; got 'me'"),
            (("published", 0, "status"), "LOST", "published[0].status must be one of SUCCESS, ...; got 'LOST'"),
            ((*STORE, "instances", 0, "telemetry"), [{"messageType": "a", "count": 10**5000}], "count must be a number of 64 bits; got int that is too large"),
        ],
    ),
)  # fmt: skip
def test_a_damaged_snapshot_is_refused_whole_with_the_path_of_the_damage(path, value, text, inspector_backend):
    create_resources(inspector_backend)
    taken = inspector_backend.snapshot()
    damaged = copy.deepcopy(taken)
    set_at(path, value)(damaged)
    inspector_backend.clock.tick(5)
    create_target(inspector_backend, "since then")
    now = inspector_backend.snapshot()
    with pytest.raises(ValueError, match=rf"^snapshot: .*{'.*'.join(map(re.escape, text.split('...')))}"):
        inspector_backend.restore(damaged)
    assert inspector_backend.snapshot() == now
    inspector_backend.restore(taken)


def test_a_snapshot_with_duplicates_is_refused(inspector_backend):
    resources = create_resources(inspector_backend)
    inspector_backend.add_finding(resources.run, {})
    taken = inspector_backend.snapshot()
    for path, text in (
        (("stores",), "stores[1]: account 123456789012, us-west-2 occurs twice"),
        ((*STORE, "targets"), "stores[0].targets[2].number must be at least 10"),
        ((*STORE, "runs"), "stores[0].runs[2].number must be at least 10"),
        ((*RUN, "findings"), "stores[0]: arn:"),
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
    for path_text in (("stores",), ("access_keys",), ("moment",), ("itself",)):
        damaged = {**cyclic, path_text[0]: [cyclic]}
        cyclic["stores"] = [damaged]
        with pytest.raises(ValueError, match=r"^snapshot: "):
            inspector_backend.restore(damaged)

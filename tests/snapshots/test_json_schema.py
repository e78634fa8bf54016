"""The JSON Schema of state files: it takes what is written, and refuses what cannot be read."""

import copy
import json
import subprocess
import sys
from importlib.resources import files

import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator

from mock_inspector import mock_inspector
from mock_inspector.findings import cis
from mock_inspector.snapshots.json_schema import build_state_schema, format_state_schema
from mock_inspector.state.faults import ParametersAre

from .full_account import MOMENT, create_full_account
from .test_damage import DELETE, set_at

STORE, RUN = ("stores", 0), ("stores", 0, "runs", 0)


@pytest.fixture(scope="module")
def validator():
    schema = build_state_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture(scope="module")
def snapshot(unchecked_client):
    with mock_inspector(at=MOMENT, region="us-west-2", allow_unused_faults=True) as backend:
        resources = create_full_account(backend)
        requested = {"assessmentRunArn": resources.run, "reportFileFormat": "HTML", "reportType": "FULL"}
        assert backend.get_assessment_report(**requested)["status"] == "COMPLETED"
        backend.add_instance("i-0more", agent_health_code="THROTTLED", findings=[cis(f"1.1 {'x' * 300}")])
        backend.inject_fault(
            "ListAssessmentRuns", "ThrottlingException", times=2, when=ParametersAre({"maxResults": 1})
        )
        with pytest.raises(ClientError):
            unchecked_client.list_assessment_runs(maxResults=1)
        return json.loads(json.dumps(backend.snapshot()))


def test_the_packages_file_is_the_schema_and_a_command_prints_it():
    """After a change of what a snapshot holds: python -m mock_inspector.snapshots.json_schema > the file."""
    text = files("mock_inspector").joinpath("data/state.schema.json").read_text("utf-8")
    assert text == format_state_schema()
    command = [sys.executable, "-m", "mock_inspector.snapshots.json_schema"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == text


def test_real_snapshots_are_valid(validator, snapshot, inspector_backend):
    assert list(validator.iter_errors(snapshot)) == []
    assert list(validator.iter_errors(inspector_backend.snapshot())) == []
    # The account has all that the schema describes.
    text = json.dumps(snapshot)
    described = build_state_schema()["$defs"]
    members = {name for entry in described.values() for name in entry.get("properties", {})}
    assert [name for name in sorted(members) if f'"{name}"' not in text] == []


def test_a_file_may_name_its_schema(validator, snapshot, tmp_path):
    path = tmp_path / "state.json"
    named = {"$schema": "./state.schema.json", **snapshot}
    path.write_text(json.dumps(named), "utf-8")
    assert list(validator.iter_errors(named)) == []
    with mock_inspector(state=path, allow_unused_faults=True) as backend:
        assert json.loads(json.dumps(backend.snapshot())) == snapshot
        backend.restore(named)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("format",), "moto", "format"),
        (("version",), 2, "version"),
        (("moment",), DELETE, ""),
        (("moment",), 5, "moment"),
        (("account",), "123456789012", ""),
        (("access_keys",), {"AKIAOTHER": "1"}, "access_keys.AKIAOTHER"),
        ((*STORE, "account_id"), "12345", "stores.0.account_id"),
        ((*STORE, "region"), "Oregon", "stores.0.region"),
        ((*STORE, "next_number"), -1, "stores.0.next_number"),
        ((*STORE, "next_number"), "7", "stores.0.next_number"),
        ((*STORE, "runs"), {}, "stores.0.runs"),
        ((*STORE, "ids", "next_ids"), ["0-short"], "stores.0.ids.next_ids.0"),
        ((*STORE, "instances", 0, "agent_health"), "ILL", "stores.0.instances.0.agent_health"),
        ((*STORE, "instances", 0, "tags"), {"Name": 1}, "stores.0.instances.0.tags.Name"),
        ((*STORE, "finding_specs", 0, "severity"), "Severe", "stores.0.finding_specs.0.severity"),
        ((*STORE, "finding_specs", 0, "numeric_severity"), 11, "stores.0.finding_specs.0.numeric_severity"),
        ((*STORE, "templates", 0, "duration_seconds"), 179, "stores.0.templates.0.duration_seconds"),
        ((*STORE, "targets", 0, "name"), "", "stores.0.targets.0.name"),
        ((*STORE, "faults", 0, "error"), 7, "stores.0.faults.0.error"),
        ((*RUN, "timeline", 0), ["CREATED"], "stores.0.runs.0.timeline.0"),
        ((*RUN, "timeline", 0, 0), "STARTED", "stores.0.runs.0.timeline.0.0"),
        ((*RUN, "created"), MOMENT, "stores.0.runs.0"),
        ((*RUN, "findings", 0, "body"), "0", "stores.0.runs.0.findings.0.body"),
        ((*RUN, "findings", 0, "id"), DELETE, "stores.0.runs.0.findings.0"),
    ],
)
def test_damage_is_found_where_it_is(validator, snapshot, path, value, where):
    damaged = copy.deepcopy(snapshot)
    set_at(path, value)(damaged)
    with mock_inspector() as backend, pytest.raises(ValueError, match=r"^snapshot"):
        backend.restore(damaged)
    assert {".".join(map(str, error.absolute_path)) for error in validator.iter_errors(damaged)} == {where}

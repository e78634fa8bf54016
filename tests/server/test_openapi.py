"""The description of the control calls: valid, complete, and true to what they take and return."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from mock_inspector.findings import cve, network_reachability
from mock_inspector.server.control_calls import CONTROL_CALLS, FINDING_FUNCTIONS
from mock_inspector.server.openapi import DOCUMENTS, build_openapi
from mock_inspector.snapshots.json_schema import build_state_schema

from ..support.aws import create_template, start_run
from ..support.raw_http import call_action, control_call, read_property, send

PREFIX = "/_mock_inspector/"


@pytest.fixture(scope="module")
def document():
    return json.loads(json.dumps(build_openapi()))


def validator_of(document, schema):
    """A validator of a part of the document, whose references lead into the document."""
    return Draft202012Validator({**schema, "components": document["components"]})


def body_schema(document, member):
    return document["paths"][PREFIX + member]["post"]["requestBody"]["content"]["application/json"]["schema"]


def result_schema(document, member):
    (operation, *_) = document["paths"][PREFIX + member].values()
    return operation["responses"]["200"]["content"]["application/json"]["schema"]


@pytest.mark.slow
def test_it_is_valid_openapi(document):
    OpenAPIV31SpecValidator(document).validate()


def test_it_is_served_and_has_every_control_call_with_its_methods(inspector_server, document):
    assert read_property(inspector_server, "openapi.json") == document
    assert read_property(inspector_server, "state-schema.json") == build_state_schema()
    described = {
        path.removeprefix(PREFIX): {method.upper() for method in operations}
        for path, operations in document["paths"].items()
    }
    expected = {name: {*call.http_methods} for name, call in CONTROL_CALLS.items()}
    assert described == {**expected, **{name: {"GET"} for name in DOCUMENTS}}
    identifiers = [entry["operationId"] for path in document["paths"].values() for entry in path.values()]
    assert len(identifiers) == len({*identifiers})
    assert all(entry["summary"] for path in document["paths"].values() for entry in path.values())


@pytest.mark.parametrize("member", DOCUMENTS)
def test_a_document_is_only_read(inspector_server, member):
    answer = send(inspector_server, "POST", PREFIX + member, {})
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert answer.value == {"error": f"{member} must be called with GET; got POST"}


def test_it_names_the_arguments_that_the_functions_take(document):
    for member, call in CONTROL_CALLS.items():
        if "POST" not in call.http_methods:
            continue
        schema = body_schema(document, member)
        schema = schema.get("anyOf", [schema])[-1]
        required = {
            name
            for name, parameter in call.parameters.items()
            if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
        }
        assert ({*schema["properties"]}, {*schema.get("required", ())}) == ({*call.parameters}, required), member


VALID = [
    ("add_instance", {}),
    ("add_instance", {"instance_id": "i-0web", "tags": {"Name": "web"}, "hostname": None, "agent_health": "UNKNOWN"}),
    ("add_instance", {"findings": [{"cve": "CVE-2016-2177", "severity": "Low", "package": ["a-1:1", "b-1:1"]}]}),
    ("add_instance", {"findings": [{"network_reachability": 22, "listener": True, "attributes": {"a": "b"}}]}),
    ("add_instance", {"telemetry": [{"messageType": "Total", "count": 1, "dataSize": 2}]}),
    ("add_rules_package", {"name": "Own", "deprecated": True}),
    ("clock.tick", {"delta": 1.5}),
    ("clock.move_to", {"moment": "2130-01-01T00:00:00Z"}),
    ("inject_fault", {"operation": "*", "error": "ThrottlingException", "times": None, "when": {"maxResults": 1}}),
    ("inject_fault", {"operation": "ListFindings", "error": {"code": "AccessDeniedException"}}),
    ("calls.of", {"operations": ["ListFindings"], "error": True}),
    ("calls.last", {"maximum": 3}),
    ("next_ids", {"ids": ["0-nvgVhaxX"]}),
    ("for_region", {"name": "eu-west-1"}),
    ("register_access_key", {"access_key_id": "AKIAOTHER"}),
]
INVALID = [
    ("add_instance", {"tag": {}}),
    ("add_instance", {"tags": ["web"]}),
    ("add_instance", {"agent_health": "ILL"}),
    ("add_instance", {"findings": ["CVE-2016-2177"]}),
    ("add_instance", {"findings": [{}]}),
    ("add_instance", {"findings": [{"cve": "CVE-2016-2177", "sevrity": "High"}]}),
    ("add_instance", {"region": "eu-west-1"}),
    ("clock.tick", {"delta": None}),
    ("calls.last", {}),
    ("calls.last", {"maximum": True}),
    ("calls.of", {"operations": [1]}),
    ("finish_run", {}),
    ("inject_fault", {"operation": "*"}),
    ("inject_fault", {"operation": "*", "error": "ThrottlingException", "when": "x"}),
    ("reset", {"all": True}),
    ("restore", {"snapshot": {"format": "moto"}}),
    ("restore", {"format": "moto"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("member", "arguments"), [*VALID, *INVALID])
def test_it_allows_what_a_control_call_takes(inspector_server, document, member, arguments):
    errors = list(validator_of(document, body_schema(document, member)).iter_errors(arguments))
    answer = send(inspector_server, "POST", PREFIX + member, arguments)
    assert (answer.status, errors == []) == ((200, True) if (member, arguments) in VALID else (400, False))
    if answer.status == 200:
        assert list(validator_of(document, result_schema(document, member)).iter_errors(answer.value)) == []
    inspector_server.backend.reset()


def test_it_describes_what_control_calls_return(inspector_server, document, client):
    backend = inspector_server.backend
    backend.add_instance("i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177"), network_reachability(22)])
    template = create_template(client)
    topic = "arn:aws:sns:us-west-2:123456789012:alarms"
    client.subscribe_to_event(resourceArn=template, event="ASSESSMENT_RUN_STARTED", topicArn=topic)
    backend.finish_run(start_run(client, template))
    call_action(inspector_server, "ListFindings", maxResults=0)
    saved = read_property(inspector_server, "snapshot")
    assert list(validator_of(document, body_schema(document, "restore")).iter_errors(saved)) == []
    assert list(validator_of(document, body_schema(document, "restore")).iter_errors({"snapshot": saved})) == []
    for member, call in CONTROL_CALLS.items():
        if "GET" in call.http_methods:
            value = read_property(inspector_server, member)
            assert value not in ([], {}), member
            assert list(validator_of(document, result_schema(document, member)).iter_errors(value)) == [], member
    (logged,) = control_call(inspector_server, "calls.last", maximum=1)
    assert {*document["components"]["schemas"]["LoggedCall"]["properties"]} == {*logged}
    assert len(document["components"]["schemas"]["NewFinding"]["anyOf"]) == len(FINDING_FUNCTIONS)

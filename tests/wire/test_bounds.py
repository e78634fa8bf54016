"""Every answer keeps to the model's bounds, lengths and patterns, also from the largest account and to the worst request."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from mock_inspector.errors import MAX_MESSAGE_LENGTH, short_repr

from ..support.aws import (
    CVE,
    create_resources,
    create_target,
    create_template,
    describe_exclusions,
    describe_finding,
    describe_run,
    list_findings,
    raises_api_error,
    start_and_finish_run,
    start_run,
)
from ..support.fast_subset import sample
from ..support.in_process import headers_for, send_http, send_raw
from ..support.largest_account import WIDE, create_largest_account
from ..support.requests import complete_requests
from ..support.response_shapes import check_response
from ..support.service_model import MODEL, OPERATIONS

TOPIC = "arn:aws:sns:us-west-2:123456789012:security"

# The largest account


class Reader:
    """Reads all that an account has, with every read action, and checks each answer."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.operations: set[str] = set()

    def call(self, operation: str, **members: Any) -> Any:
        """A checked answer."""
        response = send_raw(self._backend, operation, members)
        answer = json.loads(response.body, parse_float=Decimal)
        assert response.status == 200, answer
        check_response(operation, answer)
        self.operations.add(operation)
        return answer

    def pages(self, operation: str, **members: Any) -> list[Any]:
        """What all pages of a list hold."""
        found: list[Any] = []
        while True:
            answer = self.call(operation, **{"maxResults": 500, **members})
            token = answer.pop("nextToken", None)
            (entries,) = [value for value in answer.values() if isinstance(value, list)]
            found += entries
            if token is None:
                return found
            members["nextToken"] = token

    def describe(self, operation: str, member: str, arns: list[str]) -> None:
        """Describe ARNs in the largest batches, beside one that fails and is as long as it can be."""
        size = {"findingArns": 100, "exclusionArns": 100}.get(member, 10)
        for first in range(0, len(arns), size - 1):
            self.call(operation, **{member: [*arns[first : first + size - 1], "x" * 300]})

    def read_everything(self, template: str) -> None:
        self.describe("DescribeAssessmentTargets", "assessmentTargetArns", self.pages("ListAssessmentTargets"))
        self.describe("DescribeAssessmentTemplates", "assessmentTemplateArns", self.pages("ListAssessmentTemplates"))
        self.describe("DescribeRulesPackages", "rulesPackageArns", self.pages("ListRulesPackages"))
        self.describe("DescribeResourceGroups", "resourceGroupArns", [
            group["arn"] for store in self._backend.snapshot()["stores"] for group in store["resource_groups"]
        ])  # fmt: skip
        self.call("ListTagsForResource", resourceArn=template)
        self.pages("ListEventSubscriptions")
        self.pages("PreviewAgents", previewAgentsArn=template)
        self.call("DescribeCrossAccountAccessRole")
        self.describe("DescribeFindings", "findingArns", self.pages("ListFindings"))
        runs = self.pages("ListAssessmentRuns")
        self.describe("DescribeAssessmentRuns", "assessmentRunArns", runs)
        for run in runs:
            self.pages("ListAssessmentRunAgents", assessmentRunArn=run)
            self.call("GetTelemetryMetadata", assessmentRunArn=run)
            self.describe(
                "DescribeExclusions", "exclusionArns", [*self.pages("ListExclusions", assessmentRunArn=run), "x"]
            )
        self.call("GetAssessmentReport", assessmentRunArn=runs[0], reportFileFormat="HTML", reportType="FULL")
        (preview,) = [entry for store in self._backend.snapshot()["stores"] for entry in store["previews"]]
        self.pages("GetExclusionsPreview", assessmentTemplateArn=template, previewToken=preview["token"])


@pytest.mark.slow
@pytest.mark.mock_inspector(at="2019-03-23T21:34:31Z", limits={"agents": None})
def test_every_answer_about_the_largest_account_keeps_to_the_models_bounds(inspector_backend):
    template = create_largest_account(inspector_backend)
    reader = Reader(inspector_backend)
    for seconds in (0, 86400 + 60, 60):
        inspector_backend.clock.tick(seconds)
        reader.read_everything(template)
    answering = {name for name in OPERATIONS if MODEL.operation_model(name).output_shape is not None}
    writing = {name for name in answering if name.startswith(("Create", "Start", "Add", "Remove"))}
    assert reader.operations == answering - writing


# Error messages


def leaves(value, path=()):
    """The path of every value inside a JSON value."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from leaves(entry, (*path, key))


def replaced(value, path, new):
    """A copy with another value at a path."""
    if not path:
        return new
    changed = copy.deepcopy(value)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = new
    return changed


NESTED: Any = WIDE * 100
for _ in range(4):
    NESTED = {f"{index}{WIDE * 100}": NESTED for index in range(5)}

WORST = {
    "text": WIDE * 400,
    "controls": "\x00" * 400,
    "nested": NESTED,
    "nested list": [[[[WIDE * 100] * 5] * 5] * 5] * 5,
    "list": [WIDE * 290] * 200,
    "number": 10**300,
}


@pytest.mark.slow
@pytest.mark.parametrize("operation", sample(6, OPERATIONS))
def test_no_error_message_is_longer_than_the_model_allows(operation, inspector_backend):
    resources = create_resources(inspector_backend)
    request = complete_requests(resources)[operation]
    for path in leaves(request):
        for worst in WORST.values():
            body = json.dumps(replaced(request, path, worst)).encode()
            send_http(inspector_backend, body, headers_for(operation))  # checks the length


@pytest.mark.parametrize("text", [WIDE * 500, "\\" * 2000, "x" * 100_000], ids=["wide", "escaped", "long"])
def test_no_error_message_about_a_header_is_longer_than_the_model_allows(text, inspector_backend):
    for headers in (
        headers_for(text),
        {**headers_for("ListFindings"), "Authorization": text},
        {**headers_for("ListFindings"), "X-Amz-Target": text},
    ):
        assert send_http(inspector_backend, headers=headers).status in (400, 403)


def test_an_exception_with_a_longer_message_is_answered_with_its_beginning(inspector_backend, client):
    from mock_inspector.errors import InvalidInputException

    inspector_backend.inject_fault("ListFindings", InvalidInputException("x" * 5000))
    with raises_api_error("InvalidInputException") as caught:
        client.list_findings()
    assert caught.value.response["Error"]["Message"] == "x" * 1000
    assert MODEL.shape_for("ErrorMessage").metadata["max"] == MAX_MESSAGE_LENGTH


@pytest.mark.parametrize(
    "value", ["x" * 101, WIDE * 50, "\n" * 99 + "x", WIDE, "'\"" * 80, NESTED, [NESTED] * 10, {NESTED[next(iter(NESTED))] is None: 1}, 10**5000],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_value_in_a_message_is_short_however_it_is_escaped(value):
    assert len(short_repr(value)) <= 330


def test_a_short_value_in_a_message_is_shown_whole():
    assert short_repr("x" * 100) == repr("x" * 100)
    assert short_repr("Größe ✓\n") == "'Größe ✓\\n'"


# Runs without rules packages


def test_a_template_without_rules_packages_can_be_created_but_not_run(inspector_backend, client):
    inspector_backend.add_instance("i-0web")
    template = create_template(client, packages=())
    described = client.describe_assessment_templates(assessmentTemplateArns=[template])["assessmentTemplates"][0]
    assert described["rulesPackageArns"] == []
    with raises_api_error("InvalidInputException", "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"):
        start_run(client, template)
    with raises_api_error("InvalidInputException", "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"):
        client.create_exclusions_preview(assessmentTemplateArn=template)
    assert client.list_assessment_runs()["assessmentRunArns"] == []


def test_an_exclusion_of_a_rules_package_that_the_run_lacks_names_those_it_has(inspector_backend, client):
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=[CVE]))
    arn = inspector_backend.add_exclusion(run, {"title": "Network Reachability error - VPN"})
    shown = client.describe_exclusions(exclusionArns=[arn])["exclusions"][arn]
    assert shown["scopes"] == [{"key": "RULES_PACKAGE_ARN", "value": CVE}]
    for exclusion in describe_exclusions(client, run):
        assert all(scope["value"] for scope in exclusion["scopes"])


# Notifications


def test_a_runs_notification_is_cut_and_the_topic_gets_all_of_it(inspector_backend, client):
    for number in range(15):
        inspector_backend.add_rules_package(f"own {number}")
    packages = client.list_rules_packages(maxResults=500)["rulesPackageArns"]
    template = create_template(client, packages=packages)
    client.subscribe_to_event(resourceArn=template, event="ASSESSMENT_RUN_COMPLETED", topicArn=TOPIC)
    run = start_and_finish_run(inspector_backend, client, template)

    (notification,) = describe_run(client, run)["notifications"]
    message = inspector_backend.published[-1].message
    assert len(notification["message"]) == 1000
    assert message.startswith(notification["message"])
    assert all(package in json.loads(message)["findingsCount"] for package in packages)


# Telemetry


@pytest.mark.slow
def test_telemetry_of_more_types_than_an_answer_holds_is_cut_but_counted(inspector_backend, client):
    for name in ("a", "b"):
        telemetry = [{"messageType": f"{name}{number}", "count": 2} for number in range(3000)]
        inspector_backend.add_instance(f"i-0{name}", telemetry=telemetry)
    run = start_and_finish_run(inspector_backend, client)
    shown = client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"]
    assert len(shown) == 5000
    assert len({entry["messageType"] for entry in shown}) == 5000
    assert [entry for entry in shown if entry["messageType"] == "Total"] == [{"messageType": "Total", "count": 12000}]


def test_telemetry_has_a_data_size_only_where_an_agent_stated_one(inspector_backend, client):
    inspector_backend.add_instance(
        "i-0a", telemetry=[{"messageType": "a", "count": 1}, {"messageType": "b", "count": 1}]
    )
    inspector_backend.add_instance("i-0b", telemetry=[{"messageType": "b", "count": 1, "dataSize": 7}])
    run = start_and_finish_run(inspector_backend, client)
    shown = client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"]
    assert {entry["messageType"]: (entry["count"], entry.get("dataSize")) for entry in shown} == {
        "a": (1, None),
        "b": (2, 7),
        "Total": (3, 7),
    }
    agents = client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"]
    assert all("dataSize" not in entry for entry in agents[0]["telemetryMetadata"])


# Tags


def test_an_instance_may_have_a_tag_with_an_empty_value(inspector_backend, client):
    from mock_inspector.findings import cve

    inspector_backend.add_instance("i-0web", tags={"Name": "web", "owner": ""}, findings=[cve("CVE-2016-2177")])
    group = inspector_backend.create_resource_group(resourceGroupTags=[{"key": "owner"}])["resourceGroupArn"]
    run = start_and_finish_run(inspector_backend, client, create_template(client, create_target(client, group=group)))
    (finding,) = list_findings(client, run)
    tags = describe_finding(client, finding)["assetAttributes"]["tags"]
    assert tags == [{"key": "Name", "value": "web"}, {"key": "owner"}]


@pytest.mark.parametrize("tags", [{"": "x"}, {"k" * 129: ""}, {"k": "v" * 257}, {"k": None}, {"k": 1}, {1: "x"}])
def test_other_tags_out_of_bounds_are_refused(tags, inspector_backend):
    with pytest.raises(ValueError, match="tags"):
        inspector_backend.add_instance("i-0web", tags=tags)

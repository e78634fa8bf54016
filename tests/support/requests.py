"""What several test files share: a furnished account, a complete request of every operation, and ways to send it."""

import json
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.session import get_session

from mock_inspector.wire.dispatcher import handle
from mock_inspector.wire.http import Request, Response

from .fake_service import fake_service

MODEL = get_session().get_service_model("inspector")
OPERATIONS: tuple[str, ...] = tuple(MODEL.operation_names)

FIRST_MOMENT, LAST_MOMENT = -62135596800, 253402300799  # the years 1 to 9999
FOREIGN_ACCOUNT = "999999999999"


@dataclass(frozen=True)
class Furnished:
    """The ARNs of what an account has: a completed run, one in progress, and a template that was never run."""

    group: str
    package: str
    topic: str
    role: str
    target: str
    template: str
    run: str
    finding: str
    exclusion: str
    preview: str
    running: str
    idle_target: str
    idle_template: str


def furnish(backend: Any) -> Furnished:
    """Fill an empty account through its API, with every optional member somewhere and text beyond ASCII."""
    details = {
        "hostname": "web.example.com",
        "ami_id": "ami-0abcdef",
        "auto_scaling_group": "web",
        "ipv4_address": "10.0.0.7",
        "operating_system": "Ubuntu 18.04.1 LTS",
        "kernel_version": "4.15.0",
        "agent_version": "1.1.1098.0",
        "network_interfaces": [
            {"networkInterfaceId": "eni-0a", "privateIpAddresses": [{"privateIpAddress": "10.0.0.7"}]}
        ],
    }
    backend.add_instance("i-0web", tags={"Name": "web"}, **details)
    backend.add_instance("i-0ill", tags={"Name": "web"}, agent_health="UNHEALTHY", agent_health_details="¿qué?")
    backend.add_instance("i-0gone", tags={"Name": "web"}, agent_health="UNKNOWN")
    group = create_group(backend, "Name", "web")
    package = backend.list_rules_packages()["rulesPackageArns"][0]
    target = create_target(backend, "web: Größe ✓", resourceGroupArn=group)
    template = create_template(backend, target, rulesPackageArns=[package])
    backend.set_tags_for_resource(resourceArn=template, tags=[{"key": "team", "value": "blue"}, {"key": "bare"}])
    topic = f"arn:aws:sns:{backend.region}:{backend.account_id}:alarms"
    for event in MODEL.shape_for("InspectorEvent").enum:
        backend.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)

    run = backend.start_assessment_run(assessmentTemplateArn=template, assessmentRunName="first")["assessmentRunArn"]
    backend.finish_run(run)
    attributes = [{"key": "INSTANCE_ID", "value": "i-0web"}, {"key": "bare"}]
    asset = {"schemaVersion": 1, "agentId": "i-0web", "tags": [{"key": "Name", "value": "web"}], **_asset_of(details)}
    finding = backend.add_finding(
        run, {"id": "CVE-2016-2177", "severity": "High", "attributes": attributes, "assetAttributes": asset}
    )
    exclusion = backend.add_exclusion(run, {"title": "Agent is already running", "attributes": attributes})
    preview = backend.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    backend.clock.tick(60)
    running = backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]

    idle_target = create_target(backend, "idle", resourceGroupArn=create_group(backend, "Name", "none"))
    return Furnished(
        group=group,
        package=package,
        topic=topic,
        role=f"arn:aws:iam::{backend.account_id}:role/inspector",
        target=target,
        template=template,
        run=run,
        finding=finding,
        exclusion=exclusion,
        preview=preview,
        running=running,
        idle_target=idle_target,
        idle_template=create_template(backend, idle_target),
    )


def _asset_of(details: dict[str, Any]) -> dict[str, Any]:
    return {
        "hostname": details["hostname"],
        "amiId": details["ami_id"],
        "autoScalingGroup": details["auto_scaling_group"],
        "ipv4Addresses": [details["ipv4_address"]],
        "networkInterfaces": details["network_interfaces"],
    }


def create_group(backend: Any, key: str, value: str) -> str:
    return str(backend.create_resource_group(resourceGroupTags=[{"key": key, "value": value}])["resourceGroupArn"])


def create_target(backend: Any, name: str, **members: Any) -> str:
    return str(backend.create_assessment_target(assessmentTargetName=name, **members)["assessmentTargetArn"])


def create_template(backend: Any, target: str, name: str = "daily", **members: Any) -> str:
    request = {"durationInSeconds": 3600, "rulesPackageArns": [], **members}
    created = backend.create_assessment_template(assessmentTargetArn=target, assessmentTemplateName=name, **request)
    return str(created["assessmentTemplateArn"])


def complete_requests(has: Furnished) -> dict[str, dict[str, Any]]:
    """A valid request of every operation that holds all its members but ``nextToken``. Yours to change."""
    durations = {"minSeconds": 180, "maxSeconds": 86400}
    times = {"beginDate": FIRST_MOMENT, "endDate": LAST_MOMENT}
    pair = {"key": "owner", "value": "blue"}
    event = {"resourceArn": has.template, "event": "FINDING_REPORTED", "topicArn": has.topic}
    requests = {
        "AddAttributesToFindings": {"findingArns": [has.finding], "attributes": [pair]},
        "CreateAssessmentTarget": {"assessmentTargetName": "new", "resourceGroupArn": has.group},
        "CreateAssessmentTemplate": {
            "assessmentTargetArn": has.target,
            "assessmentTemplateName": "new",
            "durationInSeconds": 3600,
            "rulesPackageArns": [has.package],
            "userAttributesForFindings": [pair],
        },
        "CreateExclusionsPreview": {"assessmentTemplateArn": has.template},
        "CreateResourceGroup": {"resourceGroupTags": [pair]},
        "DeleteAssessmentRun": {"assessmentRunArn": has.run},
        "DeleteAssessmentTarget": {"assessmentTargetArn": has.idle_target},
        "DeleteAssessmentTemplate": {"assessmentTemplateArn": has.idle_template},
        "DescribeAssessmentRuns": {"assessmentRunArns": [has.run, has.running]},
        "DescribeAssessmentTargets": {"assessmentTargetArns": [has.target, has.idle_target]},
        "DescribeAssessmentTemplates": {"assessmentTemplateArns": [has.template, has.idle_template]},
        "DescribeCrossAccountAccessRole": {},
        "DescribeExclusions": {"exclusionArns": [has.exclusion], "locale": "EN_US"},
        "DescribeFindings": {"findingArns": [has.finding], "locale": "EN_US"},
        "DescribeResourceGroups": {"resourceGroupArns": [has.group]},
        "DescribeRulesPackages": {"rulesPackageArns": [has.package], "locale": "EN_US"},
        "GetAssessmentReport": {"assessmentRunArn": has.run, "reportFileFormat": "HTML", "reportType": "FULL"},
        "GetExclusionsPreview": {
            "assessmentTemplateArn": has.template,
            "previewToken": has.preview,
            "maxResults": 1,
            "locale": "EN_US",
        },
        "GetTelemetryMetadata": {"assessmentRunArn": has.run},
        "ListAssessmentRunAgents": {
            "assessmentRunArn": has.run,
            "filter": {"agentHealths": ["HEALTHY"], "agentHealthCodes": ["RUNNING"]},
            "maxResults": 1,
        },
        "ListAssessmentRuns": {
            "assessmentTemplateArns": [has.template],
            "filter": {
                "namePattern": "f*",
                "states": ["COMPLETED"],
                "durationRange": durations,
                "rulesPackageArns": [has.package],
                "startTimeRange": times,
                "completionTimeRange": times,
                "stateChangeTimeRange": times,
            },
            "maxResults": 1,
        },
        "ListAssessmentTargets": {"filter": {"assessmentTargetNamePattern": "*"}, "maxResults": 1},
        "ListAssessmentTemplates": {
            "assessmentTargetArns": [has.target],
            "filter": {"namePattern": "d*", "durationRange": durations, "rulesPackageArns": [has.package]},
            "maxResults": 1,
        },
        "ListEventSubscriptions": {"resourceArn": has.template, "maxResults": 1},
        "ListExclusions": {"assessmentRunArn": has.run, "maxResults": 1},
        "ListFindings": {
            "assessmentRunArns": [has.run],
            "filter": {
                "agentIds": ["i-0web"],
                "autoScalingGroups": ["web"],
                "ruleNames": ["CVE-2016-2177"],
                "severities": ["High"],
                "rulesPackageArns": [has.package],
                "attributes": [{"key": "INSTANCE_ID", "value": "i-0web"}],
                "userAttributes": [pair],
                "creationTimeRange": times,
            },
            "maxResults": 1,
        },
        "ListRulesPackages": {"maxResults": 1},
        "ListTagsForResource": {"resourceArn": has.template},
        "PreviewAgents": {"previewAgentsArn": has.target, "maxResults": 1},
        "RegisterCrossAccountAccessRole": {"roleArn": has.role},
        "RemoveAttributesFromFindings": {"findingArns": [has.finding], "attributeKeys": ["owner"]},
        "SetTagsForResource": {"resourceArn": has.template, "tags": [pair]},
        "StartAssessmentRun": {"assessmentTemplateArn": has.idle_template, "assessmentRunName": "new"},
        "StopAssessmentRun": {"assessmentRunArn": has.running, "stopAction": "START_EVALUATION"},
        "SubscribeToEvent": event,
        "UnsubscribeFromEvent": event,
        "UpdateAssessmentTarget": {
            "assessmentTargetArn": has.target,
            "assessmentTargetName": "new",
            "resourceGroupArn": has.group,
        },
    }
    # Through JSON, so that no two members share an object.
    unshared: dict[str, dict[str, Any]] = json.loads(json.dumps(requests))
    return unshared


def minimal(shape: Any, value: Any) -> Any:
    """``value`` without the members that its shape does not require, at any depth."""
    if shape is None:
        return {}
    if shape.type_name == "structure":
        return {name: minimal(shape.members[name], value[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [minimal(shape.member, entry) for entry in value]
    return value


def send(client: Any, operation: str, body: Any) -> Any:
    """Call an operation with exactly this JSON as the body, whether or not the client could serialise it."""

    def replace(params: dict[str, Any], **_: Any) -> None:
        params["body"] = json.dumps(body).encode()

    event = f"before-call.inspector.{operation}"
    client.meta.events.register(event, replace)
    try:
        return getattr(client, xform_name(operation))()
    finally:
        client.meta.events.unregister(event, replace)


def knock(backend: Any, operation: str, body: Any) -> Response:
    """Send a request signed by hand through the door, and return the bare HTTP response."""
    headers = {
        "X-Amz-Target": f"InspectorService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={backend.account_id}/20160216/{backend.region}/inspector/"
        "aws4_request, SignedHeaders=host, Signature=none",
    }
    url = f"https://inspector.{backend.region}.amazonaws.com/"
    return handle(fake_service(backend), Request("POST", url, headers, json.dumps(body).encode()))

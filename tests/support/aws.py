"""Resources made and read by boto3 or by a backend, whose methods have the same names."""

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from .service_model import MODEL

ACCOUNT = "123456789012"


OWNER = "arn:aws:inspector:us-west-2:758058086616:rulespackage"


CVE, CIS, BEST_PRACTICES = f"{OWNER}/0-9hgA516p", f"{OWNER}/0-H5hpSawc", f"{OWNER}/0-JJOtZiqQ"


_numbers = count(1)


def create_group(client, **tags):
    key_values = [{"key": key, "value": value} for key, value in tags.items()]
    return client.create_resource_group(resourceGroupTags=key_values)["resourceGroupArn"]


def create_target(client, name=None, group=None):
    members = {"assessmentTargetName": name or f"target {next(_numbers)}"}
    if group is not None:
        members["resourceGroupArn"] = group
    return client.create_assessment_target(**members)["assessmentTargetArn"]


def create_template(client, target=None, name=None, *, duration=180, packages=(CVE,), attributes=None):
    return client.create_assessment_template(
        assessmentTargetArn=target or create_target(client),
        assessmentTemplateName=name or f"template {next(_numbers)}",
        durationInSeconds=duration,
        rulesPackageArns=list(packages),
        userAttributesForFindings=[{"key": key, "value": value} for key, value in (attributes or {}).items()],
    )["assessmentTemplateArn"]


def list_packages(client):
    """One rules package of the client's region."""
    return client.list_rules_packages()["rulesPackageArns"][:1]


def start_run(client, template=None, name=None):
    members = {"assessmentTemplateArn": template or create_template(client)}
    if name is not None:
        members["assessmentRunName"] = name
    return client.start_assessment_run(**members)["assessmentRunArn"]


def start_and_finish_run(backend, client, template=None, name=None):
    run = start_run(client, template, name)
    backend.finish_run(run)
    return run


def describe_run(client, run):
    return client.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]


def describe_template(client, template):
    return client.describe_assessment_templates(assessmentTemplateArns=[template])["assessmentTemplates"][0]


def describe_target(client, target):
    return client.describe_assessment_targets(assessmentTargetArns=[target])["assessmentTargets"][0]


def describe_finding(client, finding):
    return client.describe_findings(findingArns=[finding])["findings"][0]


def list_findings(client, run=None, **requested):
    params = {} if run is None else {"assessmentRunArns": [run]}
    return client.list_findings(maxResults=500, filter=requested, **params)["findingArns"]


def describe_exclusions(client, run):
    arns = client.list_exclusions(assessmentRunArn=run)["exclusionArns"]
    if not arns:
        return []
    shown = client.describe_exclusions(exclusionArns=arns)["exclusions"]
    return [shown[arn] for arn in arns]


def state_history(client, run):
    """The run's states, each with its offset from the first in seconds."""
    changes = describe_run(client, run)["stateChanges"]
    first = changes[0]["stateChangedAt"].timestamp()
    return [(change["state"], round(change["stateChangedAt"].timestamp() - first, 3)) for change in changes]


def describe_everything(client, run):
    """All that actions show of a run."""
    return {
        "run": describe_run(client, run),
        "findings": [describe_finding(client, arn) for arn in list_findings(client, run)],
        "exclusions": describe_exclusions(client, run),
        "agents": client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"],
        "telemetry": client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"],
        "listed": client.list_assessment_runs()["assessmentRunArns"],
    }


@contextmanager
def raises_api_error(exception, error_code=None):
    """Expect a client's call to end in this exception of the API; what is caught shows the whole answer."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == exception
    if error_code is not None:
        assert answer["errorCode"] == error_code


def current_time(backend):
    return pytest.approx(backend.clock.now().timestamp(), abs=1e-3)


def key_values(**members):
    return [{"key": key, "value": value} for key, value in members.items()]


def preview_agents(client, arn):
    return [agent["agentId"] for agent in client.preview_agents(previewAgentsArn=arn)["agentPreviews"]]


# Event subscriptions


def list_subscriptions(client, template=None):
    """Events by template and topic, as ListEventSubscriptions has them."""
    params = {} if template is None else {"resourceArn": template}
    return {
        (entry["resourceArn"], entry["topicArn"]): [event["event"] for event in entry["eventSubscriptions"]]
        for entry in client.list_event_subscriptions(**params)["subscriptions"]
    }


def is_mocked(client):
    try:
        client.list_assessment_targets()
    except EndpointConnectionError:
        return False
    return True


def list_targets(client):
    return client.list_assessment_targets()["assessmentTargetArns"]


def generate_id(backend):
    """The backend's next id."""
    group = backend.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])
    return group["resourceGroupArn"].rpartition("/")[2]


RULES_PACKAGES = {
    "Common Vulnerabilities and Exposures": f"{OWNER}/0-9hgA516p",
    "CIS Operating System Security Configuration Benchmarks": f"{OWNER}/0-H5hpSawc",
    "Security Best Practices": f"{OWNER}/0-JJOtZiqQ",
    "Network Reachability": f"{OWNER}/0-rD1z6dpl",
    "Runtime Behavior Analysis": f"{OWNER}/0-vg5GGHSD",
}


@dataclass(frozen=True)
class Resources:
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


def create_resources(backend: Any) -> Resources:
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
    group = create_group(backend, Name="web")
    package = backend.list_rules_packages()["rulesPackageArns"][0]
    target = create_target(backend, "web: Größe ✓", group)
    template = create_template(backend, target, "daily", duration=3600, packages=[package])
    backend.set_tags_for_resource(resourceArn=template, tags=[{"key": "team", "value": "blue"}, {"key": "bare"}])
    topic = f"arn:aws:sns:{backend.region}:{backend.account_id}:alarms"
    for event in MODEL.shape_for("InspectorEvent").enum:
        backend.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)

    run = backend.start_assessment_run(assessmentTemplateArn=template, assessmentRunName="first")["assessmentRunArn"]
    backend.finish_run(run)
    attributes = [{"key": "INSTANCE_ID", "value": "i-0web"}, {"key": "bare"}]
    asset = {
        "schemaVersion": 1,
        "agentId": "i-0web",
        "tags": [{"key": "Name", "value": "web"}],
        **_asset_attributes(details),
    }
    finding = backend.add_finding(
        run, {"id": "CVE-2016-2177", "severity": "High", "attributes": attributes, "assetAttributes": asset}
    )
    exclusion = backend.add_exclusion(run, {"title": "Agent is already running", "attributes": attributes})
    preview = backend.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    backend.clock.tick(60)
    running = backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]

    idle_target = create_target(backend, "idle", create_group(backend, Name="none"))
    return Resources(
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
        idle_template=create_template(backend, idle_target, "daily", duration=3600, packages=[package]),
    )


def _asset_attributes(details: dict[str, Any]) -> dict[str, Any]:
    return {
        "hostname": details["hostname"],
        "amiId": details["ami_id"],
        "autoScalingGroup": details["auto_scaling_group"],
        "ipv4Addresses": [details["ipv4_address"]],
        "networkInterfaces": details["network_interfaces"],
    }

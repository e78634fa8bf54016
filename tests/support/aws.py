"""What several test files say about worlds: making them through boto3, and reading them back."""

from contextlib import contextmanager
from itertools import count

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

ACCOUNT = "123456789012"


OWNER = "arn:aws:inspector:us-west-2:758058086616:rulespackage"


CVE, CIS, BEST_PRACTICES = f"{OWNER}/0-9hgA516p", f"{OWNER}/0-H5hpSawc", f"{OWNER}/0-JJOtZiqQ"


_numbers = count(1)


def a_group(client, **tags):
    pairs = [{"key": key, "value": value} for key, value in tags.items()]
    return client.create_resource_group(resourceGroupTags=pairs)["resourceGroupArn"]


def a_target(client, name=None, group=None):
    members = {"assessmentTargetName": name or f"target {next(_numbers)}"}
    if group is not None:
        members["resourceGroupArn"] = group
    return client.create_assessment_target(**members)["assessmentTargetArn"]


def a_template(client, target=None, name=None, *, duration=180, packages=(CVE,), attributes=None):
    return client.create_assessment_template(
        assessmentTargetArn=target or a_target(client),
        assessmentTemplateName=name or f"template {next(_numbers)}",
        durationInSeconds=duration,
        rulesPackageArns=list(packages),
        userAttributesForFindings=[{"key": key, "value": value} for key, value in (attributes or {}).items()],
    )["assessmentTemplateArn"]


def a_run(client, template=None, name=None):
    members = {"assessmentTemplateArn": template or a_template(client)}
    if name is not None:
        members["assessmentRunName"] = name
    return client.start_assessment_run(**members)["assessmentRunArn"]


def an_ended_run(backend, client, template=None, name=None):
    run = a_run(client, template, name)
    backend.finish_run(run)
    return run


def described_run(client, run):
    return client.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]


def described_template(client, template):
    return client.describe_assessment_templates(assessmentTemplateArns=[template])["assessmentTemplates"][0]


def described_target(client, target):
    return client.describe_assessment_targets(assessmentTargetArns=[target])["assessmentTargets"][0]


def described_finding(client, finding):
    return client.describe_findings(findingArns=[finding])["findings"][0]


def findings_of(client, run=None, **wanted):
    asked = {} if run is None else {"assessmentRunArns": [run]}
    return client.list_findings(maxResults=500, filter=wanted, **asked)["findingArns"]


def exclusions_of(client, run):
    arns = client.list_exclusions(assessmentRunArn=run)["exclusionArns"]
    if not arns:
        return []
    shown = client.describe_exclusions(exclusionArns=arns)["exclusions"]
    return [shown[arn] for arn in arns]


def history_of(client, run):
    """The run's states, each with its offset from the first in seconds."""
    changes = described_run(client, run)["stateChanges"]
    first = changes[0]["stateChangedAt"].timestamp()
    return [(change["state"], round(change["stateChangedAt"].timestamp() - first, 3)) for change in changes]


def all_there_is_to_see(client, run):
    """All that actions show of a run."""
    return {
        "run": described_run(client, run),
        "findings": [described_finding(client, arn) for arn in findings_of(client, run)],
        "exclusions": exclusions_of(client, run),
        "agents": client.list_assessment_run_agents(assessmentRunArn=run)["assessmentRunAgents"],
        "telemetry": client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"],
        "listed": client.list_assessment_runs()["assessmentRunArns"],
    }


@contextmanager
def refused(exception, error_code=None):
    """Expect a client's call to end in this exception of the API; what is caught shows the whole answer."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == exception
    if error_code is not None:
        assert answer["errorCode"] == error_code


def now(backend):
    return pytest.approx(backend.clock.now().timestamp(), abs=1e-3)


def pairs(**members):
    return [{"key": key, "value": value} for key, value in members.items()]


def to_preview(client, arn):
    return [agent["agentId"] for agent in client.preview_agents(previewAgentsArn=arn)["agentPreviews"]]


# Event subscriptions


def subscribed(client, template=None):
    """Events by template and topic, as ListEventSubscriptions has them."""
    asked = {} if template is None else {"resourceArn": template}
    return {
        (entry["resourceArn"], entry["topicArn"]): [event["event"] for event in entry["eventSubscriptions"]]
        for entry in client.list_event_subscriptions(**asked)["subscriptions"]
    }


def mocked(lonely):
    try:
        lonely.list_assessment_targets()
    except EndpointConnectionError:
        return False
    return True


def targets(client):
    return client.list_assessment_targets()["assessmentTargetArns"]


def an_id(backend):
    """A freshly minted id."""
    group = backend.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])
    return group["resourceGroupArn"].rpartition("/")[2]


PACKAGES = {
    "Common Vulnerabilities and Exposures": f"{OWNER}/0-9hgA516p",
    "CIS Operating System Security Configuration Benchmarks": f"{OWNER}/0-H5hpSawc",
    "Security Best Practices": f"{OWNER}/0-JJOtZiqQ",
    "Network Reachability": f"{OWNER}/0-rD1z6dpl",
    "Runtime Behavior Analysis": f"{OWNER}/0-vg5GGHSD",
}

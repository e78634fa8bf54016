"""The list actions: how to make their lists longer and shorter, and how to read them page by page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from mock_inspector.errors import InvalidInputException

from .aws import create_target, create_template, list_packages

LIMITS = dict.fromkeys(["assessment_targets", "assessment_templates", "assessment_runs", "agents"])


# The ten lists, each with a way to lengthen and, where the API has one, to shorten it


def _refuse_removal(entry: str) -> object:
    raise NotImplementedError(f"{entry} cannot be removed")


@dataclass
class Listing:
    """A list action: its parameters, and how its entries are added and removed."""

    operation: str
    result: str
    add: Callable[[], str]
    params: Callable[[], dict[str, Any]] = dict
    remove: Callable[[str], object] = _refuse_removal
    identify: Callable[[Any], str] = str
    there: list[str] = field(default_factory=list)

    def fill(self, number: int) -> list[str]:
        """Add entries until there are that many, and return what identifies all of them, oldest first."""
        while len(self.there) < number:
            self.there.append(self.add())
        return list(self.there)

    def page(self, client: Any, params: dict[str, Any], **members: Any) -> tuple[list[str], str | None]:
        """What identifies the entries of one page, and the next token."""
        answer = getattr(client, xform_name(self.operation))(**params, **members)
        return [self.identify(entry) for entry in answer[self.result]], answer.get("nextToken")


_numbers = count()


def unique_name() -> str:
    return f"name {next(_numbers)}"


def add_target(backend: Any) -> str:
    return str(create_target(backend, unique_name()))


def add_template(backend: Any) -> str:
    return str(create_template(backend, add_target(backend), "daily", duration=3600, packages=list_packages(backend)))


def add_completed_run(backend: Any, template: str) -> str:
    run = backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    backend.set_run_state(run, "COMPLETED")
    return str(run)


def _list_targets(backend: Any) -> Listing:
    return Listing(
        "ListAssessmentTargets",
        "assessmentTargetArns",
        add=lambda: add_target(backend),
        remove=lambda arn: backend.delete_assessment_target(assessmentTargetArn=arn),
    )


def _list_templates(backend: Any) -> Listing:
    return Listing(
        "ListAssessmentTemplates",
        "assessmentTemplateArns",
        add=lambda: add_template(backend),
        remove=lambda arn: backend.delete_assessment_template(assessmentTemplateArn=arn),
    )


def _list_runs(backend: Any) -> Listing:
    template = add_template(backend)
    return Listing(
        "ListAssessmentRuns",
        "assessmentRunArns",
        add=lambda: add_completed_run(backend, template),
        remove=lambda arn: backend.delete_assessment_run(assessmentRunArn=arn),
    )


def _list_findings(backend: Any) -> Listing:
    template = add_template(backend)
    return Listing(
        "ListFindings",
        "findingArns",
        add=lambda: str(backend.add_finding(add_completed_run(backend, template), {})),
        remove=lambda arn: backend.delete_assessment_run(assessmentRunArn=arn.rpartition("/finding/")[0]),
    )


def _list_exclusions(backend: Any) -> Listing:
    run = add_completed_run(backend, add_template(backend))
    return Listing(
        "ListExclusions",
        "exclusionArns",
        add=lambda: str(backend.add_exclusion(run, {})),
        params=lambda: {"assessmentRunArn": run},
    )


def _list_rules_packages(backend: Any) -> Listing:
    there: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = backend.list_rules_packages(maxResults=100, **token)
        there += page["rulesPackageArns"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    return Listing(
        "ListRulesPackages",
        "rulesPackageArns",
        add=lambda: str(backend.add_rules_package(unique_name())),
        there=there,
    )


def _list_subscriptions(backend: Any) -> Listing:
    template = add_template(backend)

    def event(topic: str) -> dict[str, str]:
        return {"resourceArn": template, "event": "FINDING_REPORTED", "topicArn": topic}

    def subscribe() -> str:
        topic = f"arn:aws:sns:{backend.region}:{backend.account_id}:topic-{next(_numbers)}"
        backend.subscribe_to_event(**event(topic))
        return topic

    return Listing(
        "ListEventSubscriptions",
        "subscriptions",
        add=subscribe,
        remove=lambda topic: backend.unsubscribe_from_event(**event(topic)),
        identify=lambda subscription: subscription["topicArn"],
    )


def _preview_agents(backend: Any) -> Listing:
    target = add_target(backend)
    return Listing(
        "PreviewAgents",
        "agentPreviews",
        add=lambda: str(backend.add_instance().instance_id),
        params=lambda: {"previewAgentsArn": target},
        remove=backend.remove_instance,
        identify=lambda agent: agent["agentId"],
    )


def _list_run_agents(backend: Any) -> Listing:
    template = add_template(backend)
    return Listing(
        "ListAssessmentRunAgents",
        "assessmentRunAgents",
        add=lambda: str(backend.add_instance().instance_id),
        params=lambda: {"assessmentRunArn": add_completed_run(backend, template)},
        identify=lambda agent: agent["agentId"],
    )


def _preview_exclusions(backend: Any) -> Listing:
    template = add_template(backend)

    def params() -> dict[str, str]:
        token = backend.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
        backend.clock.tick(60)
        return {"assessmentTemplateArn": template, "previewToken": token}

    return Listing(
        "GetExclusionsPreview",
        "exclusionPreviews",
        add=lambda: str(backend.add_instance(agent_health="UNHEALTHY").instance_id),
        params=params,
        identify=lambda exclusion: exclusion["attributes"][0]["value"],
    )


LISTINGS: dict[str, Callable[[Any], Listing]] = {
    "ListAssessmentTargets": _list_targets,
    "ListAssessmentTemplates": _list_templates,
    "ListAssessmentRuns": _list_runs,
    "ListFindings": _list_findings,
    "ListExclusions": _list_exclusions,
    "ListRulesPackages": _list_rules_packages,
    "ListEventSubscriptions": _list_subscriptions,
    "PreviewAgents": _preview_agents,
    "ListAssessmentRunAgents": _list_run_agents,
    "GetExclusionsPreview": _preview_exclusions,
}


def error_code_of(call: Callable[..., Any], *args: Any, **members: Any) -> str:
    """The errorCode of the InvalidInputException that answers a call of a client or of a backend."""
    with pytest.raises((ClientError, InvalidInputException)) as refused:
        call(*args, **members)
    if isinstance(refused.value, InvalidInputException):
        return str(refused.value.members["errorCode"])
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"
    return str(refused.value.response["errorCode"])

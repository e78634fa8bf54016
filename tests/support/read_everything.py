"""The response of every Describe, List, Get and Preview action about everything in a mock."""

import json
from typing import Any

from mock_inspector.errors import ApiError

from .fake_service import fake_store

FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"severities": ["High", "Informational"]},
    {"agentIds": ["i-0web"]},
    {"attributes": [{"key": "INSTANCE_ID"}]},
    {"userAttributes": [{"key": "owner"}]},
)


def read_everything(backend):
    """All answers, of each account and region that has anything, as JSON values by the call and its parameters."""
    owners = [(store["account_id"], store["region"]) for store in backend.snapshot()["stores"]]
    return {owner: Reader(backend.for_account(owner[0]).for_region(owner[1])).answers for owner in owners}


class Reader:
    """The answers of one account in one region."""

    def __init__(self, backend):
        self._backend = backend
        self.answers: dict[str, Any] = {"published": [entry._asdict() for entry in backend.published]}
        self._resources()
        for template in self._pages("list_assessment_templates", "assessmentTemplateArns"):
            self._template(template)
        runs = self._pages("list_assessment_runs", "assessmentRunArns")
        self._pages("list_assessment_runs", "assessmentRunArns", filter={"states": ["COMPLETED", "COLLECTING_DATA"]})
        self._describe("describe_assessment_runs", "assessmentRunArns", runs, 10)
        for run in runs:
            self._run(run)
        for requested in FILTERS:
            findings = self._pages("list_findings", "findingArns", filter=requested)
            self._describe("describe_findings", "findingArns", findings, 100)

    def _resources(self):
        packages = self._pages("list_rules_packages", "rulesPackageArns")
        self._describe("describe_rules_packages", "rulesPackageArns", packages, 10)
        targets = self._pages("list_assessment_targets", "assessmentTargetArns")
        to_api = self._describe("describe_assessment_targets", "assessmentTargetArns", targets, 10)
        shown = [entry for answer in to_api for entry in answer["assessmentTargets"]]
        groups = dict.fromkeys(entry["resourceGroupArn"] for entry in shown if "resourceGroupArn" in entry)
        self._describe("describe_resource_groups", "resourceGroupArns", list(groups), 10)
        for target in targets:
            self._pages("preview_agents", "agentPreviews", previewAgentsArn=target)
        self._pages("list_event_subscriptions", "subscriptions")
        self._call("describe_cross_account_access_role")

    def _template(self, arn):
        self._describe("describe_assessment_templates", "assessmentTemplateArns", [arn], 1)
        self._call("list_tags_for_resource", resourceArn=arn)
        for preview in fake_store(self._backend).previews:
            if preview.template.arn == arn:
                of = {"assessmentTemplateArn": arn, "previewToken": preview.token}
                self._pages("get_exclusions_preview", "exclusionPreviews", **of)

    def _run(self, arn):
        self._pages("list_assessment_run_agents", "assessmentRunAgents", assessmentRunArn=arn)
        self._call("get_telemetry_metadata", assessmentRunArn=arn)
        exclusions = self._pages("list_exclusions", "exclusionArns", assessmentRunArn=arn)
        self._describe("describe_exclusions", "exclusionArns", exclusions, 100)
        self._pages("list_findings", "findingArns", assessmentRunArns=[arn])

    def _call(self, operation, **members):
        try:
            answer = getattr(self._backend, operation)(**members)
        except ApiError as error:
            answer = error.body()
        answers = self.answers[f"{operation} {json.dumps(members)}"] = json.loads(json.dumps(answer))
        return answers

    def _pages(self, operation, key, **members):
        found: list[Any] = []
        token: dict[str, str] = {}
        while True:
            answer = self._call(operation, maxResults=100, **members, **token)
            found += answer.get(key, [])
            if "nextToken" not in answer:
                return found
            token = {"nextToken": answer["nextToken"]}

    def _describe(self, operation, member, arns, maximum):
        return [
            self._call(operation, **{member: arns[begin : begin + maximum]}) for begin in range(0, len(arns), maximum)
        ]

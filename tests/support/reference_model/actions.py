"""What the actions of an account do and answer, except for the lists (see state.py).

An action is a generator. Up to its ``yield`` it decides: it raises :class:`Refused`, or yields the answer that is due, in
which :data:`ANY` stands for what only the mock can know, such as a new ARN. It is sent the answer that came, and then
changes the model.
"""

import re
from collections.abc import Generator
from itertools import count
from typing import Any

from .lists import Lists
from .state import ACCOUNT, ANY, ENDED, SEVERITIES, STARTING, Answer, Refused, agent_of, excluded, takes_part

Action = Generator[Answer, Answer, None]


class Model(Lists):
    """What one account has, and what its actions answer."""

    # The actions that change something

    def create_resource_group(self, resourceGroupTags: list[Answer]) -> Action:
        self.check_limit("resource_groups", "RESOURCE_GROUP", len(self.of["resourcegroup"]))
        answer = yield {"resourceGroupArn": ANY}
        tags = [(tag["key"], tag.get("value")) for tag in resourceGroupTags]
        self.add("resourcegroup", answer["resourceGroupArn"], tags=tags)

    def _target_name(self, name: str, but: str = "") -> None:
        if any(target["name"] == name and target["arn"] != but for target in self.of["target"].values()):
            raise Refused("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN")

    def create_assessment_target(self, assessmentTargetName: str, resourceGroupArn: str | None = None) -> Action:
        if resourceGroupArn is not None:
            self.find("resourcegroup", resourceGroupArn)
        self._target_name(assessmentTargetName)
        self.check_limit("assessment_targets", "ASSESSMENT_TARGET", len(self.of["target"]))
        answer = yield {"assessmentTargetArn": ANY}
        arn = answer["assessmentTargetArn"]
        self.add("target", arn, name=assessmentTargetName, group=resourceGroupArn, updated=self.now)

    def update_assessment_target(
        self, assessmentTargetArn: str, assessmentTargetName: str, resourceGroupArn: str | None = None
    ) -> Action:
        target = self.find("target", assessmentTargetArn)
        if resourceGroupArn is not None:
            self.find("resourcegroup", resourceGroupArn)
        self._target_name(assessmentTargetName, but=target["arn"])
        yield {}
        target.update(name=assessmentTargetName, group=resourceGroupArn, updated=self.now)

    def delete_assessment_target(self, assessmentTargetArn: str) -> Action:
        target = self.find("target", assessmentTargetArn)
        templates = self.under("template", "target", target["arn"])
        self.check_at_rest(run for template in templates for run in self.under("run", "template", template["arn"]))
        yield {}
        self._drop(templates=templates)
        del self.of["target"][target["arn"]]

    def create_assessment_template(
        self,
        assessmentTargetArn: str,
        assessmentTemplateName: str,
        durationInSeconds: int,
        rulesPackageArns: list[str],
        userAttributesForFindings: list[Answer],
    ) -> Action:
        check_unique(userAttributesForFindings, "INVALID_USER_ATTRIBUTE")
        target = self.find("target", assessmentTargetArn)
        for package in rulesPackageArns:
            self.find("rulespackage", package)
        if any(other["name"] == assessmentTemplateName for other in self.under("template", "target", target["arn"])):
            raise Refused("InvalidInputException", "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN")
        self.check_limit("assessment_templates", "ASSESSMENT_TEMPLATE", len(self.of["template"]))
        answer = yield {"assessmentTemplateArn": ANY}
        self.add(
            "template",
            answer["assessmentTemplateArn"],
            target=target["arn"],
            name=assessmentTemplateName,
            duration=durationInSeconds,
            packages=list(dict.fromkeys(rulesPackageArns)),
            attributes=userAttributesForFindings,
            tags=[],
            previews={},
        )

    def delete_assessment_template(self, assessmentTemplateArn: str) -> Action:
        template = self.find("template", assessmentTemplateArn)
        self.check_at_rest(self.under("run", "template", template["arn"]))
        yield {}
        self._drop(templates=[template])

    def set_tags_for_resource(self, resourceArn: str, tags: list[Answer] | None = None) -> Action:
        check_unique(tags or [], "INVALID_TAG")
        template = self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        yield {}
        template["tags"] = tags or []

    def start_assessment_run(self, assessmentTemplateArn: str, assessmentRunName: str | None = None) -> Action:
        template = self.find("template", assessmentTemplateArn)
        if not template["packages"]:
            raise Refused("InvalidInputException", "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS")
        siblings = self.under("run", "template", template["arn"])
        names = [run["name"] for run in siblings]
        if assessmentRunName in names:
            raise Refused("InvalidInputException", "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN")
        instances = self.members(self.of["target"][template["target"]])
        if any(one["health"] == "HEALTHY" and self.holders(one["id"]) for one in instances):
            raise Refused("AgentsAlreadyRunningAssessmentException")
        running = [run for run in self.of["run"].values() if self.state(run) not in ENDED]
        if instances:
            holding = [agent for run in running for agent in run["agents"] if takes_part(agent)]
            starting = [one for one in instances if takes_part(agent_of(one))]
            self.check_limit("agents", "ASSESSMENT_RUN", len(holding), len(starting))
        self.check_limit("assessment_runs", "ASSESSMENT_RUN", len(self.of["run"]))
        answer = yield {"assessmentRunArn": ANY}
        default_names = (f"Run {number} for {template['name']}" for number in count(len(names) + 1))
        run = self.add(
            "run",
            answer["assessmentRunArn"],
            template=template["arn"],
            name=assessmentRunName or next(name for name in default_names if name not in names),
            duration=template["duration"],
            packages=template["packages"],
            attributes=template["attributes"],
            agents=[agent_of(one) for one in instances],
            course=list(zip(STARTING, (self.now, self.now + 30, self.now + 61, self.now + 126), strict=True)),
            reports={},
            forced=False,
        )
        self._stop_at(run, self.now + 126 + 1000 * template["duration"])

    def stop_assessment_run(self, assessmentRunArn: str, stopAction: str = "START_EVALUATION") -> Action:
        run = self.find("run", assessmentRunArn)
        if self.state(run) in ENDED:
            raise Refused("InvalidInputException", "INVALID_ASSESSMENT_RUN_STATE")
        yield {}
        if stopAction == "SKIP_EVALUATION":
            self.force(run, "CANCELED")
        elif self.state(run) in STARTING:
            run["course"] = self.past(run) + self.missing(self.past(run), STARTING)
            self._stop_at(run, self.now)

    def delete_assessment_run(self, assessmentRunArn: str) -> Action:
        run = self.find("run", assessmentRunArn)
        self.check_at_rest([run])
        yield {}
        self._drop(runs=[run])

    def add_attributes_to_findings(self, findingArns: list[str], attributes: list[Answer]) -> Action:
        check_unique(attributes, "INVALID_USER_ATTRIBUTE")

        def add(finding: dict[str, Any]) -> Any:
            merged = {pair["key"]: pair for pair in (*self.attributes(finding), *attributes)}
            if len(merged) > 10:
                return "LIMIT_EXCEEDED"
            finding.update(attributes=list(merged.values()), updated=self.now)
            return None

        yield {"failedItems": self.each("finding", findingArns, add)[1]}

    def remove_attributes_from_findings(self, findingArns: list[str], attributeKeys: list[str]) -> Action:
        def remove(finding: dict[str, Any]) -> None:
            finding["attributes"] = [pair for pair in self.attributes(finding) if pair["key"] not in attributeKeys]

        yield {"failedItems": self.each("finding", findingArns, remove)[1]}

    def subscribe_to_event(self, resourceArn: str, event: str, topicArn: str) -> Action:
        check_topic(topicArn)
        template = self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        key = (template["arn"], topicArn)
        if event not in self.subscriptions.get(key, {"events": {}})["events"]:
            used = sum(len(entry["events"]) for entry in self.subscriptions.values())
            self.check_limit("event_subscriptions", "EVENT_SUBSCRIPTION", used)
        yield {}
        entry = self.subscriptions.setdefault(key, {"serial": next(self._serials), "events": {}})
        entry["events"].setdefault(event, self.now)

    def unsubscribe_from_event(self, resourceArn: str, event: str, topicArn: str) -> Action:
        check_topic(topicArn)
        template = self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        yield {}
        entry = self.subscriptions.get((template["arn"], topicArn), {"events": {event: 0}})
        entry["events"].pop(event, None)
        if not entry["events"]:
            self.subscriptions.pop((template["arn"], topicArn), None)

    def register_cross_account_access_role(self, roleArn: str) -> Action:
        if not re.fullmatch(r"arn:aws:iam::\d{12}:role/.+", roleArn):
            raise Refused("InvalidInputException", "INVALID_IAM_ROLE_ARN")
        if roleArn.split(":")[4] != ACCOUNT:
            raise Refused("AccessDeniedException", "ACCESS_DENIED_TO_IAM_ROLE")
        yield {}
        self.role = roleArn

    def create_exclusions_preview(self, assessmentTemplateArn: str) -> Action:
        template = self.find("template", assessmentTemplateArn)
        if not template["packages"]:
            raise Refused("InvalidInputException", "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS")
        if any(preview["ready"] > self.now for preview in template["previews"].values()):
            raise Refused("PreviewGenerationInProgressException")
        answer = yield {"previewToken": ANY}
        agents = [agent_of(one) for one in self.members(self.of["target"][template["target"]])]
        for agent in agents:
            if not agent["excluded"] and self.holders(agent["id"]):
                agent["excluded"] = "Agent is already running"
        template["previews"][answer["previewToken"]] = {"ready": self.now + 5000, "titles": excluded(agents)}

    # The actions that read

    def get_exclusions_preview(self, assessmentTemplateArn: str, previewToken: str) -> Action:
        template = self.find("template", assessmentTemplateArn)
        preview = template["previews"].get(previewToken)
        if preview is None:
            raise Refused("NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST")
        ready = preview["ready"] <= self.now
        titles = preview["titles"] if ready else []
        yield {"previewStatus": "COMPLETED" if ready else "WORK_IN_PROGRESS", "exclusionPreviews": titles}

    def get_assessment_report(self, assessmentRunArn: str, reportFileFormat: str, reportType: str) -> Action:
        run = self.find("run", assessmentRunArn)
        self.check_at_rest([run])
        begun = run["reports"].setdefault((reportFileFormat, reportType), self.now)
        if self.now < begun + 4000:
            yield {"status": "WORK_IN_PROGRESS"}
        elif self.state(run) in ("FAILED", "ERROR"):
            yield {"status": "FAILED"}
        else:
            yield {"status": "COMPLETED", "url": ANY}

    def get_telemetry_metadata(self, assessmentRunArn: str) -> Action:
        run = self.find("run", assessmentRunArn)
        sent = self._has_data(run) and any(agent["sends"] for agent in run["agents"])
        yield {"telemetryMetadata": ANY if sent else []}

    def _has_data(self, run: dict[str, Any]) -> bool:
        collected = ("DATA_COLLECTED", "START_EVALUATING_RULES_PENDING", "EVALUATING_RULES", *ENDED[:2])
        return self.started(run) is not None or self.collected(run, collected)

    def collected(self, run: dict[str, Any], collected: tuple[str, ...]) -> bool:
        """Whether data has been collected: by the state, or when the run ended otherwise, by its past."""
        if self.state(run) in ("CANCELED", "FAILED", "ERROR"):
            return any(state in collected for state, _ in self.past(run))
        return self.state(run) in collected

    def describe_cross_account_access_role(self) -> Action:
        linked = (
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector"
        )
        yield {"roleArn": self.role or linked, "valid": True, "registeredAt": ANY}

    def describe_resource_groups(self, resourceGroupArns: list[str]) -> Action:
        groups, failed = self.each(
            "resourcegroup",
            resourceGroupArns,
            lambda group: {
                "arn": group["arn"],
                "tags": [{"key": k} if v is None else {"key": k, "value": v} for k, v in group["tags"]],
                "createdAt": group["created"],
            },
        )
        yield {"resourceGroups": groups, "failedItems": failed}

    def describe_assessment_targets(self, assessmentTargetArns: list[str]) -> Action:
        targets, failed = self.each(
            "target",
            assessmentTargetArns,
            lambda target: without_none(
                arn=target["arn"],
                name=target["name"],
                resourceGroupArn=target["group"],
                createdAt=target["created"],
                updatedAt=target["updated"],
            ),
        )
        yield {"assessmentTargets": targets, "failedItems": failed}

    def describe_assessment_templates(self, assessmentTemplateArns: list[str]) -> Action:
        def to_api(template: dict[str, Any]) -> Answer:
            runs = self.under("run", "template", template["arn"])
            return without_none(
                arn=template["arn"],
                name=template["name"],
                assessmentTargetArn=template["target"],
                durationInSeconds=template["duration"],
                rulesPackageArns=template["packages"],
                userAttributesForFindings=template["attributes"],
                assessmentRunCount=len(runs),
                lastAssessmentRunArn=runs[-1]["arn"] if runs else None,
                createdAt=template["created"],
            )

        templates, failed = self.each("template", assessmentTemplateArns, to_api)
        yield {"assessmentTemplates": templates, "failedItems": failed}

    def describe_assessment_runs(self, assessmentRunArns: list[str]) -> Action:
        def to_api(run: dict[str, Any]) -> Answer:
            completed = self.completed(run)
            return without_none(
                arn=run["arn"],
                name=run["name"],
                assessmentTemplateArn=run["template"],
                state=self.state(run),
                durationInSeconds=run["duration"],
                rulesPackageArns=run["packages"],
                userAttributesForFindings=run["attributes"],
                createdAt=run["course"][0][1],
                startedAt=self.started(run),
                completedAt=completed,
                stateChangedAt=self.past(run)[-1][1],
                dataCollected=ANY,
                stateChanges=[{"state": state, "stateChangedAt": at} for state, at in self.past(run)[-50:]],
                notifications=ANY,
                findingCounts=None if completed is None else self.counts(run),
            )

        runs, failed = self.each("run", assessmentRunArns, to_api)
        yield {"assessmentRuns": runs, "failedItems": failed}

    def counts(self, run: dict[str, Any]) -> dict[str, int]:
        """How many findings of each severity a run has."""
        findings = self.under("finding", "run", run["arn"])
        return {severity: sum(found["severity"] == severity for found in findings) for severity in SEVERITIES}

    def describe_findings(self, findingArns: list[str]) -> Action:
        def to_api(finding: dict[str, Any]) -> Answer:
            return without_none(
                arn=finding["arn"],
                id=finding["rule"],
                severity=finding["severity"],
                agentId=finding["agent"],
                assessmentRunArn=finding["run"],
                rulesPackageArn=finding["package"],
                userAttributes=self.attributes(finding),
                createdAt=finding["created"],
                updatedAt=finding["updated"],
            )

        findings, failed = self.each("finding", findingArns, to_api)
        yield {"findings": findings, "failedItems": failed}

    def describe_exclusions(self, exclusionArns: list[str]) -> Action:
        shown, failed = self.each("exclusion", exclusionArns, lambda entry: (entry["arn"], entry["title"]))
        yield {"exclusions": dict(shown), "failedItems": failed}

    def describe_rules_packages(self, rulesPackageArns: list[str]) -> Action:
        packages, failed = self.each("rulespackage", rulesPackageArns, lambda _: ())
        yield {"rulesPackages": [ANY] * len(packages), "failedItems": failed}

    def list_tags_for_resource(self, resourceArn: str) -> Action:
        yield {"tags": self.find("template", resourceArn, "INVALID_RESOURCE_ARN")["tags"]}


def without_none(**members: Any) -> Answer:
    return {name: value for name, value in members.items() if value is not None}


def check_unique(pairs: list[Answer], code: str) -> None:
    keys = [pair["key"] for pair in pairs]
    if len(set(keys)) < len(keys):
        raise Refused("InvalidInputException", code)


def check_topic(arn: str) -> None:
    if not re.fullmatch(r"arn:aws:sns:[a-z0-9-]+:\d{12}:\w+", arn):
        raise Refused("InvalidInputException", "INVALID_SNS_TOPIC_ARN")

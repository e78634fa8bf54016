"""The rules of the service once more, small and plain, to compare the mock with (tests/test_state_machine.py).

It shares no code with the mock and has no wire: plain dicts, in the order of creation, and a clock of whole
milliseconds that stands where it is put. An action is a generator. Up to its ``yield`` it decides: it raises
:class:`Refused`, or yields the answer that is due, in which :data:`ANY` stands for what only the mock can know, such
as a new ARN. It is sent the answer that came, and then changes the model.
"""

import re
from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from itertools import count
from typing import Any

ACCOUNT = "123456789012"
LIMITS: dict[str, int | None] = {
    "assessment_targets": 4,
    "assessment_templates": 6,
    "assessment_runs": 8,
    "agents": 12,
    "resource_groups": 6,
    "event_subscriptions": 6,
}

STARTING = ["CREATED", "START_DATA_COLLECTION_PENDING", "START_DATA_COLLECTION_IN_PROGRESS", "COLLECTING_DATA"]
HOLDING = [*STARTING, "STOP_DATA_COLLECTION_PENDING"]
"""The states in which a run holds its agents."""
ENDED = ["COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELED", "FAILED", "ERROR"]
SEVERITIES = ["High", "Medium", "Low", "Informational", "Undefined"]

Answer = dict[str, Any]
Action = Generator[Answer, Answer, None]


class Refused(Exception):
    """The exception, and its errorCode, that a call should get."""

    def __init__(self, exception: str, code: str | None = None) -> None:
        super().__init__(exception, code)
        self.exception = exception
        self.code = code


class _Any:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # it equals everything

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = _Any()

NOUNS = {
    "resourcegroup": "RESOURCE_GROUP",
    "target": "ASSESSMENT_TARGET",
    "template": "ASSESSMENT_TEMPLATE",
    "run": "ASSESSMENT_RUN",
    "finding": "FINDING",
    "exclusion": "EXCLUSION",
    "rulespackage": "RULES_PACKAGE",
}


def noun_of(arn: str) -> str | None:
    """The kind of resource that an ARN names, or None for what is no ARN."""
    parts = arn.split(":")
    return parts[5].split("/")[-2] if len(parts) == 6 else None


def matches(pattern: str, name: str) -> bool:
    """Whether a name is of a pattern with ``*`` and ``?``."""
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), name, re.DOTALL))


def inside(bounds: dict[str, Any], value: float | None) -> bool:
    """Whether a value lies in a range of seconds, or of moments, either end of which may be missing."""
    if not bounds:
        return True
    if value is None:
        return False
    low, high = bounds.get("minSeconds", bounds.get("beginDate")), bounds.get("maxSeconds", bounds.get("endDate"))
    return (low is None or number(low) <= value) and (high is None or value <= number(high))


def number(bound: Any) -> float:
    """An end of a range: seconds as they are, moments in milliseconds."""
    return bound.timestamp() * 1000 if isinstance(bound, datetime) else bound


class Model:
    """What one account has, and what its actions answer."""

    def __init__(self, now: int, packages: list[str]) -> None:
        self.now = now
        self.instances: dict[str, dict[str, Any]] = {}
        self.of: dict[str, dict[str, dict[str, Any]]] = {noun: {} for noun in NOUNS}
        self.of["rulespackage"] = {arn: {"serial": place - 100} for place, arn in enumerate(packages)}
        self.subscriptions: dict[tuple[str, str], dict[str, Any]] = {}
        self.role: str | None = None
        self.faults: list[dict[str, Any]] = []
        self._serials = count()

    def kept(self, noun: str, arn: str, **members: Any) -> dict[str, Any]:
        """Keep a new resource."""
        self.of[noun][arn] = {"arn": arn, "serial": next(self._serials), "created": self.now, **members}
        return self.of[noun][arn]

    def under(self, noun: str, member: str, arn: str) -> list[dict[str, Any]]:
        """The resources of a kind that belong to another."""
        return [entry for entry in self.of[noun].values() if entry[member] == arn]

    # Finding

    def why_not(self, noun: str, arn: str) -> str | None:
        """Why an ARN leads to nothing, as a FailedItemErrorCode, or None."""
        if noun_of(arn) != noun:
            return "INVALID_ARN"
        if noun != "rulespackage" and arn.split(":")[4] != ACCOUNT:
            return "ACCESS_DENIED"
        return None if arn in self.of[noun] else "ITEM_DOES_NOT_EXIST"

    def find(self, noun: str, arn: str, invalid: str | None = None) -> dict[str, Any]:
        """What an ARN leads to, or Refused; ``invalid`` is the code for what is no ARN of that kind."""
        reason = self.why_not(noun, arn)
        if reason == "INVALID_ARN":
            raise Refused("InvalidInputException", invalid or f"INVALID_{NOUNS[noun]}_ARN")
        if reason == "ACCESS_DENIED":
            raise Refused("AccessDeniedException", f"ACCESS_DENIED_TO_{NOUNS[noun]}")
        if reason is not None:
            raise Refused("NoSuchEntityException", f"{NOUNS[noun]}_DOES_NOT_EXIST")
        return self.of[noun][arn]

    def each(self, noun: str, arns: list[str], do: Callable[[dict[str, Any]], Any]) -> tuple[list[Any], Answer]:
        """What ``do`` makes of each good ARN, and what failedItems says of the others."""
        done: list[Any] = []
        failed: Answer = {}
        for place, arn in enumerate(arns):
            reason = "DUPLICATE_ARN" if arn in arns[:place] else self.why_not(noun, arn)
            if reason is None:
                result = do(self.of[noun][arn])
                reason = result if isinstance(result, str) else None
            if reason is None:
                done.append(result)
            else:
                failed.setdefault(arn, {"failureCode": reason, "retryable": False})
        return done, failed

    def check_limit(self, name: str, code: str, used: int, more: int = 1) -> None:
        limit = LIMITS[name]
        if limit is not None and used + more > limit:
            raise Refused("LimitExceededException", f"{code}_LIMIT_EXCEEDED")

    # Faults

    def meet_faults(self, operation: str) -> None:
        """Raise the fault that this call meets, if any."""
        for fault in self.faults:
            if fault["operation"] not in (operation, "*") or not fault["times"]:
                continue
            if fault["after"]:
                fault["after"] -= 1
                continue
            fault["times"] -= 1
            raise Refused(fault["exception"], fault["code"])

    # The fleet

    def members(self, target: dict[str, Any]) -> list[dict[str, Any]]:
        """The instances of a target."""
        if target["group"] is None:
            return list(self.instances.values())
        wanted = self.of["resourcegroup"][target["group"]]["tags"]
        return [
            one
            for one in self.instances.values()
            if any(key in one["tags"] and value in (None, one["tags"][key]) for key, value in wanted)
        ]

    def holders(self, instance_id: str) -> set[str]:
        """The runs that hold an instance's agent."""
        return {
            run["arn"]
            for run in self.of["run"].values()
            if self.state(run) in HOLDING
            and any(a["id"] == instance_id and a["health"] == "HEALTHY" for a in run["agents"])
        }

    def remove_instance(self, instance_id: str) -> None:
        """An instance leaves the fleet."""
        gone = self.instances.pop(instance_id)
        for run in self.of["run"].values():
            for agent in run["agents"]:
                if agent["instance"] is gone and self.state(run) in HOLDING:
                    if self.started(run) is not None:
                        agent.update(health="UNHEALTHY", code="SHUTDOWN")
                    else:
                        agent.update(health="UNKNOWN", code="UNKNOWN", excluded="Agent not found")
            self._settle_end(run)

    # Runs

    def state(self, run: dict[str, Any]) -> str:
        return str(self.past(run)[-1][0])

    def past(self, run: dict[str, Any]) -> list[tuple[str, int]]:
        """The state changes that have happened."""
        return [change for change in run["course"] if change[1] <= self.now]

    def started(self, run: dict[str, Any]) -> int | None:
        return next((moment for state, moment in self.past(run) if state == "COLLECTING_DATA"), None)

    def completed(self, run: dict[str, Any]) -> int | None:
        state, moment = self.past(run)[-1]
        return moment if state in ENDED else None

    def busy(self, runs: Any) -> list[str]:
        return [run["arn"] for run in runs if self.state(run) not in ENDED]

    def check_at_rest(self, runs: Any) -> None:
        if self.busy(runs):
            raise Refused("AssessmentRunInProgressException")

    def _stop_at(self, run: dict[str, Any], moment: int) -> None:
        course = [("STOP_DATA_COLLECTION_PENDING", 0), ("DATA_COLLECTED", 59_964), ("EVALUATING_RULES", 60_216)]
        run["course"] += [(state, moment + offset) for state, offset in course]
        run["course"].append(("COMPLETED", moment + 61_517))
        run.update(evaluates=moment + 61_487, planned=next(self._serials), forced=False)
        self._settle_end(run)

    def _settle_end(self, run: dict[str, Any]) -> None:
        state, moment = run["course"][-1]
        if not run["forced"] and state.startswith("COMPLETED"):
            assessed = not run["agents"] or not all(agent["excluded"] for agent in run["agents"])
            run["course"][-1] = ("COMPLETED" if assessed else "COMPLETED_WITH_ERRORS", moment)

    def force(self, run: dict[str, Any], state: str) -> None:
        """Put a run into a state."""
        course = self.past(run)
        if course[-1][0] != state:
            course.append((state, self.now))
        run.update(course=course, evaluates=None, forced=True)

    def move_to(self, moment: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], list[str]]]:
        """Let time pass. Yields each run that is evaluated on the way, the findings that it reports then, and the
        titles of its exclusions; whoever asks finds out about their ARNs and tells :meth:`reported`."""
        due = [run for run in self.of["run"].values() if run["evaluates"] is not None and run["evaluates"] <= moment]
        for run in sorted(due, key=lambda run: (run["evaluates"], run["planned"])):
            self.now, run["evaluates"] = max(self.now, run["evaluates"]), None
            self._drop_evaluation(run)
            yield run, self._found(run), excluded(run["agents"])
        self.now = moment

    def reported(self, noun: str, run: dict[str, Any], arn: str, *, by_hand: bool = False, **members: Any) -> None:
        """Keep a finding or an exclusion that a run has reported."""
        self.kept(noun, arn, run=run["arn"], by_hand=by_hand, attributes=None, updated=self.now, **members)

    def _found(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        assessed = [agent for agent in run["agents"] if not agent["excluded"]]
        for package in run["packages"]:
            here = [
                {"package": package, "rule": rule, "severity": severity, "agent": agent["id"]}
                for agent in assessed
                for of_package, rule, severity in agent["findings"]
                if of_package == package
            ]
            if not here and (assessed or not run["agents"]):
                here = [{"package": package, "rule": None, "severity": "Informational", "agent": None}]
            found += here
        return found

    def _drop_evaluation(self, run: dict[str, Any]) -> None:
        for noun in ("finding", "exclusion"):
            for entry in self.under(noun, "run", run["arn"]):
                if not entry["by_hand"]:
                    del self.of[noun][entry["arn"]]

    def _drop(self, *, templates: list[dict[str, Any]] | None = None, runs: list[dict[str, Any]] | None = None) -> None:
        """Delete templates, or runs, with all that hangs on them."""
        for template in templates or []:
            self._drop(runs=self.under("run", "template", template["arn"]))
            del self.of["template"][template["arn"]]
            for key in [key for key in self.subscriptions if key[0] == template["arn"]]:
                del self.subscriptions[key]
        for run in runs or []:
            for noun in ("finding", "exclusion"):
                for entry in self.under(noun, "run", run["arn"]):
                    del self.of[noun][entry["arn"]]
            del self.of["run"][run["arn"]]

    # The actions that change something

    def create_resource_group(self, resourceGroupTags: list[Answer]) -> Action:
        self.check_limit("resource_groups", "RESOURCE_GROUP", len(self.of["resourcegroup"]))
        answer = yield {"resourceGroupArn": ANY}
        tags = [(tag["key"], tag.get("value")) for tag in resourceGroupTags]
        self.kept("resourcegroup", answer["resourceGroupArn"], tags=tags)

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
        self.kept("target", arn, name=assessmentTargetName, group=resourceGroupArn, updated=self.now)

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
        target = self.find("target", assessmentTargetArn)
        for package in rulesPackageArns:
            self.find("rulespackage", package)
        check_unique(userAttributesForFindings, "INVALID_USER_ATTRIBUTE")
        if any(other["name"] == assessmentTemplateName for other in self.under("template", "target", target["arn"])):
            raise Refused("InvalidInputException", "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN")
        self.check_limit("assessment_templates", "ASSESSMENT_TEMPLATE", len(self.of["template"]))
        answer = yield {"assessmentTemplateArn": ANY}
        self.kept(
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
        template = self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        check_unique(tags or [], "INVALID_TAG")
        yield {}
        template["tags"] = tags or []

    def start_assessment_run(self, assessmentTemplateArn: str, assessmentRunName: str | None = None) -> Action:
        template = self.find("template", assessmentTemplateArn)
        siblings = self.under("run", "template", template["arn"])
        names = [run["name"] for run in siblings]
        if assessmentRunName in names:
            raise Refused("InvalidInputException", "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN")
        instances = self.members(self.of["target"][template["target"]])
        if any(one["health"] == "HEALTHY" and self.holders(one["id"]) for one in instances):
            raise Refused("AgentsAlreadyRunningAssessmentException")
        running = [run for run in self.of["run"].values() if self.state(run) not in ENDED]
        if instances:
            self.check_limit("agents", "ASSESSMENT_RUN", sum(len(run["agents"]) for run in running), len(instances))
        self.check_limit("assessment_runs", "ASSESSMENT_RUN", len(self.of["run"]))
        answer = yield {"assessmentRunArn": ANY}
        made_up = (f"Run {number} for {template['name']}" for number in count(len(names) + 1))
        run = self.kept(
            "run",
            answer["assessmentRunArn"],
            template=template["arn"],
            name=assessmentRunName or next(name for name in made_up if name not in names),
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
            self._drop_evaluation(run)
            self.force(run, "CANCELED")
        elif self.state(run) in STARTING:
            run["course"] = self.past(run)
            self._stop_at(run, self.now)
        else:
            run["planned"] = next(self._serials)

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

    def attributes(self, finding: dict[str, Any]) -> list[Answer]:
        """A finding's user attributes: its own, else those that its template gave it."""
        own: list[Answer] | None = finding["attributes"]
        inherited: list[Answer] = self.of["run"][finding["run"]]["attributes"]
        return inherited if own is None else own

    def subscribe_to_event(self, resourceArn: str, event: str, topicArn: str) -> Action:
        template = self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        check_topic(topicArn)
        key = (template["arn"], topicArn)
        if event not in self.subscriptions.get(key, {"events": {}})["events"]:
            used = sum(len(entry["events"]) for entry in self.subscriptions.values())
            self.check_limit("event_subscriptions", "EVENT_SUBSCRIPTION", used)
        yield {}
        entry = self.subscriptions.setdefault(key, {"serial": next(self._serials), "events": {}})
        entry["events"].setdefault(event, self.now)

    def unsubscribe_from_event(self, resourceArn: str, event: str, topicArn: str) -> Action:
        template = self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        check_topic(topicArn)
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
        if any(preview["ready"] > self.now for preview in template["previews"].values()):
            raise Refused("PreviewGenerationInProgressException")
        answer = yield {"previewToken": ANY}
        agents = [agent_of(one) for one in self.members(self.of["target"][template["target"]])]
        for agent in agents:
            if not agent["excluded"] and self.holders(agent["id"]):
                agent["excluded"] = "Agent is already running"
        template["previews"][answer["previewToken"]] = {"ready": self.now + 5000, "titles": excluded(agents)}

    # The actions that tell

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
        def described(template: dict[str, Any]) -> Answer:
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

        templates, failed = self.each("template", assessmentTemplateArns, described)
        yield {"assessmentTemplates": templates, "failedItems": failed}

    def describe_assessment_runs(self, assessmentRunArns: list[str]) -> Action:
        def described(run: dict[str, Any]) -> Answer:
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
                stateChanges=[{"state": state, "stateChangedAt": at} for state, at in self.past(run)],
                notifications=ANY,
                findingCounts=None if completed is None else self.counts(run),
            )

        runs, failed = self.each("run", assessmentRunArns, described)
        yield {"assessmentRuns": runs, "failedItems": failed}

    def counts(self, run: dict[str, Any]) -> dict[str, int]:
        """How many findings of each severity a run has."""
        findings = self.under("finding", "run", run["arn"])
        return {severity: sum(found["severity"] == severity for found in findings) for severity in SEVERITIES}

    def describe_findings(self, findingArns: list[str]) -> Action:
        def described(finding: dict[str, Any]) -> Answer:
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

        findings, failed = self.each("finding", findingArns, described)
        yield {"findings": findings, "failedItems": failed}

    def describe_exclusions(self, exclusionArns: list[str]) -> Action:
        shown, failed = self.each("exclusion", exclusionArns, lambda entry: (entry["arn"], entry["title"]))
        yield {"exclusions": dict(shown), "failedItems": failed}

    def describe_rules_packages(self, rulesPackageArns: list[str]) -> Action:
        packages, failed = self.each("rulespackage", rulesPackageArns, lambda _: ())
        yield {"rulesPackages": [ANY] * len(packages), "failedItems": failed}

    def list_tags_for_resource(self, resourceArn: str) -> Action:
        yield {"tags": self.find("template", resourceArn, "INVALID_RESOURCE_ARN")["tags"]}

    # Lists: all entries that are due, each with its place in the order of creation

    def listed(self, operation: str, members: Answer) -> list[tuple[int, Any]]:
        """All that a list action should show with these members, whatever the pages, or Refused."""
        asked = dict(members)
        wanted = asked.pop("filter", None) or {}
        lists: dict[str, Callable[..., list[tuple[int, Any]]]] = {
            "ListAssessmentTargets": self._targets,
            "ListAssessmentTemplates": self._templates,
            "ListAssessmentRuns": self._runs,
            "ListFindings": self._findings,
            "ListExclusions": self._exclusions,
            "ListAssessmentRunAgents": self._run_agents,
            "ListEventSubscriptions": self._subscriptions,
            "ListRulesPackages": lambda _: places(self.of["rulespackage"].items()),
            "PreviewAgents": self._preview,
        }
        return lists[operation](wanted, **asked)

    def _packages_of(self, wanted: Answer) -> list[str]:
        asked: list[str] = wanted.get("rulesPackageArns", [])
        for arn in asked:
            self.find("rulespackage", arn)
        return asked

    def _targets(self, wanted: Answer) -> list[tuple[int, Any]]:
        pattern = wanted.get("assessmentTargetNamePattern", "*")
        return places((arn, entry) for arn, entry in self.of["target"].items() if matches(pattern, entry["name"]))

    def _templates(self, wanted: Answer, assessmentTargetArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentTargetArns:
            self.find("target", arn)
        packages = self._packages_of(wanted)
        return places(
            (arn, entry)
            for arn, entry in self.of["template"].items()
            if (not assessmentTargetArns or entry["target"] in assessmentTargetArns)
            and matches(wanted.get("namePattern", "*"), entry["name"])
            and inside(wanted.get("durationRange", {}), entry["duration"])
            and (not packages or set(packages) & set(entry["packages"]))
        )

    def _runs(self, wanted: Answer, assessmentTemplateArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentTemplateArns:
            self.find("template", arn)
        packages = self._packages_of(wanted)
        return places(
            (arn, run)
            for arn, run in self.of["run"].items()
            if (not assessmentTemplateArns or run["template"] in assessmentTemplateArns)
            and matches(wanted.get("namePattern", "*"), run["name"])
            and (not wanted.get("states") or self.state(run) in wanted["states"])
            and inside(wanted.get("durationRange", {}), run["duration"])
            and inside(wanted.get("startTimeRange", {}), self.started(run))
            and inside(wanted.get("completionTimeRange", {}), self.completed(run))
            and inside(wanted.get("stateChangeTimeRange", {}), self.past(run)[-1][1])
            and (not packages or set(packages) & set(run["packages"]))
        )

    def _findings(self, wanted: Answer, assessmentRunArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentRunArns:
            self.find("run", arn)
        packages = self._packages_of(wanted)
        pairs = wanted.get("userAttributes", [])
        return places(
            (arn, found)
            for arn, found in self.of["finding"].items()
            if (not assessmentRunArns or found["run"] in assessmentRunArns)
            and (not packages or found["package"] in packages)
            and (not wanted.get("severities") or found["severity"] in wanted["severities"])
            and (not wanted.get("ruleNames") or found["rule"] in wanted["ruleNames"])
            and (not wanted.get("agentIds") or found["agent"] in wanted["agentIds"])
            and (not pairs or any(pair in self.attributes(found) for pair in pairs))
            and inside(wanted.get("creationTimeRange", {}), found["created"])
        )

    def _exclusions(self, wanted: Answer, assessmentRunArn: str) -> list[tuple[int, Any]]:
        run = self.find("run", assessmentRunArn)
        return places((entry["arn"], entry) for entry in self.under("exclusion", "run", run["arn"]))

    def _run_agents(self, wanted: Answer, assessmentRunArn: str) -> list[tuple[int, Any]]:
        run = self.find("run", assessmentRunArn)
        return places(
            ((agent["id"], agent["health"], agent["code"]), agent)
            for agent in run["agents"]
            if (not wanted.get("agentHealths") or agent["health"] in wanted["agentHealths"])
            and (not wanted.get("agentHealthCodes") or agent["code"] in wanted["agentHealthCodes"])
        )

    def _subscriptions(self, wanted: Answer, resourceArn: str | None = None) -> list[tuple[int, Any]]:
        if resourceArn is not None:
            self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        return places(
            ((*key, dict(entry["events"])), entry)
            for key, entry in self.subscriptions.items()
            if resourceArn in (None, key[0])
        )

    def _preview(self, wanted: Answer, previewAgentsArn: str) -> list[tuple[int, Any]]:
        if noun_of(previewAgentsArn) == "template":
            target = self.of["target"][self.find("template", previewAgentsArn)["target"]]
        else:
            target = self.find("target", previewAgentsArn)
        return places(((one["id"], one["health"]), one) for one in self.members(target))

    def joined(self, instance_id: str, **members: Any) -> None:
        """An instance joins the fleet."""
        self.instances[instance_id] = {"id": instance_id, "serial": next(self._serials), **members}


def agent_of(instance: dict[str, Any]) -> dict[str, Any]:
    """The part that an instance takes in a run that starts now."""
    health = instance["health"]
    return {
        "id": instance["id"],
        "serial": instance["serial"],
        "instance": instance,
        "health": health,
        "code": "RUNNING" if health == "HEALTHY" else health,
        "excluded": {"UNHEALTHY": "Agent is unhealthy", "UNKNOWN": "Agent not found"}.get(health),
        "sends": health == "HEALTHY",
        "findings": instance["findings"],
    }


def excluded(agents: list[dict[str, Any]]) -> list[str]:
    """The titles of the exclusions that a run with these agents has."""
    return [agent["excluded"] for agent in agents if agent["excluded"]] if agents else ["No instances in target"]


def places(entries: Any) -> list[tuple[int, Any]]:
    """What is shown of entries, in the order of creation."""
    return sorted(((entry["serial"], shown) for shown, entry in entries), key=lambda place: place[0])


def without_none(**members: Any) -> Answer:
    return {name: value for name, value in members.items() if value is not None}


def check_unique(pairs: list[Answer], code: str) -> None:
    keys = [pair["key"] for pair in pairs]
    if len(set(keys)) < len(keys):
        raise Refused("InvalidInputException", code)


def check_topic(arn: str) -> None:
    if not re.fullmatch(r"arn:aws:sns:[a-z0-9-]+:\d{12}:\w+", arn):
        raise Refused("InvalidInputException", "INVALID_SNS_TOPIC_ARN")

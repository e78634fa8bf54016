"""All actions, moves of the clock, changes of the instances and faults, in any order, compared with the reference model.

``HYPOTHESIS_PROFILE=thorough`` tries many more and longer sequences, for minutes."""

import inspect
import os
import re
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mock_inspector import findings, mock_inspector

from ..support.aws import BEST_PRACTICES, CIS, CVE
from ..support.fake_service import fake_store
from ..support.fast_subset import max_examples
from ..support.reference_model.actions import Model
from ..support.reference_model.state import LIMITS, SEVERITIES, Refused, check_form
from ..support.requests import FOREIGN_ACCOUNT
from ..support.service_model import MODEL, OPERATIONS

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
PROFILE = settings(
    max_examples=1_000 if THOROUGH else max_examples(80),
    stateful_step_count=100 if THOROUGH else 40,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)

REGION = "us-west-2"
BEGIN = 1_771_200_000_000
PACKAGES = [CVE, CIS, BEST_PRACTICES]
STATES = list(MODEL.shape_for("AssessmentRunState").enum)
EVENTS = list(MODEL.shape_for("InspectorEvent").enum)
FINDING_SPECS = [
    (CVE, "CVE-2016-0001", "High", findings.cve("CVE-2016-0001", severity="High")),
    (CVE, "CVE-2016-0002", "Low", findings.cve("CVE-2016-0002", severity="Low")),
    (
        BEST_PRACTICES,
        "Enable ASLR",
        "Medium",
        findings.best_practice("Enable ASLR"),
    ),
]

names = st.sampled_from(["a", "ab", "b", "A", "[a]", "a*", "é ✓"])
patterns = st.sampled_from(["*", "a", "a*", "*b", "?", "??", "[a]", "[*", "A", "*a*", "a?*", "R*", "Run 1*", "none"])
tags = st.dictionaries(st.sampled_from(["Name", "team"]), st.sampled_from(["web", "db"]), max_size=2)
pairs = st.lists(
    st.sampled_from(
        [{"key": "k1", "value": "1"}, {"key": "k1", "value": "2"}, {"key": "k2"}, {"key": "k3", "value": "¿"}]
    ),
    max_size=3,
)
seconds = st.sampled_from([180, 181, 200, 600, 3600, 86_400])
events = st.sampled_from(EVENTS)
topics = st.sampled_from([f"arn:aws:sns:{REGION}:{account}:t" for account in ("123456789012", FOREIGN_ACCOUNT)] + ["t"])
packages = st.lists(st.sampled_from(PACKAGES), max_size=3)
health = st.sampled_from(["HEALTHY", "HEALTHY", "HEALTHY", "UNHEALTHY", "UNKNOWN"])
sizes = st.sampled_from([1, 2, 3, 500])
one_of_data = st.data()


def moment(value):
    return datetime.fromtimestamp(value / 1000, timezone.utc)


def milliseconds(value):
    """A boto3 answer with its moments as milliseconds, all through."""
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {name: milliseconds(entry) for name, entry in value.items()}
    return [milliseconds(entry) for entry in value] if isinstance(value, list) else value


def without_mock_texts(finding):
    """What the model knows of a finding."""
    service = finding["serviceAttributes"]
    comparable = {
        "id": finding.get("id"),
        "agentId": finding["assetAttributes"].get("agentId"),
        "assessmentRunArn": service["assessmentRunArn"],
        "rulesPackageArn": service.get("rulesPackageArn"),
    }
    same = {name: finding[name] for name in ("arn", "severity", "userAttributes", "createdAt", "updatedAt")}
    return {**same, **{name: value for name, value in comparable.items() if value is not None}}


def comparable(operation, answer):
    """What the model knows of an answer."""
    answer = milliseconds({name: value for name, value in answer.items() if name != "ResponseMetadata"})
    if operation == "DescribeFindings":
        answer["findings"] = [without_mock_texts(finding) for finding in answer["findings"]]
    if operation == "DescribeExclusions":
        answer["exclusions"] = {arn: exclusion["title"] for arn, exclusion in answer["exclusions"].items()}
    if operation == "GetExclusionsPreview":
        answer["exclusionPreviews"] = [exclusion["title"] for exclusion in answer["exclusionPreviews"]]
    return answer


def comparable_entry(operation, entry):
    """What the model knows of an entry of a list."""
    if operation == "ListAssessmentRunAgents":
        return entry["agentId"], entry["agentHealth"], entry["agentHealthCode"]
    if operation == "PreviewAgents":
        return entry["agentId"], entry["agentHealth"]
    if operation == "ListEventSubscriptions":
        events = {one["event"]: one["subscribedAt"] for one in milliseconds(entry["eventSubscriptions"])}
        return entry["resourceArn"], entry["topicArn"], events
    return entry


class Service(RuleBasedStateMachine):
    """The mock, through boto3, beside the model."""

    client = None

    def __init__(self):
        super().__init__()
        self.mock = mock_inspector(at=BEGIN / 1000, region=REGION, limits=LIMITS)
        self.backend = self.mock.__enter__()
        self.model = Model(BEGIN, self.backend.list_rules_packages()["rulesPackageArns"])
        self.gone: dict[str, list[str]] = {noun: [] for noun in self.model.of}
        self.tokens = ["00000000-0000-4000-a000-000000000000"]
        self.readers = []
        self.numbers = 0

    def teardown(self):
        try:
            self.model.faults.clear()
            fake_store(self.backend).faults.clear()
            self.look_at_everything()
        finally:
            self.mock.__exit__(None, None, None)

    # Calling both

    def both(self, operation, expect, **members):
        """Call an action; it does what ``expect`` says, an answer or Refused. Returns the answer, None when refused."""
        try:
            self.model.raise_fault(operation)
            order = list(MODEL.operation_model(operation).input_shape.members) if members else []
            check_form(operation, {name: members[name] for name in order if name in members})
            expected = expect()
        except Refused as refused:
            expected = refused
        answer, refusal = self.call_client(operation, members)
        if refusal is not None:
            assert isinstance(expected, Refused), (operation, members, refusal, expected)
            assert (refusal["Error"]["Code"], refusal.get("errorCode")) == (expected.exception, expected.code), members
            self.check_names(refusal)
            return None
        assert not isinstance(expected, Refused), (operation, members, answer, expected)
        if expected is not None:
            assert answer == expected, (operation, members)
        return answer

    def call_client(self, operation, members):
        """The answer to a call, or the error instead."""
        try:
            return comparable(operation, getattr(self.client, xform_name(operation))(**members)), None
        except ClientError as error:
            return None, error.response

    def check_names(self, answers):
        """The runs and agents that an error names are such as it says."""
        for arn in answers.get("assessmentRunArns", []):
            assert arn in self.model.busy(self.model.of["run"].values())
        for agent in answers.get("agents", []):
            assert agent["assessmentRunArn"] in self.model.holders(agent["agentId"])

    def call(self, operation, **members):
        """Call an action that is no list."""
        action = getattr(self.model, xform_name(operation))(**members)
        before = {noun: list(entries) for noun, entries in self.model.of.items()}
        answer = self.both(operation, lambda: next(action), **members)
        if answer is not None:
            with pytest.raises(StopIteration):
                action.send(answer)
        for noun, arns in before.items():
            self.gone[noun] += [arn for arn in arns if arn not in self.model.of[noun]]
        return answer

    def page(self, operation, size, *, after=-1_000, token=None, **members):
        """Request a page, the entries after an index. Returns the last one's index and the token for the next page."""

        def expect():
            due.extend(entry for entry in self.model.listed(operation, members) if entry[0] > after)

        due: list[tuple[int, Any]] = []
        more = {} if token is None else {"nextToken": token}
        answer = self.both(operation, expect, maxResults=size, **members, **more)
        if answer is None:
            return None
        entries = next(value for value in answer.values() if isinstance(value, list))
        assert [comparable_entry(operation, entry) for entry in entries] == [shown for _, shown in due[:size]], members
        assert ("nextToken" in answer) == (len(due) > size)
        return (due[size - 1][0], answer["nextToken"]) if len(due) > size else None

    def pages(self, operation, size, **members):
        """Request all pages, one after the other."""
        further = self.page(operation, size, **members)
        while further is not None:
            after, token = further
            further = self.page(operation, size, after=after, token=token, **members)

    def some(self, data, noun):
        """An ARN for a member of this kind: mostly a good one."""
        live = list(self.model.of[noun])
        ways = {
            "gone": self.gone[noun],
            "theirs": [arn.replace("123456789012", FOREIGN_ACCOUNT) for arn in live if noun != "rulespackage"],
            "wrong": [arn for other, entries in self.model.of.items() if other != noun for arn in entries],
            "none": ["arn", "arn:aws:s3:::bucket/a"],
        }
        way = data.draw(st.sampled_from(["live"] * 12 + list(ways)))
        return data.draw(st.sampled_from(live if way == "live" and live else ways.get(way) or ways["none"]))

    def several(self, data, noun, maximum=3):
        return [self.some(data, noun) for _ in range(data.draw(st.integers(1, maximum)))]

    def maybe(self, data, **members):
        """Some of the members, each drawn when it is there."""
        return {name: data.draw(value) for name, value in members.items() if data.draw(st.booleans())}

    def a_range(self, data, values, ends):
        """A range, either end of which may be open."""
        drawn = sorted(data.draw(st.lists(st.sampled_from(values), min_size=2, max_size=2)))
        return {end: value for end, value in zip(ends, drawn, strict=True) if data.draw(st.booleans())}

    def moments(self, data):
        """A range of moments near those at which something has happened."""
        happened = [change for run in self.model.of["run"].values() for _, change in run["course"]]
        whole = sorted(
            {value // 1000 * 1000 + more for value in [BEGIN, self.model.now, *happened] for more in (0, 1000)}
        )
        return self.a_range(data, [moment(value) for value in whole], ("beginDate", "endDate"))

    # Instances, the clock, faults and what is put in by hand

    @initialize(begun=st.sampled_from(["nothing", "run", "findings", "findings"]))
    def prepare(self, begun):
        self.add_instance({"Name": "web"}, "HEALTHY", [0])
        group = self.call("CreateResourceGroup", resourceGroupTags=[{"key": "Name", "value": "web"}])[
            "resourceGroupArn"
        ]
        for name, members in (("web", {"resourceGroupArn": group}), ("all", {})):
            target = self.call("CreateAssessmentTarget", assessmentTargetName=name, **members)["assessmentTargetArn"]
            self.make_template(target, "first")
        if begun != "nothing":
            template = next(iter(self.model.of["template"]))
            self.call("StartAssessmentRun", assessmentTemplateArn=template)
        if begun == "findings":
            self.move_to(BEGIN + 300_000)

    @rule(tags=tags, health=health, spec_numbers=st.lists(st.sampled_from(range(len(FINDING_SPECS))), max_size=2))
    def add_instance(self, tags, health, spec_numbers):
        self.numbers += 1
        instance_id = f"i-{self.numbers % 8}"
        if instance_id in self.model.instances:
            return
        specs = [FINDING_SPECS[index] for index in spec_numbers]
        self.backend.add_instance(instance_id, tags=tags, agent_health=health, findings=[one[3] for one in specs])
        self.model.add_instance(instance_id, tags=tags, health=health, findings=[one[:3] for one in specs])

    @precondition(lambda self: self.model.instances)
    @rule(data=one_of_data)
    def remove_instance(self, data):
        instance_id = data.draw(st.sampled_from(list(self.model.instances)))
        self.backend.remove_instance(instance_id)
        self.model.remove_instance(instance_id)

    def move_to(self, moment):
        self.backend.clock.move_to(moment / 1000)
        for run, found, titles in self.model.move_to(moment):
            known = self.model.of["finding"]
            arns = [arn for arn in self.all_findings(run["arn"]) if arn not in known]
            assert len(arns) == len(found)
            for arn, members in zip(arns, found, strict=True):
                self.model.reported("finding", run, arn, **members)
            arns = self.backend.list_exclusions(assessmentRunArn=run["arn"], maxResults=500)["exclusionArns"]
            arns = [arn for arn in arns if arn not in self.model.of["exclusion"]]
            assert len(arns) == len(titles)
            for arn, title in zip(arns, titles, strict=True):
                self.model.reported("exclusion", run, arn, title=title)

    def all_findings(self, run):
        page = self.backend.list_findings(assessmentRunArns=[run], maxResults=100)
        assert "nextToken" not in page
        return page["findingArns"]

    @rule(step=st.sampled_from([1, 29, 30, 61, 126, 4_000, 5_000, 59_964, 61_517, 180_126, 250_000, 4_000_000, 10**8]))
    def let_time_pass(self, step):
        self.move_to(self.model.now + step)

    @precondition(lambda self: self.model.of["run"])
    @rule(data=one_of_data, off=st.sampled_from([-1, 0, 1]))
    def let_time_pass_until_a_run_changes(self, data, off):
        changes = {
            change + off
            for run in self.model.of["run"].values()
            for change in [*(moment for _, moment in run["course"]), run["evaluates"] or 0]
        }
        ahead = sorted(change for change in changes if change > self.model.now)
        if ahead:
            self.move_to(data.draw(st.sampled_from(ahead)))

    @precondition(lambda self: self.model.of["run"])
    @rule(data=one_of_data, state=st.sampled_from(STATES))
    def set_run_state(self, data, state):
        run = self.model.of["run"][data.draw(st.sampled_from(list(self.model.of["run"])))]
        self.backend.set_run_state(run["arn"], state)
        self.model.force(run, state)

    @precondition(lambda self: self.model.of["run"])
    @rule(data=one_of_data)
    def finish_run(self, data):
        run = self.model.of["run"][data.draw(st.sampled_from(list(self.model.of["run"])))]
        if not run["forced"]:
            self.move_to(max(self.model.now, run["course"][-1][1]))
            self.backend.finish_run(run["arn"])
            assert self.backend.clock.now().timestamp() * 1000 == self.model.now

    @precondition(lambda self: self.model.of["run"])
    @rule(data=one_of_data, severity=st.sampled_from(SEVERITIES))
    def add_by_hand(self, data, severity):
        run = self.model.of["run"][data.draw(st.sampled_from(list(self.model.of["run"])))]
        self.numbers += 1
        rule = f"rule {self.numbers % 2}"
        asset = {"schemaVersion": 1, "agentId": "i-1"}
        arn = self.backend.add_finding(run["arn"], {"severity": severity, "id": rule, "assetAttributes": asset})
        package = next(iter(run["packages"]), None)
        comparable = {"severity": severity, "rule": rule, "agent": "i-1", "package": package}
        self.model.reported("finding", run, arn, by_hand=True, **comparable)
        arn = self.backend.add_exclusion(run["arn"], {"title": "By hand"})
        self.model.reported("exclusion", run, arn, by_hand=True, title="By hand")

    @rule(
        operation=st.sampled_from([*OPERATIONS, "*"]),
        error=st.sampled_from([
            ("ThrottlingException", "ThrottlingException", None),
            ("ServiceTemporarilyUnavailableException", "ServiceTemporarilyUnavailableException", None),
            ("ACCESS_DENIED_TO_FINDING", "AccessDeniedException", "ACCESS_DENIED_TO_FINDING"),
            ("EVENT_SUBSCRIPTION_LIMIT_EXCEEDED", "LimitExceededException", "EVENT_SUBSCRIPTION_LIMIT_EXCEEDED"),
        ]),
        times=st.integers(1, 2),
        after=st.integers(0, 2),
    )  # fmt: skip
    def inject_fault(self, operation, error, times, after):
        code, exception, error_code = error
        self.backend.inject_fault(operation, code, times=times, after=after)
        self.model.faults.append(
            {"operation": operation, "exception": exception, "code": error_code, "times": times, "after": after}
        )

    # The actions

    @rule(data=one_of_data, more=st.booleans())
    def resource_groups(self, data, more):
        if more:
            tags = st.fixed_dictionaries(
                {"key": st.sampled_from(["Name", "team"])}, optional={"value": st.sampled_from(["web", "db"])}
            )
            self.call("CreateResourceGroup", resourceGroupTags=data.draw(st.lists(tags, min_size=1, max_size=3)))
        self.call("DescribeResourceGroups", resourceGroupArns=self.several(data, "resourcegroup"))

    def group(self, data):
        return {"resourceGroupArn": self.some(data, "resourcegroup")} if data.draw(st.booleans()) else {}

    @rule(data=one_of_data, name=names)
    def create_target(self, data, name):
        self.call("CreateAssessmentTarget", assessmentTargetName=name, **self.group(data))

    @rule(data=one_of_data, name=names)
    def update_target(self, data, name):
        arn = self.some(data, "target")
        self.call("UpdateAssessmentTarget", assessmentTargetArn=arn, assessmentTargetName=name, **self.group(data))

    @rule(data=one_of_data, name=names, seconds=seconds, packages=packages, attributes=pairs)
    def create_template(self, data, name, seconds, packages, attributes):
        self.make_template(self.some(data, "target"), name, seconds, packages, attributes)

    def make_template(self, target, name, seconds=180, packages=(CVE, CIS), attributes=()):
        self.call(
            "CreateAssessmentTemplate",
            assessmentTargetArn=target,
            assessmentTemplateName=name,
            durationInSeconds=seconds,
            rulesPackageArns=list(packages),
            userAttributesForFindings=list(attributes),
        )

    @rule(data=one_of_data, noun=st.sampled_from(["target", "template", "run", "run", "run"]))
    def delete(self, data, noun):
        self.delete_one(noun, self.some(data, noun))

    def delete_one(self, noun, arn):
        if noun == "target":
            self.call("DeleteAssessmentTarget", assessmentTargetArn=arn)
        elif noun == "template":
            self.call("DeleteAssessmentTemplate", assessmentTemplateArn=arn)
        else:
            self.call("DeleteAssessmentRun", assessmentRunArn=arn)

    @rule(data=one_of_data, noun=st.sampled_from(["target", "template", "run"]), between=st.booleans())
    def delete_and_make_again(self, data, noun, between):
        """The name of what is deleted can be given again; that of what is not, cannot."""
        entry = self.model.of[noun].get(self.some(data, noun))
        if entry is None:
            return
        if noun == "run" and between:
            self.call("StopAssessmentRun", assessmentRunArn=entry["arn"], stopAction="SKIP_EVALUATION")
        self.delete_one(noun, entry["arn"])
        if noun == "target":
            self.call("CreateAssessmentTarget", assessmentTargetName=entry["name"])
        elif noun == "template":
            self.make_template(entry["target"], entry["name"])
        else:
            self.call("StartAssessmentRun", assessmentTemplateArn=entry["template"], assessmentRunName=entry["name"])

    @precondition(lambda self: self.model.of["template"])
    @rule(data=one_of_data, tags=st.none() | pairs)
    def tag(self, data, tags):
        arn = self.some(data, "template")
        self.call("SetTagsForResource", resourceArn=arn, **({} if tags is None else {"tags": tags}))
        self.call("ListTagsForResource", resourceArn=arn)

    @precondition(lambda self: self.model.of["template"])
    @rule(data=one_of_data, event=events, topic=topics, on=st.booleans())
    def subscribe(self, data, event, topic, on):
        there = [(*key, event) for key, entry in self.model.subscriptions.items() for event in entry["events"]]
        if not on and there:
            template, topic, event = data.draw(st.sampled_from(there))
            self.call("UnsubscribeFromEvent", resourceArn=template, event=event, topicArn=topic)
            return
        members = {"resourceArn": self.some(data, "template"), "event": event, "topicArn": topic}
        if on:
            self.call("SubscribeToEvent", **members)
        else:
            self.call("UnsubscribeFromEvent", **members)

    @precondition(lambda self: self.model.of["template"])
    @rule(data=one_of_data)
    def start_run(self, data):
        self.start(data)

    @precondition(lambda self: self.model.of["template"])
    @rule(data=one_of_data, step=st.sampled_from([0, 100, 30_000]))
    def start_run_and_wait(self, data, step):
        if self.start(data) is not None:
            self.move_to(self.model.now + step)

    def start(self, data):
        name = self.maybe(data, assessmentRunName=names)
        return self.call("StartAssessmentRun", assessmentTemplateArn=self.some(data, "template"), **name)

    @precondition(lambda self: self.model.of["run"])
    @rule(data=one_of_data)
    def stop_run(self, data):
        action = self.maybe(data, stopAction=st.sampled_from(["START_EVALUATION", "SKIP_EVALUATION"]))
        self.call("StopAssessmentRun", assessmentRunArn=self.some(data, "run"), **action)

    @precondition(lambda self: any(run["evaluates"] for run in self.model.of["run"].values()))
    @rule(
        data=one_of_data,
        off=st.sampled_from([-1, 0, 29]),
        action=st.sampled_from(["START_EVALUATION", "SKIP_EVALUATION"]),
    )
    def stop_run_around_its_evaluation(self, data, off, action):
        runs = [run for run in self.model.of["run"].values() if run["evaluates"]]
        run = data.draw(st.sampled_from(runs))
        self.move_to(max(self.model.now, run["evaluates"] + off))
        self.call("StopAssessmentRun", assessmentRunArn=run["arn"], stopAction=action)

    @precondition(lambda self: self.model.of["finding"])
    @rule(data=one_of_data)
    def evaluate_again(self, data):
        finding = self.model.of["finding"][data.draw(st.sampled_from(list(self.model.of["finding"])))]
        run = self.model.of["run"][finding["run"]]
        self.backend.set_run_state(run["arn"], "COLLECTING_DATA")
        self.model.force(run, "COLLECTING_DATA")
        self.call("StopAssessmentRun", assessmentRunArn=run["arn"])
        self.move_to(self.model.now + 61_517)

    @precondition(lambda self: self.model.of["run"])
    @rule(data=one_of_data, file_format=st.sampled_from(["HTML", "PDF"]), kind=st.sampled_from(["FINDING", "FULL"]))
    def report(self, data, file_format, kind):
        arn = self.some(data, "run")
        self.call("GetAssessmentReport", assessmentRunArn=arn, reportFileFormat=file_format, reportType=kind)
        self.call("GetTelemetryMetadata", assessmentRunArn=arn)

    @rule(data=one_of_data)
    def describe_runs(self, data):
        self.call("DescribeAssessmentRuns", assessmentRunArns=self.several(data, "run"))
        self.call("DescribeAssessmentTemplates", assessmentTemplateArns=self.several(data, "template"))
        self.call("DescribeAssessmentTargets", assessmentTargetArns=self.several(data, "target"))

    @precondition(lambda self: self.model.of["finding"])
    @rule(data=one_of_data)
    def describe_reported(self, data):
        self.call("DescribeFindings", findingArns=self.several(data, "finding"))
        self.call("DescribeExclusions", exclusionArns=self.several(data, "exclusion"))
        self.call("DescribeRulesPackages", rulesPackageArns=self.several(data, "rulespackage"))

    @precondition(lambda self: self.model.of["finding"])
    @rule(data=one_of_data, count=st.integers(1, 10), start=st.integers(0, 6))
    def add_attributes(self, data, count, start):
        attributes = data.draw(pairs) or [{"key": f"k{start + index}"} for index in range(count)]
        self.call("AddAttributesToFindings", findingArns=self.several(data, "finding"), attributes=attributes)

    @precondition(lambda self: self.model.of["finding"])
    @rule(data=one_of_data, keys=st.lists(st.sampled_from(["k1", "k2", "k3"]), min_size=1, max_size=3))
    def remove_attributes(self, data, keys):
        self.call("RemoveAttributesFromFindings", findingArns=self.several(data, "finding"), attributeKeys=keys)

    @precondition(lambda self: self.model.of["template"])
    @rule(data=one_of_data, more=st.booleans())
    def preview_exclusions(self, data, more):
        arn = self.some(data, "template")
        if more and (answer := self.call("CreateExclusionsPreview", assessmentTemplateArn=arn)):
            self.tokens.append(answer["previewToken"])
        previews = self.model.of["template"].get(arn, {"previews": {}})["previews"]
        token = data.draw(st.sampled_from(list(previews) or self.tokens))
        self.call("GetExclusionsPreview", assessmentTemplateArn=arn, previewToken=token)

    @rule(
        account=st.sampled_from(["123456789012", "123456789012", FOREIGN_ACCOUNT]),
        path=st.sampled_from(["role/r", "user/u"]),
    )
    def register_role(self, account, path):
        self.call("RegisterCrossAccountAccessRole", roleArn=f"arn:aws:iam::{account}:{path}")
        self.call("DescribeCrossAccountAccessRole")

    # Lists

    def list_request(self, data):
        """A list action, and its parameters."""
        operation, about = data.draw(st.sampled_from(sorted(LIST_REQUESTS.items())))
        members = about(self, data)
        if not members.get("filter", True):
            del members["filter"]
        return operation, members

    def about_targets(self, data):
        return {"filter": self.maybe(data, assessmentTargetNamePattern=patterns)}

    def about_templates(self, data):
        requested = self.maybe(data, namePattern=patterns, rulesPackageArns=packages)
        return self.of_some(data, "assessmentTargetArns", "target") | {"filter": requested | self.durations(data)}

    def about_runs(self, data):
        requested = self.maybe(
            data, namePattern=patterns, rulesPackageArns=packages, states=st.lists(st.sampled_from(STATES), max_size=4)
        )
        ranges = data.draw(st.lists(st.sampled_from(["start", "completion", "stateChange"]), max_size=2))
        requested |= {f"{name}TimeRange": self.moments(data) for name in ranges}
        return self.of_some(data, "assessmentTemplateArns", "template") | {"filter": requested | self.durations(data)}

    def about_findings(self, data):
        requested = self.maybe(
            data,
            severities=st.lists(st.sampled_from(SEVERITIES), max_size=2),
            rulesPackageArns=packages,
            ruleNames=st.lists(st.sampled_from(["rule 0", "CVE-2016-0001", "x"]), max_size=2),
            agentIds=st.lists(st.sampled_from(["i-1", "i-2", "i-3"]), max_size=2),
            userAttributes=pairs.filter(lambda drawn: all("value" in pair for pair in drawn)),
        )
        requested |= {"creationTimeRange": self.moments(data)} if data.draw(st.booleans()) else {}
        return self.of_some(data, "assessmentRunArns", "run") | {"filter": requested}

    def about_exclusions(self, data):
        return {"assessmentRunArn": self.some(data, "run")}

    def about_run_agents(self, data):
        healths = st.lists(st.sampled_from(["HEALTHY", "UNHEALTHY", "UNKNOWN"]), max_size=2)
        codes = st.lists(st.sampled_from(["RUNNING", "UNHEALTHY", "UNKNOWN", "SHUTDOWN"]), max_size=2)
        requested = {"agentHealths": data.draw(healths), "agentHealthCodes": data.draw(codes)}
        return {"assessmentRunArn": self.some(data, "run"), "filter": requested if data.draw(st.booleans()) else {}}

    def about_subscriptions(self, data):
        return {"resourceArn": self.some(data, "template")} if data.draw(st.booleans()) else {}

    def about_packages(self, data):
        return {}

    def about_agents(self, data):
        return {"previewAgentsArn": self.some(data, data.draw(st.sampled_from(["target", "template"])))}

    def of_some(self, data, member, noun):
        return {member: self.several(data, noun, 2)} if data.draw(st.booleans()) else {}

    def durations(self, data):
        ends = ("minSeconds", "maxSeconds")
        values = [180, 181, 200, 600, 3600, 86_400]
        return {"durationRange": self.a_range(data, values, ends)} if data.draw(st.booleans()) else {}

    @rule(data=one_of_data, size=sizes)
    def list_all(self, data, size):
        operation, members = self.list_request(data)
        self.pages(operation, size, **members)

    @rule(data=one_of_data, size=st.sampled_from([1, 2]))
    def begin_to_read(self, data, size):
        operation, members = self.list_request(data)
        further = self.page(operation, size, **members)
        if further is not None:
            self.readers.append((operation, members, further))

    @precondition(lambda self: self.readers)
    @rule(data=one_of_data, size=sizes)
    def read_on(self, data, size):
        operation, members, (after, token) = self.readers.pop(data.draw(st.sampled_from(range(len(self.readers)))))
        further = self.page(operation, size, after=after, token=token, **members)
        if further is not None:
            self.readers.append((operation, members, further))

    @precondition(lambda self: self.readers)
    @rule(data=one_of_data)
    def read_on_with_other_parameters(self, data):
        operation, members, (_, token) = data.draw(st.sampled_from(self.readers))
        other, params = self.list_request(data)

        def expect():
            raise Refused("InvalidInputException", "INVALID_PAGINATION_TOKEN")

        answers = [
            {**had, "filter": {k: v for k, v in had.get("filter", {}).items() if v}} for had in (members, params)
        ]
        if operation != other or answers[0] != answers[1]:
            self.both(other, expect, nextToken=token, **params)

    # Everything

    @invariant()
    def runs_are_where_they_should_be(self):
        arns = list(self.model.of["run"])
        if arns:
            answer = self.backend.describe_assessment_runs(assessmentRunArns=arns)
            states = {run["arn"]: (run["state"], run["stateChangedAt"] * 1000) for run in answer["assessmentRuns"]}
            assert states == {arn: self.model.past(run)[-1] for arn, run in self.model.of["run"].items()}

    @rule()
    def look_at_everything(self):
        self.pages("ListRulesPackages", 2)
        for operation in ("ListAssessmentTargets", "ListAssessmentTemplates", "ListAssessmentRuns", "ListFindings"):
            self.pages(operation, 3)
        self.pages("ListEventSubscriptions", 2)
        of = {noun: list(entries) for noun, entries in self.model.of.items()}
        for noun, (operation, member) in DESCRIBED.items():
            for first in range(0, len(of[noun]), 10):
                self.call(operation, **{member: of[noun][first : first + 10]})
        for arn in of["run"]:
            self.pages("ListExclusions", 2, assessmentRunArn=arn)
            self.pages("ListAssessmentRunAgents", 2, assessmentRunArn=arn)
            for severity in SEVERITIES:
                self.pages("ListFindings", 500, assessmentRunArns=[arn], filter={"severities": [severity]})
        for arn in of["template"]:
            self.call("ListTagsForResource", resourceArn=arn)
            self.pages("PreviewAgents", 2, previewAgentsArn=arn)


LIST_REQUESTS = {
    "ListAssessmentRunAgents": Service.about_run_agents,
    "ListAssessmentRuns": Service.about_runs,
    "ListAssessmentTargets": Service.about_targets,
    "ListAssessmentTemplates": Service.about_templates,
    "ListEventSubscriptions": Service.about_subscriptions,
    "ListExclusions": Service.about_exclusions,
    "ListFindings": Service.about_findings,
    "ListRulesPackages": Service.about_packages,
    "PreviewAgents": Service.about_agents,
}
DESCRIBED = {
    "resourcegroup": ("DescribeResourceGroups", "resourceGroupArns"),
    "target": ("DescribeAssessmentTargets", "assessmentTargetArns"),
    "template": ("DescribeAssessmentTemplates", "assessmentTemplateArns"),
    "run": ("DescribeAssessmentRuns", "assessmentRunArns"),
    "finding": ("DescribeFindings", "findingArns"),
    "exclusion": ("DescribeExclusions", "exclusionArns"),
    "rulespackage": ("DescribeRulesPackages", "rulesPackageArns"),
}


def test_every_action_is_in_a_rule_of_the_state_machine():
    assert set(OPERATIONS) <= set(re.findall(r'"([A-Z]\w+)"', inspect.getsource(Service))) | set(LIST_REQUESTS)


def test_the_mock_behaves_as_the_reference_model(session):
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    Service.client = session.client("inspector", config=config)
    run_state_machine_as_test(Service, settings=PROFILE)

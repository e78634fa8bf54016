"""Twice the work costs at most about twice as much: what Python executes is counted, no time is measured."""

import sys

import pytest

from mock_inspector import mock_inspector

from ..support.aws import CVE

MAX_GROWTH = 2.2
TOPIC = "arn:aws:sns:us-west-2:123456789012:growth"
YEAR_SECONDS = 365 * 86_400
LIMITS = dict.fromkeys(("assessment_targets", "assessment_templates", "assessment_runs"), 10**9)


def count_instructions(work):
    """How many bytecode instructions a piece of work takes."""
    executed = 0

    def trace(frame, event, _):
        nonlocal executed
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        executed += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return executed


class Account:
    """A target, and so many templates of it, each with a subscription and a run."""

    def __init__(self, backend, count):
        self.backend, self.count = backend, count
        self.target = backend.create_assessment_target(assessmentTargetName="all")["assessmentTargetArn"]
        self.templates, self.runs = [], []

    def create_templates(self):
        for number in range(self.count):
            template = self.backend.create_assessment_template(
                assessmentTargetArn=self.target,
                assessmentTemplateName=f"template {number}",
                durationInSeconds=180,
                rulesPackageArns=[CVE],
            )
            self.templates.append(template["assessmentTemplateArn"])

    def subscribe(self):
        for template in self.templates:
            self.backend.subscribe_to_event(resourceArn=template, event="ASSESSMENT_RUN_COMPLETED", topicArn=TOPIC)

    def start_runs(self):
        for template in self.templates:
            run = self.backend.start_assessment_run(assessmentTemplateArn=template)
            self.runs.append(run["assessmentRunArn"])

    def start_runs_of_one(self):
        for _ in range(self.count):
            run = self.backend.start_assessment_run(assessmentTemplateArn=self.templates[0])
            self.runs.append(run["assessmentRunArn"])

    def end_runs(self):
        self.backend.clock.tick(YEAR_SECONDS)

    def restore(self):
        self.backend.restore(self.backend.snapshot())

    def preview(self):
        for template in self.templates:
            self.backend.create_exclusions_preview(assessmentTemplateArn=template)

    def delete_runs(self):
        for run in self.runs:
            self.backend.delete_assessment_run(assessmentRunArn=run)

    def delete_newest_runs(self):
        for run in reversed(self.runs):
            self.backend.delete_assessment_run(assessmentRunArn=run)

    def unsubscribe(self):
        for template in self.templates:
            self.backend.unsubscribe_from_event(resourceArn=template, event="ASSESSMENT_RUN_COMPLETED", topicArn=TOPIC)

    def delete_templates(self):
        for template in self.templates:
            self.backend.delete_assessment_template(assessmentTemplateArn=template)

    def delete_target(self):
        self.backend.delete_assessment_target(assessmentTargetArn=self.target)


CASES = [
    ["create_templates"],
    ["create_templates", "restore"],
    ["create_templates", "subscribe"],
    ["create_templates", "subscribe", "start_runs"],
    ["create_templates", "subscribe", "start_runs", "end_runs"],
    ["create_templates", "start_runs", "subscribe"],
    ["create_templates", "subscribe", "start_runs", "end_runs", "restore"],
    ["create_templates", "subscribe", "unsubscribe"],
    ["create_templates", "preview"],
    ["create_templates", "preview", "delete_templates"],
    ["create_templates", "start_runs_of_one"],
    ["create_templates", "start_runs_of_one", "end_runs"],
    ["create_templates", "start_runs_of_one", "end_runs", "delete_runs"],
    ["create_templates", "start_runs_of_one", "end_runs", "delete_newest_runs"],
    ["create_templates", "start_runs_of_one", "end_runs", "delete_target"],
]


def cost(case, count):
    """What the last step of a case costs."""
    *before, last = case
    with mock_inspector(region="us-west-2", limits=LIMITS) as backend:
        account = Account(backend, count)
        for step in before:
            getattr(account, step)()
        return count_instructions(getattr(account, last))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_twice_the_work_costs_twice_as_much(case):
    cost(case, 2)  # What is compiled and loaded once.
    assert cost(case, 300) <= MAX_GROWTH * cost(case, 150)

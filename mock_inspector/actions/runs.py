"""Assessment runs."""

from __future__ import annotations

from collections.abc import Callable
from heapq import merge
from typing import Any

from ..api import arns
from ..api.filters import in_ranges, name_pattern
from ..api.service_model import list_bound
from ..errors import AgentsAlreadyRunningAssessmentException, InvalidInputException
from ..state.instances import Instance, from_instance
from ..state.runs import Run
from ..state.store import Store
from ..state.targets import Template
from .preconditions import check_none_in_progress
from .registry import Answer, action

_LONGEST_NAME = 140


@action(
    follows="reference and sample",
    approximates="the made-up name; the errorCode of a taken one; the moments of a run are those of the sample's",
)
def start_assessment_run(store: Store, *, assessmentTemplateArn: str, assessmentRunName: str | None = None) -> Answer:
    """StartAssessmentRun. The instances that match now are the run's; a name is made up when none is given.

    Errors: InvalidInputException (ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN: the enum has none for runs),
    AgentsAlreadyRunningAssessmentException naming up to 10 agents, LimitExceededException (runs, agents in running
    assessments), those of :meth:`.Store.get`.
    """
    template = store.template(assessmentTemplateArn)
    if assessmentRunName is not None and assessmentRunName in template.run_names:
        raise InvalidInputException(
            f"Create assessmentRun - Name already exists; Name: {assessmentRunName} Parent: {template.arn}",
            errorCode="ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN",  # the enum has none for runs
        )
    instances = store.members(template.target)
    _check_agents(store, instances)
    store.check_limit("assessment_runs", "ASSESSMENT_RUN_LIMIT_EXCEEDED", len(store.runs))
    run = Run(
        store.next_number(),
        store.new_arn(f"{template.arn}/run"),
        assessmentRunName or _made_up_name(template),
        template,
        template.duration,
        template.packages,
        template.user_attributes,
        [from_instance(instance) for instance in instances],
    )
    run.begin(store.now)
    store.runs.add(run.arn, run)
    store.open(run)
    template.runs.append(run)
    template.run_names.add(run.name)
    return {"assessmentRunArn": run.arn}


def _made_up_name(template: Template) -> str:
    number = len(template.runs) + 1
    while (name := f"Run {number} for {template.name}"[:_LONGEST_NAME]) in template.run_names:
        number += 1
    return name


def _check_agents(store: Store, instances: list[Instance]) -> None:
    """No healthy instance may be in another run's data collection, and the agents must keep to the quota."""
    if not instances:
        return  # which spares a look at the other runs, of which there may be 50,000
    busy = store.busy_instances()
    running = sum(len(run.agents) for run in store.open_runs())
    taken = [
        {"agentId": instance.instance_id, "assessmentRunArn": busy[instance.instance_id]}
        for instance in instances
        if instance.agent_health == "HEALTHY" and instance.instance_id in busy
    ]
    if taken:
        most = list_bound("AgentAlreadyRunningAssessmentList")
        raise AgentsAlreadyRunningAssessmentException(
            f"{len(taken)} agent(s) already take part in a run, among them {taken[0]['agentId']} in "
            f"{taken[0]['assessmentRunArn']}.",
            agents=taken[:most],
            agentsTruncated=len(taken) > most,
        )
    store.check_limit("agents", "ASSESSMENT_RUN_LIMIT_EXCEEDED", running, len(instances))


@action(follows="reference and sample", approximates="that an ended run is refused")
def stop_assessment_run(store: Store, *, assessmentRunArn: str, stopAction: str = "START_EVALUATION") -> Answer:
    """StopAssessmentRun.

    START_EVALUATION ends the data collection at once (nothing to do when it has ended), SKIP_EVALUATION cancels the
    run. Errors: InvalidInputException (INVALID_ASSESSMENT_RUN_STATE) for a run that has ended, those of
    :meth:`.Store.get`.
    """
    run = store.run(assessmentRunArn)
    now = store.now
    if not run.in_progress(now):
        raise InvalidInputException(
            f"assessmentRunArn: {run.arn} has ended ({run.state(now)}); only a run in progress can be stopped.",
            errorCode="INVALID_ASSESSMENT_RUN_STATE",
        )
    if stopAction == "SKIP_EVALUATION":
        store.discard_evaluation(run)
        run.force("CANCELED", now)
    else:
        run.stop(now)
    store.open(run)
    return {}


@action(
    follows="reference and sample; members by state as seen in production", approximates="what ends a run with errors"
)
def describe_assessment_runs(store: Store, *, assessmentRunArns: list[str]) -> Answer:
    """DescribeAssessmentRuns. ``completedAt`` and ``findingCounts`` appear with the run's end.

    Bad ARNs come back as ``failedItems``.
    """
    runs, failed = store.describe_each(arns.RUN, assessmentRunArns, lambda run: run.to_api(store.now))
    return {"assessmentRuns": runs, "failedItems": failed}


@action(follows="reference and sample", approximates="name patterns: `*` and `?`, case-sensitive")
def list_assessment_runs(
    store: Store,
    *,
    assessmentTemplateArns: list[str] | None = None,
    filter: dict[str, Any] | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> Answer:
    """ListAssessmentRuns, oldest first. Without template ARNs, those of all templates.

    Errors: InvalidInputException for a bad filter, page or token; those of :meth:`.Store.get` for templates and for
    a filter's rules packages.
    """
    pager = store.pager("ListAssessmentRuns", nextToken, maxResults, assessmentTemplateArns, filter)
    templates = store.get_all(arns.TEMPLATE, assessmentTemplateArns or (), "assessmentTemplateArns")
    rows = [template.runs for template in templates] or [store.runs.row]
    matches = _filter(store, filter or {})
    candidates = merge(*(row.after(pager.after) for row in rows), key=lambda run: run.number)
    runs, more = pager.page((run for run in candidates if matches(run)), list_bound("ListReturnedArnList"))
    return {"assessmentRunArns": [run.arn for run in runs], **more}


def _filter(store: Store, wanted: dict[str, Any]) -> Callable[[Run], bool]:
    """Whether a run matches an AssessmentRunFilter at this moment."""
    now = store.now
    packages = store.rules_package_arns(wanted.get("rulesPackageArns", ()))
    states = set(wanted.get("states", ()))
    name = name_pattern(wanted.get("namePattern", "*"))
    ranges = in_ranges(
        "ListAssessmentRuns",
        wanted,
        {
            "durationRange": lambda run: run.duration,
            "startTimeRange": lambda run: run.started(now),
            "completionTimeRange": lambda run: run.completed(now),
            "stateChangeTimeRange": lambda run: run.change(now)[1],
        },
    )
    return lambda run: (
        name(run.name)
        and (not states or run.state(now) in states)
        and (not packages or not packages.isdisjoint(run.packages))
        and ranges(run)
    )


@action(follows="reference and sample; what goes with it: user guide")
def delete_assessment_run(store: Store, *, assessmentRunArn: str) -> Answer:
    """DeleteAssessmentRun, with its findings, exclusions and reports.

    Errors: AssessmentRunInProgressException, those of :meth:`.Store.get`.
    """
    run = store.run(assessmentRunArn)
    check_none_in_progress(store, [run])
    store.delete_runs([run])
    return {}

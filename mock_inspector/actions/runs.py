"""Assessment runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from heapq import merge
from typing import TYPE_CHECKING, Any

from ..api.filters import compile_ranges, matches_pattern
from ..api.service_model import max_length
from ..errors import AgentsAlreadyRunningAssessmentException, InvalidInputException
from ..state.agents import RunAgent
from ..state.lifecycle import begin_run, cancel_run, delete_runs, stop_run
from ..state.membership import find_busy_agents, members_of
from ..state.runs import Run
from ..state.store import RUN, TEMPLATE, Store
from ..state.targets import Template
from .preconditions import check_has_rules_packages, check_none_in_progress, check_registered_role
from .registry import ResponseBody, action

if TYPE_CHECKING:
    from ..api import literals, shapes


@action(
    follows="reference and sample",
    approximates=(
        "the generated name; the `errorCode` for a name in use; the state changes come at the offsets of the sample; the "
        "quotas of runs and agents count per account and region"
    ),
)
def start_assessment_run(
    store: Store, *, assessmentTemplateArn: str, assessmentRunName: str | None = None
) -> shapes.StartAssessmentRunResponse:
    """StartAssessmentRun. The run gets the instances that match now, and a generated name when none is given.

    Errors: InvalidInputException (ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN: the enum has none for runs;
    INVALID_NUMBER_OF_RULES_PACKAGE_ARNS for a template without rules packages),
    AgentsAlreadyRunningAssessmentException naming up to 10 agents, LimitExceededException (runs, agents in running
    assessments), InvalidCrossAccountRoleException while the registered role is not valid, those of :meth:`.Store.get`.
    """
    template = store.get(TEMPLATE, assessmentTemplateArn)
    check_has_rules_packages(template)
    if assessmentRunName is not None and store.runs.has_name(template.arn, assessmentRunName):
        raise InvalidInputException(
            f"Create assessmentRun - Name already exists; Name: {assessmentRunName} Parent: {template.arn}",
            errorCode="ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN",  # The enum has none for runs.
        )
    check_registered_role(store)
    agents = [RunAgent.from_instance(instance) for instance in members_of(store, template.target)]
    _check_agents(store, agents)
    store.check_quota("assessment_runs", "ASSESSMENT_RUN_LIMIT_EXCEEDED", len(store.runs))
    run = Run(
        store.next_number(),
        store.new_arn(f"{template.arn}/run"),
        assessmentRunName or _generate_name(store, template),
        template,
        template.duration_seconds,
        template.packages,
        template.user_attributes,
        agents,
    )
    begin_run(store, run)
    return {"assessmentRunArn": run.arn}


def _generate_name(store: Store, template: Template) -> str:
    number = len(store.runs.of(template.arn)) + 1
    while store.runs.has_name(
        template.arn, name := f"Run {number} for {template.name}"[: max_length("AssessmentRunName")]
    ):
        number += 1
    return name


def _check_agents(store: Store, agents: list[RunAgent]) -> None:
    """Refuse an agent that takes part in another run's data collection, and more agents than the quota allows."""
    if not any(agent.takes_part for agent in agents):
        return  # Without a look at the other runs, of which there may be 50,000.
    busy = [
        {"agentId": agent.instance.instance_id, "assessmentRunArn": run_arn}
        for agent, run_arn in find_busy_agents(store, agents)
    ]
    if busy:
        first, maximum = busy[0], max_length("AgentAlreadyRunningAssessmentList")
        raise AgentsAlreadyRunningAssessmentException(
            f"{len(busy)} agent(s) already take part in a run, among them {first['agentId']} in "
            f"{first['assessmentRunArn']}.",
            agents=busy[:maximum],
            agentsTruncated=len(busy) > maximum,
        )
    running = sum(agent.takes_part for run in store.open_runs() for agent in run.agents)
    store.check_quota("agents", "ASSESSMENT_RUN_LIMIT_EXCEEDED", running, sum(agent.takes_part for agent in agents))


@action(
    follows="reference and sample",
    approximates="a run that has ended is refused; a run that is stopped early reports all findings",
)
def stop_assessment_run(
    store: Store, *, assessmentRunArn: str, stopAction: literals.StopAction = "START_EVALUATION"
) -> ResponseBody:
    """StopAssessmentRun.

    START_EVALUATION ends the data collection at once, or does nothing when it has ended. SKIP_EVALUATION cancels the
    run. Errors: InvalidInputException (INVALID_ASSESSMENT_RUN_STATE) for a run that has ended, those of
    :meth:`.Store.get`.
    """
    run = store.get(RUN, assessmentRunArn)
    if not run.in_progress(store.now):
        raise InvalidInputException(
            f"assessmentRunArn must name a run in progress; got {run.arn}, which is {run.state(store.now)}.",
            errorCode="INVALID_ASSESSMENT_RUN_STATE",
        )
    if stopAction == "SKIP_EVALUATION":
        cancel_run(store, run)
    else:
        stop_run(store, run)
    return {}


@action(
    follows="reference and sample; members by state as seen in production",
    approximates="why a run ends as COMPLETED_WITH_ERRORS",
    changes_with_time=True,
)
def describe_assessment_runs(store: Store, *, assessmentRunArns: list[str]) -> shapes.DescribeAssessmentRunsResponse:
    """DescribeAssessmentRuns. ``completedAt`` and ``findingCounts`` appear with the run's end.

    Bad ARNs come back as ``failedItems``.
    """
    runs, failed = store.describe_each(
        RUN, assessmentRunArns, lambda run: run.to_api(store.now, store.findings.of(run).counts)
    )
    return {"assessmentRuns": runs, "failedItems": failed}


@action(
    follows="reference and sample",
    approximates=(
        "name patterns use `*` and `?`, and are case-sensitive; several `rulesPackageArns` mean any of them, where the reference says "
        "both any and all"
    ),
    changes_with_time=True,
)
def list_assessment_runs(
    store: Store,
    *,
    assessmentTemplateArns: list[str] | None = None,
    filter: shapes.AssessmentRunFilter | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> shapes.ListAssessmentRunsResponse:
    """ListAssessmentRuns, oldest first. Without template ARNs it lists those of all templates.

    Errors: InvalidInputException for a bad filter, page or token; those of :meth:`.Store.get` for templates and for
    a filter's rules packages.
    """
    pager = store.pager("ListAssessmentRuns", nextToken, maxResults, assessmentTemplateArns, filter)
    templates = store.get_all(TEMPLATE, assessmentTemplateArns or (), "assessmentTemplateArns")
    matches = _filter(store, filter or {})
    if templates:
        of_templates = (store.runs.of(template.arn).after(pager.after) for template in templates)
        candidates: Iterable[Run] = merge(*of_templates, key=lambda run: run.number)
    else:
        candidates = store.runs.after(pager.after)
    runs, token = pager.page((run for run in candidates if matches(run)), max_length("ListReturnedArnList"))
    return {"assessmentRunArns": [run.arn for run in runs], **token}


def _filter(store: Store, filter: Mapping[str, Any]) -> Callable[[Run], bool]:
    """Return whether a run matches an AssessmentRunFilter now."""
    now = store.now
    packages = store.rules_package_arns(filter.get("rulesPackageArns", ()))
    states = set(filter.get("states", ()))
    pattern = filter.get("namePattern", "*")
    in_ranges = compile_ranges(
        filter,
        {
            "durationRange": lambda run: run.duration_seconds,
            "startTimeRange": lambda run: run.started(now),
            "completionTimeRange": lambda run: run.completed(now),
            "stateChangeTimeRange": lambda run: run.last_change(now).moment,
        },
    )
    return lambda run: (
        matches_pattern(pattern, run.name)
        and (not states or run.state(now) in states)
        and (not packages or not packages.isdisjoint(run.packages))
        and in_ranges(run)
    )


@action(follows="reference and sample; what is deleted with it: user guide")
def delete_assessment_run(store: Store, *, assessmentRunArn: str) -> ResponseBody:
    """DeleteAssessmentRun, with its findings, exclusions and reports.

    Errors: AssessmentRunInProgressException, those of :meth:`.Store.get`.
    """
    run = store.get(RUN, assessmentRunArn)
    check_none_in_progress(store, [run])
    delete_runs(store, [run])
    return {}

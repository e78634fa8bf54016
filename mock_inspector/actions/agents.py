"""Agents: those of a target, those of a run, and what they sent."""

from __future__ import annotations

from typing import Any, cast

from ..api import arns
from ..api.service_model import list_bound
from ..state.store import Store
from ..state.targets import Target
from ..state.telemetry import summed_telemetry
from .registry import Answer, action


@action(follows="reference and sample; members as production showed them")
def preview_agents(
    store: Store, *, previewAgentsArn: str, nextToken: str | None = None, maxResults: int | None = None
) -> Answer:
    """PreviewAgents: the agents of a target. A template's ARN serves as well, as it did in production.

    Errors: InvalidInputException for a bad page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager("PreviewAgents", nextToken, maxResults, previewAgentsArn)
    target = _target(store, previewAgentsArn)
    agents, more = pager.page(
        (instance for instance in store.members(target) if instance.number > pager.after),
        list_bound("AgentPreviewList"),
    )
    return {"agentPreviews": [instance.to_preview() for instance in agents], **more}


def _target(store: Store, arn: str) -> Target:
    parts = arns.parse(arn)
    if parts is not None and parts.noun == arns.TEMPLATE.noun:
        return store.template(arn, "previewAgentsArn").target
    return store.target(arn, "previewAgentsArn")


@action(follows="reference and sample", approximates="telemetry that a test does not describe is made up")
def list_assessment_run_agents(
    store: Store,
    *,
    assessmentRunArn: str,
    filter: dict[str, Any] | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> Answer:
    """ListAssessmentRunAgents. Telemetry shows up once data is being collected.

    Errors: InvalidInputException for a bad filter, page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager("ListAssessmentRunAgents", nextToken, maxResults, assessmentRunArn, filter)
    run = store.run(assessmentRunArn)
    wanted = cast(dict[str, list[str]], filter or {})
    healths, codes = wanted.get("agentHealths"), wanted.get("agentHealthCodes")
    agents, more = pager.page(
        (
            agent
            for agent in run.agents
            if agent.number > pager.after
            and (not healths or agent.health in healths)
            and (not codes or agent.health_code in codes)
        ),
        list_bound("AssessmentRunAgentList"),
    )
    reported = run.has_telemetry(store.now)
    return {
        "assessmentRunAgents": [agent.to_api(run.arn, with_telemetry=reported) for agent in agents],
        **more,
    }


@action(follows="reference and sample", approximates="telemetry that a test does not describe is made up")
def get_telemetry_metadata(store: Store, *, assessmentRunArn: str) -> Answer:
    """GetTelemetryMetadata: the telemetry of a run's agents, added up. Errors: those of :meth:`.Store.get`."""
    run = store.run(assessmentRunArn)
    return {
        "telemetryMetadata": summed_telemetry(agent.telemetry for agent in run.agents)
        if run.has_telemetry(store.now)
        else []
    }

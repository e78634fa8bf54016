"""Agents: those of a target, those of a run, and their telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..api import arns
from ..api.service_model import max_length
from ..state.membership import members_of
from ..state.store import RUN, TARGET, TEMPLATE, Store
from ..state.targets import Target
from ..state.telemetry import sum_telemetry
from .preconditions import check_registered_role
from .registry import action

if TYPE_CHECKING:
    from ..api import shapes


@action(follows="reference and sample; members as production showed them")
def preview_agents(
    store: Store, *, previewAgentsArn: str, nextToken: str | None = None, maxResults: int | None = None
) -> shapes.PreviewAgentsResponse:
    """PreviewAgents: the agents of a target. A template's ARN works too, as it did in production.

    Errors: InvalidInputException for a bad page or token, InvalidCrossAccountRoleException while the registered role is
    not valid, those of :meth:`.Store.get`.
    """
    pager = store.pager("PreviewAgents", nextToken, maxResults, previewAgentsArn)
    target = _get_target(store, previewAgentsArn)
    check_registered_role(store)
    agents, token = pager.page(
        (instance for instance in members_of(store, target) if instance.number > pager.after),
        max_length("AgentPreviewList"),
    )
    previews: list[Any] = [instance.to_preview() for instance in agents]
    return {"agentPreviews": previews, **token}


def _get_target(store: Store, arn: str) -> Target:
    parts = arns.parse(arn)
    if parts is not None and parts.type_name == TEMPLATE.name:
        return store.get(TEMPLATE, arn, "previewAgentsArn").target
    return store.get(TARGET, arn, "previewAgentsArn")


@action(
    follows="reference and sample",
    approximates="telemetry that the test does not describe is generated",
    changes_with_time=True,
)
def list_assessment_run_agents(
    store: Store,
    *,
    assessmentRunArn: str,
    filter: shapes.AgentFilter | None = None,
    nextToken: str | None = None,
    maxResults: int | None = None,
) -> shapes.ListAssessmentRunAgentsResponse:
    """ListAssessmentRunAgents. Telemetry appears once data is being collected.

    Errors: InvalidInputException for a bad filter, page or token, those of :meth:`.Store.get`.
    """
    pager = store.pager("ListAssessmentRunAgents", nextToken, maxResults, assessmentRunArn, filter)
    run = store.get(RUN, assessmentRunArn)
    values = cast(dict[str, list[str]], filter or {})
    healths, codes = values.get("agentHealths"), values.get("agentHealthCodes")
    agents, token = pager.page(
        (
            agent
            for agent in run.agents
            if agent.number > pager.after
            and (not healths or agent.health in healths)
            and (not codes or agent.health_code in codes)
        ),
        max_length("AssessmentRunAgentList"),
    )
    with_telemetry = run.has_telemetry(store.now)
    described: list[Any] = [agent.to_api(run.arn, with_telemetry=with_telemetry) for agent in agents]
    return {"assessmentRunAgents": described, **token}


@action(
    follows="reference and sample",
    approximates="telemetry that the test does not describe is generated",
    changes_with_time=True,
)
def get_telemetry_metadata(store: Store, *, assessmentRunArn: str) -> shapes.GetTelemetryMetadataResponse:
    """GetTelemetryMetadata: the sums of the telemetry of a run's agents. Errors: those of :meth:`.Store.get`."""
    run = store.get(RUN, assessmentRunArn)
    telemetries = [agent.telemetry for agent in run.agents] if run.has_telemetry(store.now) else []
    sums: list[Any] = sum_telemetry(telemetries)
    return {"telemetryMetadata": sums}

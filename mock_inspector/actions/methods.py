"""The actions as methods of the backend object, and how one is carried out."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from ..api.operations import Operation, operation, operations_by_method
from ..state.store import Store
from . import agents, exclusions, findings, reports, roles, rules_packages, runs, subscriptions, targets, templates
from .registry import ACTIONS, Answer

P = ParamSpec("P")


def perform(store: Store, wanted: Operation, params: Any) -> Answer:
    """Answer one request: check its members and carry the action out. Under the service's lock."""
    return ACTIONS[wanted.method].function(store, **wanted.check(params, ""))


def _action(function: Callable[Concatenate[Store, P], Answer]) -> Callable[Concatenate[ActionMethods, P], Answer]:
    """An action as a method: checked like a request, under the service's lock, at the moment of the call."""

    @functools.wraps(function)
    def method(self: ActionMethods, /, *args: P.args, **members: P.kwargs) -> Answer:
        if args:
            raise TypeError(f"{function.__name__}() takes the request's members as keywords")
        with self._service.lock:
            self._service.advance()
            wanted = operation(operations_by_method()[function.__name__])
            unknown = [member for member in members if member not in wanted.members]
            if unknown:
                raise TypeError(f"{wanted.name} has no member {', '.join(unknown)}; it has {', '.join(wanted.members)}")
            return copy.deepcopy(perform(self._store, wanted, dict(members)))

    return method


class ActionMethods:
    """The 37 actions of the API on one account in one region.

    They are named in snake case, take the request's members as keywords and return the response as a dict of JSON
    values (moments are epoch seconds). What a client would get as an error, they raise as an exception of
    :mod:`mock_inspector.errors`. In the order of the API reference.
    """

    __slots__ = ("_service", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._service = store.service

    add_attributes_to_findings = _action(findings.add_attributes_to_findings)
    create_assessment_target = _action(targets.create_assessment_target)
    create_assessment_template = _action(templates.create_assessment_template)
    create_exclusions_preview = _action(exclusions.create_exclusions_preview)
    create_resource_group = _action(targets.create_resource_group)
    delete_assessment_run = _action(runs.delete_assessment_run)
    delete_assessment_target = _action(targets.delete_assessment_target)
    delete_assessment_template = _action(templates.delete_assessment_template)
    describe_assessment_runs = _action(runs.describe_assessment_runs)
    describe_assessment_targets = _action(targets.describe_assessment_targets)
    describe_assessment_templates = _action(templates.describe_assessment_templates)
    describe_cross_account_access_role = _action(roles.describe_cross_account_access_role)
    describe_exclusions = _action(exclusions.describe_exclusions)
    describe_findings = _action(findings.describe_findings)
    describe_resource_groups = _action(targets.describe_resource_groups)
    describe_rules_packages = _action(rules_packages.describe_rules_packages)
    get_assessment_report = _action(reports.get_assessment_report)
    get_exclusions_preview = _action(exclusions.get_exclusions_preview)
    get_telemetry_metadata = _action(agents.get_telemetry_metadata)
    list_assessment_run_agents = _action(agents.list_assessment_run_agents)
    list_assessment_runs = _action(runs.list_assessment_runs)
    list_assessment_targets = _action(targets.list_assessment_targets)
    list_assessment_templates = _action(templates.list_assessment_templates)
    list_event_subscriptions = _action(subscriptions.list_event_subscriptions)
    list_exclusions = _action(exclusions.list_exclusions)
    list_findings = _action(findings.list_findings)
    list_rules_packages = _action(rules_packages.list_rules_packages)
    list_tags_for_resource = _action(templates.list_tags_for_resource)
    preview_agents = _action(agents.preview_agents)
    register_cross_account_access_role = _action(roles.register_cross_account_access_role)
    remove_attributes_from_findings = _action(findings.remove_attributes_from_findings)
    set_tags_for_resource = _action(templates.set_tags_for_resource)
    start_assessment_run = _action(runs.start_assessment_run)
    stop_assessment_run = _action(runs.stop_assessment_run)
    subscribe_to_event = _action(subscriptions.subscribe_to_event)
    unsubscribe_from_event = _action(subscriptions.unsubscribe_from_event)
    update_assessment_target = _action(targets.update_assessment_target)

"""The actions as methods of the backend object."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from .._signatures import check_keywords
from ..api.operations import get_operation, names_by_method
from ..errors import MockEndedError
from ..state.service import FakeService
from ..state.store import Store
from . import (
    agents,
    exclusions,
    findings,
    reports,
    roles,
    rules_packages,
    runs,
    subscriptions,
    targets,
    templates,
)
from .registry import ACTIONS

P = ParamSpec("P")
T = TypeVar("T")


def _method(
    function: Callable[Concatenate[Store, P], T],
) -> Callable[Concatenate[ActionMethods, P], T]:
    """Return an action as a method. Its members are validated like those of a request."""

    @functools.wraps(function)
    def method(self: ActionMethods, /, *args: P.args, **members: P.kwargs) -> T:
        if args:
            raise TypeError(f"{function.__name__}() takes the request's members as keywords; got {args!r}")
        service = self._service
        operation = get_operation(names_by_method()[function.__name__])
        check_keywords(function.__name__, members, operation.members)
        operation.refuse_unknown_members(members)
        validated = operation.validate(dict(members), "")  # Without the lock: it reads the test's own objects.
        act: Callable[[], T] = functools.partial(ACTIONS[operation.method].function, self._store, **validated)
        with service.at_now:
            return copy.deepcopy(service.call_with_answers(act))

    _, *members = inspect.signature(function).parameters.values()
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    signature = inspect.Signature([own, *members], return_annotation=function.__annotations__["return"])
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


class ActionMethods:
    """The actions of the API on one account in one region, in the order of the API reference.

    A method has the action's name in snake case, takes the request's members as keywords, and returns the response as
    a dict of JSON values (moments are epoch seconds). It raises the exceptions of :mod:`mock_inspector.errors` where a
    client gets an error. This list is the table of contents and gives editors the types; a test compares it with the
    model and prints the line to add.
    """

    __slots__ = ("_any_service", "_any_store")

    def __init__(self, service: FakeService, store: Store) -> None:
        self._any_service = service
        self._any_store = store

    @property
    def _service(self) -> FakeService:
        """The service of the mock. MockEndedError when it has ended."""
        describe_end = self._any_service.describe_end
        if describe_end is not None:
            raise MockEndedError(describe_end())
        return self._any_service

    @property
    def _store(self) -> Store:
        """The store of the account in the region. MockEndedError when the mock has ended."""
        self._service  # noqa: B018  it raises
        return self._any_store

    add_attributes_to_findings = _method(findings.add_attributes_to_findings)
    create_assessment_target = _method(targets.create_assessment_target)
    create_assessment_template = _method(templates.create_assessment_template)
    create_exclusions_preview = _method(exclusions.create_exclusions_preview)
    create_resource_group = _method(targets.create_resource_group)
    delete_assessment_run = _method(runs.delete_assessment_run)
    delete_assessment_target = _method(targets.delete_assessment_target)
    delete_assessment_template = _method(templates.delete_assessment_template)
    describe_assessment_runs = _method(runs.describe_assessment_runs)
    describe_assessment_targets = _method(targets.describe_assessment_targets)
    describe_assessment_templates = _method(templates.describe_assessment_templates)
    describe_cross_account_access_role = _method(roles.describe_cross_account_access_role)
    describe_exclusions = _method(exclusions.describe_exclusions)
    describe_findings = _method(findings.describe_findings)
    describe_resource_groups = _method(targets.describe_resource_groups)
    describe_rules_packages = _method(rules_packages.describe_rules_packages)
    get_assessment_report = _method(reports.get_assessment_report)
    get_exclusions_preview = _method(exclusions.get_exclusions_preview)
    get_telemetry_metadata = _method(agents.get_telemetry_metadata)
    list_assessment_run_agents = _method(agents.list_assessment_run_agents)
    list_assessment_runs = _method(runs.list_assessment_runs)
    list_assessment_targets = _method(targets.list_assessment_targets)
    list_assessment_templates = _method(templates.list_assessment_templates)
    list_event_subscriptions = _method(subscriptions.list_event_subscriptions)
    list_exclusions = _method(exclusions.list_exclusions)
    list_findings = _method(findings.list_findings)
    list_rules_packages = _method(rules_packages.list_rules_packages)
    list_tags_for_resource = _method(templates.list_tags_for_resource)
    preview_agents = _method(agents.preview_agents)
    register_cross_account_access_role = _method(roles.register_cross_account_access_role)
    remove_attributes_from_findings = _method(findings.remove_attributes_from_findings)
    set_tags_for_resource = _method(templates.set_tags_for_resource)
    start_assessment_run = _method(runs.start_assessment_run)
    stop_assessment_run = _method(runs.stop_assessment_run)
    subscribe_to_event = _method(subscriptions.subscribe_to_event)
    unsubscribe_from_event = _method(subscriptions.unsubscribe_from_event)
    update_assessment_target = _method(targets.update_assessment_target)

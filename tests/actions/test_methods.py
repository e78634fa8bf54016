"""The list of methods has every action of the model, in the order of the API reference."""

import inspect

import pytest

from mock_inspector import InspectorBackend
from mock_inspector.actions.methods import ActionMethods
from mock_inspector.actions.registry import ACTIONS
from mock_inspector.api.operations import names_by_method
from mock_inspector.api.service_model import service_model


def lines_to_add(methods):
    """The lines that are missing in ``ActionMethods``, as they have to be written."""
    return [
        f"    {name} = _method({_module_of(name)}.{name})" for name in sorted(names_by_method()) if name not in methods
    ]


def _module_of(name):
    declared = ACTIONS.get(name)
    return "<module>" if declared is None else declared.function.__module__.rpartition(".")[2]


def test_every_action_of_the_model_is_a_method():
    methods = [name for name, _ in inspect.getmembers(ActionMethods, inspect.isfunction) if not name.startswith("_")]

    missing = lines_to_add(methods)

    assert missing == [], "add to actions/methods.py:\n" + "\n".join(missing)
    assert set(methods) == set(names_by_method())


def test_the_methods_are_in_alphabetical_order_as_in_the_api_reference():
    methods = [name for name in vars(ActionMethods) if name in names_by_method()]

    assert methods == sorted(methods)


def test_the_line_to_add_names_the_module_that_declares_the_action():
    methods = set(names_by_method()) - {"list_findings"}

    assert lines_to_add(methods) == ["    list_findings = _method(findings.list_findings)"]


@pytest.mark.parametrize(("method", "operation"), sorted(names_by_method().items()))
def test_a_methods_signature_at_run_time_is_that_of_the_model(method, operation):
    shape = service_model().operation_model(operation).input_shape

    own, *members = inspect.signature(getattr(InspectorBackend, method)).parameters.values()

    assert own.name == "self"
    assert {each.name for each in members} == set(() if shape is None else shape.members)
    assert all(each.kind is each.KEYWORD_ONLY and each.annotation is not each.empty for each in members)
    required = {each.name for each in members if each.default is each.empty}
    assert required == set(() if shape is None else shape.required_members)

"""The types that are generated from botocore's model are what the installed botocore has."""

import ast
import re
import subprocess
import sys
from typing import get_args

import botocore
import pytest

from mock_inspector.api import literals, shapes
from mock_inspector.errors import COMMON, MODELLED
from mock_inspector.findings import Protocol, Route
from mock_inspector.state.finding_specs import (
    NETWORK_REACHABILITY,
    RUNTIME_BEHAVIOR_ANALYSIS,
    SECURITY_BEST_PRACTICES,
    list_rules,
    load_rules,
)
from mock_inspector.state.network_failures import DAMAGED, LOST

from ..support import generate_types
from ..support.service_model import OPERATIONS

COMMAND = "run python -m tests.support.generate_types"


def version(text):
    return tuple(map(int, text.split(".")[:3]))


GENERATED_FROM = re.findall(r"from botocore ([\d.]+);", generate_types.SHAPES.read_text("utf-8"))[0]
IS_OLDER = version(botocore.__version__) < version(GENERATED_FROM)
"""An older model may lack something; whatever it has is declared."""


def declared_shapes():
    """The members of each class in ``api/shapes.py``, with their types as they are written."""
    tree = ast.parse(generate_types.SHAPES.read_text("utf-8"))
    return {
        node.name: {
            ast.unparse(entry.target): ast.unparse(entry.annotation)
            for entry in node.body
            if isinstance(entry, ast.AnnAssign)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def unparse(text):
    return ast.unparse(ast.parse(text, mode="eval"))


def test_the_data_types_are_those_of_the_model():
    declared = declared_shapes()
    structures = generate_types.request_structures() | generate_types.response_structures()

    for name, shape in structures.items():
        members = {member: unparse(text) for member, text in generate_types.members_of(shape).items()}
        assert members.items() <= declared[name].items(), COMMAND
        assert IS_OLDER or members == declared[name], COMMAND
    assert structures.keys() <= declared.keys()
    assert IS_OLDER or structures.keys() == declared.keys(), COMMAND


@pytest.mark.parametrize(("name", "values"), sorted(generate_types.enums().items()))
def test_the_values_of_an_enum_are_those_of_the_model(name, values):
    declared = get_args(getattr(literals, name))

    assert set(values) <= set(declared), COMMAND
    assert IS_OLDER or values == list(declared), COMMAND


def test_operations_errors_and_rules_are_those_that_the_package_takes():
    assert set(OPERATIONS) <= set(get_args(literals.OperationName)), COMMAND
    assert {*MODELLED, *COMMON, *LOST, *DAMAGED} <= set(get_args(literals.InjectedError)), COMMAND
    assert list(get_args(literals.BestPracticeRule)) == list(list_rules(SECURITY_BEST_PRACTICES)), COMMAND
    assert list(get_args(literals.RuntimeBehaviorRule)) == list(list_rules(RUNTIME_BEHAVIOR_ANALYSIS)), COMMAND
    reachability = load_rules()[NETWORK_REACHABILITY]
    assert list(get_args(Route)) == list(reachability["routes"])
    assert set(get_args(Protocol)) == {name for ports in reachability["port_groups"].values() for name in ports}


def test_every_error_that_editors_complete_can_be_injected(inspector_backend):
    for code in get_args(literals.InjectedError):
        inspector_backend.inject_fault("DescribeFindings", code)
    inspector_backend.reset()


@pytest.mark.slow
def test_the_data_types_cost_nothing_at_run_time():
    script = "import sys, mock_inspector.backend, mock_inspector.activation; print('mock_inspector.api.shapes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_the_data_types_can_be_imported_for_a_users_own_annotations():
    finding: shapes.Finding = {"arn": "arn", "attributes": [], "userAttributes": [], "createdAt": 0.0, "updatedAt": 0.0}
    assert finding["arn"] == "arn"

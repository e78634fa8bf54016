"""The operations of the API: their names, members and validators, from botocore's model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.model import OperationModel

from ..errors import suggest
from .request_form import compile_form_check
from .service_model import service_model
from .validation import Validator, compile_input, refuse_unknown_members


@dataclass(frozen=True)
class Operation:
    """One operation of the model."""

    name: str
    method: str
    """The name in snake case, as boto3 and the backend have it."""
    validate: Validator
    """Returns the members of a request as actions take them, or raises an ApiError for what is wrong in form."""
    members: tuple[str, ...]
    void: bool
    """Whether the response has no body."""
    reads: bool
    """Whether the operation only reads."""

    def refuse_unknown_members(self, params: Mapping[str, Any]) -> None:
        """ValueError for what clients check themselves: a member inside of a request that the model does not have."""
        shape = service_model().operation_model(self.name).input_shape
        for name, value in params.items() if shape is not None else ():
            refuse_unknown_members(shape.members[name], value, name)


@lru_cache(maxsize=1)
def operation_names() -> frozenset[str]:
    """The names of all operations."""
    return frozenset(service_model().operation_names)


def is_read(name: str) -> bool:
    """Whether an operation of this name only reads."""
    return name.startswith(("Describe", "List", "Get", "Preview"))


@lru_cache(maxsize=256)
def get_operation(name: str) -> Operation:
    """Return the operation of that name; its validator is compiled on first use. KeyError when there is none."""
    if name not in operation_names():
        raise KeyError(name)
    model = service_model().operation_model(name)
    members = tuple(model.input_shape.members) if model.input_shape is not None else ()
    return Operation(
        name,
        xform_name(name),
        _compile(model),
        members,
        void=model.output_shape is None,
        reads=is_read(name),
    )


def _compile(model: OperationModel) -> Validator:
    validate_shapes, check_form = compile_input(model.name, model.input_shape), compile_form_check(model)
    if check_form is None:
        return validate_shapes

    def validate(params: Any, path: str) -> Any:
        members = validate_shapes(params, path)
        check_form(members)
        return members

    return validate


@lru_cache(maxsize=1)
def names_by_method() -> dict[str, str]:
    """The names of all operations, by their snake-case names."""
    return {xform_name(name): name for name in operation_names()}


def suggest_operation(text: object) -> str:
    """``; did you mean 'ListFindings'?`` when an operation has a similar name, snake case included; else nothing."""
    return suggest(text, sorted(operation_names()))

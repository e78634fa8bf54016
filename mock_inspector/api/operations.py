"""The operations of the API: their names, checks and page bounds, from botocore's model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from botocore import xform_name

from .service_model import service_model
from .validation import Check, compile_input


@dataclass(frozen=True)
class Operation:
    """One operation of the model."""

    name: str
    method: str
    """Its snake-case name, as boto3 and the backend have it."""
    check: Check
    members: tuple[str, ...]
    void: bool

    reads: bool


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The names of all operations."""
    return frozenset(service_model().operation_names)


@lru_cache(maxsize=256)
def operation(name: str) -> Operation:
    """The operation of that name, its checks compiled on first use. KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    model = service_model().operation_model(name)
    members = tuple(model.input_shape.members) if model.input_shape is not None else ()
    return Operation(
        name,
        xform_name(name),
        compile_input(name, model.input_shape),
        members,
        model.output_shape is None,
        name.startswith(("Describe", "List", "Get", "Preview")),
    )


@lru_cache(maxsize=1)
def operations_by_method() -> dict[str, str]:
    """The names of all operations, by their snake-case names."""
    return {xform_name(name): name for name in names()}

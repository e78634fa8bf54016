"""Whether a JSON value fits a shape of the service model: required members, types, bounds, enums and patterns."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from botocore.validate import ParamValidator

from .service_model import MODEL

# Before a run has ended there is nothing to count, and where all items failed there is none to show.
ABSENT_BY_DESIGN = re.compile(r"assessmentRuns\[\d+\]: no findingCounts|exclusions: 0 entries")


def problems(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """What is wrong with a JSON value, whose fractions are Decimals, as one of the model's shapes."""
    if not isinstance(value, TYPES[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{path}: {value!r} is no {shape.type_name}"
    else:
        yield from PROBLEMS.get(shape.type_name, _no_problems)(shape, value, path)


def _no_problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    yield from ()


def _structure_problems(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in set(shape.required_members) - set(value):
        yield f"{path}: no {name}"
    for name, entry in value.items():
        if name in shape.members:
            yield from problems(shape.members[name], entry, f"{path}.{name}".removeprefix("."))
        else:
            yield f"{path}: unknown member {name}"


def _list_problems(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    yield from _size_problems(shape, len(value), f"{path}: {len(value)} entries")
    for index, entry in enumerate(value):
        yield from problems(shape.member, entry, f"{path}[{index}]")


def _map_problems(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    yield from _size_problems(shape, len(value), f"{path}: {len(value)} entries")
    for key, entry in value.items():
        yield from problems(shape.key, key, f"{path} key")
        yield from problems(shape.value, entry, f"{path}[{key}]")


def _string_problems(shape: Any, value: str, path: str) -> Iterator[str]:
    yield from _size_problems(shape, len(value), f"{path}: {len(value)} characters")
    if "enum" in shape.metadata and value not in shape.metadata["enum"]:
        yield f"{path}: {value!r} is not in the enum"
    if "pattern" in shape.metadata and not re.fullmatch(shape.metadata["pattern"], value):
        yield f"{path}: {value!r} is not of the pattern"


def _integer_problems(shape: Any, value: int, path: str) -> Iterator[str]:
    yield from _size_problems(shape, value, f"{path}: {value}")
    if not -(2**31) <= value < 2**31 and shape.type_name == "integer":
        yield f"{path}: {value} takes more than 32 bits"


def _timestamp_problems(shape: Any, value: int | Decimal, path: str) -> Iterator[str]:
    if Decimal(value) % Decimal("0.001"):
        yield f"{path}: {value} is finer than milliseconds"


def _size_problems(shape: Any, size: int, found: str) -> Iterator[str]:
    if not shape.metadata.get("min", size) <= size <= shape.metadata.get("max", size):
        yield f"{found}, bounds {shape.metadata.get('min')} to {shape.metadata.get('max')}"


TYPES: dict[str, Any] = {
    "structure": dict,
    "list": list,
    "map": dict,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, Decimal),
    "timestamp": (int, Decimal),
}


PROBLEMS: dict[str, Callable[[Any, Any, str], Iterator[str]]] = {
    "structure": _structure_problems,
    "list": _list_problems,
    "map": _map_problems,
    "string": _string_problems,
    "integer": _integer_problems,
    "long": _integer_problems,
    "timestamp": _timestamp_problems,
}


def check_response(operation: str, answer: Any) -> None:
    """Assert that an answer is of its operation's output shape."""
    found = problems(MODEL.operation_model(operation).output_shape, answer)
    assert [problem for problem in found if not ABSENT_BY_DESIGN.match(problem)] == []


def check_members(answer, shape):
    """All members that the model requires are there, of its types, and lists hold as many items as it asks for."""
    members = {name: answer[name] for name in shape.members if name in answer}
    assert not ParamValidator().validate(members, shape).has_errors()

"""The form of a request beyond its shapes: ARNs, ranges and keys. It is checked before anything is looked up."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from botocore.model import OperationModel

from ..clock.moments import format_iso
from ..errors import InvalidInputException, short_repr
from .arns import MEMBER_TYPES, ResourceType, parse
from .error_codes import error_code
from .filters import range_ends

FormCheck = Callable[[dict[str, Any]], None]
"""Takes the members of a request, which are of the model's shapes already. InvalidInputException for a bad form."""

_WITH_UNIQUE_KEYS = {
    "AddAttributesToFindings": "attributes",
    "CreateAssessmentTemplate": "userAttributesForFindings",
    "SetTagsForResource": "tags",
}
"""The key and value pairs of a request that give something its attributes or tags."""


def compile_form_check(model: OperationModel) -> FormCheck | None:
    """Return the check of an operation's requests, or None when there is nothing to check.

    A list of ARNs is not checked where the response reports bad ones in ``failedItems``.
    """
    members = {} if model.input_shape is None else model.input_shape.members
    in_output = {} if model.output_shape is None else model.output_shape.members
    arn_members = [
        (name, MEMBER_TYPES[name], shape.type_name == "list")
        for name, shape in members.items()
        if name in MEMBER_TYPES and not (shape.type_name == "list" and "failedItems" in in_output)
    ]
    in_filter = list(members["filter"].members) if "filter" in members else []
    filter_arns = [(name, MEMBER_TYPES[name]) for name in in_filter if name in MEMBER_TYPES]
    ranges = [name for name in in_filter if name.endswith("Range")]
    with_unique_keys = _WITH_UNIQUE_KEYS.get(model.name)
    if not (arn_members or filter_arns or ranges or with_unique_keys):
        return None

    def check(params: dict[str, Any]) -> None:
        for name, types, is_list in arn_members:
            if name in params:
                _check_arns(types, _enumerate(name, params[name]) if is_list else [(name, params[name])])
        criteria = params.get("filter") or {}
        for name, types in filter_arns:
            _check_arns(types, _enumerate(f"filter.{name}", criteria.get(name, ())))
        for name in ranges:
            _check_range(model.name, name, criteria.get(name, {}))
        if with_unique_keys is not None:
            _check_unique_keys(model.name, with_unique_keys, params.get(with_unique_keys, ()))

    return check


def invalid_arn(resource_type: ResourceType[Any], arn: str, member: str) -> InvalidInputException:
    """Return the error for a value of ``member`` that is not the ARN of a resource of that type."""
    return InvalidInputException(
        f"{member} must be the ARN of {resource_type.label_with_article}; got {short_repr(arn)}.",
        errorCode=error_code("", re.sub(r"\[\d+\]", "[]", member)),
    )


def _enumerate(member: str, arns: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((f"{member}[{index}]", arn) for index, arn in enumerate(arns))


def _check_arns(types: tuple[ResourceType[Any], ...], arns: Iterable[tuple[str, str]]) -> None:
    for member, arn in arns:
        parts = parse(arn)
        if parts is None or all(parts.type_name != resource_type.name for resource_type in types):
            raise invalid_arn(types[0], arn, member)


def _check_range(operation: str, member: str, bounds: Mapping[str, float]) -> None:
    start, end = range_ends(member)
    minimum, maximum = bounds.get(start, -math.inf), bounds.get(end, math.inf)
    if minimum > maximum:
        raise InvalidInputException(
            f"filter.{member}.{start} must not be after {end}; "
            f"got {_format_bound(start, minimum)} and {_format_bound(end, maximum)}.",
            errorCode=error_code(operation, member),
        )


def _format_bound(name: str, value: float) -> str:
    return f"{value:g}" if name.endswith("Seconds") else format_iso(math.floor(value))


def _check_unique_keys(operation: str, member: str, pairs: Iterable[dict[str, str]]) -> None:
    keys = [pair["key"] for pair in pairs]
    repeated = next((key for key in keys if keys.count(key) > 1), None)
    if repeated is not None:
        raise InvalidInputException(
            f"{member} must have each key once; got {short_repr(repeated)} more than once.",
            errorCode=error_code(operation, f"{member}[]"),
        )

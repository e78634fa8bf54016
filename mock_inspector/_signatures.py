"""Signatures at run time for functions whose keywords are declared once, as a ``TypedDict``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_type_hints

F = TypeVar("F", bound=Callable[..., Any])


def spell_out_keywords(keywords: Any, defaults: Mapping[str, Any]) -> Callable[[F], F]:
    """Replace ``**name: Unpack[keywords]`` in the signature of a function, so that ``help()`` shows each keyword."""

    def spell_out(function: F) -> F:
        parameters = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=hint)
            for name, hint in get_type_hints(keywords).items()
        ]
        signature = inspect.Signature(parameters, return_annotation=function.__annotations__.get("return"))
        function.__signature__ = signature  # type: ignore[attr-defined]
        return function

    return spell_out

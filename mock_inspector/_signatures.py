"""Keywords of functions: unknown ones, and signatures at run time where a ``TypedDict`` declares them once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar, get_type_hints

from .errors import suggest

F = TypeVar("F", bound=Callable[..., Any])


def check_keywords(function: str, keywords: Iterable[str], names: Iterable[str]) -> None:
    """Raise TypeError when one of ``keywords`` is not among ``names``, which the message lists."""
    allowed = list(names)
    for name in keywords:
        if name not in allowed:
            raise TypeError(
                f"{function}() takes {', '.join(allowed) or 'no keyword'}; got {name!r}{suggest(name, allowed)}"
            )


def spell_out_keywords(keywords: Any, defaults: Mapping[str, Any]) -> Callable[[F], F]:
    """Replace ``**name: Unpack[keywords]`` in the signature of a function, so that ``help()`` shows each keyword."""

    def spell_out(function: F) -> F:
        signature = inspect.signature(function)
        named = [
            parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD
        ]
        # Without that of the keywords: ``Unpack`` may not exist at run time.
        annotations = {
            parameter.name: parameter.annotation for parameter in named if parameter.annotation is not parameter.empty
        }
        annotations["return"] = signature.return_annotation
        hints = get_type_hints(SimpleNamespace(__annotations__=annotations), globalns=function.__globals__)
        parameters = [parameter.replace(annotation=hints.get(parameter.name, parameter.empty)) for parameter in named]
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=hint)
            for name, hint in get_type_hints(keywords).items()
        ]
        function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            parameters, return_annotation=hints["return"]
        )
        return function

    return spell_out

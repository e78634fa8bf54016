"""Arguments of functions: wrong ones, and signatures at run time where a ``TypedDict`` declares keywords once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar, cast, get_type_hints

from .errors import short_repr, suggest

F = TypeVar("F", bound=Callable[..., Any])


def check_keywords(function: str, keywords: Iterable[str], names: Iterable[str]) -> None:
    """Raise TypeError when one of ``keywords`` is not among ``names``, which the message lists."""
    allowed = list(names)
    for name in keywords:
        if name not in allowed:
            raise TypeError(
                f"{function}() takes {', '.join(allowed) or 'no keyword'}; got {name!r}{suggest(name, allowed)}"
            )


def explain_arguments(label: str = "", **checks: Callable[[Any], object]) -> Callable[[F], F]:
    """Let a function answer wrong arguments with what it takes and what was given: a TypeError.

    ``label`` is how a test calls it, by default its name. ``checks`` are called with the arguments of their names before
    anything else is said, and raise for a bad one.
    """

    def explain(function: F) -> F:
        parameters = _get_parameters(function)
        by_position = [name for name, each in parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD]
        takes_any = any(each.kind is each.VAR_POSITIONAL for each in parameters.values())
        required = {name for name, each in parameters.items() if each.default is each.empty and name in by_position}
        names = [f"*{name}" if each.kind is each.VAR_POSITIONAL else name for name, each in parameters.items()]
        shown = label or function.__name__
        # A method is called with the object that has it.
        first = 1 if len(parameters) < len(inspect.signature(function).parameters) else 0

        @functools.wraps(function)
        def explained(*args: Any, **keywords: Any) -> Any:
            __tracebackhide__ = True
            for name, value in (*zip(by_position, args[first:], strict=False), *keywords.items()):
                if name in checks:
                    checks[name](value)
            if len(args) - first > len(by_position) and not takes_any:
                raise TypeError(_describe_surplus(shown, by_position, names, args[first + len(by_position)]))
            if keywords.keys() - parameters.keys():
                check_keywords(shown, keywords, names)
            missing = required.difference(by_position[: len(args) - first], keywords)
            if missing:
                listed = [name for name in by_position if name in missing]
                given = [
                    *map(short_repr, args[first:]),
                    *(f"{name}={short_repr(each)}" for name, each in keywords.items()),
                ]
                raise TypeError(
                    f"{shown}() takes {', '.join(names)}; {' and '.join(listed)} must be given; "
                    f"got {', '.join(given) or 'nothing'}"
                )
            return function(*args, **keywords)

        return cast(F, explained)

    return explain


def _get_parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a function or method, without ``self``."""
    return {name: each for name, each in inspect.signature(function).parameters.items() if name != "self"}


def _describe_surplus(label: str, by_position: list[str], names: list[str], surplus: object) -> str:
    """What to say of an argument by position that a function does not take."""
    if not names:
        return f"{label}() takes no arguments; got {short_repr(surplus)}"
    keywords = [name for name in names if name not in by_position]
    also = f", and by keyword {', '.join(keywords)}" if keywords else ""
    return f"{label}() takes {', '.join(by_position) or 'nothing'} by position{also}; got {short_repr(surplus)} as well"


def spell_out_keywords(keywords: Any, defaults: Mapping[str, Any]) -> Callable[[F], F]:
    """Replace ``**name: Unpack[keywords]`` in the signature of a function, so that ``help()`` shows each keyword."""

    def spell_out(function: F) -> F:
        signature = inspect.signature(function)
        variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        named = [parameter for parameter in signature.parameters.values() if parameter.kind not in variadic]
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

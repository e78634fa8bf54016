"""Arguments of functions: wrong ones, and signatures at run time where a ``TypedDict`` declares keywords once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar, cast, get_type_hints

from .errors import short_repr, suggest

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)


def check_keywords(function: str, keywords: Iterable[str], names: Iterable[str]) -> None:
    """Raise TypeError when one of ``keywords`` is not among ``names``, which the message lists."""
    allowed = list(names)
    for name in keywords:
        if name not in allowed:
            raise TypeError(
                f"{function}() takes {', '.join(allowed) or 'no keyword'}; got {name!r}{suggest(name, allowed)}"
            )


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What a function or method takes, without ``self``."""

    label: str
    """How a test calls the function."""
    names: list[str]
    """All parameters, as messages show them."""
    keywords: frozenset[str]
    by_position: list[str]
    takes_any: bool
    """Whether it takes any number of arguments by position."""
    required: list[str]

    @classmethod
    def of(cls, function: Callable[..., Any], label: str) -> _Arguments:
        """Read the signature of a function."""
        parameters = [each for name, each in inspect.signature(function).parameters.items() if name != "self"]
        by_position = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
        return cls(
            label,
            names=[f"*{each.name}" if each.kind is each.VAR_POSITIONAL else each.name for each in parameters],
            keywords=frozenset(each.name for each in parameters if each.kind is not each.VAR_POSITIONAL),
            by_position=by_position,
            takes_any=any(each.kind is each.VAR_POSITIONAL for each in parameters),
            required=[each.name for each in parameters if each.default is each.empty and each.name in by_position],
        )

    def check(self, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        """Raise TypeError for arguments that the function does not take, and for those that are missing."""
        if len(args) > len(self.by_position) and not self.takes_any:
            raise TypeError(self._describe_surplus(args[len(self.by_position)]))
        if not keywords.keys() <= self.keywords:
            check_keywords(self.label, keywords, self.names)
        missing = [name for name in self.required if name not in (*self.by_position[: len(args)], *keywords)]
        if missing:
            given = [*map(short_repr, args), *(f"{name}={short_repr(value)}" for name, value in keywords.items())]
            raise TypeError(
                f"{self.label}() takes {', '.join(self.names)}; {' and '.join(missing)} must be given; "
                f"got {', '.join(given) or 'nothing'}"
            )

    def _describe_surplus(self, surplus: object) -> str:
        if not self.names:
            return f"{self.label}() takes no arguments; got {short_repr(surplus)}"
        keywords = [name for name in self.names if name not in self.by_position]
        also = f", and by keyword {', '.join(keywords)}" if keywords else ""
        by_position = ", ".join(self.by_position) or "nothing"
        return f"{self.label}() takes {by_position} by position{also}; got {short_repr(surplus)} as well"


def explain_arguments(label: str = "", **checks: Callable[[Any], object]) -> Callable[[F], F]:
    """Let a function or method refuse wrong arguments with a TypeError that says what it takes and what was given.

    ``label`` is how a test calls it, by default its name. ``checks`` are called with the arguments of their names before
    anything else is said, and raise for a bad one.
    """

    def explain(function: F) -> F:
        expected = _Arguments.of(function, label or function.__name__)
        first = 1 if next(iter(inspect.signature(function).parameters), "") == "self" else 0

        @functools.wraps(function)
        def explained(*args: Any, **keywords: Any) -> Any:
            __tracebackhide__ = True
            for name, value in (*zip(expected.by_position, args[first:], strict=False), *keywords.items()):
                if name in checks:
                    checks[name](value)
            expected.check(args[first:], keywords)
            return function(*args, **keywords)

        return cast(F, explained)

    return explain


def explain_attributes(label: str) -> Callable[[C], C]:
    """Let the objects of a class answer an attribute that they do not have with a similar one, or with all of them."""

    def explain(cls: C) -> C:
        def get_missing(self: object, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            names = [each for each in dir(cls) if not each.startswith("_")]
            if name in names:
                # A property ran into an AttributeError: it is shown as it is.
                return object.__getattribute__(self, name)
            suggestion = suggest(name, names) or f"; it has {', '.join(names)}"
            raise AttributeError(f"{label} has no {name!r}{suggestion}", name=name, obj=self)

        cls.__getattr__ = get_missing  # type: ignore[attr-defined]
        return cls

    return explain


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

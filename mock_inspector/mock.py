"""``mock_inspector``: the decorator and context manager."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from .options import checked_options

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from .backend import InspectorBackend

F = TypeVar("F", bound=Callable[..., Any])

KEYWORDS = "_mock_inspector_keywords"
"""The attribute by which the plugin finds the keywords of a decorated test."""


class MockInspector:
    """One use of the mock: a context manager, an async context manager and a decorator.

    Entering yields the default :class:`InspectorBackend`. Nested uses share the state of the outermost, which starts
    empty and cleans up.
    """

    def __init__(self, keywords: dict[str, Any]) -> None:
        checked_options(keywords)
        self._keywords = keywords

    def __enter__(self) -> InspectorBackend:
        from . import activation

        return activation.enter(self._keywords)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from . import activation

        activation.leave()

    async def __aenter__(self) -> InspectorBackend:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Decorate a function, coroutine function, generator or async generator function: its body is mocked."""
        if isinstance(function, type) or not callable(function):
            raise TypeError(f"mock_inspector decorates functions, got {function!r}; decorate its methods one by one")
        wrapped = functools.wraps(function)(_wrapper(self, function))
        setattr(wrapped, KEYWORDS, self._keywords)
        return cast(F, wrapped)


def _wrapper(mock: MockInspector, function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return _around_async_generator(mock, function)
    if inspect.iscoroutinefunction(function):

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            with mock:
                return await function(*args, **kwargs)

        return coroutine
    if inspect.isgeneratorfunction(function):

        def generator(*args: Any, **kwargs: Any) -> Any:
            with mock:
                return (yield from function(*args, **kwargs))

        return generator

    def call(*args: Any, **kwargs: Any) -> Any:
        with mock:
            return function(*args, **kwargs)

    return call


def _around_async_generator(mock: MockInspector, function: Callable[..., Any]) -> Callable[..., Any]:
    """What ``yield from`` would do if async generators had it: pass on what is sent, thrown and closed."""

    async def async_generator(*args: Any, **kwargs: Any) -> Any:
        with mock:
            steps = function(*args, **kwargs)
            try:
                value = await steps.__anext__()
                while True:
                    try:
                        sent = yield value
                    except GeneratorExit:
                        await steps.aclose()
                        raise
                    except BaseException as error:  # noqa: BLE001  all of them are the generator's own business
                        value = await steps.athrow(error)
                    else:
                        value = await steps.asend(sent)
            except StopAsyncIteration:
                return

    return async_generator


@overload
def mock_inspector(function: F, /) -> F: ...


@overload
def mock_inspector(
    *,
    account_id: str = ...,
    region: str | None = ...,
    freeze: bool = ...,
    at: datetime.datetime | str | float | None = ...,
    sleep: bool = ...,
    allow_network: bool = ...,
    limits: Mapping[str, int | None] = ...,
    id_seed: str | None = ...,
) -> MockInspector: ...


def mock_inspector(function: F | None = None, /, **keywords: Any) -> F | MockInspector:
    """Mock Amazon Inspector Classic: as a decorator (bare or called), ``with`` or ``async with``.

    The keywords are those of :class:`mock_inspector.options.Options`. TypeError for an unknown one, TypeError or
    ValueError, naming the keyword and what it takes, for a bad value.
    """
    mock = MockInspector(keywords)
    return mock if function is None else mock(function)

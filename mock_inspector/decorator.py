"""``mock_inspector``: the decorator and context manager."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from . import KEYWORDS
from .options import parse_options

if TYPE_CHECKING:
    import datetime
    import os
    from collections.abc import Mapping

    from .backend import InspectorBackend

F = TypeVar("F", bound=Callable[..., Any])

_NOTHING = object()
_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, functools.partial)


class MockInspector:
    """One use of the mock: a context manager, an async context manager and a decorator.

    Entering yields the default :class:`InspectorBackend`. Nested uses share the state of the outermost, which starts
    empty and cleans up.
    """

    def __init__(self, keywords: dict[str, Any]) -> None:
        self._options = parse_options(keywords)
        self._keywords = keywords

    def __enter__(self) -> InspectorBackend:
        from . import activation

        return activation.enter(self._options, self._keywords)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        from . import activation

        activation.leave(failed=kind is not None)

    async def __aenter__(self) -> InspectorBackend:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, decorated: F) -> F:
        """Decorate a function (coroutine, generator and async generator functions, too) or a test class.

        The body of a function is mocked. A plain test class is mocked by the plugin, around each test with its setup
        and teardown; a ``TestCase`` around each ``run``. Where a class sets up something for all its tests
        (``setup_class``, ``setUpClass``) they share one state. TypeError for what cannot be decorated.
        """
        if isinstance(decorated, type):
            return cast(F, self._decorated_class(decorated))
        fixture = hasattr(decorated, "_pytestfixturefunction")  # before pytest 8.4 a fixture was still a function
        if fixture or not isinstance(decorated, _FUNCTIONS):
            raise TypeError(
                f"mock_inspector decorates functions and test classes, got {decorated!r}; with other decorators, such as "
                "pytest.fixture, staticmethod or property, it goes below them, next to the function"
            )
        wrapped = functools.wraps(decorated)(_wrapper(self, decorated))
        setattr(wrapped, KEYWORDS, self._keywords)
        return cast(F, wrapped)

    def _decorated_class(self, decorated: type) -> type:
        test_case = getattr(sys.modules.get("unittest"), "TestCase", None)
        if test_case is None or not issubclass(decorated, test_case):
            setattr(decorated, KEYWORDS, self._keywords)
            return decorated
        cls: Any = decorated
        cls.run = self._decorated_run(cls.run)
        if cls.setUpClass.__func__ is not test_case.setUpClass.__func__:
            set_up: Callable[[Any], None] = cls.setUpClass.__func__

            def set_up_class(cls: Any) -> None:
                self.__enter__()
                cls.addClassCleanup(self.__exit__, None, None, None)
                set_up(cls)

            cls.setUpClass = classmethod(functools.wraps(set_up)(set_up_class))
        return decorated

    def _decorated_run(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """A ``TestCase.run`` inside the mock. It must not raise: unused faults are told by a cleanup of the test."""

        @functools.wraps(run)
        def mocked_run(case: Any, *args: Any, **kwargs: Any) -> Any:
            from . import activation

            outermost = activation.active() is None
            self.__enter__()
            try:
                if outermost:
                    _check_at_the_end(case)
                return run(case, *args, **kwargs)
            finally:
                activation.leave(failed=True)

        return mocked_run


def _check_at_the_end(case: Any) -> None:
    """Let a ``TestCase`` that has passed, its cleanups included, fail for faults that were never used."""
    clean_up = case.doCleanups

    def check() -> None:
        __tracebackhide__ = True
        from .activation import active

        activation = active()
        if activation is not None:
            activation.check_freezes()
            activation.check_faults()

    def do_cleanups() -> Any:
        del case.doCleanups
        passed = clean_up()
        if passed:
            case.addCleanup(check)
            passed = clean_up()
        return passed

    case.doCleanups = do_cleanups


def _wrapper(mock: MockInspector, function: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return _around_async_generator(mock, function)
    if inspect.iscoroutinefunction(function):

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with mock:
                return await function(*args, **kwargs)

        return coroutine
    if inspect.isgeneratorfunction(function):

        def generator(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with mock:
                return (yield from function(*args, **kwargs))

        return generator

    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with mock:
            return function(*args, **kwargs)

    return call


def _around_async_generator(mock: MockInspector, function: Callable[..., Any]) -> Callable[..., Any]:
    """What ``yield from`` would do if async generators had it: pass on what is sent, thrown and closed."""

    async def async_generator(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
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
def mock_inspector(decorated: F, /) -> F: ...


@overload
def mock_inspector(
    *,
    account_id: str = ...,
    region: str | None = ...,
    freeze: bool | Literal["freezegun", "time-machine"] = ...,
    at: datetime.datetime | str | float | None = ...,
    sleep: bool = ...,
    allow_network: bool = ...,
    allow_unused_faults: bool = ...,
    limits: Mapping[str, int | None] = ...,
    max_calls: int | None = ...,
    id_seed: str | None = ...,
    state: Mapping[str, Any] | str | os.PathLike[str] | None = ...,
) -> MockInspector: ...


def mock_inspector(decorated: Any = _NOTHING, /, **keywords: Any) -> Any:
    """Mock Amazon Inspector Classic: as a decorator (bare or called), ``with`` or ``async with``.

    The keywords are those of :class:`mock_inspector.options.Options`. TypeError for an unknown one, TypeError or
    ValueError, naming the keyword and what it takes, for a bad value.
    """
    mock = MockInspector(keywords)
    return mock if decorated is _NOTHING else mock(decorated)

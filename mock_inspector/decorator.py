"""Public: ``mock_inspector``, the decorator and context manager."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from ._class_mock import ClassMock, call_for_subclasses, is_test_case, mock_test_case_class, test_case_mock
from ._plugin_state import KEYWORDS, plugin_state
from ._signatures import spell_out_keywords
from .errors import short_repr
from .options import DEFAULTS, MockKeywords, parse_options, suggest_keyword

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .activation import Use
    from .backend import InspectorBackend

F = TypeVar("F", bound=Callable[..., Any])


class _Nothing:
    """What is decorated when ``mock_inspector`` is called with keywords: nothing yet."""

    def __repr__(self) -> str:
        return "<nothing>"


_NOTHING = _Nothing()
_FUNCTIONS = (FunctionType, MethodType, BuiltinFunctionType, functools.partial)


class MockInspector:
    """One use of the mock: a context manager, an async context manager and a decorator.

    Entering it returns the default :class:`InspectorBackend`. Nested uses share the state of the outermost one, which
    starts empty and cleans up.
    """

    def __init__(self, keywords: dict[str, Any]) -> None:
        self._options = parse_options(keywords)
        self._keywords = keywords
        self._uses: list[Use] = []

    def __enter__(self) -> InspectorBackend:
        from .activation import Use

        use = Use()
        self._uses.append(use)
        try:
            return use.enter(self._options, self._keywords)
        except BaseException:
            self._uses.remove(use)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            __tracebackhide__ = True
            self.leave(failed=kind is not None)
        except BaseException:
            self.leave(failed=True)  # what an interrupt has left
            raise

    def start(self) -> InspectorBackend:
        """Begin a use, as entering the context does, and return its backend. :meth:`stop` ends it."""
        return self.__enter__()

    def stop(self) -> None:
        """End the last use that this object has begun. RuntimeError when it has begun none that has not ended.

        Like leaving the context, it raises UnusedFaultError for faults that were never triggered.
        """
        __tracebackhide__ = True
        if not self._uses:
            raise RuntimeError("stop() must come after start(), once for each; got one without")
        self.__exit__(None, None, None)

    def leave(self, *, failed: bool = False) -> None:
        """End the last use that this object has begun; does nothing when all of them have ended."""
        __tracebackhide__ = True
        if not self._uses:
            return
        use = self._uses[-1]
        try:
            use.leave(failed=failed)
        finally:
            if not use.is_active and use in self._uses:
                self._uses.remove(use)

    def again(self, function: Callable[..., Any] | None = None) -> MockInspector:
        """Return another use with the same keywords: of a decorated ``function``, where that is given."""
        return MockInspector(self._keywords) if function is None else _FunctionUse(self._keywords, function)

    async def __aenter__(self) -> InspectorBackend:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, decorated: F) -> F:
        """Decorate a function (also a coroutine, generator or async generator function) or a test class.

        The mock covers the body of a function. What other decorators do before they call it stays outside: the steps of
        a pytest-bdd scenario, for one, which takes the marker instead. The plugin mocks a plain test class, around each
        test with its setup and teardown. A ``TestCase`` is mocked around each ``run``. Where something is set up for the
        class as a whole, each test begins with exactly that. TypeError for anything that cannot be decorated.
        """
        if isinstance(decorated, type):
            return cast(F, self._decorated_class(decorated))
        if not callable(decorated) and not hasattr(decorated, "__get__"):
            raise TypeError(
                f"mock_inspector decorates functions and test classes, and takes {', '.join(DEFAULTS)} as keywords; "
                f"got {short_repr(decorated)}{suggest_keyword(decorated)}"
            )
        fixture = hasattr(decorated, "_pytestfixturefunction")  # before pytest 8.4 a fixture was still a function
        if fixture or not isinstance(decorated, _FUNCTIONS):
            raise TypeError(
                f"mock_inspector decorates functions and test classes; got {decorated!r}. Put it below other decorators, "
                "such as pytest.fixture, staticmethod or property, next to the function. A scenario of pytest-bdd runs its "
                "steps before the function: mark it with pytest.mark.mock_inspector instead"
            )
        wrapped = functools.wraps(decorated)(_wrapper(self, decorated))
        setattr(wrapped, KEYWORDS, self._keywords)
        return cast(F, wrapped)

    def _decorated_class(self, decorated: type) -> type:
        cls: Any = decorated
        if not is_test_case(cls):
            setattr(cls, KEYWORDS, self._keywords)
            call_for_subclasses(cls, self._decorate_test_case)
            return decorated
        # Not plain functions: moto's decorator would take them for methods of the test.
        cls.run = functools.partialmethod(self._decorated_run(cls.run))
        cls.debug = functools.partialmethod(self._decorated_debug(cls.debug))
        mock_test_case_class(cls, self)
        return decorated

    def _decorate_test_case(self, subclass: type) -> None:
        """Decorate a ``TestCase`` that inherits from a decorated class which is none."""
        if is_test_case(subclass) and test_case_mock(subclass) is None:
            self._decorated_class(subclass)

    def _decorated_run(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return a ``TestCase.run`` inside the mock. It must not raise, so a cleanup of the test reports unused faults."""

        @functools.wraps(run)
        def mocked_run(case: Any, *args: Any, **kwargs: Any) -> Any:
            from . import activation

            shared = ClassMock.of(type(case))
            outermost, use = activation.active() is None, self.again()
            try:
                use.__enter__()
                if shared is not None:
                    shared.begin_run()
                if outermost or shared is not None:
                    case.doCleanups = functools.partial(_clean_up_and_check, case)
                return run(case, *args, **kwargs)
            finally:
                vars(case).pop("doCleanups", None)
                if shared is not None:
                    shared.end_run()
                use.leave(failed=True)

        return mocked_run

    def _decorated_debug(self, debug: Callable[..., Any]) -> Callable[..., Any]:
        """Return a ``TestCase.debug``, which raises what is wrong, inside the mock."""

        @functools.wraps(debug)
        def mocked_debug(case: Any) -> None:
            __tracebackhide__ = True
            shared = ClassMock.of(type(case))
            with self.again():
                if shared is None:
                    debug(case)
                    return
                try:
                    shared.begin_run()
                    debug(case)
                    shared.end_test()
                except BaseException:
                    shared.leave(failed=True)  # unittest does not tear the class down
                    raise
                finally:
                    shared.end_run()

        return mocked_debug


class _FunctionUse(MockInspector):
    """The use of a decorated function. Where a debugger is about to start because it failed, the plugin ends it later."""

    def __init__(self, keywords: dict[str, Any], function: Callable[..., Any]) -> None:
        super().__init__(keywords)
        self._function = function

    def leave(self, *, failed: bool = False) -> None:
        __tracebackhide__ = True
        if failed and self._uses and any(self._function is each for each in plugin_state.debugged):
            plugin_state.postponed = functools.partial(MockInspector.leave, self, failed=True)
        else:
            super().leave(failed=failed)


def _clean_up_and_check(case: Any) -> Any:
    """Do the cleanups of a ``TestCase``. One that has passed so far, with its cleanups, gets a last one: the check.

    A test that is expected to fail gets none: it has failed, or unittest reports that it has not.
    """
    passed = type(case).doCleanups(case)
    method = getattr(case, case._testMethodName)
    if passed and not any(getattr(each, "__unittest_expecting_failure__", False) for each in (case, method)):
        case.addCleanup(_check)
        passed = type(case).doCleanups(case)
    return passed


def _check() -> None:
    """Fail for faults that were never triggered, and for freezes that outlive the mock."""
    __tracebackhide__ = True
    from .activation import active

    activation = active()
    if activation is not None:
        activation.check_freezes()
        activation.check_faults()


def _wrapper(mock: MockInspector, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function inside the mock. It leaves a second time, where an interrupt came before it left."""
    if inspect.isasyncgenfunction(function):
        return _around_async_generator(mock, function)
    if inspect.iscoroutinefunction(function):

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            use = mock.again(function)
            try:
                with use:
                    return await function(*args, **kwargs)
            finally:
                use.leave(failed=True)

        return coroutine
    if inspect.isgeneratorfunction(function):

        def generator(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            use = mock.again()
            try:
                with use:
                    return (yield from function(*args, **kwargs))
            finally:
                use.leave(failed=True)

        return generator

    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        use = mock.again(function)
        try:
            with use:
                return function(*args, **kwargs)
        finally:
            use.leave(failed=True)

    return call


def _around_async_generator(mock: MockInspector, function: Callable[..., Any]) -> Callable[..., Any]:
    """Do what ``yield from`` does for generators: pass on what is sent, thrown and closed."""

    async def async_generator(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        use = mock.again()
        try:
            with use:
                steps = function(*args, **kwargs)
                try:
                    value = await steps.__anext__()
                    while True:
                        try:
                            sent = yield value
                        except GeneratorExit:
                            await steps.aclose()
                            raise
                        except BaseException as error:  # noqa: BLE001  the generator handles all of them
                            value = await steps.athrow(error)
                        else:
                            value = await steps.asend(sent)
                except StopAsyncIteration:
                    return
        finally:
            use.leave(failed=True)

    return async_generator


@overload
def mock_inspector(decorated: F, /) -> F: ...


@overload
def mock_inspector(**keywords: Unpack[MockKeywords]) -> MockInspector: ...


@spell_out_keywords(MockKeywords, DEFAULTS)
def mock_inspector(decorated: Any = _NOTHING, /, *others: Any, **keywords: Any) -> Any:
    """Mock Amazon Inspector Classic: as a decorator (bare or called), ``with`` or ``async with``.

    :class:`mock_inspector.options.Options` describes the keywords. Under pytest, ini options ``mock_inspector_<keyword>``
    set those that an outermost use leaves open; ``pytest --help`` lists them. TypeError for an unknown keyword; TypeError
    or ValueError, naming the keyword and what it allows, for an invalid value.
    """
    mock = MockInspector(keywords)
    if others:
        raise TypeError(
            f"mock_inspector() takes {', '.join(DEFAULTS)} as keywords; got {short_repr((decorated, *others))} by position"
        )
    return mock if decorated is _NOTHING else mock(decorated)

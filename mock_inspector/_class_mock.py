"""The mock of a decorated class that sets something up for all of its tests: each test begins with exactly that.

The plugin does it for all classes that pytest runs; a ``TestCase`` that another runner runs does it by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from ._plugin_state import TEST_CASE

if TYPE_CHECKING:
    from .activation import Activation, SavedState

__unittest = True
"""unittest leaves the frames of this module out of tracebacks."""

_ATTRIBUTE = "_mock_inspector_class_mock"
_OWN = "_mock_inspector_own"


class _Mock(Protocol):
    """What ``mock_inspector(...)`` returns."""

    def again(self) -> _Mock:
        """Return another use."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def leave(self, *, failed: bool = False) -> None:
        """End it."""


class ClassMock:
    """One use of the mock for a class, from its set-up to the end of its tear-down."""

    def __init__(self, mock: _Mock, cls: type, *, by_plugin: bool = False) -> None:
        """Begin it. Other runners than pytest do not tell when a test begins: :meth:`begin_run` does."""
        from . import activation

        outermost = activation.active() is None
        self._mock = mock.again()
        self._mock.__enter__()
        self._cls = cls
        self._by_plugin = by_plugin
        # In a mock around the class, its tests share the state of that one.
        self._activation: Activation | None = activation.active() if outermost else None
        self._saved: dict[type | None, SavedState] = {}
        """What is set up for the class of the test, and before that for those around it; under None what there was first."""
        if self._activation is not None:
            self._saved[None] = self._activation.save()
        self._test_class = cls
        self._is_setting_up = True
        self._has_new_set_up = not by_plugin
        setattr(cls, _ATTRIBUTE, self)

    @staticmethod
    def of(test_class: type) -> ClassMock | None:
        """Return the active mock of a class itself, not that of a base class."""
        found: ClassMock | None = vars(test_class).get(_ATTRIBUTE)
        return found

    def begin_test(self, *classes: type) -> None:
        """Go back to what is set up for the class of a test, the last of ``classes``; the others are around it.

        What was set up for other classes, such as another inner one, has been torn down.
        """
        self._is_setting_up, self._has_new_set_up = True, False
        self._test_class = classes[-1]
        self._saved = {cls: saved for cls, saved in self._saved.items() if cls is None or cls in classes}
        if self._activation is not None:
            self._activation.begin_again(list(self._saved.values())[-1])

    def continue_set_up(self) -> None:
        """Something is about to be set up for the whole class."""
        self._has_new_set_up = True

    def end_set_up(self) -> None:
        """All is set up for the class: what follows belongs to one test."""
        if self._is_setting_up and self._has_new_set_up and self._activation is not None:
            self._saved[self._test_class] = self._activation.save()
        self._is_setting_up = False

    def begin_run(self) -> None:
        """A ``TestCase`` is about to be run."""
        if not self._by_plugin and self._cls in self._saved:
            self.begin_test(self._cls)
        self.end_set_up()

    def end_run(self) -> None:
        """A ``TestCase`` has been run. Its unused faults, which it has reported, are not reported for the class again."""
        if self._activation is not None:
            self._activation.inherit_faults()

    def end_test(self) -> None:
        """Raise what a mock of the test alone would raise at its end."""
        __tracebackhide__ = True
        if self._activation is not None:
            self._activation.check_freezes()
            self._activation.check_faults()

    def leave(self, *, failed: bool = False) -> None:
        """End it. A second time does nothing."""
        __tracebackhide__ = True
        if ClassMock.of(self._cls) is self:
            delattr(self._cls, _ATTRIBUTE)
        self._mock.leave(failed=failed)

    def leave_by_test_case(self) -> None:
        """End it, unless the plugin does. unittest reports an error that it finds in ``tearDown_exceptions``."""
        if self._by_plugin:
            return
        try:
            self.leave()
        except Exception:  # noqa: BLE001
            cls: Any = self._cls
            cls.tearDown_exceptions.append(sys.exc_info())


def is_test_case(cls: type) -> bool:
    """Whether a class is a ``TestCase``. None is where nothing has imported unittest."""
    test_case = getattr(sys.modules.get("unittest"), "TestCase", None)
    return test_case is not None and issubclass(cls, test_case)


def test_case_mock(cls: type) -> _Mock | None:
    """Return the mock that decorates a ``TestCase``, or None for another class."""
    mock: _Mock | None = getattr(cls, TEST_CASE, None)
    return mock


def sets_up_class(cls: Any) -> bool:
    """Whether something is done for a class as a whole, by itself or by a class that it inherits from."""
    if is_test_case(cls) and _has_own(cls, "setUpClass"):
        return True
    return hasattr(cls, "setup_class") or hasattr(cls, "teardown_class")


def _has_own(cls: Any, name: str) -> bool:
    """Whether a ``TestCase`` has, or inherits, a class method that does something."""
    default = vars(sys.modules["unittest"].TestCase)[name]
    methods = [vars(each)[name] for each in cls.__mro__ if name in vars(each)]
    return any(getattr(method, _OWN, method is not default) for method in methods)


def mock_test_case_class(cls: Any, mock: _Mock) -> None:
    """Let the class methods of a ``TestCase`` run inside the mock, and those of its subclasses."""
    setattr(cls, TEST_CASE, mock)
    _wrap_class_methods(cls)
    call_for_subclasses(cls, _wrap_class_methods)


def call_for_subclasses(cls: Any, function: Callable[[type], None]) -> None:
    """Call a function with each subclass that is made from now on, after the class's own ``__init_subclass__``."""
    original = vars(cls).get("__init_subclass__")

    def init_subclass(subclass: Any, /, **keywords: Any) -> None:
        if original is None:
            super(cls, subclass).__init_subclass__(**keywords)
        else:
            original.__func__(subclass, **keywords)
        function(subclass)

    cls.__init_subclass__ = classmethod(init_subclass)


def _wrap_class_methods(cls: Any) -> None:
    for name, around in _AROUND.items():
        setattr(cls, name, _wrap(cls, name, around))


class _Wrapped(classmethod):  # type: ignore[type-arg]
    """A class method that runs inside the mock."""


def _wrap(owner: Any, name: str, around: Callable[[Any, Callable[[], object]], None]) -> Any:
    own = vars(owner).get(name)

    def method(cls: Any) -> None:
        inherited = super(owner, cls) if own is None else None
        around(cls, own.__get__(None, cls) if own is not None else getattr(inherited, name))

    method.__name__ = name
    wrapped = _Wrapped(method)
    setattr(wrapped, _OWN, own is not None)
    return wrapped


def _set_up_class(cls: Any, set_up: Callable[[], object]) -> None:
    if ClassMock.of(cls) is not None or not sets_up_class(cls):
        set_up()
        return
    mock = ClassMock(getattr(cls, TEST_CASE), cls)
    try:
        set_up()
    except Exception:
        raise  # unittest calls doClassCleanups, which ends the mock
    except BaseException:
        mock.leave(failed=True)
        raise


def _tear_down_class(cls: Any, tear_down: Callable[[], object]) -> None:
    _call_in_mock(cls, tear_down, needed=_has_own(cls, "tearDownClass"))


def _clean_up_class(cls: Any, clean_up: Callable[[], object]) -> None:
    mock = ClassMock.of(cls)
    try:
        _call_in_mock(cls, clean_up, needed=bool(cls._class_cleanups))
    finally:
        if mock is not None:
            mock.leave_by_test_case()


def _call_in_mock(cls: Any, function: Callable[[], object], *, needed: bool) -> None:
    """Call a function in the mock of the class; in one of its own where ``needed``, since the class has none."""
    if needed and ClassMock.of(cls) is None:
        with getattr(cls, TEST_CASE).again():
            function()
    else:
        function()


_AROUND: dict[str, Callable[[Any, Callable[[], object]], None]] = {
    "setUpClass": _set_up_class,
    "tearDownClass": _tear_down_class,
    "doClassCleanups": _clean_up_class,
}

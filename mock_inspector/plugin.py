"""The pytest plugin: fixtures (``inspector_backend``, ``inspector_server``, ``aws_server``), the marker ``mock_inspector``."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from ._plugin_state import INI_OPTIONS, INI_PREFIX, KEYWORDS, TEST_CASE, plugin_state

if TYPE_CHECKING:
    from ._class_mock import ClassMock
    from ._plugin_state import FinishedMock
    from .activation import Activation
    from .backend import InspectorBackend
    from .decorator import MockInspector
    from .server import InspectorServer

_CLASS_MOCK: pytest.StashKey[ClassMock] = pytest.StashKey()
_TEST_MOCKS: pytest.StashKey[list[MockInspector]] = pytest.StashKey()
_SETTING_UP: pytest.StashKey[ClassMock | None] = pytest.StashKey()
"""The mock of the class whose test is running, where something is set up for all of its tests."""
_REPORTED: pytest.StashKey[dict[int, int]] = pytest.StashKey()
_PREVIOUS: pytest.StashKey[tuple[deque[FinishedMock] | None, Mapping[str, Any]]] = pytest.StashKey()

_MAX_FINISHED_MOCKS = 3
"""How many finished mocks a failure report shows."""

_MARKER = "mock_inspector"
_MARKER_HELP = (
    "mock_inspector(**keywords): run the test with Amazon Inspector Classic mocked. The keywords are those of the "
    "decorator; help('mock_inspector.options.Options') describes them."
)


_INI_TYPE: Any = str | bool | int if pytest.version_tuple >= (9, 2) else "string"
"""pytest's own TOML tables have typed values, and older versions of it allow only one type."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini options."""
    for name, text in INI_OPTIONS.items():
        parser.addini(f"{INI_PREFIX}{name}", text, type=_INI_TYPE, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, read the ini options, and keep finished mocks for failure reports."""
    if config.getoption("usepdb", False):
        config.pluginmanager.register(_Debugging(), f"{_MARKER}-debugging")
    config.addinivalue_line("markers", _MARKER_HELP)
    config.stash[_PREVIOUS] = plugin_state.finished_mocks, plugin_state.ini_keywords
    plugin_state.finished_mocks = deque(maxlen=_MAX_FINISHED_MOCKS)
    plugin_state.ini_keywords = _read_ini_options(config)


def _read_ini_options(config: pytest.Config) -> dict[str, Any]:
    """Return the keywords that the ini options set. UsageError, which names the option, for an invalid one."""
    # pytest only warns of unknown options, at the end of the session.
    unknown = [name for name in getattr(config, "_get_unknown_ini_keys", tuple)() if name.startswith(INI_PREFIX)]
    try:
        values = {name: config.getini(f"{INI_PREFIX}{name}") for name in INI_OPTIONS}
        given = {name: value for name, value in values.items() if value != ""}
        if not given and not unknown:
            return {}
        from .options import parse_ini_options

        return parse_ini_options(given, unknown)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(str(error)) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give a pytest session around this one its finished mocks and its ini options back."""
    _leave_postponed()
    if _PREVIOUS in config.stash:
        plugin_state.finished_mocks, plugin_state.ini_keywords = config.stash[_PREVIOUS]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the mock of a marked test before anything is set up for that test alone, and that of a class for the class."""
    for item in items:
        if _decorated_classes(item):
            _insert_fixture(item, _mock_inspector_of_class.__name__, ("class", "function"))
        if item.get_closest_marker(_MARKER) is not None:
            _insert_fixture(item, _mock_inspector.__name__, ("function",))


def _insert_fixture(item: pytest.Item, fixture: str, scopes: tuple[str, ...]) -> None:
    """Let a test use a fixture, before those of these scopes; ``setup_method`` and ``setup_class`` are among them."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is None or fixture in names:  # tests of the same function share the list
        return
    definitions: dict[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    own = (index for index, name in enumerate(names) if name in definitions and definitions[name][-1].scope in scopes)
    names.insert(next(own, len(names)), fixture)


@pytest.fixture
def _mock_inspector(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start the mock of a marked test; ``inspector_backend`` is a nested use then."""
    __tracebackhide__ = True
    with _mock_of(request):
        yield


@pytest.fixture
def _mock_inspector_of_class(request: pytest.FixtureRequest) -> None:
    """Start the mocks of the decorated classes around a test. They end when everything of the test has been torn down."""
    __tracebackhide__ = True
    try:
        _begin_mocks(request.node)
    except (TypeError, ValueError) as error:
        message = f"{type(error).__name__}: {error}"
    else:
        return
    pytest.fail(message, pytrace=False)


def _begin_mocks(item: pytest.Item) -> None:
    from ._class_mock import ClassMock, test_case_mock

    nodes = _decorated_classes(item)
    classes = [node for node in item.listchain() if isinstance(node, pytest.Class)]
    classes = classes[classes.index(nodes[0]) :]
    class_mock = next((node.stash[_CLASS_MOCK] for node in classes if _CLASS_MOCK in node.stash), None)
    owner = _find_class_that_sets_up(item, classes)
    if class_mock is None and owner is not None:
        with _scope(owner.nodeid):
            class_mock = ClassMock(_mock_of_class(nodes[0]), owner.obj, by_plugin=True)
        owner.stash[_CLASS_MOCK] = class_mock
    if class_mock is not None:
        class_mock.begin_test(*[node.obj for node in classes])
        item.config.stash[_SETTING_UP] = class_mock
    # The run of a TestCase is mocked anyway.
    has_begun = class_mock is not None or test_case_mock(nodes[0].obj) is not None
    mocks = item.stash[_TEST_MOCKS] = []
    for node in nodes[1:] if has_begun else nodes:
        mock = _mock_of_class(node)
        mock.__enter__()
        mocks.append(mock)


def _decorated_classes(item: pytest.Item) -> list[pytest.Class]:
    """The decorated classes of a test, the outermost first."""
    nodes = [node for node in item.listchain() if isinstance(node, pytest.Class)]
    return [node for node in nodes if hasattr(node.obj, KEYWORDS) or hasattr(node.obj, TEST_CASE)]


def _mock_of_class(node: pytest.Class) -> MockInspector:
    from .decorator import MockInspector

    of_test_case: MockInspector | None = getattr(node.obj, TEST_CASE, None)
    return MockInspector(getattr(node.obj, KEYWORDS)) if of_test_case is None else of_test_case.again()


def _find_class_that_sets_up(item: pytest.Item, classes: list[pytest.Class]) -> pytest.Class | None:
    """The outermost of a test's classes that sets something up for all of its tests: by itself, or by a fixture."""
    from ._class_mock import sets_up_class

    definitions: dict[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    # pytest calls the methods of a class from fixtures of its own.
    own = ("_unittest_", "_xunit_")
    has_fixture = any(found[-1].scope == "class" and not name.startswith(own) for name, found in definitions.items())
    return next((node for node in classes if sets_up_class(node.obj)), classes[-1] if has_fixture else None)


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the ids of a mock in a fixture of a wider scope depend on that scope, not on the first test.

    It is, like those below, a wrapper of the older kind, through which no exception passes: tracebacks would show it.
    """
    class_mock = request.config.stash.get(_SETTING_UP, None)
    if fixturedef.scope == "function":
        if class_mock is not None:
            class_mock.end_set_up()
        yield
        return
    if class_mock is not None:
        class_mock.continue_set_up()
    with _scope(request.node.nodeid or "session"):
        yield


@contextmanager
def _scope(node_id: str) -> Iterator[None]:
    previous, plugin_state.scope = plugin_state.scope, node_id
    try:
        yield
    finally:
        plugin_state.scope = previous


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let ids depend on the test's own path."""
    own_id = "" if item.parent is None else f"{item.parent.nodeid}::{item.name}"
    # With --dist=loadgroup, xdist appends the name of the test's group behind an @.
    plugin_state.renamed = {item.nodeid: own_id} if item.nodeid.startswith(f"{own_id}@") else {}


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """What follows the set-up belongs to one test."""
    class_mock = item.config.stash.get(_SETTING_UP, None)
    if class_mock is not None:
        class_mock.end_set_up()
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, None]:
    """Stop the mock of a decorated class: after each test, or after the last one when something is set up for all."""
    __tracebackhide__ = True
    outcome = yield
    item.config.stash[_SETTING_UP] = None
    try:
        _end_mocks(item, nextitem, failed=outcome.excinfo is not None)
    except BaseException as error:  # noqa: BLE001  it is the outcome
        outcome.force_exception(error)


def _end_mocks(item: pytest.Item, nextitem: pytest.Item | None, *, failed: bool) -> None:
    __tracebackhide__ = True
    for mock in reversed(item.stash.get(_TEST_MOCKS, None) or ()):
        mock.leave(failed=failed)
    next_nodes = [] if nextitem is None else nextitem.listchain()
    for node in item.listchain():
        if _CLASS_MOCK not in node.stash:
            continue
        if node not in next_nodes:
            class_mock = node.stash[_CLASS_MOCK]
            del node.stash[_CLASS_MOCK]
            class_mock.leave(failed=failed)
        elif not failed:
            node.stash[_CLASS_MOCK].end_test()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a failed test's mocks in its report, and mark them as failed."""
    report = yield
    mocks = sys.modules.get("mock_inspector.activation")
    if mocks is not None:
        if not report.passed:
            active = mocks.active()
            if active is not None:
                active.mark_failed()
            if report.failed:
                reported = item.stash.setdefault(_REPORTED, {})
                report.sections += _make_sections(active, reported, call.excinfo and call.excinfo.value)
        if call.when == "teardown" and plugin_state.finished_mocks:
            plugin_state.finished_mocks.clear()
            with suppress(Exception):
                sys.modules["mock_inspector.clock.freeze"].restore_late_names()
    return report


_NOT_SHOWN = (Exception, pytest.fail.Exception, pytest.skip.Exception)
"""What a report may run into, where a test has replaced what the report calls. A test's own failure matters more."""


def _make_sections(
    active: Activation | None, reported: dict[int, int], error: BaseException | None
) -> list[tuple[str, str]]:
    """What the mocks of a failed test have to show, or why they cannot."""
    sections: list[tuple[str, str]] = []
    try:
        from .failure_report import add_sections

        add_sections(sections, getattr(active, "service", None), reported, error)
    except _NOT_SHOWN as problem:
        sections.append((_MARKER, f"This report could not be made: {type(problem).__name__}"))
    return sections


def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Keep what the mocks of an interrupted test have to show: it gets no report of its own."""
    mocks = sys.modules.get("mock_inspector.activation")
    if mocks is not None and isinstance(excinfo.value, KeyboardInterrupt):
        plugin_state.interrupted = _make_sections(mocks.active(), {}, excinfo.value)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show it."""
    sections, plugin_state.interrupted = plugin_state.interrupted, []
    for title, text in sections:
        terminalreporter.section(title, sep="-")
        terminalreporter.line(text)


class _Debugging:
    """With ``--pdb``: a decorated test that fails stays in its mock until the debugger has ended."""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        function = getattr(item, "obj", None)
        while function is not None:
            plugin_state.debugged += (getattr(function, "__func__", function),)
            function = getattr(function, "__wrapped__", None)
        yield
        plugin_state.debugged = ()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        _leave_postponed()
        yield


def _leave_postponed() -> None:
    postponed, plugin_state.postponed = plugin_state.postponed, None
    if postponed is not None:
        postponed()


@pytest.fixture
def inspector_backend(request: pytest.FixtureRequest) -> Iterator[InspectorBackend]:
    """Amazon Inspector Classic mocked for this test: the default backend, with the options of its markers.

    The keywords of ``@mock_inspector(...)`` on the test count too; the nearest wins. Inside an active
    ``mock_inspector`` it is the backend of that one.
    """
    __tracebackhide__ = True
    with _mock_of(request) as backend:
        yield backend


def _mock_of(request: pytest.FixtureRequest) -> MockInspector:
    """The mock of a test. What is wrong with its keywords fails the test, with no line of this package."""
    from .decorator import MockInspector

    try:
        return MockInspector(_keywords(request))
    except (TypeError, ValueError) as error:
        message = f"{type(error).__name__}: {error}"
    pytest.fail(message, pytrace=False)


@pytest.fixture
def inspector_server(inspector_backend: InspectorBackend) -> Iterator[InspectorServer]:
    """The mock of this test behind a loopback port, for subprocesses: ``.url``, ``.backend``.

    ``AWS_ENDPOINT_URL_INSPECTOR`` is set, where AWS's SDKs and its CLI look for the endpoint. ``.environ`` is an
    environment that also has a region and credentials. Needs ``pip install 'mock-inspector[server]'``.
    """
    from .server.server import InspectorServer

    with InspectorServer(inspector_backend) as server, server.set_environment():
        yield server


@pytest.fixture
def aws_server(inspector_backend: InspectorBackend) -> Iterator[InspectorServer]:
    """One loopback port for all of AWS, for subprocesses: the mock of this test, and moto for every other service.

    ``AWS_ENDPOINT_URL`` is set. ``.url``, ``.backend`` and ``.environ`` are those of ``inspector_server``. moto's EC2, SNS,
    IAM and STS are those of the mock. Its state is emptied before and after the test, unless ``mock_aws`` is active then.
    Clients in this process that were made before do not find it. Needs ``pip install 'mock-inspector[moto]'``.
    """
    from .server.server import InspectorServer

    with InspectorServer(inspector_backend, moto=True) as server, server.set_environment():
        yield server


def _keywords(request: pytest.FixtureRequest) -> dict[str, Any]:
    keywords: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        if marker.args:
            from .options import suggest_keyword

            suggestion = suggest_keyword(marker.args[0])
            raise TypeError(f"pytest.mark.mock_inspector takes keywords only; got {marker.args!r}{suggestion}")
        keywords.update(marker.kwargs)
    keywords.update(getattr(getattr(request, "cls", None), KEYWORDS, {}))
    keywords.update(getattr(getattr(request, "function", None), KEYWORDS, {}))
    return keywords

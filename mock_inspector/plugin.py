"""The pytest plugin: the fixtures ``inspector_backend`` and ``inspector_server``, the marker ``mock_inspector``."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from . import KEYWORDS, _plugin_state

if TYPE_CHECKING:
    from ._plugin_state import Ended
    from .backend import InspectorBackend
    from .decorator import MockInspector
    from .server import InspectorServer

_ACTIVE: pytest.StashKey[MockInspector] = pytest.StashKey()
_TOLD: pytest.StashKey[dict[int, int]] = pytest.StashKey()
_BEFORE: pytest.StashKey[deque[Ended] | None] = pytest.StashKey()

_MAX_ENDED = 3
"""Of how many mocks that a test has ended the report tells."""

_MARKER = "mock_inspector"
_MARKER_HELP = (
    "mock_inspector(*, account_id='123456789012', region=None, freeze=True, at=None, sleep=True, allow_network=False, allow_unused_faults=False, limits={}, max_calls=10000, id_seed=None, state=None): "
    "run the test with Amazon Inspector Classic mocked, with these options."
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; keep from now on what a failed test's report is made of."""
    config.addinivalue_line("markers", _MARKER_HELP)
    config.stash[_BEFORE], _plugin_state.ended = _plugin_state.ended, deque(maxlen=_MAX_ENDED)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Keep it for whoever runs around this one, if anybody does."""
    if _BEFORE in config.stash:
        _plugin_state.ended = config.stash[_BEFORE]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a marked test have the mock, from before anything is set up for this test alone."""
    for item in items:
        names: list[str] = getattr(item, "fixturenames", [])
        if item.get_closest_marker(_MARKER) is not None and names is not None:
            names.insert(_behind_wider_scopes(item, names), _mocked.__name__)


def _behind_wider_scopes(item: pytest.Item, names: list[str]) -> int:
    """The place of the first fixture of function scope: autouse ones and ``setup_method`` are among those."""
    definitions: dict[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    for place, name in enumerate(names):
        if name in definitions and definitions[name][-1].scope == "function":
            return place
    return len(names)


@pytest.fixture
def _mocked(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a marker brings; ``inspector_backend`` is a nested use then."""
    __tracebackhide__ = True
    from .decorator import MockInspector

    with MockInspector(_keywords(request)):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[None]:
    """Let ids in a mock that a fixture of a wider scope begins depend on that scope, not on the test that comes first."""
    if fixturedef.scope == "function":
        return (yield)
    with _scope(request.node.nodeid or "session"):
        return (yield)


@contextmanager
def _scope(node_id: str) -> Iterator[None]:
    before, _plugin_state.scope = _plugin_state.scope, node_id
    try:
        yield
    finally:
        _plugin_state.scope = before


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Begin the mock of a decorated class, before anything of its test is set up."""
    __tracebackhide__ = True
    own_id = "" if item.parent is None else f"{item.parent.nodeid}::{item.name}"
    # With --dist=loadgroup, xdist puts the name of the test's group behind an @.
    _plugin_state.renamed = {item.nodeid: own_id} if item.nodeid.startswith(f"{own_id}@") else {}
    node = _decorated_class(item)
    if node is not None and _ACTIVE not in node.stash:
        from .decorator import MockInspector

        mock = MockInspector(getattr(node.obj, KEYWORDS))
        shared = hasattr(node.obj, "setup_class")
        with _scope(node.nodeid if shared else _plugin_state.renamed.get(item.nodeid, item.nodeid)):
            mock.__enter__()
        node.stash[_ACTIVE] = mock
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """End the mock of a decorated class: after each test, or after the last when they share a ``setup_class``."""
    __tracebackhide__ = True
    failed = True
    try:
        yield
        failed = False
    finally:
        node = _decorated_class(item)
        if node is not None and _ACTIVE in node.stash:
            shared = hasattr(node.obj, "setup_class") and nextitem is not None and node in nextitem.listchain()
            if not shared:
                del node.stash[_ACTIVE]
                sys.modules["mock_inspector.activation"].leave(failed=failed)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a failed test's mocks in its report, and let them know that it has failed."""
    report = yield
    mocks = sys.modules.get("mock_inspector.activation")
    if mocks is not None:
        if not report.passed:
            active = mocks.active()
            if active is not None:
                active.mark_failed()
            if report.failed:
                from .failure_report import add_sections

                add_sections(report.sections, active and active.service, item.stash.setdefault(_TOLD, {}))
        if call.when == "teardown" and _plugin_state.ended is not None:
            _plugin_state.ended.clear()
    return report


def _decorated_class(item: pytest.Item) -> pytest.Class | None:
    """The outermost decorated class that the test is in; a ``TestCase`` sees to itself."""
    for node in item.listchain():
        if isinstance(node, pytest.Class) and hasattr(node.obj, KEYWORDS):
            return node
    return None


@pytest.fixture
def inspector_backend(request: pytest.FixtureRequest) -> Iterator[InspectorBackend]:
    """Amazon Inspector Classic mocked for this test: the default backend, with the options of its markers.

    The keywords of ``@mock_inspector(...)`` on the test count as well; the nearest wins. Inside an active
    ``mock_inspector`` it is the active one's backend.
    """
    __tracebackhide__ = True
    from .decorator import MockInspector

    with MockInspector(_keywords(request)) as backend:
        yield backend


@pytest.fixture
def inspector_server(inspector_backend: InspectorBackend) -> Iterator[InspectorServer]:
    """The mock of this test behind a port of the loopback interface, for subprocesses: ``.url``, ``.backend``.

    ``AWS_ENDPOINT_URL_INSPECTOR`` is set, by which AWS's SDKs and its CLI find it; ``.environ`` is the environment for
    a process that has no region or credentials either. Needs ``pip install 'mock-inspector[server]'``.
    """
    from .server.server import ENDPOINT_VARIABLE, InspectorServer

    with InspectorServer(inspector_backend) as server:
        before = os.environ.get(ENDPOINT_VARIABLE)
        os.environ[ENDPOINT_VARIABLE] = server.url
        try:
            yield server
        finally:
            if before is None:
                os.environ.pop(ENDPOINT_VARIABLE, None)
            else:
                os.environ[ENDPOINT_VARIABLE] = before


def _keywords(request: pytest.FixtureRequest) -> dict[str, Any]:
    keywords: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        if marker.args:
            raise TypeError(f"pytest.mark.mock_inspector takes keywords only, got {marker.args!r}")
        keywords.update(marker.kwargs)
    keywords.update(getattr(getattr(request, "cls", None), KEYWORDS, {}))
    keywords.update(getattr(getattr(request, "function", None), KEYWORDS, {}))
    return keywords

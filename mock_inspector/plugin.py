"""The pytest plugin: the fixture ``inspector_backend`` and the marker ``mock_inspector``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .backend import InspectorBackend

_MARKER = "mock_inspector"
_MARKER_HELP = (
    "mock_inspector(*, account_id='123456789012', region=None, freeze=True, at=None, sleep=True, allow_network=False, limits={}, id_seed=None): "
    "run the test with Amazon Inspector Classic mocked, with these options."
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER_HELP)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a marked test have the mock even when it does not ask for the fixture."""
    for item in items:
        names: list[str] = getattr(item, "fixturenames", [])
        if item.get_closest_marker(_MARKER) is not None and "inspector_backend" not in names:
            names.insert(_first_of_its_own(item, names), "inspector_backend")


def _first_of_its_own(item: pytest.Item, names: list[str]) -> int:
    """The place before the fixtures that the test itself asks for, behind those of wider scopes and of all tests."""
    info: Any = getattr(item, "_fixtureinfo", None)
    asked = getattr(info, "argnames", ())
    definitions: dict[str, Any] = getattr(info, "name2fixturedefs", {})
    for place, name in enumerate(names):
        if name in asked and name in definitions and definitions[name][-1].scope == "function":
            return place
    return len(names)


@pytest.fixture
def inspector_backend(request: pytest.FixtureRequest) -> Iterator[InspectorBackend]:
    """Amazon Inspector Classic mocked for this test: the default backend, with the options of its markers.

    The keywords of ``@mock_inspector(...)`` on the test count as well; the nearest wins. Inside an active
    ``mock_inspector`` it is the active one's backend.
    """
    from .mock import mock_inspector

    with mock_inspector(**_keywords(request)) as backend:
        yield backend


def _keywords(request: pytest.FixtureRequest) -> dict[str, Any]:
    from .mock import KEYWORDS

    keywords: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        if marker.args:
            raise TypeError(f"pytest.mark.mock_inspector takes keywords only, got {marker.args!r}")
        keywords.update(marker.kwargs)
    keywords.update(getattr(getattr(request, "function", None), KEYWORDS, {}))
    return keywords

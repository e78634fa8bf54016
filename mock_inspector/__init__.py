"""Amazon Inspector Classic (API 2016-02-16, boto3 client ``inspector``) as an in-memory fake for tests.

Importing the package imports neither botocore nor freezegun; the first use does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backend import InspectorBackend
    from .decorator import mock_inspector
    from .state.instances import Instance

KEYWORDS = "_mock_inspector_keywords"
"""The attribute by which the plugin finds the keywords of a decorated test or class."""

__all__ = ["InspectorBackend", "Instance", "mock_inspector"]

_HOME = {"mock_inspector": ".mock", "InspectorBackend": ".backend", "Instance": ".model.fleet"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

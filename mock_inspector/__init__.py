"""Amazon Inspector Classic (API 2016-02-16, boto3 client ``inspector``) as an in-memory fake for tests.

Importing the package imports neither botocore nor freezegun; the first use does.

The way of a request, from left to right; imports go the other way::

    patches, server       wire                     actions             state
    botocore, urllib3     HTTP request             one function        one Store for each account
    aiobotocore, HTTP     to HTTP response         for each action     and region, one Context
                                                                       external: EC2, SNS, IAM, STS

The layers, lowest first. A module imports only from its own layer and those above it in this list; an indented line is
of the same layer as the line before it::

    attribute_patch, errors, html_templates, undo, wording: what several of those below use
    _signatures           how public functions explain wrong arguments
    api                   the contract without state: shapes, validation, ARNs, filters, pages
      clock               time: moments, the clock, what freezes and moves it
    state                 what accounts have; service.FakeService has all of it, store.Store one account in one region
    _plugin_state         what the pytest plugin tells the mock
    findings              what instances suffer from, for add_instance(findings=[...])
      options             the keywords of mock_inspector()
    actions               one function for each action; methods has them all
    wire                  AWS JSON 1.1: dispatcher.handle(service, request)
    patches               what is replaced in other libraries
      external            other AWS services, through their own API; moto in this process
      snapshots           the whole state as JSON: schema, dump, load, JSON Schema
      assessment_reports  HTML and PDF reports, and their downloads
      failure_report      what a failing test shows
    backend               InspectorBackend: what a test's author does
    activation            start and stop
    _class_mock           the mock of a decorated class
    decorator             mock_inspector()
    server                the mock behind an HTTP port, alone or with moto; control calls, dashboard
    plugin                pytest
      cli                 the command mock-inspector
    __main__              the same command: python -m mock_inspector

Facts (ARNs, titles, rules) are JSON files in ``data``, which name their sources.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backend import InspectorBackend
    from .clock.clock import Clock
    from .decorator import mock_inspector
    from .errors import EndlessPollError, MockEndedError, UnmockedRequestError, UnusedFaultError
    from .server import InspectorServer
    from .state.call_log import Call, CallLog
    from .state.finding_specs import FindingSpec
    from .state.instances import Instance
    from .state.messages import PublishedMessage

__all__ = [
    "Call",
    "CallLog",
    "Clock",
    "EndlessPollError",
    "FindingSpec",
    "InspectorBackend",
    "InspectorServer",
    "Instance",
    "MockEndedError",
    "PublishedMessage",
    "UnmockedRequestError",
    "UnusedFaultError",
    "mock_inspector",
]

_MODULES = {
    "Call": ".state.call_log",
    "CallLog": ".state.call_log",
    "Clock": ".clock.clock",
    "EndlessPollError": ".errors",
    "FindingSpec": ".state.finding_specs",
    "InspectorBackend": ".backend",
    "InspectorServer": ".server",
    "Instance": ".state.instances",
    "PublishedMessage": ".state.messages",
    "UnmockedRequestError": ".errors",
    "MockEndedError": ".errors",
    "UnusedFaultError": ".errors",
    "mock_inspector": ".decorator",
}


__version__: str
"""The version of the installed package. ``pyproject.toml`` declares it."""


def __getattr__(name: str) -> Any:
    value: Any
    if name == "__version__":
        from importlib.metadata import version

        value = version("mock-inspector")
    elif name in _MODULES:
        value = getattr(import_module(_MODULES[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

"""requests, where the package ``responses`` answers for it: what goes to the mock passes.

An active ``responses`` mock, moto's included, refuses what it has no answer for. The prefixes that a mock lets pass are
an attribute of it; here that attribute gets some more, in all of them, those to come included: Inspector's hosts, whose
requests meet the mock further down (see ``urllib3``), and the URLs of reports. What a test has registered itself for
such a URL still comes first, and the calls that a mock remembers are its own ones. Nothing here imports ``responses``.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from re import Pattern
from typing import Any

from .urllib3 import INSPECTOR_URL

_PREFIXES = "passthru_prefixes"
_MATCH = "_find_match"


class ResponsesPatch:
    """Lets what goes to the mock pass through every ``responses`` mock between :meth:`start` and :meth:`stop`."""

    def __init__(self) -> None:
        self._class: Any = None
        self._original_match: Any = None
        self._prefixes: tuple[str | Pattern[str], ...] = ()
        self._watch = _Watch(self)

    def start(self) -> None:
        """Let requests to Inspector's hosts pass, in a ``responses`` that is imported later, too."""
        self._prefixes = (INSPECTOR_URL,)
        responses = sys.modules.get("responses")
        if hasattr(responses, "RequestsMock"):
            self.loaded(responses)
        else:
            sys.meta_path.insert(0, self._watch)

    def let_pass(self, prefix: str) -> None:
        """Let URLs that begin with ``prefix`` pass as well."""
        if prefix not in self._prefixes:
            self._prefixes = (*self._prefixes, prefix)

    def loaded(self, responses: Any) -> None:
        """Patch the class of all mocks in the package, unless it was loaded too late."""
        if not self._prefixes:
            return
        self._class = responses.RequestsMock
        original = self._original_match = getattr(self._class, _MATCH, None)
        setattr(self._class, _PREFIXES, _Prefixes(self))
        if original is None:
            return

        def _find_match(mock: Any, request: Any) -> Any:
            match, reasons = original(mock, request)
            # Moto answers for every host of AWS, if only that it does not know the service.
            if type(match).__module__.startswith("moto.") and INSPECTOR_URL.match(str(request.url)):
                return None, reasons
            return match, reasons

        setattr(self._class, _MATCH, _find_match)

    def stop(self) -> None:
        """Let every mock have its own prefixes again."""
        self._watch.stop()
        self._prefixes = ()
        if self._class is not None:
            delattr(self._class, _PREFIXES)
            if self._original_match is not None:
                setattr(self._class, _MATCH, self._original_match)
            self._class = None

    def prefixes(self) -> tuple[str | Pattern[str], ...]:
        """What passes besides a mock's own prefixes."""
        return self._prefixes


class _Prefixes:
    """The attribute of a mock with some prefixes more; the mock itself keeps its own ones only."""

    def __init__(self, patch: ResponsesPatch) -> None:
        self._more = patch.prefixes

    def __get__(self, mock: Any, owner: Any = None) -> Any:
        if mock is None:
            return self
        return (*vars(mock).get(_PREFIXES, ()), *self._more())

    def __set__(self, mock: Any, prefixes: Any) -> None:
        more = self._more()
        vars(mock)[_PREFIXES] = tuple(prefix for prefix in prefixes if prefix not in more)


class _Watch(MetaPathFinder):
    """Finds nothing; sees to it that ``responses`` is patched when it is imported, which a test may do at any time."""

    def __init__(self, patch: ResponsesPatch) -> None:
        self._patch = patch

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:  # noqa: ARG002  the protocol's signature
        if name != "responses":
            return None
        self.stop()
        spec = find_spec(name)
        loader: Any = None if spec is None else spec.loader
        if loader is None:
            return None
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            del loader.exec_module
            execute(module)
            self._patch.loaded(module)

        loader.exec_module = exec_module
        return spec

    def stop(self) -> None:
        """Watch no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

"""What all patches share: what they get from the active mock, and how they are installed and uninstalled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ..attribute_patch import AttributePatch
from ..clock.import_hook import on_import
from ..wire.http import Request, Response

SERVICE = "inspector"
"""The name and the endpoint prefix of the service in botocore."""

Handler = Callable[[Request], Response]
"""Answers an HTTP request, as the active mock does."""


@dataclass(slots=True)
class PatchContext:
    """What patches get from the active mock."""

    handle: Handler
    wait: Callable[[float], None]
    """Lets that many seconds of back-off between retries pass. It takes no real time."""
    allow_network: bool
    """Whether botocore requests that nothing mocks may leave the machine."""


class Patch:
    """The replaced attributes of one library.

    ``context`` is None while the patch is not installed. Replacements then have to call the original.
    """

    def __init__(self, *attributes: AttributePatch) -> None:
        self.attributes = attributes
        self.context: PatchContext | None = None

    def install(self, context: PatchContext) -> None:
        """Replace the attributes."""
        self.context = context
        for attribute in self.attributes:
            attribute.install()

    def uninstall(self) -> None:
        """Restore the attributes."""
        self.context = None
        for attribute in self.attributes:
            attribute.uninstall()

    def pass_through(self, url_prefix: str) -> None:
        """Let requests pass whose URL begins with this, where the library's own mocks would refuse them."""


class LateImportPatch(Patch):
    """A patch of one class in a module that may be imported at any time, or never. It does not import the module."""

    module_name: str
    class_name: str

    def __init__(self) -> None:
        super().__init__()
        self._class: type[Any] | None = None
        on_import(self.module_name, self._patch_class)

    def install(self, context: PatchContext) -> None:
        """Replace the attributes now if the module is loaded, else as soon as it is imported."""
        self.context = context
        module = sys.modules.get(self.module_name)
        if hasattr(module, self.class_name):
            self._patch_class(module)

    def attributes_of(self, owner: type[Any]) -> tuple[AttributePatch, ...]:
        """The attributes to replace in the class."""
        raise NotImplementedError

    def _patch_class(self, module: Any) -> None:
        if self.context is None:
            return
        owner = getattr(module, self.class_name)
        if owner is not self._class:
            self._class, self.attributes = owner, self.attributes_of(owner)
        super().install(self.context)


CURRENT_OPERATION: ContextVar[Any] = ContextVar("CURRENT_OPERATION", default=None)
"""The model of the operation that this thread or task sends by botocore, or None."""


def is_sending_inspector_request() -> bool:
    """Whether this thread or task is inside a botocore request to Inspector."""
    operation = CURRENT_OPERATION.get()
    return operation is not None and operation.service_model.service_name == SERVICE

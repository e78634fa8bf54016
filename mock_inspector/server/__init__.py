"""The mock behind an HTTP port, for other processes and other languages."""

from .server import InspectorServer

__all__ = ["InspectorServer"]

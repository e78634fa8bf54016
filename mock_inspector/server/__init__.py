"""Serves the mock over HTTP, for other processes and other languages."""

from .server import InspectorServer

__all__ = ["InspectorServer"]

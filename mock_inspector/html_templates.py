"""How the package's HTML is rendered: Jinja2 templates that escape all values and refuse unknown names."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def create_environment(package: str) -> Environment:
    """The environment for the templates of a ``package``."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

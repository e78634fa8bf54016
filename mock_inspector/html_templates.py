"""How the package's HTML is rendered: Jinja2 templates that escape all values and refuse unknown names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def create_environment(package: str) -> Environment:
    """The environment for the templates of a ``package``. ImportError without Jinja2."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

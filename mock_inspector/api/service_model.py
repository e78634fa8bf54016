"""The service's shapes, read at run time from the installed botocore and never copied."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

API_VERSION = "2016-02-16"


def load_data(name: str) -> Any:
    """One of botocore's own data files."""
    return Loader().load_data(name)


@lru_cache(maxsize=1)
def service_model() -> ServiceModel:
    """The model of Amazon Inspector Classic."""
    return ServiceModel(Loader().load_service_model("inspector", "service-2", API_VERSION), "inspector")


@lru_cache(maxsize=64)
def enum(shape: str) -> tuple[str, ...]:
    """The values of one of the model's enums, in the model's order."""
    return tuple(service_model().shape_for(shape).enum)


@lru_cache(maxsize=64)
def max_length(shape: str) -> int:
    """The maximum length of one of the model's lists or strings."""
    return int(service_model().shape_for(shape).metadata["max"])

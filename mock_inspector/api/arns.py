"""Amazon Resource Names of the service: taking them apart and putting them together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from . import service_model

_ID = r"0-[A-Za-z0-9]{8}"
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):inspector:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    rf"(?:resourcegroup/{_ID}|rulespackage/{_ID}|"
    rf"target/{_ID}(?:/template/{_ID}(?:/run/{_ID}(?:/(?:finding|exclusion)/{_ID})?)?)?)"
)


SNS_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
IAM_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/[\x21-\x7e]+")


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource: the noun of its ARNs, and the noun of its error codes and messages."""

    noun: str
    code: str

    @property
    def words(self) -> str:
        """The kind as a message names it, for example ``assessment target``."""
        return self.code.lower().replace("_", " ")


RESOURCE_GROUP = ResourceType("resourcegroup", "RESOURCE_GROUP")
TARGET = ResourceType("target", "ASSESSMENT_TARGET")
TEMPLATE = ResourceType("template", "ASSESSMENT_TEMPLATE")
RUN = ResourceType("run", "ASSESSMENT_RUN")
FINDING = ResourceType("finding", "FINDING")
EXCLUSION = ResourceType("exclusion", "EXCLUSION")
RULES_PACKAGE = ResourceType("rulespackage", "RULES_PACKAGE")
RESOURCE_TYPES = {
    kind.noun: kind for kind in (RESOURCE_GROUP, TARGET, TEMPLATE, RUN, FINDING, EXCLUSION, RULES_PACKAGE)
}


@dataclass(frozen=True)
class Arn:
    """A well-formed ARN of the service, taken apart."""

    partition: str
    region: str
    account: str
    noun: str


@lru_cache(maxsize=4096)
def parse(text: str) -> Arn | None:
    """The parts of an Inspector ARN, or None for what is none (user guide, section "ARNs")."""
    match = _ARN.fullmatch(text)
    if match is None:
        return None
    return Arn(match["partition"], match["region"], match["account"], text.rsplit(":", 1)[1].split("/")[-2])


@lru_cache(maxsize=256)
def partition_of(region: str) -> str:
    """The partition that a region belongs to (``aws`` for a name that no partition claims)."""
    for partition in service_model.load_data("partitions")["partitions"]:
        if re.match(partition["regionRegex"], region):
            return str(partition["id"])
    return "aws"

"""Amazon Resource Names of the service, and the resource types that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from . import service_model
from .identifiers import ACCOUNT_PATTERN, ID_PATTERN

T = TypeVar("T")

_ARN = re.compile(
    rf"arn:(?P<partition>aws[a-z-]*):inspector:(?P<region>[a-z0-9-]+):(?P<account>{ACCOUNT_PATTERN}):"
    rf"(?:resourcegroup/{ID_PATTERN}|rulespackage/{ID_PATTERN}|"
    rf"target/{ID_PATTERN}(?:/template/{ID_PATTERN}(?:/run/{ID_PATTERN}(?:/(?:finding|exclusion)/{ID_PATTERN})?)?)?)"
)


_SNS_TOPIC = re.compile(
    rf"arn:(?P<partition>aws[a-z-]*):sns:(?P<region>[a-z0-9-]+):{ACCOUNT_PATTERN}:"
    r"(?=.{1,256}$)[A-Za-z0-9_-]+(\.fifo)?"
)
_IAM_ROLE = re.compile(
    rf"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>{ACCOUNT_PATTERN}):role/"
    r"([\x21-\x7e]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}"
)


@dataclass(frozen=True)
class ResourceType(Generic[T]):
    """A type of resource; ``T`` is the class that holds one.

    ``name`` is how its ARNs spell it, ``code`` how error codes spell it, and ``member`` the request member that
    usually holds its ARN.
    """

    name: str
    code: str
    member: str

    @property
    def label(self) -> str:
        """The type as a message names it, for example ``assessment target``."""
        return self.code.lower().replace("_", " ")

    @property
    def label_with_article(self) -> str:
        """The label behind its indefinite article."""
        return f"{'an' if self.label[0] in 'aeiou' else 'a'} {self.label}"


RESOURCE_GROUP: ResourceType[Any] = ResourceType("resourcegroup", "RESOURCE_GROUP", "resourceGroupArn")
TARGET: ResourceType[Any] = ResourceType("target", "ASSESSMENT_TARGET", "assessmentTargetArn")
TEMPLATE: ResourceType[Any] = ResourceType("template", "ASSESSMENT_TEMPLATE", "assessmentTemplateArn")
RUN: ResourceType[Any] = ResourceType("run", "ASSESSMENT_RUN", "assessmentRunArn")
FINDING: ResourceType[Any] = ResourceType("finding", "FINDING", "findingArns")
EXCLUSION: ResourceType[Any] = ResourceType("exclusion", "EXCLUSION", "exclusionArns")
RULES_PACKAGE: ResourceType[Any] = ResourceType("rulespackage", "RULES_PACKAGE", "rulesPackageArns")

RESOURCE_TYPES: dict[str, ResourceType[Any]] = {
    resource_type.name: resource_type
    for resource_type in (RESOURCE_GROUP, TARGET, TEMPLATE, RUN, FINDING, EXCLUSION, RULES_PACKAGE)
}

MEMBER_TYPES: dict[str, tuple[ResourceType[Any], ...]] = {
    **{
        name: (resource_type,)
        for resource_type in RESOURCE_TYPES.values()
        for name in (resource_type.member.removesuffix("s"), f"{resource_type.member.removesuffix('s')}s")
    },
    "previewAgentsArn": (TARGET, TEMPLATE),
    "resourceArn": (TEMPLATE,),
}
"""Which types of resources the members of requests name by their ARNs."""


@dataclass(frozen=True)
class Arn:
    """The parts of a well-formed ARN. ``type_name`` is the :attr:`ResourceType.name` of its last part."""

    partition: str
    region: str
    account: str
    type_name: str


@lru_cache(maxsize=4096)
def parse(text: str) -> Arn | None:
    """The parts of an Inspector ARN, or None for any other text (user guide, section "ARNs")."""
    match = _ARN.fullmatch(text)
    if match is None:
        return None
    return Arn(match["partition"], match["region"], match["account"], text.rsplit(":", 1)[1].split("/")[-2])


def is_sns_topic(text: str, partition: str) -> bool:
    """Whether a text is the ARN of an SNS topic in any region of a partition."""
    match = _SNS_TOPIC.fullmatch(text)
    return match is not None and match["partition"] == partition == partition_of(match["region"])


def account_of_role(text: str, partition: str) -> str | None:
    """The account in the ARN of an IAM role of a partition, or None for any other text."""
    match = _IAM_ROLE.fullmatch(text)
    return match["account"] if match is not None and match["partition"] == partition else None


@lru_cache(maxsize=256)
def partition_of(region: str) -> str:
    """The partition of a region; ``aws`` for a name that no partition claims."""
    for partition in service_model.load_data("partitions")["partitions"]:
        if re.match(partition["regionRegex"], region):
            return str(partition["id"])
    return "aws"

"""What the model asks of other AWS services in the same test, its neighbours; :class:`Nobody` when there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .instances import Instance

if TYPE_CHECKING:
    from .store import Region

SUCCESS = "SUCCESS"
TOPIC_DOES_NOT_EXIST = "TOPIC_DOES_NOT_EXIST"
ACCESS_DENIED = "ACCESS_DENIED"
INTERNAL_ERROR = "INTERNAL_ERROR"
"""The values of ``snsPublishStatusCode``."""


class Signer(NamedTuple):
    """The credentials of a request, as far as it shows them: neighbours are called with the same."""

    access_key: str
    token: str | None = None


class Neighbours(Protocol):
    """Other AWS services. None of these raises: a service that does not answer is as good as none."""

    @property
    def own_urls(self) -> set[str]:
        """Where this mock is served over HTTP, as origins; whoever serves it adds them. No neighbour is looked for there."""

    def publish(self, region: Region, topic_arn: str, messages: list[str]) -> list[str]:
        """Send messages to an SNS topic; the ``snsPublishStatusCode`` of each, SUCCESS when nobody can tell."""

    def instances(self, region: Region) -> list[dict[str, Any]] | None:
        """The running EC2 instances, each as the attributes of an :class:`.Instance`; None when nobody can tell."""

    def role_fault(self, region: Region, role_arn: str) -> str | None:
        """The ``InvalidCrossAccountRoleErrorCode`` that a role deserves, or None."""

    def account_of(self, signer: Signer, region: str) -> str | None:
        """The account that credentials belong to, or None when nobody can tell."""


class Nobody:
    """No neighbours: every topic and role is taken as existing, messages as received."""

    def __init__(self) -> None:
        self.own_urls: set[str] = set()

    def publish(self, region: Region, topic_arn: str, messages: list[str]) -> list[str]:  # noqa: ARG002
        return [SUCCESS] * len(messages)

    def instances(self, region: Region) -> list[dict[str, Any]] | None:  # noqa: ARG002
        return None

    def role_fault(self, region: Region, role_arn: str) -> str | None:  # noqa: ARG002
        return None

    def account_of(self, signer: Signer, region: str) -> str | None:  # noqa: ARG002
        return None


def fleet(region: Region) -> list[Instance]:
    """The instances there are: the test's own, and those that run in an EC2 next door, in the order of joining.

    What the test says of an instance counts; what it leaves open is filled from the EC2 instance of the same id.
    """
    found = region.world.neighbours.instances(region)
    if found is None:
        return list(region.instances)
    joined = {attributes["instance_id"]: attributes for attributes in found}
    for gone in region.joined.keys() - joined.keys():
        region.leave_runs(region.joined.pop(gone))
    for instance_id, attributes in joined.items():
        _join(region, instance_id, attributes)
    own = [
        _filled(instance, joined[instance.instance_id]) if instance.instance_id in joined else instance
        for instance in region.instances
    ]
    others = [region.joined[instance_id] for instance_id in joined if instance_id not in region.instances]
    return sorted([*own, *others], key=lambda instance: instance.number)


def _join(region: Region, instance_id: str, attributes: dict[str, Any]) -> None:
    """Keep an EC2 instance under the same number for as long as it runs, as it is now."""
    if instance_id in region.instances:
        region.joined.pop(instance_id, None)
        return
    known = region.joined.get(instance_id)
    number = region.next_number() if known is None else known.number
    region.joined[instance_id] = Instance(number, **attributes)


def _filled(instance: Instance, attributes: dict[str, Any]) -> Instance:
    missing = {name: value for name, value in attributes.items() if not getattr(instance, name)}
    return replace(instance, **{**missing, "tags": {**attributes["tags"], **instance.tags}})

"""What the model asks of other AWS services in the same test, its external services; :class:`Nobody` when there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .instances import Instance

if TYPE_CHECKING:
    from .store import Store

SUCCESS = "SUCCESS"
TOPIC_DOES_NOT_EXIST = "TOPIC_DOES_NOT_EXIST"
ACCESS_DENIED = "ACCESS_DENIED"
INTERNAL_ERROR = "INTERNAL_ERROR"
"""The values of ``snsPublishStatusCode``."""


class Credentials(NamedTuple):
    """The credentials of a request, as far as it shows them: external services are called with the same."""

    access_key: str
    token: str | None = None


class ExternalServices(Protocol):
    """Other AWS services. None of these raises: a service that does not answer is as good as none."""

    @property
    def own_urls(self) -> set[str]:
        """Where this mock is served over HTTP, as origins; whoever serves it adds them. No external service is looked for there."""

    def publish(self, store: Store, topic_arn: str, messages: list[str]) -> list[str]:
        """Send messages to an SNS topic; the ``snsPublishStatusCode`` of each, SUCCESS when nobody can tell."""

    def instances(self, store: Store) -> list[dict[str, Any]] | None:
        """The running EC2 instances, each as the attributes of an :class:`.Instance`; None when nobody can tell."""

    def role_fault(self, store: Store, role_arn: str) -> str | None:
        """The ``InvalidCrossAccountRoleErrorCode`` that a role deserves, or None."""

    def account_of(self, credentials: Credentials, region: str) -> str | None:
        """The account that credentials belong to, or None when nobody can tell."""


class NoExternalServices:
    """No external services: every topic and role is taken as existing, messages as received."""

    def __init__(self) -> None:
        self.own_urls: set[str] = set()

    def publish(self, store: Store, topic_arn: str, messages: list[str]) -> list[str]:  # noqa: ARG002
        return [SUCCESS] * len(messages)

    def instances(self, store: Store) -> list[dict[str, Any]] | None:  # noqa: ARG002
        return None

    def role_fault(self, store: Store, role_arn: str) -> str | None:  # noqa: ARG002
        return None

    def account_of(self, credentials: Credentials, region: str) -> str | None:  # noqa: ARG002
        return None


def fleet(store: Store) -> list[Instance]:
    """The instances there are: the test's own, and those that run in an EC2 next door, in the order of joining.

    What the test says of an instance counts; what it leaves open is filled from the EC2 instance of the same id.
    """
    found = store.service.external.instances(store)
    if found is None:
        return list(store.instances)
    joined = {attributes["instance_id"]: attributes for attributes in found}
    for gone in store.ec2_instances.keys() - joined.keys():
        store.detach_from_runs(store.ec2_instances.pop(gone))
    for instance_id, attributes in joined.items():
        _join(store, instance_id, attributes)
    own = [
        _filled(instance, joined[instance.instance_id]) if instance.instance_id in joined else instance
        for instance in store.instances
    ]
    others = [store.ec2_instances[instance_id] for instance_id in joined if instance_id not in store.instances]
    return sorted([*own, *others], key=lambda instance: instance.number)


def _join(store: Store, instance_id: str, attributes: dict[str, Any]) -> None:
    """Keep an EC2 instance under the same number for as long as it runs, as it is now."""
    if instance_id in store.instances:
        store.ec2_instances.pop(instance_id, None)
        return
    known = store.ec2_instances.get(instance_id)
    number = store.next_number() if known is None else known.number
    store.ec2_instances[instance_id] = Instance(number, **attributes)


def _filled(instance: Instance, attributes: dict[str, Any]) -> Instance:
    missing = {name: value for name, value in attributes.items() if not getattr(instance, name)}
    return replace(instance, **{**missing, "tags": {**attributes["tags"], **instance.tags}})

"""Other AWS services in the same test, as the mock sees them. :class:`NoExternalServices` stands for none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ..clock.moments import EpochMs
from .messages import SUCCESS


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a request, as far as the request shows them."""

    access_key: str
    token: str | None = None


class Caller(NamedTuple):
    """For which region and account another service is called. None stands for the account of the environment."""

    region: str
    account_id: str | None = None


class Ec2Instance(NamedTuple):
    """An instance of an external EC2.

    ``attributes`` are those of an :class:`.Instance`. ``left`` is when it was stopped or terminated, to the second, as
    far as EC2 tells it.
    """

    attributes: dict[str, Any]
    running: bool = True
    left: EpochMs | None = None


class ExternalServices(Protocol):
    """Other AWS services. No method raises: a service that does not answer counts as absent."""

    def publish(self, caller: Caller, topic_arn: str, messages: list[str]) -> list[str]:
        """Send messages to an SNS topic. Returns the ``snsPublishStatusCode`` of each, SUCCESS without an SNS."""

    def find_instances(self, caller: Caller) -> list[Ec2Instance] | None:
        """Return the EC2 instances, in EC2's order; None without an EC2."""

    def check_role(self, caller: Caller, role_arn: str) -> str | None:
        """Return the ``InvalidCrossAccountRoleErrorCode`` of an IAM role, or None when it is valid or without an IAM."""

    def find_account(self, credentials: Credentials, region: str) -> str | None:
        """Return the account that STS gave credentials for, or None."""


class NoExternalServices:
    """No other services: every topic and role exists, and every message arrives."""

    def publish(self, caller: Caller, topic_arn: str, messages: list[str]) -> list[str]:  # noqa: ARG002
        return [SUCCESS] * len(messages)

    def find_instances(self, caller: Caller) -> list[Ec2Instance] | None:  # noqa: ARG002
        return None

    def check_role(self, caller: Caller, role_arn: str) -> str | None:  # noqa: ARG002
        return None

    def find_account(self, credentials: Credentials, region: str) -> str | None:  # noqa: ARG002
        return None

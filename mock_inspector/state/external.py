"""Other AWS services in the same test, as the mock sees them. :class:`NoExternalServices` stands for none."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from .messages import SUCCESS


class Credentials(NamedTuple):
    """The credentials of a request, as far as the request shows them."""

    access_key: str
    token: str | None = None


class Caller(NamedTuple):
    """For which region and account another service is called. None stands for the account of the environment."""

    region: str
    account_id: str | None = None


class ExternalServices(Protocol):
    """Other AWS services. No method raises: a service that does not answer counts as absent."""

    def publish(self, caller: Caller, topic_arn: str, messages: list[str]) -> list[str]:
        """Send messages to an SNS topic. Returns the ``snsPublishStatusCode`` of each, SUCCESS without an SNS."""

    def find_instances(self, caller: Caller) -> list[dict[str, Any]] | None:
        """Return the running EC2 instances, each as attributes of an :class:`.Instance`; None without an EC2."""

    def check_role(self, caller: Caller, role_arn: str) -> str | None:
        """Return the ``InvalidCrossAccountRoleErrorCode`` of an IAM role, or None when it is valid or without an IAM."""

    def find_account(self, credentials: Credentials, region: str) -> str | None:
        """Return the account that STS gave credentials for, or None."""


class NoExternalServices:
    """No other services: every topic and role exists, and every message arrives."""

    def publish(self, caller: Caller, topic_arn: str, messages: list[str]) -> list[str]:  # noqa: ARG002
        return [SUCCESS] * len(messages)

    def find_instances(self, caller: Caller) -> list[dict[str, Any]] | None:  # noqa: ARG002
        return None

    def check_role(self, caller: Caller, role_arn: str) -> str | None:  # noqa: ARG002
        return None

    def find_account(self, credentials: Credentials, region: str) -> str | None:  # noqa: ARG002
        return None

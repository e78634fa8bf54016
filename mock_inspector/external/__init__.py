"""Other AWS services in the same test (moto's, or whatever answers instead), called through their own API.

They are called for the account and region of the Inspector request. A service that is absent or fails never breaks a
call to Inspector.
"""

from __future__ import annotations

from ..state.external import Caller, Credentials, Ec2Instance
from . import ec2, iam, sns, sts
from .client import ExternalClient
from .moto_server import MotoServer


class AwsServices:
    """Implements :class:`mock_inspector.state.external.ExternalServices` with botocore clients."""

    def __init__(self) -> None:
        self._client = ExternalClient()

    def add_own_url(self, url: str) -> None:
        """Record that this mock is served at ``url``: no other service is looked for there."""
        self._client.endpoints.own_urls.add(url)

    def remove_own_url(self, url: str) -> None:
        """Record that this mock is no longer served at ``url``."""
        self._client.endpoints.own_urls.discard(url)

    def use_moto(self, moto: MotoServer | None, account_id: str) -> None:
        """Call a moto that is served with the mock from now on; None: whatever answers, as before.

        ``account_id`` is the account of access keys that neither knows.
        """
        self._client.moto = moto
        self._client.default_account = None if moto is None else account_id

    def close(self) -> None:
        """Close the connections to services that are reached over HTTP."""
        self._client.close()

    def publish(self, caller: Caller, topic_arn: str, messages: list[str]) -> list[str]:
        """Send messages to an SNS topic. Returns the ``snsPublishStatusCode`` of each."""
        return sns.publish(self._client, caller, topic_arn, messages)

    def find_instances(self, caller: Caller) -> list[Ec2Instance] | None:
        """Return the EC2 instances, or None without an EC2."""
        return ec2.find_instances(self._client, caller)

    def check_role(self, caller: Caller, role_arn: str) -> str | None:
        """Return the ``InvalidCrossAccountRoleErrorCode`` of an IAM role, or None."""
        return iam.check_role(self._client, caller, role_arn)

    def find_account(self, credentials: Credentials, region: str) -> str | None:
        """Return the account that STS gave credentials for, or None."""
        return sts.find_account(self._client, credentials, region)

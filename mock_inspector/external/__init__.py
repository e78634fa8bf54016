"""Other AWS services in the same test (moto's, or whatever answers in their place), asked through their own API.

They are called with the credentials of the request that made it necessary, so that they act in the account in which
the test's own calls of them act. A neighbour that is absent or fails never breaks a call to Inspector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ec2, iam, sns, sts
from .client import Caller, Calls

if TYPE_CHECKING:
    from ..state.external import Signer
    from ..state.store import Region


class AwsNeighbours:
    """What the model asks of its neighbours (:class:`mock_inspector.state.external.Neighbours`), asked of AWS APIs."""

    def __init__(self) -> None:
        self._calls = Calls()

    @property
    def own_urls(self) -> set[str]:
        """Where this mock is served over HTTP (``http://127.0.0.1:5001``); no neighbour is looked for there."""
        return self._calls.endpoints.own_urls

    def close(self) -> None:
        """Close the connections to neighbours that are reached over HTTP."""
        self._calls.close()

    def publish(self, region: Region, topic_arn: str, messages: list[str]) -> list[str]:
        """Send messages to an SNS topic; the ``snsPublishStatusCode`` of each."""
        return sns.publish(self._calls, _caller(region), topic_arn, messages)

    def instances(self, region: Region) -> list[dict[str, Any]] | None:
        """The running EC2 instances, or None when there is no EC2."""
        return ec2.running(self._calls, _caller(region))

    def role_fault(self, region: Region, role_arn: str) -> str | None:
        """The ``InvalidCrossAccountRoleErrorCode`` that an IAM role deserves, or None."""
        return iam.fault_of(self._calls, _caller(region), role_arn)

    def account_of(self, signer: Signer, region: str) -> str | None:
        """The account for which an STS handed out an access key, or None."""
        return sts.account_of(self._calls, signer, region)


def _caller(region: Region) -> Caller:
    """Who calls on behalf of a region: whoever made the last request there."""
    if region.signer is not None:
        return Caller(region.region, *region.signer)
    own = region.account_id == region.world.account_id
    return Caller(region.region, account_id=None if own else region.account_id)

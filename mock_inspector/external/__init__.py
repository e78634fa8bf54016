"""Other AWS services in the same test (moto's, or whatever answers in their place), asked through their own API.

They are called with the credentials of the request that made it necessary, so that they act in the account in which
the test's own calls of them act. A external service that is absent or fails never breaks a call to Inspector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ec2, iam, sns, sts
from .client import Caller, Calls

if TYPE_CHECKING:
    from ..state.external import Credentials
    from ..state.store import Store


class AwsServices:
    """What the model asks of its external services (:class:`mock_inspector.state.external.External services`), asked of AWS APIs."""

    def __init__(self) -> None:
        self._calls = Calls()

    @property
    def own_urls(self) -> set[str]:
        """Where this mock is served over HTTP (``http://127.0.0.1:5001``); no external service is looked for there."""
        return self._calls.endpoints.own_urls

    def close(self) -> None:
        """Close the connections to external services that are reached over HTTP."""
        self._calls.close()

    def publish(self, store: Store, topic_arn: str, messages: list[str]) -> list[str]:
        """Send messages to an SNS topic; the ``snsPublishStatusCode`` of each."""
        return sns.publish(self._calls, _caller(store), topic_arn, messages)

    def instances(self, store: Store) -> list[dict[str, Any]] | None:
        """The running EC2 instances, or None when there is no EC2."""
        return ec2.running(self._calls, _caller(store))

    def role_fault(self, store: Store, role_arn: str) -> str | None:
        """The ``InvalidCrossAccountRoleErrorCode`` that an IAM role deserves, or None."""
        return iam.fault_of(self._calls, _caller(store), role_arn)

    def account_of(self, credentials: Credentials, region: str) -> str | None:
        """The account for which an STS handed out an access key, or None."""
        return sts.account_of(self._calls, credentials, region)


def _caller(store: Store) -> Caller:
    """Who calls on behalf of a region: whoever made the last request there."""
    if store.credentials is not None:
        return Caller(store.region, *store.credentials)
    own = store.account_id == store.service.account_id
    return Caller(store.region, account_id=None if own else store.account_id)

"""The patches of other libraries, which lead their requests to the mock. The activation installs and uninstalls them.

To add one, write a file with a :class:`~.base.Patch` and add its class to ``_PATCHES``.

Besides public names, the patches use these parts of other libraries:

=========== ================================================== =========================================================
library     what                                               why
=========== ================================================== =========================================================
botocore    ``Endpoint.make_request``                          the one method that all requests go through, with the
                                                               operation's model
            ``Endpoint._event_emitter``                        to register handlers on clients that exist already
            ``Endpoint._send``                                 requests arrive here that no handler has answered
            ``URLLib3Session._get_connection_manager``         where those that no test answers are stopped
            ``Endpoint._endpoint_prefix``                      the service that an endpoint belongs to
            ``botocore.endpoint.time``                         the back-off between retries sleeps by it
            ``botocore.retryhandler.random``                   the jitter of the retry mode ``legacy``
            ``ExponentialBackoff.delay_amount``, ``_random``   the jitter of the other retry modes
            ``TokenBucket._acquire``, ``_refill``,             the retry mode ``adaptive`` waits here
            ``_sleep_amount``, ``_current_capacity``,
            ``_fill_rate``
            ``IMDSFetcher._assert_enabled``,                   credentials and a region must not be fetched from the
            ``_RETRIES_EXCEEDED_ERROR_CLS``,                   network; aiobotocore inherits them
            ``ContainerMetadataFetcher``
            ``._validate_allowed_url``
            the text of a RuntimeError                         expired credentials have no exception class of their own
aiobotocore ``AioEndpoint._send``, ``_sleep``                  they override what is patched in botocore
            ``AioEndpoint.http_session``                       a test may have replaced it
            ``_proxy_config`` of its sessions                  a request may leave the machine by a proxy
            ``awsrequest.AioAWSResponse``, and what it calls   responses are awaited
urllib3     ``HTTPConnectionPool.urlopen``                     requests and urllib3 end in it; public, but patched
responses   ``RequestsMock._find_match``, ``_on_request``,     public pass-through prefixes would show in a user's mock
            ``_real_send``
moto        the module of its responses                        to tell its catch-all responses from a user's
=========== ================================================== =========================================================
"""

from __future__ import annotations

from ..undo import run_all
from .aiobotocore import AiobotocorePatch
from .base import Patch, PatchContext
from .botocore import BotocorePatch
from .network_guard import NetworkGuardPatch
from .responses import ResponsesPatch
from .retry_backoff import RetryBackoffPatch
from .urllib3 import Urllib3Patch

__all__ = ["PatchContext", "Patches"]

_PATCHES: tuple[type[Patch], ...] = (
    BotocorePatch,
    AiobotocorePatch,
    RetryBackoffPatch,
    NetworkGuardPatch,
    Urllib3Patch,
    ResponsesPatch,
)


class Patches:
    """All patches. A process has one object of this class, because a patch remembers what it has replaced."""

    def __init__(self) -> None:
        self._patches = [patch() for patch in _PATCHES]

    def install(self, context: PatchContext) -> None:
        """Install all patches."""
        for patch in self._patches:
            patch.install(context)

    def uninstall(self) -> None:
        """Uninstall all patches, even if some were not installed or fail."""
        run_all([patch.uninstall for patch in self._patches])

    def pass_through(self, url_prefix: str) -> None:
        """Let requests pass whose URL begins with this, where other mocks would refuse them."""
        for patch in self._patches:
            patch.pass_through(url_prefix)

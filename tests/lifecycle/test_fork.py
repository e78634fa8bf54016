"""A process that was forked while other threads were at work goes on with the mock, and may leave it."""

import os
import signal
import threading
import traceback
import urllib.request
import warnings

import boto3
import pytest

from mock_inspector import activation, mock_inspector
from mock_inspector.clock.mutex import Mutex

from ..support.aws import create_target, list_targets, start_and_finish_run
from ..support.report_files import report_url_by_tick
from ..support.subprocesses import in_subprocess

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
]

CHILDREN = 20
HANG_TIMEOUT_SECONDS = 60


def a_client():
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 advises against forking beside threads
    return boto3.client("inspector", "us-west-2", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret")


def fork(child):
    """Whether a function returns in a child process."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(HANG_TIMEOUT_SECONDS)
            child()
            status = 0
        except BaseException:  # noqa: BLE001  it must not go on with the test of its parent
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


class Busy:
    """Threads that do something all the time."""

    def __init__(self, function, threads=2):
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(function,)) for _ in range(threads)]

    def _repeat(self, function):
        while not self._stopped.is_set():
            function()

    def __enter__(self):
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_):
        self._stopped.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("freeze", [True, False])
@in_subprocess
def test_a_child_that_was_forked_beside_threads_that_call_is_answered(freeze):
    client = a_client()
    with mock_inspector(region="us-west-2", freeze=freeze) as backend:
        create_target(client, "web")

        def child():
            assert len(list_targets(client)) == 1
            assert backend.list_findings()["findingArns"] == []

        with Busy(client.list_findings):
            assert [fork(child) for _ in range(CHILDREN)] == [True] * CHILDREN


@in_subprocess
def test_a_child_that_was_forked_beside_threads_that_enter_and_leave_has_mocks_of_its_own():
    client = a_client()

    def child():
        with mock_inspector():
            client.list_findings()

    def use():
        with mock_inspector():
            pass

    use()
    with Busy(use):
        assert [fork(child) for _ in range(CHILDREN)] == [True] * CHILDREN
    assert activation.active() is None


@pytest.mark.parametrize("freeze", [True, False])
@in_subprocess
def test_a_child_may_leave_the_mock_that_its_parent_goes_on_with(freeze):
    client = a_client()
    mock = mock_inspector(region="us-west-2", freeze=freeze)
    backend = mock.__enter__()
    url = report_url_by_tick(backend, client, start_and_finish_run(backend, client))

    def child():
        mock.__exit__(None, None, None)
        assert activation.active() is None

    assert fork(child)
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 200
    mock.__exit__(None, None, None)


@in_subprocess
def test_a_lock_that_the_forking_thread_holds_is_still_held():
    mutex = Mutex()

    def child():
        assert mutex._is_owned()
        mutex.release()

    with mutex:
        assert fork(child)

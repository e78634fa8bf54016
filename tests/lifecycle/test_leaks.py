"""Ten thousand uses of the mock, one after the other, leave nothing behind."""

import urllib.error
import urllib.request
from types import SimpleNamespace

import pytest

from ..benchmarks.cycles import Holdings, growth
from ..support.aws import an_ended_run
from ..support.fast_subset import slow


def assert_nothing_stays(grown: Holdings, cycles: int) -> None:
    """What stays is less than one thing a cycle; the caches of Python and its libraries hold some blocks more."""
    assert (grown.files, grown.threads, grown.handlers) == (0, 0, 0)
    assert grown.objects < cycles / 3
    assert grown.blocks < cycles / 3 + 1_000


@pytest.mark.parametrize("cycles", [1_000, slow(10_000)])
def test_ten_thousand_uses_leave_no_memory_handlers_or_files(client, cycles):
    assert_nothing_stays(growth(client, cycles, freeze=False), cycles)


@pytest.mark.parametrize(("freeze", "cycles"), [(False, 200), slow((False, 2_000)), slow((True, 200))])
def test_uses_in_which_a_client_calls_leave_nothing(client, freeze, cycles):
    assert_nothing_stays(growth(client, cycles, within=lambda _: client.list_findings(), freeze=freeze), cycles)


@pytest.mark.slow
def test_uses_that_give_out_reports_leave_no_port_or_thread(client):
    def fetch(backend):
        request = {"assessmentRunArn": an_ended_run(backend, client), "reportFileFormat": "HTML", "reportType": "FULL"}
        client.get_assessment_report(**request)
        backend.clock.tick(60)
        url = client.get_assessment_report(**request)["url"]
        with pytest.raises(urllib.error.HTTPError) as refused:  # of a whole report, most would be the making of it
            urllib.request.urlopen(f"{url}0")
        refused.value.close()

    assert_nothing_stays(growth(client, 60, warm=20, within=fetch, freeze=False), 60)


def test_a_client_asks_the_mock_once_however_often_it_calls(client, inspector_backend):
    for _ in range(3):
        client.list_findings()
    bare = SimpleNamespace(method="POST", url="https://inspector.us-west-2.amazonaws.com/", headers={}, body=b"{}")
    answers = client.meta.events.emit("before-send.inspector.ListFindings", request=bare)
    assert len([answer for _, answer in answers if answer is not None]) == 1

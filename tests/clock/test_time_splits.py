"""However a span of time is split into ticks, moves, sleeps and freezegun's ticks, the same has happened after it."""

import asyncio
import datetime
import queue
import threading
import time
from contextlib import suppress
from itertools import pairwise
from typing import Any

import freezegun.api
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.aws import (
    BEST_PRACTICES,
    CVE,
    create_group,
    create_target,
    create_template,
    describe_everything,
    start_run,
)
from ..support.fast_subset import max_examples
from ..support.run_timeline import OFFSETS_MS
from ..support.time_control import FREEZERS, fail_if_hanging

UTC = datetime.timezone.utc
TOPIC = "arn:aws:sns:us-west-2:123456789012:events"


# Ways to let microseconds pass


async def ticked(backend, microseconds):
    backend.clock.tick(microseconds / 1_000_000)


async def ticked_by_a_timedelta(backend, microseconds):
    backend.clock.tick(datetime.timedelta(microseconds=microseconds))


async def moved(backend, microseconds):
    backend.clock.move_to(backend.clock.now() + datetime.timedelta(microseconds=microseconds))


async def slept(backend, microseconds):
    time.sleep(microseconds / 1_000_000)  # noqa: ASYNC251  one of the ways


async def awaited(backend, microseconds):
    await asyncio.sleep(microseconds / 1_000_000)


async def timed_out(backend, microseconds):
    try:
        await asyncio.wait_for(asyncio.Event().wait(), microseconds / 1_000_000)
    except asyncio.TimeoutError:
        return


async def ticked_by_freezegun(backend, microseconds):
    factories: list[Any] = freezegun.api.freeze_factories
    if factories:
        factories[-1].tick(datetime.timedelta(microseconds=microseconds))
    else:  # time-machine has frozen time
        await ticked(backend, microseconds)


async def waited_for_an_event(backend, microseconds):
    threading.Event().wait(microseconds / 1_000_000)


async def waited_for_a_queue(backend, microseconds):
    with suppress(queue.Empty):
        queue.Queue[int]().get(timeout=microseconds / 1_000_000)


async def slept_in_threads(backend, microseconds):
    """Three threads, the last of which sleeps for all of it."""
    threads = [
        threading.Thread(target=time.sleep, args=(microseconds // part / 1_000_000,), daemon=True) for part in (3, 2, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def slept_in_a_thread_of_the_loop(backend, microseconds):
    await asyncio.to_thread(time.sleep, microseconds / 1_000_000)


async def awaited_in_a_loop_in_a_thread(backend, microseconds):
    thread = threading.Thread(target=lambda: asyncio.run(awaited(backend, microseconds)), daemon=True)
    thread.start()
    thread.join()


WAYS = [
    ticked,
    ticked_by_a_timedelta,
    moved,
    slept,
    awaited,
    timed_out,
    ticked_by_freezegun,
    waited_for_an_event,
    waited_for_a_queue,
    slept_in_threads,
    slept_in_a_thread_of_the_loop,
    awaited_in_a_loop_in_a_thread,
]


def nothing(client, seen):
    """No read."""


def a_run_each(client, seen):
    client.describe_assessment_runs(assessmentRunArns=[seen["run"], seen["stopped"]])


def findings(client, seen):
    client.list_findings()


def everything(client, seen):
    for run in (seen["run"], seen["stopped"]):
        describe_everything(client, run)


READS = [nothing, a_run_each, findings, everything]


# What is compared


def story(client, freezer, spans):
    """All there is to see at several moments, the keys of ``spans``: microseconds after the start.

    The values say in which steps the span before passes: how much of what is left of it (in thousandths), in which way,
    and what is read after it.
    """
    with fail_if_hanging(), freezer(id_seed="splits", region="us-west-2") as backend:
        backend.add_instance("i-web", tags={"Name": "web"})
        backend.add_instance("i-ill", tags={"Name": "ill"}, agent_health="UNHEALTHY")
        targets = [create_target(client, name, create_group(client, Name=name)) for name in ("web", "ill")]
        web, ill = (
            create_template(
                client, target, name, duration=180, packages=[CVE, BEST_PRACTICES], attributes={"name": name}
            )
            for target, name in zip(targets, ("web", "ill"), strict=True)
        )
        client.subscribe_to_event(resourceArn=web, event="ASSESSMENT_RUN_STATE_CHANGED", topicArn=TOPIC)
        known = {"run": start_run(client, web, "run"), "stopped": start_run(client, ill, "stopped")}
        known["token"] = client.create_exclusions_preview(assessmentTemplateArn=ill)["previewToken"]
        start = backend.clock.now()

        def look():
            preview = client.get_exclusions_preview(assessmentTemplateArn=ill, previewToken=known["token"])
            return {
                "moment": backend.clock.now(),
                "process": datetime.datetime.now(UTC),
                "run": describe_everything(client, known["run"]),
                "stopped": describe_everything(client, known["stopped"]),
                "preview": (preview["previewStatus"], preview["exclusionPreviews"]),
                "next id": create_group(client, Name="next"),
            }

        async def scenario():
            pages: list[dict[str, Any]] = []
            for begin, end in pairwise([0, *sorted(spans)]):
                left = end - begin
                for thousandths, way, read in spans[end]:
                    step = left * thousandths // 1000
                    await way(backend, step)
                    left -= step
                    read(client, known)
                await ticked(backend, left)
                assert backend.clock.now() - start == datetime.timedelta(microseconds=end)
                if not pages:
                    with suppress(ClientError):  # it may have ended
                        client.stop_assessment_run(assessmentRunArn=known["stopped"])
                pages.append(look())
            return pages

        return asyncio.run(scenario())


VISITS = OFFSETS_MS.map(lambda milliseconds: milliseconds * 1000) | st.integers(0, 250_000_000)
STEPS = st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(WAYS), st.sampled_from(READS)), max_size=5)


@settings(max_examples=max_examples(50), deadline=None)
@given(freezer=st.sampled_from(FREEZERS), spans=st.dictionaries(VISITS, STEPS, min_size=1, max_size=3))
def test_however_a_span_is_split_the_same_has_happened_after_it(client, freezer, spans):
    assert story(client, freezer, spans) == story(client, FREEZERS[0], {visit: [] for visit in spans})


@pytest.mark.slow
@pytest.mark.parametrize("freezer", FREEZERS)
@pytest.mark.parametrize("way", WAYS)
def test_a_span_is_the_sum_of_its_smallest_parts(freezer, way):
    async def scenario(backend):
        for microseconds in [1, 999, 30_000, 60_216, 59_964_000, 1_301_001]:
            for _ in range(20):
                await way(backend, microseconds)

    with fail_if_hanging(), freezer() as backend:
        start = backend.clock.now()
        asyncio.run(scenario(backend))
        assert backend.clock.now() - start == datetime.timedelta(microseconds=20 * 61_356_217)


def test_the_comparison_shows_a_difference_of_a_millisecond(client):
    def seen(visit):
        pages = story(client, FREEZERS[0], {visit: []})
        return [(page["run"], page["stopped"]) for page in pages]

    assert seen(241_642_000) != seen(241_643_000)

"""Telemetry: what each agent sent during a run, and what that adds up to."""

from collections import Counter

import pytest

from ..support.aws import CVE, create_template, start_and_finish_run, start_run


def sent_by(client, run):
    """What each agent of a run sent: counts and bytes by message type."""
    agents = client.list_assessment_run_agents(assessmentRunArn=run, maxResults=500)["assessmentRunAgents"]
    return {agent["agentId"]: as_mapping(agent["telemetryMetadata"]) for agent in agents}


def as_mapping(telemetry):
    return {entry["messageType"]: (entry["count"], entry["dataSize"]) for entry in telemetry}


def summed(client, run):
    return as_mapping(client.get_telemetry_metadata(assessmentRunArn=run)["telemetryMetadata"])


def test_every_agent_sends_its_own_amount_of_telemetry(inspector_backend, client):
    for number in range(20):
        inspector_backend.add_instance(f"i-{number:08x}")
    sent = sent_by(client, start_and_finish_run(inspector_backend, client))

    totals = [telemetry["Total"] for telemetry in sent.values()]
    assert len(set(totals)) == 20
    assert all(500 < count < 2500 and 1_000_000 < size < 7_000_000 for count, size in totals)
    for telemetry in sent.values():
        assert telemetry["InspectorOperatingSystem"][0] == telemetry["InspectorMonitoringStart"][0] == 1
        assert telemetry["InspectorSplitMsgBegin"] == telemetry["InspectorSplitMsgEnd"]


def test_an_agent_sends_the_same_telemetry_in_every_run_and_every_mock(inspector_backend, client):
    def sent():
        inspector_backend.add_instance("i-0web")
        return sent_by(client, start_and_finish_run(inspector_backend, client, create_template(client)))

    before = sent()
    inspector_backend.reset()
    assert sent() == before


def test_total_telemetry_is_the_sum_of_an_agents_messages(inspector_backend, client):
    inspector_backend.add_instance("i-0web")
    (telemetry,) = sent_by(client, start_and_finish_run(inspector_backend, client)).values()

    total = telemetry.pop("Total")
    assert total == tuple(map(sum, zip(*telemetry.values(), strict=True)))


def test_a_run_adds_up_the_telemetry_of_its_agents(inspector_backend, client):
    inspector_backend.add_instance("i-0web")
    inspector_backend.add_instance("i-0win", operating_system="Windows Server 2016")
    inspector_backend.add_instance("i-0own", telemetry=[{"messageType": "Own", "count": 2, "dataSize": 30}])
    run = start_and_finish_run(inspector_backend, client)

    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for telemetry in sent_by(client, run).values():
        counts.update({kind: count for kind, (count, _) in telemetry.items()})
        sizes.update({kind: size for kind, (_, size) in telemetry.items()})
    counts["Total"] += 2  # of the agent that has none of its own
    sizes["Total"] += 30
    assert summed(client, run) == {kind: (counts[kind], sizes[kind]) for kind in counts}


def test_windows_sends_no_telemetry_of_what_it_does_not_have(inspector_backend, client):
    inspector_backend.add_instance("i-0web", operating_system="Ubuntu 18.04.1 LTS")
    inspector_backend.add_instance("i-0win", operating_system="Windows Server 2016")
    sent = sent_by(client, start_and_finish_run(inspector_backend, client))

    missing = {"InspectorTerminal", "InspectorKernelModule", "InspectorDuplicateProcess"}
    assert sent["i-0web"].keys() - sent["i-0win"].keys() == missing
    assert sent["i-0win"].keys() <= sent["i-0web"].keys()


@pytest.mark.parametrize(
    "members",
    [{"agent_health": "UNHEALTHY"}, {"agent_health": "UNKNOWN"}, {"operating_system": "BeOS R5"}],
    ids=lambda members: "".join(members.values()),
)
def test_an_excluded_agent_sends_no_telemetry(members, inspector_backend, client):
    inspector_backend.add_instance("i-0out", **members)
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=[CVE]))

    assert sent_by(client, run) == {"i-0out": {}}
    assert summed(client, run) == {}


@pytest.mark.parametrize(("after", "sent"), [(0.05, False), (60, True)])
def test_a_removed_instance_has_sent_the_telemetry_collected_by_then(after, sent, inspector_backend, client):
    inspector_backend.add_instance("i-0web")
    run = start_run(client)
    inspector_backend.clock.tick(after)
    inspector_backend.remove_instance("i-0web")
    inspector_backend.finish_run(run)

    assert bool(summed(client, run)) is sent
    assert bool(sent_by(client, run)["i-0web"]) is sent


def test_given_telemetry_replaces_the_generated(inspector_backend, client):
    given = [{"messageType": "InspectorUser", "count": 3, "dataSize": 300}]
    inspector_backend.add_instance("i-0web", telemetry=given)
    run = start_and_finish_run(inspector_backend, client)

    assert sent_by(client, run) == {"i-0web": {"InspectorUser": (3, 300)}}
    assert summed(client, run) == {"InspectorUser": (3, 300), "Total": (3, 300)}

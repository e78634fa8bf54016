"""The dashboard: its headers, the data that it is rendered from, its HTML, and what a browser makes of it.

``MOCK_INSPECTOR_CHROMIUM`` names the command of a Chromium (otherwise one in the path), ``MOCK_INSPECTOR_NODE_MODULES`` a
directory that holds ``playwright-core`` and ``axe-core`` (otherwise ``NODE_PATH``). Without them, the tests that need
them are skipped.
"""

import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mock_inspector.api.literals import Severity
from mock_inspector.findings import best_practice, cis, cve
from mock_inspector.server import waitress_runner
from mock_inspector.server.dashboard import listings, overview, page

from ..support.aws import (
    ACCOUNT,
    BEST_PRACTICES,
    CVE,
    create_group,
    create_target,
    create_template,
    start_and_finish_run,
    start_run,
)
from ..support.fake_service import fake_store
from ..support.raw_http import call_action, connect, control_call, read_property, send, send_on, signed_headers

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
CHROMIUM = os.environ.get("MOCK_INSPECTOR_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
)
DRIVER = Path(__file__).parent / "data" / "dashboard.js"
FINDINGS = [cve("CVE-2016-2177", severity="High"), cis("1.1.1 Ensure mounting of cramfs is disabled")]


def lively(backend, client):
    """A run that has reported findings, one that is collecting data, and a name that no page should take for markup."""
    backend.add_instance("i-0web", tags={"Name": "web"}, findings=FINDINGS)
    backend.add_instance("i-0ill", hostname=HOSTILE, tags={"<b>": "</script>"}, agent_health="UNHEALTHY")
    target = create_target(client, name="servers", group=create_group(client, Name="web", team="blue"))
    template = create_template(client, target, name="hourly", duration=3600, packages=[CVE])
    client.subscribe_to_event(
        resourceArn=template, event="FINDING_REPORTED", topicArn=f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms"
    )
    start_and_finish_run(backend, client, template, name="first")
    running = start_run(client, template, name="second")
    backend.clock.tick(60)
    return running


def get_dashboard(server, query=""):
    answer = send(server, "GET", f"/{query}")
    assert answer.status == 200
    return answer.body.decode()


def part(document, name):
    """The text of the element of that id."""
    (element,) = re.findall(rf'<(\w+)[^>]* id="{name}"[^>]*>(.*?)</\1>', document, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", element[1]))


# What is sent


def test_it_is_sent_with_a_policy_that_fits_it(inspector_server):
    answer = send(inspector_server, "GET", "/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    allowed = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert (allowed["default-src"], allowed["connect-src"]) == ("'none'", "'self'")
    assert (allowed["frame-ancestors"], allowed["base-uri"]) == ("'none'", "'none'")
    for element in ("style", "script"):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>".encode(), answer.body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        assert allowed[f"{element}-src"] == f"'sha256-{digest}'"


def test_it_names_nothing_outside_its_origin(inspector_server):
    text = get_dashboard(inspector_server)
    assert set(re.findall(r"[a-z]+://[^/\s<]+", text)) == {inspector_server.url}
    assert re.findall(r"[\"'(=]\s*//|@import|url\(|\sstyle=|\son[a-z]+=", text) == []
    links = re.findall(r"\s(?:src|href|action)=\"([^\"]*)\"", text)
    here = f"/?account_id={ACCOUNT}&amp;region=us-west-2"
    assert links == ["data:,", "/?download=state", here, "/", here]
    assert "innerHTML" not in text


def test_only_a_browsers_request_gets_it(inspector_server):
    head = send(inspector_server, "HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(send(inspector_server, "GET", "/").body)
    assert (
        send(inspector_server, "GET", "/", None, signed_headers("ListFindings")).value["__type"]
        == "UnknownOperationException"
    )
    assert send(inspector_server, "POST", "/", {}, signed_headers("ListFindings")).value == {"findingArns": []}
    assert send(inspector_server, "GET", "/", None, {"Sec-Fetch-Site": "cross-site"}).status == 403
    assert [entry.operation for entry in inspector_server.backend.calls] == ["", "ListFindings"]


# What it is drawn from


def test_the_overview_has_what_it_draws(inspector_server, client):
    backend = inspector_server.backend
    running = lively(backend, client)
    backend.inject_fault("ListFindings", "ThrottlingException", times=2)
    call_action(inspector_server, "ListFindings")
    call_action(inspector_server, "DeleteAssessmentRun", assessmentRunArn=running)
    seen = read_property(inspector_server, "overview")
    (region,) = seen["regions"]
    assert seen["chosen"] == {"account_id": ACCOUNT, "region": "us-west-2"}
    ill, web = region["instances"]["newest"]
    assert (web["findings_total"], web["findings"][0], ill["agent_health"]) == (2, "CVE-2016-2177", "UNHEALTHY")
    assert (ill["hostname"], ill["tags"]) == (HOSTILE, {"<b>": "</script>"})
    assert region["targets"]["newest"][0]["tags"] == [["Name", "web"], ["team", "blue"]]
    (template,) = region["templates"]["newest"]
    assert (template["duration"], template["rules_packages"]) == (3600, ["Common Vulnerabilities and Exposures"])
    assert template["subscriptions"] == [
        {"topic": f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms", "events": ["FINDING_REPORTED"]}
    ]
    second, first = region["runs"]["newest"]
    assert (second["state"], first["state"]) == ("COLLECTING_DATA", "COMPLETED")
    assert next(step["state"] for step in second["timeline"] if not step["reached"]) == "STOP_DATA_COLLECTION_PENDING"
    assert region["findings"]["by_severity"]["High"] == first["findings"]["High"] == 1
    (fault,) = region["faults"]["newest"]
    assert fault["fault"].startswith("ListFindings: ThrottlingException")
    assert (fault["times"], fault["hits"]) == (1, 1)
    refused, throttled = seen["calls"]["newest"][:2]
    assert (refused["operation"], refused["error"]) == ("DeleteAssessmentRun", "AssessmentRunInProgressException")
    assert json.loads(refused["parameters"]) == {"assessmentRunArn": running}
    assert (throttled["parameters"], throttled["error"]) == ("{}", "ThrottlingException")


def test_a_fault_that_has_met_all_its_calls_is_not_shown(inspector_server):
    inspector_server.backend.inject_fault("ListFindings", "ThrottlingException")
    call_action(inspector_server, "ListFindings")
    assert read_property(inspector_server, "overview")["regions"][0]["faults"] == {"total": 0, "newest": []}


def test_of_other_accounts_and_regions_it_has_the_sums(inspector_server):
    backend = inspector_server.backend
    there = backend.for_account("999999999999").for_region("eu-west-1")
    there.add_instance("i-0there")
    sums = {region["region"]: region for region in read_property(inspector_server, "overview")["regions"]}
    assert sums["eu-west-1"]["instances"] == {"total": 1}
    seen = read_property(inspector_server, "overview", "?account_id=999999999999&region=eu-west-1")
    assert seen["chosen"] == {"account_id": "999999999999", "region": "eu-west-1"}
    shown = {region["region"]: region for region in seen["regions"]}
    assert shown["eu-west-1"]["instances"]["newest"][0]["instance_id"] == "i-0there"
    assert shown["us-west-2"]["instances"] == {"total": 0}


def test_of_many_regions_the_chosen_one_is_among_those_shown(inspector_server):
    backend = inspector_server.backend
    for number in range(150):
        backend.for_account(f"{number:012}")
    seen = read_property(inspector_server, "overview", "?account_id=000000000149")
    assert (seen["regions_total"], len(seen["regions"])) == (151, 101)
    assert (seen["regions"][-1]["account_id"], "newest" in seen["regions"][-1]["runs"]) == ("000000000149", True)


@pytest.mark.parametrize("body", [b"{", b"\xff" * 5000, b"[" * 5000, b'{"a": "\\ud800"}', b'{"a": "' + b"x" * 5000])
def test_calls_are_shown_in_short_whatever_was_sent(inspector_server, body):
    send(inspector_server, "POST", "/", body, signed_headers("ListFindings"))
    (shown,) = read_property(inspector_server, "overview")["calls"]["newest"]
    assert shown["error"] == "SerializationException"
    assert 0 < len(shown["parameters"]) <= 300


def test_parameters_are_shown_as_they_were_meant(inspector_server):
    call_action(inspector_server, "CreateAssessmentTarget", assessmentTargetName="Größe ✓")
    (shown,) = read_property(inspector_server, "overview")["calls"]["newest"]
    assert shown["parameters"] == '{"assessmentTargetName": "Größe ✓"}'


def test_what_has_not_changed_is_not_sent_again(inspector_server):
    first = send(inspector_server, "GET", "/")
    known = {"If-None-Match": first.headers["ETag"]}
    with closing(connect(inspector_server)) as kept:
        for _ in range(2):
            again = send_on(kept, "GET", "/", None, known)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    inspector_server.backend.add_instance("i-0new")
    assert send(inspector_server, "GET", "/", None, known).status == 200
    known = {"If-None-Match": send(inspector_server, "GET", "/").headers["ETag"]}
    inspector_server.backend.clock.tick(0.001)
    assert send(inspector_server, "GET", "/", None, known).status == 200
    assert send(inspector_server, "GET", "/_mock_inspector/region", None, {"If-None-Match": ""}).value == "us-west-2"


@pytest.mark.mock_inspector(freeze=False)
def test_time_that_passes_is_shown_and_how_fast(inspector_server):
    first = part(get_dashboard(inspector_server), "clock")
    while (second := part(get_dashboard(inspector_server), "clock")) == first:
        pass
    assert second > first
    assert "running" in second
    control_call(inspector_server, "clock.tick", delta=86_400)
    assert part(get_dashboard(inspector_server), "clock").split()[0] > second.split()[0]
    control_call(inspector_server, "clock.run", speed=60)
    assert "running \N{MULTIPLICATION SIGN}60" in part(get_dashboard(inspector_server), "clock")
    assert [read_property(inspector_server, "overview")[name] for name in ("frozen", "speed")] == [False, 60]
    control_call(inspector_server, "clock.run", speed=0.5)
    assert "running \N{MULTIPLICATION SIGN}0.5" in part(get_dashboard(inspector_server), "clock")


# What the page says


def test_it_shows_what_there_is_as_text(inspector_server, client):
    running = lively(inspector_server.backend, client)
    call_action(inspector_server, "DeleteAssessmentRun", assessmentRunArn=running)
    text = get_dashboard(inspector_server)
    assert HOSTILE in part(text, "instances")
    assert "<b>=</script>" in part(text, "instances")
    assert "<img" not in text
    runs = part(text, "runs")
    assert runs.index("second") < runs.index("COLLECTING_DATA") < runs.index("first") < runs.index("High 1")
    assert "STOP_DATA_COLLECTION_PENDING in 59 min 1 s, end in 1 h 2 s" in runs
    assert re.search(r"first\s+COMPLETED\s+took 1 h 1 min ", runs)
    for state in ("CREATED", "START_DATA_COLLECTION_PENDING", "EVALUATING_RULES", "COMPLETED"):
        assert state in runs
    assert re.search(r"High\s+1\s+Medium\s+0", part(text, "findings"))
    assert "Instance i-0web is vulnerable to CVE-2016-2177" in part(text, "findings")
    assert "Name=web" in part(text, "targets")
    assert "Common Vulnerabilities and Exposures" in part(text, "templates")
    assert "alarms: FINDING_REPORTED" in part(text, "templates")
    assert "AssessmentRunInProgressException" in part(text, "calls")
    assert "frozen" in part(text, "clock")
    assert "sent to SNS topics" in part(text, "published")


def test_a_runs_timeline_is_drawn_as_far_as_it_has_come(inspector_server, client):
    lively(inspector_server.backend, client)
    second, first = re.findall(r'<svg class="bar".*?</svg>', get_dashboard(inspector_server), re.DOTALL)
    assert 'aria-label="COLLECTING_DATA, state 4 of 8"' in second
    whole, elapsed_seconds = (
        [float(width) for width in re.findall(rf'<rect{kind} x="[^"]*" width="([^"]*)%"', second)]
        for kind in (' class="ahead"', "")
    )
    assert len(whole) == 8
    assert elapsed_seconds[:3] == whole[:3]
    assert elapsed_seconds[3:] == [pytest.approx(whole[3] / 60, rel=0.01)]
    assert first.count("<rect") == 16
    assert re.findall(r'aria-current="step">(\w+)', get_dashboard(inspector_server)) == ["COLLECTING_DATA", "COMPLETED"]


def test_the_next_change_can_be_moved_to(inspector_server, client):
    lively(inspector_server.backend, client)
    (arguments,) = re.findall(
        r"id=\"next\" data-call=\"clock.move_to\" data-arguments='([^']*)'>", get_dashboard(inspector_server)
    )
    control_call(inspector_server, "clock.move_to", **json.loads(html.unescape(arguments)))
    assert re.search(r"second\s+STOP_DATA_COLLECTION_PENDING", part(get_dashboard(inspector_server), "runs"))


def test_without_a_change_ahead_there_is_none_to_move_to(inspector_server):
    assert re.search('id="next"[^>]* disabled>', get_dashboard(inspector_server))


def test_a_state_that_was_set_is_said_to_last(inspector_server, client):
    running = lively(inspector_server.backend, client)
    inspector_server.backend.set_run_state(running, "EVALUATING_RULES")
    assert re.search(
        r"second\s+EVALUATING_RULES\s+put there by set_run_state", part(get_dashboard(inspector_server), "runs")
    )


def test_at_the_end_of_the_calendar_it_is_shown(inspector_server):
    inspector_server.backend.clock.move_to("9999-12-31T23:59:59Z")
    assert "9999-12-31 23:59:59.000" in part(get_dashboard(inspector_server), "clock")


def test_text_that_cannot_be_sent_is_shown_all_the_same(inspector_server, client):
    backend = inspector_server.backend
    with pytest.raises(ValueError, match="hostname must be a string without halves of surrogate pairs"):
        backend.add_instance("i-0odd", hostname="\ud800")
    backend.inject_fault("ListFindings", RuntimeError("odd \ud800"))
    with pytest.raises(RuntimeError):
        client.list_findings()
    assert "odd " in part(get_dashboard(inspector_server), "calls")
    assert send(inspector_server, "POST", "/", b'{"odd":"\\ud800"}', signed_headers("ListExclusions")).status == 400
    assert "ListExclusions" in part(get_dashboard(inspector_server), "calls")


def test_the_query_chooses_the_account_and_region(inspector_server):
    backend = inspector_server.backend
    backend.add_instance("i-0here")
    there = backend.for_account("999999999999").for_region("eu-west-1")
    for number in range(120):
        there.add_instance(f"i-0there{number}")
    text = get_dashboard(inspector_server, "?account_id=999999999999&region=eu-west-1")
    assert "i-0there119" in part(text, "instances")
    assert "and 20 more" in part(text, "instances")
    assert "i-0here" not in part(text, "instances")
    assert re.findall(r'aria-current="true">([^<]*)<', text) == ["999999999999 eu-west-1"]
    before = read_property(inspector_server, "overview")["regions_total"]
    for query in ("?account_id=999999999999&region=no-such-1", "?region=<", "?x=%ff&y", ""):
        assert "i-0here" in part(get_dashboard(inspector_server, query), "instances")
    assert read_property(inspector_server, "overview")["regions_total"] == before


def test_an_account_that_has_something_is_shown_rather_than_an_empty_one(inspector_server):
    inspector_server.backend.for_region("eu-west-1").add_instance("i-0there")
    assert "i-0there" in part(get_dashboard(inspector_server), "instances")
    text = get_dashboard(inspector_server, f"?account_id={ACCOUNT}&region=us-west-2")
    assert re.findall(r'aria-current="true">([^<]*)<', text) == [f"{ACCOUNT} us-west-2"]


def test_a_newcomer_reads_commands_that_work(inspector_server):
    text = get_dashboard(inspector_server)
    assert '<details id="start" class="card" open>' in text
    client = part(text, "example-client")
    assert f"AWS_ENDPOINT_URL_INSPECTOR={inspector_server.url} " in client
    assert client.endswith("aws inspector list-findings")
    path, body = re.findall(r"curl 'http://[^/]+(/[^']*)' -d '([^']*)'", part(text, "example-control"))[0]
    assert send(inspector_server, "POST", path, body.encode()).value["instance_id"] == "i-0web"
    path, body = re.findall(r"curl 'http://[^/]+(/[^']*)' -d '([^']*)'", part(text, "example-run"))[0]
    before = inspector_server.backend.clock.now()
    assert send(inspector_server, "POST", path, body.encode()).status == 200
    assert (inspector_server.backend.clock.now() - before).total_seconds() == 3600
    assert '<details id="start" class="card">' in get_dashboard(inspector_server)


def test_serve_without_its_library_says_what_to_install(inspector_server, monkeypatch):
    for name in ("mock_inspector.server.dashboard.page", "mock_inspector.html_templates"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    answer = send(inspector_server, "GET", "/")
    assert answer.status == 501
    assert answer.body == b"The dashboard needs Jinja2, which is not installed: pip install 'mock-inspector[server]'\n"
    assert call_action(inspector_server, "ListFindings").status == 200


# What it opens and filters


def open_query(*keys, **selected):
    return "?" + urlencode([*selected.items(), *(("open", key) for key in keys)])


def list_keys(document, kind):
    return [html.unescape(key) for key in re.findall(r'id="toggle-([^"]*)"', document) if kind in key]


def list_titles(document):
    """The findings that a page lists."""
    return re.findall(
        r'aria-expanded="\w+"><bdi>([^<]*)</bdi>',
        document.partition('id="findings-found"')[2].partition("</section>")[0],
    )


def test_a_finding_is_opened(inspector_server, client):
    lively(inspector_server.backend, client)
    document = get_dashboard(inspector_server)
    arn = list_keys(document, "/finding/")[0]
    assert "Recommendation:" not in part(document, "findings")
    finding = client.describe_findings(findingArns=[arn])["findings"][0]
    opened = get_dashboard(inspector_server, open_query(arn))
    text = " ".join(part(opened, "findings").split())
    for words in (finding["description"], finding["recommendation"], arn, CVE, "Hostname", "CVE_ID CVE-2016-2177"):
        assert " ".join(words.split()) in text
    assert f'data-copy="{arn}"' in opened
    # The link that closes it leads back.
    link = re.search(rf'id="toggle-{re.escape(arn)}" href="([^"#]*)', opened)
    assert link is not None
    assert "Recommendation:" not in part(get_dashboard(inspector_server, html.unescape(link[1])[1:]), "findings")


def test_every_arn_can_be_copied(inspector_server, client):
    run = lively(inspector_server.backend, client)
    inspector_server.backend.add_exclusion(run, {"title": "Agent not found"})
    document = get_dashboard(inspector_server)
    copied = set(re.findall('data-copy="([^"]*)"', document))
    for operation, member in (
        (client.list_assessment_targets, "assessmentTargetArns"),
        (client.list_assessment_templates, "assessmentTemplateArns"),
        (client.list_assessment_runs, "assessmentRunArns"),
        (client.list_findings, "findingArns"),
    ):
        assert set(operation()[member]) <= copied
    assert f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms" in copied
    assert set(client.list_exclusions(assessmentRunArn=run)["exclusionArns"]) <= copied


def test_an_exclusion_is_opened(inspector_server, client):
    inspector_server.backend.add_instance("i-0ill", agent_health="UNHEALTHY")
    run = start_and_finish_run(inspector_server.backend, client)
    (arn,) = client.list_exclusions(assessmentRunArn=run)["exclusionArns"]
    document = get_dashboard(inspector_server)
    assert "Agent is unhealthy" in part(document, "exclusions")
    assert list_keys(document, "/exclusion/") == [arn]
    exclusion = client.describe_exclusions(exclusionArns=[arn])["exclusions"][arn]
    text = " ".join(part(get_dashboard(inspector_server, open_query(arn)), "exclusions").split())
    for words in (exclusion["description"], exclusion["recommendation"], arn, "INSTANCE_ID i-0ill"):
        assert words in text


def test_a_call_is_opened_with_its_request_and_response(inspector_server, client):
    target = create_target(client, name="servers")
    document = get_dashboard(inspector_server)
    assert list_keys(document, "call-") == ["call-1"]
    text = part(get_dashboard(inspector_server, open_query("call-1")), "calls")
    assert '"assessmentTargetName": "servers"' in text
    assert f'"assessmentTargetArn": "{target}"' in text
    # It stays open while others come.
    client.list_findings()
    assert '"assessmentTargetName": "servers"' in part(get_dashboard(inspector_server, open_query("call-1")), "calls")


def test_repeated_calls_are_folded_and_failed_ones_can_be_seen_alone(inspector_server, client):
    for _ in range(60):
        call_action(inspector_server, "ListFindings")
    for _ in range(3):
        call_action(inspector_server, "DeleteAssessmentRun", assessmentRunArn="nothing")
    for _ in range(2):
        create_target(client)
    document = get_dashboard(inspector_server)
    folded = re.findall(
        '(\\w+)</bdi></a>(?: <span class="times"[^>]*>\N{MULTIPLICATION SIGN}(\\d+))?',
        document.partition('id="calls"')[2],
    )
    assert folded == [
        ("CreateAssessmentTarget", ""),
        ("CreateAssessmentTarget", ""),
        ("DeleteAssessmentRun", "3"),
        ("ListFindings", "60"),
    ]
    failed = get_dashboard(inspector_server, "?calls=failed")
    assert list_keys(failed, "call-") == ["call-61"]
    assert "InvalidInputException" in part(failed, "calls")
    # Any of the calls that share an entry opens it.
    assert "The same call, 60 times" in part(get_dashboard(inspector_server, open_query("call-30")), "calls")


def test_none_of_the_calls_has_failed(inspector_server):
    call_action(inspector_server, "ListFindings")
    assert "None of the last calls failed." in part(get_dashboard(inspector_server, "?calls=failed"), "calls")


def test_messages_to_topics_are_listed_and_opened(inspector_server, client):
    lively(inspector_server.backend, client)
    document = get_dashboard(inspector_server)
    assert re.search(r"FINDING_REPORTED\s.*alarms", part(document, "messages"), re.DOTALL)
    newest = inspector_server.backend.published[-1]
    key = list_keys(document, "message-")[0]
    assert key == f"message-{len(inspector_server.backend.published)}"
    opened = part(get_dashboard(inspector_server, open_query(key)), "messages")
    assert json.loads(opened[opened.index("{") : opened.rindex("}") + 1]) == json.loads(newest.message)


@pytest.fixture
def severe(inspector_server, client):
    """Two runs with findings of all severities."""
    backend = inspector_server.backend
    severities: dict[str, Severity] = {"i-0low": "Low", "i-0high": "High", "i-0medium": "Medium"}
    for name, severity in severities.items():
        findings = [cve("CVE-2016-2177", severity=severity), best_practice("Enable ASLR", severity=severity)]
        backend.add_instance(name, findings=findings)
    template = create_template(client, packages=[CVE, BEST_PRACTICES])
    return [start_and_finish_run(backend, client, template, name) for name in ("first", "second")]


def test_findings_come_the_most_severe_first(inspector_server, severe):
    titles = list_titles(get_dashboard(inspector_server))
    assert [title.split()[1] for title in titles] == ["i-0high"] * 4 + ["i-0medium"] * 4 + ["i-0low"] * 4


@pytest.mark.parametrize(
    ("selected", "total"),
    [
        ({"severity": "High"}, 4),
        ({"rules_package": CVE}, 6),
        ({"instance": "i-0med"}, 4),
        ({"text": "ADDRESS SPACE layout"}, 6),
        ({"text": "cve-2016", "severity": "Low"}, 2),
        ({"text": "no such text"}, 0),
        ({"run": "no such run"}, 0),
    ],
)
def test_findings_are_filtered(inspector_server, severe, selected, total):
    document = get_dashboard(inspector_server, open_query(**selected))
    assert f"{total} finding{'s' * (total != 1)} of 12 match the filter." in part(document, "findings")
    assert len(list_titles(document)) == total
    for name, value in selected.items():
        if name in ("instance", "text"):
            assert re.search(rf'name="{name}"[^>]* value="{value}"', document)


def test_findings_are_filtered_by_run(inspector_server, severe):
    first, second = severe
    document = get_dashboard(inspector_server, open_query(run=first, severity="High"))
    assert {arn.rpartition("/finding/")[0] for arn in list_keys(document, "/finding/")} == {first}
    assert f'<option value="{first}" selected>first</option>' in document
    assert f'<option value="{second}">second</option>' in document


def test_more_findings_are_shown_on_request(inspector_server, client):
    backend = inspector_server.backend
    run = start_and_finish_run(backend, client)
    for number in range(350):
        backend.add_finding(run, {"title": f"Finding {number}", "severity": "Low"})
    document = get_dashboard(inspector_server)
    assert (len(list_titles(document)), "and 251 more" in part(document, "findings")) == (100, True)
    (more,) = re.findall(r'id="more-findings"[^>]* href="([^"#]*)', document)
    document = get_dashboard(inspector_server, html.unescape(more)[1:])
    assert (len(list_titles(document)), "and 51 more" in part(document, "findings")) == (300, True)
    assert len(list_titles(get_dashboard(inspector_server, "?shown=nonsense"))) == 100


def test_a_search_among_very_many_findings_says_that_it_ends(inspector_server, severe, monkeypatch):
    monkeypatch.setattr(listings, "MAX_SEARCHED", 5)
    text = part(get_dashboard(inspector_server, "?text=CVE"), "findings")
    assert "2 findings of 12 match the filter. Only the most severe were searched." in " ".join(text.split())


@pytest.mark.parametrize("query", ["?open=call-x&open=&open=%00", "?shown=0", "?shown=-1", "?calls=<b>&text=<b>"])
def test_no_query_breaks_the_page(inspector_server, severe, query):
    assert "<b>" not in get_dashboard(inspector_server, query)


# What it offers for download


@pytest.mark.parametrize("report_type", ["FINDING", "FULL"])
def test_reports_are_downloaded(inspector_server, client, report_type):
    lively(inspector_server.backend, client)
    runs = part(get_dashboard(inspector_server), "runs")
    assert runs.count("full PDF") == 1  # of the run that has ended
    for file_format, content_type, begin in (
        ("HTML", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("PDF", "application/pdf", b"%PDF-"),
    ):
        links = re.findall(r'href="([^"]*download=report[^"]*)"', get_dashboard(inspector_server))
        (link,) = [link for link in links if f"format={file_format}&amp;type={report_type}" in link]
        answer = send(inspector_server, "GET", html.unescape(link))
        assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
        assert answer.body.startswith(begin)
        assert f"assessment-report-{report_type.lower()}-" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("missing", ["run", "format", "type", "download"])
def test_a_report_that_does_not_exist_is_refused(inspector_server, client, missing):
    run = start_and_finish_run(inspector_server.backend, client)
    query = {"download": "report", "run": run, "format": "HTML", "type": "FULL", missing: "nothing"}
    assert send(inspector_server, "GET", f"/?{urlencode(query)}").status == 404
    running = start_run(client)
    assert send(inspector_server, "GET", f"/?{urlencode({'download': 'report', 'run': running})}").status == 404


def test_a_report_without_its_library_says_what_to_install(inspector_server, client, monkeypatch):
    run = start_and_finish_run(inspector_server.backend, client)
    for name in ("mock_inspector.assessment_reports.pdf", "mock_inspector.assessment_reports.pdf_document"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "fpdf", None)
    answer = send(inspector_server, "GET", f"/?{urlencode({'download': 'report', 'run': run, 'format': 'PDF'})}")
    assert answer.status == 501
    assert b"Reports need fpdf2" in answer.body


def test_the_state_is_downloaded_and_can_be_restored(inspector_server, client):
    lively(inspector_server.backend, client)
    answer = send(inspector_server, "GET", "/?download=state")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mock-inspector-state.json"'
    assert answer.value == inspector_server.backend.snapshot()
    inspector_server.backend.reset()
    inspector_server.backend.restore(answer.value)
    assert "i-0web" in part(get_dashboard(inspector_server), "instances")


def test_a_state_that_cannot_be_saved_is_refused_with_the_reason(inspector_server):
    inspector_server.backend.inject_fault("ListFindings", RuntimeError("mine"))
    answer = send(inspector_server, "GET", "/?download=state")
    assert answer.status == 409
    assert b"stores[0].faults[0] cannot be saved as JSON" in answer.body
    inspector_server.backend.reset()


# Looking


def test_looking_changes_nothing(inspector_server, client):
    lively(inspector_server.backend, client)
    before = inspector_server.backend.snapshot()
    document = get_dashboard(inspector_server)
    keys = list_keys(document, "")
    get_dashboard(inspector_server, open_query(*keys, text="cve", calls="failed"))
    for link in re.findall(r'href="([^"]*download=[^"]*)"', document):
        assert send(inspector_server, "GET", html.unescape(link)).status == 200
    for query in ("?account_id=999999999999", "?account_id=999999999999&region=eu-west-1", "?region=eu-west-1"):
        get_dashboard(inspector_server, query)
        assert read_property(inspector_server, "overview", query)["regions_total"] == 1
        assert read_property(inspector_server, "region", query) in ("eu-west-1", "us-west-2")
    assert inspector_server.backend.snapshot() == before
    assert read_property(inspector_server, "overview")["regions_total"] == 1
    assert get_dashboard(inspector_server) == document


def test_adding_to_an_account_does_not_create_its_default_region(inspector_server):
    control_call(inspector_server, "add_instance", "?account_id=999999999999&region=eu-west-1", instance_id="i-0there")
    names = [
        (region["account_id"], region["region"]) for region in read_property(inspector_server, "overview")["regions"]
    ]
    assert names == [(ACCOUNT, "us-west-2"), ("999999999999", "eu-west-1")]


def test_a_fault_names_the_control_call_that_injected_it(inspector_server):
    control_call(inspector_server, "inject_fault", operation="ListFindings", error="ThrottlingException")
    shown = part(get_dashboard(inspector_server), "faults")
    assert "ListFindings: ThrottlingException (control call inject_fault)" in shown
    inspector_server.backend.inject_fault("ListFindings", "ThrottlingException", times=None)
    newest = read_property(inspector_server, "overview")["regions"][0]["faults"]["newest"][0]
    assert re.search(r"\(.*test_dashboard\.py:\d+\)", newest["fault"])
    for _ in range(2):
        call_action(inspector_server, "ListFindings")


# What a browser shows


@pytest.fixture
def shown(inspector_server, tmp_path):
    """What headless Chromium shows of the page, as its elements after some seconds of the browser's time."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium or Chrome on this machine")

    def show(seconds, query=""):
        ran = subprocess.run(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--virtual-time-budget={seconds * 1000}",
                "--dump-dom",
                f"{inspector_server.url}/{query}",
            ],
            capture_output=True,
            timeout=120,
            check=True,
        )
        return ran.stdout.decode()

    return show


@pytest.mark.slow
def test_a_browser_shows_what_there_is_as_text(inspector_server, client, shown):
    lively(inspector_server.backend, client)
    dom = shown(3)
    assert part(dom, "link") == "connected"
    assert HOSTILE in part(dom, "instances")
    assert "<b>=</script>" in part(dom, "instances")
    assert "<img" not in dom
    assert "owned" not in re.findall("<title>(.*?)</title>", dom)[0]
    assert "COLLECTING_DATA" in part(dom, "runs")


def overviews(monkeypatch, *before):
    """Let something happen before the page is rendered each time; the last thing happens before all that follow."""
    begun = iter(before)

    def given(*args):
        next(begun, before[-1])()
        return overview.build_overview(*args)

    monkeypatch.setattr(page, "build_overview", given)


def nothing():
    pass


def hang_up():
    raise waitress_runner.ClientDisconnected


@pytest.mark.slow
def test_what_changes_is_shown_after_a_while(inspector_server, client, shown, monkeypatch):
    running = lively(inspector_server.backend, client)
    at_first: list[str] = []

    def change():
        if not at_first:
            at_first.extend(client.list_assessment_runs()["assessmentRunArns"])
            inspector_server.backend.add_instance("i-0late")
            inspector_server.backend.finish_run(running)

    overviews(monkeypatch, nothing, nothing, change)
    dom = shown(10)
    assert len(at_first) == 2
    assert "i-0late" in part(dom, "instances")
    assert "COLLECTING_DATA in" not in part(dom, "runs")
    assert part(dom, "said") == "Run second: COMPLETED"


@pytest.mark.slow
def test_a_server_that_is_gone_is_reported_and_its_last_state_stays(inspector_server, shown, monkeypatch):
    inspector_server.backend.add_instance("i-0seen")
    overviews(monkeypatch, nothing, nothing, hang_up)
    dom = shown(10)
    assert part(dom, "link") == "disconnected"
    assert "has the server ended?" in part(dom, "problem")
    assert "i-0seen" in part(dom, "instances")


@pytest.mark.slow
def test_a_server_that_is_back_is_seen(inspector_server, shown, monkeypatch):
    gone = []

    def lost():
        gone.append(1)
        hang_up()

    def back():
        if len(fake_store(inspector_server.backend).instances) == 0:
            inspector_server.backend.add_instance("i-0after")

    overviews(monkeypatch, nothing, lost, lost, lost, lost, back)
    dom = shown(20)
    assert len(gone) == 4
    assert (part(dom, "link"), part(dom, "problem")) == ("connected", "")
    assert "i-0after" in part(dom, "instances")


@pytest.fixture
def drive():
    """What the script that drives a browser prints, for some arguments."""
    node = shutil.which("node")
    modules = os.environ.get("MOCK_INSPECTOR_NODE_MODULES") or os.environ.get("NODE_PATH", "")
    environ = {**os.environ, "NODE_PATH": modules, "CHROMIUM": CHROMIUM or ""}
    packages = "require.resolve('playwright-core'); require.resolve('axe-core')"
    if node is None or CHROMIUM is None:
        pytest.skip("there is no Node, or no Chromium")
    if subprocess.run([node, "-e", packages], env=environ, capture_output=True, check=False).returncode != 0:
        pytest.skip("playwright-core and axe-core are not in MOCK_INSPECTOR_NODE_MODULES")

    def drive(*arguments):
        ran = subprocess.run([node, DRIVER, *arguments], env=environ, capture_output=True, timeout=240, check=False)
        assert ran.returncode == 0, ran.stderr.decode()
        return json.loads(ran.stdout)

    return drive


@pytest.mark.slow
def test_a_person_can_use_it_and_it_is_accessible(inspector_server, client, drive):
    backend = inspector_server.backend
    lively(backend, client)
    backend.inject_fault("DescribeFindings", "ThrottlingException", times=None)
    call_action(inspector_server, "DescribeFindings", findingArns=["nothing"])
    first, second = client.list_assessment_runs()["assessmentRunArns"]
    backend.add_exclusion(first, {"title": "Agent not found"})
    backend.finish_run(second)
    document = get_dashboard(inspector_server)
    keys = [list_keys(document, kind)[0] for kind in ("/finding/", "/exclusion/", "call-", "message-")]
    seen = drive(inspector_server.url, open_query(*keys))
    assert seen["problems"] == []
    assert seen["errors"] == []
    assert seen["found"] == "2 findings of 2 match the filter."
    assert seen["focus"] == "filter-text"
    assert seen["copied"] == list_keys(document, "/finding/")[0]
    assert seen["failed"] == ["DescribeFindings"]
    assert seen["after"] > seen["before"]
    assert seen["file"] == "mock-inspector-state.json"
    assert seen["kept"].split() == ["Findings", "2"]
    assert len(fake_store(backend).instances) == len(backend.calls) == 0

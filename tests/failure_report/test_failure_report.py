"""What the section of a failed test says."""

import threading
import time
from unicodedata import combining, east_asian_width

import boto3
import pytest

from mock_inspector import activation, mock_inspector
from mock_inspector.failure_report import failure_report
from mock_inspector.findings import cve

from ..support.aws import create_group, create_target, create_template, raises_api_error, start_run
from ..support.in_process import headers_for, send_http, send_raw
from ..support.time_control import HANG_TIMEOUT_SECONDS, real_sleep


def active_service():
    active = activation.active()
    assert active is not None
    return active.service


def report_now():
    """The text about the mock that is active, as it is now."""
    service = active_service()
    return failure_report(service, service.clock.read())


def block(text, title):
    """The lines of a block, without its title."""
    blocks = [lines.splitlines() for lines in text.split("\n\n")]
    return next((lines[1:] for lines in blocks if lines[0].startswith(title)), [])


def words(lines):
    return " ".join(" ".join(lines).split())


# Contents


def test_the_first_lines_count_the_resources_and_show_the_clock(client):
    with mock_inspector(region="us-west-2", at="2020-01-01T00:00:00Z") as backend:
        assert report_now().splitlines() == [
            "123456789012 us-west-2: empty",
            "The clock started at 2020-01-01 00:00:00.000 UTC and has not moved.",
            "",
            "Calls: none by a client (the backend's methods do not count)",
        ]
        backend.add_instance("i-0web", findings=[cve("CVE-2016-2177")])
        backend.for_region("eu-west-1").create_assessment_target(assessmentTargetName="x")
        backend.for_region("eu-central-1")
        backend.clock.tick(2 * 86400 + 3661.5)
        assert report_now().splitlines()[:3] == [
            "123456789012 us-west-2: 1 instance",
            "123456789012 eu-west-1: 1 target",
            "The clock started at 2020-01-01 00:00:00.000 UTC and is now at +2d 1:01:01.500.",
        ]


def test_calls_stand_in_order_with_what_came_of_them(inspector_backend, client):
    group = create_group(client, Name="web")
    target = create_target(client, "web", group)
    inspector_backend.clock.tick(90)
    client.list_assessment_targets(filter={"assessmentTargetNamePattern": "x" * 140})
    client.describe_assessment_targets(assessmentTargetArns=[target, target[:-1] + "!"])
    client.delete_assessment_target(assessmentTargetArn=target)
    lines = block(report_now(), "Calls: 5")
    report = words(lines)
    short = target.rpartition(":")[2]
    assert f'{target[-30:-1]}!"]' in report, "of what is no ARN the end is kept"
    assert f'CreateAssessmentTarget assessmentTargetName="web", resourceGroupArn={group.rpartition(":")[2]}' in report
    assert f"-> {short} +1:30 ListAssessmentTargets" in report
    assert 'filter={assessmentTargetNamePattern: "xxx' in report
    assert "-> 0 assessmentTargetArns" in report
    assert f"-> 1 assessmentTargets, failed: {short[:-1]}! INVALID_ARN" in report
    assert lines[0].startswith("    +0s  CreateResourceGroup")
    assert lines[-1] == f"  +1:30  DeleteAssessmentTarget assessmentTargetArn={short}"


def test_errors_are_shown_in_full(inspector_backend, client):
    target = create_target(client)
    with raises_api_error("NoSuchEntityException") as caught:
        client.delete_assessment_target(assessmentTargetArn=target[:-8] + "00000000")
    report = words(block(report_now(), "Calls"))
    assert "!! NoSuchEntityException (ASSESSMENT_TARGET_DOES_NOT_EXIST): " in report
    message = caught.value.response["Error"]["Message"]
    assert message.replace(" ", "") in report.replace(" ", "")


def test_polls_are_one_line_from_first_to_last_answer(inspector_backend, client):
    run = start_run(client)
    for _ in range(120):
        client.describe_assessment_runs(assessmentRunArns=[run])
        time.sleep(30)
    assert (
        f"+0s DescribeAssessmentRuns ×120 until +59:30 assessmentRunArns=[run/{run[-10:]}] -> CREATED … COMPLETED"  # noqa: RUF001
        in words(block(report_now(), "Calls: 123"))
    )


def test_alternating_calls_are_put_together(inspector_backend, client):
    run = start_run(client)
    for _ in range(50):
        client.describe_assessment_runs(assessmentRunArns=[run])
        client.list_findings(assessmentRunArns=[run])
        client.list_exclusions(assessmentRunArn=run)
        time.sleep(1)
    client.list_findings()
    lines = block(report_now(), "Calls")
    assert [line.strip().partition(" [")[0] for line in lines if "in turn" in line] == [
        "+0s  3 calls in turn ×50 until +49s:"  # noqa: RUF001
    ]
    assert sum("ListFindings" in line for line in lines) == 2


def test_calls_that_change_something_are_not_put_together(inspector_backend, client):
    for _ in range(4):
        client.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])
    assert sum("CreateResourceGroup" in line for line in block(report_now(), "Calls: 4")) == 4


def test_each_retry_of_a_fault_is_counted(inspector_backend, session):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException", times=2)
    session.client("inspector").list_findings()
    report = words(block(report_now(), "Calls: 3"))
    assert "ListFindings ×2" in report  # noqa: RUF001
    assert "!! ThrottlingException: Rate exceeded" in report


def test_calls_and_resources_of_another_account_or_region_are_kept_apart(inspector_backend):
    keys = {"aws_secret_access_key": "x"}
    abroad = boto3.client("inspector", region_name="eu-west-1", aws_access_key_id="AKIAEXAMPLE", **keys)
    other = boto3.client("inspector", region_name="us-west-2", aws_access_key_id="210987654321", **keys)
    create_target(abroad, "abroad")
    create_target(other, "other")
    inspector_backend.for_account("210987654321").inject_fault("ListFindings", "InternalException")
    text = report_now()
    assert 'CreateAssessmentTarget [eu-west-1] assessmentTargetName="abroad"' in words(block(text, "Calls"))
    assert 'CreateAssessmentTarget [210987654321] assessmentTargetName="other"' in words(block(text, "Calls"))
    assert '"abroad": all instances [eu-west-1]' in words(block(text, "Ids"))
    assert '"other": all instances [210987654321]' in words(block(text, "Ids"))
    assert "[210987654321]: never triggered" in words(block(text, "Faults to come"))
    inspector_backend.reset()


def test_a_request_without_an_operation_is_shown_too(inspector_backend):
    send_raw(inspector_backend, "NoSuchThing", {"x": 1})
    report = words(block(report_now(), "Calls: 1"))
    assert report.startswith("+0s (no operation) ")
    assert "!! UnknownOperationException: " in report


def test_runs_show_their_state_and_the_changes_ahead(inspector_backend, client):
    inspector_backend.add_instance("i-0web")
    run = start_run(client, create_template(client, duration=3600), name="first")
    inspector_backend.clock.tick(60)
    lines = block(report_now(), "Runs")
    assert lines[0].startswith(f'  run/{run[-10:]} "first" of template/')
    assert "COLLECTING_DATA, 1 agent, 0 findings" in words(lines[:2])
    assert "+0s CREATED, +0.030s START_DATA_COLLECTION_PENDING, " in words(lines)
    assert "ahead: +1:00:00.126 STOP_DATA_COLLECTION_PENDING, " in words(lines)
    assert "+1:01:01.643 COMPLETED" in words(lines)
    inspector_backend.finish_run(run)
    assert "COMPLETED, 1 agent, 1 finding" in words(block(report_now(), "Runs"))
    assert "ahead" not in report_now()


def test_faults_to_come_are_listed_and_used_up_ones_are_not(inspector_backend, unchecked_client):
    inspector_backend.inject_fault("ListFindings", "ThrottlingException")
    inspector_backend.inject_fault("ListFindings", "InternalException", times=3)
    inspector_backend.inject_fault("DescribeFindings", "TruncatedBody", times=None)
    for code in ("ThrottlingException", "InternalException"):
        with raises_api_error(code):
            unchecked_client.list_findings()
    found = words(block(report_now(), "Faults to come"))
    assert "ThrottlingException" not in found
    assert "ListFindings: InternalException (" in found
    assert "triggered by 1 call, 2 to come" in found
    assert "DescribeFindings: TruncatedBody (" in found
    assert "never triggered" in found
    inspector_backend.reset()


def test_waits_that_took_real_time_are_listed_with_line_and_reason(inspector_backend):
    done = threading.Event()

    def work():
        real_sleep(0.2)
        done.set()

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    assert done.wait(HANG_TIMEOUT_SECONDS)
    worker.join()

    text = words(block(report_now(), "Waits that took real time"))
    assert "test_failure_report.py:" in text
    assert ": worker at " in text
    assert "was at work" in text


def test_waits_that_moved_the_clock_are_not_listed(inspector_backend):
    time.sleep(3600)
    assert not threading.Event().wait(60)
    assert "Waits that took real time" not in report_now()


def test_ids_are_explained_also_those_of_what_does_not_exist(inspector_backend, client):
    inspector_backend.add_instance("i-0web", tags={"Name": "web"}, findings=[cve("CVE-2016-2177", severity="High")])
    group = create_group(client, Name="web")
    target = create_target(client, "web", group)
    run = start_run(client, create_template(client, target, "daily", duration=900))
    inspector_backend.finish_run(run)
    finding = client.list_findings(filter={"severities": ["High"]})["findingArns"][0]
    gone = create_target(client, "gone")
    client.delete_assessment_target(assessmentTargetArn=gone)
    ids = {line.split()[0]: line.strip().partition(" ")[2].strip() for line in block(report_now(), "Ids")}
    short = {"/".join(arn.rpartition(":")[2].split("/")[-2:]): arn for arn in (group, target, finding, gone)}
    name = dict(zip(("group", "target", "finding", "gone"), short, strict=True))
    assert ids[name["group"]] == "instances with Name=web"
    assert ids[name["target"]] == f'"web": {name["group"]}'
    assert ids[name["finding"]] == '"CVE-2016-2177", High on i-0web'
    assert ids[name["gone"]] == "does not exist: deleted, or never made"
    assert any(text.startswith(f'"daily" of {name["target"]}: 900 s, 1 rules package') for text in ids.values())
    assert f"run/{run[-10:]}" not in ids, "the runs' own block shows it"


# How large it is


def columns(line):
    return sum(2 if east_asian_width(sign) in "WF" else not combining(sign) for sign in line)


NAMES = ["plain", "x" * 140, "中文" * 60, "word " * 25, "\x1b[31m\x07\u202e\u2028", "é́́" * 40, '"quoted" \\ {}[]']


@pytest.mark.slow
def test_the_report_never_has_more_than_eighty_columns_or_a_hundred_lines(inspector_backend, unchecked_client):
    client = unchecked_client
    inspector_backend.add_instance("i-0web", tags={"中文": "中" * 80}, findings=[cve("CVE-2016-2177")])
    assert max(map(columns, report_now().splitlines())) <= 80
    for round_ in range(12):
        for index, kind in enumerate(NAMES):
            name = f"{round_} {kind}"[:140]
            group = client.create_resource_group(resourceGroupTags=[{"key": name[:128], "value": name}])
            for number in range(3):
                client.list_findings(filter={"userAttributes": [{"key": name[:100] + str(number), "value": name}] * 4})
            if round_ < 7:
                target = client.create_assessment_target(
                    assessmentTargetName=name, resourceGroupArn=group["resourceGroupArn"]
                )["assessmentTargetArn"]
                template = create_template(inspector_backend, target, name)
                run = start_run(client, template, name)
                inspector_backend.finish_run(run)
            with raises_api_error("InvalidInputException"):
                client.delete_assessment_target(assessmentTargetArn=name * 30)
            other = inspector_backend.for_region(("eu-west-1", "us-east-1", "ap-south-1")[index % 3])
            other.inject_fault("ListFindings", {"code": "ThrottlingException", "message": name}, when=len)
        lines = report_now().splitlines()
        assert len(lines) <= 100
        assert max(map(columns, lines)) <= 80
        assert all(line.isprintable() for line in lines)
    assert any("calls omitted" in line for line in lines)
    assert "Runs: 49, the last 8" in lines
    assert any(line.endswith(" more") for line in block(report_now(), "Faults to come"))
    assert any(line.endswith(" more") for line in block(report_now(), "Ids"))
    inspector_backend.reset()


def test_the_first_and_the_last_calls_are_kept(inspector_backend, client):
    for number in range(300):
        client.list_findings(maxResults=number + 1)
    lines = block(report_now(), "Calls: 300")
    assert "maxResults=1 " in lines[0]
    assert "maxResults=300 " in lines[-1]
    shown = sum("ListFindings" in line for line in lines)
    assert [line.strip() for line in lines if "omitted" in line] == [f"… {300 - shown} calls omitted …"]


@pytest.mark.slow
@mock_inspector(max_calls=5)
def test_the_report_says_when_the_log_has_dropped_calls(client):
    for number in range(1234):
        client.list_findings(maxResults=number + 1)
    assert len(block(report_now(), "Calls: 1,234, the last 5 kept")) == 5


@mock_inspector(max_calls=0)
def test_the_report_says_when_the_log_keeps_no_calls(client):
    client.list_findings()
    assert "Calls: none of 1 kept" in report_now()


def test_making_the_report_changes_nothing(inspector_backend, client):
    run = start_run(client)
    inspector_backend.clock.tick(100)
    service = active_service()
    before = (service.now, len(inspector_backend.calls), inspector_backend.clock.now(), repr(inspector_backend))
    assert report_now() == report_now()
    assert before == (service.now, len(inspector_backend.calls), inspector_backend.clock.now(), repr(inspector_backend))
    assert (
        inspector_backend.describe_assessment_runs(assessmentRunArns=[run])["assessmentRuns"][0]["state"] != "COMPLETED"
    )


@pytest.mark.parametrize("nested", [b'{"a":%s}', b"[%s]"])
def test_values_that_are_nested_deeply_are_cut(inspector_backend, nested):
    value = b"1"
    for depth in range(1, 501):
        value = nested % value
        if depth in (2, 20, 90, 500):
            body = b'{"unknown":%s}' % value
            assert send_http(inspector_backend, body, headers_for("ListFindings")).status == 200
    flat, *deep, deeper = block(report_now(), "Calls: 4")
    assert ("{a: {a: 1}}" if b"a" in nested else "[[1]]") in flat
    assert len(deep) == 2
    assert deep[0] == deep[1]
    assert deeper.split() == ["+0s", "ListFindings", "->", "0", "findingArns"]

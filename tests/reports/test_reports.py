"""What an assessment report says."""

import re

import pytest

from mock_inspector.assessment_reports.escaping import escape_invisible, to_cp1252
from mock_inspector.findings import cve

from ..support.aws import ACCOUNT, BEST_PRACTICES, create_template, start_and_finish_run, start_run
from ..support.report_files import HtmlPage, download, report_page, report_url

# What it says


def test_the_summary_says_what_was_assessed_and_what_came_of_it(client, assessed_run):
    page = report_page(client, assessed_run)
    assert page.headings[0] == [1, "Assessment findings report"]
    for words in (
        "Monday's run",
        "4 findings on 2 instances, 3 of high severity.",
        f"Account {ACCOUNT}",
        "Region us-west-2",
        "Assessment target live",
        "Instances of the target Stage=live",
        "Assessment template hourly",
        "Run state Completed",
        "Duration 1 h (the run took 1 h 1 min 2 s)",
        "Attributes for findings team=blue",
        assessed_run,
    ):
        assert words in page.text
    assert re.search(r"Started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC Completed \d{4}-", page.text)
    assert page.tables["Findings by severity"][1:] == [
        ["High", "", "3", "2"],
        ["Medium", "", "1", "1"],
        ["Low", "", "0", "0"],
        ["Informational", "", "0", "0"],
        ["Undefined", "", "0", "0"],
        ["All", "", "4", ""],
    ]
    assert page.tables["Findings by rules package"][1:] == [
        ["Common Vulnerabilities and Exposures", "3", "0", "0", "0", "0", "3"],
        ["Security Best Practices", "0", "1", "0", "0", "0", "1"],
    ]
    assert page.tables["Findings by instance"][1:] == [
        ["i-0web", "web.example.com", "2", "1", "0", "0", "0", "3"],
        ["i-0db", "ec2-198-18-151-84.us-west-2.compute.amazonaws.com", "1", "0", "0", "0", "0", "1"],
    ]


def test_findings_come_by_severity_and_then_by_instance(client, assessed_run):
    page = report_page(client, assessed_run)
    assert page.under("Findings") == ["High 3 findings", "Medium 1 finding"]
    assert page.under("High 3 findings") == ["i-0web 2 of high severity", "i-0db 1 of high severity"]
    assert page.under("i-0web 2 of high severity") == [
        "Instance i-0web is vulnerable to CVE-2016-2177",
        "Instance i-0web is vulnerable to CVE-2018-14618",
    ]


def test_a_finding_says_all_that_is_known_of_it(client, assessed_run):
    listed = client.list_findings(assessmentRunArns=[assessed_run])["findingArns"]
    page = report_page(client, assessed_run)
    for finding in client.describe_findings(findingArns=listed)["findings"]:
        assert ("article", "id", f"finding-{finding['arn'][-10:]}") in page.attributes
        for member in ("title", "description", "recommendation", "id"):
            assert " ".join(finding[member].split()) in page.text
        for entry in finding["attributes"]:
            assert [entry["key"], entry["value"]] in page.tables["Attributes"]
    assert page.tables["User attributes"] == [["team", "blue"]] * 4
    for words in (
        "Hostname web.example.com",
        "AMI ami-0abc",
        "Auto Scaling group webs",
        "Addresses 10.0.0.7, 34.1.2.3",
    ):
        assert words in page.text


def test_a_report_lists_exclusions(client, assessed_run):
    page = report_page(client, assessed_run)
    assert page.under("Exclusions") == ["Agent is unhealthy"]
    assert ["INSTANCE_ID", "i-0ill"] in page.tables["Scope"]


def test_a_full_report_adds_packages_instances_and_telemetry(client, assessed_run):
    finding, full = report_page(client, assessed_run), report_page(client, assessed_run, "FULL")
    sections = ["Executive summary", "Findings", "Exclusions"]
    assert finding.under("Assessment findings report") == sections
    assert full.under("Full assessment report") == [*sections, "Rules packages", "Instances", "Telemetry"]
    assert full.under("Rules packages") == [
        "Common Vulnerabilities and Exposures 3 findings",
        "Security Best Practices 1 finding",
    ]
    instances = full.tables["Instances of the target when the run started"][1:]
    assert [(row[0], row[1].split()[0], row[3]) for row in instances] == [
        ("i-0web", "Healthy", "3"),
        ("i-0db", "Healthy", "1"),
        ("i-0ill", "Unhealthy", "0"),
    ]
    assert "Operating system Ubuntu 18.04.1 LTS" in full.text
    total = next(
        entry
        for entry in client.get_telemetry_metadata(assessmentRunArn=assessed_run)["telemetryMetadata"]
        if entry["messageType"] == "Total"
    )
    sent = full.tables["What the agents sent, by type of message"]
    assert sent[-1] == ["Total", f"{total['count']:,}", f"{total['dataSize']:,}"]


def test_a_rules_package_without_findings_has_passed(client, inspector_backend):
    inspector_backend.add_instance("i-0fine")
    page = report_page(client, start_and_finish_run(inspector_backend, client), "FULL")
    assert "No potential security issues were found. 1 finding reports this." in page.text
    assert page.under("Rules packages") == ["Common Vulnerabilities and Exposures Passed"]
    assert page.under("Informational 1 finding") == ["No particular instance 1 of informational severity"]


def test_the_sentence_on_top_agrees_with_the_table(client, inspector_backend):
    inspector_backend.add_instance("i-0web", findings=[cve("CVE-2016-2177", severity="High")])
    packages = client.list_rules_packages()["rulesPackageArns"]
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=packages))
    page = report_page(client, run)
    assert (
        "5 findings on 1 instance, 1 of high severity. 4 of them report that a rules package found no potential "
        "security issues." in page.text
    )
    assert page.tables["Findings by severity"][-1] == ["All", "", "5", ""]


@pytest.mark.slow
def test_a_full_report_lists_the_rules_that_are_known(client, inspector_backend, assessed_run):
    assert "Rules" not in report_page(client, assessed_run).tables
    rules = report_page(client, assessed_run, "FULL").tables["Rules"]
    assert rules[:4] == [
        ["Rule", "Severity", "Result"],
        ["Disable root login over SSH", "Medium", "Failed on 1 instance"],
        ["Support SSH version 2 only", "Medium", "Passed"],
        ["Disable password authentication Over SSH", "Medium", "Passed"],
    ]
    assert (len(rules), rules[-1]) == (10, ["Configure permissions for system directories", "High", "Passed"])
    inspector_backend.remove_instance("i-0web")
    inspector_backend.remove_instance("i-0db")
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=[BEST_PRACTICES]))
    assert {rule[2] for rule in report_page(client, run, "FULL").tables["Rules"][1:]} == {"Not assessed"}


def test_a_canceled_run_has_nothing_to_tell(client, inspector_backend):
    run = start_run(client)
    inspector_backend.clock.tick(60)
    client.stop_assessment_run(assessmentRunArn=run, stopAction="SKIP_EVALUATION")
    page = report_page(client, run, "FULL")
    assert "The run was canceled before its rules were evaluated." in page.text
    assert "This run reported no findings." in page.text
    assert page.under("Rules packages") == ["Common Vulnerabilities and Exposures No findings"]


def test_invisible_characters_are_escaped_in_reports():
    assert escape_invisible("a\u202eb\x00\ud800\ufeff") == "a\\u202eb\\x00\\ud800\\ufeff"
    assert (
        to_cp1252("Gr\u00f6\u00dfe \u2013 \u20ac \u540d \U0001f389")
        == "Gr\u00f6\u00dfe \u2013 \u20ac \\u540d \\U0001f389"
    )
    assert to_cp1252("Gro\u0308\u00dfe") == "Gr\u00f6\u00dfe"


@pytest.mark.slow
def test_five_hundred_findings_are_all_there(client, five_hundred):
    source = download(report_url(client, five_hundred)).decode()
    page = HtmlPage(source)
    assert (
        "501 findings on 250 instances, 125 of high severity. 1 of them reports that a rules package found no potential "
        "security issues." in page.text
    )
    assert page.tables["Findings by severity"][-1] == ["All", "", "501", ""]
    assert [row[2:] for row in page.tables["Findings by severity"][1:4]] == [
        ["125", "125"],
        ["250", "250"],
        ["125", "125"],
    ]
    assert source.count('<article id="finding-') == 501  # and that of the clean rules package
    titles = {text for level, text in page.headings if level == 5}
    assert titles >= {f"Finding {index}" for index in range(500)}

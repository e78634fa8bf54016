"""What the README's table says where the sources are silent or disagree."""

import boto3
import pytest

from mock_inspector import mock_inspector
from mock_inspector.findings import cve

from ..support.aws import (
    BEST_PRACTICES,
    CIS,
    CVE,
    create_target,
    create_template,
    describe_finding,
    key_values,
    list_findings,
    list_packages,
    raises_api_error,
    start_and_finish_run,
    start_run,
)


def test_several_attributes_of_a_filter_mean_any_of_them(inspector_backend, client):
    run = start_run(client)
    both, first, second, neither = (
        inspector_backend.add_finding(run, {"attributes": key_values(**attributes)})
        for attributes in ({"A": "1", "B": "2"}, {"A": "1"}, {"B": "2"}, {"A": "2"})
    )
    assert list_findings(client, attributes=key_values(A="1", B="2")) == [both, first, second]
    assert neither in list_findings(client)


def test_several_rules_packages_of_a_filter_mean_any_of_them(inspector_backend, client):
    target = create_target(client)
    templates = [
        create_template(client, target, packages=packages) for packages in ([CVE], [CVE, CIS], [BEST_PRACTICES])
    ]
    runs = [start_and_finish_run(inspector_backend, client, template) for template in templates]
    either = {"rulesPackageArns": [CVE, CIS]}
    assert client.list_assessment_templates(filter=either)["assessmentTemplateArns"] == templates[:2]
    assert client.list_assessment_runs(filter=either)["assessmentRunArns"] == runs[:2]
    shown = [
        describe_finding(client, arn)["serviceAttributes"]["rulesPackageArn"] for arn in list_findings(client, **either)
    ]
    assert sorted(set(shown)) == sorted([CVE, CIS])


@pytest.mark.parametrize("after", [0, 0.05, 1, 100])
def test_an_early_stop_reports_all_findings(after, inspector_backend, client):
    specs = [cve(f"CVE-2016-{number}") for number in range(1000, 1020)]
    inspector_backend.add_instance("i-0web", findings=specs)
    run = start_run(client, create_template(client, packages=[CVE], duration=3600))
    inspector_backend.clock.tick(after)
    client.stop_assessment_run(assessmentRunArn=run)
    inspector_backend.finish_run(run)
    found = [describe_finding(client, arn)["id"] for arn in list_findings(client, run)]
    assert found == [spec.id for spec in specs]


def test_a_rules_package_without_findings_adds_an_informational_one(inspector_backend, client):
    inspector_backend.add_instance("i-0web", findings=[cve("CVE-2016-2177")])
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=[CVE, CIS, BEST_PRACTICES]))
    findings = [describe_finding(client, arn) for arn in list_findings(client, run, severities=["Informational"])]
    packages = [finding["serviceAttributes"]["rulesPackageArn"] for finding in findings]
    assert sorted(packages) == sorted([CIS, BEST_PRACTICES])
    for finding in findings:
        assert finding["title"] == "No potential security issues found"
        assert "id" not in finding
        assert "agentId" not in finding["assetAttributes"]


@pytest.mark.mock_inspector(limits={"assessment_targets": 1, "assessment_templates": 1, "assessment_runs": 1})
def test_names_and_quotas_are_those_of_an_account_in_a_region(inspector_backend):
    for region, account in (
        ("us-west-2", "123456789012"),
        ("eu-west-1", "123456789012"),
        ("us-west-2", "210987654321"),
    ):
        client = boto3.client("inspector", region, aws_access_key_id=account, aws_secret_access_key="any")
        target = create_target(client, "web")
        template = create_template(client, target, "daily", packages=list_packages(client))
        start_run(client, template, "first")
        with raises_api_error("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN"):
            create_target(client, "web")
        with raises_api_error("LimitExceededException", "ASSESSMENT_TARGET_LIMIT_EXCEEDED"):
            create_target(client, "other")
        with raises_api_error("LimitExceededException", "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED"):
            create_template(client, target, "other", packages=list_packages(client))
        with raises_api_error("LimitExceededException", "ASSESSMENT_RUN_LIMIT_EXCEEDED"):
            start_run(client, template, "other")


@pytest.mark.parametrize(
    ("begin", "has_reports"),
    [("2017-04-24T23:59:59Z", False), ("2017-04-25T00:00:00Z", True), ("2019-03-23T21:34:31Z", True)],
)
def test_runs_dated_before_reports_were_there_have_none(begin, has_reports, client):
    with mock_inspector(region="us-west-2", at=begin) as backend:
        run = start_and_finish_run(backend, client)
        request = {"assessmentRunArn": run, "reportFileFormat": "HTML", "reportType": "FULL"}
        if has_reports:
            assert client.get_assessment_report(**request)["status"] == "WORK_IN_PROGRESS"
        else:
            with raises_api_error("UnsupportedFeatureException"):
                client.get_assessment_report(**request)

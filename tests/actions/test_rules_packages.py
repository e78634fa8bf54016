"""The rules packages of each region, and those that a test adds."""

import re

import pytest

from mock_inspector.findings import cve, runtime_behavior

from ..support.aws import (
    RULES_PACKAGES,
    create_template,
    describe_exclusions,
    describe_finding,
    describe_run,
    list_findings,
    start_and_finish_run,
)

# Rules packages

EVERYWHERE = {
    "Common Vulnerabilities and Exposures",
    "CIS Operating System Security Configuration Benchmarks",
    "Security Best Practices",
}


NETWORK, RUNTIME = "Network Reachability", "Runtime Behavior Analysis"


@pytest.mark.parametrize(
    ("region", "owner", "further"),
    [
        ("us-east-1", "aws:inspector:us-east-1:316112463485", {NETWORK, RUNTIME}),
        ("us-east-2", "aws:inspector:us-east-2:646659390643", {NETWORK, RUNTIME}),
        ("us-west-1", "aws:inspector:us-west-1:166987590008", {NETWORK, RUNTIME}),
        ("us-west-2", "aws:inspector:us-west-2:758058086616", {NETWORK, RUNTIME}),
        ("ap-south-1", "aws:inspector:ap-south-1:162588757376", {NETWORK, RUNTIME}),
        ("ap-northeast-1", "aws:inspector:ap-northeast-1:406045910587", {NETWORK, RUNTIME}),
        ("ap-northeast-2", "aws:inspector:ap-northeast-2:526946625049", {NETWORK, RUNTIME}),
        ("ap-southeast-2", "aws:inspector:ap-southeast-2:454640832652", {NETWORK, RUNTIME}),
        ("eu-central-1", "aws:inspector:eu-central-1:537503971621", {NETWORK, RUNTIME}),
        ("eu-west-1", "aws:inspector:eu-west-1:357557129151", {NETWORK, RUNTIME}),
        ("eu-west-2", "aws:inspector:eu-west-2:146838936955", {NETWORK}),
        ("eu-north-1", "aws:inspector:eu-north-1:453420244670", {NETWORK}),
        ("us-gov-east-1", "aws-us-gov:inspector:us-gov-east-1:206278770380", {RUNTIME}),
        ("us-gov-west-1", "aws-us-gov:inspector:us-gov-west-1:850862329162", {RUNTIME}),
        ("sa-east-1", None, None),
    ],
)
def test_each_region_has_its_rules_packages(inspector_backend, session, region, owner, further):
    client = session.client("inspector", region_name=region)
    arns = client.list_rules_packages()["rulesPackageArns"]
    if owner is None:  # the service was not there
        assert arns == []
        return

    packages = client.describe_rules_packages(rulesPackageArns=arns)["rulesPackages"]

    assert arns == sorted(arns)
    assert all(arn.startswith(f"arn:{owner}:rulespackage/0-") for arn in arns)
    assert sorted(package["name"] for package in packages) == sorted(EVERYWHERE | further)
    for package in packages:
        assert package["provider"] == "Amazon Web Services, Inc."
        assert package["version"]
        assert package["description"]


def test_a_rules_package_can_be_added(inspector_backend, client):
    listed = client.list_rules_packages()["rulesPackageArns"]
    arn = inspector_backend.add_rules_package("Own rules", version="2.0", provider="Own", description="Ours.")

    assert client.list_rules_packages()["rulesPackageArns"] == [*listed, arn]
    [package] = client.describe_rules_packages(rulesPackageArns=[arn])["rulesPackages"]
    assert package == {
        "arn": arn,
        "name": "Own rules",
        "version": "2.0",
        "provider": "Own",
        "description": "Ours.",
    }
    run = start_and_finish_run(inspector_backend, client, create_template(client, packages=[arn]))
    [finding] = list_findings(client, run)
    assert describe_finding(client, finding)["serviceAttributes"]["rulesPackageArn"] == arn


def test_a_rules_package_can_be_added_under_a_given_arn(inspector_backend, client):
    arn = "arn:aws:inspector:us-west-2:758058086616:rulespackage/0-X1KXtawP"

    assert inspector_backend.add_rules_package("Own rules", arn=arn) == arn

    assert create_template(client, packages=[arn])


@pytest.mark.parametrize(
    "arn",
    [
        "rules",
        "arn:aws:inspector:us-west-2:758058086616:target/0-X1KXtawP",
        "arn:aws:inspector:eu-west-1:758058086616:rulespackage/0-X1KXtawP",
    ],
)
def test_a_rules_package_needs_an_arn_of_its_region(inspector_backend, arn):
    with pytest.raises(ValueError, match=re.escape(repr(arn))):
        inspector_backend.add_rules_package("Own rules", arn=arn)


EVERY = tuple(RULES_PACKAGES.values())


# Rules packages that are deprecated


def test_a_deprecated_rules_package_is_excluded_as_a_whole(inspector_backend, client):
    """As Runtime Behavior Analysis was, after templates had been made with it."""
    vulnerabilities, behavior = (
        RULES_PACKAGES["Common Vulnerabilities and Exposures"],
        RULES_PACKAGES["Runtime Behavior Analysis"],
    )
    inspector_backend.add_instance("i-0web", findings=[cve("CVE-2016-2177"), runtime_behavior("Software Without DEP")])
    inspector_backend.add_instance("i-0db", findings=[runtime_behavior("Software Without DEP")])
    template = create_template(client, packages=[vulnerabilities, behavior])
    inspector_backend.add_rules_package("Runtime Behavior Analysis", arn=behavior, deprecated=True)
    run = start_and_finish_run(inspector_backend, client, template)

    (exclusion,) = describe_exclusions(client, run)

    assert exclusion["title"] == "Deprecated rules package"
    assert "the rules package Runtime Behavior Analysis" in exclusion["description"]
    assert exclusion["scopes"] == exclusion["attributes"] == [{"key": "RULES_PACKAGE_ARN", "value": behavior}]
    reported = [
        describe_finding(client, arn)["serviceAttributes"]["rulesPackageArn"] for arn in list_findings(client, run)
    ]
    assert reported == [vulnerabilities]
    assert describe_run(client, run)["state"] == "COMPLETED"


def test_a_deprecated_rules_package_is_previewed_without_instances_too(inspector_backend, client):
    package = inspector_backend.add_rules_package("Old", deprecated=True)
    template = create_template(client, packages=[package])
    token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    inspector_backend.clock.tick(10)
    shown = client.get_exclusions_preview(assessmentTemplateArn=template, previewToken=token)["exclusionPreviews"]

    assert [exclusion["title"] for exclusion in shown] == ["No instances in target", "Deprecated rules package"]
    assert list_findings(client, start_and_finish_run(inspector_backend, client, template)) == []


def test_a_deprecated_rules_package_is_described_but_no_longer_listed(inspector_backend, client):
    package = inspector_backend.add_rules_package("Old", deprecated=True)

    assert package not in client.list_rules_packages(maxResults=500)["rulesPackageArns"]
    (to_api,) = client.describe_rules_packages(rulesPackageArns=[package])["rulesPackages"]
    assert to_api["name"] == "Old"


def test_no_rules_package_is_deprecated_by_default(inspector_backend, client):
    inspector_backend.add_instance("i-0web", operating_system="Amazon Linux AMI release 2015.09")

    assert (
        describe_exclusions(
            client, start_and_finish_run(inspector_backend, client, create_template(client, packages=EVERY))
        )
        == []
    )


def test_deprecated_must_be_true_or_false(inspector_backend):
    with pytest.raises(ValueError, match="deprecated must be True or False; got '2019'"):
        inspector_backend.add_rules_package("Old", deprecated="2019")

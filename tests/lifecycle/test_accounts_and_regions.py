"""Which account and region a client, a key and a backend stand for."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from mock_inspector import mock_inspector

from ..support.aws import ACCOUNT, create_group, create_target, list_targets

OTHER_ACCOUNT = "210987654321"


def caller(session, **options):
    """A client's account and region, as seen in what it creates."""
    client = session.client("inspector", **options)
    arn = create_group(client, Name="web")
    _, partition, service, region, account, _ = arn.split(":", 5)
    assert service == "inspector"
    return partition, region, account


# Whom it reaches


def test_clients_of_any_age_are_reached(unreachable_client, session):
    with mock_inspector():
        create_target(unreachable_client, "early")
        inside = session.client("inspector")
        assert len(list_targets(inside)) == 1
    with mock_inspector():
        create_target(inside, "from the mock before")
        assert len(list_targets(unreachable_client)) == 1


@pytest.mark.parametrize(
    ("options", "region"),
    [
        ({}, "us-west-2"),
        ({"region_name": "eu-west-1"}, "eu-west-1"),
        ({"endpoint_url": "https://inspector.example.com/path", "region_name": "eu-west-1"}, "eu-west-1"),
        ({"endpoint_url": "http://localhost:4566"}, "us-west-2"),
        ({"use_ssl": False, "region_name": "sa-east-1"}, "sa-east-1"),
        ({"config": Config(use_fips_endpoint=True), "region_name": "us-east-1"}, "us-east-1"),
        ({"config": Config(use_fips_endpoint=True), "region_name": "us-gov-west-1"}, "us-gov-west-1"),
        ({"region_name": "us-gov-east-1"}, "us-gov-east-1"),
        ({"region_name": "cn-north-1"}, "cn-north-1"),
    ],
)
def test_any_endpoint_is_reached_in_the_region_that_signs(inspector_backend, session, options, region):
    partition = {"us-gov": "aws-us-gov", "cn-nor": "aws-cn"}.get(region[:6], "aws")

    assert caller(session, **options) == (partition, region, ACCOUNT)
    assert inspector_backend.for_region(region).partition == partition


@pytest.fixture
def keyless(monkeypatch):
    """A session in an environment without credentials."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return boto3.Session(region_name="eu-west-1")


def test_clients_without_credentials_act_for_the_default_account(keyless):
    early = keyless.client("inspector")
    with mock_inspector(account_id=OTHER_ACCOUNT):
        late = keyless.client("inspector")
        for client in (early, late, early):
            assert f":eu-west-1:{OTHER_ACCOUNT}:" in create_group(client, Name="web")


def test_clients_without_credentials_have_none_after_the_mock(keyless):
    client = keyless.client("inspector")
    with mock_inspector():
        create_group(client, Name="web")

    with pytest.raises(NoCredentialsError):
        list_targets(client)


# Accounts and regions


def test_the_access_key_determines_the_account(inspector_backend, session):
    def keys(access_key):
        return {"aws_access_key_id": access_key, "aws_secret_access_key": "secret"}

    inspector_backend.for_account(OTHER_ACCOUNT).register_access_key("AKIAOTHER")

    for access_key, account in [
        ("AKIAEXAMPLE", ACCOUNT),
        ("AKIAOTHER", OTHER_ACCOUNT),
        ("AKIAWHOEVER", ACCOUNT),
        ("111122223333", "111122223333"),
    ]:
        assert caller(session, **keys(access_key)) == ("aws", "us-west-2", account)


def test_accounts_and_regions_are_kept_apart(inspector_backend, client):
    siblings = [
        inspector_backend.for_region("eu-west-1"),
        inspector_backend.for_account(OTHER_ACCOUNT),
        inspector_backend.for_account(OTHER_ACCOUNT).for_region("eu-west-1"),
    ]
    create_target(client, "web")
    inspector_backend.add_instance("i-web")

    for sibling in siblings:
        assert sibling.list_assessment_targets() == {"assessmentTargetArns": []}
        target = sibling.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
        assert f":inspector:{sibling.region}:{sibling.account_id}:target/" in target
        assert sibling.preview_agents(previewAgentsArn=target) == {"agentPreviews": []}
    assert len(list_targets(client)) == 1


def test_backends_of_other_accounts_and_regions_share_the_clock_and_are_always_the_same(inspector_backend):
    sibling = inspector_backend.for_account(OTHER_ACCOUNT).for_region("eu-west-1")

    assert sibling is inspector_backend.for_region("eu-west-1").for_account(OTHER_ACCOUNT)
    assert inspector_backend.for_account(ACCOUNT) is inspector_backend
    assert sibling.clock is inspector_backend.clock


def test_there_is_no_backend_for_an_invalid_account_or_region(inspector_backend):
    with pytest.raises(ValueError, match="'12'"):
        inspector_backend.for_account("12")
    with pytest.raises(ValueError, match="'the moon'"):
        inspector_backend.for_region("the moon")


# Regions that never had the service


@pytest.mark.parametrize("region", ["eu-west-3", "us-east-1"])
def test_a_region_without_the_service_answers_like_others(region, session, inspector_backend):
    client = session.client("inspector", region_name=region)
    target = create_target(client)
    assert list_targets(client) == [target]
    assert bool(client.list_rules_packages()["rulesPackageArns"]) is (region == "us-east-1")


def test_a_fault_makes_a_region_unreachable(session, inspector_backend):
    inspector_backend.for_region("eu-west-3").inject_fault("*", "EndpointConnectionError", times=None)
    with pytest.raises(EndpointConnectionError):
        list_targets(session.client("inspector", region_name="eu-west-3", config=Config(retries={"max_attempts": 0})))
    assert list_targets(session.client("inspector")) == []

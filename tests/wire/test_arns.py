"""Describe and List differ: what each operation makes of an ARN that it can do nothing with.

Describe, AddAttributes and RemoveAttributes report each bad ARN in ``failedItems``; all others throw, with the
``errorCode`` of the member.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from mock_inspector import mock_inspector

from ..support.aws import Resources, create_resources, create_template
from ..support.fast_subset import sample
from ..support.in_process import send_body
from ..support.requests import complete_requests
from ..support.service_model import MODEL, OPERATIONS

pytestmark = pytest.mark.mock_inspector(freeze=False)

OTHER_ACCOUNT, OTHER_REGION = "210987654321", "eu-west-1"

NOUNS = {
    "assessmentTargetArn": "ASSESSMENT_TARGET",
    "assessmentTargetArns": "ASSESSMENT_TARGET",
    "previewAgentsArn": "ASSESSMENT_TARGET",
    "assessmentTemplateArn": "ASSESSMENT_TEMPLATE",
    "assessmentTemplateArns": "ASSESSMENT_TEMPLATE",
    "resourceArn": "ASSESSMENT_TEMPLATE",
    "assessmentRunArn": "ASSESSMENT_RUN",
    "assessmentRunArns": "ASSESSMENT_RUN",
    "findingArns": "FINDING",
    "exclusionArns": "EXCLUSION",
    "resourceGroupArn": "RESOURCE_GROUP",
    "resourceGroupArns": "RESOURCE_GROUP",
    "rulesPackageArns": "RULES_PACKAGE",
    "topicArn": "SNS_TOPIC",
    "roleArn": "IAM_ROLE",
}
"""What the ARN in a member names, as error codes have it."""


@dataclass(frozen=True)
class Member:
    """A member that takes an ARN, or a list of them, in the request of an operation."""

    operation: str
    path: tuple[str, ...]
    many: bool

    def __str__(self):
        return ".".join([self.operation, *self.path])

    @property
    def name(self):
        return self.path[-1]

    @property
    def noun(self):
        return NOUNS[self.name]

    @property
    def invalid(self):
        return "INVALID_RESOURCE_ARN" if self.name == "resourceArn" else f"INVALID_{self.noun}_ARN"

    @property
    def reports(self):
        return self.operation.startswith(("Describe", "AddAttributes", "RemoveAttributes"))

    def request(self, resources, *found):
        """A request that is right but for these ARNs."""
        request = complete_requests(resources)[self.operation]
        where = request
        for step in self.path[:-1]:
            where = where[step]
        where[self.name] = list(found) if self.many else found[0]
        return request


def members(shape: Any, operation: str, path: tuple[str, ...] = ()) -> list[Member]:
    if shape.type_name == "structure":
        return [found for name, inner in shape.members.items() for found in members(inner, operation, (*path, name))]
    many = shape.type_name == "list"
    return [Member(operation, path, many)] if (shape.member if many else shape).name == "Arn" else []


ALL = [
    member
    for operation in OPERATIONS
    if (shape := MODEL.operation_model(operation).input_shape)
    for member in members(shape, operation)
]
FOREIGN = {"topicArn", "roleArn"}
REPORTING = [member for member in ALL if member.reports]
THROWING = [member for member in ALL if not member.reports and member.name not in FOREIGN]


@dataclass(frozen=True)
class Scene:
    """The same things in the client's account and region, in another account, and in another region."""

    resources: Resources
    ours: dict[str, str]
    theirs: dict[str, str]
    elsewhere: dict[str, str]


@pytest.fixture
def scene(inspector_backend):
    resources = create_resources(inspector_backend)
    other = inspector_backend.for_account(OTHER_ACCOUNT)
    private = other.add_rules_package(
        "Ours", arn=f"arn:aws:inspector:{other.region}:{OTHER_ACCOUNT}:rulespackage/0-private0"
    )
    return Scene(
        resources,
        by_noun(resources),
        {**by_noun(create_resources(other)), "RULES_PACKAGE": private},
        by_noun(create_resources(inspector_backend.for_region(OTHER_REGION))),
    )


def by_noun(resources):
    return {
        "ASSESSMENT_TARGET": resources.target,
        "ASSESSMENT_TEMPLATE": resources.template,
        "ASSESSMENT_RUN": resources.run,
        "FINDING": resources.finding,
        "EXCLUSION": resources.exclusion,
        "RESOURCE_GROUP": resources.group,
        "RULES_PACKAGE": resources.package,
        "SNS_TOPIC": resources.topic,
        "IAM_ROLE": resources.role,
    }


def no_arns(scene, member):
    arn = scene.ours[member.noun]
    account = arn.split(":")[4]
    return [
        "fake-arn",
        f"{arn}\n",
        f"{arn}/",
        arn[:-1],
        arn.replace("arn:", "ARN:"),
        arn.replace(":inspector:", ":inspector2:"),
        arn.replace(account, account[1:]),
        arn.replace(account, "１２３４５６７８９０１２"),  # noqa: RUF001  digits, but no ASCII
    ]


def of_another_kind(scene, member):
    fitting = {member.noun, "ASSESSMENT_TEMPLATE"} if member.name == "previewAgentsArn" else {member.noun}
    return [arn for noun, arn in scene.ours.items() if noun not in fitting]


def of_another_account(scene, member):
    arn = scene.theirs[member.noun]
    return [arn, unknown(arn), arn.replace(":us-west-2:", f":{OTHER_REGION}:")]


def absent(scene, member):
    return [unknown(scene.ours[member.noun]), scene.elsewhere[member.noun]]


def unknown(arn):
    return f"{arn[:-8]}absent00"


BAD_ARNS = {
    # What the ARN is: failureCode, exception, and what its errorCode is made of.
    no_arns: ("INVALID_ARN", "InvalidInputException", "{member.invalid}"),
    of_another_kind: ("INVALID_ARN", "InvalidInputException", "{member.invalid}"),
    of_another_account: ("ACCESS_DENIED", "AccessDeniedException", "ACCESS_DENIED_TO_{member.noun}"),
    absent: ("ITEM_DOES_NOT_EXIST", "NoSuchEntityException", "{member.noun}_DOES_NOT_EXIST"),
}
every_bad_arn = pytest.mark.parametrize("bad", BAD_ARNS, ids=lambda bad: bad.__name__)


def served(member, answer):
    """How many items a batch operation answered for; None for those that answer with nothing but the failed ones."""
    return next(
        (
            len(answer[name])
            for name in MODEL.operation_model(member.operation).output_shape.members
            if name != "failedItems"
        ),
        None,
    )


def failures(**codes):
    return {arn: {"failureCode": code, "retryable": False} for arn, code in codes.items()}


def refusal(client, operation, request):
    """The exception, ``errorCode`` and message that a request is answered with."""
    with pytest.raises(ClientError) as caught:
        send_body(client, operation, request)
    error = caught.value.response
    return error["Error"]["Code"], error["errorCode"], error["Error"]["Message"]


@every_bad_arn
@pytest.mark.parametrize("member", sample(9, REPORTING), ids=str)
def test_bad_arns_are_reported(unchecked_client, scene, member, bad):
    failure, _, _ = BAD_ARNS[bad]
    arns = bad(scene, member)
    answer = send_body(unchecked_client, member.operation, member.request(scene.resources, *arns))
    assert answer["failedItems"] == failures(**dict.fromkeys(arns, failure))
    assert not served(member, answer)


@pytest.mark.slow
@pytest.mark.parametrize("member", REPORTING, ids=str)
def test_the_good_arn_among_bad_ones_is_served_once_and_its_second_mention_reported(unchecked_client, scene, member):
    good = scene.ours[member.noun]
    bad = {BAD_ARNS[kind][0]: kind(scene, member)[0] for kind in (no_arns, of_another_account, absent)}
    answer = send_body(unchecked_client, member.operation, member.request(scene.resources, *bad.values(), good, good))
    assert answer["failedItems"] == failures(**{arn: code for code, arn in bad.items()}, **{good: "DUPLICATE_ARN"})
    assert served(member, answer) in (1, None)


@pytest.mark.slow
@every_bad_arn
@pytest.mark.parametrize("member", sample(12, THROWING), ids=str)
def test_a_bad_arn_is_an_error(unchecked_client, scene, member, bad):
    _, exception, code = BAD_ARNS[bad]
    for arn in bad(scene, member):
        thrown = refusal(unchecked_client, member.operation, member.request(scene.resources, arn))
        assert thrown[:2] == (exception, code.format(member=member)), arn
        assert member.name in thrown[2]


@pytest.mark.parametrize("member", [member for member in THROWING if member.many], ids=str)
def test_one_bad_arn_among_good_ones_is_an_error(unchecked_client, scene, member):
    good, bad = scene.ours[member.noun], absent(scene, member)[0]
    thrown = refusal(unchecked_client, member.operation, member.request(scene.resources, good, bad))
    assert thrown[:2] == ("NoSuchEntityException", f"{member.noun}_DOES_NOT_EXIST")
    assert bad in thrown[2]


@pytest.mark.slow
@pytest.mark.parametrize("member", [member for member in THROWING if member.many], ids=str)
def test_an_arn_given_twice_is_no_error_where_nothing_reports_it(unchecked_client, scene, member):
    good = scene.ours[member.noun]
    assert send_body(unchecked_client, member.operation, member.request(scene.resources, good, good))


def test_attributes_reach_the_good_findings_of_a_batch(client, scene):
    def attributes():
        return client.describe_findings(findingArns=[scene.resources.finding])["findings"][0]["userAttributes"]

    batch = ["fake-arn", scene.resources.finding, scene.resources.finding]
    before = attributes()
    client.add_attributes_to_findings(findingArns=batch, attributes=[{"key": "ticket", "value": "7"}])
    assert attributes() == [*before, {"key": "ticket", "value": "7"}]
    client.remove_attributes_from_findings(findingArns=batch, attributeKeys=["ticket"])
    assert attributes() == before


def test_agents_can_be_previewed_by_the_arn_of_a_template(client, scene):
    by_template = client.preview_agents(previewAgentsArn=scene.resources.template)["agentPreviews"]
    assert by_template == client.preview_agents(previewAgentsArn=scene.resources.target)["agentPreviews"] != []


# ARNs of other services


def test_each_arn_of_another_service_is_tested_here():
    assert sorted(str(member) for member in ALL if member.name in FOREIGN) == [
        "RegisterCrossAccountAccessRole.roleArn",
        "SubscribeToEvent.topicArn",
        "UnsubscribeFromEvent.topicArn",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["SubscribeToEvent", "UnsubscribeFromEvent"])
@pytest.mark.parametrize(
    "arn",
    [
        "fake-arn",
        "arn:aws:sns:us-west-2:123456789012:",
        "arn:aws:sns:us-west-2:123456789012:topic\n",
        "arn:aws:sns:us-west-2:12345:topic",
        "arn:aws:sns:us-west-2:123456789012:topic:8a21d249-4329-4871-acc6-7be709c6ea7f",  # a subscription
        "arn:aws:sqs:us-west-2:123456789012:topic",
        "arn:aws-cn:sns:us-west-2:123456789012:topic",  # a partition that the region is not in
        "arn:aws-cn:sns:cn-north-1:123456789012:topic",
        "arn:aws:sns:cn-north-1:123456789012:topic",
        "arn:aws-us-gov:sns:us-gov-west-1:123456789012:topic",
        f"arn:aws:sns:us-west-2:123456789012:{'x' * 257}",
        f"arn:aws:sns:us-west-2:123456789012:{'x' * 252}.fifo",
        "arn:aws:sns:us-west-2:123456789012:to*ic",
        "arn:aws:inspector:us-west-2:123456789012:target/0-absent00",
    ],
)
def test_an_arn_that_is_not_a_topics_is_refused(unchecked_client, scene, operation, arn):
    request = {**complete_requests(scene.resources)[operation], "topicArn": arn}
    exception, code, message = refusal(unchecked_client, operation, request)
    assert (exception, code) == ("InvalidInputException", "INVALID_SNS_TOPIC_ARN")
    assert "topicArn" in message


@pytest.mark.parametrize("region_and_account", [f"us-west-2:{OTHER_ACCOUNT}", f"{OTHER_REGION}:123456789012"])
def test_topics_of_any_account_and_region_are_taken_as_existing(client, scene, region_and_account):
    topic = {"resourceArn": scene.resources.idle_template, "topicArn": f"arn:aws:sns:{region_and_account}:theirs"}
    client.subscribe_to_event(event="FINDING_REPORTED", **topic)
    (subscription,) = client.list_event_subscriptions(resourceArn=scene.resources.idle_template)["subscriptions"]
    assert subscription["topicArn"] == topic["topicArn"]
    client.unsubscribe_from_event(event="FINDING_REPORTED", **topic)
    assert client.list_event_subscriptions(resourceArn=scene.resources.idle_template)["subscriptions"] == []


@pytest.mark.parametrize(
    ("arn", "exception", "code"),
    [
        ("inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::123456789012:role/", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::123456789012:role/inspector\n", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::12345:role/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::123456789012:user/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:sts::123456789012:role/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws-cn:iam::123456789012:role/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::123456789012:role//", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::123456789012:role/in?sp*", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::123456789012:role/path/", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::123456789012:role/Größe", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        (f"arn:aws:iam::123456789012:role/{'x' * 65}", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        (f"arn:aws:iam::123456789012:role/{'x' * 263}", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:role/theirs", "AccessDeniedException", "ACCESS_DENIED_TO_IAM_ROLE"),
    ],
)
def test_an_arn_that_is_not_a_role_of_the_account_is_refused(unchecked_client, inspector_backend, arn, exception, code):
    before = inspector_backend.describe_cross_account_access_role()
    thrown = refusal(unchecked_client, "RegisterCrossAccountAccessRole", {"roleArn": arn})
    assert thrown[:2] == (exception, code)
    assert "roleArn" in thrown[2]
    assert inspector_backend.describe_cross_account_access_role() == before


@pytest.mark.parametrize(
    "name", ["inspector", "x" * 64, "In_sp+e=c,t.o@r-1", "service-role/inspector", f"{'p' * 200}/inspector", "a/b!*/c"]
)
def test_the_arn_of_a_role_may_have_a_path_and_iams_characters(name, client):
    role = f"arn:aws:iam::123456789012:role/{name}"
    with mock_inspector():
        client.register_cross_account_access_role(roleArn=role)
        assert client.describe_cross_account_access_role()["roleArn"] == role


@pytest.mark.parametrize("name", ["x" * 256, "x" * 251 + ".fifo", "A_b-1"])
def test_the_arn_of_a_topic_may_be_as_long_as_those_of_sns(name, client, scene):
    topic = f"arn:aws:sns:eu-west-1:123456789012:{name}"[:300]
    client.subscribe_to_event(event="FINDING_REPORTED", resourceArn=scene.resources.idle_template, topicArn=topic)


@pytest.mark.parametrize(
    ("partition", "region", "other"),
    [("aws-cn", "cn-north-1", "cn-northwest-1"), ("aws-us-gov", "us-gov-west-1", "us-gov-east-1")],
)
def test_topics_and_roles_of_another_partition_belong_to_its_regions(partition, region, other, inspector_backend):
    backend = inspector_backend.for_region(region)
    template = create_template(backend, packages=())
    topic = f"arn:{partition}:sns:{other}:{backend.account_id}:topic"
    backend.subscribe_to_event(event="FINDING_REPORTED", resourceArn=template, topicArn=topic)
    backend.register_cross_account_access_role(roleArn=f"arn:{partition}:iam::{backend.account_id}:role/inspector")
    backend.restore(backend.snapshot())
    assert backend.list_event_subscriptions()["subscriptions"][0]["topicArn"] == topic

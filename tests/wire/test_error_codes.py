"""Every error code of the model, and the request that is answered with it.

One case for each code: a plain boto3 call that provokes it, or the reason why none does; those are injected.
"""

import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ..support.fast_subset import sample

ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:events"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/inspector"

TARGET, TEMPLATE, FINDING, PACKAGE = "<target>", "<template>", "<finding>", "<package>"
"""They stand for the ARNs of what the fixture ``known`` has made."""


@dataclass(frozen=True)
class Case:
    """A call that is answered with the code, and what the message then says.

    ``other_services`` makes what moto has in its services; without it moto is off. ``because`` is why no request gets
    the code by itself, so that it is injected.
    """

    method: str
    params: dict[str, Any]
    says: str = ""
    limits: dict[str, int] = field(default_factory=dict)
    because: str = ""
    other_services: Callable[[], None] | None = None


def call(method, *, says="", limits=None, because="", other_services=None, **params):
    return Case(method, params, says, limits or {}, because, other_services)


def theirs(path):
    return f"arn:aws:inspector:us-west-2:{OTHER_ACCOUNT}:{path}"


def absent(path):
    return f"arn:aws:inspector:us-west-2:{ACCOUNT}:{path}"


def create_template(*, name="other", duration=3600, packages=(PACKAGE,), **more):
    return call(
        "create_assessment_template",
        assessmentTargetArn=TARGET,
        assessmentTemplateName=name,
        durationInSeconds=duration,
        rulesPackageArns=list(packages),
        **more,
    )


def pairs(count):
    return [{"key": f"key{number}", "value": "value"} for number in range(count)]


def backwards(later="endDate", sooner="beginDate"):
    return {later: 1000, sooner: 2000}


TOO_MANY = ["fake-arn"] * 51
ABSENT_TARGET = "target/0-absent00"
ABSENT_TEMPLATE = f"{ABSENT_TARGET}/template/0-absent00"
ABSENT_RUN = f"{ABSENT_TEMPLATE}/run/0-absent00"
ONLY_IN_BATCHES = "findings are requested in batches only, which report each of them in failedItems"
NO_ROLE_NEEDED = "the service-linked role is always there; a registered one that is not is an invalid role"


def nothing():
    pass


def a_closed_topic():
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}
    boto3.client("sns").create_topic(Name="events", Attributes={"Policy": json.dumps({"Statement": [deny]})})


def a_role_without_policies():
    trust = {"Effect": "Allow", "Principal": {"Service": "inspector.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    boto3.client("iam").create_role(RoleName="inspector", AssumeRolePolicyDocument=document)


# fmt: off
INVALID_INPUT = {
    # What is no ARN, or the ARN of something else
    "INVALID_ASSESSMENT_TARGET_ARN": call("delete_assessment_target", assessmentTargetArn="fake-arn", says="'fake-arn'"),
    "INVALID_ASSESSMENT_TEMPLATE_ARN": call("start_assessment_run", assessmentTemplateArn=TARGET, says=TARGET),
    "INVALID_ASSESSMENT_RUN_ARN": call("list_findings", assessmentRunArns=["fake-arn"], says="'fake-arn'"),
    "INVALID_FINDING_ARN": call("describe_findings", findingArns=["x" * 301], says="findingArns[0]"),
    "INVALID_RESOURCE_GROUP_ARN": call("create_assessment_target", assessmentTargetName="other", resourceGroupArn=TARGET, says=TARGET),
    "INVALID_RULES_PACKAGE_ARN": create_template(packages=["fake-arn"], says="'fake-arn'"),
    "INVALID_RESOURCE_ARN": call("list_tags_for_resource", resourceArn=TARGET, says=TARGET),
    "INVALID_SNS_TOPIC_ARN": call("subscribe_to_event", resourceArn=TEMPLATE, event="FINDING_REPORTED", topicArn=ROLE, says=ROLE),
    "INVALID_IAM_ROLE_ARN": call("register_cross_account_access_role", roleArn="inspector", says="'inspector'"),
    # Names
    "INVALID_ASSESSMENT_TARGET_NAME": call("create_assessment_target", assessmentTargetName="n" * 141, says="assessmentTargetName must ... got 141"),
    "INVALID_ASSESSMENT_TARGET_NAME_PATTERN": call("list_assessment_targets", filter={"assessmentTargetNamePattern": "n" * 141}, says="assessmentTargetNamePattern must ... got 141"),
    "INVALID_ASSESSMENT_TEMPLATE_NAME": create_template(name="n" * 141, says="assessmentTemplateName must ... got 141"),
    "INVALID_ASSESSMENT_TEMPLATE_NAME_PATTERN": call("list_assessment_templates", filter={"namePattern": "n" * 141}, says="namePattern must ... got 141"),
    "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN": call("create_assessment_target", assessmentTargetName="web", says=f"Create assessmentTarget - Name already exists; Name: web ParentOwner: {ACCOUNT}"),
    "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN": create_template(name="weekly", says="Name: weekly"),
    # Durations, moments, states
    "INVALID_ASSESSMENT_TEMPLATE_DURATION": create_template(duration=86_401, says="durationInSeconds must ... got 86401"),
    "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE": call("list_assessment_templates", filter={"durationRange": backwards("maxSeconds", "minSeconds")}, says="durationRange"),
    "INVALID_ASSESSMENT_RUN_DURATION_RANGE": call("list_assessment_runs", filter={"durationRange": {"maxSeconds": 86_401}}, says="durationRange.maxSeconds must ... got 86401"),
    "INVALID_ASSESSMENT_RUN_START_TIME_RANGE": call("list_assessment_runs", filter={"startTimeRange": backwards()}, says="startTimeRange"),
    "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE": call("list_assessment_runs", filter={"completionTimeRange": backwards()}, says="completionTimeRange"),
    "INVALID_ASSESSMENT_RUN_STATE_CHANGE_TIME_RANGE": call("list_assessment_runs", filter={"stateChangeTimeRange": backwards()}, says="stateChangeTimeRange"),
    "INVALID_ASSESSMENT_RUN_STATE": call("list_assessment_runs", filter={"states": ["DONE"]}, says="states[0] must ... got 'DONE'"),
    # Tags and attributes
    "INVALID_TAG": call("set_tags_for_resource", resourceArn=TEMPLATE, tags=[*pairs(1), *pairs(1)], says="'key0'"),
    "INVALID_TAG_KEY": call("set_tags_for_resource", resourceArn=TEMPLATE, tags=[{"key": "k" * 129}], says="tags[0].key must ... got 129"),
    "INVALID_TAG_VALUE": call("set_tags_for_resource", resourceArn=TEMPLATE, tags=[{"key": "k", "value": "v" * 257}], says="tags[0].value must ... got 257"),
    "INVALID_RESOURCE_GROUP_TAG_KEY": call("create_resource_group", resourceGroupTags=[{"key": "k" * 129}], says="resourceGroupTags[0].key must ... got 129"),
    "INVALID_RESOURCE_GROUP_TAG_VALUE": call("create_resource_group", resourceGroupTags=[{"key": "k", "value": "v" * 257}], says="resourceGroupTags[0].value must ... got 257"),
    "INVALID_ATTRIBUTE": call("list_findings", filter={"attributes": [{"key": "k" * 129}]}, says="attributes[0].key must ... got 129"),
    "INVALID_USER_ATTRIBUTE": call("add_attributes_to_findings", findingArns=[FINDING], attributes=[*pairs(1), *pairs(1)], says="'key0'"),
    "INVALID_USER_ATTRIBUTE_KEY": call("add_attributes_to_findings", findingArns=[FINDING], attributes=[{"key": "k" * 129}], says="attributes[0].key must ... got 129"),
    "INVALID_USER_ATTRIBUTE_VALUE": create_template(userAttributesForFindings=[{"key": "k", "value": "v" * 257}], says="userAttributesForFindings[0].value must ... got 257"),
    # Parameters of lists
    "INVALID_PAGINATION_TOKEN": call("list_findings", nextToken="1", says="nextToken '1' is not valid"),
    "INVALID_MAX_RESULTS": call("list_findings", maxResults=0, says="maxResults must ... got 0"),
    "INVALID_AGENT_ID": call("list_findings", filter={"agentIds": ["i" * 129]}, says="agentIds[0] must ... got 129"),
    "INVALID_AUTO_SCALING_GROUP": call("list_findings", filter={"autoScalingGroups": ["g" * 257]}, says="autoScalingGroups[0] must ... got 257"),
    "INVALID_RULE_NAME": call("list_findings", filter={"ruleNames": ["r" * 1001]}, says="ruleNames[0] must ... got 1001"),
    "INVALID_SEVERITY": call("list_findings", filter={"severities": ["HIGH"]}, says="severities[0] must ... got 'HIGH'"),
    "INVALID_LOCALE": call("describe_rules_packages", rulesPackageArns=[PACKAGE], locale="de_DE", says="locale must ... got 'de_DE'"),
    "INVALID_EVENT": call("subscribe_to_event", resourceArn=TEMPLATE, event="FINDING_FOUND", topicArn=TOPIC, says="event must ... got 'FINDING_FOUND'"),
    # Too many
    "INVALID_NUMBER_OF_ASSESSMENT_TARGET_ARNS": call("describe_assessment_targets", assessmentTargetArns=TOO_MANY, says="assessmentTargetArns must ... got 51"),
    "INVALID_NUMBER_OF_ASSESSMENT_TEMPLATE_ARNS": call("list_assessment_runs", assessmentTemplateArns=TOO_MANY, says="assessmentTemplateArns must ... got 51"),
    "INVALID_NUMBER_OF_ASSESSMENT_RUN_ARNS": call("list_findings", assessmentRunArns=TOO_MANY, says="assessmentRunArns must ... got 51"),
    "INVALID_NUMBER_OF_FINDING_ARNS": call("describe_findings", findingArns=["fake-arn"] * 101, says="findingArns must ... got 101"),
    "INVALID_NUMBER_OF_RESOURCE_GROUP_ARNS": call("describe_resource_groups", resourceGroupArns=TOO_MANY, says="resourceGroupArns must ... got 51"),
    "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS": create_template(packages=TOO_MANY, says="rulesPackageArns must ... got 51"),
    "INVALID_NUMBER_OF_ASSESSMENT_RUN_STATES": call("list_assessment_runs", filter={"states": ["FAILED"] * 51}, says="states must ... got 51"),
    "INVALID_NUMBER_OF_TAGS": call("set_tags_for_resource", resourceArn=TEMPLATE, tags=pairs(11), says="tags must ... got 11"),
    "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS": call("create_resource_group", resourceGroupTags=pairs(11), says="resourceGroupTags must ... got 11"),
    "INVALID_NUMBER_OF_ATTRIBUTES": call("list_findings", filter={"attributes": pairs(51)}, says="attributes must ... got 51"),
    "INVALID_NUMBER_OF_USER_ATTRIBUTES": call("add_attributes_to_findings", findingArns=[FINDING], attributes=pairs(11), says="attributes must ... got 11"),
    "INVALID_NUMBER_OF_AGENT_IDS": call("list_findings", filter={"agentIds": ["i-0web"] * 100}, says="agentIds must ... got 100"),
    "INVALID_NUMBER_OF_AUTO_SCALING_GROUPS": call("list_findings", filter={"autoScalingGroups": ["web"] * 21}, says="autoScalingGroups must ... got 21"),
    "INVALID_NUMBER_OF_RULE_NAMES": call("list_findings", filter={"ruleNames": ["rule"] * 51}, says="ruleNames must ... got 51"),
    "INVALID_NUMBER_OF_SEVERITIES": call("list_findings", filter={"severities": ["High"] * 51}, says="severities must ... got 51"),
}

NO_SUCH_ENTITY = {
    "ASSESSMENT_TARGET_DOES_NOT_EXIST": call("preview_agents", previewAgentsArn=absent(ABSENT_TARGET), says=ABSENT_TARGET),
    "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST": call("start_assessment_run", assessmentTemplateArn=absent(ABSENT_TEMPLATE), says=ABSENT_TEMPLATE),
    "ASSESSMENT_RUN_DOES_NOT_EXIST": call("stop_assessment_run", assessmentRunArn=absent(ABSENT_RUN), says=ABSENT_RUN),
    "RESOURCE_GROUP_DOES_NOT_EXIST": call("create_assessment_target", assessmentTargetName="other", resourceGroupArn=absent("resourcegroup/0-absent00"), says="resourcegroup/0-absent00"),
    "RULES_PACKAGE_DOES_NOT_EXIST": create_template(packages=[absent("rulespackage/0-absent00")], says="rulespackage/0-absent00"),
    "FINDING_DOES_NOT_EXIST": call("add_attributes_to_findings", findingArns=[FINDING], attributes=pairs(1), because=ONLY_IN_BATCHES),
    "SNS_TOPIC_DOES_NOT_EXIST": call("subscribe_to_event", resourceArn=TEMPLATE, event="FINDING_REPORTED", topicArn=TOPIC, other_services=nothing, says=TOPIC),
    "IAM_ROLE_DOES_NOT_EXIST": call("create_assessment_target", assessmentTargetName="other", because=NO_ROLE_NEEDED),
}

ACCESS_DENIED = {
    "ACCESS_DENIED_TO_ASSESSMENT_TARGET": call("preview_agents", previewAgentsArn=theirs(ABSENT_TARGET), says=theirs(ABSENT_TARGET)),
    "ACCESS_DENIED_TO_ASSESSMENT_TEMPLATE": call("start_assessment_run", assessmentTemplateArn=theirs(ABSENT_TEMPLATE), says=theirs(ABSENT_TEMPLATE)),
    "ACCESS_DENIED_TO_ASSESSMENT_RUN": call("stop_assessment_run", assessmentRunArn=theirs(ABSENT_RUN), says=theirs(ABSENT_RUN)),
    "ACCESS_DENIED_TO_RESOURCE_GROUP": call("create_assessment_target", assessmentTargetName="other", resourceGroupArn=theirs("resourcegroup/0-absent00"), says=OTHER_ACCOUNT),
    "ACCESS_DENIED_TO_RULES_PACKAGE": create_template(packages=[theirs("rulespackage/0-absent00")], says=OTHER_ACCOUNT),
    "ACCESS_DENIED_TO_IAM_ROLE": call("register_cross_account_access_role", roleArn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/theirs", says="role/theirs"),
    "ACCESS_DENIED_TO_FINDING": call("remove_attributes_from_findings", findingArns=[FINDING], attributeKeys=["k"], because=ONLY_IN_BATCHES),
    "ACCESS_DENIED_TO_SNS_TOPIC": call("subscribe_to_event", resourceArn=TEMPLATE, event="FINDING_REPORTED", topicArn=TOPIC, other_services=a_closed_topic, says=TOPIC),
}

LIMIT_EXCEEDED = {
    "ASSESSMENT_TARGET_LIMIT_EXCEEDED": call("create_assessment_target", assessmentTargetName="other", limits={"assessment_targets": 1}, says="1 of 1 assessment targets"),
    "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED": create_template(limits={"assessment_templates": 1}, says="1 of 1 assessment templates"),
    "ASSESSMENT_RUN_LIMIT_EXCEEDED": call("start_assessment_run", assessmentTemplateArn=TEMPLATE, limits={"assessment_runs": 1}, says="1 of 1 assessment runs"),
    "RESOURCE_GROUP_LIMIT_EXCEEDED": call("create_resource_group", resourceGroupTags=pairs(1), limits={"resource_groups": 1}, says="1 of 1 resource groups"),
    "EVENT_SUBSCRIPTION_LIMIT_EXCEEDED": call("subscribe_to_event", resourceArn=TEMPLATE, event="FINDING_REPORTED", topicArn=TOPIC, limits={"event_subscriptions": 0}, says="0 of 0 event subscriptions"),
}

CROSS_ACCOUNT_ROLE = {
    "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP": call("register_cross_account_access_role", roleArn=ROLE, other_services=nothing, says=ROLE),
    "ROLE_DOES_NOT_HAVE_CORRECT_POLICY": call("register_cross_account_access_role", roleArn=ROLE, other_services=a_role_without_policies, says=ROLE),
}

FAILED_ITEM = {
    "INVALID_ARN": call("describe_findings", findingArns=["fake-arn"]),
    "DUPLICATE_ARN": call("describe_findings", findingArns=[FINDING, FINDING]),
    "ITEM_DOES_NOT_EXIST": call("describe_assessment_targets", assessmentTargetArns=[absent(ABSENT_TARGET)]),
    "ACCESS_DENIED": call("describe_assessment_runs", assessmentRunArns=[theirs(ABSENT_RUN)]),
    "LIMIT_EXCEEDED": call("add_attributes_to_findings", findingArns=[FINDING], attributes=pairs(10)),  # it has one more
    "INTERNAL_ERROR": call("describe_findings", findingArns=[FINDING], because="the mock has no internal errors"),
}
# fmt: on

THROWN = {
    "InvalidInputException": ("InvalidInputErrorCode", INVALID_INPUT),
    "NoSuchEntityException": ("NoSuchEntityErrorCode", NO_SUCH_ENTITY),
    "AccessDeniedException": ("AccessDeniedErrorCode", ACCESS_DENIED),
    "LimitExceededException": ("LimitExceededErrorCode", LIMIT_EXCEEDED),
    "InvalidCrossAccountRoleException": ("InvalidCrossAccountRoleErrorCode", CROSS_ACCOUNT_ROLE),
}
TABLES = {**dict(THROWN.values()), "FailedItemErrorCode": FAILED_ITEM}


@pytest.fixture
def known(inspector_backend):
    """The ARNs of one resource of each kind: all the account has, so that a limit of one is used up."""
    here = inspector_backend
    package = here.list_rules_packages()["rulesPackageArns"][0]
    here.create_resource_group(resourceGroupTags=[{"key": "Name", "value": "web"}])
    target = here.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    template = here.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName="weekly",
        durationInSeconds=3600,
        rulesPackageArns=[package],
        userAttributesForFindings=[{"key": "team", "value": "web"}],
    )["assessmentTemplateArn"]
    run = here.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    finding = here.add_finding(run, {"title": "Port open"})
    return {TARGET: target, TEMPLATE: template, FINDING: finding, PACKAGE: package}


def resolved(value, known):
    """The value with the ARNs of ``known`` in place of what stands for them."""
    if isinstance(value, dict):
        return {name: resolved(entry, known) for name, entry in value.items()}
    if isinstance(value, list):
        return [resolved(entry, known) for entry in value]
    return known.get(value, value) if isinstance(value, str) else value


def send(client, backend, code, case, known):
    """Make the case's call, with its code injected if need be."""
    operation = client.meta.method_to_api_mapping[case.method]
    if case.because:
        backend.inject_fault(operation, code)
    with mock_aws() if case.other_services else nullcontext():
        if case.other_services:
            case.other_services()
        return getattr(client, case.method)(**resolved(case.params, known))


def says(message, text):
    """Whether a message has a text. ``...`` in the text stands for anything."""
    return re.search(".*".join(map(re.escape, text.split("..."))), message)


def test_every_enum_of_error_codes_has_its_table(client):
    model = client.meta.service_model
    enums = {
        name for name in model.shape_names if name.endswith("ErrorCode") and model.shape_for(name).metadata["enum"]
    }
    assert enums == TABLES.keys()


@pytest.mark.parametrize("enum", TABLES)
def test_every_error_code_of_the_model_has_its_case(client, enum):
    codes = set(client.meta.service_model.shape_for(enum).metadata["enum"])
    assert {"without a case": codes - TABLES[enum].keys(), "unknown to the model": TABLES[enum].keys() - codes} == {
        "without a case": set(),
        "unknown to the model": set(),
    }


@pytest.mark.parametrize(
    ("exception", "code", "case"),
    sample(
        3,
        [
            pytest.param(exception, code, case, id=code, marks=pytest.mark.mock_inspector(limits=case.limits))
            for exception, (_, table) in THROWN.items()
            for code, case in table.items()
        ],
    ),
)
def test_an_error_code_is_thrown(client, inspector_backend, known, exception, code, case):
    with pytest.raises(getattr(client.exceptions, exception)) as caught:
        send(client, inspector_backend, code, case, known)
    answer = caught.value.response
    assert answer["errorCode"] == code
    assert isinstance(answer["canRetry"], bool)
    assert answer["Error"]["Message"]
    assert case.because or (case.says and says(answer["Error"]["Message"], known.get(case.says, case.says)))
    declared = client.meta.service_model.operation_model(caught.value.operation_name).error_shapes
    assert exception in [shape.name for shape in declared]


@pytest.mark.parametrize(("code", "case"), FAILED_ITEM.items(), ids=FAILED_ITEM)
def test_a_failure_code_is_reported_for_a_failed_item(client, inspector_backend, known, code, case):
    answer = send(client, inspector_backend, code, case, known)
    arn = next(resolved(value, known)[-1] for name, value in case.params.items() if name.endswith("Arns"))
    assert answer["failedItems"] == {arn: {"failureCode": code, "retryable": code == "INTERNAL_ERROR"}}

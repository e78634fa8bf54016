"""What an account has: how it is made, described, listed, filtered and deleted."""

import datetime
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from ..support.aws import (
    ACCOUNT,
    BEST_PRACTICES,
    CIS,
    CVE,
    a_group,
    a_run,
    a_target,
    a_template,
    an_ended_run,
    described_finding,
    described_run,
    described_target,
    described_template,
    exclusions_of,
    findings_of,
    refused,
)

TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms"


def now(backend):
    return pytest.approx(backend.clock.now().timestamp(), abs=1e-3)


def pairs(**members):
    return [{"key": key, "value": value} for key, value in members.items()]


def previewed(client, arn):
    return [agent["agentId"] for agent in client.preview_agents(previewAgentsArn=arn)["agentPreviews"]]


@pytest.fixture
def fleet(inspector_backend):
    """Three instances, of which a group of Name web and stage beta has the first two."""
    for instance_id, tags in {
        "i-web": {"Name": "web", "stage": "prod"},
        "i-beta": {"Name": "db", "stage": "beta"},
        "i-else": {"Name": "else", "stage": "prod"},
    }.items():
        inspector_backend.add_instance(instance_id, tags=tags)
    return inspector_backend


@pytest.fixture
def nobody(inspector_backend, client):
    """A target that has no instance, so that any number of its runs can go on at once."""
    return a_target(client, "nobody", a_group(client, Name="nobody"))


# Resource groups


def test_a_resource_group_keeps_its_tags(inspector_backend, client):
    tags = [{"key": "Name", "value": "web"}, {"key": "Name", "value": "db"}, {"key": "stage"}]
    group = client.create_resource_group(resourceGroupTags=tags)["resourceGroupArn"]
    created = now(inspector_backend)
    inspector_backend.clock.tick(60)

    [shown] = client.describe_resource_groups(resourceGroupArns=[group])["resourceGroups"]

    assert shown.pop("createdAt").timestamp() == created
    assert shown == {"arn": group, "tags": tags}


# Targets


def test_a_target_has_the_instances_with_any_tag_of_its_group(fleet, client):
    group = a_group(client, Name="web", stage="beta")
    target = a_target(client, "web", group)

    assert previewed(client, target) == ["i-web", "i-beta"]
    assert described_target(client, target)["resourceGroupArn"] == group


def test_a_target_without_a_group_has_all_instances(fleet, client):
    target = a_target(client, "all")

    assert previewed(client, target) == ["i-web", "i-beta", "i-else"]
    assert described_target(client, target).keys() == {"arn", "name", "createdAt", "updatedAt"}


def test_an_update_changes_name_and_group_and_says_when(fleet, client):
    target = a_target(client, "old", a_group(client, Name="web"))
    new = described_target(client, target)
    group = a_group(client, Name="else")
    fleet.clock.tick(60)

    client.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="new", resourceGroupArn=group)

    shown = described_target(client, target)
    assert new["createdAt"] == new["updatedAt"] == shown["createdAt"]
    assert shown["updatedAt"].timestamp() == now(fleet)
    assert (shown["name"], shown["resourceGroupArn"]) == ("new", group)
    assert previewed(client, target) == ["i-else"]


def test_an_update_without_a_group_resets_the_target_to_all_instances(fleet, client):
    target = a_target(client, "web", a_group(client, Name="web"))

    client.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="web")

    assert "resourceGroupArn" not in described_target(client, target)
    assert previewed(client, target) == ["i-web", "i-beta", "i-else"]


def test_a_target_name_is_taken_in_its_account_and_region(inspector_backend, client):
    target, other = a_target(client, "web"), a_target(client, "other")

    with refused("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN") as caught:
        a_target(client, "web")
    assert f"Name: web ParentOwner: {ACCOUNT}" in str(caught.value)
    with refused("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN"):
        client.update_assessment_target(assessmentTargetArn=other, assessmentTargetName="web")
    assert described_target(client, other)["name"] == "other"

    for sibling in (inspector_backend.for_region("eu-west-1"), inspector_backend.for_account("210987654321")):
        assert sibling.create_assessment_target(assessmentTargetName="web")
    client.delete_assessment_target(assessmentTargetArn=target)
    assert a_target(client, "web") != target


# Templates


def test_a_template_keeps_what_it_was_made_of(inspector_backend, client):
    target = a_target(client, "web")
    template = a_template(client, target, "nightly", duration=900, packages=[CIS, CVE], attributes={"team": "blue"})

    shown = described_template(client, template)

    assert template.startswith(f"{target}/template/")
    assert shown.pop("createdAt").timestamp() == now(inspector_backend)
    assert shown == {
        "arn": template,
        "assessmentTargetArn": target,
        "name": "nightly",
        "durationInSeconds": 900,
        "rulesPackageArns": [CIS, CVE],
        "userAttributesForFindings": pairs(team="blue"),
        "assessmentRunCount": 0,
    }


def test_a_template_name_is_taken_in_its_target(inspector_backend, client):
    one, other = a_target(client, "one"), a_target(client, "other")
    template = a_template(client, one, "nightly")

    with refused("InvalidInputException", "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN"):
        a_template(client, one, "nightly")

    assert a_template(client, other, "nightly")
    client.delete_assessment_template(assessmentTemplateArn=template)
    assert a_template(client, one, "nightly") != template


def test_a_template_counts_its_runs_and_names_the_last(inspector_backend, client):
    template = a_template(client)
    first, last = (an_ended_run(inspector_backend, client, template) for _ in range(2))

    def counted():
        shown = described_template(client, template)
        return shown["assessmentRunCount"], shown.get("lastAssessmentRunArn")

    assert counted() == (2, last)
    client.delete_assessment_run(assessmentRunArn=last)
    assert counted() == (1, first)
    client.delete_assessment_run(assessmentRunArn=first)
    assert counted() == (0, None)


# Tags


@pytest.mark.parametrize("cleared", [{}, {"tags": []}], ids=["no tags", "an empty list"])
def test_tags_are_replaced_as_a_whole(inspector_backend, client, cleared):
    template, other = a_template(client), a_template(client)

    def tags(of):
        return client.list_tags_for_resource(resourceArn=of)["tags"]

    client.set_tags_for_resource(resourceArn=other, tags=pairs(kept="yes"))
    client.set_tags_for_resource(resourceArn=template, tags=pairs(a="1", b="2"))
    assert tags(template) == pairs(a="1", b="2")
    client.set_tags_for_resource(resourceArn=template, tags=pairs(b="3"))
    assert tags(template) == pairs(b="3")
    client.set_tags_for_resource(resourceArn=template, **cleared)
    assert tags(template) == []
    assert tags(other) == pairs(kept="yes")


def test_only_templates_have_tags(inspector_backend, client):
    target = a_target(client)

    with refused("InvalidInputException", "INVALID_RESOURCE_ARN"):
        client.set_tags_for_resource(resourceArn=target, tags=pairs(a="1"))
    with refused("InvalidInputException", "INVALID_RESOURCE_ARN"):
        client.list_tags_for_resource(resourceArn=target)


# Event subscriptions


def subscribed(client, template=None):
    """Events by template and topic, as ListEventSubscriptions has them."""
    asked = {} if template is None else {"resourceArn": template}
    return {
        (entry["resourceArn"], entry["topicArn"]): [event["event"] for event in entry["eventSubscriptions"]]
        for entry in client.list_event_subscriptions(**asked)["subscriptions"]
    }


def test_subscribing_twice_changes_nothing(inspector_backend, client):
    subscription = {"resourceArn": a_template(client), "event": "FINDING_REPORTED", "topicArn": TOPIC}
    client.subscribe_to_event(**subscription)
    before = client.list_event_subscriptions()["subscriptions"]
    [[event]] = [entry["eventSubscriptions"] for entry in before]
    assert event["subscribedAt"].timestamp() == now(inspector_backend)
    inspector_backend.clock.tick(60)

    client.subscribe_to_event(**subscription)

    assert client.list_event_subscriptions()["subscriptions"] == before


def test_subscriptions_are_listed_by_template_and_topic(inspector_backend, client):
    one, other = a_template(client), a_template(client)
    for template, event, topic in [
        (one, "ASSESSMENT_RUN_STARTED", TOPIC),
        (other, "FINDING_REPORTED", TOPIC),
        (one, "ASSESSMENT_RUN_COMPLETED", TOPIC),
        (one, "FINDING_REPORTED", f"{TOPIC}2"),
    ]:
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)

    of_one = {
        (one, TOPIC): ["ASSESSMENT_RUN_STARTED", "ASSESSMENT_RUN_COMPLETED"],
        (one, f"{TOPIC}2"): ["FINDING_REPORTED"],
    }
    assert subscribed(client, one) == of_one
    assert subscribed(client) == {**of_one, (other, TOPIC): ["FINDING_REPORTED"]}


def test_unsubscribing_takes_away_what_is_there_and_nothing_else(inspector_backend, client):
    template = a_template(client)
    started, completed = "ASSESSMENT_RUN_STARTED", "ASSESSMENT_RUN_COMPLETED"
    for event in (started, completed):
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=TOPIC)

    client.unsubscribe_from_event(resourceArn=template, event="FINDING_REPORTED", topicArn=TOPIC)
    client.unsubscribe_from_event(resourceArn=template, event=started, topicArn=f"{TOPIC}2")
    assert subscribed(client) == {(template, TOPIC): [started, completed]}
    client.unsubscribe_from_event(resourceArn=template, event=started, topicArn=TOPIC)
    assert subscribed(client) == {(template, TOPIC): [completed]}
    client.unsubscribe_from_event(resourceArn=template, event=completed, topicArn=TOPIC)
    assert subscribed(client) == {}


# The role


@pytest.mark.parametrize(("region", "partition"), [("us-west-2", "aws"), ("us-gov-west-1", "aws-us-gov")])
def test_the_service_linked_role_is_there_from_the_start(inspector_backend, region, partition):
    role = inspector_backend.for_region(region).describe_cross_account_access_role()

    assert role["roleArn"] == (
        f"arn:{partition}:iam::{ACCOUNT}:role/aws-service-role/inspector.amazonaws.com/AWSServiceRoleForAmazonInspector"
    )
    assert role["valid"] is True
    assert role["registeredAt"] == now(inspector_backend)


def test_a_registered_role_replaces_the_one_before(inspector_backend, client):
    for name in ("first", "path/to/second"):
        inspector_backend.clock.tick(60)
        client.register_cross_account_access_role(roleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}")

    role = client.describe_cross_account_access_role()

    assert (role["roleArn"], role["valid"]) == (f"arn:aws:iam::{ACCOUNT}:role/path/to/second", True)
    assert role["registeredAt"].timestamp() == now(inspector_backend)


@pytest.mark.parametrize(
    ("role", "exception", "code"),
    [
        ("inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        (f"arn:aws:iam::{ACCOUNT}:user/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        (f"arn:aws-us-gov:iam::{ACCOUNT}:role/inspector", "InvalidInputException", "INVALID_IAM_ROLE_ARN"),
        ("arn:aws:iam::210987654321:role/inspector", "AccessDeniedException", "ACCESS_DENIED_TO_IAM_ROLE"),
    ],
)
def test_what_is_no_role_of_the_account_is_refused(inspector_backend, client, role, exception, code):
    before = client.describe_cross_account_access_role()["roleArn"]

    with refused(exception, code):
        client.register_cross_account_access_role(roleArn=role)

    assert client.describe_cross_account_access_role()["roleArn"] == before


# Deleting


@pytest.fixture
def tree(inspector_backend, client):
    """The ARNs of two targets with two templates each, and all that hangs on those."""
    arns = {}
    for target_name in ("t1", "t2"):
        target = arns[target_name] = a_target(client, target_name, a_group(client, Name="nobody"))
        for template_name in ("a", "b"):
            template = arns[f"{target_name}{template_name}"] = a_template(client, target, template_name)
            client.subscribe_to_event(resourceArn=template, event="FINDING_REPORTED", topicArn=TOPIC)
            for run_name in ("1", "2"):
                name = f"{target_name}{template_name}{run_name}"
                run = arns[name] = an_ended_run(inspector_backend, client, template, run_name)
                [arns[f"{name} finding"]] = findings_of(client, run)
                [arns[f"{name} exclusion"]] = client.list_exclusions(assessmentRunArn=run)["exclusionArns"]
    return arns


def kind_of(arn):
    return arn.rpartition(":")[2].split("/")[-2]


def there(client, arns):
    """Those of the ARNs that Describe knows, after a check that the Lists have just those, too."""
    kinds: dict[str, list[str]] = {"target": [], "template": [], "run": [], "finding": [], "exclusion": []}
    for arn in arns:
        kinds[kind_of(arn)].append(arn)
    known = []
    for kind, describe, member in [
        ("target", client.describe_assessment_targets, "assessmentTargetArns"),
        ("template", client.describe_assessment_templates, "assessmentTemplateArns"),
        ("run", client.describe_assessment_runs, "assessmentRunArns"),
        ("finding", client.describe_findings, "findingArns"),
        ("exclusion", client.describe_exclusions, "exclusionArns"),
    ]:
        answer = describe(**{member: kinds[kind]})
        assert {item["failureCode"] for item in answer["failedItems"].values()} <= {"ITEM_DOES_NOT_EXIST"}
        known += [arn for arn in kinds[kind] if arn not in answer["failedItems"]]
    listed = [
        *client.list_assessment_targets()["assessmentTargetArns"],
        *client.list_assessment_templates()["assessmentTemplateArns"],
        *client.list_assessment_runs()["assessmentRunArns"],
        *findings_of(client),
    ]
    assert sorted(listed) == sorted(arn for arn in known if "/exclusion/" not in arn)
    return set(known)


@pytest.mark.parametrize(
    ("gone", "delete"),
    [
        ("t1", lambda client, arn: client.delete_assessment_target(assessmentTargetArn=arn)),
        ("t1a", lambda client, arn: client.delete_assessment_template(assessmentTemplateArn=arn)),
        ("t1a1", lambda client, arn: client.delete_assessment_run(assessmentRunArn=arn)),
    ],
    ids=["target", "template", "run"],
)
def test_a_delete_takes_all_that_hangs_on_it_and_nothing_else(client, tree, gone, delete):
    arns = set(tree.values())
    assert there(client, arns) == arns

    delete(client, tree[gone])

    left = {arn for arn in arns if not f"{arn}/".startswith(f"{tree[gone]}/")}
    assert there(client, arns) == left
    assert {template for template, _ in subscribed(client)} == {arn for arn in left if kind_of(arn) == "template"}
    with refused("NoSuchEntityException"):
        delete(client, tree[gone])


def test_a_deleted_runs_report_is_gone(inspector_backend, client):
    asked = {"assessmentRunArn": an_ended_run(inspector_backend, client), "reportFileFormat": "HTML"}
    client.get_assessment_report(**asked, reportType="FULL")

    client.delete_assessment_run(assessmentRunArn=asked["assessmentRunArn"])

    with refused("NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST"):
        client.get_assessment_report(**asked, reportType="FULL")


@pytest.mark.parametrize("deleted", ["target", "template", "run"])
def test_a_run_in_progress_refuses_the_whole_delete(inspector_backend, client, nobody, deleted):
    template = a_template(client, nobody, "busy")
    ended = an_ended_run(inspector_backend, client, template)
    busy = a_run(client, template)
    exclusions = client.list_exclusions(assessmentRunArn=ended)["exclusionArns"]
    arns = {nobody, template, ended, busy, *findings_of(client, ended), *exclusions}
    delete = {
        "target": lambda: client.delete_assessment_target(assessmentTargetArn=nobody),
        "template": lambda: client.delete_assessment_template(assessmentTemplateArn=template),
        "run": lambda: client.delete_assessment_run(assessmentRunArn=busy),
    }[deleted]

    with refused("AssessmentRunInProgressException") as caught:
        delete()

    answer = caught.value.response
    assert (answer["assessmentRunArns"], answer["assessmentRunArnsTruncated"]) == ([busy], False)
    assert answer["canRetry"] is True
    assert there(client, arns) == arns
    inspector_backend.finish_run(busy)
    delete()


@pytest.mark.parametrize(("runs", "truncated"), [(10, False), (11, True)])
def test_up_to_ten_runs_in_progress_are_named(inspector_backend, client, nobody, runs, truncated):
    templates = [a_template(client, nobody) for _ in range(2)]
    busy = [a_run(client, templates[number % 2]) for number in range(runs)]

    with refused("AssessmentRunInProgressException") as caught:
        client.delete_assessment_target(assessmentTargetArn=nobody)

    answer = caught.value.response
    assert len(set(answer["assessmentRunArns"])) == 10
    assert set(answer["assessmentRunArns"]) <= set(busy)
    assert answer["assessmentRunArnsTruncated"] is truncated


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
    run = an_ended_run(inspector_backend, client, a_template(client, packages=[arn]))
    [finding] = findings_of(client, run)
    assert described_finding(client, finding)["serviceAttributes"]["rulesPackageArn"] == arn


def test_a_rules_package_can_be_added_under_a_given_arn(inspector_backend, client):
    arn = "arn:aws:inspector:us-west-2:758058086616:rulespackage/0-X1KXtawP"

    assert inspector_backend.add_rules_package("Own rules", arn=arn) == arn

    assert a_template(client, packages=[arn])


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


# Agents


def test_a_preview_shows_what_is_known_of_each_agent(inspector_backend, client):
    inspector_backend.add_instance("i-bare")
    inspector_backend.add_instance(
        "i-web",
        hostname="ec2-1-2-3-4.us-west-2.compute.amazonaws.com",
        auto_scaling_group="web",
        ipv4_address="1.2.3.4",
        operating_system="Amazon Linux AMI release 2015.09",
        kernel_version="4.1.10",
        agent_version="1.1.1098.0",
        agent_health="UNHEALTHY",
    )

    bare, web = client.preview_agents(previewAgentsArn=a_target(client))["agentPreviews"]

    assert bare == {"agentId": "i-bare", "agentHealth": "HEALTHY"}
    assert web == {
        "agentId": "i-web",
        "hostname": "ec2-1-2-3-4.us-west-2.compute.amazonaws.com",
        "autoScalingGroup": "web",
        "ipv4Address": "1.2.3.4",
        "operatingSystem": "Amazon Linux AMI release 2015.09",
        "kernelVersion": "4.1.10",
        "agentVersion": "1.1.1098.0",
        "agentHealth": "UNHEALTHY",
    }


def test_a_template_previews_the_agents_of_its_target(fleet, client):
    target = a_target(client, "web", a_group(client, Name="web"))

    assert previewed(client, a_template(client, target)) == previewed(client, target) == ["i-web"]


@pytest.mark.parametrize(
    ("healths", "codes", "expected"),
    [
        (["HEALTHY"], ["RUNNING"], ["i-well"]),
        (["HEALTHY"], ["RUNNING", "THROTTLED"], ["i-well", "i-slow"]),
        (["HEALTHY", "UNKNOWN"], ["UNKNOWN", "UNHEALTHY"], ["i-gone"]),
        (["UNHEALTHY"], [], ["i-ill"]),
        ([], ["THROTTLED"], ["i-slow"]),
        ([], [], ["i-well", "i-slow", "i-ill", "i-gone"]),
    ],
)
def test_a_runs_agents_are_filtered_by_their_health(inspector_backend, client, healths, codes, expected):
    inspector_backend.add_instance("i-well")
    inspector_backend.add_instance("i-slow", agent_health_code="THROTTLED")
    inspector_backend.add_instance("i-ill", agent_health="UNHEALTHY")
    inspector_backend.add_instance("i-gone", agent_health="UNKNOWN")

    agents = client.list_assessment_run_agents(
        assessmentRunArn=a_run(client), filter={"agentHealths": healths, "agentHealthCodes": codes}
    )["assessmentRunAgents"]

    assert [agent["agentId"] for agent in agents] == expected


# Exclusions


def test_a_preview_of_exclusions_is_ready_after_a_while_and_tells_what_the_run_will(inspector_backend, client):
    inspector_backend.add_instance("i-ill", agent_health="UNHEALTHY")
    inspector_backend.add_instance("i-gone", agent_health="UNKNOWN")
    template = a_template(client)
    token = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    asked = {"assessmentTemplateArn": template, "previewToken": token}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", token)

    at_first = client.get_exclusions_preview(**asked)
    assert at_first["previewStatus"] == "WORK_IN_PROGRESS"
    assert not at_first.get("exclusionPreviews")
    inspector_backend.clock.tick(10)
    later = client.get_exclusions_preview(**asked)

    assert later["previewStatus"] == "COMPLETED"
    assert [preview["title"] for preview in later["exclusionPreviews"]] == ["Agent is unhealthy", "Agent not found"]
    run = an_ended_run(inspector_backend, client, template)
    reported = [
        {name: value for name, value in exclusion.items() if name != "arn"} for exclusion in exclusions_of(client, run)
    ]
    assert later["exclusionPreviews"] == reported


def test_one_preview_of_exclusions_is_made_at_a_time_for_each_template(inspector_backend, client):
    template, other = a_template(client), a_template(client)
    first = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]

    with refused("PreviewGenerationInProgressException"):
        client.create_exclusions_preview(assessmentTemplateArn=template)

    assert client.create_exclusions_preview(assessmentTemplateArn=other)["previewToken"] != first
    inspector_backend.clock.tick(10)
    assert client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"] != first


def test_a_preview_belongs_to_its_template(inspector_backend, client):
    token = client.create_exclusions_preview(assessmentTemplateArn=a_template(client))["previewToken"]

    with refused("NoSuchEntityException"):
        client.get_exclusions_preview(assessmentTemplateArn=a_template(client), previewToken=token)


def test_an_exclusion_put_in_by_hand_is_there_at_once(inspector_backend, client):
    run = a_run(client)
    given = {
        "title": "Agent is already running",
        "description": "It is.",
        "recommendation": "Wait.",
        "scopes": pairs(INSTANCE_ID="i-web"),
        "attributes": pairs(INSTANCE_ID="i-web"),
    }

    arn = inspector_backend.add_exclusion(run, given)

    assert arn.startswith(f"{run}/exclusion/0-")
    assert exclusions_of(client, run) == [{"arn": arn, **given}]


def test_an_exclusion_put_in_by_hand_is_filled_in(inspector_backend, client):
    run = a_run(client)

    inspector_backend.add_exclusion(run, {"title": "Agent is already running"})

    [exclusion] = exclusions_of(client, run)
    assert exclusion["title"] == "Agent is already running"
    assert exclusion.keys() >= {"arn", "description", "recommendation", "scopes"}
    assert exclusion["scopes"]


# Reports

KINDS = [(file_format, kind) for file_format in ("HTML", "PDF") for kind in ("FINDING", "FULL")]


def reported(client, run, file_format="HTML", kind="FULL"):
    answer = client.get_assessment_report(assessmentRunArn=run, reportFileFormat=file_format, reportType=kind)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_run_in_progress_has_no_report(inspector_backend, client):
    run = a_run(client)

    with refused("AssessmentRunInProgressException") as caught:
        reported(client, run)

    assert caught.value.response["assessmentRunArns"] == [run]


def test_each_report_is_in_progress_at_first_and_then_has_a_url(inspector_backend, client):
    run = an_ended_run(inspector_backend, client)
    for file_format, kind in KINDS:
        assert reported(client, run, file_format, kind) == {"status": "WORK_IN_PROGRESS"}

    inspector_backend.clock.tick(10)

    urls = set()
    for file_format, kind in KINDS:
        answer = reported(client, run, file_format, kind)
        assert answer["status"] == "COMPLETED"
        urls.add(answer["url"])
    assert len(urls) == len(KINDS)


@pytest.mark.mock_inspector(at="2024-02-29T12:00:00Z")
def test_a_reports_url_is_presigned_in_form_for_fifteen_minutes(inspector_backend, client):
    run = an_ended_run(inspector_backend, client)
    reported(client, run)
    inspector_backend.clock.move_to("2024-02-29T23:59:58Z")

    url = reported(client, run)["url"]

    assert len(url) <= 2048
    query = {name: value for name, [value] in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Date"] == "20240229T235958Z"
    assert query["X-Amz-Expires"] == "900"
    assert re.fullmatch("[0-9a-f]{64}", query["X-Amz-Signature"])


@pytest.mark.mock_inspector(at="2017-04-24T23:59:00Z")
def test_runs_from_before_reports_were_introduced_have_none(inspector_backend, client, nobody):
    template = a_template(client, nobody)
    old = a_run(client, template)
    inspector_backend.clock.move_to("2017-04-25T00:00:00Z")
    new = a_run(client, template)
    inspector_backend.clock.tick(3600)

    with refused("UnsupportedFeatureException"):
        reported(client, old)
    assert reported(client, new) == {"status": "WORK_IN_PROGRESS"}


def test_the_report_of_a_run_that_failed_fails(inspector_backend, client):
    run = a_run(client)
    inspector_backend.set_run_state(run, "FAILED")

    reported(client, run)
    inspector_backend.clock.tick(10)

    assert reported(client, run) == {"status": "FAILED"}


# Findings and their attributes


@pytest.fixture
def finding(inspector_backend, client):
    return inspector_backend.add_finding(a_run(client), {"title": "Bad"})


def attributes_of(client, finding):
    return {entry["key"]: entry["value"] for entry in described_finding(client, finding)["userAttributes"]}


def test_attributes_are_added_and_overwritten(inspector_backend, client, finding):
    created = described_finding(client, finding)["createdAt"]
    bystander = inspector_backend.add_finding(a_run(client), {})
    inspector_backend.clock.tick(60)

    client.add_attributes_to_findings(findingArns=[finding], attributes=pairs(a="1", b="2"))
    answer = client.add_attributes_to_findings(findingArns=[finding], attributes=pairs(b="3", c="4"))

    assert answer["failedItems"] == {}
    assert attributes_of(client, finding) == {"a": "1", "b": "3", "c": "4"}
    assert attributes_of(client, bystander) == {}
    shown = described_finding(client, finding)
    assert shown["createdAt"] == created
    assert shown["updatedAt"].timestamp() == now(inspector_backend)


def test_a_finding_takes_ten_attributes_and_reports_an_eleventh(inspector_backend, client, finding):
    ten = {f"key{number}": "old" for number in range(10)}
    roomy = inspector_backend.add_finding(a_run(client), {})
    client.add_attributes_to_findings(findingArns=[finding], attributes=pairs(**ten))
    before = described_finding(client, finding)
    inspector_backend.clock.tick(60)

    answer = client.add_attributes_to_findings(
        findingArns=[finding, roomy], attributes=pairs(key0="new", eleventh="new")
    )

    assert answer["failedItems"] == {finding: {"failureCode": "LIMIT_EXCEEDED", "retryable": False}}
    assert described_finding(client, finding) == before
    assert attributes_of(client, roomy) == {"key0": "new", "eleventh": "new"}
    client.add_attributes_to_findings(findingArns=[finding], attributes=pairs(key0="new"))
    assert attributes_of(client, finding) == {**ten, "key0": "new"}


def test_attributes_are_removed_by_key(inspector_backend, client, finding):
    client.add_attributes_to_findings(findingArns=[finding], attributes=pairs(a="1", b="2"))

    answer = client.remove_attributes_from_findings(findingArns=[finding], attributeKeys=["a", "not there"])

    assert answer["failedItems"] == {}
    assert attributes_of(client, finding) == {"b": "2"}


def test_the_templates_attributes_can_be_overwritten_and_removed_on_one_finding(inspector_backend, client):
    template = a_template(client, packages=[CVE, CIS], attributes={"team": "blue", "tier": "1"})
    one, other = findings_of(client, an_ended_run(inspector_backend, client, template))

    client.add_attributes_to_findings(findingArns=[one], attributes=pairs(team="red"))
    client.remove_attributes_from_findings(findingArns=[one], attributeKeys=["tier"])

    assert attributes_of(client, one) == {"team": "red"}
    assert attributes_of(client, other) == {"team": "blue", "tier": "1"}


def test_a_finding_put_in_by_hand_is_there_whatever_the_runs_state(inspector_backend, client):
    run = a_run(client)

    early = inspector_backend.add_finding(run, {"severity": "Low"})
    assert findings_of(client, run) == [early]
    inspector_backend.finish_run(run)
    late = inspector_backend.add_finding(run, {"severity": "High"})

    assert findings_of(client, run)[0] == early
    assert findings_of(client, run)[-1] == late
    counts = described_run(client, run)["findingCounts"]
    assert counts == {"High": 1, "Medium": 0, "Low": 1, "Informational": 1, "Undefined": 0}


@pytest.mark.parametrize(
    ("severity", "number"), [("High", 9), ("Medium", 6), ("Low", 3), ("Informational", 0), ("Undefined", 0)]
)
def test_a_finding_put_in_by_hand_is_filled_in(inspector_backend, client, severity, number):
    run = a_run(client)

    shown = described_finding(client, inspector_backend.add_finding(run, {"severity": severity}))

    assert shown["numericSeverity"] == number
    assert shown["createdAt"] == shown["updatedAt"]
    assert shown["createdAt"].timestamp() == now(inspector_backend)
    assert shown["title"]
    assert shown["description"]
    assert shown["recommendation"]
    assert shown["service"] == "Inspector"
    assert shown["serviceAttributes"] == {"schemaVersion": 1, "assessmentRunArn": run, "rulesPackageArn": CVE}
    assert shown["assetType"] == "ec2-instance"
    assert shown["confidence"] == 10
    assert shown["indicatorOfCompromise"] is False


def test_a_finding_put_in_by_hand_says_what_it_was_given(inspector_backend, client):
    given = {
        "id": "CVE-2016-2177",
        "title": "Instance i-web is vulnerable to CVE-2016-2177",
        "description": "Pointer arithmetic.",
        "recommendation": "Update openssl.",
        "severity": "High",
        "numericSeverity": 8.5,
        "confidence": 7,
        "indicatorOfCompromise": True,
        "assetAttributes": {"schemaVersion": 1, "agentId": "i-web", "ipv4Addresses": ["1.2.3.4"]},
        "attributes": pairs(INSTANCE_ID="i-web"),
        "userAttributes": pairs(team="blue"),
    }

    shown = described_finding(client, inspector_backend.add_finding(a_run(client), given))

    assert {name: shown[name] for name in given} == given


@pytest.mark.parametrize(
    ("finding", "complaint"),
    [
        ({"titel": "Bad"}, "unknown member 'titel'"),
        ({"assetAttributes": {"agent": "i-web"}}, "unknown member 'agent'"),
        ({"attributes": [{"name": "a"}]}, "unknown member 'name'"),
        ({"arn": "arn:aws:inspector"}, "'arn' is minted"),
        ({"severity": "Severe"}, "'Severe'"),
        ({"numericSeverity": "9"}, "numericSeverity"),
        ({"createdAt": 253402300799}, "createdAt"),
        ("Bad", "takes a mapping"),
    ],
)
def test_a_finding_that_cannot_be_is_refused(inspector_backend, client, finding, complaint):
    run = a_run(client)

    with pytest.raises(ValueError, match=complaint):
        inspector_backend.add_finding(run, finding)

    assert findings_of(client, run) == []


@pytest.mark.parametrize(
    ("exclusion", "complaint"),
    [
        ({"titel": "Bad"}, "unknown member 'titel'"),
        ({"scopes": [{"key": "WHATEVER", "value": "x"}]}, "'WHATEVER'"),
        ({"scopes": []}, "scopes"),
        ({"arn": "arn:aws:inspector"}, "'arn' is minted"),
    ],
)
def test_an_exclusion_that_cannot_be_is_refused(inspector_backend, client, exclusion, complaint):
    run = a_run(client)

    with pytest.raises(ValueError, match=complaint):
        inspector_backend.add_exclusion(run, exclusion)

    assert exclusions_of(client, run) == []


# Filters


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("web", ["web"]),
        ("web*", ["web", "web-1", "web-22"]),
        ("web-?", ["web-1"]),
        ("*-*", ["web-1", "web-22", "my-web"]),
        ("*web", ["web", "my-web"]),
        ("WEB", []),
        ("*", ["web", "web-1", "web-22", "my-web"]),
    ],
)
def test_names_are_listed_by_pattern(inspector_backend, client, pattern, expected):
    targets = {a_target(client, name): name for name in ("web", "web-1", "web-22", "my-web")}

    arns = client.list_assessment_targets(filter={"assessmentTargetNamePattern": pattern})["assessmentTargetArns"]

    assert [targets[arn] for arn in arns] == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"namePattern": "night*"}, ["nightly", "nightly cis"]),
        ({"durationRange": {"minSeconds": 900}}, ["nightly cis", "weekly"]),
        ({"durationRange": {"maxSeconds": 900}}, ["nightly", "nightly cis"]),
        ({"durationRange": {"minSeconds": 181, "maxSeconds": 899}}, []),
        ({"durationRange": {}}, ["nightly", "nightly cis", "weekly"]),
        ({"rulesPackageArns": [CVE]}, ["nightly", "weekly"]),
        ({"rulesPackageArns": [CIS, BEST_PRACTICES]}, ["nightly cis", "weekly"]),
        ({"rulesPackageArns": []}, ["nightly", "nightly cis", "weekly"]),
        ({"namePattern": "night*", "rulesPackageArns": [CVE]}, ["nightly"]),
        ({}, ["nightly", "nightly cis", "weekly"]),
    ],
)
def test_templates_are_filtered(inspector_backend, client, wanted, expected):
    templates = {
        a_template(client, name=name, duration=duration, packages=packages): name
        for name, duration, packages in [
            ("nightly", 180, [CVE]),
            ("nightly cis", 900, [CIS]),
            ("weekly", 3600, [CVE, CIS]),
        ]
    }

    arns = client.list_assessment_templates(filter=wanted)["assessmentTemplateArns"]

    assert [templates[arn] for arn in arns] == expected


def test_templates_are_listed_by_target(inspector_backend, client):
    one, other, third = (a_target(client) for _ in range(3))
    templates = [a_template(client, target) for target in (one, other, one, third)]

    def listed(*targets, **wanted):
        return client.list_assessment_templates(assessmentTargetArns=targets, **wanted)["assessmentTemplateArns"]

    assert listed(one) == [templates[0], templates[2]]
    assert listed(third, one) == [templates[0], templates[2], templates[3]]
    assert listed() == templates
    assert listed(one, filter={"rulesPackageArns": [CIS]}) == []


BEGUN = 1_704_067_200
"""The moment at which the first run in the tests of filters begins to collect data."""


@pytest.fixture
def three_runs(inspector_backend, client, nobody):
    """A completed, a canceled and a collecting run: their names by their ARNs."""
    short = a_template(client, nobody, duration=180, packages=[CVE])
    long = a_template(client, nobody, duration=3600, packages=[CIS, BEST_PRACTICES])
    completed = a_run(client, short, "first")
    inspector_backend.clock.move_to(BEGUN + 1000)
    canceled = a_run(client, long, "second")
    inspector_backend.clock.tick(500)
    client.stop_assessment_run(assessmentRunArn=canceled, stopAction="SKIP_EVALUATION")
    inspector_backend.clock.move_to(BEGUN + 2000)
    collecting = a_run(client, short, "second again")
    inspector_backend.clock.tick(10)
    return {completed: "first", canceled: "second", collecting: "second again"}


@pytest.mark.mock_inspector(at=BEGUN - 0.126)
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"namePattern": "second*"}, ["second", "second again"]),
        ({"states": ["COMPLETED"]}, ["first"]),
        ({"states": ["COLLECTING_DATA", "CANCELED"]}, ["second", "second again"]),
        ({"states": []}, ["first", "second", "second again"]),
        ({"durationRange": {"minSeconds": 3600}}, ["second"]),
        ({"durationRange": {"minSeconds": 180, "maxSeconds": 180}}, ["first", "second again"]),
        ({"rulesPackageArns": [CVE]}, ["first", "second again"]),
        ({"rulesPackageArns": [CVE, BEST_PRACTICES]}, ["first", "second", "second again"]),
        ({"startTimeRange": {"endDate": BEGUN}}, ["first"]),
        ({"startTimeRange": {"beginDate": BEGUN, "endDate": BEGUN}}, ["first"]),
        ({"startTimeRange": {"endDate": BEGUN - 1}}, []),
        ({"startTimeRange": {"beginDate": BEGUN + 1}}, ["second", "second again"]),
        ({"startTimeRange": {}}, ["first", "second", "second again"]),
        ({"completionTimeRange": {"beginDate": BEGUN}}, ["first", "second"]),
        ({"completionTimeRange": {"beginDate": BEGUN + 1500, "endDate": BEGUN + 1500}}, ["second"]),
        ({"completionTimeRange": {"endDate": BEGUN + 1499}}, ["first"]),
        ({"stateChangeTimeRange": {"beginDate": BEGUN + 1500}}, ["second", "second again"]),
        ({"stateChangeTimeRange": {"beginDate": BEGUN + 1501}}, ["second again"]),
        ({"stateChangeTimeRange": {"endDate": BEGUN + 1000}}, ["first"]),
        ({"namePattern": "second*", "states": ["COMPLETED", "CANCELED"]}, ["second"]),
        ({"startTimeRange": {"beginDate": -62135596800, "endDate": 253402300799}}, ["first", "second", "second again"]),
        ({}, ["first", "second", "second again"]),
    ],
)
def test_runs_are_filtered(three_runs, client, wanted, expected):
    arns = client.list_assessment_runs(filter=wanted)["assessmentRunArns"]

    assert [three_runs[arn] for arn in arns] == expected


def test_runs_are_listed_by_template(inspector_backend, client, nobody):
    one, other = (a_template(client, nobody) for _ in range(2))
    runs = [a_run(client, template) for template in (one, other, one)]

    def listed(*templates):
        return client.list_assessment_runs(assessmentTemplateArns=templates)["assessmentRunArns"]

    assert listed(one) == [runs[0], runs[2]]
    assert listed(other, one) == listed() == runs


@pytest.fixture
def four_findings(inspector_backend, client, nobody):
    """Three findings of one run and one of another, made a hundred seconds apart: their names by their ARNs."""
    template = a_template(client, nobody, duration=86_400)
    one, other = (a_run(client, template) for _ in range(2))

    def reported_by(run, name, package, agent=None, group=None, **members):
        asset = {"schemaVersion": 1, **({"agentId": agent, "autoScalingGroup": group} if agent else {})}
        service = {"schemaVersion": 1, "rulesPackageArn": package}
        made[
            inspector_backend.add_finding(run, {**members, "assetAttributes": asset, "serviceAttributes": service})
        ] = name
        inspector_backend.clock.tick(100)

    made: dict[str, str] = {}
    openssl = {"severity": "High", "attributes": pairs(package="openssl", port="443")}
    reported_by(one, "cve a", CVE, "i-a", "web", id="CVE-2016-2177", userAttributes=pairs(team="blue"), **openssl)
    reported_by(one, "cve b", CVE, "i-b", "db", id="CVE-2016-2177", **openssl)
    reported_by(
        one,
        "ssh",
        BEST_PRACTICES,
        "i-a",
        "web",
        id="Disable root login over SSH",
        severity="Medium",
        attributes=pairs(port="22"),
        userAttributes=pairs(team="red"),
    )
    reported_by(other, "clean", CVE)
    return made


ALL = ["cve a", "cve b", "ssh", "clean"]


@pytest.mark.mock_inspector(at=BEGUN)
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"severities": ["High"]}, ["cve a", "cve b"]),
        ({"severities": ["Medium", "High"]}, ["cve a", "cve b", "ssh"]),
        ({"severities": ["Low"]}, []),
        ({"agentIds": ["i-a"]}, ["cve a", "ssh"]),
        ({"agentIds": ["i-b", "i-c"]}, ["cve b"]),
        ({"autoScalingGroups": ["db"]}, ["cve b"]),
        ({"ruleNames": ["CVE-2016-2177"]}, ["cve a", "cve b"]),
        ({"ruleNames": ["CVE-2016"]}, []),
        ({"rulesPackageArns": [BEST_PRACTICES]}, ["ssh"]),
        ({"rulesPackageArns": [BEST_PRACTICES, CVE]}, ALL),
        ({"attributes": pairs(port="22")}, ["ssh"]),
        ({"attributes": pairs(package="openssl", port="22")}, ["cve a", "cve b", "ssh"]),
        ({"attributes": pairs(port="openssl")}, []),
        ({"userAttributes": pairs(team="blue")}, ["cve a"]),
        ({"creationTimeRange": {"beginDate": BEGUN + 100, "endDate": BEGUN + 200}}, ["cve b", "ssh"]),
        ({"creationTimeRange": {"beginDate": BEGUN + 201}}, ["clean"]),
        ({"creationTimeRange": {"endDate": BEGUN}}, ["cve a"]),
        ({"creationTimeRange": {}}, ALL),
        ({"severities": ["High"], "agentIds": ["i-a"]}, ["cve a"]),
        ({"severities": ["High"], "userAttributes": pairs(team="red")}, []),
        ({name: [] for name in ("severities", "agentIds", "ruleNames", "attributes", "rulesPackageArns")}, ALL),
        ({}, ALL),
    ],
)
def test_findings_are_filtered(four_findings, client, wanted, expected):
    assert [four_findings[arn] for arn in findings_of(client, **wanted)] == expected


def test_findings_are_listed_by_run(four_findings, client):
    runs = list(dict.fromkeys(arn.rpartition("/finding/")[0] for arn in four_findings))

    def listed(*arns, **wanted):
        found = client.list_findings(assessmentRunArns=arns, filter=wanted)["findingArns"]
        return [four_findings[arn] for arn in found]

    assert listed(runs[0]) == ["cve a", "cve b", "ssh"]
    assert listed(runs[1], runs[0]) == listed() == ALL
    assert listed(runs[0], severities=["Medium"]) == ["ssh"]
    assert listed(runs[1], severities=["Medium"]) == []


def test_a_range_can_take_in_the_whole_calendar(client, four_findings):
    first, last = datetime.datetime.min, datetime.datetime.max
    everything = client.list_findings()["findingArns"]
    asked = {"creationTimeRange": {"beginDate": first, "endDate": last}}
    assert client.list_findings(filter=asked)["findingArns"] == everything != []
    asked = {"creationTimeRange": {"beginDate": last}}
    assert client.list_findings(filter=asked)["findingArns"] == []
    with refused("InvalidInputException", "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE"):
        client.list_findings(filter={"creationTimeRange": {"beginDate": last, "endDate": first}})

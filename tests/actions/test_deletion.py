"""Deleting targets, templates and runs, with everything that belongs to them."""

import pytest

from ..support.aws import (
    ACCOUNT,
    create_group,
    create_target,
    create_template,
    list_findings,
    list_subscriptions,
    raises_api_error,
    start_and_finish_run,
    start_run,
)

TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:alarms"


# Deleting


@pytest.fixture
def tree(inspector_backend, client):
    """The ARNs of two targets with two templates each, and all that hangs on those."""
    arns = {}
    for target_name in ("t1", "t2"):
        target = arns[target_name] = create_target(client, target_name, create_group(client, Name="nobody"))
        for template_name in ("a", "b"):
            template = arns[f"{target_name}{template_name}"] = create_template(client, target, template_name)
            client.subscribe_to_event(resourceArn=template, event="FINDING_REPORTED", topicArn=TOPIC)
            for run_name in ("1", "2"):
                name = f"{target_name}{template_name}{run_name}"
                run = arns[name] = start_and_finish_run(inspector_backend, client, template, run_name)
                [arns[f"{name} finding"]] = list_findings(client, run)
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
        *list_findings(client),
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
def test_a_delete_takes_all_that_belongs_to_the_resource_and_nothing_else(client, tree, gone, delete):
    arns = set(tree.values())
    assert there(client, arns) == arns

    delete(client, tree[gone])

    left = {arn for arn in arns if not f"{arn}/".startswith(f"{tree[gone]}/")}
    assert there(client, arns) == left
    assert {template for template, _ in list_subscriptions(client)} == {
        arn for arn in left if kind_of(arn) == "template"
    }
    with raises_api_error("NoSuchEntityException"):
        delete(client, tree[gone])


@pytest.mark.parametrize("deleted", ["target", "template", "run"])
def test_a_run_in_progress_refuses_the_whole_delete(inspector_backend, client, empty_target, deleted):
    template = create_template(client, empty_target, "busy")
    ended = start_and_finish_run(inspector_backend, client, template)
    busy = start_run(client, template)
    exclusions = client.list_exclusions(assessmentRunArn=ended)["exclusionArns"]
    arns = {empty_target, template, ended, busy, *list_findings(client, ended), *exclusions}
    delete = {
        "target": lambda: client.delete_assessment_target(assessmentTargetArn=empty_target),
        "template": lambda: client.delete_assessment_template(assessmentTemplateArn=template),
        "run": lambda: client.delete_assessment_run(assessmentRunArn=busy),
    }[deleted]

    with raises_api_error("AssessmentRunInProgressException") as caught:
        delete()

    answer = caught.value.response
    assert (answer["assessmentRunArns"], answer["assessmentRunArnsTruncated"]) == ([busy], False)
    assert answer["canRetry"] is True
    assert there(client, arns) == arns
    inspector_backend.finish_run(busy)
    delete()


@pytest.mark.parametrize(("runs", "truncated"), [(10, False), (11, True)])
def test_up_to_ten_runs_in_progress_of_a_target_are_named(inspector_backend, client, empty_target, runs, truncated):
    templates = [create_template(client, empty_target) for _ in range(2)]
    busy = [start_run(client, templates[number % 2]) for number in range(runs)]

    with raises_api_error("AssessmentRunInProgressException") as caught:
        client.delete_assessment_target(assessmentTargetArn=empty_target)

    answer = caught.value.response
    assert len(set(answer["assessmentRunArns"])) == 10
    assert set(answer["assessmentRunArns"]) <= set(busy)
    assert answer["assessmentRunArnsTruncated"] is truncated


@pytest.mark.parametrize(("runs", "truncated"), [(10, False), (11, True)])
def test_up_to_ten_runs_in_progress_of_a_template_are_named(inspector_backend, client, empty_target, runs, truncated):
    template = create_template(client, empty_target)
    for _ in range(runs):
        start_run(client, template)

    with raises_api_error("AssessmentRunInProgressException") as caught:
        client.delete_assessment_template(assessmentTemplateArn=template)

    answer = caught.value.response
    assert answer["assessmentRunArns"] == client.list_assessment_runs(maxResults=10)["assessmentRunArns"]
    assert answer["assessmentRunArnsTruncated"] is truncated

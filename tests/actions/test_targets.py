"""Assessment targets and the resource groups that choose their instances."""

from ..support.aws import (
    ACCOUNT,
    create_group,
    create_target,
    current_time,
    describe_target,
    preview_agents,
    raises_api_error,
)

# Resource groups


def test_a_resource_group_keeps_its_tags(inspector_backend, client):
    tags = [{"key": "Name", "value": "web"}, {"key": "Name", "value": "db"}, {"key": "stage"}]
    group = client.create_resource_group(resourceGroupTags=tags)["resourceGroupArn"]
    created = current_time(inspector_backend)
    inspector_backend.clock.tick(60)

    [shown] = client.describe_resource_groups(resourceGroupArns=[group])["resourceGroups"]

    assert shown.pop("createdAt").timestamp() == created
    assert shown == {"arn": group, "tags": tags}


# Targets


def test_a_target_has_the_instances_with_any_tag_of_its_group(backend_with_instances, client):
    group = create_group(client, Name="web", stage="beta")
    target = create_target(client, "web", group)

    assert preview_agents(client, target) == ["i-web", "i-beta"]
    assert describe_target(client, target)["resourceGroupArn"] == group


def test_a_target_without_a_group_has_all_instances(backend_with_instances, client):
    target = create_target(client, "all")

    assert preview_agents(client, target) == ["i-web", "i-beta", "i-else"]
    assert describe_target(client, target).keys() == {"arn", "name", "createdAt", "updatedAt"}


def test_an_update_changes_name_and_group_and_says_when(backend_with_instances, client):
    target = create_target(client, "old", create_group(client, Name="web"))
    new = describe_target(client, target)
    group = create_group(client, Name="else")
    backend_with_instances.clock.tick(60)

    client.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="new", resourceGroupArn=group)

    shown = describe_target(client, target)
    assert new["createdAt"] == new["updatedAt"] == shown["createdAt"]
    assert shown["updatedAt"].timestamp() == current_time(backend_with_instances)
    assert (shown["name"], shown["resourceGroupArn"]) == ("new", group)
    assert preview_agents(client, target) == ["i-else"]


def test_an_update_without_a_group_resets_the_target_to_all_instances(backend_with_instances, client):
    target = create_target(client, "web", create_group(client, Name="web"))

    client.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="web")

    assert "resourceGroupArn" not in describe_target(client, target)
    assert preview_agents(client, target) == ["i-web", "i-beta", "i-else"]


def test_a_target_name_is_taken_in_its_account_and_region(inspector_backend, client):
    target, other = create_target(client, "web"), create_target(client, "other")

    with raises_api_error("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN") as caught:
        create_target(client, "web")
    assert f"Name: web ParentOwner: {ACCOUNT}" in str(caught.value)
    with raises_api_error("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN"):
        client.update_assessment_target(assessmentTargetArn=other, assessmentTargetName="web")
    assert describe_target(client, other)["name"] == "other"

    for sibling in (inspector_backend.for_region("eu-west-1"), inspector_backend.for_account("210987654321")):
        assert sibling.create_assessment_target(assessmentTargetName="web")
    client.delete_assessment_target(assessmentTargetArn=target)
    assert create_target(client, "web") != target

"""Assessment templates and their tags."""

import pytest

from ..support.aws import (
    CIS,
    CVE,
    create_target,
    create_template,
    current_time,
    describe_template,
    key_values,
    raises_api_error,
    start_and_finish_run,
)

# Templates


def test_a_template_keeps_what_it_was_made_of(inspector_backend, client):
    target = create_target(client, "web")
    template = create_template(
        client, target, "nightly", duration=900, packages=[CIS, CVE], attributes={"team": "blue"}
    )

    shown = describe_template(client, template)

    assert template.startswith(f"{target}/template/")
    assert shown.pop("createdAt").timestamp() == current_time(inspector_backend)
    assert shown == {
        "arn": template,
        "assessmentTargetArn": target,
        "name": "nightly",
        "durationInSeconds": 900,
        "rulesPackageArns": [CIS, CVE],
        "userAttributesForFindings": key_values(team="blue"),
        "assessmentRunCount": 0,
    }


def test_a_template_name_is_taken_in_its_target(inspector_backend, client):
    one, other = create_target(client, "one"), create_target(client, "other")
    template = create_template(client, one, "nightly")

    with raises_api_error("InvalidInputException", "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN"):
        create_template(client, one, "nightly")

    assert create_template(client, other, "nightly")
    client.delete_assessment_template(assessmentTemplateArn=template)
    assert create_template(client, one, "nightly") != template


def test_a_template_counts_its_runs_and_names_the_last(inspector_backend, client):
    template = create_template(client)
    first, last = (start_and_finish_run(inspector_backend, client, template) for _ in range(2))

    def counted():
        shown = describe_template(client, template)
        return shown["assessmentRunCount"], shown.get("lastAssessmentRunArn")

    assert counted() == (2, last)
    client.delete_assessment_run(assessmentRunArn=last)
    assert counted() == (1, first)
    client.delete_assessment_run(assessmentRunArn=first)
    assert counted() == (0, None)


# Tags


@pytest.mark.parametrize("cleared", [{}, {"tags": []}], ids=["no tags", "an empty list"])
def test_tags_are_replaced_as_a_whole(inspector_backend, client, cleared):
    template, other = create_template(client), create_template(client)

    def tags(of):
        return client.list_tags_for_resource(resourceArn=of)["tags"]

    client.set_tags_for_resource(resourceArn=other, tags=key_values(kept="yes"))
    client.set_tags_for_resource(resourceArn=template, tags=key_values(a="1", b="2"))
    assert tags(template) == key_values(a="1", b="2")
    client.set_tags_for_resource(resourceArn=template, tags=key_values(b="3"))
    assert tags(template) == key_values(b="3")
    client.set_tags_for_resource(resourceArn=template, **cleared)
    assert tags(template) == []
    assert tags(other) == key_values(kept="yes")


def test_only_templates_have_tags(inspector_backend, client):
    target = create_target(client)

    with raises_api_error("InvalidInputException", "INVALID_RESOURCE_ARN"):
        client.set_tags_for_resource(resourceArn=target, tags=key_values(a="1"))
    with raises_api_error("InvalidInputException", "INVALID_RESOURCE_ARN"):
        client.list_tags_for_resource(resourceArn=target)

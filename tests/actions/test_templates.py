"""Assessment templates and their tags."""

import pytest

from ..support.aws import CIS, CVE, a_target, a_template, an_ended_run, described_template, now, pairs, refused

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

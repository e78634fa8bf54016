"""An account in which everything is as long, as large and as many as the service allows."""

from typing import Any

from mock_inspector.findings import best_practice, cis, cve, network_reachability, runtime_behavior

from .service_model import MODEL

WIDE = "\U000e0001"
"""A character beyond the Basic Multilingual Plane that is escaped wherever text is escaped."""


def longest(shape: str, start: str = "") -> str:
    """The longest text of a data type that begins with ``start``."""
    return start + WIDE * (int(MODEL.shape_for(shape).metadata["max"]) - len(start))


def most(shape: str) -> int:
    """How many items a list of the model holds."""
    return int(MODEL.shape_for(shape).metadata["max"])


def longest_pairs(shape: str, key_shape: str, value_shape: str) -> list[dict[str, str]]:
    """As many pairs as a list holds, each as long as it can be."""
    return [{"key": longest(key_shape, f"{number} "), "value": longest(value_shape)} for number in range(most(shape))]


def _add_instance(backend: Any, number: int, **more: Any) -> None:
    text = WIDE * 300  # The longest, 20,000, in one member only: every finding has the interface.
    interface = {
        **dict.fromkeys(("networkInterfaceId", "subnetId", "privateDnsName", "privateIpAddress"), text),
        "vpcId": longest("Text"),
        "privateIpAddresses": [{"privateDnsName": text, "privateIpAddress": text}],
        "publicDnsName": text,
        "publicIp": text,
        "ipv6Addresses": [text],
        "securityGroups": [{"groupName": text, "groupId": text}],
    }
    filled = "{instance_id}" * 19  # 247 characters, as long as an attribute's value may be before it is filled in
    overrides: dict[str, Any] = {
        "title": "{instance_id}" * 1500,
        "description": longest("Text"),
        "recommendation": longest("Text"),
        "attributes": {longest("AttributeKey", f"{key} "): filled for key in range(most("AttributeList") - 11)},
    }
    backend.add_instance(
        longest("AgentId", f"i-{number} "),
        **{
            "tags": {longest("TagKey", f"{key} "): longest("TagValue") if key else "" for key in range(50)},
            "hostname": longest("Hostname"),
            "ami_id": longest("AmiId"),
            "auto_scaling_group": longest("AutoScalingGroup"),
            "ipv4_address": "255.255.255.255",
            "operating_system": longest("OperatingSystem", "Ubuntu"),
            "kernel_version": longest("KernelVersion"),
            "agent_version": longest("AgentVersion"),
            "agent_health_details": longest("Message"),
            "network_interfaces": [interface],
            "telemetry": [
                {"messageType": longest("MessageType", f"{number} {entry} "), "count": 2**63 - 1, "dataSize": 2**63 - 1}
                for entry in range(most("TelemetryMetadataList"))
            ],
            "findings": [
                cve("CVE-2016-2177", **overrides),
                cis(f"1.1 {WIDE * 996}", **overrides),
                best_practice("Enable ASLR", **overrides),
                network_reachability(22, **overrides),
                runtime_behavior("Software Without DEP", **overrides),
            ],
            **more,
        },
    )


def create_largest_account(backend: Any) -> str:
    """Fill an empty account. Returns the ARN of a template that has a run which has ended, and one in progress."""
    packages = _add_rules_packages(backend)
    _add_instances(backend)
    target = backend.create_assessment_target(assessmentTargetName=longest("AssessmentTargetName"))
    template: str = backend.create_assessment_template(
        **target,
        assessmentTemplateName=longest("AssessmentTemplateName"),
        durationInSeconds=86400,
        rulesPackageArns=packages[: most("AssessmentTemplateRulesPackageArnList")],
        userAttributesForFindings=longest_pairs("UserAttributeList", "AttributeKey", "AttributeValue"),
    )["assessmentTemplateArn"]
    backend.set_tags_for_resource(resourceArn=template, tags=longest_pairs("TagList", "TagKey", "TagValue"))
    for number in range(60):
        topic = f"arn:aws:sns:{backend.region}:{backend.account_id}:{number:02}".ljust(250, "x")
        for event in MODEL.shape_for("InspectorEvent").enum:
            backend.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)
    run = backend.start_assessment_run(assessmentTemplateArn=template, assessmentRunName=longest("AssessmentRunName"))[
        "assessmentRunArn"
    ]
    backend.finish_run(run)
    attributes = longest_pairs("AttributeList", "AttributeKey", "AttributeValue")
    backend.add_finding(run, {"title": longest("Text"), "description": longest("Text")})
    backend.add_exclusion(run, {"title": longest("Text"), "description": longest("Text")})
    for _ in range(101):
        backend.add_finding(run, {"id": longest("FindingId"), "attributes": attributes})
        backend.add_exclusion(run, {"attributes": attributes})
    _add_siblings(backend, target)
    backend.create_exclusions_preview(assessmentTemplateArn=template)
    backend.start_assessment_run(assessmentTemplateArn=template)
    backend.clock.tick(60)
    return template


def _add_rules_packages(backend: Any) -> list[str]:
    packages = backend.list_rules_packages()["rulesPackageArns"]
    packages += [
        backend.add_rules_package(
            longest("RulesPackageName", f"{number} "),
            version=longest("Version"),
            provider=longest("ProviderName"),
            description=longest("Text"),
        )
        for number in range(101)
    ]
    return list(packages)


def _add_instances(backend: Any) -> None:
    _add_instance(backend, 0)
    _add_instance(backend, 1)
    for number, members in enumerate(
        ({"operating_system": longest("OperatingSystem")}, {"agent_health": "UNHEALTHY"}, {"agent_health": "UNKNOWN"}),
        2,
    ):
        _add_instance(backend, number, telemetry=[], findings=[], **members)
    for number in range(101):
        backend.add_instance(f"i-{number:03}", tags={"Name": "web"}, agent_health="UNKNOWN")


def _add_siblings(backend: Any, target: dict[str, str]) -> None:
    """Fill the quota of targets, and more than a page of templates."""
    group = backend.create_resource_group(resourceGroupTags=longest_pairs("ResourceGroupTags", "TagKey", "TagValue"))
    for number in range(49):
        backend.create_assessment_target(assessmentTargetName=longest("AssessmentTargetName", f"{number} "), **group)
    for number in range(101):
        name = longest("AssessmentTemplateName", f"{number} ")
        backend.create_assessment_template(
            **target, assessmentTemplateName=name, durationInSeconds=180, rulesPackageArns=[]
        )

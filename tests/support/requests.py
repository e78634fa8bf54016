"""A valid request of every operation."""

import json
from typing import Any

from .aws import Resources

MIN_TIMESTAMP, MAX_TIMESTAMP = -62135596800, 253402300799  # the years 1 to 9999
FOREIGN_ACCOUNT = "999999999999"


def complete_requests(resources: Resources) -> dict[str, dict[str, Any]]:
    """A valid request of every operation that holds all its members but ``nextToken``. Yours to change."""
    durations = {"minSeconds": 180, "maxSeconds": 86400}
    times = {"beginDate": MIN_TIMESTAMP, "endDate": MAX_TIMESTAMP}
    pair = {"key": "owner", "value": "blue"}
    event = {"resourceArn": resources.template, "event": "FINDING_REPORTED", "topicArn": resources.topic}
    requests = {
        "AddAttributesToFindings": {"findingArns": [resources.finding], "attributes": [pair]},
        "CreateAssessmentTarget": {"assessmentTargetName": "new", "resourceGroupArn": resources.group},
        "CreateAssessmentTemplate": {
            "assessmentTargetArn": resources.target,
            "assessmentTemplateName": "new",
            "durationInSeconds": 3600,
            "rulesPackageArns": [resources.package],
            "userAttributesForFindings": [pair],
        },
        "CreateExclusionsPreview": {"assessmentTemplateArn": resources.template},
        "CreateResourceGroup": {"resourceGroupTags": [pair]},
        "DeleteAssessmentRun": {"assessmentRunArn": resources.run},
        "DeleteAssessmentTarget": {"assessmentTargetArn": resources.idle_target},
        "DeleteAssessmentTemplate": {"assessmentTemplateArn": resources.idle_template},
        "DescribeAssessmentRuns": {"assessmentRunArns": [resources.run, resources.running]},
        "DescribeAssessmentTargets": {"assessmentTargetArns": [resources.target, resources.idle_target]},
        "DescribeAssessmentTemplates": {"assessmentTemplateArns": [resources.template, resources.idle_template]},
        "DescribeCrossAccountAccessRole": {},
        "DescribeExclusions": {"exclusionArns": [resources.exclusion], "locale": "EN_US"},
        "DescribeFindings": {"findingArns": [resources.finding], "locale": "EN_US"},
        "DescribeResourceGroups": {"resourceGroupArns": [resources.group]},
        "DescribeRulesPackages": {"rulesPackageArns": [resources.package], "locale": "EN_US"},
        "GetAssessmentReport": {"assessmentRunArn": resources.run, "reportFileFormat": "HTML", "reportType": "FULL"},
        "GetExclusionsPreview": {
            "assessmentTemplateArn": resources.template,
            "previewToken": resources.preview,
            "maxResults": 1,
            "locale": "EN_US",
        },
        "GetTelemetryMetadata": {"assessmentRunArn": resources.run},
        "ListAssessmentRunAgents": {
            "assessmentRunArn": resources.run,
            "filter": {"agentHealths": ["HEALTHY"], "agentHealthCodes": ["RUNNING"]},
            "maxResults": 1,
        },
        "ListAssessmentRuns": {
            "assessmentTemplateArns": [resources.template],
            "filter": {
                "namePattern": "f*",
                "states": ["COMPLETED"],
                "durationRange": durations,
                "rulesPackageArns": [resources.package],
                "startTimeRange": times,
                "completionTimeRange": times,
                "stateChangeTimeRange": times,
            },
            "maxResults": 1,
        },
        "ListAssessmentTargets": {"filter": {"assessmentTargetNamePattern": "*"}, "maxResults": 1},
        "ListAssessmentTemplates": {
            "assessmentTargetArns": [resources.target],
            "filter": {"namePattern": "d*", "durationRange": durations, "rulesPackageArns": [resources.package]},
            "maxResults": 1,
        },
        "ListEventSubscriptions": {"resourceArn": resources.template, "maxResults": 1},
        "ListExclusions": {"assessmentRunArn": resources.run, "maxResults": 1},
        "ListFindings": {
            "assessmentRunArns": [resources.run],
            "filter": {
                "agentIds": ["i-0web"],
                "autoScalingGroups": ["web"],
                "ruleNames": ["CVE-2016-2177"],
                "severities": ["High"],
                "rulesPackageArns": [resources.package],
                "attributes": [{"key": "INSTANCE_ID", "value": "i-0web"}],
                "userAttributes": [pair],
                "creationTimeRange": times,
            },
            "maxResults": 1,
        },
        "ListRulesPackages": {"maxResults": 1},
        "ListTagsForResource": {"resourceArn": resources.template},
        "PreviewAgents": {"previewAgentsArn": resources.target, "maxResults": 1},
        "RegisterCrossAccountAccessRole": {"roleArn": resources.role},
        "RemoveAttributesFromFindings": {"findingArns": [resources.finding], "attributeKeys": ["owner"]},
        "SetTagsForResource": {"resourceArn": resources.template, "tags": [pair]},
        "StartAssessmentRun": {"assessmentTemplateArn": resources.idle_template, "assessmentRunName": "new"},
        "StopAssessmentRun": {"assessmentRunArn": resources.running, "stopAction": "START_EVALUATION"},
        "SubscribeToEvent": event,
        "UnsubscribeFromEvent": event,
        "UpdateAssessmentTarget": {
            "assessmentTargetArn": resources.target,
            "assessmentTargetName": "new",
            "resourceGroupArn": resources.group,
        },
    }
    # Through JSON, so that no two members share an object.
    unshared: dict[str, dict[str, Any]] = json.loads(json.dumps(requests))
    return unshared


def only_required(shape: Any, value: Any) -> Any:
    """``value`` without the members that its shape does not require, at any depth."""
    if shape is None:
        return {}
    if shape.type_name == "structure":
        return {name: only_required(shape.members[name], value[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [only_required(shape.member, entry) for entry in value]
    return value

"""Which ``InvalidInputErrorCode`` answers a bad value of which request member.

The codes are the model's; which member each belongs to is read off their names. A dozen members have no code of
their own, although the exception must carry one: those take the nearest code, and are marked.
"""

from __future__ import annotations

_BY_MEMBER = {
    # Names and what they are matched with
    "assessmentTargetName": "INVALID_ASSESSMENT_TARGET_NAME",
    "assessmentTargetNamePattern": "INVALID_ASSESSMENT_TARGET_NAME_PATTERN",
    "assessmentTemplateName": "INVALID_ASSESSMENT_TEMPLATE_NAME",
    "assessmentRunName": "INVALID_ASSESSMENT_TEMPLATE_NAME",  # nearest
    "namePattern": "INVALID_ASSESSMENT_TEMPLATE_NAME_PATTERN",  # nearest for runs
    # ARNs
    "assessmentTargetArn": "INVALID_ASSESSMENT_TARGET_ARN",
    "assessmentTargetArns": "INVALID_NUMBER_OF_ASSESSMENT_TARGET_ARNS",
    "assessmentTargetArns[]": "INVALID_ASSESSMENT_TARGET_ARN",
    "assessmentTemplateArn": "INVALID_ASSESSMENT_TEMPLATE_ARN",
    "assessmentTemplateArns": "INVALID_NUMBER_OF_ASSESSMENT_TEMPLATE_ARNS",
    "assessmentTemplateArns[]": "INVALID_ASSESSMENT_TEMPLATE_ARN",
    "assessmentRunArn": "INVALID_ASSESSMENT_RUN_ARN",
    "assessmentRunArns": "INVALID_NUMBER_OF_ASSESSMENT_RUN_ARNS",
    "assessmentRunArns[]": "INVALID_ASSESSMENT_RUN_ARN",
    "findingArns": "INVALID_NUMBER_OF_FINDING_ARNS",
    "findingArns[]": "INVALID_FINDING_ARN",
    "exclusionArns": "INVALID_NUMBER_OF_FINDING_ARNS",  # nearest
    "exclusionArns[]": "INVALID_FINDING_ARN",  # nearest
    "resourceGroupArn": "INVALID_RESOURCE_GROUP_ARN",
    "resourceGroupArns": "INVALID_NUMBER_OF_RESOURCE_GROUP_ARNS",
    "resourceGroupArns[]": "INVALID_RESOURCE_GROUP_ARN",
    "rulesPackageArns": "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS",
    "rulesPackageArns[]": "INVALID_RULES_PACKAGE_ARN",
    "previewAgentsArn": "INVALID_ASSESSMENT_TARGET_ARN",
    "resourceArn": "INVALID_RESOURCE_ARN",
    "topicArn": "INVALID_SNS_TOPIC_ARN",
    "roleArn": "INVALID_IAM_ROLE_ARN",
    # Durations and times
    "durationInSeconds": "INVALID_ASSESSMENT_TEMPLATE_DURATION",
    "ListAssessmentTemplates.durationRange": "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE",
    "ListAssessmentRuns.durationRange": "INVALID_ASSESSMENT_RUN_DURATION_RANGE",
    "startTimeRange": "INVALID_ASSESSMENT_RUN_START_TIME_RANGE",
    "completionTimeRange": "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE",
    "stateChangeTimeRange": "INVALID_ASSESSMENT_RUN_STATE_CHANGE_TIME_RANGE",
    "creationTimeRange": "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE",  # nearest: findings are made at the end
    # Tags and attributes
    "resourceGroupTags": "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS",
    "resourceGroupTags[].key": "INVALID_RESOURCE_GROUP_TAG_KEY",
    "resourceGroupTags[].value": "INVALID_RESOURCE_GROUP_TAG_VALUE",
    "tags": "INVALID_NUMBER_OF_TAGS",
    "tags[]": "INVALID_TAG",
    "tags[].key": "INVALID_TAG_KEY",
    "tags[].value": "INVALID_TAG_VALUE",
    "userAttributesForFindings": "INVALID_NUMBER_OF_USER_ATTRIBUTES",
    "userAttributesForFindings[]": "INVALID_USER_ATTRIBUTE",
    "userAttributesForFindings[].key": "INVALID_USER_ATTRIBUTE_KEY",
    "userAttributesForFindings[].value": "INVALID_USER_ATTRIBUTE_VALUE",
    "userAttributes": "INVALID_NUMBER_OF_USER_ATTRIBUTES",
    "userAttributes[].key": "INVALID_USER_ATTRIBUTE_KEY",
    "userAttributes[].value": "INVALID_USER_ATTRIBUTE_VALUE",
    "attributes": "INVALID_NUMBER_OF_ATTRIBUTES",
    "attributes[]": "INVALID_ATTRIBUTE",
    # AddAttributesToFindings takes user attributes under the name `attributes`.
    "AddAttributesToFindings.attributes": "INVALID_NUMBER_OF_USER_ATTRIBUTES",
    "AddAttributesToFindings.attributes[]": "INVALID_USER_ATTRIBUTE",
    "AddAttributesToFindings.attributes[].key": "INVALID_USER_ATTRIBUTE_KEY",
    "AddAttributesToFindings.attributes[].value": "INVALID_USER_ATTRIBUTE_VALUE",
    "attributeKeys": "INVALID_NUMBER_OF_USER_ATTRIBUTES",
    "attributeKeys[]": "INVALID_USER_ATTRIBUTE_KEY",
    # Other filters
    "states": "INVALID_NUMBER_OF_ASSESSMENT_RUN_STATES",
    "states[]": "INVALID_ASSESSMENT_RUN_STATE",
    "agentIds": "INVALID_NUMBER_OF_AGENT_IDS",
    "agentIds[]": "INVALID_AGENT_ID",
    "agentHealths": "INVALID_NUMBER_OF_AGENT_IDS",  # nearest
    "agentHealths[]": "INVALID_AGENT_ID",  # nearest
    "agentHealthCodes": "INVALID_NUMBER_OF_AGENT_IDS",  # nearest
    "agentHealthCodes[]": "INVALID_AGENT_ID",  # nearest
    "autoScalingGroups": "INVALID_NUMBER_OF_AUTO_SCALING_GROUPS",
    "autoScalingGroups[]": "INVALID_AUTO_SCALING_GROUP",
    "ruleNames": "INVALID_NUMBER_OF_RULE_NAMES",
    "ruleNames[]": "INVALID_RULE_NAME",
    "severities": "INVALID_NUMBER_OF_SEVERITIES",
    "severities[]": "INVALID_SEVERITY",
    # The rest
    "event": "INVALID_EVENT",
    "locale": "INVALID_LOCALE",
    "maxResults": "INVALID_MAX_RESULTS",
    "nextToken": "INVALID_PAGINATION_TOKEN",
    "previewToken": "INVALID_PAGINATION_TOKEN",  # nearest
    "stopAction": "INVALID_ASSESSMENT_RUN_STATE",  # nearest: it asks for a state
    "reportFileFormat": "INVALID_ATTRIBUTE",  # nearest
    "reportType": "INVALID_ATTRIBUTE",  # nearest
}

FALLBACK = "INVALID_ATTRIBUTE"
"""For a member that a later botocore brings and this table does not know yet."""


def error_code(operation: str, path: str) -> str:
    """The ``errorCode`` for a bad value at ``path`` (``filter.tags[].key``) of an operation's request.

    The most specific entry wins: the operation's own, then the member's, then that of what contains it.
    """
    path = path.removeprefix("filter.")
    while path:
        for key in (f"{operation}.{path}", path):
            if key in _BY_MEMBER:
                return _BY_MEMBER[key]
        path = path.rpartition(".")[0] if "." in path else path.removesuffix("[]") if path.endswith("[]") else ""
    return FALLBACK

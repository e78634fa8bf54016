"""The script that ``mock-inspector demo`` runs: ordinary code that knows nothing of the mock.

The script selects instances by a tag, assesses them, polls until the run has ended, and prints the findings.
"""

from __future__ import annotations

import time
from datetime import timezone
from typing import Any


def client() -> Any:
    """A client of Amazon Inspector, from boto3 or, if that is not installed, from botocore."""
    try:
        import boto3
    except ImportError:
        import botocore.session

        return botocore.session.get_session().create_client("inspector", region_name="us-west-2")
    return boto3.client("inspector", region_name="us-west-2")


def start(inspector: Any, tag: str) -> str:
    """Assess the instances named ``tag`` for fifteen minutes, with every rules package."""
    group = inspector.create_resource_group(resourceGroupTags=[{"key": "Name", "value": tag}])
    target = inspector.create_assessment_target(
        assessmentTargetName=f"{tag} servers", resourceGroupArn=group["resourceGroupArn"]
    )
    template = inspector.create_assessment_template(
        assessmentTargetArn=target["assessmentTargetArn"],
        assessmentTemplateName="nightly",
        durationInSeconds=900,
        rulesPackageArns=inspector.list_rules_packages()["rulesPackageArns"],
    )
    return str(
        inspector.start_assessment_run(assessmentTemplateArn=template["assessmentTemplateArn"])["assessmentRunArn"]
    )


def wait(inspector: Any, run_arn: str) -> dict[str, Any]:
    """Poll every 30 seconds until the run has ended."""
    while True:
        run: dict[str, Any] = inspector.describe_assessment_runs(assessmentRunArns=[run_arn])["assessmentRuns"][0]
        if run["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELED", "FAILED", "ERROR"):
            return run
        time.sleep(30)


def findings(inspector: Any, run_arn: str) -> list[dict[str, Any]]:
    """All findings of the run."""
    found: list[dict[str, Any]] = []
    for page in inspector.get_paginator("list_findings").paginate(assessmentRunArns=[run_arn]):
        if page["findingArns"]:
            found += inspector.describe_findings(findingArns=page["findingArns"])["findings"]
    return found


def report(run: dict[str, Any], found: list[dict[str, Any]]) -> None:
    """Print the run's timeline and its findings by severity."""
    print(f"{run['name']}\n")
    for change in run["stateChanges"]:
        print(f"  {change['stateChangedAt'].astimezone(timezone.utc):%H:%M:%S}  {change['state']}")
    print(f"\n  {'severity':<15}{'instance':<14}finding")
    for severity in ("High", "Medium", "Low", "Informational"):
        for finding in (entry for entry in found if entry["severity"] == severity):
            agent = finding["assetAttributes"].get("agentId", "-")
            print(f"  {severity:<15}{agent:<14}{finding['title']}")
    print(f"\n  {len(found)} findings")

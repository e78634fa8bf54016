"""The script that ``mock-inspector demo`` runs: ordinary code that knows nothing of the mock.

The script selects instances by a tag, assesses them, polls until the run has ended, and prints its report.
"""

from __future__ import annotations

import textwrap
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


def exclusions(inspector: Any, run_arn: str) -> list[dict[str, Any]]:
    """What the run left out."""
    arns = inspector.list_exclusions(assessmentRunArn=run_arn)["exclusionArns"]
    described = inspector.describe_exclusions(exclusionArns=arns)["exclusions"] if arns else {}
    return [described[arn] for arn in arns]


def report(inspector: Any, run: dict[str, Any]) -> None:
    """Print the run's timeline, its findings by severity, the rules packages without any, and the exclusions."""
    print(f"{run['name']}\n")
    for change in run["stateChanges"]:
        print(f"  {change['stateChangedAt'].astimezone(timezone.utc):%H:%M:%S}  {change['state']}")
    found = findings(inspector, run["arn"])
    issues = [finding for finding in found if "agentId" in finding["assetAttributes"]]
    print(f"\nFindings: {len(issues)}\n")
    for severity in ("High", "Medium", "Low", "Informational"):
        for finding in (entry for entry in issues if entry["severity"] == severity):
            print_line(severity, finding["assetAttributes"]["agentId"], finding["title"])
    print("\nRules packages without findings\n")
    for finding in (entry for entry in found if entry not in issues):
        package_arn = finding["serviceAttributes"]["rulesPackageArn"]
        package = inspector.describe_rules_packages(rulesPackageArns=[package_arn])["rulesPackages"][0]
        print_line(finding["severity"], "", f"{package['name']}: {finding['title']}")
    print("\nExclusions\n")
    for exclusion in exclusions(inspector, run["arn"]):
        print_line("Excluded", exclusion["scopes"][0]["value"], f"{exclusion['title']}: {exclusion['description']}")


def print_line(label: str, instance: str, text: str) -> None:
    """Print a line of three columns, at most 80 characters wide. A long text goes on below its beginning."""
    first, indent = f"  {label:<15}{instance:<9}", " " * 26
    print(textwrap.fill(text, 80, initial_indent=first, subsequent_indent=indent))

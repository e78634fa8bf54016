"""What the lists of an account show (see rules_model.py)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .state import Account, Answer, noun_of


class Lists(Account):
    """The list actions: each entry that is due, with its place in the order of creation."""

    def listed(self, operation: str, members: Answer) -> list[tuple[int, Any]]:
        """All that a list action should show with these members, whatever the pages, or Refused."""
        asked = dict(members)
        wanted = asked.pop("filter", None) or {}
        lists: dict[str, Callable[..., list[tuple[int, Any]]]] = {
            "ListAssessmentTargets": self._targets,
            "ListAssessmentTemplates": self._templates,
            "ListAssessmentRuns": self._runs,
            "ListFindings": self._findings,
            "ListExclusions": self._exclusions,
            "ListAssessmentRunAgents": self._run_agents,
            "ListEventSubscriptions": self._subscriptions,
            "ListRulesPackages": lambda _: places(self.of["rulespackage"].items()),
            "PreviewAgents": self._preview,
        }
        return lists[operation](wanted, **asked)

    def _packages_of(self, wanted: Answer) -> list[str]:
        asked: list[str] = wanted.get("rulesPackageArns", [])
        for arn in asked:
            self.find("rulespackage", arn)
        return asked

    def _targets(self, wanted: Answer) -> list[tuple[int, Any]]:
        pattern = wanted.get("assessmentTargetNamePattern", "*")
        return places((arn, entry) for arn, entry in self.of["target"].items() if matches(pattern, entry["name"]))

    def _templates(self, wanted: Answer, assessmentTargetArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentTargetArns:
            self.find("target", arn)
        packages = self._packages_of(wanted)
        return places(
            (arn, entry)
            for arn, entry in self.of["template"].items()
            if (not assessmentTargetArns or entry["target"] in assessmentTargetArns)
            and matches(wanted.get("namePattern", "*"), entry["name"])
            and inside(wanted.get("durationRange", {}), entry["duration"])
            and (not packages or set(packages) & set(entry["packages"]))
        )

    def _runs(self, wanted: Answer, assessmentTemplateArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentTemplateArns:
            self.find("template", arn)
        packages = self._packages_of(wanted)
        return places(
            (arn, run)
            for arn, run in self.of["run"].items()
            if (not assessmentTemplateArns or run["template"] in assessmentTemplateArns)
            and matches(wanted.get("namePattern", "*"), run["name"])
            and (not wanted.get("states") or self.state(run) in wanted["states"])
            and inside(wanted.get("durationRange", {}), run["duration"])
            and inside(wanted.get("startTimeRange", {}), self.started(run))
            and inside(wanted.get("completionTimeRange", {}), self.completed(run))
            and inside(wanted.get("stateChangeTimeRange", {}), self.past(run)[-1][1])
            and (not packages or set(packages) & set(run["packages"]))
        )

    def _findings(self, wanted: Answer, assessmentRunArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentRunArns:
            self.find("run", arn)
        packages = self._packages_of(wanted)
        pairs = wanted.get("userAttributes", [])
        return places(
            (arn, found)
            for arn, found in self.of["finding"].items()
            if (not assessmentRunArns or found["run"] in assessmentRunArns)
            and (not packages or found["package"] in packages)
            and (not wanted.get("severities") or found["severity"] in wanted["severities"])
            and (not wanted.get("ruleNames") or found["rule"] in wanted["ruleNames"])
            and (not wanted.get("agentIds") or found["agent"] in wanted["agentIds"])
            and (not pairs or any(pair in self.attributes(found) for pair in pairs))
            and inside(wanted.get("creationTimeRange", {}), found["created"])
        )

    def _exclusions(self, wanted: Answer, assessmentRunArn: str) -> list[tuple[int, Any]]:
        run = self.find("run", assessmentRunArn)
        return places((entry["arn"], entry) for entry in self.under("exclusion", "run", run["arn"]))

    def _run_agents(self, wanted: Answer, assessmentRunArn: str) -> list[tuple[int, Any]]:
        run = self.find("run", assessmentRunArn)
        return places(
            ((agent["id"], agent["health"], agent["code"]), agent)
            for agent in run["agents"]
            if (not wanted.get("agentHealths") or agent["health"] in wanted["agentHealths"])
            and (not wanted.get("agentHealthCodes") or agent["code"] in wanted["agentHealthCodes"])
        )

    def _subscriptions(self, wanted: Answer, resourceArn: str | None = None) -> list[tuple[int, Any]]:
        if resourceArn is not None:
            self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        return places(
            ((*key, dict(entry["events"])), entry)
            for key, entry in self.subscriptions.items()
            if resourceArn in (None, key[0])
        )

    def _preview(self, wanted: Answer, previewAgentsArn: str) -> list[tuple[int, Any]]:
        if noun_of(previewAgentsArn) == "template":
            target = self.of["target"][self.find("template", previewAgentsArn)["target"]]
        else:
            target = self.find("target", previewAgentsArn)
        return places(((one["id"], one["health"]), one) for one in self.members(target))


def places(entries: Any) -> list[tuple[int, Any]]:
    """What is shown of entries, in the order of creation."""
    return sorted(((entry["serial"], shown) for shown, entry in entries), key=lambda place: place[0])


def matches(pattern: str, name: str) -> bool:
    """Whether a name is of a pattern with ``*`` and ``?``."""
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), name, re.DOTALL))


def inside(bounds: dict[str, Any], value: float | None) -> bool:
    """Whether a value lies in a range of seconds, or of moments, either end of which may be missing."""
    if not bounds:
        return True
    if value is None:
        return False
    low, high = bounds.get("minSeconds", bounds.get("beginDate")), bounds.get("maxSeconds", bounds.get("endDate"))
    return (low is None or number(low) <= value) and (high is None or value <= number(high))


def number(bound: Any) -> float:
    """An end of a range: seconds as they are, moments in milliseconds."""
    return bound.timestamp() * 1000 if isinstance(bound, datetime) else bound

"""What the lists of an account show (see state.py)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .state import Account, Answer, noun_of


class Lists(Account):
    """The list actions: each entry that is due, with its number in the order of creation."""

    def listed(self, operation: str, members: Answer) -> list[tuple[int, Any]]:
        """All that a list action should show with these members, whatever the pages, or Refused."""
        params = dict(members)
        requested = params.pop("filter", None) or {}
        lists: dict[str, Callable[..., list[tuple[int, Any]]]] = {
            "ListAssessmentTargets": self._targets,
            "ListAssessmentTemplates": self._templates,
            "ListAssessmentRuns": self._runs,
            "ListFindings": self._findings,
            "ListExclusions": self._exclusions,
            "ListAssessmentRunAgents": self._run_agents,
            "ListEventSubscriptions": self._subscriptions,
            "ListRulesPackages": lambda _: in_order(self.of["rulespackage"].items()),
            "PreviewAgents": self._preview,
        }
        return lists[operation](requested, **params)

    def _packages_of(self, requested: Answer) -> list[str]:
        params: list[str] = requested.get("rulesPackageArns", [])
        for arn in params:
            self.find("rulespackage", arn)
        return params

    def _targets(self, requested: Answer) -> list[tuple[int, Any]]:
        pattern = requested.get("assessmentTargetNamePattern", "*")
        return in_order((arn, entry) for arn, entry in self.of["target"].items() if matches(pattern, entry["name"]))

    def _templates(self, requested: Answer, assessmentTargetArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentTargetArns:
            self.find("target", arn)
        packages = self._packages_of(requested)
        return in_order(
            (arn, entry)
            for arn, entry in self.of["template"].items()
            if (not assessmentTargetArns or entry["target"] in assessmentTargetArns)
            and matches(requested.get("namePattern", "*"), entry["name"])
            and inside(requested.get("durationRange", {}), entry["duration"])
            and (not packages or set(packages) & set(entry["packages"]))
        )

    def _runs(self, requested: Answer, assessmentTemplateArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentTemplateArns:
            self.find("template", arn)
        packages = self._packages_of(requested)
        return in_order(
            (arn, run)
            for arn, run in self.of["run"].items()
            if (not assessmentTemplateArns or run["template"] in assessmentTemplateArns)
            and matches(requested.get("namePattern", "*"), run["name"])
            and (not requested.get("states") or self.state(run) in requested["states"])
            and inside(requested.get("durationRange", {}), run["duration"])
            and inside(requested.get("startTimeRange", {}), self.started(run))
            and inside(requested.get("completionTimeRange", {}), self.completed(run))
            and inside(requested.get("stateChangeTimeRange", {}), self.past(run)[-1][1])
            and (not packages or set(packages) & set(run["packages"]))
        )

    def _findings(self, requested: Answer, assessmentRunArns: Any = ()) -> list[tuple[int, Any]]:
        for arn in assessmentRunArns:
            self.find("run", arn)
        packages = self._packages_of(requested)
        pairs = requested.get("userAttributes", [])
        return in_order(
            (arn, found)
            for arn, found in self.of["finding"].items()
            if (not assessmentRunArns or found["run"] in assessmentRunArns)
            and (not packages or found["package"] in packages)
            and (not requested.get("severities") or found["severity"] in requested["severities"])
            and (not requested.get("ruleNames") or found["rule"] in requested["ruleNames"])
            and (not requested.get("agentIds") or found["agent"] in requested["agentIds"])
            and (not pairs or any(pair in self.attributes(found) for pair in pairs))
            and inside(requested.get("creationTimeRange", {}), found["created"])
        )

    def _exclusions(self, requested: Answer, assessmentRunArn: str) -> list[tuple[int, Any]]:
        run = self.find("run", assessmentRunArn)
        return in_order((entry["arn"], entry) for entry in self.under("exclusion", "run", run["arn"]))

    def _run_agents(self, requested: Answer, assessmentRunArn: str) -> list[tuple[int, Any]]:
        run = self.find("run", assessmentRunArn)
        return in_order(
            ((agent["id"], agent["health"], agent["code"]), agent)
            for agent in run["agents"]
            if (not requested.get("agentHealths") or agent["health"] in requested["agentHealths"])
            and (not requested.get("agentHealthCodes") or agent["code"] in requested["agentHealthCodes"])
        )

    def _subscriptions(self, requested: Answer, resourceArn: str | None = None) -> list[tuple[int, Any]]:
        if resourceArn is not None:
            self.find("template", resourceArn, "INVALID_RESOURCE_ARN")
        return in_order(
            ((*key, dict(entry["events"])), entry)
            for key, entry in self.subscriptions.items()
            if resourceArn in (None, key[0])
        )

    def _preview(self, requested: Answer, previewAgentsArn: str) -> list[tuple[int, Any]]:
        if noun_of(previewAgentsArn) == "template":
            target = self.of["target"][self.find("template", previewAgentsArn)["target"]]
        else:
            target = self.find("target", previewAgentsArn)
        return in_order(((one["id"], one["health"]), one) for one in self.members(target))


def in_order(entries: Any) -> list[tuple[int, Any]]:
    """What is shown of entries, in the order of creation."""
    return sorted(((entry["serial"], shown) for shown, entry in entries), key=lambda entry: entry[0])


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

"""The rules of the service once more, small and plain, to compare the mock with (tests/actions/test_state_machine.py).

They share no code with the mock and have no wire: plain dicts, in the order of creation, and a clock of whole
milliseconds that stands where it is put. This module holds what an account has and what becomes of its runs; lists.py
what its lists show, actions.py what its actions do."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

ACCOUNT = "123456789012"
LIMITS: dict[str, int | None] = {
    "assessment_targets": 4,
    "assessment_templates": 6,
    "assessment_runs": 8,
    "agents": 12,
    "resource_groups": 6,
    "event_subscriptions": 6,
}

STARTING = ["CREATED", "START_DATA_COLLECTION_PENDING", "START_DATA_COLLECTION_IN_PROGRESS", "COLLECTING_DATA"]
HOLDING = [*STARTING, "STOP_DATA_COLLECTION_PENDING"]
"""The states in which a run holds its agents."""
PASSING = [*HOLDING, "DATA_COLLECTED", "EVALUATING_RULES"]
"""The states that a run passes through until it is completed."""
ENDED = ["COMPLETED", "COMPLETED_WITH_ERRORS", "CANCELED", "FAILED", "ERROR"]
IN_ORDER = [*PASSING[:-1], "START_EVALUATING_RULES_PENDING", "EVALUATING_RULES"]
SEVERITIES = ["High", "Medium", "Low", "Informational", "Undefined"]

Answer = dict[str, Any]


class Refused(Exception):
    """The exception, and its errorCode, that a call should get."""

    def __init__(self, exception: str, code: str | None = None) -> None:
        super().__init__(exception, code)
        self.exception = exception
        self.code = code


class _Any:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # it equals everything

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = _Any()

NOUNS = {
    "resourcegroup": "RESOURCE_GROUP",
    "target": "ASSESSMENT_TARGET",
    "template": "ASSESSMENT_TEMPLATE",
    "run": "ASSESSMENT_RUN",
    "finding": "FINDING",
    "exclusion": "EXCLUSION",
    "rulespackage": "RULES_PACKAGE",
}


def noun_of(arn: str) -> str | None:
    """The kind of resource that an ARN names, or None for what is no ARN."""
    parts = arn.split(":")
    return parts[5].split("/")[-2] if len(parts) == 6 else None


class Account:
    """What one account has, and how it comes to pass."""

    def __init__(self, now: int, packages: list[str]) -> None:
        self.now = now
        self.instances: dict[str, dict[str, Any]] = {}
        self.of: dict[str, dict[str, dict[str, Any]]] = {noun: {} for noun in NOUNS}
        self.of["rulespackage"] = {arn: {"serial": index - 100} for index, arn in enumerate(packages)}
        self.subscriptions: dict[tuple[str, str], dict[str, Any]] = {}
        self.role: str | None = None
        self.faults: list[dict[str, Any]] = []
        self._serials = count()

    def add(self, noun: str, arn: str, **members: Any) -> dict[str, Any]:
        """Add a new resource."""
        self.of[noun][arn] = {"arn": arn, "serial": next(self._serials), "created": self.now, **members}
        return self.of[noun][arn]

    def under(self, noun: str, member: str, arn: str) -> list[dict[str, Any]]:
        """The resources of a kind that belong to another."""
        return [entry for entry in self.of[noun].values() if entry[member] == arn]

    # Finding

    def why_not(self, noun: str, arn: str) -> str | None:
        """Why an ARN leads to nothing, as a FailedItemErrorCode, or None."""
        if noun_of(arn) != noun:
            return "INVALID_ARN"
        if noun != "rulespackage" and arn.split(":")[4] != ACCOUNT:
            return "ACCESS_DENIED"
        return None if arn in self.of[noun] else "ITEM_DOES_NOT_EXIST"

    def find(self, noun: str, arn: str, invalid: str | None = None) -> dict[str, Any]:
        """What an ARN leads to, or Refused; ``invalid`` is the code for what is no ARN of that kind."""
        reason = self.why_not(noun, arn)
        if reason == "INVALID_ARN":
            raise Refused("InvalidInputException", invalid or f"INVALID_{NOUNS[noun]}_ARN")
        if reason == "ACCESS_DENIED":
            raise Refused("AccessDeniedException", f"ACCESS_DENIED_TO_{NOUNS[noun]}")
        if reason is not None:
            raise Refused("NoSuchEntityException", f"{NOUNS[noun]}_DOES_NOT_EXIST")
        return self.of[noun][arn]

    def each(self, noun: str, arns: list[str], do: Callable[[dict[str, Any]], Any]) -> tuple[list[Any], Answer]:
        """What ``do`` makes of each good ARN, and what failedItems says of the others."""
        done: list[Any] = []
        failed: Answer = {}
        for index, arn in enumerate(arns):
            reason = "DUPLICATE_ARN" if arn in arns[:index] else self.why_not(noun, arn)
            if reason is None:
                result = do(self.of[noun][arn])
                reason = result if isinstance(result, str) else None
            if reason is None:
                done.append(result)
            else:
                failed.setdefault(arn, {"failureCode": reason, "retryable": False})
        return done, failed

    def check_limit(self, name: str, code: str, used: int, more: int = 1) -> None:
        limit = LIMITS[name]
        if limit is not None and used + more > limit:
            raise Refused("LimitExceededException", f"{code}_LIMIT_EXCEEDED")

    # Faults

    def raise_fault(self, operation: str) -> None:
        """Raise the fault that applies to this call, if any."""
        for fault in self.faults:
            if fault["operation"] not in (operation, "*") or not fault["times"]:
                continue
            if fault["after"]:
                fault["after"] -= 1
                continue
            fault["times"] -= 1
            raise Refused(fault["exception"], fault["code"])

    # Instances

    def members(self, target: dict[str, Any]) -> list[dict[str, Any]]:
        """The instances of a target."""
        if target["group"] is None:
            return list(self.instances.values())
        requested = self.of["resourcegroup"][target["group"]]["tags"]
        return [
            one
            for one in self.instances.values()
            if any(key in one["tags"] and value in (None, one["tags"][key]) for key, value in requested)
        ]

    def add_instance(self, instance_id: str, **members: Any) -> None:
        """A new instance of the account."""
        self.instances[instance_id] = {"id": instance_id, "serial": next(self._serials), **members}

    def holders(self, instance_id: str) -> set[str]:
        """The runs that hold an instance's agent."""
        return {
            run["arn"]
            for run in self.of["run"].values()
            if self.state(run) in HOLDING
            and any(a["id"] == instance_id and a["health"] == "HEALTHY" for a in run["agents"])
        }

    def remove_instance(self, instance_id: str) -> None:
        """The end of an instance."""
        gone = self.instances.pop(instance_id)
        for run in self.of["run"].values():
            for agent in run["agents"]:
                if agent["instance"] is gone and self.state(run) in HOLDING:
                    if self.started(run) is not None:
                        agent.update(health="UNHEALTHY", code="SHUTDOWN")
                    else:
                        agent.update(health="UNKNOWN", code="UNKNOWN", excluded="Agent not found")
            self._settle_end(run)

    # Runs

    def state(self, run: dict[str, Any]) -> str:
        return str(self.past(run)[-1][0])

    def past(self, run: dict[str, Any]) -> list[tuple[str, int]]:
        """The state changes that have happened."""
        return [change for change in run["course"] if change[1] <= self.now]

    def started(self, run: dict[str, Any]) -> int | None:
        return next((moment for state, moment in self.past(run) if state == "COLLECTING_DATA"), None)

    def completed(self, run: dict[str, Any]) -> int | None:
        state, moment = self.past(run)[-1]
        return moment if state in ENDED else None

    def busy(self, runs: Any) -> list[str]:
        return [run["arn"] for run in runs if self.state(run) not in ENDED]

    def check_at_rest(self, runs: Any) -> None:
        if self.busy(runs):
            raise Refused("AssessmentRunInProgressException")

    def _stop_at(self, run: dict[str, Any], moment: int) -> None:
        course = [("STOP_DATA_COLLECTION_PENDING", 0), ("DATA_COLLECTED", 59_964), ("EVALUATING_RULES", 60_216)]
        run["course"] += [(state, moment + offset) for state, offset in course]
        run["course"].append(("COMPLETED", moment + 61_517))
        run.update(evaluates=moment + 61_487, forced=False)
        self._settle_end(run)

    def _settle_end(self, run: dict[str, Any]) -> None:
        state, moment = run["course"][-1]
        if not run["forced"] and state.startswith("COMPLETED"):
            assessed = not run["agents"] or not all(agent["excluded"] for agent in run["agents"])
            run["course"][-1] = ("COMPLETED" if assessed else "COMPLETED_WITH_ERRORS", moment)

    def force(self, run: dict[str, Any], state: str) -> None:
        """Put a run into a state. Nothing of what lies behind the state has happened, all before it has."""
        before = IN_ORDER[: IN_ORDER.index(state)] if state in IN_ORDER else IN_ORDER
        course = [change for change in self.past(run) if change[0] in before or change[0] == state]
        if course[-1:] != [change for change in course if change[0] == state]:
            course += self.missing(course, before) if state in IN_ORDER or state.startswith("COMPLETED") else []
            course.append((state, self.now))
        run.update(course=course, evaluates=None, forced=True)
        if state == "CANCELED" or "EVALUATING_RULES" not in dict(course):
            self._drop_evaluation(run)

    def missing(self, course: list[tuple[str, int]], before: list[str]) -> list[tuple[str, int]]:
        """The states among ``before`` that a run has not passed through yet, as if it did now."""
        begun = IN_ORDER.index(course[-1][0]) if course else -1
        return [(state, self.now) for state in PASSING if state in before and IN_ORDER.index(state) > begun]

    def move_to(self, moment: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], list[str]]]:
        """Let time pass. Yields each run that is evaluated on the way, the findings that it reports then, and the
        titles of its exclusions; the caller finds out their ARNs and calls :meth:`reported`."""
        due = [run for run in self.of["run"].values() if run["evaluates"] is not None and run["evaluates"] <= moment]
        for run in sorted(due, key=lambda run: (run["evaluates"], run["serial"])):
            self.now, run["evaluates"] = max(self.now, run["evaluates"]), None
            self._drop_evaluation(run)
            yield run, self._found(run), excluded(run["agents"])
        self.now = moment

    def reported(self, noun: str, run: dict[str, Any], arn: str, *, by_hand: bool = False, **members: Any) -> None:
        """Keep a finding or an exclusion that a run has reported."""
        self.add(noun, arn, run=run["arn"], by_hand=by_hand, attributes=None, updated=self.now, **members)

    def _found(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        assessed = [agent for agent in run["agents"] if not agent["excluded"]]
        for package in run["packages"]:
            here = [
                {"package": package, "rule": rule, "severity": severity, "agent": agent["id"]}
                for agent in assessed
                for of_package, rule, severity in agent["findings"]
                if of_package == package
            ]
            if not here and (assessed or not run["agents"]):
                here = [{"package": package, "rule": None, "severity": "Informational", "agent": None}]
            found += here
        return found

    def attributes(self, finding: dict[str, Any]) -> list[Answer]:
        """A finding's user attributes: its own, else those that its template gave it."""
        own: list[Answer] | None = finding["attributes"]
        inherited: list[Answer] = self.of["run"][finding["run"]]["attributes"]
        return inherited if own is None else own

    def _drop_evaluation(self, run: dict[str, Any]) -> None:
        for noun in ("finding", "exclusion"):
            for entry in self.under(noun, "run", run["arn"]):
                if not entry["by_hand"]:
                    del self.of[noun][entry["arn"]]

    def _drop(self, *, templates: list[dict[str, Any]] | None = None, runs: list[dict[str, Any]] | None = None) -> None:
        """Delete templates, or runs, with all that hangs on them."""
        for template in templates or []:
            self._drop(runs=self.under("run", "template", template["arn"]))
            del self.of["template"][template["arn"]]
            for key in [key for key in self.subscriptions if key[0] == template["arn"]]:
                del self.subscriptions[key]
        for run in runs or []:
            for noun in ("finding", "exclusion"):
                for entry in self.under(noun, "run", run["arn"]):
                    del self.of[noun][entry["arn"]]
            del self.of["run"][run["arn"]]


NAMED_BY = {
    "assessmentTargetArn": "target",
    "assessmentTargetArns": "target",
    "assessmentTemplateArn": "template",
    "assessmentTemplateArns": "template",
    "assessmentRunArn": "run",
    "assessmentRunArns": "run",
    "resourceGroupArn": "resourcegroup",
    "rulesPackageArns": "rulespackage",
    "previewAgentsArn": "target",
    "resourceArn": "template",
}
"""The kind of resource that a member of a request names."""


def check_form(operation: str, members: Answer) -> None:
    """Refused for an ARN of another kind, whatever else is absent. Describe reports such ARNs instead."""
    for name, value in [*members.items(), *members.get("filter", {}).items()]:
        arns = value if isinstance(value, list) else [value]
        if name not in NAMED_BY or (isinstance(value, list) and operation.startswith("Describe")):
            continue
        for arn in arns:
            if noun_of(arn) != NAMED_BY[name] and (name, noun_of(arn)) != ("previewAgentsArn", "template"):
                code = "RESOURCE" if name == "resourceArn" else NOUNS[NAMED_BY[name]]
                raise Refused("InvalidInputException", f"INVALID_{code}_ARN")


def agent_of(instance: dict[str, Any]) -> dict[str, Any]:
    """The part that an instance takes in a run that starts now."""
    health = instance["health"]
    return {
        "id": instance["id"],
        "serial": instance["serial"],
        "instance": instance,
        "health": health,
        "code": "RUNNING" if health == "HEALTHY" else health,
        "excluded": {"UNHEALTHY": "Agent is unhealthy", "UNKNOWN": "Agent not found"}.get(health),
        "sends": health == "HEALTHY",
        "findings": instance["findings"],
    }


def takes_part(agent: dict[str, Any]) -> bool:
    """Whether a run collects data from an agent."""
    return agent["health"] == "HEALTHY" and not agent["excluded"]


def excluded(agents: list[dict[str, Any]]) -> list[str]:
    """The titles of the exclusions that a run with these agents has."""
    return [agent["excluded"] for agent in agents if agent["excluded"]] if agents else ["No instances in target"]

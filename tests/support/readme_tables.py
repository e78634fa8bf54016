"""The README's tables that code and data declare. ``python -m tests.support.readme_tables`` writes them into it."""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from mock_inspector import findings
from mock_inspector.actions.registry import ACTIONS
from mock_inspector.api.operations import names_by_method
from mock_inspector.server.control_calls import CONTROL_CALLS, ControlCall
from mock_inspector.server.openapi import DOCUMENTS

README = Path(__file__).parents[2] / "README.md"

_SEVERITIES: Mapping[Callable[..., findings.FindingSpec], str] = {
    findings.cve: "High",
    findings.cis: "High",
    findings.best_practice: "that of the rule",
    findings.network_reachability: "by listener and route",
    findings.runtime_behavior: "that of the rule",
}
_SAMPLES: Mapping[Callable[..., findings.FindingSpec], Any] = {
    findings.cve: "CVE-2016-2177",
    findings.cis: "1.1.1 Ensure mounting of cramfs is disabled",
    findings.best_practice: "Enable ASLR",
    findings.network_reachability: 22,
    findings.runtime_behavior: "Software Without DEP",
}


def _table(heading: str, rows: Iterable[Iterable[str]]) -> str:
    columns = heading.split(" | ")
    return "\n".join(
        f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in [columns, ["---"] * len(columns), *rows]
    )


def actions() -> str:
    """What each action follows and approximates."""
    operations = names_by_method()
    return _table(
        "action | follows | approximates",
        ([operations[name], entry.follows, entry.approximates] for name, entry in sorted(ACTIONS.items())),
    )


def _call(function: Callable[..., Any]) -> str:
    """A function with its parameters and their defaults, as they are written in a call."""
    parameters = [
        parameter.replace(annotation=parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in findings.Overrides.__annotations__ and parameter.kind is not parameter.VAR_KEYWORD
    ]
    if len(parameters) == 1:
        return f"`{function.__name__}({parameters[0]})`"
    return f"`{function.__name__}{inspect.Signature(parameters)}`".replace("'", '"').replace("*, ", "")


def finding_functions() -> str:
    """The functions of ``mock_inspector.findings``, and the rules package of each."""
    return _table(
        "function | rules package | severity",
        (
            [_call(function), function(sample).rules_package, _SEVERITIES[function]]
            for function, sample in _SAMPLES.items()
        ),
    )


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = json.loads(files("mock_inspector").joinpath("data/rules.json").read_text("utf-8"))
    return rules


def rules() -> str:
    """The rules that ``best_practice`` and ``runtime_behavior`` take."""
    return _table(
        "function | rule | severity",
        (
            [f"`{function.__name__}`", f"`{rule}`", entry["severity"]]
            for function in (findings.best_practice, findings.runtime_behavior)
            for rule, entry in _rules()[function(_SAMPLES[function]).rules_package].items()
        ),
    )


def ports() -> str:
    """The services that Network Reachability knows by their ports."""
    groups: dict[str, dict[str, list[int]]] = _rules()["Network Reachability"]["port_groups"]
    return _table(
        "service | TCP | UDP",
        (
            [service, *(", ".join(map(str, numbers.get(protocol, ()))) for protocol in ("TCP", "UDP"))]
            for service, numbers in groups.items()
        ),
    )


def reachability() -> str:
    """The severities of findings about ports."""
    severities: dict[str, Any] = _rules()["Network Reachability"]["severities"]
    kinds = {
        "WithListener": "a process listens (`listener=True`)",
        "NoListener": "no process listens (`listener=False`, and the default)",
        "NoAgent": "the instance has no healthy agent, whatever `listener` says",
        "Unrecognized": "the port belongs to none of the services below, and a healthy agent finds that a process listens",
    }
    return _table(
        "port | Internet | PeeredVPC | VGW",
        (
            [text, *(severities[kind][route] for route in ("Internet", "PeeredVPC", "VGW"))]
            for kind, text in kinds.items()
        ),
    )


def _arguments(control_call: ControlCall) -> str:
    return ", ".join(
        f"`{name}`" + ("" if parameter.default is parameter.empty else "?")
        for name, parameter in control_call.parameters.items()
    )


def control_calls() -> str:
    """The control calls, with their HTTP methods and arguments."""
    return _table(
        "call | method | arguments",
        [
            [f"`{name}`", " or ".join(control_call.http_methods), _arguments(control_call)]
            for name, control_call in CONTROL_CALLS.items()
        ]
        + [[f"`{name}`", "GET", ""] for name in DOCUMENTS],
    )


TABLES: Mapping[str, Callable[[], str]] = {
    "finding functions": finding_functions,
    "rules": rules,
    "reachability": reachability,
    "ports": ports,
    "control calls": control_calls,
    "actions": actions,
}


def find_table(name: str, readme: str) -> str:
    """The table below the comment that names it."""
    found = re.search(rf"<!-- table: {name} -->\n((?:\|.*\n?)*)", readme)
    return found[1].rstrip("\n") if found else ""


def main() -> None:
    """Write all tables."""
    readme = README.read_text("utf-8")
    for name, make in TABLES.items():
        comment, table = f"<!-- table: {name} -->\n", find_table(name, readme)
        readme = readme.replace(f"{comment}{table}", f"{comment}{make()}" if table else f"{comment}{make()}\n")
    README.write_text(readme, "utf-8")


if __name__ == "__main__":
    main()

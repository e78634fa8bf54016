"""The command ``mock-inspector``, also as ``python -m mock_inspector``, and its demo."""

import subprocess
import sys

from mock_inspector.cli import main


def run_command(*arguments):
    command = [sys.executable, "-m", "mock_inspector", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_module_is_the_command():
    module = run_command("--help")
    assert (module.returncode, module.stderr) == (0, "")
    assert module.stdout.startswith("usage: mock-inspector ")
    assert run_command("no-such-command").returncode == 2


def test_the_demo_fits_a_terminal_and_shows_all_that_it_announces(monkeypatch, capsys):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    assert main(["demo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert text.startswith("Four instances, three of them named web, one of those with an unhealthy agent.")
    assert "Findings: 4 High i-0web1 Instance i-0web1 is vulnerable to CVE-2016-2177 " in text
    without_findings = text.partition("Rules packages without findings")[2].partition("Exclusions")[0]
    assert without_findings.count("No potential security issues found") == 2
    for package in ("CIS Operating System Security Configuration Benchmarks", "Runtime Behavior Analysis"):
        assert f"{package}: No potential security issues found" in without_findings
    assert "Excluded i-0web3 Agent is unhealthy: The agent on instance i-0web3 is unhealthy" in text
    assert "took 16 minutes of frozen time" in text

"""What all tests share: credentials that sign nothing real, and clients of the default account."""

import os
import shutil
import socket
import subprocess
from contextlib import nullcontext

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings

# Loaded before any test runs tests of its own in this process: what those load first would be forgotten after them.
import mock_inspector.activation
import mock_inspector.failure_report
import mock_inspector.findings  # noqa: F401

from .support.fast_subset import FastSubset
from .support.time_control import fail_if_hanging

REGION = "us-west-2"


# No bound on real time: a busy machine is no failure.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_configure(config):
    FastSubset.selected = "not slow" in config.option.markexpr


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch, tmp_path):
    """An environment in which every client can sign, whatever the machine has."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_INSPECTOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture(scope="session")
def session():
    """One boto3 session for all tests: making one loads much data."""
    return boto3.Session(aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret", region_name=REGION)


@pytest.fixture(scope="session")
def client(session):
    """A client made before any mock, as Lambda handlers have it at module level."""
    return session.client("inspector")


@pytest.fixture(scope="session")
def unchecked_client(session):
    """A client that sends whatever it is given, as clients of other languages do."""
    from botocore.config import Config

    return session.client("inspector", config=Config(parameter_validation=False, retries={"max_attempts": 0}))


@pytest.fixture
def watchdog(request):
    """End a test that hangs, unless it has a timeout of its own."""
    with nullcontext() if request.node.get_closest_marker("timeout") else fail_if_hanging():
        yield


@pytest.fixture(scope="session")
def aws_cli():
    """The command of an AWS CLI, which is not among the project's requirements."""
    command = os.environ.get("MOCK_INSPECTOR_AWS_CLI") or shutil.which("aws")
    if command is None or shutil.which("bash") is None:
        pytest.skip("there is no AWS CLI: name one in MOCK_INSPECTOR_AWS_CLI")
    version = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    if version.returncode != 0:
        pytest.skip(f"{command} --version fails: {version.stderr.strip()}")
    return command


@pytest.fixture
def pytester(pytester, monkeypatch):
    """Tests of tests keep their order: a plugin that shuffles these ones stays out of those."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:randomly -p no:random_order")
    return pytester


def closed_port():
    """A URL of this machine at which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session")
def unreachable_client(session):
    """A client that gets an answer from nobody but the mock."""
    config = Config(retries={"max_attempts": 0}, connect_timeout=2)
    return session.client("inspector", endpoint_url=closed_port(), config=config)

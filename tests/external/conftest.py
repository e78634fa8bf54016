"""moto beside the mock."""

import pytest
from moto import mock_aws


@pytest.fixture
def moto():
    with mock_aws():
        yield


@pytest.fixture
def backend(moto, inspector_backend):
    return inspector_backend

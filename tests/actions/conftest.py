"""Accounts that several tests of actions begin with."""

import pytest

from ..support.aws import create_group, create_target


@pytest.fixture
def backend_with_instances(inspector_backend):
    """Three instances. A group of Name web and stage beta has the first two."""
    for instance_id, tags in {
        "i-web": {"Name": "web", "stage": "prod"},
        "i-beta": {"Name": "db", "stage": "beta"},
        "i-else": {"Name": "else", "stage": "prod"},
    }.items():
        inspector_backend.add_instance(instance_id, tags=tags)
    return inspector_backend


@pytest.fixture
def empty_target(inspector_backend, client):
    """A target that has no instance, so that any number of its runs can go on at once."""
    return create_target(client, "nobody", create_group(client, Name="nobody"))

"""A mock inside a mock."""

import re
from typing import Any

import pytest

from mock_inspector import mock_inspector

from ..support.aws import create_target, is_mocked, list_targets

OTHER_ACCOUNT = "210987654321"


def test_the_outermost_mock_starts_empty(client):
    mock = mock_inspector()
    for _ in range(2):
        with mock as backend:
            assert list_targets(client) == []
            create_target(client, "web")
            backend.add_instance("i-web")


# Nesting


def test_nested_mocks_share_one_state(unreachable_client, client):
    with mock_inspector() as outer:
        target = create_target(client, "web")
        with mock_inspector() as inner:
            assert inner is outer
            assert list_targets(client) == [target]
            create_target(client, "db")
        assert len(list_targets(client)) == 2
        assert is_mocked(unreachable_client)
    assert not is_mocked(unreachable_client)


def test_an_inner_mock_may_choose_region_and_account():
    with mock_inspector(region="eu-west-1") as outer:
        with mock_inspector(region="us-east-2") as inner:
            assert inner is outer.for_region("us-east-2")
            with mock_inspector(account_id=OTHER_ACCOUNT) as innermost:
                assert innermost is inner.for_account(OTHER_ACCOUNT)
        with mock_inspector(region="us-east-2", account_id=OTHER_ACCOUNT) as inner:
            assert (inner.region, inner.account_id) == ("us-east-2", OTHER_ACCOUNT)


@pytest.mark.parametrize(
    ("name", "value"),
    [("at", "2020-01-02T00:00:00Z"), ("freeze", False), ("id_seed", "other"), ("limits", {"assessment_targets": 3})],
)
def test_an_inner_mock_that_contradicts_the_outermost_is_refused(unreachable_client, client, name, value):
    keywords: dict[str, Any] = {"at": "2020-01-01T00:00:00Z", "id_seed": "mine", "limits": {"assessment_targets": 2}}
    with mock_inspector(**keywords):
        with pytest.raises(ValueError, match=rf"^{name}\b.*{re.escape(repr(value))}"), mock_inspector(**{name: value}):
            pytest.fail("it began")
        with mock_inspector(**keywords):
            create_target(client, "web")
        assert len(list_targets(client)) == 1
    assert not is_mocked(unreachable_client)


def test_a_decorated_function_calls_itself_in_one_mock(client):
    @mock_inspector
    def recurse(depth):
        create_target(client, f"target {depth}")
        return recurse(depth - 1) if depth else len(list_targets(client))

    assert recurse(3) == recurse(3) == 4

"""The keyword ``state``: a path or a snapshot."""

import copy
import json
from typing import Any

import pytest

from mock_inspector import mock_inspector

from ..support.aws import create_resources
from .full_account import MOMENT

# The keyword


@pytest.fixture
def snapshot_file(tmp_path):
    """A snapshot file of an account with every resource, in the region of the tests."""
    with mock_inspector(region="us-west-2", at=MOMENT) as backend:
        create_resources(backend)
        path = tmp_path / "snapshot.json"
        path.write_text(json.dumps(backend.snapshot(), indent=1), "utf-8")
    return path


@pytest.mark.parametrize("form", [str, lambda path: path, lambda path: json.loads(path.read_text("utf-8"))])
def test_state_takes_a_path_or_a_snapshot(form, snapshot_file, client):
    @mock_inspector(region="us-west-2", state=form(snapshot_file))
    def names():
        arns = client.list_assessment_targets()["assessmentTargetArns"]
        shown = client.describe_assessment_targets(assessmentTargetArns=arns)["assessmentTargets"]
        return [target["name"] for target in shown]

    assert names() == names() == ["web: Größe ✓", "idle"]


def test_the_marker_takes_a_state(snapshot_file, pytester):
    pytester.makepyfile(
        f"""
        import pytest

        pytestmark = pytest.mark.mock_inspector(region="us-west-2", state={str(snapshot_file)!r})

        @pytest.mark.parametrize("again", [1, 2])
        def test_it(inspector_backend, again):
            target, _ = inspector_backend.list_assessment_targets()["assessmentTargetArns"]
            inspector_backend.update_assessment_target(assessmentTargetArn=target, assessmentTargetName="mine")
            made = inspector_backend.create_assessment_target(assessmentTargetName="web: Größe ✓")
            assert len(inspector_backend.list_assessment_targets()["assessmentTargetArns"]) == 3
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_a_nested_use_may_repeat_the_state_but_not_change_it(snapshot_file, monkeypatch):
    monkeypatch.chdir(snapshot_file.parent)
    taken = json.loads(snapshot_file.read_text("utf-8"))
    with mock_inspector(state="snapshot.json") as backend:
        backend.clock.tick(5)
        now = backend.clock.now()
        with mock_inspector(state=snapshot_file) as inner:
            assert inner.clock.now() == now
        others: tuple[Any, ...] = ("other.json", taken, {})
        for other in others:
            with (
                pytest.raises(ValueError, match=r"^state must be 'snapshot.json', as in the mock_inspector around"),
                mock_inspector(state=other),
            ):
                pass
    with mock_inspector(state=taken), mock_inspector(state=copy.deepcopy(taken)):
        pass
    with (
        mock_inspector(),
        pytest.raises(ValueError, match=r"^state must be .*, as in the mock_inspector around"),
        mock_inspector(state=taken),
    ):
        pass


class PathInBytes:
    def __fspath__(self):
        return b"snapshot.json"


@pytest.mark.parametrize("value", [3, b"snapshot.json", ["snapshot.json"], True, PathInBytes()])
def test_a_state_that_is_neither_path_nor_snapshot_is_refused_at_once(value):
    with pytest.raises(TypeError, match=r"^state must be a snapshot or the path of its JSON file; got "):
        mock_inspector(state=value)


def test_restore_takes_a_mapping_only(inspector_backend):
    with pytest.raises(TypeError, match=r"^snapshot must be a mapping that snapshot\(\) returned; got 'snapshot.json'"):
        inspector_backend.restore("snapshot.json")

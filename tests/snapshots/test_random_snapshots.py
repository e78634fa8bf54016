"""Snapshots of random accounts, and snapshots damaged at random."""

import copy
import json
from contextlib import suppress
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mock_inspector import mock_inspector
from mock_inspector.errors import ApiError
from mock_inspector.findings import cve, network_reachability
from mock_inspector.snapshots import restore

from ..support.aws import create_group, create_target, create_template
from ..support.fake_service import fake_service, fake_store
from ..support.fast_subset import max_examples
from ..support.read_everything import read_everything
from .full_account import MOMENT, create_full_account

EVENTS = ("ASSESSMENT_RUN_STATE_CHANGED", "ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED")
STATES = ("CREATED", "COLLECTING_DATA", "DATA_COLLECTED", "COMPLETED", "FAILED", "CANCELED")
HEALTHS = ("HEALTHY", "UNHEALTHY", "UNKNOWN")
FINDING_SPECS = (cve("CVE-2016-2177"), network_reachability(22), cve("CVE-2016-2178", severity="Low"))


def examples(maximum):
    """So many examples, each of which may take its time."""
    return settings(max_examples=max_examples(maximum), deadline=None, suppress_health_check=[HealthCheck.too_slow])


class RandomAccount:
    """One account, changed by numbered steps: each says what is done, and to which of the things there are."""

    def __init__(self, backend):
        self.backend = backend

    def step(self, what, which):
        """Do something; what the API refuses is not done."""
        with suppress(ApiError):
            getattr(self, what)(which)

    def _one(self, listed, key, which):
        arns = getattr(self.backend, listed)(maxResults=100)[key]
        return arns[which % len(arns)] if arns else None

    def _template(self, which):
        return self._one("list_assessment_templates", "assessmentTemplateArns", which)

    def _run(self, which):
        return self._one("list_assessment_runs", "assessmentRunArns", which)

    def tick(self, which):
        self.backend.clock.tick((0.05, 3, 60, 61.5, 3600)[which % 5])

    def instance(self, which):
        self.backend.add_instance(
            tags={"n": str(which % 2)}, agent_health=HEALTHS[which % 3], findings=FINDING_SPECS[: which % 4]
        )

    def gone(self, which):
        instances = [instance.instance_id for instance in fake_store(self.backend).instances]
        if instances:
            self.backend.remove_instance(instances[which % len(instances)])

    def target(self, which):
        group = create_group(self.backend, n=str(which % 2))
        create_target(self.backend, f"target {which}", group if which % 3 else None)

    def template(self, which):
        target = self._one("list_assessment_targets", "assessmentTargetArns", which)
        if target is not None:
            packages = self.backend.list_rules_packages()["rulesPackageArns"][: 1 + which % 4]
            create_template(self.backend, target, f"template {which}", duration=180 + which, packages=packages)

    def run(self, which):
        template = self._template(which)
        if template is not None:
            self.backend.start_assessment_run(assessmentTemplateArn=template)

    def subscribe(self, which):
        template = self._template(which)
        if template is not None:
            topic = f"arn:aws:sns:us-west-2:123456789012:topic-{which % 2}"
            self.backend.subscribe_to_event(resourceArn=template, event=EVENTS[which % 3], topicArn=topic)

    def unsubscribe(self, which):
        template = self._template(which)
        if template is not None:
            topic = f"arn:aws:sns:us-west-2:123456789012:topic-{which % 2}"
            self.backend.unsubscribe_from_event(resourceArn=template, event=EVENTS[which % 3], topicArn=topic)

    def preview(self, which):
        template = self._template(which)
        if template is not None:
            self.backend.create_exclusions_preview(assessmentTemplateArn=template)

    def stop(self, which):
        run = self._run(which)
        if run is not None:
            self.backend.stop_assessment_run(
                assessmentRunArn=run, stopAction=("START_EVALUATION", "SKIP_EVALUATION")[which % 2]
            )

    def force(self, which):
        run = self._run(which)
        if run is not None:
            self.backend.set_run_state(run, STATES[which % 6])

    def by_hand(self, which):
        run = self._run(which)
        if run is not None:
            self.backend.add_finding(run, {"severity": "High", "title": f"{which}"})
            self.backend.add_exclusion(run, {"title": "By hand"})

    def attribute(self, which):
        finding = self._one("list_findings", "findingArns", which)
        if finding is not None:
            attributes = [{"key": f"key {which % 3}", "value": f"{which}"}]
            self.backend.add_attributes_to_findings(findingArns=[finding], attributes=attributes)

    def report(self, which):
        run = self._run(which)
        if run is not None:
            self.backend.get_assessment_report(assessmentRunArn=run, reportFileFormat="HTML", reportType="FULL")

    def delete(self, which):
        run, template = self._run(which), self._template(which)
        if run is not None and which % 2:
            self.backend.delete_assessment_run(assessmentRunArn=run)
        elif template is not None:
            self.backend.delete_assessment_template(assessmentTemplateArn=template)

    def package(self, which):
        arn = self._one("list_rules_packages", "rulesPackageArns", which)
        redefined = {"arn": arn} if which % 2 and arn is not None else {}
        self.backend.add_rules_package(f"package {which}", deprecated=which % 3 == 0, **redefined)

    def next_id(self, which):
        self.backend.next_ids(f"0-{which:08}")


STEPS = [name for name in vars(RandomAccount) if not name.startswith("_") and name != "step"]
BASIS = [("instance", 3), ("target", 0), ("template", 0), ("run", 0)]
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 11)), max_size=25)


@pytest.mark.slow
def test_random_accounts_go_on_in_the_same_way_when_restored():
    def go_on(backend, after):
        account = RandomAccount(backend)
        now = read_everything(backend)
        for step in after:
            account.step(*step)
        backend.clock.tick(100)
        return now, read_everything(backend), backend.snapshot()

    # One mock for all examples: a freeze that begins or ends while hypothesis measures a garbage collection upsets it.
    with mock_inspector(region="us-west-2", at=MOMENT, id_seed="random") as backend:
        empty = backend.snapshot()

        @examples(60)
        @given(before=steps, after=steps, emptied=st.booleans())
        def go_on_in_the_same_way(before, after, emptied):
            backend.restore(empty)
            account = RandomAccount(backend)
            for step in BASIS + before:
                account.step(*step)
            taken = json.loads(json.dumps(backend.snapshot()))
            expected = go_on(backend, after)
            if emptied:
                backend.reset()
            backend.restore(taken)
            assert json.dumps(backend.snapshot()) == json.dumps(taken)
            assert go_on(backend, after) == expected

        go_on_in_the_same_way()


# Damage


@lru_cache(maxsize=1)
def full_snapshot():
    with mock_inspector(region="us-west-2", at=MOMENT, allow_unused_faults=True, id_seed="damage") as backend:
        create_full_account(backend)
        return json.dumps(backend.snapshot())


def paths(value, path=()):
    """Every place in a JSON value."""
    yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from paths(inner, (*path, step))


@lru_cache(maxsize=1)
def all_paths():
    return [path for path in paths(json.loads(full_snapshot())) if path]


class Strange:
    """Something that is no JSON value."""


JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 2, 1000, 2**53, 2**63, 10**400, 10**5000, 0.5, float("nan"), float("inf"), "", "x", "\ud800",
    "0-00000000", "0-pinned00", "2024-02-29T12:00:00.000Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "x" * 30_000,
    [], {}, [[]], {"": None}, [None], {"key": "x"}, [{"key": "x"}], Strange(), b"x", ("CREATED", 1), {1: 2}, {None: None},
    "arn:aws:inspector:us-west-2:123456789012:target/0-00000000", "HEALTHY", "COMPLETED", "High", "US-west-2", "{instance_id}",
]  # fmt: skip


@st.composite
def damage(draw):
    """One to three changes, each at some place of the snapshot."""
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from(["delete", "replace", "insert", "double", "borrow"]),
                st.integers(0, 2**32),
                st.sampled_from(range(len(JUNK))),
                st.integers(0, 2**32),
            ),
            min_size=1,
            max_size=3,
        )
    )


def damaged(changes):
    whole = json.loads(full_snapshot())
    known_paths = all_paths()
    for how, where, junk, other in changes:
        *way, last = known_paths[where % len(known_paths)]
        with suppress(LookupError, TypeError):  # an earlier change has taken the place away
            borrowed = copy.deepcopy(found(whole, known_paths[other % len(known_paths)])) if how == "borrow" else None
            change(found(whole, way), last, how, borrowed if how == "borrow" else copy.copy(JUNK[junk]))
    return whole


def change(holder, last, how, other):
    if how == "delete":
        del holder[last]
    elif how in ("replace", "borrow"):
        holder[last] = other
    elif isinstance(holder, list):
        holder.insert(last, copy.deepcopy(holder[last]) if how == "double" else other)
    else:
        holder["more"] = other


def found(value, path):
    for step in path:
        value = value[step]
    return value


def reason(action, *args):
    """Why a ValueError was raised; None when none was."""
    try:
        action(*args)
    except ValueError as error:
        return str(error)
    return None


def time_goes_on(backend):
    for seconds in (1, 120, 90_000):
        backend.clock.tick(seconds)


def restored_or_refused(backend, state, before):
    refused = reason(backend.restore, state)
    if refused is not None:
        assert refused.startswith("snapshot: ")
        assert len(refused) < 4000
        assert backend.snapshot() == before
        return
    read_everything(backend)
    again = backend.snapshot()
    backend.restore(again)
    assert json.dumps(backend.snapshot(), default=repr) == json.dumps(again, default=repr)
    assert "past the year 9999" in (reason(time_goes_on, backend) or "past the year 9999")
    read_everything(backend)


def test_a_damaged_snapshot_is_refused_or_restored():
    full_snapshot()  # made outside the mock
    with mock_inspector(region="us-west-2", at="2030-01-01", allow_unused_faults=True) as backend:
        create_target(backend, "kept")
        before = backend.snapshot()

        @examples(300)
        @given(damage())
        def damages(changes):
            try:
                restored_or_refused(backend, damaged(changes), before)
            finally:
                backend.restore(before)

        damages()


def test_a_damaged_file_is_refused_or_loaded(tmp_path):
    path, text = tmp_path / "snapshot.json", full_snapshot()
    with mock_inspector(region="us-west-2", allow_unused_faults=True) as backend:
        before = backend.snapshot()

        @examples(60)
        @given(st.integers(0, len(text) - 1), st.sampled_from(["cut", "drop", "swap"]), st.characters())
        @example(0, "cut", "x")
        def spoils(index, how, character):
            rest = {"cut": "", "drop": text[index + 1 :], "swap": character + text[index + 1 :]}[how]
            path.write_text(text[:index] + rest, "utf-8", "surrogatepass")
            refused = reason(restore, fake_service(backend), path, "state")
            assert refused is None or refused.startswith(f"state: {path}: ")
            assert refused is None or backend.snapshot() == before
            read_everything(backend)
            backend.restore(before)

        spoils()

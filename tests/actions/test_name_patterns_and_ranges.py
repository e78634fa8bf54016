"""How every list action filters by name patterns, durations and times."""

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_inspector.errors import InvalidInputException

from ..support.aws import create_target, create_template
from ..support.fast_subset import max_examples
from ..support.in_process import send_body
from ..support.listings import (
    LIMITS,
    LISTINGS,
    Listing,
    _list_findings,
    _list_runs,
    add_completed_run,
    add_target,
    add_template,
    error_code_of,
    unique_name,
)
from ..support.service_model import MODEL
from ..support.time_control import MOMENT

pytestmark = pytest.mark.mock_inspector(freeze=False, limits=LIMITS)


few_examples = settings(max_examples=max_examples(25), deadline=None, database=None)


# Empty filters


def _empty_parameters() -> list[Any]:
    """Each filter and each list of the requests, empty, also the lists in the filter one by one."""
    empty: dict[str, Any] = {"structure": {}, "list": []}
    found = []
    for operation in LISTINGS:
        for name, shape in MODEL.operation_model(operation).input_shape.members.items():
            if shape.type_name == "list":
                found.append(pytest.param(operation, {name: []}, id=f"{operation}-{name}"))
            elif shape.type_name == "structure":
                bare: dict[str, Any] = {member: [] for member in shape.required_members}
                found.append(pytest.param(operation, {name: {}}, id=f"{operation}-{name}"))
                if bare:
                    found.append(pytest.param(operation, {name: bare}, id=f"{operation}-{name}-bare"))
                found += [
                    pytest.param(operation, {name: {**bare, part: empty[inner.type_name]}}, id=f"{operation}-{part}")
                    for part, inner in shape.members.items()
                    if inner.type_name in empty and part not in bare
                ]
    return found


@pytest.mark.parametrize(("operation", "empty"), _empty_parameters())
def test_an_empty_filter_or_list_filters_nothing(operation, empty, inspector_backend, unchecked_client):
    listing = LISTINGS[operation](inspector_backend)
    entries, params = listing.fill(5), listing.params()
    if operation == "ListAssessmentRuns":  # one that lies in no range of time
        entries.append(_starting_run(inspector_backend))
    assert listing.page(unchecked_client, {**params, **empty}) == (entries, None)


def _starting_run(backend: Any) -> str:
    run = add_completed_run(backend, add_template(backend))
    backend.set_run_state(run, "CREATED")
    return run


# Name patterns


def _named_target(backend: Any, names: list[str]) -> dict[str, str]:
    return {create_target(backend, name): name for name in names}


def _named_templates(backend: Any, names: list[str]) -> dict[str, str]:
    target = add_target(backend)
    return {create_template(backend, target, name, duration=3600): name for name in names}


def _named_runs(backend: Any, names: list[str]) -> dict[str, str]:
    template = add_template(backend)
    return {
        backend.start_assessment_run(assessmentTemplateArn=template, assessmentRunName=name)["assessmentRunArn"]: name
        for name in names
    }


@pytest.fixture(
    params=[
        ("ListAssessmentTargets", "assessmentTargetNamePattern", _named_target),
        ("ListAssessmentTemplates", "namePattern", _named_templates),
        ("ListAssessmentRuns", "namePattern", _named_runs),
    ],
    ids=lambda param: param[0],
)
def matching(request, inspector_backend, client):
    """Which of some names a pattern matches, by one of the three lists that take one."""
    operation, member, create = request.param
    listing = LISTINGS[operation](inspector_backend)

    def match(names: list[str], pattern: str) -> list[str]:
        inspector_backend.reset()
        named = create(inspector_backend, names)
        arns, token = listing.page(client, {"filter": {member: pattern}}, maxResults=100)
        assert token is None
        return [named[arn] for arn in arns if arn in named]

    return match


NAMES = ["web", "Web", "web 1", "web 12", "web.1", "webs", "my web", "we", "w*b", "line\nbreak", "größe"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("web", ["web"]),
        ("WEB", []),
        ("web*", ["web", "web 1", "web 12", "web.1", "webs"]),
        ("*web", ["web", "my web"]),
        ("*eb*", ["web", "Web", "web 1", "web 12", "web.1", "webs", "my web"]),
        ("web?", ["webs"]),
        ("web ?", ["web 1"]),
        ("web ??", ["web 12"]),
        ("web.1", ["web.1"]),
        ("w?b", ["web", "w*b"]),
        ("w*b", ["web", "w*b"]),
        ("w[e]b", []),
        ("(web|we)", []),
        ("^web$", []),
        ("web\\", []),
        ("*", NAMES),
        ("**", NAMES),
        ("???", ["web", "Web", "w*b"]),
        ("line*break", ["line\nbreak"]),
        ("line?break", ["line\nbreak"]),
        ("gr?ße", ["größe"]),
        ("we*eb", []),
        ("*w*e*b*", ["web", "web 1", "web 12", "web.1", "webs", "my web"]),
    ],
)
def test_a_name_pattern_is_matched_whole_with_stars_and_question_marks(pattern, matched, matching):
    assert matching(NAMES, pattern) == matched


@pytest.mark.slow
def test_a_name_pattern_takes_every_other_character_as_it_is(matching):
    special = st.text("aA*?.[]!^$+\\(){}|-\n ", min_size=1, max_size=6)
    some_text = st.text("ab*?", min_size=1, max_size=6) | special

    @settings(few_examples, max_examples=100)
    @given(names=st.lists(some_text, min_size=1, max_size=8, unique=True), pattern=some_text)
    def matches_what_a_shell_would(names, pattern):
        regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        assert matching(names, pattern) == [name for name in names if re.fullmatch(regex, name, re.DOTALL)]

    matches_what_a_shell_would()


@pytest.mark.parametrize(
    ("pattern", "matched"), [("*a" * 70, False), ("a*" * 69 + "a", False), ("*a" * 69 + "*b", True), ("?*" * 70, True)]
)
def test_no_name_pattern_makes_the_search_explode(pattern, matched, matching):
    name = "a" * 139 + "b"
    assert matching([name], pattern) == [name] * matched


# Ranges


def _bounds_around(values: Iterable[float], step: float) -> list[tuple[float | None, float | None]]:
    """Every range, open or closed, whose ends lie at one of the values or a step beside it."""
    ends = [None, *sorted({round(value + beside, 3) for value in values for beside in (-step, 0, step)})]
    return [(low, high) for low in ends for high in ends if low is None or high is None or low <= high]


def _within(values: Mapping[str, float], low: float | None, high: float | None) -> list[str]:
    return [arn for arn, value in values.items() if (low is None or low <= value) and (high is None or value <= high)]


def _range(names: tuple[str, str], *ends: float | None) -> dict[str, float]:
    return {name: end for name, end in zip(names, ends, strict=True) if end is not None}


@pytest.mark.parametrize("operation", ["ListAssessmentTemplates", "ListAssessmentRuns"])
def test_ranges_of_durations_hold_both_ends_and_may_be_open(operation, inspector_backend, client):
    target, listing = add_target(inspector_backend), LISTINGS[operation](inspector_backend)
    durations = [181, 3600, 3601, 86399]
    templates = {
        create_template(inspector_backend, target, unique_name(), duration=duration): duration for duration in durations
    }
    found = templates
    if operation == "ListAssessmentRuns":
        found = {add_completed_run(inspector_backend, template): duration for template, duration in templates.items()}
    for low, high in _bounds_around(durations, 1):
        requested = {"durationRange": _range(("minSeconds", "maxSeconds"), low, high)}
        shown = listing.page(client, {"filter": requested})[0]
        assert [arn for arn in shown if arn in found] == _within(found, low, high)


@pytest.mark.parametrize(
    ("member", "time_member"),
    [
        ("startTimeRange", "startedAt"),
        ("completionTimeRange", "completedAt"),
        ("stateChangeTimeRange", "stateChangedAt"),
    ],
)
def test_ranges_of_a_runs_times_hold_both_ends_and_may_be_open(
    member, time_member, inspector_backend, unchecked_client
):
    template = add_template(inspector_backend)
    runs = []
    for _ in range(3):
        runs.append(inspector_backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
        inspector_backend.finish_run(runs[-1])
    shown = inspector_backend.describe_assessment_runs(assessmentRunArns=runs)["assessmentRuns"]
    _check_times(
        unchecked_client, _list_runs(inspector_backend), member, {run["arn"]: run[time_member] for run in shown}
    )


def test_ranges_of_findings_times_hold_both_ends_and_may_be_open(inspector_backend, unchecked_client):
    run = add_completed_run(inspector_backend, add_template(inspector_backend))
    times = [1_458_067_582.826, 1_458_067_582.827, 1_500_000_000]
    findings = {inspector_backend.add_finding(run, {"createdAt": time}): time for time in times}
    _check_times(unchecked_client, _list_findings(inspector_backend), "creationTimeRange", findings)


def _check_times(client: Any, listing: Listing, member: str, times: Mapping[str, float]) -> None:
    """Ask for every range around the times, to the millisecond, which boto3 would cut off."""
    for low, high in _bounds_around(times.values(), 0.001):
        requested = {member: _range(("beginDate", "endDate"), low, high)}
        answer = send_body(client, listing.operation, {"filter": requested})
        assert answer[listing.result] == _within(times, low, high)


@pytest.mark.parametrize("member", ["startTimeRange", "completionTimeRange", "stateChangeTimeRange"])
def test_a_time_range_takes_any_date_from_year_1_to_9999(member, inspector_backend, client):
    run = add_completed_run(inspector_backend, add_template(inspector_backend))
    inspector_backend.set_run_state(run, "COLLECTING_DATA")
    inspector_backend.set_run_state(run, "COMPLETED")
    first, last = datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59)
    for ends in ({"beginDate": first}, {"endDate": last}, {"beginDate": first, "endDate": last}):
        assert client.list_assessment_runs(filter={member: ends})["assessmentRunArns"] == [run]
    for ends in ({"beginDate": last}, {"endDate": first}):
        assert client.list_assessment_runs(filter={member: ends})["assessmentRunArns"] == []


@pytest.mark.parametrize("member", ["startTimeRange", "completionTimeRange"])
def test_a_run_without_the_time_lies_in_no_range_of_it(member, inspector_backend, client):
    _starting_run(inspector_backend)
    requested = {member: {"beginDate": datetime.datetime(1, 1, 1)}}
    assert client.list_assessment_runs(filter=requested)["assessmentRunArns"] == []


@pytest.mark.parametrize(
    ("operation", "member", "code"),
    [
        ("ListAssessmentTemplates", "durationRange", "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE"),
        ("ListAssessmentRuns", "durationRange", "INVALID_ASSESSMENT_RUN_DURATION_RANGE"),
        ("ListAssessmentRuns", "startTimeRange", "INVALID_ASSESSMENT_RUN_START_TIME_RANGE"),
        ("ListAssessmentRuns", "completionTimeRange", "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE"),
        ("ListAssessmentRuns", "stateChangeTimeRange", "INVALID_ASSESSMENT_RUN_STATE_CHANGE_TIME_RANGE"),
        ("ListFindings", "creationTimeRange", "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE"),
    ],
)
def test_a_range_whose_ends_are_swapped_is_refused(operation, member, code, inspector_backend, client):
    names = ("minSeconds", "maxSeconds") if member == "durationRange" else ("beginDate", "endDate")
    listing = LISTINGS[operation](inspector_backend)
    assert error_code_of(listing.page, client, {"filter": {member: _range(names, 3601, 3600)}}) == code
    assert listing.page(client, {"filter": {member: _range(names, 3600, 3600)}})[1] is None


FIRST, LAST = datetime.datetime.min, datetime.datetime.max
EAST, WEST = (datetime.timezone(datetime.timedelta(hours=hours)) for hours in (14, -12))


@pytest.mark.parametrize(
    ("begin", "end", "says"),
    [
        (LAST, FIRST, "beginDate must not be after endDate"),
        (LAST.replace(microsecond=999_600), MOMENT, "beginDate must not be after endDate"),
        (FIRST.replace(tzinfo=EAST), MOMENT, "year 1 to 9999"),
        (MOMENT, LAST.replace(tzinfo=WEST), "year 1 to 9999"),
    ],
)
def test_a_range_that_is_empty_or_beyond_the_calendar_is_refused_by_methods_too(inspector_backend, begin, end, says):
    with pytest.raises(InvalidInputException, match=says):
        inspector_backend.list_findings(filter={"creationTimeRange": {"beginDate": begin, "endDate": end}})


@pytest.mark.parametrize("microsecond", [999_000, 999_500, 999_999])
def test_a_range_may_end_in_the_last_millisecond_of_year_9999(inspector_backend, client, microsecond):
    criteria = {"creationTimeRange": {"endDate": LAST.replace(microsecond=microsecond)}}
    for list_findings in (client.list_findings, inspector_backend.list_findings):
        assert list_findings(filter=criteria)["findingArns"] == []

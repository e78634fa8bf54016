"""Lists: their pages, the tokens between those, and what their filters mean."""

import datetime
import fnmatch
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_inspector.errors import InvalidInputException

from ..support.fast_subset import max_examples
from ..support.requests import FOREIGN_ACCOUNT, MODEL, create_target, create_template, send

LIMITS = dict.fromkeys(["assessment_targets", "assessment_templates", "assessment_runs", "agents"])
pytestmark = pytest.mark.mock_inspector(freeze=False, limits=LIMITS)

few_examples = settings(max_examples=max_examples(25), deadline=None, database=None)


# The ten lists, each with a way to lengthen and, where the API has one, to shorten it


def _stays(entry: str) -> object:
    raise NotImplementedError(f"{entry} cannot be removed")


@dataclass
class Listing:
    """A list of the API: what it is asked with, and how its entries come and go."""

    operation: str
    result: str
    add: Callable[[], str]
    question: Callable[[], dict[str, Any]] = dict
    remove: Callable[[str], object] = _stays
    identify: Callable[[Any], str] = str
    there: list[str] = field(default_factory=list)

    def fill(self, number: int) -> list[str]:
        """Add entries until there are that many, and return what identifies all of them, oldest first."""
        while len(self.there) < number:
            self.there.append(self.add())
        return list(self.there)

    def page(self, client: Any, question: dict[str, Any], **members: Any) -> tuple[list[str], str | None]:
        """What identifies the entries of one page, and the next token."""
        answer = getattr(client, xform_name(self.operation))(**question, **members)
        return [self.identify(entry) for entry in answer[self.result]], answer.get("nextToken")


_numbers = count()


def _name() -> str:
    return f"name {next(_numbers)}"


def _target(backend: Any) -> str:
    return create_target(backend, _name())


def _template(backend: Any) -> str:
    return create_template(backend, _target(backend))


def _ended_run(backend: Any, template: str) -> str:
    run = backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    backend.set_run_state(run, "COMPLETED")
    return str(run)


def _targets(backend: Any) -> Listing:
    return Listing(
        "ListAssessmentTargets",
        "assessmentTargetArns",
        add=lambda: _target(backend),
        remove=lambda arn: backend.delete_assessment_target(assessmentTargetArn=arn),
    )


def _templates(backend: Any) -> Listing:
    return Listing(
        "ListAssessmentTemplates",
        "assessmentTemplateArns",
        add=lambda: _template(backend),
        remove=lambda arn: backend.delete_assessment_template(assessmentTemplateArn=arn),
    )


def _runs(backend: Any) -> Listing:
    template = _template(backend)
    return Listing(
        "ListAssessmentRuns",
        "assessmentRunArns",
        add=lambda: _ended_run(backend, template),
        remove=lambda arn: backend.delete_assessment_run(assessmentRunArn=arn),
    )


def _findings(backend: Any) -> Listing:
    template = _template(backend)
    return Listing(
        "ListFindings",
        "findingArns",
        add=lambda: str(backend.add_finding(_ended_run(backend, template), {})),
        remove=lambda arn: backend.delete_assessment_run(assessmentRunArn=arn.rpartition("/finding/")[0]),
    )


def _exclusions(backend: Any) -> Listing:
    run = _ended_run(backend, _template(backend))
    return Listing(
        "ListExclusions",
        "exclusionArns",
        add=lambda: str(backend.add_exclusion(run, {})),
        question=lambda: {"assessmentRunArn": run},
    )


def _rules_packages(backend: Any) -> Listing:
    return Listing(
        "ListRulesPackages",
        "rulesPackageArns",
        add=lambda: str(backend.add_rules_package(_name())),
        there=backend.list_rules_packages(maxResults=100)["rulesPackageArns"],
    )


def _subscriptions(backend: Any) -> Listing:
    template = _template(backend)

    def event(topic: str) -> dict[str, str]:
        return {"resourceArn": template, "event": "FINDING_REPORTED", "topicArn": topic}

    def subscribe() -> str:
        topic = f"arn:aws:sns:{backend.region}:{backend.account_id}:topic-{next(_numbers)}"
        backend.subscribe_to_event(**event(topic))
        return topic

    return Listing(
        "ListEventSubscriptions",
        "subscriptions",
        add=subscribe,
        remove=lambda topic: backend.unsubscribe_from_event(**event(topic)),
        identify=lambda subscription: subscription["topicArn"],
    )


def _previewed_agents(backend: Any) -> Listing:
    target = _target(backend)
    return Listing(
        "PreviewAgents",
        "agentPreviews",
        add=lambda: str(backend.add_instance().instance_id),
        question=lambda: {"previewAgentsArn": target},
        remove=backend.remove_instance,
        identify=lambda agent: agent["agentId"],
    )


def _run_agents(backend: Any) -> Listing:
    template = _template(backend)
    return Listing(
        "ListAssessmentRunAgents",
        "assessmentRunAgents",
        add=lambda: str(backend.add_instance().instance_id),
        question=lambda: {"assessmentRunArn": _ended_run(backend, template)},
        identify=lambda agent: agent["agentId"],
    )


def _previewed_exclusions(backend: Any) -> Listing:
    template = _template(backend)

    def question() -> dict[str, str]:
        token = backend.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
        backend.clock.tick(60)
        return {"assessmentTemplateArn": template, "previewToken": token}

    return Listing(
        "GetExclusionsPreview",
        "exclusionPreviews",
        add=lambda: str(backend.add_instance(agent_health="UNHEALTHY").instance_id),
        question=question,
        identify=lambda exclusion: exclusion["attributes"][0]["value"],
    )


LISTINGS: dict[str, Callable[[Any], Listing]] = {
    "ListAssessmentTargets": _targets,
    "ListAssessmentTemplates": _templates,
    "ListAssessmentRuns": _runs,
    "ListFindings": _findings,
    "ListExclusions": _exclusions,
    "ListRulesPackages": _rules_packages,
    "ListEventSubscriptions": _subscriptions,
    "PreviewAgents": _previewed_agents,
    "ListAssessmentRunAgents": _run_agents,
    "GetExclusionsPreview": _previewed_exclusions,
}
PAGINATED = [operation for operation in LISTINGS if operation != "GetExclusionsPreview"]
WITHOUT_QUESTION = [name for name in LISTINGS if not MODEL.operation_model(name).input_shape.required_members]
SHRINKING = [
    "ListAssessmentTargets",
    "ListAssessmentTemplates",
    "ListAssessmentRuns",
    "ListFindings",
    "ListEventSubscriptions",
    "PreviewAgents",
]
MOST_ON_A_PAGE = {"ListEventSubscriptions": 50, "ListAssessmentRunAgents": 500}
DEFAULT_PAGE = {"ListExclusions": 100, "GetExclusionsPreview": 100}

every_list = pytest.mark.parametrize("operation", LISTINGS)


def _refusal(call: Callable[..., Any], *args: Any, **members: Any) -> str:
    """The errorCode of the InvalidInputException that answers a call of a client or of a backend."""
    with pytest.raises((ClientError, InvalidInputException)) as refused:
        call(*args, **members)
    if isinstance(refused.value, InvalidInputException):
        return str(refused.value.members["errorCode"])
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"
    return str(refused.value.response["errorCode"])


# Pages


def test_what_boto3_can_paginate_is_paged_here(client):
    assert sorted(PAGINATED) == [name for name in MODEL.operation_names if client.can_paginate(xform_name(name))]


@pytest.mark.parametrize("operation", PAGINATED)
def test_boto3s_paginator_comes_to_the_end_with_any_page_size(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    entries, question = listing.fill(13), listing.question()
    paginator = client.get_paginator(xform_name(operation))
    for size in (*range(1, 15), 500, 5000):
        pages = paginator.paginate(**question, PaginationConfig={"PageSize": size})
        shown = [[listing.identify(entry) for entry in page[listing.result]] for page in pages]
        assert shown == [entries[start : start + size] for start in range(0, len(entries), size)]


@pytest.mark.parametrize("operation", PAGINATED)
def test_an_empty_list_is_one_page(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    assert listing.page(client, listing.question()) == (listing.fill(0), None)


@every_list
def test_a_page_has_ten_entries_by_default_and_a_hundred_exclusions(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    size = DEFAULT_PAGE.get(operation, 10)
    entries = listing.fill(size + 1)
    shown, token = listing.page(client, listing.question())
    assert shown == entries[:size]
    assert token is not None


@every_list
def test_a_page_holds_no_more_than_the_answers_array(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    most = MOST_ON_A_PAGE.get(operation, 100)
    entries, question = listing.fill(most + 1), listing.question()
    for size in (500, 501, 5000):
        shown, token = listing.page(client, question, maxResults=size)
        assert shown == entries[:most]
        assert listing.page(client, question, maxResults=size, nextToken=token) == (entries[most:], None)


@pytest.mark.parametrize("size", [0, -1, -(2**31)])
@every_list
def test_a_page_of_less_than_one_entry_is_refused(operation, size, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    assert _refusal(listing.page, client, listing.question(), maxResults=size) == "INVALID_MAX_RESULTS"


@pytest.mark.parametrize("operation", SHRINKING)
def test_entries_that_come_and_go_between_pages_disturb_no_other(operation, inspector_backend, client):
    """What is shown next is what lies after the last entry shown, whatever became of that one."""

    @few_examples
    @given(size=st.integers(1, 4), plan=st.lists(st.lists(st.none() | st.integers(0, 20), max_size=4), max_size=6))
    def paging_goes_on(size, plan):
        inspector_backend.reset()
        listing = LISTINGS[operation](inspector_backend)
        entries, question, gone = listing.fill(6), listing.question(), set()
        begin, changes = 0, iter(plan)
        more: dict[str, Any] = {}
        while True:
            shown, token = listing.page(client, question, maxResults=size, **more)
            ahead = [entry for entry in entries[begin:] if entry not in gone]
            assert shown == ahead[:size]
            assert (token is None) == (len(ahead) <= size)
            if token is None:
                break
            begin, more = entries.index(shown[-1]) + 1, {"nextToken": token}
            for change in next(changes, []):
                if change is None:
                    entries.append(listing.add())
                elif (entry := entries[change % len(entries)]) not in gone:
                    listing.remove(entry)
                    gone.add(entry)

    paging_goes_on()


# Tokens


def _other_questions(backend: Any, operation: str) -> list[dict[str, Any]]:
    """What else a list can be asked."""
    filters: dict[str, dict[str, Any]] = {
        "ListAssessmentTargets": {"assessmentTargetNamePattern": "*"},
        "ListAssessmentTemplates": {"durationRange": {"minSeconds": 180}},
        "ListAssessmentRuns": {"states": ["COMPLETED"]},
        "ListFindings": {"severities": ["Informational"]},
        "ListAssessmentRunAgents": {"agentHealths": ["HEALTHY"], "agentHealthCodes": []},
    }
    template = _template(backend)
    narrower: dict[str, dict[str, Any]] = {
        "ListAssessmentTemplates": {"assessmentTargetArns": [template.rpartition("/template/")[0]]},
        "ListAssessmentRuns": {"assessmentTemplateArns": [template]},
        "ListFindings": {"assessmentRunArns": [_ended_run(backend, template)]},
        "ListEventSubscriptions": {"resourceArn": template},
    }
    another = LISTINGS[operation](backend).question()
    questions = [narrower[operation]] if operation in narrower else [another] if another else []
    return questions + ([{"filter": filters[operation]}] if operation in filters else [])


def _token(client: Any, listing: Listing, question: dict[str, Any]) -> str:
    token = listing.page(client, question, maxResults=1)[1]
    assert token is not None
    return token


@every_list
def test_a_token_serves_again_and_with_another_page_size(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    entries, question = listing.fill(7), listing.question()
    token = _token(client, listing, question)
    assert len(token) <= 300
    for size in (1, 3, 100, 3):
        assert listing.page(client, question, maxResults=size, nextToken=token)[0] == entries[1 : size + 1]


@pytest.mark.parametrize(
    "garbage", ["1", "null", "AAAA", "=" * 300, "nächste", "a b", "\x00", "😀", f"{'A' * 27}="], ids=ascii
)
@every_list
def test_a_token_that_is_none_is_refused(operation, garbage, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    listing.fill(2)
    code = _refusal(listing.page, client, listing.question(), nextToken=garbage)
    assert code == "INVALID_PAGINATION_TOKEN"


def test_a_token_that_was_tampered_with_is_refused(inspector_backend, client):
    listing = _targets(inspector_backend)
    listing.fill(3)
    token = _token(client, listing, {})
    for place, character in enumerate(token):
        for other in {"A", "z", "5", "_", "=", "\n", ""} - {character}:
            tampered = token[:place] + other + token[place + 1 :]
            assert _refusal(listing.page, client, {}, nextToken=tampered) == "INVALID_PAGINATION_TOKEN", tampered


@every_list
def test_a_token_of_another_operation_is_refused(operation, inspector_backend, client):
    listings = [make(inspector_backend) for make in LISTINGS.values()]
    for listing in listings:
        listing.fill(2)
    questions = {listing.operation: listing.question() for listing in listings}
    tokens = {listing.operation: _token(client, listing, questions[listing.operation]) for listing in listings}
    asked = next(listing for listing in listings if listing.operation == operation)
    tokens.pop(operation)
    for token in tokens.values():
        code = _refusal(asked.page, client, questions[operation], nextToken=token)
        assert code == "INVALID_PAGINATION_TOKEN"


@pytest.mark.parametrize("operation", [name for name in LISTINGS if name != "ListRulesPackages"])
def test_a_token_of_another_question_is_refused(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    listing.fill(2)
    question = listing.question()
    token = _token(client, listing, question)
    others = _other_questions(inspector_backend, operation)
    assert others
    for other in others:
        code = _refusal(listing.page, client, {**question, **other}, nextToken=token)
        assert code == "INVALID_PAGINATION_TOKEN"


@pytest.mark.parametrize("operation", WITHOUT_QUESTION)
def test_a_token_of_another_region_or_account_is_refused(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    listing.fill(7)
    token = _token(client, listing, {})
    for stranger in (inspector_backend.for_region("eu-west-1"), inspector_backend.for_account(FOREIGN_ACCOUNT)):
        LISTINGS[operation](stranger).fill(7)
        ask = getattr(stranger, xform_name(operation))
        assert _refusal(ask, nextToken=token) == "INVALID_PAGINATION_TOKEN"


# Filters that say nothing


def _questions_that_say_nothing() -> list[Any]:
    """Each filter and each list of the requests, empty, alone and, below the filter, one by one."""
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


@pytest.mark.parametrize(("operation", "saying_nothing"), _questions_that_say_nothing())
def test_an_empty_filter_or_list_filters_nothing(operation, saying_nothing, inspector_backend, unchecked_client):
    listing = LISTINGS[operation](inspector_backend)
    entries, question = listing.fill(5), listing.question()
    if operation == "ListAssessmentRuns":  # one that lies in no range of time
        entries.append(_starting_run(inspector_backend))
    assert listing.page(unchecked_client, {**question, **saying_nothing}) == (entries, None)


def _starting_run(backend: Any) -> str:
    run = _ended_run(backend, _template(backend))
    backend.set_run_state(run, "CREATED")
    return run


# Name patterns


def _named_target(backend: Any, names: list[str]) -> dict[str, str]:
    return {create_target(backend, name): name for name in names}


def _named_templates(backend: Any, names: list[str]) -> dict[str, str]:
    target = _target(backend)
    return {create_template(backend, target, name): name for name in names}


def _named_runs(backend: Any, names: list[str]) -> dict[str, str]:
    template = _template(backend)
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


def test_a_name_pattern_takes_every_other_character_as_it_is(matching):
    special = st.text("aA*?.[]!^$+\\(){}|-\n ", min_size=1, max_size=6)
    some_text = st.text("ab*?", min_size=1, max_size=6) | special

    @settings(few_examples, max_examples=100)
    @given(names=st.lists(some_text, min_size=1, max_size=8, unique=True), pattern=some_text)
    def matches_what_a_shell_would(names, pattern):
        only_wildcards = pattern.replace("[", "[[]")
        assert matching(names, pattern) == [name for name in names if fnmatch.fnmatchcase(name, only_wildcards)]

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
    target, listing = _target(inspector_backend), LISTINGS[operation](inspector_backend)
    durations = [181, 3600, 3601, 86399]
    templates = {
        create_template(inspector_backend, target, _name(), durationInSeconds=duration): duration
        for duration in durations
    }
    found = templates
    if operation == "ListAssessmentRuns":
        found = {_ended_run(inspector_backend, template): duration for template, duration in templates.items()}
    for low, high in _bounds_around(durations, 1):
        wanted = {"durationRange": _range(("minSeconds", "maxSeconds"), low, high)}
        shown = listing.page(client, {"filter": wanted})[0]
        assert [arn for arn in shown if arn in found] == _within(found, low, high)


@pytest.mark.parametrize(
    ("member", "described"),
    [
        ("startTimeRange", "startedAt"),
        ("completionTimeRange", "completedAt"),
        ("stateChangeTimeRange", "stateChangedAt"),
    ],
)
def test_ranges_of_a_runs_times_hold_both_ends_and_may_be_open(member, described, inspector_backend, unchecked_client):
    template = _template(inspector_backend)
    runs = []
    for _ in range(3):
        runs.append(inspector_backend.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
        inspector_backend.finish_run(runs[-1])
    shown = inspector_backend.describe_assessment_runs(assessmentRunArns=runs)["assessmentRuns"]
    _check_times(unchecked_client, _runs(inspector_backend), member, {run["arn"]: run[described] for run in shown})


def test_ranges_of_findings_times_hold_both_ends_and_may_be_open(inspector_backend, unchecked_client):
    run = _ended_run(inspector_backend, _template(inspector_backend))
    times = [1_458_067_582.826, 1_458_067_582.827, 1_500_000_000]
    findings = {inspector_backend.add_finding(run, {"createdAt": time}): time for time in times}
    _check_times(unchecked_client, _findings(inspector_backend), "creationTimeRange", findings)


def _check_times(client: Any, listing: Listing, member: str, times: Mapping[str, float]) -> None:
    """Ask for every range around the times, to the millisecond, which boto3 would cut off."""
    for low, high in _bounds_around(times.values(), 0.001):
        wanted = {member: _range(("beginDate", "endDate"), low, high)}
        answer = send(client, listing.operation, {"filter": wanted})
        assert answer[listing.result] == _within(times, low, high)


@pytest.mark.parametrize("member", ["startTimeRange", "completionTimeRange", "stateChangeTimeRange"])
def test_any_date_from_year_1_to_9999_serves(member, inspector_backend, client):
    run = _ended_run(inspector_backend, _template(inspector_backend))
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
    wanted = {member: {"beginDate": datetime.datetime(1, 1, 1)}}
    assert client.list_assessment_runs(filter=wanted)["assessmentRunArns"] == []


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
    assert _refusal(listing.page, client, {"filter": {member: _range(names, 3601, 3600)}}) == code
    assert listing.page(client, {"filter": {member: _range(names, 3600, 3600)}})[1] is None

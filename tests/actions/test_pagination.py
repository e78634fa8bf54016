"""Every list action page by page: page sizes and tokens."""

from typing import Any

import pytest
from botocore import xform_name
from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.aws import raises_api_error, start_run
from ..support.fast_subset import max_examples, sample
from ..support.listings import LIMITS, LISTINGS, Listing, add_completed_run, add_template, error_code_of
from ..support.requests import FOREIGN_ACCOUNT
from ..support.service_model import MODEL

pytestmark = pytest.mark.mock_inspector(freeze=False, limits=LIMITS)


few_examples = settings(max_examples=max_examples(25), deadline=None, database=None)


PAGINATED = [operation for operation in LISTINGS if operation != "GetExclusionsPreview"]


WITHOUT_REQUIRED_MEMBERS = [name for name in LISTINGS if not MODEL.operation_model(name).input_shape.required_members]


SHRINKING = [
    "ListAssessmentTargets",
    "ListAssessmentTemplates",
    "ListAssessmentRuns",
    "ListFindings",
    "ListEventSubscriptions",
    "PreviewAgents",
]


MAX_PAGE_SIZES = {"ListEventSubscriptions": 50, "ListAssessmentRunAgents": 500}


DEFAULT_PAGE = {"ListExclusions": 100, "GetExclusionsPreview": 100}


every_list = pytest.mark.parametrize("operation", LISTINGS)


# Pages


def test_what_boto3_can_paginate_is_paged_here(client):
    assert sorted(PAGINATED) == [name for name in MODEL.operation_names if client.can_paginate(xform_name(name))]


@pytest.mark.parametrize("operation", sample(3, PAGINATED))
def test_boto3s_paginator_comes_to_the_end_with_any_page_size(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    entries, params = listing.fill(13), listing.params()
    paginator = client.get_paginator(xform_name(operation))
    for size in (*range(1, 15), 500, 5000):
        pages = paginator.paginate(**params, PaginationConfig={"PageSize": size})
        shown = [[listing.identify(entry) for entry in page[listing.result]] for page in pages]
        assert shown == [entries[start : start + size] for start in range(0, len(entries), size)]


@pytest.mark.parametrize("operation", PAGINATED)
def test_an_empty_list_is_one_page(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    assert listing.page(client, listing.params()) == (listing.fill(0), None)


@every_list
def test_a_page_has_ten_entries_by_default_and_a_hundred_exclusions(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    size = DEFAULT_PAGE.get(operation, 10)
    entries = listing.fill(size + 1)
    shown, token = listing.page(client, listing.params())
    assert shown == entries[:size]
    assert token is not None


@pytest.mark.slow
@every_list
def test_a_page_holds_no_more_than_the_answers_array(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    maximum = MAX_PAGE_SIZES.get(operation, 100)
    entries, params = listing.fill(maximum + 1), listing.params()
    for size in (500, 501, 5000):
        shown, token = listing.page(client, params, maxResults=size)
        assert shown == entries[:maximum]
        assert listing.page(client, params, maxResults=size, nextToken=token) == (entries[maximum:], None)


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, -1, -(2**31)])
@every_list
def test_a_page_of_less_than_one_entry_is_refused(operation, size, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    assert error_code_of(listing.page, client, listing.params(), maxResults=size) == "INVALID_MAX_RESULTS"


@pytest.mark.parametrize("operation", SHRINKING)
def test_entries_that_come_and_go_between_pages_disturb_no_other(operation, inspector_backend, client):
    """What is shown next is what lies after the last entry shown, whatever became of that one."""

    @few_examples
    @given(size=st.integers(1, 4), plan=st.lists(st.lists(st.none() | st.integers(0, 20), max_size=4), max_size=6))
    def paging_goes_on(size, plan):
        inspector_backend.reset()
        listing = LISTINGS[operation](inspector_backend)
        entries, params, gone = listing.fill(6), listing.params(), set()
        begin, changes = 0, iter(plan)
        more: dict[str, Any] = {}
        while True:
            shown, token = listing.page(client, params, maxResults=size, **more)
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


def _other_parameters(backend: Any, operation: str) -> list[dict[str, Any]]:
    """Other parameters of a list action."""
    filters: dict[str, dict[str, Any]] = {
        "ListAssessmentTargets": {"assessmentTargetNamePattern": "*"},
        "ListAssessmentTemplates": {"durationRange": {"minSeconds": 180}},
        "ListAssessmentRuns": {"states": ["COMPLETED"]},
        "ListFindings": {"severities": ["Informational"]},
        "ListAssessmentRunAgents": {"agentHealths": ["HEALTHY"], "agentHealthCodes": []},
    }
    template = add_template(backend)
    narrower: dict[str, dict[str, Any]] = {
        "ListAssessmentTemplates": {"assessmentTargetArns": [template.rpartition("/template/")[0]]},
        "ListAssessmentRuns": {"assessmentTemplateArns": [template]},
        "ListFindings": {"assessmentRunArns": [add_completed_run(backend, template)]},
        "ListEventSubscriptions": {"resourceArn": template},
    }
    another = LISTINGS[operation](backend).params()
    other_parameters = [narrower[operation]] if operation in narrower else [another] if another else []
    return other_parameters + ([{"filter": filters[operation]}] if operation in filters else [])


def _token(client: Any, listing: Listing, params: dict[str, Any]) -> str:
    token = listing.page(client, params, maxResults=1)[1]
    assert token is not None
    return token


@every_list
def test_a_page_token_serves_again_and_with_another_page_size(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    entries, params = listing.fill(7), listing.params()
    token = _token(client, listing, params)
    assert len(token) <= 300
    for size in (1, 3, 100, 3):
        assert listing.page(client, params, maxResults=size, nextToken=token)[0] == entries[1 : size + 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "garbage", ["1", "null", "AAAA", "=" * 300, "nächste", "a b", "\x00", "😀", f"{'A' * 27}="], ids=ascii
)
@every_list
def test_an_invalid_page_token_is_refused(operation, garbage, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    listing.fill(2)
    code = error_code_of(listing.page, client, listing.params(), nextToken=garbage)
    assert code == "INVALID_PAGINATION_TOKEN"


def test_a_page_token_that_was_tampered_with_is_refused(inspector_backend, client):
    listing = LISTINGS["ListAssessmentTargets"](inspector_backend)
    listing.fill(3)
    token = _token(client, listing, {})
    for number, character in enumerate(token):
        for other in {"A", "z", "5", "_", "=", "\n", ""} - {character}:
            tampered = token[:number] + other + token[number + 1 :]
            assert error_code_of(listing.page, client, {}, nextToken=tampered) == "INVALID_PAGINATION_TOKEN", tampered


@pytest.mark.slow
@every_list
def test_a_page_token_has_one_spelling(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    listing.fill(30)
    params = listing.params()
    tokens = [listing.page(client, params, maxResults=size)[1] for size in range(1, 30)]
    for token in filter(None, tokens):
        standard = token.replace("-", "+").replace("_", "/")
        spellings = {
            f"{token}=",
            f"{token}==",
            token.rstrip("="),
            token.swapcase(),
            f" {token}",
            f"{token}\n",
            standard,
        }
        for other in spellings - {token}:
            assert error_code_of(listing.page, client, params, nextToken=other) == "INVALID_PAGINATION_TOKEN", other


@pytest.mark.mock_inspector(freeze=False, limits=LIMITS, max_page_size=3)
@every_list
def test_short_pages_have_a_token_and_lead_to_all_entries(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    entries, params = listing.fill(10), listing.params()
    for size in (1, 2, 3, 5, 10, 500, None):
        found: list[Any] = []
        more: dict[str, Any] = {} if size is None else {"maxResults": size}
        while True:
            shown, token = listing.page(client, params, **more)
            found += shown
            if token is None:
                break
            assert len(shown) == min(size or 10, 3)
            more["nextToken"] = token
        assert found == entries


@every_list
def test_a_page_token_of_another_operation_is_refused(operation, inspector_backend, client):
    listings = [make(inspector_backend) for make in LISTINGS.values()]
    for listing in listings:
        listing.fill(2)
    required = {listing.operation: listing.params() for listing in listings}
    tokens = {listing.operation: _token(client, listing, required[listing.operation]) for listing in listings}
    listing = next(listing for listing in listings if listing.operation == operation)
    tokens.pop(operation)
    for token in tokens.values():
        code = error_code_of(listing.page, client, required[operation], nextToken=token)
        assert code == "INVALID_PAGINATION_TOKEN"


@pytest.mark.parametrize("operation", [name for name in LISTINGS if name != "ListRulesPackages"])
def test_a_page_token_of_another_request_is_refused(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    listing.fill(2)
    params = listing.params()
    token = _token(client, listing, params)
    others = _other_parameters(inspector_backend, operation)
    assert others
    for other in others:
        code = error_code_of(listing.page, client, {**params, **other}, nextToken=token)
        assert code == "INVALID_PAGINATION_TOKEN"


@pytest.mark.parametrize("operation", WITHOUT_REQUIRED_MEMBERS)
def test_a_page_token_of_another_region_or_account_is_refused(operation, inspector_backend, client):
    listing = LISTINGS[operation](inspector_backend)
    listing.fill(7)
    token = _token(client, listing, {})
    for other in (inspector_backend.for_region("eu-west-1"), inspector_backend.for_account(FOREIGN_ACCOUNT)):
        LISTINGS[operation](other).fill(7)
        list_page = getattr(other, xform_name(operation))
        assert error_code_of(list_page, nextToken=token) == "INVALID_PAGINATION_TOKEN"


def test_a_token_is_refused_with_a_filter_whose_value_is_zero(inspector_backend, client):
    template = add_template(inspector_backend)
    for _ in range(3):
        inspector_backend.finish_run(start_run(client, template))
    from_1970 = {"startTimeRange": {"beginDate": 0}}
    token = client.list_assessment_runs(maxResults=1, filter=from_1970)["nextToken"]
    assert len(client.list_assessment_runs(nextToken=token, filter=from_1970)["assessmentRunArns"]) == 2
    others: list[Any] = [{}, {"completionTimeRange": {"beginDate": 0}}, {"startTimeRange": {}}]
    for other in others:
        with raises_api_error("InvalidInputException", "INVALID_PAGINATION_TOKEN"):
            client.list_assessment_runs(nextToken=token, filter=other)

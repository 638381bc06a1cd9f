"""How far a reading is: which exports it needs next, and when it is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from observes_assets.sources.zoho.exports import (
    STUCK_AFTER,
    TRIES,
    Export,
    Page,
    first_pages,
    progress_of,
)
from observes_assets.sources.zoho.streams import Span, question

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
BORDERS = [AT - timedelta(days=20), AT - timedelta(days=10)]


def export(page: Page | None = None, *, state: str = "ADDED", **more: Any) -> Export:
    return Export("1", page or Page("Leads", "r", True, 1, 1, Span()), AT, state, **more)


def completed(page: Page, *, more: bool = False, count: int = 3) -> Export:
    token = f"after {page.page_number}" if more else None
    result = {"count": count, "more_records": more, "next_page_token": token}
    return export(page, state="COMPLETED", result=result)


@pytest.mark.parametrize("state", ["ADDED", "QUEUED", "IN PROGRESS", "INPROGRESS", "SCHEDULED", ""])
def test_an_unknown_state_is_not_finished(state: str) -> None:
    seen = export().seen({"state": state, "result": {"count": 3, "download_url": "/x"}}, AT)
    assert seen.is_under_way
    assert seen.result is None, "documents show unfinished exports with a result"
    assert progress_of([seen]).under_way == (seen,)


@pytest.mark.parametrize("state", ["FAILURE", "FAILED"])
def test_a_failed_export_is_asked_for_again_so_often(state: str) -> None:
    seen = export().seen({"state": state}, AT)
    (again,) = progress_of([seen]).wanted
    assert again == replace(seen.page, try_number=2)
    last = replace(seen, page=replace(seen.page, try_number=TRIES))
    assert progress_of([seen, last]).lost == last


def test_an_export_that_is_queued_for_hours_is_stuck() -> None:
    assert export().seen({"state": "QUEUED"}, AT + STUCK_AFTER).is_under_way
    assert export().seen({"state": "QUEUED"}, AT + STUCK_AFTER + timedelta(seconds=1)).ended_as == "stuck"
    late = export().seen({"state": "COMPLETED", "result": {"count": 0}}, AT + 2 * STUCK_AFTER)
    assert late.ended_as is None, "what is completed at last is not thrown away"


def test_more_records_are_followed_by_the_page_s_own_word() -> None:
    first = completed(Page("Leads", "r", True, 1, 1, Span()), more=True)
    (second,) = progress_of([first]).wanted
    assert (second.page_number, second.page_token) == (2, "after 1")
    asked = question("Leads", second.span, page_number=2, page_token=second.page_token)
    assert asked["query"]["page_token"] == "after 1"
    assert "page" not in asked["query"]
    empty = completed(second, count=0)
    assert progress_of([first, empty]).results == (first, empty), "a last page may be empty"


def test_the_last_span_is_asked_for_when_the_others_are_done() -> None:
    one, two = first_pages("Leads", "r", since=None, borders=BORDERS)
    assert [page.span for page in (one, two)] == [Span(None, BORDERS[0]), Span(BORDERS[0], BORDERS[1])]
    assert progress_of([completed(one), export(two)]).wanted == ()
    (tail,) = progress_of([completed(one), completed(two)]).wanted
    assert (tail.span, tail.span_number) == (Span(BORDERS[1]), 3)
    done = progress_of([completed(one), completed(two), completed(tail)])
    assert [found.page for found in done.results] == [one, two, tail]


def test_a_page_of_a_span_comes_before_the_last_span() -> None:
    one, two = first_pages("Leads", "r", since=None, borders=BORDERS)
    (page,) = progress_of([completed(one, more=True), completed(two)]).wanted
    assert (page.span_number, page.page_number) == (1, 2)


def test_what_changed_is_one_open_span() -> None:
    (page,) = first_pages("Leads", "r", since=AT, borders=())
    asked = question("Leads", page.span, page_number=1, page_token=None)["query"]
    assert asked["criteria"] == {
        "field": {"api_name": "Modified_Time"},
        "comparator": "greater_equal",
        "value": "2026-03-02T09:00:00+00:00",
    }
    assert "fields" not in asked, "no fields: all of them, tomorrow's too"


def test_a_span_with_two_ends_is_a_group() -> None:
    asked = question("Leads", Span(AT, AT + timedelta(days=1)), page_number=1, page_token=None)["query"]
    assert asked["criteria"]["group_operator"] == "and"
    assert [one["comparator"] for one in asked["criteria"]["group"]] == ["greater_equal", "less_than"]


def test_parts_that_were_never_asked_for_are_in_the_last_one() -> None:
    one, _two = first_pages("Leads", "r", since=None, borders=BORDERS)
    (tail,) = progress_of([completed(one)]).wanted
    assert (tail.span, tail.span_number) == (Span(BORDERS[0]), 3)

"""What REST's listings do to careless readers: one test a trap."""

from datetime import timedelta
from typing import Any

import pytest

from observes_assets.errors import PermanentError, SourceError
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.failures import UnreadableError
from observes_assets.sources.github.issues import issue_comments, issue_events, issues, labels
from observes_assets.sources.github.walk import instant, stamp
from tests.integration.sources.github.conftest import SITE, issue, read, walk_from
from tests.integration.sources.github.vendor import PREFIX, Asked, Reply, Vendor

ISSUES = "/repos/octo/site/issues"


def counts(vendor: Vendor, **found: int) -> None:
    """Let GitHub count."""
    vendor.graphql["counts"] = {"node": {name: {"totalCount": count} for name, count in found.items()}}


def numbers(walk: Any) -> list[int]:
    return [one["number"] for one in read(walk)]


def test_pull_requests_in_the_issues_listing_are_no_issues(client: Client, vendor: Vendor) -> None:
    vendor.paged(ISSUES, [issue(1), issue(2, pull_request={"url": "…"}), issue(3)])
    counts(vendor, issues=2)
    issues(client, SITE, walk := walk_from())
    assert numbers(walk) == [1, 3]
    assert (walk.kind, walk.reported_count) == ("complete", 2)


def test_closed_issues_are_asked_for(client: Client, vendor: Vendor) -> None:
    vendor.paged(ISSUES, [issue(1, state="closed", state_reason="not_planned")])
    counts(vendor, issues=1)
    issues(client, SITE, walk := walk_from())
    assert vendor.asked[0].query["state"] == "all"
    assert read(walk)[0]["state_reason"] == "not_planned"


def test_a_repository_that_was_renamed_keeps_the_query(client: Client, vendor: Vendor) -> None:
    vendor.rest[ISSUES] = Reply(None, 301, {"Location": f"{vendor.url}{PREFIX}/repositories/1/issues"})
    vendor.paged("/repositories/1/issues", [issue(1)])
    counts(vendor, issues=1)
    issues(client, SITE, walk_from())
    assert vendor.asked[1].path == "/repositories/1/issues"
    assert vendor.asked[1].query["state"] == "all"


@pytest.mark.parametrize("per_page", [100, 2])
def test_pages_end_where_there_is_no_next_link(client: Client, vendor: Vendor, per_page: int) -> None:
    vendor.paged(ISSUES, [issue(number) for number in range(5)], per_page=per_page)
    counts(vendor, issues=5)
    issues(client, SITE, walk := walk_from())
    assert numbers(walk) == [0, 1, 2, 3, 4]
    assert vendor.asked[0].query["per_page"] == "100"  # more would silently be cut


def test_equal_updated_at_on_a_page_border_loses_nothing(client: Client, vendor: Vendor) -> None:
    second = "2026-11-16T08:00:00Z"
    vendor.paged(ISSUES, [issue(1, second), issue(2, second)], per_page=1)
    counts(vendor, issues=2)
    issues(client, SITE, walk := walk_from())
    # A third one got the same second after we had looked.
    vendor.paged(ISSUES, [issue(3, second)])
    issues(client, SITE, again := walk_from(walk.cursor))
    assert vendor.asked[-1].query["since"] == "2026-11-16T07:55:00Z"
    assert vendor.asked[-1].query["direction"] == "asc"
    assert numbers(again) == [3]


def test_an_issue_touched_while_paging_comes_again_and_the_last_one_counts(
    client: Client, vendor: Vendor
) -> None:
    touched = issue(1, "2026-11-16T08:59:00Z", title="New")
    vendor.paged(ISSUES, [issue(1), issue(2), touched], per_page=2)
    counts(vendor, issues=2)
    issues(client, SITE, walk := walk_from())
    assert walk.kind == "complete"
    assert [one["title"] for one in read(walk) if one["number"] == 1] == ["Issue 1", "New"]
    assert walk.cursor is not None
    assert walk.cursor["newest_at"] == "2026-11-16T08:59:00Z"


def test_a_row_pushed_over_a_page_border_is_read_in_a_second_pass(client: Client, vendor: Vendor) -> None:
    rows = [issue(1), issue(2), issue(3)]
    pages = iter([[rows[0]], [rows[2]], *[[one] for one in rows]])  # 2 slipped through

    def answer(asked: Asked) -> Reply:
        part = next(pages)
        more = {"Link": f'<{vendor.url}{PREFIX}{ISSUES}?page=2>; rel="next"'}
        return Reply(part, headers=more if part != [rows[2]] else {})

    vendor.rest[ISSUES] = answer
    counts(vendor, issues=3)
    issues(client, SITE, walk := walk_from())
    assert numbers(walk) == [1, 2, 3]
    assert (walk.kind, walk.reported_count) == ("complete", 3)


def test_a_listing_that_never_adds_up_takes_nothing_for_gone(client: Client, vendor: Vendor) -> None:
    vendor.paged(ISSUES, [issue(1)])
    counts(vendor, issues=2)
    issues(client, SITE, walk := walk_from(known={"1001": {"number": "1"}, "1009": {"number": "9"}}))
    assert (walk.kind, walk.reported_count, walk.disappeared) == ("differential", None, [])


def test_since_is_utc_whatever_offset_a_time_has() -> None:
    at = instant("2026-11-16T13:30:00.250+05:30")
    assert at is not None
    assert stamp(at) == "2026-11-16T08:00:00Z"
    with pytest.raises(ValueError, match="offset"):
        instant("2026-11-16T08:00:00")


def test_the_newest_at_comes_from_the_data_and_stays_when_nothing_is_new(
    client: Client, vendor: Vendor
) -> None:
    start = {"newest_at": "2026-11-01T00:00:00Z", "swept_at": "2026-11-16T08:00:00Z"}
    vendor.paged(ISSUES, [])
    issues(client, SITE, walk := walk_from(start))
    assert walk.cursor is not None
    assert walk.cursor["newest_at"] == start["newest_at"]
    assert walk.cursor["swept_at"] == start["swept_at"]


def test_an_issue_that_did_not_change_is_no_news_and_costs_no_quota(client: Client, vendor: Vendor) -> None:
    vendor.paged(ISSUES, [issue(1)])
    counts(vendor, issues=1)
    issues(client, SITE, first := walk_from())
    issues(client, SITE, second := walk_from(first.cursor))  # its etag is of another address
    issues(client, SITE, third := walk_from(second.cursor))
    assert (first.has_news, second.has_news, third.has_news) == (True, True, False)
    assert vendor.asked[-1].headers["if-none-match"]


def test_an_issue_of_which_only_the_time_moved_is_read_again(client: Client, vendor: Vendor) -> None:
    start = {"newest_at": "2026-11-16T08:00:00Z", "swept_at": "2026-11-16T08:00:00Z"}
    vendor.paged(ISSUES, [issue(1, "2026-11-16T08:30:00Z")])
    issues(client, SITE, walk := walk_from(start))
    assert (walk.has_news, walk.cursor and walk.cursor["newest_at"]) == (True, "2026-11-16T08:30:00Z")
    assert read(walk) == [{**issue(1), "updated_at": "2026-11-16T08:30:00Z", "repository_id": SITE.id}]


def test_ghosts_bots_and_renamed_people_are_kept_as_they_come(client: Client, vendor: Vendor) -> None:
    bot = {"id": 5, "login": "robot[bot]", "type": "Bot"}
    vendor.paged(ISSUES, [issue(1, user=None), issue(2, user=bot)])
    counts(vendor, issues=2)
    issues(client, SITE, walk := walk_from())
    assert [one["user"] for one in read(walk)] == [None, bot]


@pytest.mark.parametrize(
    ("reply", "fate", "moved_to"),
    [
        (Reply({"message": "This issue was deleted"}, 410), "deleted", None),
        (Reply({"message": "Not Found"}, 404), "deleted", None),
        (
            Reply(None, 301, {"Location": "/repositories/2/issues/7"}),
            "transferred",
            {"id": "777", "number": 7, "repository": "octo/other"},
        ),
    ],
)
def test_deleted_and_transferred_issues_are_told_apart_by_a_look_up(
    client: Client, vendor: Vendor, reply: Reply, fate: str, moved_to: dict[str, Any] | None
) -> None:
    if "Location" in reply.headers:
        reply = Reply(None, 301, {"Location": f"{vendor.url}{PREFIX}{reply.headers['Location']}"})
    vendor.paged(ISSUES, [issue(1)])
    vendor.rest[f"{ISSUES}/9"] = reply
    vendor.rest["/repositories/2/issues/7"] = {
        "id": 777,
        "number": 7,
        "repository_url": f"{vendor.url}{PREFIX}/repos/octo/other",
    }
    counts(vendor, issues=1)
    known = {"1001": {"number": "1"}, "1009": {"number": "9"}}
    issues(client, SITE, walk := walk_from(known=known))
    (gone,) = walk.disappeared
    assert (gone["id"], gone["number"], gone["fate"], gone["moved_to"]) == ("1009", 9, fate, moved_to)
    assert walk.kind == "complete"


def test_an_issue_that_a_sweep_only_missed_is_kept(client: Client, vendor: Vendor) -> None:
    vendor.paged(ISSUES, [issue(1)])
    vendor.rest[f"{ISSUES}/9"] = issue(9)
    counts(vendor, issues=1)
    issues(client, SITE, walk := walk_from(known={"1009": {"number": "9"}}))
    assert numbers(walk) == [1, 9]
    assert (walk.disappeared, walk.reported_count) == ([], 2)


def test_issues_of_a_private_repository_are_unreadable_not_gone(client: Client, vendor: Vendor) -> None:
    with pytest.raises(UnreadableError, match="octo/site: does not exist, or the token may not see it"):
        issues(client, SITE, walk_from())


def test_issues_that_are_turned_off_are_not_an_empty_list(client: Client, vendor: Vendor) -> None:
    vendor.rest[ISSUES] = Reply({"message": "Issues are disabled for this repo"}, 410)
    with pytest.raises(UnreadableError, match="turned off"):
        issues(client, SITE, walk_from())


def test_partial_single_sign_on_results_are_an_error(client: Client, vendor: Vendor) -> None:
    vendor.rest[ISSUES] = Reply([issue(1)], headers={"X-GitHub-SSO": "partial-results; organizations=1,2"})
    with pytest.raises(PermanentError, match="leaves rows out"):
        issues(client, SITE, walk_from())


def test_a_failed_page_fails_the_window(client: Client, vendor: Vendor) -> None:
    vendor.rest[ISSUES] = Reply(
        [issue(1)], headers={"Link": f'<{vendor.url}{PREFIX}/nowhere?page=2>; rel="next"'}
    )
    with pytest.raises(SourceError):
        issues(client, SITE, walk_from())


def test_events_are_walked_back_past_the_newest_at_and_a_margin(client: Client, vendor: Vendor) -> None:
    times = ["08:00", "07:57", "07:50", "06:59", "06:00"]
    rows = [
        {
            "id": 100 - at,
            "event": "closed",
            "created_at": f"2026-11-16T{time}:00Z",
            "issue": issue(at, body="…", pull_request={}),
        }
        for at, time in enumerate(times)
    ]
    vendor.paged(f"{ISSUES}/events", rows, per_page=1)
    start = {"newest_at": "2026-11-16T08:00:00Z", "swept_at": "2026-11-16T08:00:00Z"}
    issue_events(client, SITE, walk := walk_from(start, sweep_every=None))
    assert [one["id"] for one in read(walk)] == [100, 99]  # 98 is older than the overlap
    assert len(vendor.asked) == 5  # the fifth is older than the margin: rows may be out of order above it
    assert read(walk)[0]["issue"] == {"id": 1000, "node_id": "I_0", "number": 0, "is_pull_request": True}


def test_events_end_where_github_lists_no_further_back(client: Client, vendor: Vendor) -> None:
    row = {"id": 1, "event": "closed", "created_at": "2026-11-16T08:00:00Z", "issue": issue(1)}
    vendor.rest[f"{ISSUES}/events"] = Reply(
        [row], headers={"Link": f'<{vendor.url}{PREFIX}/end?page=2>; rel="next"'}
    )
    vendor.rest["/end"] = Reply(
        {"message": "In order to keep the API fast for everyone, pagination is limited for this resource."},
        422,
    )
    issue_events(client, SITE, walk := walk_from(sweep_every=None))
    assert len(read(walk)) == 1


def test_comments_are_read_for_the_whole_repository(client: Client, vendor: Vendor) -> None:
    vendor.paged(f"{ISSUES}/comments", [{"id": 7, "updated_at": "2026-11-16T08:00:00Z", "body": "…"}])
    issue_comments(client, SITE, walk := walk_from())
    assert [one["repository_id"] for one in read(walk)] == ["1"]


def test_a_sweep_is_due_by_the_vendors_clock(client: Client) -> None:
    swept = {"newest_at": "2026-11-16T08:00:00Z", "swept_at": "2026-11-15T09:00:00Z"}
    assert walk_from(swept, sweep_every=timedelta(hours=24)).is_sweep
    assert not walk_from(swept, sweep_every=timedelta(hours=25)).is_sweep
    assert not walk_from(swept, sweep_every=None).is_sweep
    assert walk_from(swept, sweep_every=timedelta(0)).is_sweep


def test_labels_that_are_as_they_were_cost_no_quota(client: Client, vendor: Vendor) -> None:
    vendor.paged("/repos/octo/site/labels", [{"id": 1, "name": "bug"}])
    counts(vendor, labels=1)
    labels(client, SITE, first := walk_from(sweep_every=timedelta(0)))
    labels(client, SITE, second := walk_from(first.cursor, sweep_every=timedelta(0)))
    assert (first.kind, first.has_news, second.has_news) == ("complete", True, False)
    assert len(vendor.asked) == 3  # twice the listing, once the count

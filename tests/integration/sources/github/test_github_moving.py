"""Rows that move while pages of them are read, and readings that end in the middle: nothing slips through."""

from datetime import timedelta
from typing import Any

import pytest

from observes_assets.sources.github.client import Client
from observes_assets.sources.github.issues import issue_comments, issues
from observes_assets.sources.github.pace import StoppedError
from observes_assets.sources.github.people import repositories, team_members
from observes_assets.sources.github.places import Owner
from tests.integration.sources.github.conftest import SITE, MakeClient, issue, read, walk_from
from tests.integration.sources.github.vendor import EPOCH, PREFIX, Reply, Vendor, connection

ISSUES = "/repos/octo/site/issues"
COMMENTS = f"{ISSUES}/comments"
OCTO = Owner("1", "octo", is_organization=True)
SPENT = {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-resource": "core",
    "x-ratelimit-reset": str(EPOCH + 1800),
}


def comment(number: int, at: str) -> dict[str, Any]:
    return {"id": number, "updated_at": f"2026-11-16T{at}:00Z"}


def serve(vendor: Vendor, path: str, *pages: list[dict[str, Any]] | Reply) -> None:
    """Serve pages one after the other, pass after pass; an empty one ends a pass."""
    waiting = list(pages)

    def answer(_asked: Any) -> Reply:
        page = waiting.pop(0)
        if isinstance(page, Reply):
            return page
        is_last = not waiting or not waiting[0]
        if is_last and waiting:
            waiting.pop(0)
        more = {"Link": f'<{vendor.url}{PREFIX}{path}?page=2>; rel="next"'}
        return Reply(page, headers={} if is_last else more)

    vendor.rest[path] = answer


def test_a_second_pass_that_is_cut_short_leaves_no_hole(make_client: MakeClient, vendor: Vendor) -> None:
    """The first pass saw the newest issue and lacked one; the second one ended behind its first page."""
    first, newest = issue(6, "2026-11-16T06:00:00Z"), issue(8, "2026-11-16T08:00:00Z")
    limit = Reply({"message": "API rate limit exceeded for user ID 583231."}, 403, SPENT)
    serve(vendor, ISSUES, [first], [newest], [], [first], limit)
    vendor.graphql["counts"] = {"node": {"issues": {"totalCount": 3}}}
    walk = walk_from()
    with pytest.raises(StoppedError):
        issues(make_client(wait=1), SITE, walk)
    walk.cut_short()
    assert [one["number"] for one in read(walk)] == [6]
    assert walk.cursor is not None
    assert walk.cursor["newest_at"] == first["updated_at"]


def test_a_comment_that_slipped_over_a_border_is_read_in_a_second_pass(
    client: Client, vendor: Vendor
) -> None:
    """The first one was edited meanwhile: it comes again, and the third one has moved to the first page."""
    one, two, three, edited = (
        comment(1, "06:00"),
        comment(2, "06:01"),
        comment(3, "06:02"),
        comment(1, "08:00"),
    )
    serve(vendor, COMMENTS, [one, two], [edited], [], [two, three], [edited])
    issue_comments(client, SITE, walk := walk_from())
    assert {row["id"] for row in read(walk)} == {1, 2, 3}
    assert (walk.kind, walk.cursor and walk.cursor["newest_at"]) == ("complete", edited["updated_at"])


def test_comments_that_never_stand_still_take_nothing_for_gone(client: Client, vendor: Vendor) -> None:
    moving = [[comment(1, "06:00")], [comment(1, "07:00")], []]
    serve(vendor, COMMENTS, *moving, *moving, *moving)
    issue_comments(client, SITE, walk := walk_from())
    assert walk.kind == "differential"


def test_a_sweep_of_comments_goes_by_their_birth(client: Client, vendor: Vendor) -> None:
    """No edit moves them then. One that is edited after it was read, while we read, is asked for again."""
    swept = {"newest_at": "2026-11-16T06:00:00Z", "swept_at": "2026-11-01T00:00:00Z"}
    vendor.paged(COMMENTS, [comment(1, "08:00"), comment(2, "09:30")])
    issue_comments(client, SITE, walk := walk_from(swept, sweep_every=timedelta(days=7)))
    assert (vendor.asked[0].query["sort"], vendor.asked[0].query["direction"]) == ("created", "asc")
    assert (walk.kind, walk.cursor and walk.cursor["newest_at"]) == ("complete", "2026-11-16T09:00:00Z")


def test_a_repository_that_slipped_over_a_border_is_kept(client: Client, vendor: Vendor) -> None:
    vendor.paged("/orgs/octo/repos", [{"id": 1, "full_name": "octo/a"}])
    vendor.rest["/repositories/2"] = {"id": 2, "full_name": "octo/b", "owner": {"id": 1}}
    vendor.rest["/repositories/3"] = {"id": 3, "full_name": "ada/c", "owner": {"id": 9}}
    known: dict[str, Any] = {"1": {}, "2": {}, "3": {}, "4": {}}
    repositories(client, OCTO, walk := walk_from(known=known, sweep_every=timedelta(0)))
    assert [row["id"] for row in read(walk)] == [1, 2]
    fates = [(one["id"], one["fate"]) for one in walk.disappeared]
    assert fates == [("3", "transferred"), ("4", "unreadable")]


def test_a_repository_that_is_no_longer_wanted_is_unlisted(client: Client, vendor: Vendor) -> None:
    vendor.rest["/repos/octo/a"] = {"id": 1, "full_name": "octo/a"}
    vendor.rest["/repositories/2"] = {"id": 2, "full_name": "octo/b", "owner": {"id": 1}}
    wanted = Owner("1", "octo", is_organization=True, wanted=("octo/a",))
    repositories(client, wanted, walk := walk_from(known={"1": {}, "2": {}}, sweep_every=timedelta(0)))
    assert [one["fate"] for one in walk.disappeared] == ["unlisted"]


def test_a_change_behind_a_teams_first_page_is_news(client: Client, vendor: Vendor) -> None:
    def serve_team(last_member: str) -> None:
        def page(name: str, **more: Any) -> dict[str, Any]:
            nodes = [{"role": "MEMBER", "node": {"id": name}}]
            return {**connection([], total=2, **more), "edges": nodes}

        team = {"id": "T_1", "slug": "core", "members": page("U_1", after="more")}
        vendor.graphql["teams"] = {"organization": {"teams": connection([team])}}
        vendor.graphql["team_members"] = {"node": {"members": page(last_member)}}

    serve_team("U_2")
    team_members(client, OCTO, first := walk_from(sweep_every=timedelta(0)))
    serve_team("U_3")
    team_members(client, OCTO, second := walk_from(first.cursor, sweep_every=timedelta(0)))
    assert [row["id"] for row in read(second)] == ["U_1", "U_3"]
    assert second.has_news

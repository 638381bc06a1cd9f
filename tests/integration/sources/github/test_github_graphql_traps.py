"""What projects and pull requests do to careless readers: one test a trap."""

from datetime import timedelta
from typing import Any

import pytest
from graphql import parse

from observes_assets.errors import PermanentError, TransientError
from observes_assets.sandbox.github.graphql.costs import cost
from observes_assets.sources.github import queries
from observes_assets.sources.github.boards import project_fields, project_items, projects
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.issues import issue_parents
from observes_assets.sources.github.people import teams
from observes_assets.sources.github.places import Owner, Project
from observes_assets.sources.github.pull_requests import pull_requests, reviews
from tests.integration.sources.github.conftest import SITE, read, walk_from
from tests.integration.sources.github.vendor import Asked, Reply, Vendor, connection

BOARD = Project("PVT_1", "Roadmap")
HOURLY = timedelta(hours=1)


def item(number: int, *values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"PVTI_{number}",
        "type": "ISSUE",
        "isArchived": False,
        "fieldValues": connection(list(values)),
        "content": {"__typename": "Issue", "id": f"I_{number}"},
        **more,
    }


def board(vendor: Vendor, *pages: dict[str, Any]) -> None:
    """Serve pages of items, one a request; the last one for ever."""
    waiting = list(pages)

    def answer(_asked: Asked) -> dict[str, Any]:
        page = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return {"node": {"items": page}}

    vendor.graphql["project_items"] = answer


def ids(walk: Any) -> list[str]:
    return [one["id"] for one in read(walk)]


def test_cards_moved_while_paging_are_read_again_until_they_add_up(client: Client, vendor: Vendor) -> None:
    board(
        vendor,
        connection([item(1), item(2)], total=3, after="two"),
        connection([item(2)], total=3),  # 3 was dragged to the top
        connection([item(3), item(1)], total=3, after="two"),
        connection([item(2)], total=3),
    )
    project_items(client, BOARD, walk := walk_from())
    assert sorted(ids(walk)) == ["PVTI_1", "PVTI_2", "PVTI_3"]
    assert (walk.kind, walk.reported_count) == ("complete", 3)


def test_a_board_that_never_stands_still_takes_nothing_for_gone(client: Client, vendor: Vendor) -> None:
    board(vendor, connection([item(1)], total=2))
    vendor.graphql["items_by_id"] = {"nodes": [None]}
    project_items(client, BOARD, walk := walk_from(known={"PVTI_2": {}}))
    assert (walk.kind, walk.reported_count) == ("differential", None)
    assert walk.doubt == "GitHub counts 2 and shows 1"
    # It is said until a sweep adds up.
    assert walk_from(walk.cursor).doubt == walk.doubt
    board(vendor, connection([item(1), item(2)]))
    project_items(client, BOARD, later := walk_from(walk.cursor, sweep_every=timedelta(0)))
    assert (later.kind, later.doubt) == ("complete", None)
    assert later.cursor is not None
    assert "doubt" not in later.cursor


def test_a_cleared_field_is_not_there_anymore(client: Client, vendor: Vendor) -> None:
    points = {"__typename": "ProjectV2ItemFieldNumberValue", "number": 0.5, "field": {"name": "Points"}}
    board(vendor, connection([item(1, points)]), connection([item(1)]))
    project_items(client, BOARD, before := walk_from())
    project_items(client, BOARD, after := walk_from(before.cursor, sweep_every=timedelta(0)))
    assert [one["number"] for one in read(before)[0]["fieldValues"]] == [0.5]  # half points are kept
    assert read(after)[0]["fieldValues"] == []
    assert after.has_news


def test_more_field_values_than_a_page_are_all_read(client: Client, vendor: Vendor) -> None:
    full = item(1) | {"fieldValues": connection([{"text": "a"}], after="more")}
    board(vendor, connection([full]))
    vendor.graphql["field_values_of_one"] = {"node": {"fieldValues": connection([{"text": "b"}])}}
    project_items(client, BOARD, walk := walk_from())
    assert [one["text"] for one in read(walk)[0]["fieldValues"]] == ["a", "b"]


def test_redacted_items_stay(client: Client, vendor: Vendor) -> None:
    board(vendor, connection([item(1, type="REDACTED", content=None)]))
    project_items(client, BOARD, walk := walk_from())
    assert [(one["type"], one["content"]) for one in read(walk)] == [("REDACTED", None)]


def test_content_that_we_may_not_see_does_not_fail_the_page(client: Client, vendor: Vendor) -> None:
    path = ["node", "items", "nodes", 0, "content"]
    body = {
        "data": {"node": {"items": connection([item(1, content=None)])}},
        "errors": [{"type": "FORBIDDEN", "path": path, "message": "…"}],
    }
    vendor.graphql["project_items"] = Reply(body)
    project_items(client, BOARD, walk := walk_from())
    assert ids(walk) == ["PVTI_1"]


def test_data_and_errors_together_fail_the_page(client: Client, vendor: Vendor) -> None:
    body = {
        "data": {"node": {"items": connection([item(1)])}},
        "errors": [{"type": "INTERNAL", "path": ["node", "items", "nodes", 1]}],
    }
    vendor.graphql["project_items"] = Reply(body)
    with pytest.raises(TransientError, match="data and errors"):
        project_items(client, BOARD, walk_from())


def test_finished_iterations_come_with_the_others(client: Client, vendor: Vendor) -> None:
    field = {
        "id": "F",
        "name": "Sprint",
        "configuration": {"iterations": [{"id": "b"}], "completedIterations": [{"id": "a"}]},
    }
    vendor.graphql["project_fields"] = {"node": {"fields": connection([field])}}
    project_fields(client, BOARD, walk := walk_from(sweep_every=timedelta(0)))
    configuration = read(walk)[0]["configuration"]
    assert [one["id"] for one in configuration["completedIterations"]] == ["a"]
    assert "completedIterations" in vendor.asked[0].body["query"]


def test_an_edited_iteration_field_is_a_new_version_of_it(client: Client, vendor: Vendor) -> None:
    fields = [{"id": "F", "configuration": {"iterations": [{"id": one, "title": "7"}]}} for one in "ab"]
    vendor.graphql["project_fields"] = {"node": {"fields": connection(fields[:1])}}
    project_fields(client, BOARD, first := walk_from(sweep_every=timedelta(0)))
    project_fields(client, BOARD, same := walk_from(first.cursor, sweep_every=timedelta(0)))
    vendor.graphql["project_fields"] = {"node": {"fields": connection(fields[1:])}}
    project_fields(client, BOARD, edited := walk_from(first.cursor, sweep_every=timedelta(0)))
    assert (first.has_news, same.has_news, edited.has_news) == (True, False, True)


def test_an_iteration_value_keeps_its_title_start_and_length(client: Client, vendor: Vendor) -> None:
    board(vendor, connection([item(1)]))
    project_items(client, BOARD, walk_from())
    query = vendor.asked[0].body["query"]
    assert "iterationId title startDate duration" in query
    assert "optionId name" in query  # a renamed option: its id stays


def test_archived_items_are_asked_for_by_id_before_they_are_gone(client: Client, vendor: Vendor) -> None:
    board(vendor, connection([item(1)]))
    archived = item(2, isArchived=True) | {"__typename": "ProjectV2Item", "project": {"id": BOARD.id}}
    elsewhere = item(4) | {"__typename": "ProjectV2Item", "project": {"id": "PVT_2"}}
    gone = {"type": "NOT_FOUND", "path": ["nodes", 1], "message": "…"}
    vendor.graphql["items_by_id"] = Reply({"data": {"nodes": [archived, None, elsewhere]}, "errors": [gone]})
    known: dict[str, Any] = {"PVTI_1": {}, "PVTI_2": {}, "PVTI_3": {}, "PVTI_4": {}}
    project_items(client, BOARD, walk := walk_from(known=known))
    assert vendor.asked[-1].body["variables"]["ids"] == ["PVTI_2", "PVTI_3", "PVTI_4"]
    assert ids(walk) == ["PVTI_1", "PVTI_2"]
    assert (walk.kind, walk.reported_count) == ("complete", 2)


def test_an_item_that_we_are_refused_is_not_gone(client: Client, vendor: Vendor) -> None:
    board(vendor, connection([item(1)]))
    refused = {"type": "FORBIDDEN", "path": ["nodes", 0], "message": "Resource not accessible by integration"}
    vendor.graphql["items_by_id"] = Reply({"data": {"nodes": [None]}, "errors": [refused]})
    with pytest.raises(PermanentError, match="refuses unlisted items of project Roadmap"):
        project_items(client, BOARD, walk_from(known={"PVTI_1": {}, "PVTI_2": {}}))


def test_between_two_readings_a_board_is_not_read(client: Client, vendor: Vendor) -> None:
    board(vendor, connection([item(1)]))
    project_items(client, BOARD, first := walk_from(sweep_every=HOURLY))
    project_items(client, BOARD, second := walk_from(first.cursor, sweep_every=HOURLY))
    assert not second.has_news
    # An issue's time says nothing of its fields: an hour later the board is read, changed or not.
    later = walk_from(first.cursor, sweep_every=HOURLY, began_at=first.began_at + HOURLY)
    project_items(client, BOARD, later)
    assert later.has_news
    assert len(vendor.asked) == 2


def test_a_draft_that_became_an_issue_keeps_its_item(client: Client, vendor: Vendor) -> None:
    draft = item(1, type="DRAFT_ISSUE", content={"__typename": "DraftIssue", "id": "DI_1"})
    board(vendor, connection([draft]), connection([item(1)]))
    kinds = []
    for _ in range(2):
        project_items(client, BOARD, walk := walk_from())
        kinds.append([(one["id"], one["content"]["__typename"]) for one in read(walk)])
    assert kinds == [[("PVTI_1", "DraftIssue")], [("PVTI_1", "Issue")]]


@pytest.mark.parametrize("status", [502, 504])
def test_a_page_that_takes_too_long_is_asked_for_in_halves(
    client: Client, vendor: Vendor, status: int
) -> None:
    def answer(asked: Asked) -> Any:
        if asked.body["variables"]["first"] > 20:
            return Reply("<html>", status)
        return {"node": {"items": connection([item(1)])}}

    vendor.graphql["project_items"] = answer
    project_items(client, BOARD, walk := walk_from())
    assert ids(walk) == ["PVTI_1"]
    assert vendor.asked[-1].body["variables"]["first"] == 12


def test_a_board_that_does_not_exist_is_named(client: Client, vendor: Vendor) -> None:
    vendor.graphql["project_items"] = Reply({"data": {"node": None}, "errors": [{"type": "NOT_FOUND"}]})
    with pytest.raises(PermanentError, match="project Roadmap: does not exist"):
        project_items(client, BOARD, walk_from())
    vendor.graphql["project_items"] = {"node": None}
    with pytest.raises(PermanentError, match="project Roadmap: does not exist"):
        project_items(client, BOARD, walk_from())


def test_boards_of_a_person_are_read_though_no_repository_is_linked_with_them(
    client: Client, vendor: Vendor
) -> None:
    mine = {"id": "PVT_7", "number": 1, "owner": {"__typename": "User", "login": "ada"}}
    vendor.rest["/repos/ada/site"] = {"id": 1, "node_id": "R_1", "full_name": "ada/site"}
    vendor.graphql["projects_of_owner"] = {"repositoryOwner": {"projectsV2": connection([mine])}}
    vendor.graphql["projects_of_repository"] = {"node": {"projectsV2": connection([])}}
    ada = Owner("5", "ada", is_organization=False, wanted=("ada/site",))
    projects(client, ada, walk := walk_from(sweep_every=timedelta(0)))
    assert [(one["id"], one["owner_id"]) for one in read(walk)] == [("PVT_7", "5")]


@pytest.mark.parametrize("name", [name for name in vars(queries) if name.isupper()])
def test_no_query_costs_more_than_a_few_points(name: str) -> None:
    """A connection in a connection multiplies points: labels, people, reviewers and linked pull requests of a
    card are its content's own, and come with that."""
    text = getattr(queries, name)
    if text.lstrip().startswith("query "):
        assert cost(parse(text), {"first": 50})[0] <= 3


def test_a_cursor_that_leads_nowhere_ends_the_reading(client: Client, vendor: Vendor) -> None:
    board(vendor, connection([item(1)], after="same"))
    with pytest.raises(TransientError, match="circles"):
        project_items(client, BOARD, walk_from())


def pull(number: int, updated_at: str, **more: Any) -> dict[str, Any]:
    return {"id": f"PR_{number}", "number": number, "updatedAt": f"2026-11-16T{updated_at}:00Z", **more}


def test_pull_requests_are_read_oldest_first_then_walked_back(client: Client, vendor: Vendor) -> None:
    old, new = pull(1, "06:00"), pull(2, "08:00")
    vendor.graphql["pull_requests"] = {"node": {"pullRequests": connection([old, new])}}
    pull_requests(client, SITE, first := walk_from())
    assert ids(first) == ["PR_1", "PR_2"]
    newer = pull(1, "08:30")
    vendor.graphql["pull_requests"] = {"node": {"pullRequests": connection([newer, new])}}
    pull_requests(client, SITE, second := walk_from(first.cursor))
    assert ids(second) == ["PR_1", "PR_2"]
    assert second.cursor is not None
    assert second.cursor["newest_at"] == "2026-11-16T08:30:00Z"
    directions = [one.body["variables"]["direction"] for one in vendor.asked]
    assert directions == ["ASC", "DESC"]


def test_the_first_of_however_many_commits_is_asked_for(client: Client, vendor: Vendor) -> None:
    """A listing of a pull request's commits ends at 250, without a word; the count goes on."""
    commits = {"totalCount": 400, "nodes": [{"commit": {"oid": "a", "authoredDate": "2026-11-01T08:00:00Z"}}]}
    vendor.graphql["pull_requests"] = {
        "node": {"pullRequests": connection([pull(1, "08:00", commits=commits)])}
    }
    pull_requests(client, SITE, walk := walk_from())
    assert "commits(first: 1) { totalCount" in vendor.asked[0].body["query"]
    assert read(walk)[0]["commits"] == commits


def test_walking_back_ends_one_margin_past_the_newest_at(client: Client, vendor: Vendor) -> None:
    pages = {
        None: connection([pull(3, "08:30"), pull(2, "08:00")], total=9, after="two"),
        "two": connection([pull(1, "06:00")], total=9, after="three"),
    }
    vendor.graphql["pull_requests"] = lambda asked: {
        "node": {"pullRequests": pages[asked.body["variables"]["after"]]}
    }
    start = {"newest_at": "2026-11-16T08:00:00Z", "swept_at": "2026-11-16T08:00:00Z"}
    pull_requests(client, SITE, walk := walk_from(start))
    assert ids(walk) == ["PR_3", "PR_2"]
    assert len(vendor.asked) == 2


def test_a_dismissed_review_is_read_again_with_its_pull_request(client: Client, vendor: Vendor) -> None:
    def answer(state: str) -> dict[str, Any]:
        review = {"id": "PRR_1", "state": state, "submittedAt": None if state == "PENDING" else "…"}
        changed = pull(1, "08:00") | {"reviews": connection([review], after="more")}
        return {
            "node": {"pullRequests": connection([changed, pull(2, "08:01") | {"reviews": connection([])}])}
        }

    vendor.graphql["reviews_of_one"] = {
        "node": {"reviews": connection([{"id": "PRR_2", "state": "COMMENTED"}])}
    }
    states = []
    for state in ("PENDING", "APPROVED", "DISMISSED"):
        vendor.graphql["reviews"] = answer(state)
        reviews(client, SITE, walk := walk_from())
        states.append([one["state"] for one in read(walk)])
    assert states == [["PENDING", "COMMENTED"], ["APPROVED", "COMMENTED"], ["DISMISSED", "COMMENTED"]]
    assert walk.kind == "complete"


def test_a_parent_that_was_taken_away_is_seen(client: Client, vendor: Vendor) -> None:
    row = {"id": "I_1", "number": 1, "updatedAt": "2026-11-16T08:00:00Z", "parent": {"id": "I_2"}}
    vendor.graphql["issue_parents"] = {"node": {"issues": connection([row])}}
    issue_parents(client, SITE, first := walk_from())
    vendor.graphql["issue_parents"] = {"node": {"issues": connection([row | {"parent": None}])}}
    issue_parents(client, SITE, second := walk_from(first.cursor))
    assert vendor.asked[-1].body["variables"]["since"] == "2026-11-16T07:55:00Z"
    assert read(second)[0]["parent"] is None


def test_teams_are_read_whole(client: Client, vendor: Vendor) -> None:
    team = {"id": "T_1", "slug": "core", "members": connection([])}
    vendor.graphql["teams"] = {"organization": {"teams": connection([team])}}
    teams(client, Owner("9", "octo", is_organization=True), walk := walk_from(sweep_every=timedelta(0)))
    assert read(walk) == [{"id": "T_1", "slug": "core", "owner_id": "9"}]
    assert walk.reported_count == 1

"""The odd behaviours of GitHub's GraphQL API, as the sandbox has them."""

from datetime import timedelta
from typing import Any

import pytest

from observes_assets.sandbox.company import Company, boards
from observes_assets.sandbox.github import GitHub
from observes_assets.sandbox.github.faults import graphql_error
from observes_assets.sandbox.github.limits import GRAPHQL
from tests.integration.sandbox.conftest import AT, Caller

ITEMS = """
query items($number: Int!, $first: Int!, $after: String) {
  rateLimit { cost remaining nodeCount }
  organization(login: "quillmark-works") { projectV2(number: $number) {
    items(first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes {
        id type isArchived content { __typename ... on Issue { id number } ... on DraftIssue { title } }
        fieldValues(first: 20) { nodes {
          __typename
          ... on ProjectV2ItemFieldNumberValue { number field { ... on ProjectV2FieldCommon { name } } }
          ... on ProjectV2ItemFieldSingleSelectValue { name }
          ... on ProjectV2ItemFieldIterationValue { title startDate duration }
        } }
      }
    }
  } }
}
"""
FIELDS = """
query fields { organization(login: "quillmark-works") { projectV2(number: 2) { fields(first: 100) { nodes {
  ... on ProjectV2IterationField { configuration {
    iterations { title startDate duration } completedIterations { title startDate duration }
  } }
} } } } }
"""


def items(caller: Caller, number: int = 2, first: int = 40) -> tuple[list[Any], int]:
    """Every card of a board as paging shows it, and how many there are said to be."""
    found: list[Any] = []
    after = None
    while True:
        said = caller.ask(ITEMS, number=number, first=first, after=after)
        page = said["data"]["organization"]["projectV2"]["items"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found, page["totalCount"]
        after = page["pageInfo"]["endCursor"]


def points(item: Any) -> list[float]:
    return [one["number"] for one in item["fieldValues"]["nodes"] if "number" in one]


def test_every_card_is_shown_once_when_nothing_moves(caller: Caller) -> None:
    found, count = items(caller)
    assert len({one["id"] for one in found}) == len(found) == count > 100


def test_a_card_that_is_dragged_while_paging_pushes_another_over_the_border(github: GitHub) -> None:
    caller = Caller(github)
    before = [one["id"] for one in items(caller)[0]]

    def drag(company: Company) -> None:
        board = company.boards[2]
        boards.move_card(company, board, board.items[-1], 0)

    github.switches.change_after("graphql items", drag)
    found, count = items(caller)
    seen = [one["id"] for one in found]
    assert len(seen) == count
    assert seen[40] == before[39] == seen[39]  # twice
    assert before[-1] not in seen


def test_an_empty_field_is_not_there(github: GitHub) -> None:
    caller = Caller(github)
    pointed = next(one for one in items(caller)[0] if points(one))

    def clear(company: Company) -> None:
        for card in company.boards[2].items:
            boards.set_value(company, company.boards[2], card, "Points", None)

    github.world.change(clear)
    after = next(one for one in items(caller)[0] if one["id"] == pointed["id"])
    assert points(after) == []
    assert len(after["fieldValues"]["nodes"]) == len(pointed["fieldValues"]["nodes"]) - 1


def test_what_may_not_be_seen_is_redacted(caller: Caller) -> None:
    redacted = [one for one in items(caller)[0] if one["type"] == "REDACTED"]
    assert len(redacted) == 3
    assert all(one["content"] is None and not one["fieldValues"]["nodes"] for one in redacted)


def test_drafts_and_put_away_cards_are_among_the_items(caller: Caller) -> None:
    found, _ = items(caller)
    assert any(one["isArchived"] for one in found)
    assert {one["type"] for one in found} == {"ISSUE", "PULL_REQUEST", "DRAFT_ISSUE", "REDACTED"}


def test_a_draft_that_becomes_an_issue_stays_the_same_card(github: GitHub) -> None:
    caller = Caller(github)
    draft = next(one for one in items(caller)[0] if one["type"] == "DRAFT_ISSUE")

    def convert(company: Company) -> None:
        board = company.boards[2]
        card = next(one for one in board.items if one.content.title == draft["content"]["title"])
        boards.convert_draft(company, card, company.repository("harbor"), company.members()[0])

    github.world.change(convert)
    kinds = {one["id"]: one["type"] for one in items(caller)[0]}
    assert kinds[draft["id"]] == "ISSUE"


def test_finished_iterations_are_apart(caller: Caller) -> None:
    answer = caller.ask(FIELDS)["data"]["organization"]["projectV2"]["fields"]["nodes"]
    sprints = next(one["configuration"] for one in answer if one)
    assert [one["title"] for one in sprints["completedIterations"]][-1] == "Sprint 1"
    assert all(one["startDate"] < "2026-04-09" for one in sprints["completedIterations"])
    assert sprints["iterations"][0]["title"] == "Sprint 8"


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ('{ viewer { id } organization(login: "nobody") { id } }', "NOT_FOUND"),
        (
            '{ organization(login: "quillmark-works") { teams { nodes { id } } } }',
            "MISSING_PAGINATION_BOUNDARIES",
        ),
        (
            '{ organization(login: "quillmark-works") { teams(first: 101) { nodes { id } } } }',
            "EXCESSIVE_PAGINATION",
        ),
    ],
)
def test_errors_are_a_200(caller: Caller, query: str, kind: str) -> None:
    assert [one["type"] for one in caller.ask(query)["errors"]] == [kind]


def test_too_many_nodes_are_refused(caller: Caller) -> None:
    query = """{ organization(login: "quillmark-works") { repositories(first: 100) { nodes {
        issues(first: 100) { nodes { subIssues(first: 100) { nodes { id } } } } } } } }"""
    assert caller.ask(query)["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"


def test_only_a_count_needs_no_length(caller: Caller) -> None:
    query = '{ organization(login: "quillmark-works") { teams { totalCount } } }'
    assert caller.ask(query)["data"]["organization"]["teams"]["totalCount"] == 3


def test_a_query_that_github_does_not_know_is_refused(caller: Caller) -> None:
    assert "Cannot query field" in caller.ask("{ viewer { shoeSize } }")["errors"][0]["message"]


def test_cost_is_what_the_connections_stand_for(caller: Caller) -> None:
    said = caller.ask(ITEMS, number=2, first=100)["data"]["rateLimit"]
    assert (said["cost"], said["nodeCount"]) == (1, 100 + 100 * 20)


def test_the_limit_says_so_under_200(github: GitHub) -> None:
    github.limits.use_up(GRAPHQL)
    said = Caller(github).ask("{ viewer { id } }")
    assert said["errors"][0]["type"] == "RATE_LIMITED"
    assert "data" not in said


def test_data_and_errors_together(github: GitHub) -> None:
    github.switches.alter("graphql", graphql_error("SERVICE_UNAVAILABLE", "Something went wrong", ["viewer"]))
    said = Caller(github).ask("{ viewer { id } }")
    assert said["data"]["viewer"]["id"]
    assert said["errors"][0]["path"] == ["viewer"]


def test_a_missing_scope_is_named(github: GitHub) -> None:
    bare = Caller(github, github.credentials.add("ghp_bare", "repo"))
    said = bare.ask(ITEMS, number=2, first=10)
    assert said["errors"][0]["type"] == "INSUFFICIENT_SCOPES"
    assert "['read:project']" in said["errors"][0]["message"]


def test_a_cursor_of_pull_requests_survives_what_comes_and_goes(github: GitHub) -> None:
    query = """query pulls($after: String) { repository(owner: "quillmark-works", name: "harbor") {
      pullRequests(first: 10, after: $after, orderBy: {field: UPDATED_AT, direction: ASC}) {
        pageInfo { endCursor } nodes { number updatedAt } } } }"""
    caller = Caller(github)
    first = caller.ask(query)["data"]["repository"]["pullRequests"]
    expected = caller.ask(query, after=first["pageInfo"]["endCursor"])["data"]["repository"]["pullRequests"]

    def touch(company: Company) -> None:
        issue = company.repository("harbor").issues[first["nodes"][0]["number"]]
        issue.updated_at = company.now

    github.world.set_clock(AT + timedelta(seconds=1))
    github.world.change(touch)
    again = caller.ask(query, after=first["pageInfo"]["endCursor"])["data"]["repository"]["pullRequests"]
    assert again["nodes"] == expected["nodes"]
    times = [one["updatedAt"] for one in first["nodes"] + again["nodes"]]
    assert times == sorted(times)

"""Others' judgement: the sandbox and our queries against what GitHub itself publishes."""

from typing import Any

import pytest
from graphql import find_breaking_changes, parse, validate

from observes_assets.sandbox.github import GitHub
from observes_assets.sandbox.github.graphql.execution import schema
from observes_assets.sources.github import queries
from tests.integration.sandbox.conftest import SITE, Caller
from tests.integration.sandbox.published import complaints, graphql_schema, installed

pytestmark = installed
ORGANIZATION = "/orgs/quillmark-works"
QUERIES = {
    name: text
    for name, text in vars(queries).items()
    if isinstance(text, str) and text.startswith("\nquery ")
}
LISTS = (
    f"{ORGANIZATION}/repos",
    f"{ORGANIZATION}/members",
    f"{ORGANIZATION}/teams",
    f"{ORGANIZATION}/issue-types",
    f"{ORGANIZATION}/teams/harbor-crew/members",
    f"{SITE}/issues",
    f"{SITE}/issues/comments",
    f"{SITE}/issues/events",
    f"{SITE}/pulls",
    f"{SITE}/pulls/comments",
    f"{SITE}/labels",
    f"{SITE}/milestones",
    f"{SITE}/releases",
    "/repos/quillmark-works/atlas/issues",
)


@pytest.mark.parametrize("path", LISTS)
def test_lists_have_the_published_form(caller: Caller, path: str) -> None:
    answer = caller.get(path, state="all", per_page=25)
    assert answer.json()
    assert complaints("get", path, 200, answer.json()) == []


@pytest.mark.parametrize("path", ["", "/issues/{issue}", "/issues/{issue}/parent", "/pulls/{pull}"])
def test_single_things_have_the_published_form(caller: Caller, path: str) -> None:
    where = SITE + path.format(**numbers(caller))
    answer = caller.get(where)
    assert complaints("get", where, 200, answer.json()) == []


@pytest.mark.parametrize(
    "path",
    ["/pulls/{pull}/reviews", "/pulls/{pull}/comments", "/issues/{pull}/comments", "/issues/{pull}/events"],
)
def test_what_hangs_on_one_has_the_published_form(caller: Caller, path: str) -> None:
    where = SITE + path.format(**numbers(caller))
    answer = caller.get(where)
    assert answer.json()
    assert complaints("get", where, 200, answer.json()) == []


@pytest.mark.parametrize("number", ["{issue}", "{pull}"])
def test_each_line_of_a_timeline_has_a_published_form(caller: Caller, number: str) -> None:
    where = f"{SITE}/issues/{number.format(**numbers(caller))}/timeline"
    answer = caller.get(where, per_page=100)
    assert answer.json()
    assert complaints("get", where, 200, answer.json()) == []


def test_the_organization_the_caller_and_the_quota_have_the_published_form(caller: Caller) -> None:
    assert complaints("get", ORGANIZATION, 200, caller.get(ORGANIZATION).json()) == []
    assert complaints("get", "/rate_limit", 200, caller.get("/rate_limit").json()) == []


def test_refusals_have_the_published_form(caller: Caller) -> None:
    company = caller.github.world.company
    gone = [(r.name, one) for r in company.repositories for one in r.issues.values() if one.gone]
    for expected in (301, 410):
        name, one = next(pair for pair in gone if (pair[1].gone == "deleted") == (expected == 410))
        path = f"/repos/quillmark-works/{name}/issues/{one.number}"
        answer = caller.get(path)
        assert answer.status_code == expected
        assert complaints("get", path, expected, answer.json()) == []
    answer = caller.get(f"{SITE}/issues/99999")
    assert complaints("get", f"{SITE}/issues/99999", 404, answer.json()) == []


def test_a_wrong_answer_would_be_found(caller: Caller) -> None:
    """The judge does judge."""
    rows = caller.get(f"{SITE}/issues", per_page=1).json()
    del rows[0]["number"]
    rows[0]["closed_at"] = 7
    assert len(complaints("get", f"{SITE}/issues", 200, rows)) == 2


def test_our_part_of_the_schema_is_githubs() -> None:
    """Whoever moves from our server to GitHub's finds everything there, in the same types."""
    assert [one.description for one in find_breaking_changes(schema(), graphql_schema())] == []


@pytest.mark.parametrize("name", QUERIES)
def test_github_understands_every_query_that_we_send(name: str) -> None:
    assert validate(graphql_schema(), parse(QUERIES[name])) == []


def test_the_sandbox_answers_every_query_that_we_send(looked_at: GitHub) -> None:
    caller = Caller(looked_at)
    site = caller.get(SITE).json()["node_id"]
    boards = """{ organization(login: "quillmark-works") {
        projectsV2(first: 9) { nodes { id items(first: 1) { nodes { id } } } } } }"""
    board = caller.ask(boards)["data"]["organization"]["projectsV2"]["nodes"][0]
    pulls = (
        '{ repository(owner: "quillmark-works", name: "harbor") { pullRequests(first: 1) { nodes { id } } } }'
    )
    pull = caller.ask(pulls)["data"]["repository"]["pullRequests"]["nodes"][0]["id"]
    team = caller.get(f"{ORGANIZATION}/teams").json()[0]["node_id"]
    item = board["items"]["nodes"][0]["id"]
    ids = {"REVIEWS_OF_ONE": pull, "TEAM_MEMBERS": team, "FIELD_VALUES_OF_ONE": item}
    for name, text in QUERIES.items():
        variables: dict[str, Any] = {"repository": site, "project": board["id"], "login": "quillmark-works"}
        variables |= {"first": 50, "direction": "ASC", "ids": [item], "id": ids.get(name)}
        said = caller.ask(text, **variables)
        assert "errors" not in said, (name, said["errors"])
        assert all(value is not None for value in said["data"].values()), name


def numbers(caller: Caller) -> dict[str, int]:
    """A well-filled pull request, and an issue below another."""
    found = caller.github.world.company.repository("harbor").issues.values()
    pulls = [one for one in found if one.pull and one.pull.review_comments and one.comments]
    below = [one for one in found if one.parent and not one.gone and not one.is_open and one.type]
    return {"pull": pulls[0].number, "issue": below[0].number}

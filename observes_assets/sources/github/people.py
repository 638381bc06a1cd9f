"""Streams about an organization: its repositories, members, teams and issue types."""

from typing import Any

from observes_assets.errors import PermanentError
from observes_assets.sources.github import queries
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.connection import MOVED
from observes_assets.sources.github.failures import UnreadableError
from observes_assets.sources.github.listings import Listing, Row, read_all, read_nodes, until_counted
from observes_assets.sources.github.places import Owner
from observes_assets.sources.github.walk import Walk


def owner_of_organization(client: Client, login: str) -> Owner:
    """The organization of that name.

    Raises:
        UnreadableError: there is none, or the token may not see it.
    """
    found = client.get(f"organization {login}", f"/orgs/{login}").document
    return Owner(str(found["id"]), found["login"], is_organization=True)


def owner_of_repository(client: Client, name: str) -> Owner:
    """Whoever owns a single repository (``owner/name``)."""
    owner = client.get(f"repository {name}", f"/repos/{name}").document["owner"]
    return Owner(str(owner["id"]), owner["login"], owner["type"] == "Organization", wanted=(name,))


def repositories(client: Client, owner: Owner, walk: Walk) -> None:
    """Every repository of an organization that we may see; or the single ones that are wanted."""
    if owner.wanted:
        _read_wanted(client, owner, walk)
    else:
        what, path = f"repositories of {owner.login}", f"/orgs/{owner.login}/repos"
        # Without an etag: what is in them is read next, so they must be known even if they are as they were.
        for number, answer in enumerate(client.pages(what, path, {"type": "all", "sort": "full_name"})):
            for row in answer.document:
                walk.add({**row, "owner_id": owner.id})
            if number == 0 and answer.next_url is None:
                walk.only_page(answer.document, asked=None, etag=None)
    for repository_id in sorted(walk.known.keys() - walk.ids):
        _account_for(client, owner, walk, repository_id)


def _read_wanted(client: Client, owner: Owner, walk: Walk) -> None:
    lacking: list[str] = []
    rows: list[Row] = []
    for name in owner.wanted:
        try:
            row = client.get(f"repository {name}", f"/repos/{name}").document
        except UnreadableError:
            lacking.append(name)
        else:
            rows.append(row)
            walk.add({**row, "owner_id": owner.id})
    if lacking and not walk.ids:
        raise PermanentError(
            f"GitHub: repository {lacking[0]}: does not exist, or the token may not see it.",
            "Check OBSERVES_GITHUB_REPOSITORIES, and that the token or App was given access to it.",
        )
    walk.only_page(rows, asked=None, etag=None)
    if lacking:
        walk.uncertain(f"{lacking[0]} is not shown")


def _account_for(client: Client, owner: Owner, walk: Walk, repository_id: str) -> None:
    """Ask for a repository that was not listed: transferred, no longer ours to see, or there after all."""
    answer = client.look("a repository that is not listed", f"/repositories/{repository_id}")
    if MOVED in answer.headers:
        answer = client.look("a repository that is not listed", answer.headers[MOVED])
    found = answer.document if answer.status == 200 else None
    is_elsewhere = found is not None and str(found["owner"]["id"]) != owner.id
    if found and not is_elsewhere and not owner.wanted:
        walk.add({**found, "owner_id": owner.id})  # it slipped over the border of two pages
        return
    fate = "unreadable" if found is None else "transferred" if is_elsewhere else "unlisted"
    moved_to = {"id": repository_id, "number": None, "repository": found["full_name"]} if found else None
    walk.disappeared.append(
        {
            "kind": "repository",
            "id": repository_id,
            "repository_id": repository_id,
            "number": None,
            "fate": fate,
            "moved_to": moved_to,
        }
    )


def issue_types(client: Client, owner: Owner, walk: Walk) -> None:
    """The issue types that an organization has defined."""
    listing = Listing(f"issue types of {owner.login}", f"/orgs/{owner.login}/issue-types")
    read_all(client, walk, listing, lambda row: {**row, "owner_id": owner.id})


def members(client: Client, owner: Owner, walk: Walk) -> None:
    """Members of an organization with their role."""

    def keep(edge: Row) -> None:
        if edge["node"]:
            walk.add({**edge["node"], "role": edge["role"], "owner_id": owner.id})

    def read() -> int:
        pages = client.connection(
            f"members of {owner.login}",
            queries.MEMBERS,
            {"login": owner.login},
            ("organization", "membersWithRole"),
        )
        return read_nodes(walk, pages, keep)

    until_counted(walk, read)


def teams(client: Client, owner: Owner, walk: Walk) -> None:
    """Teams of an organization."""

    def keep(node: Row) -> None:
        del node["members"]
        walk.add({**node, "owner_id": owner.id})

    until_counted(walk, lambda: _read_teams(client, owner, walk, keep))


def team_members(client: Client, owner: Owner, walk: Walk) -> None:
    """Who is directly in which team."""
    large: set[str] = set()

    def keep(node: Row) -> None:
        walk.ids.add(node["id"])  # teams are what the vendor counts here
        if node["members"]["pageInfo"]["hasNextPage"]:
            large.add(node["id"])
        for edge in _edges(client, node):
            person = {**edge["node"], "role": edge["role"], "team_id": node["id"], "owner_id": owner.id}
            walk.add(person, identity=node["id"])

    until_counted(walk, lambda: _read_teams(client, owner, walk, keep))
    walk.has_news = walk.has_news or bool(large)  # a team's first page says nothing of its others
    walk.reported_count = None


def _read_teams(client: Client, owner: Owner, walk: Walk, keep: Any) -> int:
    pages = client.connection(
        f"teams of {owner.login}", queries.TEAMS, {"login": owner.login}, ("organization", "teams"), first=50
    )
    return read_nodes(walk, pages, keep)


def _edges(client: Client, team: Row) -> list[Row]:
    edges, page = list(team["members"]["edges"]), team["members"]["pageInfo"]
    while page["hasNextPage"]:
        what = f"members of team {team['slug']}"
        variables = {"id": team["id"], "after": page["endCursor"]}
        more = client.query(what, queries.TEAM_MEMBERS, variables)["node"]["members"]
        edges.extend(more["edges"])
        page = more["pageInfo"]
    return [edge for edge in edges if edge["node"]]

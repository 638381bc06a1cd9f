"""Streams about pull requests, with the detail that REST's lists lack: fifty in one request, not one."""

from collections.abc import Callable, Iterator

from observes_assets.sources.github import queries
from observes_assets.sources.github.answers import Connection
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.listings import (
    Listing,
    Row,
    read_all,
    read_back,
    read_nodes,
    read_uncounted,
    until_counted,
)
from observes_assets.sources.github.places import Repository
from observes_assets.sources.github.walk import Walk

_AT_ONCE = 50


def pull_requests(client: Client, repository: Repository, walk: Walk) -> None:
    """Pull requests, whatever their state."""

    def keep(node: Row) -> None:
        walk.add({**node, "repository_id": repository.id})

    _read_updated(client, repository, walk, queries.PULL_REQUESTS, keep)


def reviews(client: Client, repository: Repository, walk: Walk) -> None:
    """Reviews of the pull requests that changed: a review is dismissed in place, and only they tell."""

    def keep(node: Row) -> None:
        walk.ids.add(node["id"])  # pull requests are what the vendor counts here
        for review in _reviews_of(client, node):
            walk.add(
                {
                    **review,
                    "repository_id": repository.id,
                    "pull_request": {"id": node["id"], "number": node["number"]},
                },
                identity=node["id"],
            )

    _read_updated(client, repository, walk, queries.REVIEWS, keep)
    walk.reported_count = None


def _reviews_of(client: Client, node: Row) -> Iterator[Row]:
    page = node["reviews"]
    while True:
        yield from (review for review in page["nodes"] if review)
        if not page["pageInfo"]["hasNextPage"]:
            return
        variables = {"id": node["id"], "after": page["pageInfo"]["endCursor"]}
        what = f"reviews of pull request {node['number']}"
        page = client.query(what, queries.REVIEWS_OF_ONE, variables)["node"]["reviews"]


def _read_updated(
    client: Client, repository: Repository, walk: Walk, text: str, keep: Callable[[Row], None]
) -> None:
    """All of them oldest change first; or those that changed, walking back, since there is no ``since``."""

    def pages(direction: str) -> Iterator[Connection]:
        return client.connection(
            f"pull requests of {repository.name}",
            text,
            {"repository": repository.node_id, "direction": direction},
            ("node", "pullRequests"),
            first=_AT_ONCE,
        )

    def keep_and_pass(node: Row) -> None:
        keep(node)
        walk.pass_by(node["updatedAt"])

    if walk.changed_since is not None:
        read_back(walk, (page.nodes for page in pages("DESC")), "updatedAt", keep)
    else:
        until_counted(walk, lambda: read_nodes(walk, pages("ASC"), keep_and_pass))


def review_comments(client: Client, repository: Repository, walk: Walk) -> None:
    """Comments on lines of pull requests."""
    listing = Listing(f"review comments of {repository.name}", f"/repos/{repository.name}/pulls/comments")
    read_uncounted(client, walk, listing, lambda row: {**row, "repository_id": repository.id})


def releases(client: Client, repository: Repository, walk: Walk) -> None:
    """Releases of a repository, with the drafts that the token may see."""
    listing = Listing(f"releases of {repository.name}", f"/repos/{repository.name}/releases")
    read_all(client, walk, listing, lambda row: {**row, "repository_id": repository.id})

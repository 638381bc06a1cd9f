"""Streams about issues: themselves, their parents, comments and events, and what became of the missing."""

from typing import Any
from urllib.parse import urlsplit

from observes_assets.sources.github import queries
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.connection import MOVED
from observes_assets.sources.github.listings import (
    Listing,
    Row,
    counted,
    read_all,
    read_back,
    read_changes,
    read_nodes,
    read_uncounted,
    until_counted,
    until_limited,
)
from observes_assets.sources.github.places import Repository
from observes_assets.sources.github.walk import Walk, stamp


def issues(client: Client, repository: Repository, walk: Walk) -> None:
    """Issues, open and closed. Pull requests are in the same listing, with ids of another kind: left out."""
    listing = Listing(f"issues of {repository.name}", f"/repos/{repository.name}/issues", {"state": "all"})

    def keep(row: Row) -> Row | None:
        return None if "pull_request" in row else _placed(row, repository)

    def read() -> int | None:
        read_changes(client, walk, listing, keep)
        return counted(client, repository, walk, "issues") if walk.is_sweep and walk.has_news else None

    until_counted(walk, read)
    if walk.kind == "complete":
        _account_for_missing(client, repository, walk)


def _account_for_missing(client: Client, repository: Repository, walk: Walk) -> None:
    """Ask for each issue that a sweep lacks: deleted, transferred, or there after all."""
    for issue_id in sorted(walk.known.keys() - walk.ids):
        number = walk.known[issue_id]["number"]
        what, path = f"issue {number} of {repository.name}", f"/repos/{repository.name}/issues/{number}"
        answer = client.look(what, path)
        is_ours = answer.status == 200 and str(answer.document.get("id")) == issue_id
        if is_ours and "pull_request" not in answer.document:
            walk.add(_placed(answer.document, repository))
            walk.reported_count = (walk.reported_count or 0) + 1
            continue
        walk.disappeared.append(
            {
                "kind": "issue",
                "id": issue_id,
                "repository_id": repository.id,
                "number": int(number),
                **_fate(client, what, answer.status, answer.headers.get(MOVED)),
            }
        )


def _fate(client: Client, what: str, status: int, target: str | None) -> dict[str, Any]:
    """What became of an issue: 301 leads to where it is now; 410 says that it was, 404 that it isn't."""
    if target is not None:
        moved = client.look(what, target)
        found = moved.document if moved.status == 200 else {}
        return {
            "fate": "transferred",
            "moved_to": {
                "id": str(found["id"]) if "id" in found else None,
                "number": found.get("number"),
                "repository": "/".join(urlsplit(found.get("repository_url", "")).path.split("/")[-2:])
                if found
                else None,
            },
        }
    # Its repository is readable, or the sweep would have failed: so 404 too says that it is gone.
    return {"fate": "deleted" if status in {404, 410} else "unreadable", "moved_to": None}


def issue_parents(client: Client, repository: Repository, walk: Walk) -> None:
    """Which issue is a part of which, and how many parts of it are done."""
    walk.allow_resuming()

    def keep(node: Row) -> None:
        walk.add(_placed(node, repository))
        walk.pass_by(node.get("updatedAt"))

    def read() -> int | None:
        since = stamp(walk.changed_since) if walk.changed_since else None
        pages = client.connection(
            f"parents of issues of {repository.name}",
            queries.ISSUE_PARENTS,
            {"repository": repository.node_id, "since": since},
            ("node", "issues"),
        )
        return read_nodes(walk, pages, keep, asked=since)

    until_counted(walk, read)


def issue_comments(client: Client, repository: Repository, walk: Walk) -> None:
    """Comments on issues and on pull requests as a whole."""
    listing = Listing(f"issue comments of {repository.name}", f"/repos/{repository.name}/issues/comments")
    read_uncounted(client, walk, listing, lambda row: _placed(row, repository))


def issue_events(client: Client, repository: Repository, walk: Walk) -> None:
    """What happened to issues and pull requests. Events never change, and are kept when GitHub forgets them.

    Each carries its whole issue as it is now, which has a stream of its own: only its numbers are kept.
    """
    path = f"/repos/{repository.name}/issues/events"

    def keep(row: Row) -> None:
        issue = row.get("issue") or {}
        lean = {name: issue.get(name) for name in ("id", "node_id", "number")}
        walk.add({**_placed(row, repository), "issue": {**lean, "is_pull_request": "pull_request" in issue}})

    what, is_read_whole = f"issue events of {repository.name}", walk.changed_since is None
    pages = client.pages(what, path, is_read_whole=is_read_whole)
    read_back(walk, (page.document for page in until_limited(pages)), "created_at", keep)


def labels(client: Client, repository: Repository, walk: Walk) -> None:
    """Labels of a repository."""
    _read_counted(client, repository, walk, "labels", {})


def milestones(client: Client, repository: Repository, walk: Walk) -> None:
    """Milestones of a repository, open and closed."""
    _read_counted(client, repository, walk, "milestones", {"state": "all"})


def _read_counted(client: Client, repository: Repository, walk: Walk, name: str, parameters: Row) -> None:
    listing = Listing(f"{name} of {repository.name}", f"/repos/{repository.name}/{name}", parameters)

    def read() -> int | None:
        read_all(client, walk, listing, lambda row: _placed(row, repository))
        return counted(client, repository, walk, name) if walk.has_news else None

    until_counted(walk, read)


def _placed(row: Row, repository: Repository) -> Row:
    return {**row, "repository_id": repository.id}

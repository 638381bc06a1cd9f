"""Three ways to read rows: by ``since``, by walking back, and all of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from observes_assets.sources.github import queries
from observes_assets.sources.github.answers import Connection, reach
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.failures import UnreadableError
from observes_assets.sources.github.places import Repository
from observes_assets.sources.github.walk import Walk, instant, stamp

MARGIN = timedelta(hours=1)
"""Walk back so far past the newest change: sorted pages were seen out of order."""
PASSES = 3
"""So often a scope is read anew if rows moved while it was read."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """A REST listing: what it is called in messages, where it is, and what is asked of it."""

    what: str
    path: str
    parameters: Row = field(default_factory=dict)


def until_counted(walk: Walk, read: Callable[[], int | None]) -> None:
    """Read everything until we have as many ids as the vendor says that there are.

    A scope that moves all the time ends as a differential reading: nothing in it is taken for gone.

    Args:
        read: reads all; returns the vendor's own count, or None if it doesn't count.
    """
    for attempt in range(PASSES):
        if attempt:
            walk.start_again()
        reported = read()
        if not walk.is_sweep or not walk.has_news or reported is None:
            return
        if reported == len(walk.ids):
            walk.reported_count = reported
            return
    walk.uncertain(f"GitHub counts {reported} and shows {len(walk.ids)}")


def counted(client: Client, repository: Repository, walk: Walk, what: str) -> int:
    """How many there are of something in a repository, by GitHub's own count.

    One request counts everything, so it is kept; but if it differs from what was read, it is asked anew.
    """

    def ask() -> int:
        if repository.id not in client.counts:
            variables = {"repository": repository.node_id}
            asked = client.query(f"counts of {repository.name}", queries.COUNTS, variables)
            client.counts[repository.id] = asked
        return int(reach(what, client.counts[repository.id], ("node", what))["totalCount"])

    count = ask()
    if count != len(walk.ids):
        client.counts.pop(repository.id, None)
        count = ask()
    return count


def read_changes(client: Client, walk: Walk, listing: Listing, keep: Callable[[Row], Row | None]) -> bool:
    """Read rows by ``since``, oldest change first: an insertion while paging comes at the end.

    Returns:
        Whether a row came twice: it was changed, and moved to the end. Where pages have numbers, another one
        has slipped over a border then.
    """
    since = stamp(walk.changed_since) if walk.changed_since else None
    asked = {"sort": "updated", "direction": "asc", **listing.parameters} | (
        {"since": since} if since else {}
    )
    if asked["sort"] == "updated":
        walk.allow_resuming()
    pages = client.pages(listing.what, listing.path, asked, etag=walk.etag_for(since))
    came: set[int] = set()
    row_count = 0
    for number, answer in enumerate(pages):
        if answer.status == 304:
            walk.has_news = False
            return False
        row_count += len(answer.document)
        for row in answer.document:
            came.add(row["id"])
            if kept := keep(row):
                walk.add(kept)
        walk.pass_by(*(row.get("updated_at") for row in answer.document))
        if number == 0 and answer.next_url is None:
            walk.only_page(answer.document, asked=since, etag=answer.headers.get("etag"))
    return len(came) < row_count


def read_uncounted(client: Client, walk: Walk, listing: Listing, keep: Callable[[Row], Row]) -> None:
    """Read changes of what GitHub counts nowhere and lists in numbered pages: what moves pushes others over.

    Read again, then, if something moved; what was read stays. A later sweep goes in the order in which rows
    were made, in which none moves. Where rows move all the time nothing is taken for gone.
    """
    if walk.is_sweep and walk.start:
        by_birth = replace(listing, parameters={**listing.parameters, "sort": "created"})
        read_changes(client, walk, by_birth, keep)
        walk.doubt_after(walk.began_at)  # what was read may have changed since, and does not come again
        return
    for _ in range(PASSES):
        walk.go_back()
        if not read_changes(client, walk, listing, keep):
            return
    walk.uncertain(f"rows moved each of the {PASSES} times that they were read")


def read_back(walk: Walk, pages: Iterable[list[Row]], time_of: str, keep: Callable[[Row], None]) -> None:
    """Read rows newest first, down to the newest change and a margin; all of them if there is none.

    Args:
        time_of: the field that the rows are sorted by.
    """
    since = walk.changed_since
    for number, rows in enumerate(pages):
        wanted, is_past = rows, False
        if since is not None:
            times = [instant(row.get(time_of)) or since for row in rows]
            wanted = [row for row, at in zip(rows, times, strict=True) if at >= since]
            is_past = min(times, default=since - 2 * MARGIN) < since - MARGIN
        for row in wanted:
            keep(row)
        if number == 0:
            # Only of the first page: what moves up while we page is above it, and newer than all of it.
            walk.pass_by(*(row.get(time_of) for row in rows))
        if number == 0 and (is_past or not rows):
            walk.only_page(wanted, asked=stamp(since) if since else None, etag=None)
        if is_past:
            return


def read_all(client: Client, walk: Walk, listing: Listing, keep: Callable[[Row], Row]) -> None:
    """Read every row of a listing; one page that is as it was is no news, and costs no quota."""
    pages = client.pages(listing.what, listing.path, listing.parameters, etag=walk.etag_for(None))
    for number, answer in enumerate(pages):
        if answer.status == 304:
            walk.has_news = False
            return
        rows = answer.document or []
        for row in rows:
            walk.add(keep(row))
        if number == 0 and answer.next_url is None:
            walk.only_page(rows, asked=None, etag=answer.headers.get("etag"))


def read_nodes(
    walk: Walk, pages: Iterable[Connection], keep: Callable[[Row], None], *, asked: str | None = None
) -> int:
    """Read every node of a connection; returns the vendor's count, as the last page tells it."""
    read: list[Connection] = []
    for page in pages:
        for node in page.nodes:
            keep(node)
        # A second page is all that matters of the others.
        read = [*read[:1], page]
    if len(read) == 1:
        walk.only_page(read[0].nodes, asked=asked, etag=None)
    return read[-1].total_count


def until_limited(pages: Iterable[Any]) -> Iterable[Any]:
    """Pages down to where GitHub lists no further back."""
    try:
        yield from pages
    except UnreadableError as error:
        if error.status != 422:
            raise

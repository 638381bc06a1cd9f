"""A reading of a module as exports, and what it needs next. Pure: asking and writing down is done elsewhere.

A reading has one span or several (a sweep of a module with more records than a page holds), a span has one
page or several, and a page one export after another until one is completed. The last span has no end, and
is asked for when all others are done: what changed in them meanwhile is in it, so nothing is taken for gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from observes_assets.sources.zoho.streams import Span

CREDITS = 50
"""What Zoho takes for creating one export, whatever comes of it."""
PAGE_ROWS = 200_000
"""Rows of an export, at most."""
FITTING_ROWS = 150_000
"""Rows that a span is planned for: a quarter of a page is room for what came since they were counted."""
TRIES = 3
"""So many exports of one page are paid for in a reading."""
STUCK_AFTER = timedelta(hours=6)
"""An export that is not completed by then is given up: Zoho keeps results for about a day."""
COMPLETED = "COMPLETED"
_FAILED = ("FAILURE", "FAILED")


@dataclass(frozen=True)
class Page:
    """What one export is asked for."""

    module: str
    reading: str
    is_sweep: bool
    span_number: int
    span_count: int
    span: Span
    page_number: int = 1
    page_token: str | None = None
    try_number: int = 1

    @property
    def what(self) -> str:
        """It in words, for messages."""
        part = f", part {self.span_number} of {self.span_count}" if self.span_count > 1 else ""
        page = f", page {self.page_number}" if self.page_number > 1 else ""
        return f"the export of {self.module}{part}{page}"


@dataclass(frozen=True)
class Export:
    """One of the vendor's jobs, as it was last seen. Times are the vendor's (UTC).

    ``result`` is Zoho's, once it is completed; ``ended_as`` is ours: landed, or failed, expired, stuck or
    dropped.
    """

    export_id: str
    page: Page
    created_at: datetime
    state: str = "ADDED"
    result: dict[str, Any] | None = None
    ended_as: str | None = None

    def seen(self, answer: dict[str, Any], now: datetime) -> "Export":
        """It after another look. Only the state decides: unfinished exports have been seen with a result.

        A state that nobody knows is one that is not finished.
        """
        state = str(answer.get("state", ""))
        if state == COMPLETED:
            return replace(self, state=state, result=answer.get("result") or {})
        if state in _FAILED:
            return replace(self, state=state, ended_as="failed")
        if now - self.created_at > STUCK_AFTER:
            return replace(self, state=state, ended_as="stuck")
        return replace(self, state=state)

    @property
    def is_under_way(self) -> bool:
        """Whether Zoho still works on it."""
        return self.ended_as is None and self.state != COMPLETED

    @property
    def row_count(self) -> int | None:
        """How many rows Zoho says that its results hold; None if it doesn't say."""
        count = (self.result or {}).get("count")
        return None if count is None else int(count)

    @property
    def is_paged(self) -> bool:
        """Whether its span did not fit a page."""
        return self.page.page_number > 1 or bool((self.result or {}).get("more_records"))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to fetch: a download less of the ten in a minute."""
        return self.row_count == 0


@dataclass(frozen=True)
class Progress:
    """How far a reading is.

    Args:
        wanted: exports to ask for now.
        under_way: exports to wait for.
        results: of all pages in order, once nothing is wanted and nothing under way; else empty.
        lost: what failed as often as it may; None if nothing did.
    """

    wanted: tuple[Page, ...]
    under_way: tuple[Export, ...]
    results: tuple[Export, ...]
    lost: Export | None


def first_pages(
    module: str, reading: str, *, since: datetime | None, borders: Sequence[datetime] = ()
) -> list[Page]:
    """The exports that a reading begins with.

    Args:
        since: read what changed from then on (UTC); None: everything, a sweep.
        borders: where a sweep is cut, in order.
    """
    if since is not None:
        return [Page(module, reading, False, 1, 1, Span(since))]
    edges = [None, *borders, None]
    spans = [Span(begin, end) for begin, end in pairwise(edges)]
    pages = [Page(module, reading, True, number, len(spans), span) for number, span in enumerate(spans, 1)]
    return pages if len(pages) == 1 else pages[:-1]


def progress_of(exports: Iterable[Export]) -> Progress:
    """What a reading needs next, from all of its exports, in the order in which they were asked for."""
    newest = {(one.page.span_number, one.page.page_number): one for one in exports}
    found = [newest[place] for place in sorted(newest)]
    failed = [one for one in found if one.ended_as in {"failed", "expired", "stuck"}]
    lost = next((one for one in failed if one.page.try_number >= TRIES), None)
    wanted = [replace(one.page, try_number=one.page.try_number + 1) for one in failed]
    for one in found:
        following = _following(one)
        if following and (following.span_number, following.page_number) not in newest:
            wanted.append(following)
    under_way = tuple(one for one in found if one.is_under_way)
    if not wanted and not under_way and (tail := _tail(found)):
        wanted.append(tail)
    is_done = not (wanted or under_way or lost)
    return Progress(tuple(wanted), under_way, tuple(found) if is_done else (), lost)


def _following(one: Export) -> Page | None:
    """The next page, if Zoho says that there is one."""
    if one.ended_as or one.state != COMPLETED or not (one.result or {}).get("more_records"):
        return None
    return replace(
        one.page,
        page_number=one.page.page_number + 1,
        page_token=(one.result or {}).get("next_page_token"),
        try_number=1,
    )


def _tail(found: Sequence[Export]) -> Page | None:
    """The last span's first page, when it is its turn. It begins where the one before it ends, so that spans
    that were never asked for, since a limit or a kill came between, are in it.
    """
    last = found[-1].page
    if last.span_number == last.span_count:
        return None
    return replace(
        last,
        span_number=last.span_count,
        span=Span(last.span.ends_at),
        page_number=1,
        page_token=None,
        try_number=1,
    )

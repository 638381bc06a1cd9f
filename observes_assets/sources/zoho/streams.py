"""What is read of Zoho: modules as streams, what an export is asked for, and the rows that it brings."""

import csv
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from itertools import compress
from operator import itemgetter
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import orjson

from observes_assets.errors import PermanentError, TransientError

MODULES = (
    "Leads",
    "Accounts",
    "Contacts",
    "Deals",
    "Campaigns",
    "Tasks",
    "Cases",
    "Calls",
    "Solutions",
    "Products",
    "Vendors",
    "Price_Books",
    "Quotes",
    "Sales_Orders",
    "Purchase_Orders",
    "Invoices",
)
"""Modules by API name; the stream is the name in lower case."""
USERS, DELETIONS = "users", "deletions"
CHANGED = "Modified_Time"
_CUT = "Try again later: the export's results are fetched anew."

csv.field_size_limit(sys.maxsize)  # a rich text is longer than what the csv module takes by default


def stream_of(module: str) -> str:
    """The stream that a module's records are."""
    return module.lower()


@dataclass(frozen=True)
class Span:
    """Records by when they last changed: from an instant until before another; None: without that end."""

    begins_at: datetime | None = None
    ends_at: datetime | None = None


def question(module: str, span: Span, *, page_number: int, page_token: str | None) -> dict[str, Any]:
    """What an export is asked for: every field of a module's records, one page of a span of them.

    No fields are named: that would leave out those that the company adds tomorrow.
    """
    asked: dict[str, Any] = {"module": {"api_name": module}}
    bounds = [
        {"field": {"api_name": CHANGED}, "comparator": comparator, "value": stamp(at)}
        for comparator, at in (("greater_equal", span.begins_at), ("less_than", span.ends_at))
        if at is not None
    ]
    if len(bounds) == 1:
        asked["criteria"] = bounds[0]
    elif bounds:
        asked["criteria"] = {"group_operator": "and", "group": bounds}
    # Zoho takes one of the two; the page's own word holds even where rows were added since.
    if page_token:
        asked["page_token"] = page_token
    else:
        asked["page"] = page_number
    return {"query": asked}


def stamp(at: datetime) -> str:
    """An instant as Zoho takes it: UTC, whole seconds, with its offset."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def instant(text: str) -> datetime:
    """One of Zoho's times, with whatever offset its user has, in UTC.

    Raises:
        ValueError: it is none, or has no offset.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    return at.astimezone(UTC)


@dataclass
class Sheet:
    """One export's rows as records, read once from its zip; memory stays flat.

    Every cell stays the text that it is: ids have 18 digits, amounts are decimal, times carry the offset of
    their user. A blank cell is left out, so that a new column that nobody has filled in changes no record.

    Args:
        needed: columns that must be there.
        what: for messages.
    """

    path: Path
    needed: Collection[str]
    what: str
    columns: list[str] = field(default_factory=list)
    row_count: int = 0
    newest_at: datetime | None = None

    def records(self) -> Iterator[bytes]:
        """The rows as JSON.

        Raises:
            PermanentError: a needed column is missing.
            TransientError: the zip or its text is cut off.
        """
        try:
            with ZipFile(self.path) as zipped:
                (name,) = zipped.namelist()
                # Every other line end is csv's to read, inside a cell and outside.
                with (
                    zipped.open(name) as file,
                    TextIOWrapper(file, encoding="utf-8-sig", newline="\n") as text,
                ):
                    yield from self._read(csv.reader(text, strict=True))
        except (BadZipFile, EOFError, ValueError, csv.Error) as error:
            # Its own text may quote a row.
            raise TransientError(f"Zoho: {self.what}: {type(error).__name__} in its results.", _CUT) from None

    def _read(self, lines: Iterator[list[str]]) -> Iterator[bytes]:
        header = ["id" if name.lower() == "id" else name for name in next(lines, [])]
        self.columns, self.row_count = sorted(header), 0
        if len(set(header)) < len(header):
            raise TransientError(f"Zoho: {self.what}: two columns have one name.", _CUT)
        if lacking := sorted(set(self.needed) - set(header)):
            raise PermanentError(
                f"Zoho: {self.what} lacks the columns {', '.join(lacking)}.",
                "Let the user's profile see these fields in Zoho CRM; if the company has done away with "
                "them, take them out of sources/zoho/contract.yaml.",
            )
        # Columns move from export to export: equal records must be equal bytes.
        order = sorted(range(len(header)), key=header.__getitem__)
        names, width, changed = [header[at] for at in order], len(header), header.index(CHANGED)
        in_order = itemgetter(*order) if width > 1 else tuple
        newest: dict[str, str] = {}
        for row in lines:
            if len(row) != width:
                raise TransientError(f"Zoho: {self.what}: a row is cut off.", _CUT)
            self.row_count += 1
            at = row[changed]
            # Times of one offset are ordered as texts are, so few are parsed.
            if at > newest.get(offset := at[19:], ""):
                newest[offset] = at
            cells = in_order(row)
            yield orjson.dumps(dict(zip(compress(names, cells), filter(None, cells), strict=True)))
        times = [instant(text) for text in newest.values()]
        self.newest_at = max(times, default=None)

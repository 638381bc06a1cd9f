"""What is read of Zoho: modules as streams, and what an export is asked for."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

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

"""How Zoho writes things: ids of 19 digits, moments with the asking user's offset, who did what."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.company.entries import Entry

ASKING = "kira-novak"  # whose refresh token it is, and whose zone moments are written in
ZONE = ZoneInfo("Europe/Prague")
_ORGANIZATION = 4876876
_FIRST = {
    "organization": 1,
    "module": 2_000,
    "role": 26_000,
    "profile": 26_500,
    "user": 327_000,
    "field": 400_000,
    "entry": 1_000_000,
    "job": 10_000_000_000,
}


def zoho_id(kind: str, number: int) -> str:
    """Zoho's id of a thing of the world; too long for a float."""
    return f"{_ORGANIZATION}{_FIRST[kind] + number:012}"


def entry_id(entry: Entry) -> str:
    """Zoho's id of a record."""
    return zoho_id("entry", entry.id)


def stamp(moment: datetime) -> str:
    """A moment, with the offset that the user's zone has then: another one in summer."""
    return moment.astimezone(ZONE).isoformat(timespec="seconds")


def user(person: Person) -> dict[str, Any]:
    """Somebody, in brief."""
    return {"name": person.name, "id": zoho_id("user", person.id)}


def text(company: Company, value: Any) -> str:
    """A value as a CSV file has it. Nothing, and what refers to what is gone, is empty."""
    if isinstance(value, Entry):
        return entry_id(value) if value.id in company.crm.entries[value.module] else ""
    if isinstance(value, Person):
        return zoho_id("user", value.id)
    return "" if value is None else _scalar(value)


def _scalar(value: bool | datetime | date | Decimal | int | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return stamp(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)

"""What can happen in the company's CRM. Some of it leaves no trace in ``modified_at``, as with Zoho."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.company.entries import Column, Deletion, Entry

# So long does the recycle bin keep what was thrown away, and so long is a deletion told at all.
_BIN_DAYS, _TOLD_DAYS = 60, 120


def enter(company: Company, module: str, owner: Person, /, **values: Any) -> Entry:
    """A new entry, made by its owner."""
    now = company.now
    one = Entry(company.next_id("entry"), module, values, owner, owner, now, owner, now)
    company.crm.entries.setdefault(module, {})[one.id] = one
    return one


def is_there(company: Company, entry: Entry) -> bool:
    """Whether an entry is neither deleted nor converted."""
    return entry.id in company.crm.entries[entry.module] and not entry.is_converted


def change(company: Company, entry: Entry, by: Person, /, **values: Any) -> None:
    """Somebody edits an entry."""
    entry.values |= values
    entry.modified_by, entry.modified_at = by, company.now


def hand_over(company: Company, entry: Entry, owner: Person, by: Person) -> None:
    """An entry gets another owner."""
    entry.owner = owner
    change(company, entry, by)


def touch_all(company: Company, module: str, by: Person) -> None:
    """A workflow runs over a whole module: nothing changes but who modified it, and when."""
    for entry in company.crm.entries.get(module, {}).values():
        change(company, entry, by)


def delete(company: Company, entry: Entry, by: Person, *, is_permanent: bool = False) -> None:
    """Throw an entry away. What refers to it refers to nothing from now on, without being modified."""
    del company.crm.entries[entry.module][entry.id]
    company.crm.deletions[entry.id] = Deletion(entry, by, company.now, is_permanent)


def restore(company: Company, entry: Entry) -> None:
    """Take an entry out of the recycle bin, as it was: its moments do not tell."""
    del company.crm.deletions[entry.id]
    company.crm.entries[entry.module][entry.id] = entry


def empty_bin(company: Company) -> None:
    """What has been in the recycle bin for long is gone for good; some time later nobody tells of it."""
    for number, one in list(company.crm.deletions.items()):
        age = company.now - one.deleted_at
        if age > timedelta(days=_TOLD_DAYS):
            del company.crm.deletions[number]
        elif age > timedelta(days=_BIN_DAYS):
            company.crm.deletions[number] = replace(one, is_permanent=True)


def merge(company: Company, kept: Entry, duplicate: Entry, by: Person) -> None:
    """Make one of two: what referred to the duplicate refers to the other one, without being modified."""
    for entries in company.crm.entries.values():
        for one in entries.values():
            one.values |= {name: kept for name, value in one.values.items() if value is duplicate}
    delete(company, duplicate, by, is_permanent=True)
    change(company, kept, by)


def convert(company: Company, lead: Entry, by: Person, account: Entry | None = None) -> tuple[Entry, Entry]:
    """Make a contact, and an account unless there is one, of a lead; no list of deletions names the lead."""
    said = lead.values
    if account is None:
        account = enter(
            company, "Accounts", lead.owner, Account_Name=said["Company"], Industry=said["Industry"]
        )
    names = ("First_Name", "Last_Name", "Email", "Phone", "Lead_Source")
    contact = enter(
        company, "Contacts", lead.owner, Account_Name=account, **{name: said[name] for name in names}
    )
    change(company, lead, by)
    lead.is_converted = True
    return account, contact


def add_column(company: Company, module: str, name: str, label: str, kind: str) -> None:
    """A module gets a field; ``kind`` as Zoho writes it (``text``, ``picklist``, ``currency``)."""
    number = company.next_id("column")
    company.crm.columns.append(Column(number, module, name, label, kind, company.now))

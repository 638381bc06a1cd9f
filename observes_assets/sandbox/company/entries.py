"""What the company's CRM consists of: entries of modules, and what became of those that are gone.

Modules and fields have the names that Zoho gives them: nobody else asks for them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from observes_assets.sandbox.company.entities import Person


@dataclass(eq=False, repr=False, slots=True)
class Entry:
    """One lead, account, deal… A value is text, a number, a moment, another entry, a person or None.

    A converted lead is in the CRM still, but no list shows it.
    """

    id: int
    module: str
    values: dict[str, Any]
    owner: Person
    created_by: Person
    created_at: datetime
    modified_by: Person
    modified_at: datetime
    is_converted: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """An entry that is gone: into the recycle bin, or for good."""

    entry: Entry
    deleted_by: Person
    deleted_at: datetime
    is_permanent: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A field that somebody of the company added to a module."""

    id: int
    module: str
    name: str
    label: str
    kind: str
    added_at: datetime


@dataclass(eq=False, repr=False)
class Crm:
    """Entries by module and id, in the order of creation; deletions by the id of what is gone."""

    entries: dict[str, dict[int, Entry]] = field(default_factory=dict)
    deletions: dict[int, Deletion] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)

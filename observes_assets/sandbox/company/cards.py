"""What a board consists of: fields, cards, and what a card says in a field. Times are UTC, whole seconds."""

from dataclasses import dataclass, field
from datetime import date, datetime

from observes_assets.sandbox.company.entities import Issue, Person


@dataclass(slots=True)
class Option:
    """A choice of a single-select field."""

    id: str
    name: str
    color: str


@dataclass(slots=True)
class Iteration:
    """A span of a board's iteration field; it ends before ``start_on`` + ``days``."""

    id: str
    title: str
    start_on: date
    days: int


@dataclass(eq=False, repr=False, slots=True)
class Field:
    """A field of a board; ``kind`` as GitHub names data types."""

    id: int
    name: str
    kind: str
    created_at: datetime
    updated_at: datetime
    options: list[Option] = field(default_factory=list)
    iterations: list[Iteration] = field(default_factory=list)


@dataclass(slots=True)
class Value:
    """What an item has in a field: text, number, or the id of an option or iteration with what it said."""

    id: int
    content: "str | float | Option | Iteration"
    created_at: datetime
    updated_at: datetime
    creator: Person | None = None  # None: somebody who can't be told from here


@dataclass(eq=False, repr=False, slots=True)
class Draft:
    """A note on a board that is no issue yet."""

    id: int
    title: str
    body: str
    author: Person
    created_at: datetime
    updated_at: datetime


@dataclass(eq=False, repr=False, slots=True)
class Item:
    """A card on a board."""

    id: int
    content: Issue | Draft
    created_at: datetime
    updated_at: datetime
    is_archived: bool = False
    values: dict[int, Value] = field(default_factory=dict)  # by the field's id; an empty field has none


@dataclass(eq=False, repr=False, slots=True)
class Board:
    """A board (GitHub: project). Items in their order on it."""

    id: int
    number: int
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
    fields: dict[str, Field] = field(default_factory=dict)  # by name
    items: list[Item] = field(default_factory=list)
    is_closed: bool = False

"""The sandbox's small company: its state at one moment, and what can happen to it.

Here: the entities and the operations on them (hire, open an issue, move a card), each at the company's
own ``now``. Not here: why anything happens (``story/``) and how a vendor shows it (``github/``).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from observes_assets.sandbox.company.cards import Board
from observes_assets.sandbox.company.entities import Issue, IssueType, Person, Repository, Team
from observes_assets.sandbox.company.entries import Crm

ORGANIZATION = "quillmark-works"


@dataclass(eq=False, repr=False)
class Company:
    """The state of the company at ``now`` (UTC)."""

    now: datetime
    name: str = ORGANIZATION
    founded_at: datetime | None = None
    people: dict[str, Person] = field(default_factory=dict)  # by login, those who left too
    teams: dict[str, Team] = field(default_factory=dict)  # by slug
    repositories: list[Repository] = field(default_factory=list)
    boards: dict[int, Board] = field(default_factory=dict)  # by number
    types: dict[str, IssueType] = field(default_factory=dict)  # by name
    crm: Crm = field(default_factory=Crm)
    _counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.founded_at = self.now

    def next_id(self, kind: str) -> int:
        """A number that no other thing of this kind has."""
        self._counts[kind] += 1
        return self._counts[kind]

    def repository(self, name: str) -> Repository:
        """The repository of this present or former name.

        Raises:
            KeyError: there is none.
        """
        for one in self.repositories:
            if one.name == name:
                return one
        for one in self.repositories:
            if name in one.former_names:
                return one
        raise KeyError(name)

    def members(self) -> list[Person]:
        """Those who are in the organization now, by login."""
        return sorted((one for one in self.people.values() if one.is_member), key=lambda one: one.login)

    def issues(self) -> list[Issue]:
        """Every issue and pull request that is still where it was made."""
        return [one for each in self.repositories for one in each.issues.values() if one.gone is None]

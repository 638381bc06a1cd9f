"""What a portfolio says, as plain frozen data. No reading, no checking: that is ``client.py``."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True)
class Billing:
    """How every group is billed.

    ``rule`` is ``observed`` or ``committed``, ``bots`` is ``count`` or ``exclude``, ``time_zone`` an IANA
    name, ``close_day`` a working day of the next month (1 to 20).
    """

    rule: str = "observed"
    bots: str = "count"
    bot_names: tuple[str, ...] = ()
    minimum_commits: int = 1
    time_zone: str = "UTC"
    close_day: int = 3


@dataclass(frozen=True)
class Price:
    """What a plan costs: per author and per group, each month, with the currency's minor-unit digits."""

    plan: str
    author: Decimal
    base: Decimal
    currency: str


@dataclass(frozen=True)
class Repository:
    """One repository of one group.

    ``url`` is absolute and without credentials; ``credential`` is the NAME in ``OBSERVES_GIT_<NAME>_…``;
    ``ignore`` are git ignore patterns, in order.
    """

    nickname: str
    url: str
    branch: str
    ignore: tuple[str, ...] = ()
    credential: str | None = None


@dataclass(frozen=True)
class Group:
    """What is billed together. ``name`` is unique in the portfolio and safe as a file name."""

    name: str
    plan: str
    repositories: tuple[Repository, ...] = ()


@dataclass(frozen=True)
class Organization:
    """A customer: its groups share authors and one currency."""

    name: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Portfolio:
    """The whole document. ``mailmap`` is the text of the mailmap file, empty if there is none."""

    path: Path
    billing: Billing
    prices: tuple[Price, ...]
    organizations: tuple[Organization, ...]
    mailmap: str = ""

    def groups(self) -> Iterator[tuple[Organization, Group]]:
        """Every group with its organization, in name order."""
        for organization in sorted(self.organizations, key=lambda one: one.name):
            for group in sorted(organization.groups, key=lambda one: one.name):
                yield organization, group

    def repositories(self) -> Iterator[tuple[Organization, Group, Repository]]:
        """Every repository with its owners, in order of organization, group and nickname."""
        for organization, group in self.groups():
            for repository in sorted(group.repositories, key=lambda one: one.nickname):
                yield organization, group, repository

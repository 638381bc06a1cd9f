"""What bills are computed from and what they are made of. Frozen; amounts are ``Decimal``, times UTC.

A month is given by its first day. Amounts of a bill carry exactly their currency's digits.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Rule = Literal["observed", "committed"]
Status = Literal["open", "closed", "preview", "not observed"]
Action = Literal["written", "closed", "corrected", "unchanged"]


@dataclass(frozen=True)
class BillingSettings:
    """The portfolio's section ``billing``."""

    rule: Rule
    bots: Literal["count", "exclude"]
    bot_names: tuple[str, ...]
    minimum_commits: int
    time_zone: str
    close_day: int


@dataclass(frozen=True)
class Terms:
    """What a group pays during a span: per author, and per month (``base_amount``)."""

    organization: str
    group: str
    plan: str
    author_amount: Decimal
    base_amount: Decimal
    currency: str
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True)
class AuthorFact:
    """One author of one group in the month, with the proof commit."""

    organization: str
    group: str
    email: str
    name: str
    repository: str
    commit: str
    organization_commit_count: int


@dataclass(frozen=True)
class Stop:
    """Why an organization's bills are not made now.

    Args:
        since: when things went wrong, or when they last were right; None if they never were.
    """

    organization: str
    since: datetime | None
    why: str


@dataclass(frozen=True)
class MonthFacts:
    """Everything that a month's bill is computed from.

    Args:
        ends_at: the first instant after the month.
        is_observed: whether anything had been observed before the month ended.
        terms: all spans of all groups.
    """

    month: date
    release: int
    settings: BillingSettings
    ends_at: datetime
    is_observed: bool
    terms: tuple[Terms, ...]
    authors: tuple[AuthorFact, ...]
    stops: tuple[Stop, ...] = ()

    @property
    def is_billable(self) -> bool:
        """Whether anything can be owed: under rule ``observed`` not before the first observation."""
        return self.is_observed or self.settings.rule == "committed"


@dataclass(frozen=True)
class AuthorBill:
    """One author on the bill of one group: one line of its file."""

    name: str
    email: str
    commit: str
    repository: str
    groups: tuple[str, ...]
    amount: Decimal

    @property
    def actor(self) -> str:
        """Name and e-mail, as the file shows them."""
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True)
class GroupBill:
    """What a group owes; ``amount`` is None if its organization's bills are stopped and none was made yet."""

    name: str
    plan: str
    author_amount: Decimal
    base_amount: Decimal
    amount: Decimal | None
    authors: tuple[AuthorBill, ...]


@dataclass(frozen=True)
class OrganizationBill:
    """What an organization owes: its authors counted once, the exact sum of its groups.

    Args:
        inputs_sha256: of everything that these figures depend on; '' if there are no figures.
    """

    name: str
    currency: str
    authors: int | None
    amount: Decimal | None
    inputs_sha256: str
    groups: tuple[GroupBill, ...]

    @property
    def is_known(self) -> bool:
        """Whether there are figures: false for a stopped organization without an earlier bill."""
        return self.amount is not None


@dataclass(frozen=True)
class RevisionRecord:
    """One revision of a month in the bucket, and how it differs from the one before (None for the first)."""

    revision: int
    directory: str
    release: int
    code_version: str
    inputs_sha256: str
    difference: dict[str, Any] | None


@dataclass(frozen=True)
class MonthBill:
    """The bills of all groups for a month.

    Args:
        revision: None if the job hasn't written it (a preview).
        stops: organizations whose figures are stale, or missing, and why.
        closes_at: when the month may close; None for a preview.
        missing: what the month lacks for being closed, once it should be.
        revisions: those in the bucket, the current one last.
    """

    month: date
    status: Status
    revision: int | None
    settings: BillingSettings
    release: int
    organizations: tuple[OrganizationBill, ...]
    stops: tuple[Stop, ...] = ()
    code_version: str | None = None
    closes_at: datetime | None = None
    missing: tuple[str, ...] = ()
    revisions: tuple[RevisionRecord, ...] = ()


@dataclass(frozen=True)
class MonthOutcome:
    """What ``write_bills`` did about one month."""

    month: date
    status: Status
    revision: int
    action: Action
    missing: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class BillsOutcome:
    """What ``write_bills`` did.

    Args:
        blocked: why nothing at all was written, or None.
        stops: organizations whose bills are stale.
        closed_releases: releases that bills of closed months name, all of them: they must be kept.
    """

    release: int | None
    months: tuple[MonthOutcome, ...] = ()
    stops: tuple[Stop, ...] = ()
    blocked: str | None = None
    closed_releases: frozenset[int] = frozenset()

    @property
    def failed(self) -> bool:
        """Whether the run must end with exit code 1."""
        return bool(self.stops) or self.blocked is not None

    @property
    def changed(self) -> tuple[MonthOutcome, ...]:
        """The months that were written."""
        return tuple(month for month in self.months if month.action != "unchanged")

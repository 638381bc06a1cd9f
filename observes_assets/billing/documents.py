"""The JSON documents of bills in the bucket, and how they are read back.

``summary.json`` says how a month stands: status, figures, files, revisions. ``bill.json`` lies in the
directory of a revision and says what is owed, down to each author's share; it names neither status nor
release, so that the same bill gives the same directory.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from observes_assets.billing.records import (
    BillingSettings,
    GroupBill,
    MonthBill,
    OrganizationBill,
    RevisionRecord,
    Rule,
    Status,
    Stop,
)


@dataclass(frozen=True)
class GroupSummary:
    """A group's figures; None where its organization has none."""

    name: str
    authors: int | None
    amount: Decimal | None


@dataclass(frozen=True)
class Stale:
    """Why an organization's figures are not of this release."""

    since: datetime | None
    why: str


@dataclass(frozen=True)
class OrganizationSummary:
    """An organization's figures."""

    name: str
    currency: str
    authors: int | None
    amount: Decimal | None
    inputs_sha256: str
    groups: tuple[GroupSummary, ...]
    stale: Stale | None


@dataclass(frozen=True)
class Summary:
    """The document ``summary.json``. ``files`` maps a file's name to the sha256 of its bytes."""

    month: str
    status: Status
    revision: int | None
    directory: str | None
    rule: Rule
    release: int
    code_version: str | None
    inputs_sha256: str
    settings: BillingSettings
    closes_at: datetime | None
    missing: tuple[str, ...]
    organizations: tuple[OrganizationSummary, ...]
    files: dict[str, str]
    revisions: tuple[RevisionRecord, ...]


@dataclass(frozen=True)
class RevisionDocument:
    """The document ``bill.json`` of a revision: everything on the bill, down to each author's share."""

    month: str
    settings: dict[str, Any]
    organizations: tuple[OrganizationBill, ...]
    files: dict[str, str]


def parse_summary(data: bytes) -> Summary:
    """Read a ``summary.json``."""
    return msgspec.json.decode(data, type=Summary)


def parse_revision(data: bytes) -> RevisionDocument:
    """Read a ``bill.json``."""
    return msgspec.json.decode(data, type=RevisionDocument)


def bill_of(summary: Summary, document: RevisionDocument) -> MonthBill:
    """The bill that a summary and its revision describe together."""
    known = {organization.name: organization for organization in document.organizations}
    return MonthBill(
        month=date.fromisoformat(f"{summary.month}-01"),
        status=summary.status,
        revision=summary.revision,
        settings=summary.settings,
        release=summary.release,
        organizations=tuple(known.get(each.name) or _without_figures(each) for each in summary.organizations),
        stops=tuple(
            Stop(each.name, each.stale.since, each.stale.why) for each in summary.organizations if each.stale
        ),
        code_version=summary.code_version,
        closes_at=summary.closes_at,
        missing=summary.missing,
        revisions=summary.revisions,
    )


def json_bytes(document: object) -> bytes:
    """Deterministic JSON for people: sorted keys, indented, a newline at the end, times in UTC."""
    plain = msgspec.to_builtins(document)
    return (json.dumps(plain, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def sha256(data: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _without_figures(organization: OrganizationSummary) -> OrganizationBill:
    groups = (GroupBill(group.name, "", Decimal(0), Decimal(0), None, ()) for group in organization.groups)
    return OrganizationBill(organization.name, organization.currency, None, None, "", tuple(groups))

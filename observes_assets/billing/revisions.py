"""What a month becomes: open, closed, corrected. Pure.

While a month is open it has one revision, number 1, whose directory changes with what is owed month to date.
The first run after the closing moment closes it, if nothing is missing; from then on its settings are those
that it closed with (a new rule is for open months), and figures that come out differently make the next
revision beside the earlier ones, with the difference explained.
"""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from observes_assets.billing.documents import Summary, sha256
from observes_assets.billing.files import month_inputs_sha256, revision_bytes
from observes_assets.billing.records import (
    AuthorBill,
    GroupBill,
    MonthBill,
    OrganizationBill,
    RevisionRecord,
    Status,
)


def directory_name(revision: int, document: bytes) -> str:
    """``r<k>-<hash>``: the hash is of ``bill.json``, which in turn names the sha256 of every file."""
    return f"r{revision}-{sha256(document)[:16]}"


def with_last_figures(bill: MonthBill, last: MonthBill | None) -> MonthBill:
    """The bill in which each stopped organization keeps the figures that it had last."""
    known = {each.name: each for each in last.organizations if each.is_known} if last else {}
    organizations = tuple(
        each if each.is_known else known.get(each.name, each) for each in bill.organizations
    )
    return replace(bill, organizations=organizations)


def month_to_date(
    bill: MonthBill, *, now: datetime, closes_at: datetime, missing: tuple[str, ...], code_version: str
) -> MonthBill:
    """The state of a month that isn't closed yet; closes it if it is time and nothing is missing.

    Args:
        bill: with the last figures of stopped organizations.
        missing: what the month lacks for being closed.
    """
    if now < closes_at:
        missing = ()
    else:
        missing += tuple(f"the bills of {stop.organization} are stale: {stop.why}" for stop in bill.stops)
    status: Status = "open" if missing or now < closes_at else "closed"
    if bill.status == "not observed":
        status = "not observed"  # never closed with zero
    bill = replace(
        bill, status=status, revision=1, closes_at=closes_at, missing=missing, code_version=code_version
    )
    return replace(bill, revisions=(_record(bill, 1, None),))


def has_changed(summary: Summary, bill: MonthBill) -> bool:
    """Whether a closed month comes out differently now, as far as can be told: stopped ones can't."""
    before = {each.name: each.inputs_sha256 for each in summary.organizations}
    after = {each.name: each.inputs_sha256 for each in bill.organizations if each.is_known}
    stopped = {each.name for each in bill.organizations if not each.is_known}
    return any(before.get(name) != after.get(name) for name in (before.keys() | after.keys()) - stopped)


def corrected(bill: MonthBill, last: MonthBill, *, code_version: str) -> MonthBill:
    """The next revision of a closed month.

    Args:
        bill: with the last figures of stopped organizations, computed under the month's own settings.
        last: the month as it stands.
    """
    number = last.revisions[-1].revision + 1
    bill = replace(
        bill,
        status="closed",
        revision=number,
        closes_at=last.closes_at,
        code_version=code_version,
        settings=last.settings,
        stops=(),
    )
    return replace(bill, revisions=(*last.revisions, _record(bill, number, difference(last, bill))))


def difference(before: MonthBill, after: MonthBill) -> dict[str, Any]:
    """How two bills of a month differ, by organization and group; without what is equal ({} if all is)."""
    old = {each.name: each for each in before.organizations if each.is_known}
    new = {each.name: each for each in after.organizations if each.is_known}
    changes = (_organization_difference(old.get(name), new.get(name)) for name in sorted(old | new))
    organizations = [change for change in changes if change]
    return {"organizations": organizations} if organizations else {}


def _record(bill: MonthBill, number: int, changes: dict[str, Any] | None) -> RevisionRecord:
    assert bill.code_version is not None
    return RevisionRecord(
        revision=number,
        directory=directory_name(number, revision_bytes(bill)),
        release=bill.release,
        code_version=bill.code_version,
        inputs_sha256=month_inputs_sha256(bill),
        difference=changes,
    )


def _organization_difference(
    before: OrganizationBill | None, after: OrganizationBill | None
) -> dict[str, Any] | None:
    old = {group.name: group for group in before.groups} if before else {}
    new = {group.name: group for group in after.groups} if after else {}
    changes = [_group_difference(old.get(name), new.get(name)) for name in sorted(old | new)]
    groups = [change for change in changes if change]
    if not groups:
        return None
    some = after or before
    assert some is not None
    return {
        "name": some.name,
        "currency": some.currency,
        "authors_before": before.authors if before else None,
        "authors_after": after.authors if after else None,
        "amount_before": str(before.amount) if before else None,
        "amount_after": str(after.amount) if after else None,
        "groups": groups,
    }


def _group_difference(before: GroupBill | None, after: GroupBill | None) -> dict[str, Any] | None:
    if before == after:
        return None
    old = {author.email: author for author in before.authors} if before else {}
    new = {author.email: author for author in after.authors} if after else {}
    some = after or before
    assert some is not None
    return {
        "name": some.name,
        "amount_before": str(before.amount) if before else None,
        "amount_after": str(after.amount) if after else None,
        "authors_added": [new[email].actor for email in sorted(new.keys() - old.keys())],
        "authors_removed": [old[email].actor for email in sorted(old.keys() - new.keys())],
        "authors_changed": [
            _author_difference(old[email], new[email])
            for email in sorted(old.keys() & new.keys())
            if old[email] != new[email]
        ],
    }


def _author_difference(before: AuthorBill, after: AuthorBill) -> dict[str, Any]:
    """Which columns of an author's line differ, each as [before, after]."""
    old, new = _plain(before), _plain(after)
    return {
        "actor": after.actor,
        "fields": {key: [old[key], new[key]] for key in old if old[key] != new[key]},
    }


def _plain(author: AuthorBill) -> dict[str, Any]:
    return asdict(author) | {"amount": str(author.amount), "groups": list(author.groups)}

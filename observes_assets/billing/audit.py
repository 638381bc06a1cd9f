"""Bills worked out a second way: before they are written, and again from what lies in the bucket.

Nothing here shares code with ``rules`` but the question who counts (``authors``) and a currency's digits. A
fault names month, organization and group, never a person.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

from psycopg import Connection

from observes_assets.billing.authors import exclusion
from observes_assets.billing.calendar import month_text
from observes_assets.billing.documents import Summary
from observes_assets.billing.facts import one_moment, read_authors
from observes_assets.billing.records import (
    AuthorFact,
    BillingSettings,
    GroupBill,
    MonthBill,
    OrganizationBill,
)
from observes_assets.billing.store import BillStore
from observes_assets.bucket import Bucket, NotInBucketError
from observes_assets.currency import minor_digits
from observes_assets.errors import IntegrityError

LINES, AUTHORS, FACTS = "lines_sum_to_totals", "every_author_billed_once", "bills_equal_facts"
CLOSED = "closed_months_unchanged"
CHECKS = {
    LINES: "The shares of a group's authors and its base price sum to what it owes, and groups to "
    "organizations, to the last minor unit.",
    AUTHORS: "An author is one line of a group, and costs an organization one price, in however many groups.",
    FACTS: "A bill has a line for each author of its release that counts, and for nobody else.",
    CLOSED: "A month that was closed stays closed, with every revision as it was written.",
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a month's bills; ``where`` is month, organization and group."""

    check: str
    where: str
    expected: str
    found: str


def require_sound(bill: MonthBill, authors: Sequence[AuthorFact], stale: Set[str]) -> None:
    """Refuse to write a bill that doesn't add up, or isn't that of the facts.

    Args:
        stale: organizations that keep the figures of an earlier release.

    Raises:
        IntegrityError: names month, organization and group.
    """
    for fault in [*_sums_and_lines(bill), *_differences(bill, authors, stale)]:
        raise IntegrityError(
            f"The bill of {fault.where} is wrong: expected {fault.expected}, found {fault.found}. "
            "Nothing was written.",
            f"docs/runbook.md#{fault.check}",
        )


def audit(connection: Connection[Any], bucket: Bucket) -> list[Fault]:
    """Every fault of every month in the bucket. The connection must be idle."""
    store = BillStore(bucket)
    months = [month for month, names in sorted(store.listing().items()) if "summary.json" in names]
    summaries = {month: summary for month in months if (summary := store.summary(month))}
    faults: list[Fault] = []
    with one_moment(connection):
        faults += _lost_closings(connection, summaries)
        for month, summary in summaries.items():
            faults += _revision_faults(bucket, summary)
            try:
                bill = store.bill(summary)
            except (IntegrityError, NotInBucketError) as error:
                faults.append(Fault(CLOSED, summary.month, "what its directory's name promises", str(error)))
                continue
            faults += [*_sums_and_lines(bill), *_other_than_facts(connection, month, summary, bill)]
    return faults


def _other_than_facts(
    connection: Connection[Any], month: date, summary: Summary, bill: MonthBill
) -> Iterable[Fault]:
    """Where a bill has other authors than each release that it was made from and that is still there.

    More than one, since an organization that could not be corrected keeps the figures of the revision before.
    """
    stale = {each.name for each in summary.organizations if each.stale}
    found: list[dict[str, Fault]] = []
    for release in {revision.release for revision in summary.revisions}:
        row = connection.execute("select to_regnamespace(%s) is not null", [f"release_{release}"]).fetchone()
        if row and row[0]:
            authors = read_authors(connection, release, summary.rule, month)
            found.append({fault.where: fault for fault in _differences(bill, authors, stale)})
    return [fault for where, fault in found[0].items() if all(where in one for one in found)] if found else []


def _sums_and_lines(bill: MonthBill) -> Iterator[Fault]:
    for organization in bill.organizations:
        if organization.is_known:
            where = f"{month_text(bill.month)} {organization.name}"
            yield from _sums(organization, where, charges_base=bill.status != "not observed")
            yield from _once(organization, where)


def _differences(bill: MonthBill, authors: Sequence[AuthorFact], stale: Set[str]) -> Iterator[Fault]:
    counted = _counted(authors, bill.settings)
    for organization in bill.organizations:
        if organization.is_known and organization.name not in stale:
            yield from _equal(organization, f"{month_text(bill.month)} {organization.name}", counted)


def _sums(organization: OrganizationBill, where: str, *, charges_base: bool) -> Iterator[Fault]:
    unit = Decimal(1).scaleb(-minor_digits(organization.currency))
    for group in organization.groups:
        base = group.base_amount.quantize(unit, rounding=ROUND_DOWN) if charges_base else Decimal(0)
        lines = sum((author.amount for author in group.authors), base)
        if lines != group.amount:
            yield Fault(LINES, f"{where}/{group.name}", f"its lines' sum, {lines}", str(group.amount))
    groups = sum((group.amount or Decimal(0) for group in organization.groups), Decimal(0))
    if groups != organization.amount:
        yield Fault(LINES, where, f"its groups' sum, {groups}", str(organization.amount))


def _once(organization: OrganizationBill, where: str) -> Iterator[Fault]:
    shares: dict[str, list[tuple[GroupBill, Decimal]]] = {}
    for group in organization.groups:
        emails = Counter(author.email for author in group.authors)
        if doubled := sum(count > 1 for count in emails.values()):
            yield Fault(AUTHORS, f"{where}/{group.name}", "one line an author", f"{doubled} with more")
        for author in group.authors:
            shares.setdefault(author.email, []).append((group, author.amount))
    if len(shares) != organization.authors:
        yield Fault(AUTHORS, where, f"{len(shares)} authors, as its groups show", str(organization.authors))
    unit = Decimal(1).scaleb(-minor_digits(organization.currency))
    for parts in shares.values():
        price = sum(Fraction(group.author_amount) for group, _ in parts) / len(parts)
        whole = int(price / Fraction(unit)) * unit
        if (paid := sum(amount for _, amount in parts)) != whole:
            groups = ", ".join(group.name for group, _ in parts)
            yield Fault(AUTHORS, f"{where}/{groups}", f"one author's price, {whole}", str(paid))


def _equal(
    organization: OrganizationBill, where: str, counted: Mapping[tuple[str, str], set[str]]
) -> Iterator[Fault]:
    billed = {group.name: {author.email for author in group.authors} for group in organization.groups}
    expected = {group: emails for (name, group), emails in counted.items() if name == organization.name}
    for group in sorted(billed.keys() | expected.keys()):
        bill, facts = billed.get(group, set()), expected.get(group, set())
        if bill != facts:
            found = (
                f"{len(bill)}, of which {len(bill - facts)} are no facts and {len(facts - bill)} are missing"
            )
            yield Fault(FACTS, f"{where}/{group}", f"{len(facts)} authors", found)


def _counted(authors: Sequence[AuthorFact], settings: BillingSettings) -> dict[tuple[str, str], set[str]]:
    """E-mails of those who count, by organization and group."""
    rows: dict[tuple[str, str], list[AuthorFact]] = {}
    for row in authors:
        rows.setdefault((row.organization, row.email), []).append(row)
    counted: dict[tuple[str, str], set[str]] = {}
    for (organization, email), mine in rows.items():
        if exclusion(mine, settings) is None:
            for row in mine:
                counted.setdefault((organization, row.group), set()).add(email)
    return counted


def _revision_faults(bucket: Bucket, summary: Summary) -> Iterator[Fault]:
    """Revisions of a closed month that are missing, out of order, or other bytes than their name says."""
    if summary.status != "closed":
        return
    numbers = [revision.revision for revision in summary.revisions]
    if numbers != list(range(1, len(numbers) + 1)):
        yield Fault(CLOSED, summary.month, "revisions without a gap", str(numbers))
    for revision in summary.revisions[:-1]:  # the last one is read with its bill
        name = f"bills/{summary.month.replace('-', '/')}/{revision.directory}/bill.json"
        if not BillStore.is_intact(bucket, name):
            yield Fault(CLOSED, summary.month, f"{revision.directory} as it was written", "lost or changed")


def _lost_closings(connection: Connection[Any], summaries: Mapping[date, Summary]) -> Iterable[Fault]:
    """Closings that Observes recorded and the bucket's summaries don't know any more."""
    (table,) = connection.execute("select to_regclass('raw_observes.closings')").fetchone() or (None,)
    if table is None:
        return
    known = {
        (summary.month, revision.directory)
        for summary in summaries.values()
        if summary.status == "closed"
        for revision in summary.revisions
    }
    rows = connection.execute(
        "select distinct record ->> 'month', record ->> 'directory' from raw_observes.closings order by 1, 2"
    )
    for month, directory in rows:
        if (month, directory) not in known:
            yield Fault(CLOSED, month, f"closed, with {directory}", "reopened, or without it")

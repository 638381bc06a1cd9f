"""The rules of a bill. Pure, in ``Decimal`` and whole minor units.

Which commit counts in which month is the marts' answer. Here: who counts (``authors``), at which terms,
and how an author's price is divided.

Dividing. An author in k groups of one organization is one author. Let p be the author prices of those groups,
in name order. Each group gets p/k rounded down to the currency's minor unit; the author as a whole costs the
exact rational sum(p)/k, rounded down to the minor unit once, which for equal prices is the price itself. The
units by which the shares fall short of that (fewer than k) go one each to the groups in name order.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from observes_assets.billing.authors import exclusion
from observes_assets.billing.records import (
    AuthorBill,
    AuthorFact,
    BillingSettings,
    GroupBill,
    MonthBill,
    MonthFacts,
    OrganizationBill,
    Stop,
    Terms,
)
from observes_assets.currency import from_minor_units, minor_digits
from observes_assets.errors import IntegrityError


def compute_month(facts: MonthFacts) -> MonthBill:
    """Compute the bills of all groups for a month.

    An organization that is stopped is listed without figures. Under rule ``observed`` a month that ended
    before anything was observed is ``not observed``: its groups are listed and owe nothing, no base either.

    Raises:
        IntegrityError: an author's group never had terms.
        SettingsError: a currency is unknown.
    """
    by_email = _authors(facts.authors, facts)
    terms = _terms_by_organization(facts, by_email)
    stops = {stop.organization: stop for stop in facts.stops}
    for name, groups in terms.items():
        currencies = sorted({group.currency for group in groups})
        if len(currencies) > 1:
            # A group that left keeps its last terms; they may be older than the organization's currency.
            why = f"its groups have terms in {' and '.join(currencies)}"
            stops.setdefault(name, Stop(name, None, why))
    organizations = [
        _unknown(name, terms[name])
        if name in stops
        else _organization(name, terms[name], by_email[name], facts)
        for name in sorted(terms)
    ]
    return MonthBill(
        month=facts.month,
        status="preview" if facts.is_billable else "not observed",
        revision=None,
        settings=facts.settings,
        release=facts.release,
        organizations=tuple(organizations),
        stops=tuple(stops[name] for name in sorted(stops) if name in terms),
    )


def split_price(prices: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Divide one author's price among groups; see the module's docstring.

    Args:
        prices: the author price of each group, in name order of the groups.
        digits: of the currency's minor unit.
    """
    count = len(prices)
    units = [Fraction(price) * 10**digits / count for price in prices]
    shares = [floor(unit) for unit in units]
    missing = floor(sum(units)) - sum(shares)
    return [from_minor_units(share + (position < missing), digits) for position, share in enumerate(shares)]


def terms_at(spans: Sequence[Terms], instant: datetime, first_at: datetime) -> tuple[Terms, bool]:
    """A group's terms just before an instant, and whether the group existed then.

    A group that left keeps its last terms, one that came later has its first. Before the first portfolio
    version (``first_at``) the groups are those of that version.

    Args:
        spans: of one group, not empty.
    """
    spans = sorted(spans, key=lambda span: span.valid_from)
    begun = [span for span in spans if span.valid_from < instant]
    if not begun:
        return spans[0], instant <= first_at and spans[0].valid_from == first_at
    last = begun[-1]
    return last, last.valid_until is None or last.valid_until >= instant


def settings_of_figures(settings: BillingSettings) -> dict[str, Any]:
    """The settings that figures depend on: not ``close_day``, which only moves the closing."""
    plain = asdict(settings)
    del plain["close_day"]
    return plain


def inputs_sha256(document: object) -> str:
    """The sha256 of a document's canonical JSON."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _authors(rows: Iterable[AuthorFact], facts: MonthFacts) -> defaultdict[str, dict[str, list[AuthorFact]]]:
    """Rows that count, by organization and e-mail, each list in name order of its groups."""
    by_author: defaultdict[tuple[str, str], list[AuthorFact]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.organization, row.email, row.group)):
        by_author[row.organization, row.email].append(row)
    counted: defaultdict[str, dict[str, list[AuthorFact]]] = defaultdict(dict)
    for (organization, email), mine in by_author.items():
        if exclusion(mine, facts.settings) is None:
            counted[organization][email] = mine
    return counted


def _terms_by_organization(
    facts: MonthFacts, by_email: Mapping[str, Mapping[str, Sequence[AuthorFact]]]
) -> dict[str, list[Terms]]:
    """Terms of each group on the bill: it existed at the month's end, or has authors. In name order."""
    spans: defaultdict[tuple[str, str], list[Terms]] = defaultdict(list)
    for span in facts.terms:
        spans[span.organization, span.group].append(span)
    active = {
        (row.organization, row.group)
        for people in by_email.values()
        for rows in people.values()
        for row in rows
    }
    if lost := sorted(group for _, group in active - spans.keys()):
        raise IntegrityError(
            f"The mart group_terms of release {facts.release} has no terms for group {lost[0]}.",
            "Build the release again; if it persists, report it.",
        )
    first_at = min((span.valid_from for span in facts.terms), default=facts.ends_at)
    chosen: defaultdict[str, list[Terms]] = defaultdict(list)
    for key in sorted(spans):
        terms, existed = terms_at(spans[key], facts.ends_at, first_at)
        if existed or key in active:
            chosen[key[0]].append(terms)
    return dict(chosen)


def _organization(
    name: str, terms: Sequence[Terms], people: Mapping[str, Sequence[AuthorFact]], facts: MonthFacts
) -> OrganizationBill:
    currency = terms[0].currency
    digits = minor_digits(currency)
    prices = {group.group: group.author_amount for group in terms}
    lines: defaultdict[str, list[AuthorBill]] = defaultdict(list)
    for rows in people.values():
        groups = tuple(row.group for row in rows)
        shares = split_price([prices[group] for group in groups], digits)
        for row, share in zip(rows, shares, strict=True):
            lines[row.group].append(
                AuthorBill(row.name, row.email, row.commit, row.repository, groups, share)
            )
    groups_billed = tuple(_group(group, lines[group.group], digits, facts.is_billable) for group in terms)
    return OrganizationBill(
        name=name,
        currency=currency,
        authors=len(people),
        amount=sum((group.amount or Decimal(0) for group in groups_billed), from_minor_units(0, digits)),
        inputs_sha256=inputs_sha256(_inputs(terms, people, facts)),
        groups=groups_billed,
    )


def _group(terms: Terms, authors: list[AuthorBill], digits: int, charges_base: bool) -> GroupBill:
    base = floor(Fraction(terms.base_amount) * 10**digits) if charges_base else 0
    return GroupBill(
        name=terms.group,
        plan=terms.plan,
        author_amount=terms.author_amount,
        base_amount=terms.base_amount,
        amount=sum((author.amount for author in authors), from_minor_units(base, digits)),
        authors=tuple(sorted(authors, key=lambda author: (author.actor, author.commit))),
    )


def _unknown(name: str, terms: Sequence[Terms]) -> OrganizationBill:
    groups = (
        GroupBill(group.group, group.plan, group.author_amount, group.base_amount, None, ())
        for group in terms
    )
    return OrganizationBill(name, terms[0].currency, None, None, "", tuple(groups))


def _inputs(terms: Sequence[Terms], people: Mapping[str, Sequence[AuthorFact]], facts: MonthFacts) -> object:
    """What the figures depend on: settings, terms in force, authors who count. Not the terms' spans."""
    return {
        "month": facts.month.isoformat(),
        "is_billable": facts.is_billable,
        "settings": settings_of_figures(facts.settings),
        "terms": [
            [term.group, term.plan, _plain(term.author_amount), _plain(term.base_amount), term.currency]
            for term in terms
        ],
        "authors": [
            [row.group, row.email, row.name, row.repository, row.commit]
            for rows in people.values()
            for row in rows
        ],
    }


def _plain(amount: Decimal) -> str:
    """The same text for 99, 99.0 and 99.00: a portfolio written differently is no change of price."""
    return format(amount.normalize(), "f")

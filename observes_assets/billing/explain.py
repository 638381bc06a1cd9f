"""Why is this person on a bill, or why not? Group by group, month by month, commit by commit.

Computed from one release with the same rules as the bills (``compute_month``), so also for months that no job
wrote; a closed month was computed under its own settings and may differ, which its summary shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from psycopg import Connection

from observes_assets.billing.authors import Exclusion, exclusion
from observes_assets.billing.calendar import month_of, month_text
from observes_assets.billing.evidence import (
    Commit,
    Identity,
    find_people,
    read_billable_months,
    read_commits,
)
from observes_assets.billing.facts import Facts, one_moment
from observes_assets.billing.preconditions import read_moment
from observes_assets.billing.records import AuthorBill, AuthorFact, MonthBill, MonthFacts, Rule
from observes_assets.billing.rules import compute_month
from observes_assets.errors import SettingsError

CommitAnswer = Literal["counts", "history", "ignored", "merge", "other month", "copy"]


@dataclass(frozen=True)
class Verdict:
    """Whether a person counts in one group and month.

    Args:
        why_not: the reason if not: a bot, or fewer commits than ``minimum_commits``.
        commit: the proof.
        commit_count: the person's commits in the whole organization in that month.
        groups: among which the price is divided.
        amount: this group's share; None if the person doesn't count, or if the bill is stopped.
        note: what stops the bill, or ''.
    """

    month: date
    organization: str
    group: str
    counts: bool
    why_not: Exclusion | None
    actor: str
    repository: str
    commit: str
    commit_count: int
    groups: tuple[str, ...]
    currency: str
    amount: Decimal | None
    note: str = ""


@dataclass(frozen=True)
class ExplainedCommit:
    """One commit, and whether it counts.

    Args:
        counts_in: groups and months in which it counts, whatever month was asked for.
        detail: a sentence about the answer, or ''.
    """

    commit: Commit
    answer: CommitAnswer
    counts_in: tuple[tuple[str, date], ...]
    detail: str


@dataclass(frozen=True)
class Person:
    """One person: an e-mail address after the mailmap, with all names under which it was found."""

    email: str
    names: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    commits: tuple[ExplainedCommit, ...]


@dataclass(frozen=True)
class Explanation:
    """The answer, for everybody who goes by the name (an e-mail finds one person)."""

    release: int
    month: date | None
    rule: Rule
    time_zone: str
    people: tuple[Person, ...]


def explain(conn: Connection[Any], release: int, person: str, month: date | None) -> Explanation:
    """Explain the bills of a person.

    Args:
        conn: idle; may read ``landing`` and the release.
        person: an e-mail address or a name, compared without case, before or after the mailmap.
        month: any day of it; None for all.

    Raises:
        SettingsError: no commit of the release has such an author.
    """
    month = month.replace(day=1) if month else None
    with one_moment(conn):
        identities = find_people(conn, release, person)
        if not identities:
            raise SettingsError(
                f"No author in release {release} has that e-mail address or name.",
                "Take the e-mail address or the name from `git log`; then quote it whole.",
            )
        facts = read_moment(conn, release).facts
        people = tuple(_person(conn, facts, identity, month) for identity in identities)
    return Explanation(release, month, facts.settings.rule, facts.settings.time_zone, people)


def _person(conn: Connection[Any], facts: Facts, identity: Identity, month: date | None) -> Person:
    months = read_billable_months(conn, facts.release, facts.settings.rule, identity.email)
    verdicts: list[Verdict] = []
    for each in months if month is None else [month]:
        month_facts = facts.of_month(conn, each)
        verdicts.extend(_verdicts(month_facts, identity.email))
    commits = [
        explain_commit(commit, month, facts.settings.rule, facts.settings.time_zone)
        for commit in read_commits(conn, facts.release, facts.settings.rule, identity.email)
        if month is None or month in months_of(commit, facts.settings.time_zone)
    ]
    return Person(identity.email, identity.names, tuple(verdicts), tuple(commits))


def _verdicts(facts: MonthFacts, email: str) -> list[Verdict]:
    # The figures behind a stop are of interest here: the share is shown with a note.
    bill = compute_month(replace(facts, stops=()))
    stops = {stop.organization: stop.why for stop in facts.stops}
    rows = [row for row in facts.authors if row.email == email]
    verdicts = []
    for row in rows:
        mine = [each for each in rows if each.organization == row.organization]
        line, currency = _line(bill, row)
        verdicts.append(
            Verdict(
                month=facts.month,
                organization=row.organization,
                group=row.group,
                counts=line is not None,
                why_not=exclusion(mine, facts.settings),
                actor=f"{row.name} <{row.email}>",
                repository=row.repository,
                commit=row.commit,
                commit_count=row.organization_commit_count,
                groups=tuple(sorted(each.group for each in mine)),
                currency=currency,
                amount=line.amount if line else None,
                note=f"stale: {stops[row.organization]}" if row.organization in stops else "",
            )
        )
    return verdicts


def _line(bill: MonthBill, row: AuthorFact) -> tuple[AuthorBill | None, str]:
    """The line of a bill that an author's row became, and the currency ('' if the group isn't billed)."""
    for organization in bill.organizations:
        for group in organization.groups if organization.name == row.organization else ():
            if group.name == row.group:
                lines = (author for author in group.authors if author.email == row.email)
                return next(lines, None), organization.currency
    return None, ""


def explain_commit(commit: Commit, month: date | None, rule: Rule, time_zone: str) -> ExplainedCommit:
    """Say whether a commit counts, and why not.

    Args:
        month: the month that was asked for, None for any.
    """
    if commit.counts_in:
        return _counting(commit, month)
    answer, detail = _not_counting(commit, rule, time_zone)
    return ExplainedCommit(commit, answer, (), detail)


def months_of(commit: Commit, time_zone: str) -> set[date]:
    """The months in which a person may look for a commit: by any of its dates, or where it counts."""
    dates = (commit.authored_at, commit.committed_at, commit.seen_at)
    return {month_of(instant, time_zone) for instant in dates} | {month for _, month in commit.counts_in}


def _counting(commit: Commit, month: date | None) -> ExplainedCommit:
    details = []
    if lacking := sorted(set(commit.owners) - {group for group, _ in commit.counts_in}):
        details.append(f"not in {_listed(lacking)}: ignored there, or not owned when it was first seen")
    answer: CommitAnswer = "counts"
    elsewhere = sorted({each for _, each in commit.counts_in})
    if month is not None and month not in elsewhere:
        answer = "other month"
        details.insert(0, f"counts in {_listed(month_text(each) for each in elsewhere)}")
    return ExplainedCommit(commit, answer, commit.counts_in, "; ".join(details))


def _not_counting(commit: Commit, rule: Rule, time_zone: str) -> tuple[CommitAnswer, str]:
    if commit.is_merge:
        return "merge", "merge commits don't make an author"
    if rule == "committed":
        return "ignored", "it touches only ignored paths"
    if commit.is_history:
        return "history", f"it was there when {commit.repository} was first observed"
    first, seen = month_of(commit.first_seen_at, time_zone), month_of(commit.seen_at, time_zone)
    where = f"{commit.first_repository} as {commit.first_commit}"
    if commit.is_first_history:
        return "copy", f"the same work was history of {where}"
    if first != seen:
        return "copy", f"the same work was first seen in {month_text(first)} in {where}"
    return "ignored", "it touches only ignored paths"


def _listed(words: Iterable[str]) -> str:
    items: Sequence[str] = list(words)
    return " and ".join(items) if len(items) < 3 else f"{', '.join(items[:-1])} and {items[-1]}"

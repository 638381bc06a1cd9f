"""The job that writes bills, and the look at any month.

One path: facts of a month → ``compute_month`` → what the month becomes. ``preview`` stops after the second
step, ``bills_due`` after the third, ``write_bills`` puts the result into the bucket.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from observes_assets.billing.audit import require_sound
from observes_assets.billing.calendar import close_moment, month_of, months_between
from observes_assets.billing.documents import Summary
from observes_assets.billing.facts import one_moment
from observes_assets.billing.files import summary_of
from observes_assets.billing.preconditions import (
    Moment,
    build_not_on_show,
    is_behind,
    read_moment,
    read_release_on_show,
)
from observes_assets.billing.records import (
    Action,
    AuthorFact,
    BillsOutcome,
    MonthBill,
    MonthOutcome,
    Stop,
)
from observes_assets.billing.revisions import corrected, has_changed, month_to_date, with_last_figures
from observes_assets.billing.rules import compute_month
from observes_assets.billing.store import BillStore
from observes_assets.bucket import Bucket
from observes_assets.postgres.locks import session_lock

BILLS = "bills"


@dataclass(frozen=True)
class _Decision:
    """What one month becomes. ``bill`` is None if it stays as it is."""

    outcome: MonthOutcome
    before: Summary | None
    names: frozenset[str]
    bill: MonthBill | None
    stops: tuple[Stop, ...] = ()
    authors: tuple[AuthorFact, ...] | None = None
    stale: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Plan:
    release: int | None
    decisions: tuple[_Decision, ...] = ()
    stops: tuple[Stop, ...] = ()
    blocked: str | None = None

    @property
    def closed_releases(self) -> frozenset[int]:
        """Releases that bills of closed months name."""
        return frozenset(
            revision.release
            for decision in self.decisions
            if decision.outcome.status == "closed" and (state := decision.bill or decision.before)
            for revision in state.revisions
        )


def write_bills(conn: Connection[Any], bucket: Bucket, *, now: datetime, code_version: str) -> BillsOutcome:
    """Write the current month and every earlier one that isn't closed; correct closed ones.

    Idempotent: where nothing has changed, nothing is written. One process at a time; others wait.

    Args:
        conn: in autocommit mode, and idle.
        now: with a time zone.
        code_version: that the summary names.

    Returns:
        what was done; ``failed``: an organization's bills are stale, or nothing could be written.
    """
    store = BillStore(bucket)
    with session_lock(conn, BILLS):
        plan = _plan(conn, store, now, code_version)
        for decision in plan.decisions:
            if decision.bill is not None:
                if decision.authors is not None:  # else it is put back as it was
                    require_sound(decision.bill, decision.authors, decision.stale)
                store.put(decision.bill, decision.before, decision.names)
    outcomes = tuple(decision.outcome for decision in plan.decisions)
    return BillsOutcome(plan.release, outcomes, plan.stops, plan.blocked, plan.closed_releases)


def bills_due(conn: Connection[Any], bucket: Bucket, *, now: datetime) -> bool:
    """Whether ``write_bills`` would write anything now."""
    return look_ahead(conn, bucket, now=now)[0]


def look_ahead(conn: Connection[Any], bucket: Bucket, *, now: datetime) -> tuple[bool, tuple[Stop, ...]]:
    """Whether ``write_bills`` would write anything now, and whose bills are stale, written or not."""
    plan = _plan(conn, BillStore(bucket), now, "")
    return any(decision.bill is not None for decision in plan.decisions), plan.stops


def preview(conn: Connection[Any], bucket: Bucket, release: int, month: date) -> MonthBill:
    """The bills of any month: as they stand in the bucket, else computed from a release, as a preview.

    Args:
        conn: idle.
        month: any day of it.
    """
    month = month.replace(day=1)
    store = BillStore(bucket)
    if summary := store.summary(month):
        return store.bill(summary)
    with one_moment(conn):
        moment = read_moment(conn, release)
        return compute_month(moment.facts.of_month(conn, month))


def _plan(conn: Connection[Any], store: BillStore, now: datetime, code_version: str) -> _Plan:
    with one_moment(conn):
        shown = read_release_on_show(conn)
        if shown is None:
            return _Plan(None, blocked="No release is on show.")
        release, as_of = shown
        if is_behind(conn, as_of):
            behind = f"Release {release} is behind: git or the portfolio landed after it was built."
            return _Plan(release, blocked=behind)
        if why := build_not_on_show(conn, as_of):
            return _Plan(release, blocked=why)
        moment = read_moment(conn, release)
        facts = moment.facts
        if facts.first_load_at is None:
            return _Plan(release, blocked="Neither git nor a portfolio has landed.")
        time_zone = facts.settings.time_zone
        months = months_between(month_of(facts.first_load_at, time_zone), month_of(now, time_zone))
        planner = _Planner(conn, store, moment, now, code_version)
        listing = store.listing()
        decisions = tuple(planner.decide(month, listing.get(month, frozenset())) for month in months)
    stops = {stop.organization: stop for decision in decisions for stop in decision.stops}
    stops |= {stop.organization: stop for stop in facts.stops}
    return _Plan(release, decisions, tuple(stops[name] for name in sorted(stops)))


@dataclass(frozen=True)
class _Planner:
    """Decides what a month becomes; reads, and writes nothing."""

    conn: Connection[Any]
    store: BillStore
    moment: Moment
    now: datetime
    code_version: str

    def decide(self, month: date, names: frozenset[str]) -> _Decision:
        """What a month becomes.

        Args:
            names: what the bucket lists of the month.
        """
        before = self.store.summary(month) if "summary.json" in names else None
        if before and before.status == "closed":
            decision = self._closed(month, before, names)
            if decision.bill is None and self.store.needs_repair(before, names):
                outcome = replace(decision.outcome, action="written", note="put right what a kill left")
                return replace(decision, outcome=outcome, bill=self.store.bill(before))
            return decision
        return self._open(month, before, names)

    def _open(self, month: date, before: Summary | None, names: frozenset[str]) -> _Decision:
        facts = self.moment.facts.of_month(self.conn, month)
        bill = compute_month(facts)
        stale = _without_figures(bill)
        bill = with_last_figures(bill, self.store.bill(before) if before and bill.stops else None)
        settings = facts.settings
        bill = month_to_date(
            bill,
            now=self.now,
            closes_at=close_moment(month, settings.time_zone, settings.close_day),
            missing=self.moment.missing_for_close(facts.ends_at),
            code_version=self.code_version,
        )
        is_same = (
            before is not None
            and _without_code(before) == _without_code(summary_of(bill))
            and not self.store.needs_repair(before, names)
        )
        action: Action = "unchanged" if is_same else "closed" if bill.status == "closed" else "written"
        outcome = MonthOutcome(month, bill.status, 1, action, bill.missing)
        written = None if is_same else bill
        return _Decision(outcome, before, names, written, bill.stops, facts.authors, stale)

    def _closed(self, month: date, before: Summary, names: frozenset[str]) -> _Decision:
        revision = before.revision or 1
        outcome = MonthOutcome(month, "closed", revision, "unchanged")
        facts = self.moment.facts
        if before.settings.time_zone != facts.settings.time_zone:
            # The marts cut months in the newest zone only: figures in the old one can't be had any more.
            note = f"closed in time zone {before.settings.time_zone}; not compared any more"
            return _Decision(replace(outcome, note=note), before, names, None)
        now = facts.of_month(self.conn, month, before.settings)
        bill = compute_month(now)
        if not has_changed(before, bill):
            return _Decision(outcome, before, names, None)
        stale = _without_figures(bill)
        last = self.store.bill(before)
        bill = corrected(with_last_figures(bill, last), last, code_version=self.code_version)
        if not bill.revisions[-1].difference:  # our way of hashing inputs changed, not the inputs
            return _Decision(outcome, before, names, None)
        outcome = MonthOutcome(month, "closed", revision + 1, "corrected")
        return _Decision(outcome, before, names, bill, (), now.authors, stale)


def _without_figures(bill: MonthBill) -> frozenset[str]:
    """Organizations of which nothing can be said now: they keep what they had."""
    return frozenset(each.name for each in bill.organizations if not each.is_known)


def _without_code(summary: Summary) -> Summary:
    """The summary without the code's version: new code alone is no reason to write."""
    revisions = tuple(replace(revision, code_version="") for revision in summary.revisions)
    return replace(summary, code_version="", revisions=revisions)

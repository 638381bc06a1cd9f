"""Which thresholds are passed. Pure: from facts and contracts to findings, whatever is open already.

A finding is a warning (somebody investigates) or an incident (on-call is told). Its words are stable while
its cause stands: a text that grows older by the minute would be a new record a minute.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from observes_assets.contracts import Contract, StreamContract
from observes_assets.incidents.facts import EndedRun, Facts, StreamFacts

Severity = Literal["warning", "incident"]
KINDS = (
    "refused_batch",
    "quarantine",
    "failed_extraction",
    "stale_stream",
    "never_loaded",
    "failed_check",
    "stale_bills",
    "dead_run",
    "failed_run",
    "stopped_schedule",
    "broken_erasure",
)
PLATFORM = "observes"
"""The source whose contract names the owner and the on-call of what belongs to no vendor."""
GRACE = timedelta(minutes=30)
"""A run may take so long before its schedule counts as stopped."""


@dataclass(frozen=True)
class About:
    """Whom and what a finding concerns; without a source it is Observes itself."""

    owner: str
    on_call: str
    source: str | None = None
    stream: str | None = None

    @classmethod
    def of(cls, contract: Contract, stream: StreamContract | None = None) -> "About":
        """Who answers for a stream, or for Observes."""
        on_call = contract.on_call or contract.owner
        if stream is None:
            return cls(contract.owner, on_call)
        return cls(contract.owner, on_call, contract.source, stream.name)


@dataclass(frozen=True)
class Finding:
    """A threshold that is passed now. ``since`` None: it isn't known."""

    kind: str
    severity: Severity
    title: str
    about: About
    since: datetime | None = None
    subject: str | None = None
    run_id: str | None = None
    escalate_after: timedelta | None = None

    @property
    def cause(self) -> str:
        """What must be mended. A cause has one open incident at a time."""
        about = f"{self.about.source}/{self.about.stream}" if self.about.stream else self.subject
        return f"{self.kind} {about}" if about else self.kind


def findings(facts: Facts, contracts: Mapping[str, Contract]) -> list[Finding]:
    """Every threshold that is passed."""
    found: list[Finding] = []
    for contract in contracts.values():
        known = [facts.of(contract.source, stream) for stream in contract.streams]
        # A source of which nothing was ever tried is one that this installation does not use.
        if any(one.is_used for one in known):
            for stream, one in zip(contract.streams.values(), known, strict=True):
                found += _of_stream(facts, contract, stream, one)
    found += _of_platform(facts, contracts)
    return found


def _of_stream(
    facts: Facts, contract: Contract, promised: StreamContract, known: StreamFacts
) -> Iterator[Finding]:
    about = About.of(contract, promised)
    if refused := known.refused:
        more = f" and {refused.count - 1} more" if refused.count > 1 else ""
        yield Finding(
            "refused_batch",
            "incident",
            f"Batch {refused.batch}{more} of {known.name} waits for a decision: {refused.reason}.",
            about,
            since=refused.since,
            run_id=refused.run_id,
        )
    if quarantined := known.quarantined:
        yield Finding(
            "quarantine",
            "warning",
            f"Records of {known.name} broke the contract and are in quarantine: {quarantined.count}.",
            about,
            since=quarantined.since,
            escalate_after=promised.levels.escalation,
        )
    if failing := known.failing:
        yield Finding(
            "failed_extraction",
            "warning",
            f"{known.name} can't be read: {failing.reason.rstrip('.')}.",
            about,
            since=failing.since,
            run_id=failing.run_id,
            escalate_after=promised.levels.escalation,
        )
    yield from _of_age(facts, promised, known, about)


def _of_age(facts: Facts, promised: StreamContract, known: StreamFacts, about: About) -> Iterator[Finding]:
    allowed = promised.freshness.fail
    if known.read_until is None:
        begun_at = facts.begun_at
        if begun_at is not None and facts.now - begun_at > allowed:
            yield Finding(
                "never_loaded",
                "incident",
                f"{known.name} was never loaded.",
                about,
                since=begun_at + allowed,
            )
    elif facts.now - known.read_until > allowed:
        yield Finding(
            "stale_stream",
            "incident",
            f"{known.name} was last read at {known.read_until:%Y-%m-%d %H:%M} UTC; "
            f"its contract allows an age of {allowed / timedelta(hours=1):g} hours.",
            about,
            since=known.read_until + allowed,
        )


def _of_platform(facts: Facts, contracts: Mapping[str, Contract]) -> Iterator[Finding]:
    own = contracts[PLATFORM]
    escalate_after = next((one.levels.escalation for one in own.streams.values()), None)
    about = About.of(own)
    if facts.failed_checks:
        names = ", ".join(facts.failed_checks[:5])
        more = f" and {len(facts.failed_checks) - 5} more" if len(facts.failed_checks) > 5 else ""
        yield Finding(
            "failed_check", "incident", f"The candidate is not published: {names}{more} failed.", about
        )
    if facts.stale_bills:
        yield Finding(
            "stale_bills",
            "warning",
            f"Bills could not be made anew, organizations: {facts.stale_bills}.",
            about,
            escalate_after=escalate_after,
        )
    if facts.broken_erasure:
        number, recorded_at = facts.broken_erasure
        yield Finding(
            "broken_erasure",
            "incident",
            f"Erasure {number} was broken off: what there was of the person is not all rewritten.",
            about,
            since=recorded_at,
        )
    yield from _of_runs(facts, about, escalate_after)
    if stopped_at := schedule_stopped_at(facts, contracts):
        yield Finding(
            "stopped_schedule",
            "incident",
            f"Nothing was extracted since {stopped_at:%Y-%m-%d %H:%M} UTC, though the timetable says so.",
            about,
            since=stopped_at,
        )


def _of_runs(facts: Facts, about: About, escalate_after: timedelta | None) -> Iterator[Finding]:
    for run in facts.runs:
        if not _is_explained(facts, run):
            yield Finding(
                "dead_run" if run.is_dead else "failed_run",
                "incident" if run.is_dead else "warning",
                f"The last run of job {run.job} {'died' if run.is_dead else 'failed'}.",
                about,
                since=run.ended_at,
                subject=run.job,
                run_id=run.run_id,
                escalate_after=escalate_after,
            )


def _is_explained(facts: Facts, run: EndedRun) -> bool:
    """Whether another finding tells why a run failed: one cause, one incident."""
    if run.is_dead:
        return False
    failing = {known.failing.run_id for known in facts.streams.values() if known.failing}
    return bool(facts.failed_checks) or run.run_id in failing


def schedule_stopped_at(facts: Facts, contracts: Mapping[str, Contract]) -> datetime | None:
    """When anything was last tried, if since then more than two of its turns have passed unused; else None.

    A whole timetable stops at once, so one stream that was tried in time tells that it lives.
    """
    from croniter import croniter  # noqa: PLC0415 - a twentieth of a second, which `status` does without

    last: datetime | None = None
    for contract in contracts.values():
        for stream in contract.streams.values():
            tried_at = facts.of(contract.source, stream.name).tried_at
            if tried_at is None:
                continue
            turns = croniter(stream.cron, tried_at)
            turns.get_next(datetime)
            if facts.now <= turns.get_next(datetime) + GRACE:
                return None
            last = max(last or tried_at, tried_at)
    return last

"""What a load must keep to beyond its records: asked at the door before it commits, and again by the checks.

One question for both, over the ledger and the archive's manifests, so that the door and the check can't
disagree. A batch that a person accepted is not asked: that is what accepting means.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from observes_assets.archive import Cursor
from observes_assets.contracts import StreamContract
from observes_assets.landing.refusal import BatchRefusedError

RECENT = 10
"""Loads that the volume band looks back to; fewer than three say nothing, unless a person accepted one."""

# The median forgets what was before the last batch that a person accepted: since then that is normal.
_LOADS = f"""
    select l.batch, l.kind, l.contract_sha256, l.records_read, l.records_quarantined, l.records_deleted,
        l.records_written + l.records_unchanged + l.records_quarantined - l.records_refused_again
            as distinct_count,
        l.records_written + l.records_unchanged + l.records_deleted as known_count,
        l.reported_count, recent.median,
        this.manifest -> 'cursor_before' as cursor_before, this.manifest -> 'cursor_after' as cursor_after,
        case this.manifest -> 'makes_up_for'
            when '[]' then before.manifest -> 'cursor_after' else before.manifest -> 'cursor_before'
        end as cursor_expected
    from landing.loads as l
    join landing.batches as this using (source, stream, batch)
    left join landing.batches as before
        on (before.source, before.stream) = (l.source, l.stream) and before.batch = coalesce(
            (select min(n::bigint) from jsonb_array_elements_text(this.manifest -> 'makes_up_for') as n),
            (this.manifest ->> 'previous')::bigint
        )
    left join lateral (
        select percentile_disc(0.5) within group (order by records_read) as median
        from (
            select e.records_read, e.is_accepted, max(e.batch) filter (where e.is_accepted) over () as since,
                e.batch
            from (
                select * from landing.loads as earlier
                where (earlier.source, earlier.stream, earlier.scope) = (l.source, l.stream, l.scope)
                    and earlier.kind = 'complete' and earlier.batch < l.batch
                order by earlier.batch desc limit {RECENT}
            ) as e
        ) as looked_at
        where since is null or batch >= since
        having count(*) >= 3 or bool_or(is_accepted)
    ) as recent on l.kind = 'complete'
    where l.source = %s and l.stream = %s and l.load_id > %s and l.load_id <= %s and not l.is_accepted
    order by l.load_id
"""


@dataclass(frozen=True)
class Breach:
    """One promise that one load broke."""

    promise: str
    batch: int
    expected: str
    found: str


@dataclass(frozen=True)
class _Facts:
    """What ledger and manifest say of one load."""

    batch: int
    kind: str
    contract_sha256: str
    records_read: int
    records_quarantined: int
    records_deleted: int
    distinct_count: int
    known_count: int
    reported_count: int | None
    median: int | None
    cursor_before: Cursor | None
    cursor_after: Cursor | None
    cursor_expected: Cursor | None


def require_kept(connection: Connection, contract: StreamContract, load_id: int) -> None:
    """Refuse a load that was just written, and is not committed, if it breaks a promise.

    Raises:
        BatchRefusedError: names the first promise, what was expected and what was found.
    """
    # The landing may have forbidden nested loops, which are all that this question wants.
    connection.execute("set local enable_nestloop = on")
    for breach in breaches(connection, contract, after=load_id - 1, upto=load_id):
        raise BatchRefusedError(
            f"{breach.promise}: expected {breach.expected}, found {breach.found}", {breach.promise: 1}, []
        )


def breaches(connection: Connection, contract: StreamContract, *, after: int, upto: int) -> list[Breach]:
    """Every promise broken by the loads ``after`` one, ``upto`` another."""
    with connection.cursor(row_factory=class_row(_Facts)) as cursor:
        cursor.execute(_LOADS, [contract.source, contract.name, after, upto])
        found = cursor.fetchall()
    return [breach for facts in found for breach in _breaches(contract, facts)]


def _breaches(contract: StreamContract, facts: _Facts) -> Iterator[Breach]:
    def breach(promise: str, expected: str, found: object) -> Breach:
        return Breach(promise, facts.batch, expected, str(found))

    if facts.reported_count is not None and facts.distinct_count != facts.reported_count:
        yield breach("reconciled", f"the vendor's own count, {facts.reported_count}", facts.distinct_count)
    if facts.cursor_before is not None and facts.cursor_before != facts.cursor_expected:
        yield breach("cursor", "to go on where the batch before it ended", "another beginning")
    if back := _gone_back(facts.cursor_before, facts.cursor_after):
        yield breach("cursor", "to move forward", f"{back} went back")
    # Limits of another contract than the one that it was extracted under don't bind a batch.
    if facts.contract_sha256 == contract.contract_sha256:
        yield from _limits(contract, facts, breach)


def _limits(contract: StreamContract, facts: _Facts, breach: Any) -> Iterator[Breach]:
    threshold = contract.quarantine_threshold(facts.records_read)
    if facts.records_quarantined > threshold:
        yield breach("quarantine", f"at most {threshold} refused records", facts.records_quarantined)
    allowed = contract.maximum_vanished_share * facts.known_count
    if facts.records_deleted > allowed:
        yield breach("scope", f"at most {int(allowed)} keys to vanish", facts.records_deleted)
    band = contract.volume_band
    if band and facts.median is not None:
        lowest, highest = band.minimum_share * facts.median, band.maximum_share * facts.median
        if not lowest <= facts.records_read <= highest:
            yield breach("volume", f"{lowest:.0f} to {highest:.0f} records", facts.records_read)


def _gone_back(before: Cursor | None, after: Cursor | None) -> str | None:
    """Name of the first field that is a number or an instant on both sides, and smaller afterwards."""
    for name in sorted((before or {}).keys() & (after or {}).keys()):
        old, new = _ordered((before or {})[name]), _ordered((after or {})[name])
        if old is not None and type(old) is type(new) and new < old:
            return name
    return None


def _ordered(value: Any) -> Any:
    """The value as something that has an order; None if it is an opaque word."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant if instant and instant.tzinfo else None

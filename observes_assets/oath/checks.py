"""The checks of raw streams as Dagster shows them: expected, found, a sample, and what to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dagster import AssetCheckResult, AssetCheckSeverity, AssetKey, MetadataValue
from psycopg import Connection, sql

from observes_assets.contracts import StreamContract
from observes_assets.landing.tables import StreamTables
from observes_assets.oath.specs import ACCEPTED, RECENCY, STRUCTURE
from observes_assets.oath.structure import PARTS, SAMPLE, Structure, examine

RUNBOOK = "docs/runbook.md"


def check_stream(connection: Connection, contract: StreamContract) -> list[AssetCheckResult]:
    """Every check of a raw stream. The connection must autocommit."""
    found = examine(connection, contract)
    results = [_structure(contract, found), _accepted(connection, contract)]
    if contract.recency_field:
        results.append(_recency(connection, contract, found.newest_at))
    return results


def evaluation(
    asset: AssetKey,
    check: str,
    *,
    passed: bool,
    expected: str,
    found: str,
    sample: Sequence[str] = (),
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
    entry: str | None = None,
    **more: Any,
) -> AssetCheckResult:
    """One check's result in the form that all of ours have.

    Args:
        sample: keys, batches or names where to look; never a record's values.
        entry: of the runbook; by default the check's own name.
    """
    entry = entry or check
    metadata: dict[str, Any] = {"expected": expected, "found": found, **more}
    if not passed:
        metadata |= {"sample": MetadataValue.json(list(sample)), "runbook": f"{RUNBOOK}#{entry}"}
    return AssetCheckResult(
        passed=passed,
        asset_key=asset,
        check_name=check,
        severity=severity,
        description=None if passed else f"Expected {expected}; found {found}. What to do: {RUNBOOK}#{entry}",
        metadata=metadata,
    )


def _structure(contract: StreamContract, found: Structure) -> AssetCheckResult:
    faults = found.faults
    broken = {fault.part for fault in faults}
    return evaluation(
        _key(contract),
        STRUCTURE,
        passed=not faults,
        expected="; ".join(f"{fault.part}: {fault.expected}" for fault in faults) or "every part to hold",
        found="; ".join(f"{fault.part}: {fault.found}" for fault in faults) or "every part holds",
        sample=[one for fault in faults for one in fault.sample],
        parts=MetadataValue.json({part: "failed" if part in broken else "passed" for part in PARTS}),
        loads=found.loads,
    )


# "Ever loaded" is asked of what was delivered or tried: some things never happen. A pointer is settled by
# a later complete batch of its scope, or a later version of its key.
_ACCEPTED = """
    select
        not exists (select from landing.loads where (source, stream) = (%(source)s, %(stream)s)) and (
            exists (select from landing.batches where (source, stream) = (%(source)s, %(stream)s))
            or exists (
                select from landing.attempts
                where (source, stream) = (%(source)s, %(stream)s) and last_good_at is null
            )
        ),
        (
            select coalesce(array_agg(batch order by batch), array[]::bigint[]) from landing.batches
            where (source, stream) = (%(source)s, %(stream)s) and state = 'refused'
        ),
        array(
            select q.batch || ':' || q.line from landing.quarantine as q
            join landing.loads as l using (source, stream, batch)
            where (source, stream) = (%(source)s, %(stream)s) and not exists (
                select from landing.loads as later
                where (later.source, later.stream, later.scope) = (l.source, l.stream, l.scope)
                    and later.kind = 'complete' and later.batch > l.batch
            ) and not exists (
                select from {versions} as v
                where v.record_key = q.record_key and v.superseded_by is null and v.load_id > l.load_id
            )
            order by q.batch, q.line
        )
"""


def _accepted(connection: Connection, contract: StreamContract) -> AssetCheckResult:
    query = sql.SQL(_ACCEPTED).format(versions=StreamTables.of(contract).versions)
    row = connection.execute(query, {"source": contract.source, "stream": contract.name}).fetchone()
    assert row is not None
    has_never_loaded, refused, quarantined = row
    is_broken = has_never_loaded or bool(refused)
    never = "it never loaded; " if has_never_loaded else ""
    return evaluation(
        _key(contract),
        ACCEPTED,
        passed=not is_broken and not quarantined,
        severity=AssetCheckSeverity.ERROR if is_broken else AssetCheckSeverity.WARN,
        expected="a stream that has loaded, no batch that waits for a decision, no record in quarantine",
        found=f"{never}{len(refused)} refused batches, {len(quarantined)} records in quarantine",
        sample=[f"batch {batch}" for batch in refused[:SAMPLE]] + quarantined[:SAMPLE],
        refused_batches=MetadataValue.json(refused[:SAMPLE]),
        quarantined_records=len(quarantined),
    )


def _recency(
    connection: Connection, contract: StreamContract, newest_at: datetime | None
) -> AssetCheckResult:
    """Whether the newest time that the stream's own records name is as young as promised.

    A warning: the vendor may have nothing new, and nothing that we can do would make it younger.
    """
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    late_from = contract.recency
    # A stream without a record has nothing that could be old.
    age = row[0] - newest_at if newest_at else timedelta(0)
    return evaluation(
        _key(contract),
        RECENCY,
        passed=age <= late_from,
        severity=AssetCheckSeverity.WARN,
        expected=f"its newest {contract.recency_field} to be at most {late_from} old",
        found=f"the newest is of {newest_at}" if newest_at else "no record tells",
    )


def _key(contract: StreamContract) -> AssetKey:
    return AssetKey([contract.source, contract.name])

"""The checks of raw streams: computed in Postgres, each with what was expected, what was found, and keys."""

from dagster import AssetCheckResult, AssetCheckSeverity, AssetKey
from psycopg import Connection, sql

from observes_assets.contracts import StreamContract
from observes_assets.landing.tables import StreamTables
from observes_assets.oath.specs import ACCEPTED, STRUCTURE

_SAMPLE = 10


def check_stream(connection: Connection, contract: StreamContract) -> list[AssetCheckResult]:
    """Both checks of a raw stream."""
    return [_structure(connection, contract), _accepted(connection, contract)]


# What must not be there: each query finds names of what is, for people.
_FAULTS = {
    "heads_without_document": """
        select v.record_key from {versions} as v
        where v.superseded_by is null and v.load_id = %(load)s and not v.is_deleted and not exists (
            select from {raw} as r where r.load_id = v.content_load_id and r.record_key = v.record_key
        )
    """,
    "doubled_keys": """
        select record_key from {versions} where superseded_by is null and record_key in (
            select record_key from {versions} where load_id = %(load)s
        ) group by record_key having count(*) > 1
    """,
    "miscounted_loads": """
        select 'load ' || l.load_id || ': ledger ' || l.records_written || ', rows ' || count(r.load_id)
        from landing.loads as l left join {raw} as r using (load_id)
        where l.load_id = %(load)s group by l.load_id, l.records_written
        having l.records_written <> count(r.load_id)
    """,
}


def _structure(connection: Connection, contract: StreamContract) -> AssetCheckResult:
    found = {name: _keys(connection, query, contract) for name, query in _FAULTS.items()}
    return AssetCheckResult(
        passed=not any(found.values()),
        asset_key=AssetKey([contract.source, contract.name]),
        check_name=STRUCTURE,
        severity=AssetCheckSeverity.ERROR,
        description="docs/runbook.md#structure" if any(found.values()) else None,
        metadata={"expected": "none of either", **{name: keys[:_SAMPLE] for name, keys in found.items()}},
    )


def _keys(connection: Connection, query: str, contract: StreamContract) -> list[str]:
    tables = StreamTables.of(contract)
    # The newest load that wrote: older ones were checked when they were new, and rows never change.
    row = connection.execute(
        "select coalesce(max(load_id), 0) from landing.loads "
        "where (source, stream) = (%s, %s) and records_written > 0",
        [contract.source, contract.name],
    ).fetchone()
    assert row is not None
    composed = sql.SQL(query).format(raw=tables.raw, versions=tables.versions)
    return [found[0] for found in connection.execute(composed, {"load": row[0]})]


def _accepted(connection: Connection, contract: StreamContract) -> AssetCheckResult:
    where = [contract.source, contract.name]
    refused = connection.execute(
        "select batch from landing.batches "
        "where (source, stream) = (%s, %s) and state = 'refused' order by 1",
        where,
    ).fetchall()
    quarantined = connection.execute(
        "select count(*) from landing.quarantine as q "
        "join landing.batches as b using (source, stream, batch) "
        "where (source, stream) = (%s, %s) and b.state = 'landed'",
        where,
    ).fetchone()
    assert quarantined is not None
    return AssetCheckResult(
        passed=not refused and not quarantined[0],
        asset_key=AssetKey([contract.source, contract.name]),
        check_name=ACCEPTED,
        severity=AssetCheckSeverity.ERROR if refused else AssetCheckSeverity.WARN,
        description="docs/runbook.md#accepted" if refused or quarantined[0] else None,
        metadata={
            "expected": "no refused batch, no quarantined record",
            "refused_batches": [row[0] for row in refused[:_SAMPLE]],
            "quarantined_records": quarantined[0],
        },
    )

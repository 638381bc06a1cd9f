"""Recognise, by hash alone, what a complete batch brings again: only the other lines are parsed and checked.

Reading a line costs five times its hash, and most lines of most batches stand in the heads already. Equal
bytes have an equal key and give an equal answer to an equal check, so recognising is right if, and only if,
each head of the scope has passed the check of this very contract by this very code. It has, if some complete
batch without a refused record landed under both (it held every head), and every later batch did too.
"""

from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from observes_assets.archive import Manifest
from observes_assets.landing.copy import copy_hashes
from observes_assets.landing.known import Known
from observes_assets.landing.tables import StreamTables

_OF_SCOPE = "(source, stream, scope) = (%(source)s, %(stream)s, %(scope)s)"
_SAME_CHECK = "contract_sha256 = %(contract_sha256)s and code_version = %(code_version)s"


def _same(manifest: Manifest, code_version: str) -> dict[str, Any]:
    return {
        "source": manifest.source,
        "stream": manifest.stream,
        "scope": Jsonb(manifest.scope),
        "contract_sha256": manifest.contract_sha256,
        "code_version": code_version,
        "data_sha256": manifest.data_sha256,
        "record_count": manifest.record_count,
    }


def have_heads_passed(connection: Connection, manifest: Manifest, code_version: str) -> bool:
    """Whether every head of the batch's scope passed the check that this batch must pass."""
    row = connection.execute(
        f"""
        select coalesce(bool_and({_SAME_CHECK}), false) from landing.loads
        where {_OF_SCOPE} and load_id >= (
            select max(load_id) from landing.loads
            where {_OF_SCOPE} and {_SAME_CHECK} and kind = 'complete' and records_quarantined = 0
        )
        """,
        _same(manifest, code_version),
    ).fetchone()
    return bool(row and row[0])


def is_repetition(connection: Connection, manifest: Manifest, code_version: str) -> bool:
    """Whether the scope's last load was of the same bytes, complete, and lacked nothing: the heads are it."""
    row = connection.execute(
        f"""
        select {_SAME_CHECK} and kind = 'complete' and records_quarantined = 0
            and records_read = %(record_count)s and manifest ->> 'data_sha256' = %(data_sha256)s
        from landing.loads join landing.batches as b using (source, stream, scope, batch)
        where {_OF_SCOPE} order by load_id desc limit 1
        """,
        _same(manifest, code_version),
    ).fetchone()
    return bool(row and row[0])


def known_heads(connection: Connection, tables: StreamTables, prefix: str) -> Known:
    """The scope's heads that are not gone."""
    query = """
        select string_agg(uuid_send(record_hash), '' order by record_hash) from (
            select record_hash, row_number() over (order by record_hash) / 10000 as block from {versions}
            where superseded_by is null and not is_deleted and record_key ^@ {prefix}
        )
        group by block order by block
    """
    with connection.cursor("known_heads", binary=True) as cursor:
        cursor.itersize = 10
        cursor.execute(sql.SQL(query).format(versions=tables.versions, prefix=prefix))
        return Known(row[0] for row in cursor)


def find_missing(connection: Connection, tables: StreamTables, prefix: str, known: Known) -> None:
    """Make the temporary table ``missing``: keys of the heads that the batch did not bring as they stand."""
    connection.execute("create temporary table missing_hashes (record_hash uuid) on commit drop")
    copy_hashes(connection, known.missing())
    connection.execute("analyze missing_hashes")
    connection.execute(
        sql.SQL(
            """
            create temporary table missing on commit drop as
            select v.record_key from {versions} as v join missing_hashes using (record_hash)
            where v.superseded_by is null and not v.is_deleted and v.record_key ^@ {prefix}
            """
        ).format(versions=tables.versions, prefix=prefix)
    )
    connection.execute("analyze missing")

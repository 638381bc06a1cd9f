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
from observes_assets.landing.records import Reader
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


def recognise(connection: Connection, tables: StreamTables, prefix: str, reader: Reader) -> None:
    """Hash every line and leave to the reader those that no head of the scope equals.

    Makes the temporary tables ``seen`` (line, record_hash) and ``unmatched`` (line, record_key): a line
    without its head, or a head without its line.
    """
    connection.execute("create temporary table seen (line integer, record_hash uuid) on commit drop")
    copy_hashes(connection, reader.hashes())
    connection.execute(
        sql.SQL(
            """
            create temporary table unmatched on commit drop as
            select s.line, v.record_key
            from seen as s full join (
                select record_key, record_hash from {versions}
                where superseded_by is null and not is_deleted and record_key ^@ {prefix}
            ) as v using (record_hash)
            where s.line is null or v.record_key is null
            """
        ).format(versions=tables.versions, prefix=prefix)
    )
    with connection.cursor("unmatched_lines") as cursor:
        cursor.itersize = 10_000
        cursor.execute("select line from unmatched where line is not null order by line")
        reader.keep_only(row[0] for row in cursor)

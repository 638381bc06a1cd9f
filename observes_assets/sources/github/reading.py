"""What the warehouse holds of a scope: where the next reading begins, and what a sweep has to account for."""

from typing import Any

from psycopg import Connection, sql

from observes_assets.archive import Cursor, Scope
from observes_assets.contracts import StreamContract
from observes_assets.landing import pending
from observes_assets.landing.records import scope_prefix
from observes_assets.landing.tables import StreamTables


def cursor_of(connection: Connection, stream: StreamContract, scope: Scope) -> Cursor | None:
    """The cursor that the last known reading of a scope left. Only to foresee: nothing is held."""
    return pending.start_of(connection, stream.source, stream.name, scope).cursor


def known(connection: Connection, stream: StreamContract, scope: Scope) -> dict[str, dict[str, Any]]:
    """What is present of a scope, by the vendor's id, with its ``number`` where it has one."""
    tables = StreamTables.of(stream)
    query = sql.SQL(
        "select r.record ->> 'id', r.record ->> 'number' from {versions} as v join {raw} as r "
        "on r.load_id = v.content_load_id and r.record_key = v.record_key "
        "where v.superseded_by is null and not v.is_deleted and v.record_key ^@ {prefix}"
    ).format(versions=tables.versions, raw=tables.raw, prefix=scope_prefix(stream, scope))
    return {row[0]: {"number": row[1]} for row in connection.execute(query)}

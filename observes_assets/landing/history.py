"""Which batch holds a scope's history: what was there when the scope was first found to hold anything.

The order is that of the archive, so a replay gives the same answer. A batch that was read again in a
rejected one's stead stands in its place: what it carries is as old as what was rejected.
"""

from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from observes_assets.archive import Manifest


def is_first(connection: Connection, manifest: Manifest) -> bool:
    """Whether no earlier batch of the scope had a record. Earlier ones must have landed or been rejected."""
    row = connection.execute(
        """
        select not exists (
            select from landing.batches as b
            where (b.source, b.stream, b.scope) = (%(source)s, %(stream)s, %(scope)s)
                and b.batch < %(place)s and (b.manifest ->> 'record_count')::bigint > 0
                and not (b.state = 'rejected' and exists (
                    select from landing.batches as again
                    where (again.source, again.stream, again.scope) = (b.source, b.stream, b.scope)
                        and again.batch < %(batch)s
                        and again.manifest -> 'makes_up_for' @> to_jsonb(b.batch)
                ))
        )
        """,
        {
            "source": manifest.source,
            "stream": manifest.stream,
            "scope": Jsonb(manifest.scope),
            "batch": manifest.batch,
            "place": _place(connection, manifest),
        },
    ).fetchone()
    return bool(row and row[0])


def _place(connection: Connection, manifest: Manifest) -> int:
    """The number of the first batch in whose stead this one was read, or its own."""
    place, stead = manifest.batch, manifest.makes_up_for
    while stead:
        place = min(stead)
        row: tuple[Any, ...] | None = connection.execute(
            "select manifest -> 'makes_up_for' from landing.batches "
            "where (source, stream, batch) = (%s, %s, %s)",
            [manifest.source, manifest.stream, place],
        ).fetchone()
        stead = row[0] if row else []
    return place

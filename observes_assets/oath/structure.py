"""Whether Postgres holds of a stream what its loads say that they wrote. Pure facts; no Dagster here.

Looked at is what landed since the stream was last found whole: rows never change once they have landed, and
``landing.checked`` remembers how far. A part that fails is looked at again each time, until a rebuild.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from psycopg import Connection, sql

from observes_assets.contracts import StreamContract
from observes_assets.landing import promises
from observes_assets.landing.tables import StreamTables

SAMPLE = 10
PARTS = {
    "keys": "each load has one document a key",
    "documents": "each version has its document, each document its version",
    "counts": "the ledger's counts equal the rows",
    "schema": "documents keep the contract's schema",
    "quarantine": "refused records stay within the contract's threshold",
    "volume": "a complete batch is as large as the recent ones, within the contract's band",
    "scope": "no more keys vanish than the contract allows",
    "cursor": "each batch goes on where the one before it ended, and forward",
    "reconciled": "each batch holds as many records as the vendor itself counts",
}
_READ_AGAIN = 100


@dataclass(frozen=True)
class Fault:
    """One part that failed: what should be, what is, and keys or batches where to look."""

    part: str
    expected: str
    found: str
    sample: tuple[str, ...] = ()


@dataclass(frozen=True)
class Structure:
    """What was found. ``loads`` were looked at now; ``newest_at`` is the newest time that records name."""

    loads: int
    newest_at: datetime | None
    faults: tuple[Fault, ...] = ()


def examine(connection: Connection, contract: StreamContract) -> Structure:
    """Look at what landed since the last time, and remember how far all was well.

    The connection must autocommit; what lands meanwhile is for the next time.
    """
    row = connection.execute(
        """
        select coalesce(c.load_id, 0), c.newest_at, (
            select max(l.load_id) from landing.loads as l
            where (l.source, l.stream) = (%(source)s, %(stream)s)
        )
        from (select) as one left join landing.checked as c
            on (c.source, c.stream) = (%(source)s, %(stream)s)
        """,
        {"source": contract.source, "stream": contract.name},
    ).fetchone()
    assert row is not None
    after, newest_at, upto = row
    if upto is None or upto <= after:
        return Structure(0, newest_at)
    return _Look(connection, contract, after, upto).take(newest_at)


@dataclass(frozen=True)
class _Look:
    """One look at the loads ``after`` one, ``upto`` another."""

    connection: Connection
    contract: StreamContract
    after: int
    upto: int

    def take(self, newest_at: datetime | None) -> Structure:
        ((loads, wrote),) = self._fetch(
            "select count(*), coalesce(bool_or(records_written > 0 or records_deleted > 0), false) "
            "from landing.loads where (source, stream) = (%(source)s, %(stream)s) and {new}"
        )
        faults = [*self._breaches(), *self._miscounts(wrote=wrote)]
        if wrote:
            faults += [*self._rows(), *self._schema()]
            newest_at = max(filter(None, (newest_at, self._newest())), default=None)
        if not faults:
            self._remember(newest_at)
        return Structure(loads, newest_at, tuple(faults))

    def _breaches(self) -> Iterator[Fault]:
        broken: dict[tuple[str, str, str], list[str]] = {}
        found = promises.breaches(self.connection, self.contract, after=self.after, upto=self.upto)
        for one in found:
            broken.setdefault((one.promise, one.expected, one.found), []).append(f"batch {one.batch}")
        for (promise, expected, what), batches in broken.items():
            yield Fault(promise, expected, what, tuple(batches[:SAMPLE]))

    def _miscounts(self, *, wrote: bool) -> Iterator[Fault]:
        """Loads with other numbers of documents, tombstones or refused records than the ledger says."""
        rows = self._fetch(
            """
            select l.batch, l.records_written, coalesce(r.documents, 0), l.records_deleted,
                coalesce(v.tombstones, 0), l.records_quarantined, coalesce(q.pointers, 0)
            from landing.loads as l
            left join (
                select load_id, count(*) as documents from {raw} where {new} group by 1
            ) as r using (load_id)
            left join (
                select load_id, count(*) as tombstones from {versions}
                where %(wrote)s and is_deleted and {new} group by 1
            ) as v using (load_id)
            left join (
                select source, stream, batch, count(*) as pointers from landing.quarantine
                where (source, stream) = (%(source)s, %(stream)s) group by 1, 2, 3
            ) as q using (source, stream, batch)
            where (source, stream) = (%(source)s, %(stream)s) and {new_loads} and (
                l.records_written, l.records_deleted, l.records_quarantined
            ) is distinct from (coalesce(r.documents, 0), coalesce(v.tombstones, 0), coalesce(q.pointers, 0))
            order by 1
            """,
            wrote=wrote,
        )
        for batch, *counts in rows[:SAMPLE]:
            ledger, there = counts[0::2], counts[1::2]
            named = "{} documents, {} tombstones, {} refused records"
            yield Fault("counts", named.format(*ledger), named.format(*there), (f"batch {batch}",))

    def _rows(self) -> Iterator[Fault]:
        rows = self._fetch(
            """
            with documents as (
                select load_id, record_key, count(*) as copies from {raw} where {new} group by 1, 2
            ),
            versions as (select load_id, record_key from {versions} where not is_deleted and {new})
            select
                case
                    when d.copies > 1 then 'keys' when v.load_id is null or d.load_id is null then 'documents'
                end as part,
                count(*), (array_agg(record_key order by record_key))[:{sample}]
            from documents as d full join versions as v using (load_id, record_key)
            where (d.copies = 1 and v.load_id is not null and d.load_id is not null) is not true
            group by 1 order by 1
            """
        )
        for part, count, keys in rows:
            yield Fault(part, PARTS[part], f"{count} keys where not", tuple(keys))

    def _schema(self) -> Iterator[Fault]:
        """Read a sample again: somebody may have written beside the landing."""
        rows = self._fetch(
            """
            select record_key, record::text from {raw}
            where {new} and load_id = any(array(  -- once; a join may read all documents for each load
                select l.load_id from landing.loads as l
                where (source, stream) = (%(source)s, %(stream)s) and {new_loads}
                    and l.contract_sha256 = %(contract)s
            ))
            limit {again}
            """
        )
        checked = ((key, self.contract.check(orjson.loads(text))) for key, text in rows)
        broken = [(key, violation) for key, violation in checked if violation]
        if broken:
            paths = ", ".join(sorted({violation.path for _, violation in broken})[:SAMPLE])
            keys = tuple(key for key, _ in broken[:SAMPLE])
            yield Fault("schema", PARTS["schema"], f"{len(broken)} of {len(rows)} don't, at {paths}", keys)

    def _newest(self) -> datetime | None:
        """The newest time that new records name; what lies after its extraction is somebody's wrong clock."""
        if self.contract.recency_field is None:
            return None
        rows: list[tuple[datetime | None]] = self._fetch(
            """
            with named as materialized (  -- or each record would be unpacked for each mention of its field
                select load_id, record ->> %(field)s as named from {raw} where {new}
            ),
            dated as (
                select load_id, case
                    when pg_input_is_valid(named, 'timestamptz') then named::timestamptz
                end as named_at
                from named
            )
            select max(d.named_at) from dated as d join landing.loads as l using (load_id)
            where (l.source, l.stream) = (%(source)s, %(stream)s) and {new_loads}
                and d.named_at <= l.extracted_until
            """
        )
        return rows[0][0]

    def _remember(self, newest_at: datetime | None) -> None:
        # Not waited for until it is on disk: who loses it looks once more.
        self.connection.execute(
            """
            with fast as (select set_config('synchronous_commit', 'off', true))
            insert into landing.checked select %s, %s, %s, %s from fast
            on conflict (source, stream) do update
                set (load_id, newest_at) = (excluded.load_id, excluded.newest_at)
                where checked.load_id < excluded.load_id
            """,
            [self.contract.source, self.contract.name, self.upto, newest_at],
        )

    def _fetch(self, query: str, **more: Any) -> list[Any]:
        tables = StreamTables.of(self.contract)
        composed = sql.SQL(query).format(
            raw=tables.raw,
            versions=tables.versions,
            new=sql.SQL("load_id > %(after)s and load_id <= %(upto)s"),
            new_loads=sql.SQL("l.load_id > %(after)s and l.load_id <= %(upto)s"),
            sample=sql.Literal(SAMPLE),
            again=sql.Literal(_READ_AGAIN),
        )
        names = {
            "source": self.contract.source,
            "stream": self.contract.name,
            "contract": self.contract.contract_sha256,
            "field": self.contract.recency_field,
            "after": self.after,
            "upto": self.upto,
            **more,
        }
        return self.connection.execute(composed, names).fetchall()

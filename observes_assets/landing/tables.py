"""A stream's two tables: its documents (append-only) and the narrow table of its versions.

``raw_<source>.<stream>`` holds one row a written version: the vendor's own bytes as jsonb.
``landing.<source>__<stream>`` holds one narrow row a version: which load wrote it, which superseded it,
whether it is a tombstone. As of load N is ``load_id <= N and (superseded_by is null or superseded_by > N)``;
the heads are the rows that nothing superseded, and an index makes a second head of a key impossible.
"""

from dataclasses import dataclass

from psycopg import Connection, sql

from observes_assets.contracts import StreamContract


@dataclass(frozen=True)
class StreamTables:
    """Names of a stream's tables, as SQL identifiers."""

    source: str
    stream: str

    @property
    def raw(self) -> sql.Identifier:
        """The documents."""
        return sql.Identifier(f"raw_{self.source}", self.stream)

    @property
    def versions(self) -> sql.Identifier:
        """The versions."""
        return sql.Identifier("landing", f"{self.source}__{self.stream}")

    @classmethod
    def of(cls, contract: StreamContract) -> "StreamTables":
        """Tables of a contract's stream."""
        return cls(contract.source, contract.name)


_CREATE = """
create schema if not exists {schema};
create table if not exists {raw} (
    load_id bigint not null,
    line integer not null,
    record_key text collate "C" not null,
    record_hash uuid not null,
    record jsonb not null
);
create index if not exists {raw_by_load} on {raw} using brin (load_id) with (pages_per_range = 32);
create table if not exists {versions} (
    record_key text collate "C" not null,
    load_id bigint not null,
    superseded_by bigint,
    is_deleted boolean not null,
    content_load_id bigint not null,
    first_load_id bigint not null,
    record_hash uuid not null
);
create unique index if not exists {heads} on {versions} (record_key) where superseded_by is null;
"""


def create(connection: Connection, contract: StreamContract) -> None:
    """Make a stream's tables, empty, if they are missing: staging reads them before the first load."""
    tables = StreamTables.of(contract)
    connection.execute(
        sql.SQL(_CREATE).format(
            schema=sql.Identifier(f"raw_{tables.source}"),
            raw=tables.raw,
            raw_by_load=sql.Identifier(f"{tables.stream}_by_load"),
            versions=tables.versions,
            heads=sql.Identifier(f"{tables.source}__{tables.stream}_heads"),
        )
    )


def empty(connection: Connection, contract: StreamContract) -> None:
    """Empty a stream's tables: every archived batch is pending again."""
    tables = StreamTables.of(contract)
    connection.execute(sql.SQL("truncate {}, {}").format(tables.raw, tables.versions))

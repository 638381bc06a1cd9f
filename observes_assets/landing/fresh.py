"""A scope's first records: one reading, straight into both tables."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from psycopg import Connection, sql
from psycopg.errors import UniqueViolation

from observes_assets.archive import Scope
from observes_assets.contracts import StreamContract
from observes_assets.landing.copy import copy_heads, copy_records, note_heads
from observes_assets.landing.ledger import Counts
from observes_assets.landing.records import Reader, scope_prefix
from observes_assets.landing.tables import StreamTables

MANY = 10_000
"""So many first records are worth fresh statistics: Postgres' own come a minute late, and cost more then."""
_NOTES = 1 << 18  # bytes of notes that are written at a time


def has_heads(connection: Connection, contract: StreamContract, scope: Scope) -> bool:
    """Whether any record of a scope has landed, be it gone or not."""
    query = "select exists (select from {} where superseded_by is null and record_key ^@ %s)"
    versions = StreamTables.of(contract).versions
    row = connection.execute(sql.SQL(query).format(versions), [scope_prefix(contract, scope)]).fetchone()
    return bool(row and row[0])


@dataclass
class Fresh:
    """A batch whose scope has no heads yet, on its way into the tables.

    Args:
        folder: where the heads are noted until the records are in.
    """

    connection: Connection
    load_id: int
    reader: Reader
    folder: Path
    _copied: int = 0
    _notes: BinaryIO = field(init=False)

    def copy_records(self) -> None:
        """Copy the reader's records into the raw table."""
        self._notes = (self.folder / "heads").open("w+b", buffering=_NOTES)
        self.reader.are_all_copied = True
        records = note_heads(self.load_id, self.reader, self._notes)
        self._copied = copy_records(self.connection, self._tables, self.load_id, records)

    def copy_heads(self) -> Counts:
        """Write the records' heads; of records with one key, the last one stays."""
        with self._notes as notes:
            notes.seek(0)
            try:
                with self.connection.transaction():
                    copy_heads(self.connection, self._tables, notes)
            except UniqueViolation:
                self._copied = self._keep_last_duplicates()
        if self._copied >= MANY:
            self._execute("analyze {versions}")
        return Counts(self.reader.line_count, self._copied, quarantined=len(self.reader.refused))

    @property
    def _tables(self) -> StreamTables:
        return StreamTables.of(self.reader.contract)

    def _keep_last_duplicates(self) -> int:
        self._execute(
            """
            delete from {raw} where load_id = %s and line not in (
                select max(line) from {raw} where load_id = %s group by record_key
            )
            """,
            [self.load_id, self.load_id],
        )
        return self._execute(
            """
            insert into {versions}
                (record_key, load_id, is_deleted, content_load_id, first_load_id, record_hash)
            select record_key, load_id, false, load_id, load_id, record_hash from {raw} where load_id = %s
            """,
            [self.load_id],
        )

    def _execute(self, query: str, parameters: Any = None) -> int:
        composed = sql.SQL(query).format(raw=self._tables.raw, versions=self._tables.versions)
        return self.connection.execute(composed, parameters).rowcount

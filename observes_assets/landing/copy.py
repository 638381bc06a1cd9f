"""Write lines into tables by COPY, in text format: the fastest that Postgres takes jsonb.

One loop from the reader to the socket: every further layer of generators costs a tenth of the time.
"""

from collections.abc import Iterable, Iterator

from psycopg import Connection, Copy, sql

from observes_assets.landing.records import Record
from observes_assets.landing.tables import StreamTables

_BUFFER = 1 << 17  # bytes a write: smaller ones cost calls, larger ones gain nothing
_ROWS_A_COPY = 10_000


def copy_records(
    connection: Connection, tables: StreamTables, load_id: int, records: Iterable[Record]
) -> int:
    """Copy records into the raw table; returns how many."""
    statement = sql.SQL("copy {} (load_id, line, record_key, record_hash, record) from stdin").format(
        tables.raw
    )
    prefix = b"%d\t" % load_id
    return _copy(
        connection,
        statement,
        (
            b"%s%d\t%s\t%s\t%s\n" % (prefix, line, _escape(key), digest.encode(), _escape(document))
            for line, key, digest, document in records
        ),
    )


def copy_keys(connection: Connection, records: Iterable[Record]) -> int:
    """Copy (line, key, hash) into the temporary table ``incoming``; returns how many."""
    return _copy(
        connection,
        sql.SQL("copy incoming (line, record_key, record_hash) from stdin"),
        (b"%d\t%s\t%s\n" % (line, _escape(key), digest.encode()) for line, key, digest, _ in records),
    )


def copy_hashes(connection: Connection, hashes: Iterable[tuple[int, str]]) -> int:
    """Copy (line, hash) into the temporary table ``seen``; returns how many."""
    return _copy(
        connection,
        sql.SQL("copy seen (line, record_hash) from stdin"),
        (b"%d\t%s\n" % (line, digest.encode()) for line, digest in hashes),
    )


def copy_chosen(
    connection: Connection,
    tables: StreamTables,
    load_id: int,
    chosen: sql.SQL,
    documents: Iterator[tuple[int, bytes]],
) -> int:
    """Copy the lines that a query chooses, from a second reading of the batch; memory stays flat.

    Args:
        chosen: a query of (line, record_key, record_hash), in the order of lines.
        documents: numbered lines, the chosen ones among them, in order.
    """
    written = 0
    with connection.cursor("chosen") as cursor:
        cursor.execute(chosen)
        while rows := cursor.fetchmany(_ROWS_A_COPY):
            written += copy_records(connection, tables, load_id, _pick(rows, documents))
    return written


def _pick(rows: list[tuple[int, str, object]], documents: Iterator[tuple[int, bytes]]) -> Iterator[Record]:
    for wanted, key, digest in rows:
        line, document = next(one for one in documents if one[0] == wanted)
        yield Record(line, key.encode(), str(digest), document)


def _escape(text: bytes) -> bytes:
    # Between JSON tokens a vendor may have put tabs or carriage returns; inside strings they can't be raw.
    if b"\\" in text:
        text = text.replace(b"\\", b"\\\\")
    if b"\t" in text:
        text = text.replace(b"\t", b"\\t")
    if b"\r" in text:
        text = text.replace(b"\r", b"\\r")
    return text


def _copy(connection: Connection, statement: sql.SQL | sql.Composed, rows: Iterable[bytes]) -> int:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return _write(copy, rows)


def _write(copy: Copy, rows: Iterable[bytes]) -> int:
    written = 0
    buffer: list[bytes] = []
    size = 0
    for row in rows:
        buffer.append(row)
        size += len(row)
        written += 1
        if size >= _BUFFER:
            copy.write(b"".join(buffer))
            buffer.clear()
            size = 0
    copy.write(b"".join(buffer))
    return written
